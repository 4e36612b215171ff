"""What many scenarios say together: as text with small curves, and as an SVG drawing."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape as xml_escape

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rigopt import drawing
from rigopt.render.tables import headed
from rigopt.render.words import KIND_WORDS
from rigopt.units import format_money
from rigopt.whatif.summary import RateCurve, Summary

LEVELS = "▁▂▃▄▅▆▇█"
WIDE = 32
"""Characters of a small curve."""
MOST_FLIPS = 12
"""Lines of flips that are told."""


def print_summary(console: Console, found: Summary) -> None:
    """Statuses, what stays best, where the cards change, what binds, throughput over budget."""
    told = ", ".join(f"{number:,} {status}" for status, number in found.by_status.items())
    console.print(f"{found.scenarios:,} scenarios: {told}", highlight=False)
    console.print(f"{found.infeasible_pct:g} % have no build", highlight=False)
    if found.robust:
        console.print(_robust_table(found))
    if found.flips:
        console.print(_flip_table(found))
    if found.binding:
        binding = ", ".join(f"{escape(name)} {number:,}" for name, number in found.binding.items())
        console.print(f"What binds, or clashes (scenarios): {binding}", highlight=False)
    if found.curves:
        console.print(_curve_table(found))


def _table(*columns: str) -> Table:
    table = headed()
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _robust_table(found: Summary) -> Table:
    table = _table("Stays best", "Part", "of scenarios")
    kind = ""
    for row in found.robust:
        word = "" if row.kind == kind else KIND_WORDS[row.kind]
        table.add_row(word, escape(row.part), f"{row.share_pct:.1f} %")
        kind = row.kind
    return table


def _flip_table(found: Summary) -> Table:
    table = _table("Flips", "from", "to", "the cards change in")
    for flip in found.flips[:MOST_FLIPS]:
        share = f"{100 * flip.share:.0f} % of {flip.compared:,}"
        table.add_row(escape(flip.axis), escape(flip.before), escape(flip.after), share)
    rest = len(found.flips) - MOST_FLIPS
    if rest > 0:
        table.add_row(f"and {rest:,} more", "", "", "")
    return table


def _curve_table(found: Summary) -> Table:
    ends = [point.budget_cents for curve in found.curves for point in curve.points]
    low, high = (format_money(cents, found.currency or "") for cents in (min(ends), max(ends)))
    table = _table("Throughput (median)", f"{low.strip()} to {high.strip()}", "from", "to")
    for curve in found.curves:
        first, last = (_number(curve.points[place].median) for place in (0, -1))
        table.add_row(escape(curve.title), sparkline(curve), first, f"{last} {escape(curve.unit)}")
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def sparkline(curve: RateCurve) -> str:
    """The medians as a line of blocks, the budget to the right."""
    points = curve.points
    columns = min(WIDE, len(points))
    values = [points[len(points) * n // columns].median for n in range(columns - 1)]
    values.append(points[-1].median)
    top = max(values) or 1
    return "".join(LEVELS[min(len(LEVELS) - 1, int(v / top * len(LEVELS)))] for v in values)


PANEL_W, PANEL_H, PER_ROW = 300, 200, 3
LEFT, BOTTOM, TOP, RIGHT = 56, 28, 30, 12


def svg(found: Summary) -> str:
    """A panel for each workload: the median over the budget, and the span of all scenarios."""
    rows = -(-len(found.curves) // PER_ROW)
    width, height = PER_ROW * PANEL_W, max(1, rows) * PANEL_H
    panels = [
        line
        for place, curve in enumerate(found.curves)
        for line in _panel(
            curve,
            found.currency or "",
            place % PER_ROW * PANEL_W,
            place // PER_ROW * PANEL_H,
        )
    ]
    return drawing.svg(width, height, panels, font_size=10)


def _panel(curve: RateCurve, currency: str, left: int, top: int) -> Iterator[str]:
    budgets = [point.budget_cents for point in curve.points]
    low, high = min(budgets), max(budgets)
    most = max(point.highest for point in curve.points) or 1
    wide, tall = PANEL_W - LEFT - RIGHT, PANEL_H - TOP - BOTTOM

    def at(budget: int, rate: float) -> str:
        x = LEFT + wide * (budget - low) / ((high - low) or 1)
        return f"{x:.1f},{TOP + tall * (1 - rate / most):.1f}"

    band = [at(p.budget_cents, p.highest) for p in curve.points]
    band += [at(p.budget_cents, p.lowest) for p in reversed(curve.points)]
    line = [at(p.budget_cents, p.median) for p in curve.points]
    base = TOP + tall
    yield f'<g transform="translate({left},{top})">'
    yield f'<text x="{LEFT}" y="14">{xml_escape(curve.title)}</text>'
    yield f'<text x="{LEFT}" y="26" fill="#666">{xml_escape(curve.unit)}</text>'
    yield f'<path d="M{LEFT},{TOP} V{base} H{LEFT + wide}" fill="none" stroke="#888"/>'
    yield f'<polygon points="{" ".join(band)}" fill="#1f6feb" fill-opacity="0.18"/>'
    yield f'<polyline points="{" ".join(line)}" fill="none" stroke="#1f6feb" stroke-width="2"/>'
    for point in curve.points:
        x, y = at(point.budget_cents, point.median).split(",")
        money = format_money(point.budget_cents, currency).strip()
        yield (
            f'<circle cx="{x}" cy="{y}" r="2" fill="#1f6feb"><title>{money}: '
            f"{_number(point.median)} ({_number(point.lowest)} to {_number(point.highest)}) in "
            f"{point.scenarios:,} scenarios</title></circle>"
        )
    for value in (0.0, most):
        y = at(low, value).split(",")[1]
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{_number(value)}</text>'
    for cents, anchor, x_at in ((low, "start", LEFT), (high, "end", LEFT + wide)):
        money = format_money(cents, currency).strip()
        yield f'<text x="{x_at}" y="{base + 16}" text-anchor="{anchor}">{money}</text>'
    yield "</g>"
