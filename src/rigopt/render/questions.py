"""Why a part is chosen or not, in sentences, with both builds in a line each."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from rigopt.outcome import Assessment
from rigopt.questions import Why
from rigopt.units import format_money

HEADS = {
    "chosen": "[green]In the answer.[/]",
    "worse": "[yellow]Possible, but worse.[/]",
    "impossible": "[red]Impossible.[/]",
    "not decided": "[yellow]Not decided in time.[/]",
}


def print_why(console: Console, found: Why) -> None:
    """The verdict, the reasons, the two builds, and the ways out if there is none."""
    console.print(f"{HEADS[found.verdict]} {escape(found.part)}", highlight=False)
    for sentence in found.text:
        console.print(Padding(escape(sentence), (0, 0, 0, 2)), highlight=False)
    if found.answer is not None:
        console.print(f"answer: {_brief(found.answer)}", highlight=False)
    if found.other is not None:
        name = "without it" if found.verdict == "chosen" else "with it"
        console.print(f"{name}: {_brief(found.other)}", highlight=False)
    if found.explanation is not None:
        for way in found.explanation.ways_out:
            console.print(
                f"[green]hint:[/] {escape(way.text)} (try: {escape(way.flag)})", highlight=False
            )


def _brief(build: Assessment) -> str:
    cards = " + ".join(
        (f"{line.quantity} x " if line.quantity > 1 else "") + line.name
        for line in build.parts
        if line.kind == "gpu"
    )
    cost = format_money(build.total_cents or 0, build.currency)
    return escape(f"{cost}, score {build.score or 0:,}, {cards}")
