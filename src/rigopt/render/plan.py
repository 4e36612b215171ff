"""A plan: what changes when, money and throughput over time; as tables and as a drawing."""

from __future__ import annotations

from html import escape as escape_xml

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rigopt import drawing
from rigopt.render.room import side_by_side
from rigopt.render.tables import headed, print_sentences
from rigopt.render.text import print_about
from rigopt.render.words import KIND_WORDS, counted, score_words
from rigopt.units import format_money
from rigopt.upgrades.planning import Plan, Step, graph_of

MARKS = {
    "buy": "[green]+[/]",
    "sell": "[red]-[/]",
    "take out": "[yellow]<[/]",
    "put in": "[green]>[/]",
}


def print_plan(console: Console, found: Plan) -> None:
    """The stages in a table, what changes along the path, the rigs side by side."""
    if not found.steps:
        head = "[red]No plan:[/]" if found.status == "infeasible" else "[yellow]No answer:[/]"
        for sentence in found.text:
            console.print(f"{head} {escape(sentence)}.", highlight=False)
        print_about(console, found.about)
        return
    console.print(_money_table(found))
    _print_path(console, found)
    rigs = [(f"{step.start:%Y-%m}", step.build) for step in found.steps]
    for first in range(0, len(rigs), 3):
        console.print(side_by_side(rigs[first : first + 3]), highlight=False)
    print_sentences(console, found.text)
    console.print(
        "[green]Proven best:[/] no plan has more throughput over the time, and none with as much "
        "costs less in the end."
        if found.status == "optimal"
        else "[yellow]Not proven best:[/] the time limit was reached; no plan has more than "
        f"{found.points_bound or 0:,} points times months.",
        highlight=False,
    )
    for text in assumed(found):
        console.print(Padding(f"[dim]{escape(text)}[/]", (0, 0, 0, 2)), highlight=False)
    print_about(console, found.about)


def assumed(found: Plan) -> list[str]:
    """What the plan takes for granted, with the flags that change it."""
    asked = found.asked
    levels = [f"{kind} at {level / 10:g} %" for kind, level in asked.stages[-1].levels.items()]
    prices = ", ".join(levels) or "as they are today"
    return [
        f"prices at the last stage: {prices} (--expect)",
        "parts are sold for a share of their price, by kind and time held: estimates of "
        "models/resale.toml (--no-resale)"
        if asked.sell
        else "nothing is sold (--no-resale)",
        "money that is left stays for the next stage (--no-carry)"
        if asked.carry
        else "money that is left at a stage is lost (--no-carry)",
        f"the last stage lasts until {asked.until:%Y-%m} (--until)",
    ]


def _money_table(found: Plan) -> Table:
    table = headed()
    for name in ("Stage", "Months", "Score", "Budget", "Paid", "Sold for", "Left"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in found.steps:
        cents = (step.budget_cents, step.paid_cents, step.fetched_cents, step.left_cents)
        table.add_row(
            f"{step.start:%Y-%m}",
            str(step.months),
            score_words(step.build.score),
            *(_money(amount, step) for amount in cents),
        )
    return table


def _money(cents: int, step: Step) -> str:
    return format_money(cents, step.build.currency)


def _print_path(console: Console, found: Plan) -> None:
    graph = graph_of(found)
    names = {f"{step.start:%Y-%m}": step for step in found.steps}
    for _, name, edge in graph.edges(data=True):
        console.print(f"[bold]{name}[/]", highlight=False)
        if not edge["changes"]:
            console.print(Padding("nothing changes", (0, 0, 0, 2)), highlight=False)
        for change in edge["changes"]:
            money = f", {_money(change.cents, names[name])}" if change.cents else ""
            text = f"{KIND_WORDS[change.kind]}: {counted(change.quantity, change.name)}{money}"
            line = f"{MARKS[change.what]} {change.what} {escape(text)}"
            console.print(Padding(line, (0, 0, 0, 2)), highlight=False)


WIDTH, HEIGHT, LEFT, BOTTOM = 720, 420, 64, 48


def svg(found: Plan) -> str:
    """Score and money that is gone over the months, as an SVG drawing."""
    months = sum(step.months for step in found.steps) or 1
    gone: list[int] = []
    for step in found.steps:
        gone.append((gone[-1] if gone else 0) + step.paid_cents - step.fetched_cents)
    scores = [step.build.score or 0 for step in found.steps]
    top_score, top_cents = max(1, *scores, 1), max(1, *gone, 1)

    def x(month: int) -> float:
        return round(LEFT + (WIDTH - 2 * LEFT) * month / months, 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 32) * share, 1)

    score_path: list[str] = []
    money_path: list[str] = []
    marks: list[str] = []
    month = 0
    for step, score, cents in zip(found.steps, scores, gone, strict=True):
        end = month + step.months
        for path, share in ((score_path, score / top_score), (money_path, cents / top_cents)):
            path.append(f"{'L' if path else 'M'}{x(month)},{y(share)} L{x(end)},{y(share)}")
        cards = " + ".join(
            counted(line.quantity, line.name) for line in step.build.parts if line.kind == "gpu"
        )
        marks += [
            f'<text x="{x(month)}" y="{HEIGHT - BOTTOM + 18}">{step.start:%Y-%m}</text>',
            f'<circle cx="{x(month)}" cy="{y(score / top_score)}" r="4" fill="#1f6feb"><title>'
            f"{step.start:%Y-%m}, score {score:,}: {escape_xml(cards)}</title></circle>",
        ]
        month = end
    currency = found.steps[0].build.currency if found.steps else "USD"
    for n in range(5):
        marks += [
            f'<text x="{LEFT - 8}" y="{y(n / 4) + 4}" text-anchor="end" fill="#1f6feb">'
            f"{top_score * n // 4:,}</text>",
            f'<text x="{WIDTH - LEFT + 8}" y="{y(n / 4) + 4}" fill="#d1242f">'
            f"{format_money(top_cents * n // 400 * 100, currency)}</text>",
        ]
    return drawing.svg(
        WIDTH,
        HEIGHT,
        (
            f'<path d="M{LEFT},24 V{HEIGHT - BOTTOM} H{WIDTH - LEFT} V24" fill="none" '
            'stroke="#888"/>',
            f'<path d="{" ".join(money_path)}" fill="none" stroke="#d1242f"/>',
            f'<path d="{" ".join(score_path)}" fill="none" stroke="#1f6feb" stroke-width="2"/>',
            *marks,
            f'<text x="{LEFT}" y="14" fill="#1f6feb">score (1,000 = one RTX 3090)</text>',
            f'<text x="{WIDTH - LEFT}" y="14" text-anchor="end" fill="#d1242f">money gone</text>',
        ),
        font_size=11,
    )
