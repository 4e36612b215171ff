"""Measured sweeps of power limits, and the curves through them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, median, quantiles
from typing import Literal

from rigopt.catalog import Catalog
from rigopt.measurements import Measurement, measurements, sources
from rigopt.parts import Fact
from rigopt.scaling import LOWEST_CAP, PowerCurve

LimitedBy = Literal["compute", "memory"]
KINDS: tuple[LimitedBy, ...] = ("compute", "memory")
STREAMS_LIMITED_BY_COMPUTE = 9
"""Decoding so many streams at once reuses every weight read: arithmetic limits it as well."""
IDLE = 0.3
"""Share of the usual power that does no work; anything from 0.2 to 0.45 fits about as well."""
KNEES = tuple(round(0.51 + 0.01 * i, 2) for i in range(50))
EXPONENTS = tuple(round(0.01 * i, 2) for i in range(4, 61))


class Cap(Fact):
    """What a sweep kept at a limit, relative to its highest limit up to the usual power."""

    chip: str
    limited_by: LimitedBy
    share: float
    of_share: float
    """The limit it is compared with, itself a share of the usual power; at most 1."""
    kept: float
    group: str


def caps() -> tuple[Cap, ...]:
    """Points of every sweep at ``LOWEST_CAP`` of the usual power and more."""
    chips = Catalog.load().chips
    sweeps: dict[tuple[str, ...], list[Measurement]] = defaultdict(list)
    for row in measurements("power"):
        if row.chip in chips:
            origin = sources()[row.source]
            same = (origin.source.split(" ")[0], origin.software, row.metric, row.batch, row.unit)
            sweeps[row.chip, str(row.count), row.group, row.phase, *same].append(row)
    return tuple(cap for rows in sweeps.values() for cap in _sweep(rows, chips[rows[0].chip].tdp_w))


def _sweep(rows: Sequence[Measurement], usual_w: int) -> list[Cap]:
    rates: dict[float, list[float]] = defaultdict(list)
    for row in rows:
        rates[row.power_limit_w or usual_w].append(row.value)
    if rows[0].unit.startswith("percent of"):
        rates[usual_w] = [100.0]
    full = [limit for limit in rates if limit >= usual_w]
    reference = min(full) if full else max(rates)
    return [
        Cap(
            chip=rows[0].chip,
            limited_by=_limited_by(rows[0]),
            share=limit / usual_w,
            of_share=min(1.0, reference / usual_w),
            kept=_mean(found) / _mean(rates[reference]),
            group=rows[0].group,
        )
        for limit, found in sorted(rates.items())
        if LOWEST_CAP * usual_w <= limit < reference
    ]


def _mean(values: Sequence[float]) -> float:
    return math.exp(fmean(map(math.log, values)))


def _limited_by(row: Measurement) -> LimitedBy:
    streams = int(row.batch) if row.batch.isdigit() else 1
    few = streams < STREAMS_LIMITED_BY_COMPUTE
    return "memory" if row.phase == "decode" and few else "compute"


def fit_curves(points: Sequence[Cap]) -> dict[LimitedBy, PowerCurve]:
    """The curve of each kind with the least absolute error, by search over a grid."""
    return {kind: _best([p for p in points if p.limited_by == kind]) for kind in KINDS}


def _best(points: Sequence[Cap]) -> PowerCurve:
    chips = [p.chip for p in points]
    weights = [1 / math.sqrt(chips.count(c)) for c in chips]

    def cost(curve: PowerCurve) -> float:
        return sum(w * cap_error(p, curve) for w, p in zip(weights, points, strict=True))

    return min(
        (PowerCurve(knee=k, exponent=e, idle=IDLE) for k in KNEES for e in EXPONENTS), key=cost
    )


def cap_error(point: Cap, curve: PowerCurve) -> float:
    """Absolute percentage error of a curve at a point."""
    return 100 * abs(curve.kept(point.share) / curve.kept(point.of_share) / point.kept - 1)


def cap_errors(points: Sequence[Cap]) -> dict[str, tuple[int, float, float]]:
    """Points, median and 90th percentile of the error by kind, each chip left out of its fit."""
    table: dict[str, list[float]] = {"all": []}
    for kind in KINDS:
        mine = [p for p in points if p.limited_by == kind]
        apart = []
        for chip in sorted({p.chip for p in mine}):
            curve = _best([p for p in mine if p.chip != chip])
            apart += [cap_error(p, curve) for p in mine if p.chip == chip]
        table[kind] = apart
        table["all"] += apart
    return {
        name: (len(apart), median(apart), quantiles(apart, n=10, method="inclusive")[-1])
        for name, apart in table.items()
    }
