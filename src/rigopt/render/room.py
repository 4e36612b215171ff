"""A build with room beside one without, and what the first becomes."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rigopt.outcome import Assessment
from rigopt.parts import KINDS
from rigopt.render.tables import headed, print_sentences
from rigopt.render.text import print_about
from rigopt.render.words import KIND_WORDS, counted
from rigopt.units import format_money
from rigopt.upgrades.room import Roomed


def print_room(console: Console, found: Roomed) -> None:
    """Both builds side by side, the later parts, what the room costs."""
    if found.build is None:
        head = "[red]No build:[/]" if found.status == "infeasible" else "[yellow]No answer:[/]"
        console.print(f"{head} {escape(found.text[0])}.", highlight=False)
        for sentence in found.text[1:]:
            console.print(Padding(escape(sentence), (0, 0, 0, 2)), highlight=False)
        print_about(console, found.about)
        return
    console.print(f"[bold]Room for {escape(found.room.text)}[/]", highlight=False)
    columns = [("with room", found.build)]
    if found.without is not None:
        columns.append(("without", found.without))
    console.print(side_by_side(columns), highlight=False)
    if found.later is not None:
        _print_later(console, found, found.later)
    print_sentences(console, found.text)
    console.print(
        "[green]Proven best:[/] no build that leaves the room scores more, and none with that "
        "score costs less."
        if found.status == "optimal"
        else "[yellow]Not proven best:[/] no build that leaves the room scores more than "
        f"{found.score_bound or 0:,}.",
        highlight=False,
    )
    print_about(console, found.about)


def _print_later(console: Console, found: Roomed, later: Assessment) -> None:
    console.print("[bold]Later[/] [dim](every rule holds; prices of now)[/]", highlight=False)
    for item in found.additions:
        price = "no price" if item.price_cents is None else f"{_money(item.price_cents, later)} a"
        piece = "" if item.price_cents is None else " piece"
        text = f"+ {counted(item.quantity, item.name)}: {price}{piece}"
        console.print(Padding(escape(text), (0, 0, 0, 2)), highlight=False)
    facts = [] if later.total_cents is None else [f"to pay {_money(later.total_cents, later)}"]
    facts += [] if later.score is None else [f"score {later.score:,}"]
    facts += [] if later.link is None else [f"cards over {later.link}"]
    draw = later.power.sustained_w
    facts += [] if draw is None else [f"{draw:,} W at full load"]
    console.print(Padding(escape("; ".join(facts)), (0, 0, 0, 2)), highlight=False)


def _money(cents: int, build: Assessment) -> str:
    return format_money(cents, build.currency)


def side_by_side(columns: list[tuple[str, Assessment]]) -> Table:
    """Builds in columns, kind by kind, with price and score below."""
    table = headed()
    table.add_column("", style="dim", no_wrap=True)
    for name, _ in columns:
        table.add_column(name, overflow="fold", ratio=1)
    for kind in KINDS:
        cells = [_named(build, kind) for _, build in columns]
        if any(cells):
            table.add_row(KIND_WORDS[kind], *map(escape, cells))
    table.add_section()
    totals = [
        "" if build.total_cents is None else _money(build.total_cents, build)
        for _, build in columns
    ]
    table.add_row("price", *totals)
    scores = ["" if build.score is None else f"{build.score:,}" for _, build in columns]
    table.add_row("score", *scores)
    return table


def _named(build: Assessment, kind: str) -> str:
    return " + ".join(
        counted(line.quantity, line.name)
        + (f" ({line.owned} owned)" if 0 < line.owned < line.quantity else "")
        + (" (owned)" if line.owned >= line.quantity else "")
        for line in build.parts
        if line.kind == kind
    )
