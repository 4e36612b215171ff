"""Answers as text and tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from rigopt.outcome import (
    About,
    Assessment,
    Explanation,
    Feasible,
    Infeasible,
    Optimal,
    PartLine,
    Report,
    RuleVerdict,
    Unknown,
)
from rigopt.parts import KINDS
from rigopt.render.machine import board_notes, clearance_table, power_table, slot_table
from rigopt.render.tables import headed, plain, rate_table
from rigopt.render.words import (
    KIND_WORDS,
    cap_words,
    charges_of,
    clashes,
    counted,
    how,
    score_words,
)
from rigopt.units import format_money

MARKS = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "unknown": ("?", "magenta"),
    "violated": ("✗", "red"),
    "not applicable": ("-", "dim"),
}


def print_outcome(
    console: Console, outcome: Optimal | Feasible | Infeasible | Unknown, *, verbose: bool
) -> None:
    """Tell the answer of ``solve``."""
    match outcome:
        case Optimal():
            _headline(console, outcome.build)
            print_build(console, outcome.build)
            if verbose:
                _print_machine(console, outcome.build)
            console.print(_proof(outcome), highlight=False)
            if outcome.near is not None:
                _indented(console, f"{escape(outcome.near.text)} ({outcome.near.flag})")
            for item in outcome.binding:
                _indented(console, escape(item.text))
            if outcome.no_slack:
                spare = dict.fromkeys(slack.flag or slack.rule for slack in outcome.no_slack)
                _indented(console, f"nothing to spare: {escape(', '.join(spare))}")
            _print_verdicts(console, outcome.build.verdicts, verbose=verbose)
        case Feasible():
            _headline(console, outcome.build)
            print_build(console, outcome.build)
            console.print(
                f"[yellow]Not proven best:[/] {escape(outcome.limit)}. "
                f"No build scores more than {outcome.score_bound:,}.",
                highlight=False,
            )
            _print_verdicts(console, outcome.build.verdicts, verbose=verbose)
        case Infeasible():
            print_explanation(console, outcome.explanation)
        case Unknown():
            console.print(f"[yellow]No answer:[/] {escape(outcome.limit)}.", highlight=False)
    print_about(console, outcome.about)


def print_top(console: Console, answers: Sequence[Optimal], differ_in: Sequence[str] = ()) -> None:
    """Several builds, one line each: price, score, and the parts that they differ in."""
    if not answers:
        console.print("[red]No build:[/] rigopt solve says why.", highlight=False)
        return
    table = headed()
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("Price", justify="right", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    shown = ["gpu", "cpu", "motherboard"]
    shown += [kind for kind in differ_in if kind in KINDS and kind not in shown]
    title = "; ".join(("Cards", "CPU", "board", *shown[3:]))
    table.add_column(title, overflow="fold", ratio=1)
    for place, answer in enumerate(answers, start=1):
        build = answer.build
        cost = "" if build.total_cents is None else _money(build.total_cents, build.currency)
        named = [counted(line.quantity, line.name) for line in build.parts if line.kind in shown]
        table.add_row(str(place), cost, score_words(build.score), escape("; ".join(named)))
    console.print(table)
    console.print(
        "[green]Each is proven the best of all builds with "
        f"{'another ' + ' or '.join(differ_in) if differ_in else 'other cards'} "
        "than those above it.[/]",
        highlight=False,
    )


def print_report(console: Console, report: Report, *, verbose: bool) -> None:
    """Tell the answer of ``check``."""
    print_build(console, report.build)
    _print_machine(console, report.build)
    words = {
        "ok": "[green]Every rule holds.[/]",
        "warning": "[yellow]Every rule holds, with warnings.[/]",
        "unknown": "[magenta]No rule is broken, but some could not be checked.[/]",
        "violated": "[red]This build does not work as listed.[/]",
    }
    console.print(words[report.status], highlight=False)
    if report.missing:
        names = ", ".join(KIND_WORDS[kind] for kind in report.missing)
        console.print(f"[yellow]Not in the list:[/] {names}", highlight=False)
    _print_verdicts(console, report.build.verdicts, verbose=verbose)
    print_about(console, report.about)


def _print_machine(console: Console, build: Assessment) -> None:
    """Slot map, power budget and clearances."""
    if build.board is not None:
        names = {line.part: line.name for line in build.parts}
        console.print("\n[bold]Slots[/] [dim](row of the case, slot, card)[/]", highlight=False)
        console.print(Padding(slot_table(build.board, names), (0, 0, 0, 2)), highlight=False)
        for line in board_notes(build.board):
            _indented(console, f"[dim]{escape(line)}[/]")
    if build.power.lines:
        console.print("\n[bold]Power[/]", highlight=False)
        console.print(Padding(power_table(build.power), (0, 0, 0, 2)), highlight=False)
    if build.clearances:
        console.print("\n[bold]Clearances[/]", highlight=False)
        console.print(Padding(clearance_table(build), (0, 0, 0, 2)), highlight=False)
    if build.board is not None or build.clearances:
        console.print()


def _headline(console: Console, build: Assessment) -> None:
    gpus = [line for line in build.parts if line.kind == "gpu"]
    what = " + ".join(f"{line.quantity} x {line.name}" for line in gpus)
    cost = "" if build.total_cents is None else _money(build.total_cents, build.currency)
    console.print(f"[bold]{escape(what)}[/] for [bold]{cost}[/]", highlight=False)


def _money(cents: int, currency: str) -> str:
    return format_money(cents, currency)


def _price_words(line: PartLine, currency: str) -> tuple[str, str]:
    if line.owned >= line.quantity:
        return "owned", ""
    if line.total_cents is None:
        return "no price", ""
    when = f"{line.price_date:%Y-%m}" if line.price_date else ""
    return _money(line.total_cents, currency), f"{line.condition} {line.basis} {when}"


def print_build(console: Console, build: Assessment) -> None:
    """The list of parts with prices, what it does and draws."""
    table = headed()
    table.add_column("", style="dim", no_wrap=True)
    table.add_column("Part", ratio=1, overflow="fold")
    table.add_column("Price", justify="right", no_wrap=True)
    table.add_column("Condition, basis, date", style="dim", overflow="fold", max_width=22)
    for line in build.parts:
        price, basis = _price_words(line, build.currency)
        name = counted(line.quantity, line.name) + cap_words(line)
        table.add_row(KIND_WORDS[line.kind], escape(name), price, basis)
    if build.total_cents is not None:
        table.add_section()
        for name, cents in charges_of(build):
            table.add_row("", name, _money(cents, build.currency), "")
        total = Text(_money(build.total_cents, build.currency), style="bold")
        table.add_row("", Text("Total", style="bold"), total, "")
    console.print(table)
    _print_speed(console, build)


def _print_speed(console: Console, build: Assessment) -> None:
    facts = []
    if build.score is not None:
        facts.append(f"score {build.score:,} (1,000 = one RTX 3090)")
    if build.link is not None:
        facts.append(f"cards over {build.link}")
    if build.power.sustained_w is not None:
        wall = f", {build.power.wall_w:,} W at the wall" if build.power.wall_w else ""
        facts.append(f"{build.power.sustained_w:,} W at full load{wall}")
    if facts:
        console.print("; ".join(facts), highlight=False)
    if build.throughput:
        console.print(Padding(rate_table(build.throughput), (0, 0, 0, 2)))


def _indented(console: Console, markup: str) -> None:
    """A line, or a paragraph, two columns in."""
    console.print(Padding(Text.from_markup(markup), (0, 0, 0, 2)), highlight=False)


def _proof(outcome: Optimal) -> str:
    score = outcome.build.score or 0
    if score < outcome.score_bound:
        lost = 100 - 100 * score / outcome.score_bound
        return (
            f"[green]Proven cheapest[/] of all builds this close to the best: it scores {lost:.1f} "
            f"% less than the {outcome.score_bound:,} that the money could buy."
        )
    return (
        f"[green]Proven best:[/] no build that meets every rule and wish scores more than "
        f"{outcome.score_bound:,}, and none with that score costs less."
    )


def _print_verdicts(console: Console, verdicts: Iterable[RuleVerdict], *, verbose: bool) -> None:
    verdicts = list(verdicts)
    counts = {word: sum(v.verdict == word for v in verdicts) for word in MARKS}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    console.print(f"\n[bold]Rules:[/] {told}", highlight=False)
    quiet = () if verbose else ("ok", "not applicable")
    rows = [v for v in verdicts if v.verdict not in quiet]
    table = plain()
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for verdict in rows:
        mark, style = MARKS[verdict.verdict]
        text = escape(verdict.text)
        if verdict.verdict == "violated":
            text += f"; {escape(verdict.repair)}"
        table.add_row(f"[{style}]{mark}[/]", verdict.rule, text)
    if rows:
        console.print(table, highlight=False)
    if not verbose and counts["ok"]:
        console.print("[dim]--verbose shows every rule with its numbers[/]", highlight=False)


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Every clash with its reasons, then the ways out."""
    heads = ["[red]No build:[/]", *("[red]And besides:[/]" for _ in explanation.further)]
    for head, (summary, *reasons) in zip(heads, clashes(explanation), strict=True):
        console.print(f"{head} {escape(summary)}.", highlight=False)
        for reason in reasons:
            _indented(console, f"because {escape(reason)}")
    print_ways_out(console, explanation)


def print_ways_out(console: Console, explanation: Explanation) -> None:
    """Changes that give a build, each with what to do."""
    for way in explanation.ways_out:
        console.print(f"[green]hint:[/] {escape(way.text)} ({escape(how(way))})", highlight=False)


def print_about(console: Console, about: About) -> None:
    """What was assumed, and what the answer was made with."""
    if about.assumptions:
        console.print("\n[bold]Assumed[/] [dim](flag that changes it)[/]", highlight=False)
    for item in about.assumptions:
        _indented(console, f"{escape(item.text)} [dim]({item.flag})[/]")
    v = about.versions
    solver = f", {v.solver}" if v.solver else ""
    console.print(
        f"[dim]rigopt {v.rigopt}, catalogue {v.catalog}, market {v.market} "
        f"of {v.market_as_of}{solver}[/]",
        highlight=False,
    )
