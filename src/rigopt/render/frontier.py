"""The curve of price and throughput: as a table with what changes, as text, CSV and SVG."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from math import ceil

from rich.console import Console
from rich.markup import escape

from rigopt.outcome import Frontier, FrontierPoint, PartLine
from rigopt.parts import KINDS
from rigopt.render.tables import headed
from rigopt.render.words import KIND_WORDS
from rigopt.units import format_money

WIDE, HIGH = 64, 16
"""Characters of the plot on a terminal."""


def _named(parts: Sequence[PartLine], kind: str) -> str:
    return " + ".join(
        (f"{line.quantity} x " if line.quantity > 1 else "") + line.name
        for line in parts
        if line.kind == kind
    )


def changes(before: FrontierPoint | None, after: FrontierPoint) -> list[str]:
    """What a build has that the one before it on the curve has not, kind by kind."""
    found = []
    for kind in KINDS:
        new = _named(after.parts, kind)
        old = "" if before is None else _named(before.parts, kind)
        if new != old:
            found.append(f"{KIND_WORDS[kind]}: {new or 'none'}")
    return found


def print_frontier(console: Console, found: Frontier) -> None:
    """Every point with its price, score and cards and what else changes; then the curve."""
    if not found.points:
        console.print("[red]No build[/] within the budget.", highlight=False)
        return
    table = headed()
    table.add_column("Price", justify="right", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("What is new", overflow="fold", ratio=1)
    before: FrontierPoint | None = None
    for point in found.points:
        money = format_money(point.total_cents, found.currency)
        told = "; ".join(escape(change) for change in changes(before, point))
        table.add_row(money, f"{point.score:,}", told)
        before = point
    console.print(table)
    for line in plot(found):
        console.print(line, highlight=False, markup=False)
    console.print(
        f"[green]{len(found.points)} builds, each proven; none is missing.[/]"
        if found.complete
        else "[yellow]The time limit was reached: cheaper builds are missing.[/]",
        highlight=False,
    )


def plot(found: Frontier) -> list[str]:
    """The curve as lines of characters: score upwards, price to the right."""
    costs = [point.total_cents for point in found.points]
    scores = [point.score for point in found.points]
    low, high = min(costs), max(costs)
    top = max(1, *scores)
    rows = [[" "] * WIDE for _ in range(HIGH)]
    for column in range(WIDE):
        here = low + (high - low) * column // max(1, WIDE - 1)
        reached = max((s for c, s in zip(costs, scores, strict=True) if c <= here), default=0)
        rows[HIGH - 1 - min(HIGH - 1, reached * HIGH // (top + 1))][column] = "▬"
    lines = [f"{top if row == 0 else '':>7} |{''.join(cells)}" for row, cells in enumerate(rows)]
    ends = [format_money(cents - cents % 100, found.currency) for cents in (low, high)]
    lines.append(" " * 8 + "+" + "-" * WIDE)
    lines.append(" " * 9 + ends[0] + ends[1].rjust(WIDE - len(ends[0])))
    return lines


def csv_text(found: Frontier) -> str:
    """The curve as CSV: price, score, and the parts of each kind."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("total", "score", *KINDS))
    for point in found.points:
        total = f"{point.total_cents // 100}.{point.total_cents % 100:02d}"
        writer.writerow((total, point.score, *(_named(point.parts, kind) for kind in KINDS)))
    return text.getvalue()


def svg(found: Frontier) -> str:
    """The curve as an SVG drawing, a step for each build."""
    width, height, left, bottom = 720, 420, 64, 48
    top_score = max(1, *(point.score for point in found.points)) if found.points else 1
    top_cost = max(1, *(point.total_cents for point in found.points)) if found.points else 1

    def x(cents: int) -> float:
        return round(left + (width - left - 16) * cents / top_cost, 1)

    def y(score: int) -> float:
        return round(height - bottom - (height - bottom - 16) * score / top_score, 1)

    path: list[str] = []
    dots: list[str] = []
    score = 0
    for point in found.points:
        path.append(f"{'L' if path else 'M'}{x(point.total_cents)},{y(score)}")
        path.append(f"L{x(point.total_cents)},{y(point.score)}")
        score = point.score
        cards = _named(point.parts, "gpu").replace("&", "&amp;").replace("<", "&lt;")
        money = format_money(point.total_cents, found.currency)
        dots.append(
            f'<circle cx="{x(point.total_cents)}" cy="{y(point.score)}" r="3">'
            f"<title>{money}, score {point.score:,}: {cards}</title></circle>"
        )
    steps = [ceil(top_cost / 5) * n for n in range(6)]
    marks = [
        f'<text x="{x(min(step, top_cost))}" y="{height - bottom + 18}" text-anchor="middle">'
        f"{format_money(min(step, top_cost) // 100 * 100, found.currency)}</text>"
        for step in steps
    ]
    marks += [
        f'<text x="{left - 8}" y="{y(top_score * n // 4) + 4}" text-anchor="end">'
        f"{top_score * n // 4:,}</text>"
        for n in range(5)
    ]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="11">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<path d="M{left},16 V{height - bottom} H{width - 16}" fill="none" stroke="#888"/>',
            f'<path d="{" ".join(path)}" fill="none" stroke="#1f6feb" stroke-width="2"/>',
            '<g fill="#1f6feb">',
            *dots,
            "</g>",
            *marks,
            f'<text x="{width // 2}" y="{height - 10}" text-anchor="middle">price</text>',
            f'<text x="{left}" y="12">score (1,000 = one RTX 3090)</text>',
            "</svg>",
            "",
        )
    )
