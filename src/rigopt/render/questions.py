"""Why a part is chosen or not, in sentences, with both builds in a line each."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rigopt.outcome import Assessment, Optimal
from rigopt.reasons.explain import named_of
from rigopt.reasons.findings import Limits, Rival, Sensitivity
from rigopt.reasons.questions import Why
from rigopt.render.tables import headed
from rigopt.render.text import print_ways_out
from rigopt.render.words import KIND_WORDS, rate_words, score_words
from rigopt.units import format_money

HEADS = {
    "chosen": "[green]In the answer.[/]",
    "worse": "[yellow]Possible, but worse.[/]",
    "impossible": "[red]Impossible.[/]",
    "not decided": "[yellow]Not decided in time.[/]",
}


def print_why(console: Console, found: Why) -> None:
    """The verdict, the reasons, the two builds side by side, and the ways out if there is none."""
    console.print(f"{HEADS[found.verdict]} {escape(found.part)}", highlight=False)
    for sentence in found.text:
        console.print(Padding(escape(sentence), (0, 0, 0, 2)), highlight=False)
    if found.answer is not None and found.other is not None:
        name = "without it" if found.verdict == "chosen" else "with it"
        console.print(_side_by_side(found.answer, found.other, name))
    elif found.answer is not None:
        console.print(f"answer: {_brief(found.answer)}", highlight=False)
    if found.explanation is not None:
        print_ways_out(console, found.explanation)


def _side_by_side(answer: Assessment, other: Assessment, name: str) -> Table:
    """Price, score, rates, and the parts that differ."""
    table = headed()
    table.add_column("", style="dim", overflow="fold")
    for head in ("answer", name):
        table.add_column(head, overflow="fold", ratio=1)
    both = (answer, other)
    table.add_row("price", *(format_money(b.total_cents or 0, b.currency) for b in both))
    table.add_row("score", *(score_words(b.score) for b in both))
    rates = {rate.workload: rate for rate in other.throughput}
    for rate in answer.throughput:
        told = [rate, *([rates[rate.workload]] if rate.workload in rates else [])]
        table.add_row(rate.workload, *(f"{rate_words(r)} {r.unit}" for r in told))
    for kind, words in KIND_WORDS.items():
        named = [named_of(b.parts, kind) for b in both]
        if named[0] != named[1]:
            table.add_row(words, *(escape(n or "none") for n in named))
    return table


def print_sensitivity(console: Console, found: Sensitivity, build: Assessment) -> None:
    """The range of the budget, and of every price."""

    def money(cents: int | None) -> str:
        return "any" if cents is None else format_money(cents, build.currency)

    console.print(f"answer: {_brief(build)}", highlight=False)
    if found.budget is not None:
        console.print(
            f"It stays the answer for budgets from {money(found.budget.least_cents)} to "
            f"{money(found.budget.most_cents)}.",
            highlight=False,
        )
        _edge(console, "below", found.budget.less)
        _edge(console, "above", found.budget.more)
    for item in found.prices:
        count = f"{item.pieces} x " if item.pieces > 1 else ""
        console.print(
            f"{escape(count + item.name)} ({money(item.price_cents)}): from "
            f"{money(item.least_cents)} to {money(item.most_cents)}",
            highlight=False,
        )
        _edge(console, "below", item.cheaper)
        _edge(console, "above", item.dearer)
    if not found.complete:
        console.print("[yellow]Not all: the time limit was reached (--time-limit).[/]")


def print_limits(console: Console, found: Limits, build: Assessment) -> None:
    """What has no slack, and what holds the answer back."""
    console.print(f"answer: {_brief(build)}", highlight=False)
    spare = found.answer.no_slack if isinstance(found.answer, Optimal) else ()
    if spare:
        console.print("[bold]Nothing to spare[/]", highlight=False)
    for slack in spare:
        line = f"{slack.flag or slack.rule}: {slack.numbers.text}"
        console.print(Padding(escape(line), (0, 0, 0, 2)), highlight=False)
    console.print("[bold]What would give a better answer[/]", highlight=False)
    for limit in found.limits:
        what = f" (try: {limit.change})" if limit.change else ""
        console.print(Padding(escape(limit.text + what), (0, 0, 0, 2)), highlight=False)
        told = "; ".join((limit.gain.text, *limit.gain.changes))
        console.print(Padding(f"[dim]{escape(told)}[/]", (0, 0, 0, 4)), highlight=False)
    if not found.limits:
        console.print("  nothing that was tried: it is the best at any price", highlight=False)
    if not found.complete:
        console.print("[yellow]Not all: the time limit was reached (--time-limit).[/]")


def _edge(console: Console, where: str, rival: Rival | None) -> None:
    if rival is not None:
        told = "; ".join((rival.text, *rival.changes))
        console.print(Padding(f"[dim]{where}:[/] {escape(told)}", (0, 0, 0, 2)), highlight=False)


def _brief(build: Assessment) -> str:
    cards = named_of(build.parts, "gpu")
    cost = format_money(build.total_cents or 0, build.currency)
    return escape(f"{cost}, score {score_words(build.score)}, {cards}")
