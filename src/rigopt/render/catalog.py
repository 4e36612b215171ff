"""Rows of the catalogue as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape

from rigopt.catalog import kind_of
from rigopt.imports.base import Report
from rigopt.markets import Market, Price
from rigopt.parts import Part, Row
from rigopt.render.tables import headed, plain
from rigopt.survey import Difference, Survey
from rigopt.units import format_money

MOST_SHOWN = 12


def print_parts(console: Console, parts: Iterable[Part], market: Market) -> None:
    """One line a part: kind, id, name, price."""
    table = headed()
    table.add_column("kind", style="dim", no_wrap=True)
    table.add_column("part", overflow="fold", ratio=1)
    table.add_column(f"price in {market.info.id}", overflow="fold", justify="right", max_width=24)
    for part in parts:
        offers = market.offers(part.id)
        money = [f"{_money(p, market)} {p.condition}" for p in offers]
        table.add_row(
            kind_of(part), f"{escape(part.name)}\n[dim]{part.id}[/]", "\n".join(money) or "no price"
        )
    console.print(table)


def _money(price: Price, market: Market) -> str:
    return format_money(price.price_cents, market.info.currency)


def print_row(console: Console, row: Row, market: Market) -> None:
    """Every fact of a row, its prices and its sources."""
    console.print(f"[bold]{escape(str(getattr(row, 'name', row.id)))}[/]", highlight=False)
    table = plain()
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    hidden = {"sources", "checked", "estimated", "note", "name"}
    for name, value in row.model_dump(mode="json").items():
        if name not in hidden:
            mark = " (estimate)" if name in row.estimated else ""
            table.add_row(name, escape(_shown(value)) + mark)
    console.print(table, highlight=False)
    for price in market.offers(row.id):
        note = f"; {price.note}" if price.note else ""
        console.print(
            f"{_money(price, market)} {price.condition}, {price.basis} of {price.date}, "
            f"{escape(price.source + note)}",
            highlight=False,
        )
    for field, why in row.estimated.items():
        console.print(f"[yellow]estimated {field}:[/] {escape(why)}", highlight=False)
    if row.note:
        console.print(f"note: {escape(row.note)}", highlight=False)
    for source in row.sources:
        console.print(f"[dim]source: {escape(source)}[/]", highlight=False)
    console.print(f"[dim]checked {row.checked}[/]", highlight=False)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case list() if value and isinstance(value[0], dict):
            return "\n".join(_shown(item) for item in value)
        case list():
            return ", ".join(map(_shown, value)) or "none"
        case dict():
            return ", ".join(f"{key} {_shown(item)}" for key, item in value.items()) or "none"
        case _:
            return str(value)


def print_survey(console: Console, found: Survey) -> None:
    """Counts, completeness and ages."""
    table = headed()
    for name in ("kind", "parts", "priced", "facts known", "of them estimated"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in found.kinds:
        table.add_row(
            row.kind,
            str(row.parts),
            str(row.priced),
            f"{row.known_pct} %",
            f"{row.estimated_pct} %",
        )
    total = sum(row.parts for row in found.kinds)
    console.print(table, highlight=False)
    console.print(f"{total:,} parts, {found.chips} GPU chips; facts are those that rules need")
    for gap in found.gaps:
        console.print(f"unknown: {gap.field} of {len(gap.parts)} {gap.kind} parts", highlight=False)
    prices = found.prices
    if prices.oldest is not None:
        console.print(
            f"{prices.rows:,} prices in {found.market} of {found.market_as_of}: {prices.quotes} "
            f"quotes, {prices.list_prices} list prices, {prices.estimates} estimates; half of them "
            f"older than {prices.median_days} days, the oldest of {prices.oldest}",
            highlight=False,
        )


def print_difference(console: Console, found: Difference) -> None:
    """A line for everything that changed."""
    for name in found.added:
        console.print(f"[green]+[/] {escape(name)}", highlight=False)
    for name in found.removed:
        console.print(f"[red]-[/] {escape(name)}", highlight=False)
    for change in (*found.changed, *found.prices):
        text = f"{change.row}, {change.field}: {change.before} -> {change.after}"
        console.print(escape(text), highlight=False)
    console.print(
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} facts and "
        f"{len(found.prices)} prices changed",
        highlight=False,
    )


def print_import(console: Console, report: Report) -> None:
    """What became of the records of a database."""
    taken = sum(report.imported.values())
    console.print(
        f"{report.source}: {report.records:,} records, {taken:,} imported as unverified parts, "
        f"{report.known:,} of parts that the catalogue has, {len(report.skipped):,} left out",
        highlight=False,
    )
    if report.imported:
        told = ", ".join(f"{count:,} {kind}" for kind, count in report.imported.items())
        console.print(f"[dim]{told}[/]", highlight=False)
    for why, count in report.reasons():
        console.print(f"  {count:,} left out: {escape(why)}", highlight=False)
    shown = [item for item in report.disagreements if not item.corrected]
    listed = len(report.disagreements) - len(shown)
    if report.disagreements:
        console.print(
            f"{len(report.disagreements):,} facts disagree with the catalogue, "
            f"{listed:,} of them in its list of corrections",
            highlight=False,
        )
    for item in shown[:MOST_SHOWN]:
        console.print(
            f"  {item.part} {item.field}: {escape(item.ours)} here, {escape(item.theirs)} there",
            highlight=False,
        )
    if len(shown) > MOST_SHOWN:
        console.print(f"[dim]  and {len(shown) - MOST_SHOWN:,} more (--report FILE)[/]")
