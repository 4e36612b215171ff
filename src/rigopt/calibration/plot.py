"""Predicted against measured rates as an SVG drawing, written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from xml.sax.saxutils import escape

from rigopt import drawing
from rigopt.calibration.report import Point, Report

SIZE, MARGIN = 720, 64
COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
    "#bcbd22", "#17becf", "#393b79", "#637939", "#843c39", "#7b4173",
)  # fmt: skip
DECADES = (0.01, 0.1, 1.0, 10.0)


def relative(points: Iterable[Point]) -> list[tuple[Point, float, float]]:
    """Points with measured and predicted rate by the group's median measured rate, so that
    groups of all units share one plane."""
    table: dict[str, list[Point]] = {}
    for point in points:
        table.setdefault(point.group, []).append(point)
    found = []
    for _, mine in sorted(table.items()):
        level = median(point.measured for point in mine)
        found += [(p, p.measured / level, p.predicted / level) for p in mine]
    return found


def svg(report: Report, works: Mapping[str, str]) -> str:
    """The drawing; ``works`` tells the kind of work of each group.

    Both axes are logarithmic. Grey lines: equal, and 25 % off.
    """
    points = relative(report.points)
    values = [value for _, measured, predicted in points for value in (measured, predicted)]
    low, high = math.log10(min(values)), math.log10(max(values))
    kinds = sorted({works.get(point.group, "other") for point, _, _ in points})
    colour = {kind: COLOURS[index % len(COLOURS)] for index, kind in enumerate(kinds)}

    def place(value: float) -> float:
        return (math.log10(value) - low) / (high - low) * SIZE

    def xy(measured: float, predicted: float) -> tuple[str, str]:
        return f"{MARGIN + place(measured):.1f}", f"{MARGIN + SIZE - place(predicted):.1f}"

    errors = report.errors("chip")
    title = (
        f"{errors.cells} rates of {errors.chips} chips, each predicted without its own rows: "
        f"median error {errors.median_pct:.1f} %, 90th percentile {errors.p90_pct:.1f} %"
    )
    width = SIZE + 2 * MARGIN + 190
    parts = [
        f'<text x="{MARGIN}" y="{MARGIN - 28}">{escape(title)}</text>',
        f'<text x="{MARGIN + SIZE / 2}" y="{SIZE + 2 * MARGIN - 12}" text-anchor="middle">'
        "measured rate by the median of its group</text>",
        f'<text x="18" y="{MARGIN + SIZE / 2}" text-anchor="middle" '
        f'transform="rotate(-90 18 {MARGIN + SIZE / 2})">predicted rate, likewise</text>',
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIZE}" height="{SIZE}" fill="none" '
        'stroke="#888"/>',
    ]
    parts += [_line(xy, 10**low, 10**high, factor) for factor in (0.8, 1.0, 1.25)]
    for value in DECADES:
        if 10**low < value < 10**high:
            x, y = xy(value, value)
            parts.append(f'<text x="{x}" y="{MARGIN + SIZE + 16}">{value:g}</text>')
            parts.append(f'<text x="{MARGIN - 6}" y="{y}" text-anchor="end">{value:g}</text>')
    for point, measured, predicted in points:
        x, y = xy(measured, predicted)
        shade = colour[works.get(point.group, "other")]
        label = f"{point.chip}, {point.group}: {point.measured:g} measured, {point.predicted:g}"
        parts.append(
            f'<circle cx="{x}" cy="{y}" r="3" fill="{shade if point.judged else "none"}" '
            f'stroke="{shade}" fill-opacity="0.55"><title>{escape(label)}</title></circle>'
        )
    for index, kind in enumerate(kinds):
        left, y = str(MARGIN + SIZE + 20), str(MARGIN + 12 + 18 * index)
        parts.append(f'<circle cx="{left}" cy="{y}" r="4" fill="{colour[kind]}"/>')
        parts.append(f'<text x="{left}" y="{y}" dx="10" dy="4">{escape(kind)}</text>')
    left, y = str(MARGIN + SIZE + 16), str(MARGIN + 30 + 18 * len(kinds))
    parts.append(f'<text x="{left}" y="{y}" fill="#666">hollow: one user\'s value</text>')
    return drawing.svg(width, SIZE + 2 * MARGIN, parts, font_size=12)


def _line(
    xy: Callable[[float, float], tuple[str, str]], low: float, high: float, factor: float
) -> str:
    first, last = max(low, low / factor), min(high, high / factor)
    (x1, y1), (x2, y2) = xy(first, first * factor), xy(last, last * factor)
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#bbb"/>'
