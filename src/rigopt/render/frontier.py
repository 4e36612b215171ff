"""A curve of two axes: as a table with what changes, as text, CSV and SVG."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from rigopt import drawing
from rigopt.outcome import AxisName, Frontier, FrontierPoint, PartLine
from rigopt.parts import KINDS
from rigopt.render.tables import headed
from rigopt.render.words import KIND_WORDS, cap_words, counted, score_words
from rigopt.tradeoffs import DEFAULT, MORE_IS_BETTER, better, value_of
from rigopt.units import format_money

WIDE, HIGH = 64, 16
"""Characters of the plot on a terminal."""
MARGIN = 7
"""Characters left of it at least."""


class Face(NamedTuple):
    """How an axis is shown."""

    title: str
    """Over a column of a table."""
    column: str
    """In CSV."""
    label: str
    """In a drawing."""
    words: str
    """Of a value: ``{}`` stands for it."""
    missing: str
    """What there would be beyond the last point."""
    unit: str = ""


FACES: Mapping[AxisName, Face] = {
    "price": Face("Price", "total", "price", "{}", "cheaper builds"),
    "throughput": Face(
        "Score", "score", "score (1,000 = one RTX 3090)", "score {}", "builds with a higher score"
    ),
    "vram": Face(
        "VRAM", "vram_gb", "GPU memory of all cards (GB)", "{}", "builds with more memory", " GB"
    ),
    "watts": Face(
        "Draw", "sustained_w", "draw at full load (W)", "{}", "builds that draw less", " W"
    ),
}


def shown_axes(found: Frontier) -> tuple[AxisName, ...]:
    """The axes of a curve, and of every curve price and score."""
    return tuple(dict.fromkeys((*found.axes, *DEFAULT)))


def _told(point: FrontierPoint, axis: AxisName, currency: str) -> str:
    if axis == "throughput":
        return score_words(point.score)
    value = value_of(point, axis)
    return format_money(value, currency) if axis == "price" else f"{value:,}{FACES[axis].unit}"


def _mark(axis: AxisName, value: int, currency: str) -> str:
    """A value at the edge of a drawing: money without cents, the rest without a unit."""
    return format_money(value // 100 * 100, currency) if axis == "price" else f"{value:,}"


def _named(parts: Sequence[PartLine], kind: str) -> str:
    return " + ".join(
        counted(line.quantity, line.name) + cap_words(line) for line in parts if line.kind == kind
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
    """Every point with where it stands, and its cards and what else changes; then the curve."""
    if not found.points:
        console.print(
            "[red]No build[/] within the budget."
            if found.complete
            else "[yellow]The time limit was reached before a build was proven.[/]",
            highlight=False,
        )
        return
    table = headed()
    shown = shown_axes(found)
    for axis in shown:
        table.add_column(FACES[axis].title, justify="right", no_wrap=True)
    table.add_column("What is new", overflow="fold", ratio=1)
    before: FrontierPoint | None = None
    for point in found.points:
        cells = [_told(point, axis, found.currency) for axis in shown]
        table.add_row(*cells, "; ".join(escape(change) for change in changes(before, point)))
        before = point
    console.print(table)
    for line in plot(found):
        console.print(line, highlight=False, markup=False)
    count = "1 build" if len(found.points) == 1 else f"{len(found.points)} builds"
    console.print(
        f"[green]{count}, each proven; none is missing.[/]"
        if found.complete
        else f"[yellow]The time limit was reached: {FACES[found.followed].missing} are missing.[/]",
        highlight=False,
    )


def plot(found: Frontier) -> list[str]:
    """The curve as lines of characters: the first axis to the right, the second upwards."""
    across, up = found.axes
    places = [(value_of(point, across), value_of(point, up)) for point in found.points]
    low, high = places[0][0], places[-1][0]
    top = max(1, *(y for _, y in places))
    best = max if up in MORE_IS_BETTER else min
    rows = [[" "] * WIDE for _ in range(HIGH)]
    for column in range(WIDE):
        here = low + (high - low) * column // max(1, WIDE - 1)
        reached = best(y for x, y in places if not better(across, here, x))
        rows[HIGH - 1 - min(HIGH - 1, reached * HIGH // (top + 1))][column] = "▬"
    left, *ends = (
        _mark(axis, value, found.currency) + FACES[axis].unit
        for axis, value in ((up, top), (across, low), (across, high))
    )
    margin = max(MARGIN, len(left))
    lines = [
        f"{left if row == 0 else '':>{margin}} |{''.join(cells)}" for row, cells in enumerate(rows)
    ]
    lines.append(" " * (margin + 1) + "+" + "-" * WIDE)
    lines.append(" " * (margin + 2) + ends[0] + ends[1].rjust(WIDE - len(ends[0])))
    return lines


def csv_text(found: Frontier) -> str:
    """The curve as CSV: where every point stands, and the parts of each kind."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    shown = shown_axes(found)
    writer.writerow((*(FACES[axis].column for axis in shown), *KINDS))
    for point in found.points:
        cells = (_number(point, axis) for axis in shown)
        writer.writerow((*cells, *(_named(point.parts, kind) for kind in KINDS)))
    return text.getvalue()


def _number(point: FrontierPoint, axis: AxisName) -> str:
    """Where a point stands, as programs read it; empty where that is not known."""
    if axis == "throughput" and point.score is None:
        return ""
    value = value_of(point, axis)
    return f"{value // 100}.{value % 100:02d}" if axis == "price" else str(value)


def svg(found: Frontier) -> str:
    """The curve as an SVG drawing, a step for each build."""
    width, height, left, bottom, right = 720, 420, 64, 48, 32
    across, up = found.axes
    places = [(value_of(point, across), value_of(point, up)) for point in found.points]
    top_up = max((1, *(y for _, y in places)))
    top_across = max((1, *(x for x, _ in places)))

    def x(value: int) -> float:
        return round(left + (width - left - right) * value / top_across, 1)

    def y(value: int) -> float:
        return round(height - bottom - (height - bottom - 16) * value / top_up, 1)

    path: list[str] = []
    dots: list[str] = []
    reached = 0 if up in MORE_IS_BETTER else top_up
    # from the best on the first axis on: a point holds as far as the next
    for place, point in sorted(
        zip(places, found.points, strict=True),
        key=lambda item: item[0][0],
        reverse=across in MORE_IS_BETTER,
    ):
        path.append(f"{'L' if path else 'M'}{x(place[0])},{y(reached)}")
        path.append(f"L{x(place[0])},{y(place[1])}")
        reached = place[1]
        cards = _named(point.parts, "gpu").replace("&", "&amp;").replace("<", "&lt;")
        where = ", ".join(
            FACES[axis].words.format(_told(point, axis, found.currency)) for axis in found.axes
        )
        dots.append(
            f'<circle cx="{x(place[0])}" cy="{y(place[1])}" r="3">'
            f"<title>{where}: {cards}</title></circle>"
        )
    marks = [
        f'<text x="{x(step)}" y="{height - bottom + 18}" text-anchor="middle">'
        f"{_mark(across, step, found.currency)}</text>"
        for step in drawing.ticks(top_across)
    ]
    marks += [
        f'<text x="{left - 8}" y="{y(step) + 4}" text-anchor="end">'
        f"{_mark(up, step, found.currency)}</text>"
        for step in drawing.ticks(top_up)
    ]
    return drawing.svg(
        width,
        height,
        (
            f'<path d="M{left},16 V{height - bottom} H{width - right}" fill="none" stroke="#888"/>',
            f'<path d="{" ".join(path)}" fill="none" stroke="#1f6feb" stroke-width="2"/>',
            '<g fill="#1f6feb">',
            *dots,
            "</g>",
            *marks,
            f'<text x="{width // 2}" y="{height - 10}" text-anchor="middle">'
            f"{FACES[across].label}</text>",
            f'<text x="{left}" y="12">{FACES[up].label}</text>',
        ),
        font_size=11,
    )
