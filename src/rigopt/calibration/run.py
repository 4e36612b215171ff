"""From the rows of ``models/measurements`` to the model and its report, in one call."""

from __future__ import annotations

from collections.abc import Callable

from rigopt.calibration.cells import make_cells
from rigopt.calibration.fit import Problem, fit
from rigopt.calibration.model import to_rates
from rigopt.calibration.report import Report, make_report
from rigopt.catalog import Catalog
from rigopt.measurements import chip_facts, groups, measurements
from rigopt.rates import Rates

REFERENCE = "geforce-rtx-3090"
"""Chip on which the terms are expected to weigh alike; it gets no other special treatment."""


def calibrate(
    catalog: Catalog, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[Rates, Report]:
    """Fit the shipped measurements and judge the fit.

    Raises:
        InputError: if a row, its group or its chip cannot be used.
    """
    rows = measurements("single")
    cells, unused = make_cells(rows, groups(), catalog.chips)
    reference = catalog.chips[REFERENCE]
    problem = Problem(cells, reference)
    fitted = fit(problem)
    report = make_report(problem, chip_facts(), unused, len(rows), tell)
    return to_rates(problem, fitted, reference, report.by_group(), report.by_work()), report
