"""A fit as the model that ``rigopt.rates`` reads: amounts per unit instead of logarithms."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rigopt.calibration.cells import Cell, factor_key
from rigopt.calibration.fit import BATCH, Problem, Theta
from rigopt.parts import GpuChip
from rigopt.rates import TERMS, Arithmetic, Error, GroupRate, Rates, unit_loads

FIELDS = ("compute_gflop", "traffic_mb", "overhead_us", "power_gflop", "batch_us_gb")
"""Fields of ``GroupRate`` in the order of ``TERMS``."""
DIGITS = 5
ALL_ARITHMETIC: tuple[Arithmetic, ...] = ("amp", "fp16", "fp32", "int8")


def to_rates(
    problem: Problem,
    theta: Theta,
    reference: GpuChip,
    group_errors: Mapping[str, Error] | None = None,
    work_errors: Mapping[str, Error] | None = None,
) -> Rates:
    """The fitted model, its figures to five significant digits."""
    by_group: dict[str, list[Cell]] = {}
    for cell in problem.cells:
        by_group.setdefault(cell.group, []).append(cell)
    value = {name: float(theta.shared[index]) for name, index in problem.names.items()}
    groups = {}
    for index, (group, cells) in enumerate(sorted(by_group.items())):
        first = cells[0]
        watt_rate = problem.watt_rates.get(
            reference.architecture, reference.fp32_gflops / reference.tdp_w
        )
        loads = unit_loads(first.arithmetic, reference, watt_rate)
        amounts = {}
        for place, (field, term) in enumerate(zip(FIELDS, TERMS, strict=True)):
            local = theta.local[index]
            log = value["work", first.work, term] + float(local[0] + local[1 + place])
            none = place == BATCH and not first.fills_memory
            amounts[field] = 0.0 if none else significant(math.exp(log) / loads[place])
        groups[group] = GroupRate(
            work=first.work,
            arithmetic=first.arithmetic,
            unit=first.unit,
            chips=len(cells),
            error=(group_errors or {}).get(group),
            **amounts,
        )
    return Rates(
        bend=problem.settings.bend,
        gflops_per_watt=problem.watt_rates,
        compute_factor=_compute_factors(problem, value),
        traffic_factor={
            key: significant(math.exp(value["traffic", key])) for key in _keys(problem)
        },
        groups=groups,
        works=dict(sorted((work_errors or {}).items())),
    )


def _keys(problem: Problem) -> list[str]:
    return sorted({factor_key(cell) for cell in problem.cells})


def _compute_factors(
    problem: Problem, value: Mapping[tuple[str, ...], float]
) -> dict[str, dict[Arithmetic, float]]:
    """Factors by architecture, and by vendor for what it was never measured in."""
    vendors = {factor_key(cell): cell.chip.vendor for cell in problem.cells}
    table: dict[str, dict[Arithmetic, float]] = {}
    for vendor in sorted(set(vendors.values())):
        known = {a: value["vendor", vendor, a] for a in _measured(vendor, value)}
        usual = sum(known.values()) / len(known)
        table[vendor] = {a: known.get(a, usual) for a in ALL_ARITHMETIC}
    for key in _keys(problem):
        table[key] = {
            a: table[vendors[key]][a] + value["compute", key] + value.get(("arithmetic", key, a), 0)
            for a in ALL_ARITHMETIC
        }
    return {
        name: {a: significant(math.exp(log)) for a, log in logs.items()}
        for name, logs in table.items()
    }


def _measured(vendor: str, value: Mapping[tuple[str, ...], float]) -> list[Arithmetic]:
    return [a for a in ALL_ARITHMETIC if ("vendor", vendor, a) in value]


def significant(value: float) -> float:
    """A figure to five significant digits."""
    return float(f"{value:.{DIGITS - 1}e}")
