"""The report of the throughput model as tables and a scatter of characters."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from rigopt.calibration.errors import Errors
from rigopt.calibration.plot import relative
from rigopt.calibration.report import LEVELS, MODEL, Line, Report
from rigopt.render.tables import headed
from rigopt.scaling import scaling_model

LEFT_OUT = {
    "chip": "the card itself left out of the fit",
    "die": "every card of its die left out",
    "architecture": "its whole architecture left out",
}
SHADES = ".:+*#@"
WIDE, HIGH = 64, 24


def print_report(console: Console, report: Report, *, groups: bool = False) -> None:
    """Errors by what was left out, by kind of work, by group on request; then the scatter."""
    console.print(
        f"{report.rows:,} measured rows of one card make {report.cells:,} rates of a group and a "
        f"chip; every rate is predicted by a fit that had not seen its card",
        highlight=False,
    )
    for level in LEVELS:
        mine = [line for line in report.overall if line.left_out == level]
        shown = [line for line in mine if line.method == MODEL or line.of == "all"]
        _print(console, LEFT_OUT[level], [(_name(line), line) for line in shown])
    _print_works(console, report)
    if groups:
        _print(console, "by group, the card left out", [(g.of, g) for g in report.groups])
    _print_regret(console, report)
    _print_rest(console, report)
    print_scatter(console, report)


def _name(line: Line) -> str:
    if line.method == MODEL:
        return MODEL if line.of == "all" else f"  {line.of}"
    return "roofline" if line.method == "roofline" else f"{line.method} alone"


def _table(title: str, *heads: str) -> Table:
    table = headed(title)
    table.add_column("", overflow="fold", ratio=1)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _print(console: Console, title: str, named: list[tuple[str, Line]]) -> None:
    heads = ("rates", "chips", "median", "90 %", "Spearman", "Kendall", "pairs")
    table = _table(title, *heads)
    for name, line in named:
        table.add_row(name, *_cells(line.errors))
    console.print(table, highlight=False)
    console.print()


def _print_works(console: Console, report: Report) -> None:
    """One line a kind of work: the model beside the baselines."""
    mine = [line for line in report.works if line.left_out == "chip"]
    methods = [line.method for line in report.overall if line.of == "all"]
    methods = list(dict.fromkeys(methods))
    table = _table("by kind of work, the card left out: median / 90 % / Spearman", "n", *methods)
    for work in sorted({line.of for line in mine}):
        found = {line.method: line.errors for line in mine if line.of == work}
        table.add_row(
            work,
            str(found[MODEL].cells),
            *(_short(found.get(method)) for method in methods),
        )
    console.print(table, highlight=False)
    console.print()


def _short(errors: Errors | None) -> str:
    if errors is None:
        return ""
    order = "-" if errors.spearman is None else f"{errors.spearman:.2f}"
    return f"{errors.median_pct:.0f}/{errors.p90_pct:.0f}/{order}"


def _cells(errors: Errors) -> list[str]:
    def two(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    pairs = "" if errors.pairs_pct is None else f"{errors.pairs_pct:.0f} %"
    return [
        f"{errors.cells:,}",
        str(errors.chips),
        f"{errors.median_pct:.1f} %",
        f"{errors.p90_pct:.0f} %",
        two(errors.spearman),
        two(errors.kendall),
        pairs,
    ]


def _print_regret(console: Console, report: Report) -> None:
    for method, loss in report.regret.items():
        console.print(
            f"buying the card predicted best under a price cap loses {loss.mean_pct:.1f} % of the "
            f"best card's rate on average with {method} ({loss.cases} cases)",
            highlight=False,
        )


def _print_rest(console: Console, report: Report) -> None:
    errors = scaling_model().errors
    if report.single_users is not None:
        lone = report.single_users
        console.print(
            f"{lone.cells} rates that a single user reported, not counted above: median "
            f"{lone.median_pct:.1f} %, 90 % {lone.p90_pct:.0f} %",
            highlight=False,
        )
    several = ", ".join(
        f"{name} {bar.median_pct:g} / {bar.p90_pct:g} %" for name, bar in errors.items()
    )
    console.print(
        f"several cards and caps, the chip left out, median / 90 %: {several}", highlight=False
    )
    for unused in report.unused:
        console.print(f"[dim]{unused.rows:,} rows not fitted: {unused.reason}[/]", highlight=False)
    console.print(
        "[dim]median, 90 %: error of the rate; pairs: cards of a group that differ by 10 % and "
        "more in the right order[/]",
        highlight=False,
    )


def print_scatter(console: Console, report: Report) -> None:
    """Predicted (upwards) against measured rates, each by its group's median, both logarithmic."""
    points = relative(point for point in report.points if point.judged)
    logs = [(math.log10(measured), math.log10(predicted)) for _, measured, predicted in points]
    low, high = min(map(min, logs)), max(map(max, logs))
    counts: dict[tuple[int, int], int] = {}
    for measured, predicted in logs:
        place = (_step(measured, low, high, WIDE), _step(predicted, low, high, HIGH))
        counts[place] = counts.get(place, 0) + 1
    console.print(f"\npredicted up, measured right, {10**low:.2g} to {10**high:.2g}; / equal")
    for row in reversed(range(HIGH)):
        line = "".join(_mark(counts.get((column, row), 0), column, row) for column in range(WIDE))
        console.print(f"|{line}", highlight=False, markup=False, no_wrap=True)
    console.print("+" + "-" * WIDE, highlight=False)


def _step(value: float, low: float, high: float, steps: int) -> int:
    return min(int((value - low) / (high - low) * steps), steps - 1)


def _mark(count: int, column: int, row: int) -> str:
    if count:
        return SHADES[min(int(math.log2(count)), len(SHADES) - 1)]
    return "/" if column * HIGH // WIDE == row and column * HIGH % WIDE < HIGH else " "
