"""Equal rigs for a team: every number of them, and one of the best."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from rigopt.outcome import Assessment
from rigopt.render.tables import headed, print_sentences
from rigopt.render.text import print_about, print_build
from rigopt.render.words import counted, score_words
from rigopt.units import format_money
from rigopt.upgrades.teaming import Size, Team


def print_team(console: Console, found: Team) -> None:
    """The best number of rigs with one of them, then all numbers in a table."""
    print_sentences(console, found.text)
    if found.best is not None and found.best.build is not None:
        console.print("[bold]Each of them[/]", highlight=False)
        print_build(console, found.best.build)
    table = headed()
    for name in ("Rigs", "Users", "Score", "Price"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Cards of each", overflow="fold", ratio=1)
    for size in found.sizes:
        table.add_row(*_row(size))
    console.print(table)
    proof = {
        "optimal": "[green]Proven best:[/] no number of equal rigs has more throughput in all.",
        "feasible": "[yellow]Not proven best:[/] the time limit was reached.",
        "infeasible": "[red]Proven: none serves the team.[/]",
        "unknown": "[yellow]No answer.[/]",
    }
    console.print(proof[found.status], highlight=False)
    print_about(console, found.about)


def _row(size: Size) -> tuple[str, ...]:
    if size.build is None:
        return str(size.rigs), str(size.users), "", "", size.status
    money = format_money(size.total_cents or 0, size.build.currency)
    return (
        str(size.rigs),
        str(size.users),
        score_words(size.score),
        money,
        escape(_cards(size.build)),
    )


def _cards(build: Assessment) -> str:
    return " + ".join(
        counted(line.quantity, line.name) for line in build.parts if line.kind == "gpu"
    )
