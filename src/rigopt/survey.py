"""A catalogue as a whole: how much it holds, how complete it is, what changed since another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import median_low
from typing import Any

from rigopt.catalog import Catalog
from rigopt.markets import Market, Price
from rigopt.parts import FIT_CRITICAL, KINDS, Fact, Row


class KindCount(Fact):
    """The parts of one kind."""

    kind: str
    parts: int
    priced: int
    """Of them in the market."""
    known_pct: int
    """Of the facts that rules need, rounded down."""
    estimated_pct: int
    """Of those known facts, the derived ones."""


class Gap(Fact):
    """A fact that rules need and that parts lack."""

    kind: str
    field: str
    parts: tuple[str, ...]


class PriceAges(Fact):
    """The prices of a market."""

    rows: int
    quotes: int
    list_prices: int
    estimates: int
    oldest: date | None
    median_days: int | None
    """Age at the day of the market."""


class Survey(Fact):
    """What a catalogue holds."""

    catalog: str
    market: str
    market_as_of: date
    chips: int
    kinds: tuple[KindCount, ...]
    gaps: tuple[Gap, ...]
    prices: PriceAges


def survey(catalog: Catalog, market: Market) -> Survey:
    """Count parts, facts and prices."""
    rows = market.rows()
    return Survey(
        catalog=catalog.digest,
        market=market.info.id,
        market_as_of=market.info.as_of,
        chips=len(catalog.chips),
        kinds=tuple(_count(catalog, market, kind) for kind in KINDS),
        gaps=tuple(_gaps(catalog)),
        prices=PriceAges(
            rows=len(rows),
            quotes=sum(row.basis == "quote" for row in rows),
            list_prices=sum(row.basis == "msrp" for row in rows),
            estimates=sum(row.basis == "estimate" for row in rows),
            oldest=min((row.date for row in rows), default=None),
            median_days=_median_age(rows, market.info.as_of),
        ),
    )


def _median_age(rows: tuple[Price, ...], as_of: date) -> int | None:
    return median_low([(as_of - row.date).days for row in rows]) if rows else None


def _count(catalog: Catalog, market: Market, kind: str) -> KindCount:
    parts, fields = catalog.of_kind(kind), FIT_CRITICAL[kind]
    facts = [(part, field) for part in parts for field in fields]
    known = [(part, field) for part, field in facts if getattr(part, field) is not None]
    guessed = sum(field in part.estimated for part, field in known)
    return KindCount(
        kind=kind,
        parts=len(parts),
        priced=sum(bool(market.offers(part.id)) for part in parts),
        known_pct=100 * len(known) // max(1, len(facts)),
        estimated_pct=100 * guessed // max(1, len(known)),
    )


def _gaps(catalog: Catalog) -> Iterator[Gap]:
    for kind in KINDS:
        for field in FIT_CRITICAL[kind]:
            lacking = tuple(p.id for p in catalog.of_kind(kind) if getattr(p, field) is None)
            if lacking:
                yield Gap(kind=kind, field=field, parts=lacking)


class Change(Fact):
    """A fact that differs."""

    row: str
    field: str
    before: str
    after: str


class Difference(Fact):
    """What changed from one catalogue to another."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Change, ...]
    prices: tuple[Change, ...]
    """Per part; the field names market and condition. Markets that only one has are left out."""


def compare(before: Catalog, after: Catalog) -> Difference:
    """What was added, removed and changed: rows, facts, prices; provenance is left out."""
    old, new = _rows(before), _rows(after)
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(
            change
            for name in sorted(old.keys() & new.keys())
            for change in _changes(name, _facts(old[name]), _facts(new[name]))
        ),
        prices=tuple(
            change
            for market in sorted(set(before.market_names) & set(after.market_names))
            for change in _price_changes(before.market(market), after.market(market))
        ),
    )


def _rows(catalog: Catalog) -> Mapping[str, Row]:
    """Every row by its id; those of tables with the table before it."""
    chips = {f"chip {name}": chip for name, chip in catalog.chips.items()}
    chipsets = {f"chipset {name}": row for name, row in catalog.chipsets.items()}
    return {**catalog.parts, **chips, **chipsets}


def _facts(row: Row) -> dict[str, Any]:
    left_out = {"id", "sources", "checked", "estimated", "note"}
    return row.model_dump(mode="json", exclude=left_out)


def _changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for field in {**old, **new}:
        if old.get(field) != new.get(field):
            yield Change(
                row=name, field=field, before=_shown(old.get(field)), after=_shown(new.get(field))
            )


def _shown(value: object) -> str:
    return "unknown" if value is None else json.dumps(value, ensure_ascii=False)


def _price_changes(before: Market, after: Market) -> Iterator[Change]:
    tables = [
        {(row.part, row.condition): row.price_cents for row in market.rows()}
        for market in (before, after)
    ]
    old, new = tables
    for part, condition in sorted(old.keys() | new.keys()):
        was, now = old.get((part, condition)), new.get((part, condition))
        if was != now:
            yield Change(
                row=part,
                field=f"{after.info.id} {condition}",
                before=_money(was),
                after=_money(now),
            )


def _money(cents: int | None) -> str:
    return "no price" if cents is None else f"{cents / 100:.2f}"
