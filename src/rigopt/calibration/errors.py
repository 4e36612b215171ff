"""How far predictions are from measurements, and how well they order cards.

Shapes: ``measured`` and ``predicted`` are vectors of log seconds a unit, ``groups`` one name each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rigopt.parts import Fact

Floats = NDArray[np.float64]
FEWEST_TO_ORDER = 5
"""Groups of fewer chips say little about order."""
PRICE_CAPS_USD = (350, 500, 650, 800, 1000, 1300, 1600, 2000)
APART = 1.10
"""Pairs of cards count as different from this ratio of measured rates on."""

Share = Annotated[float, Field(ge=-1, le=1)]
Percent = Annotated[float, Field(ge=0)]


class Errors(Fact):
    """Errors over some cells. Rank figures are means over groups, weighted by their cells;
    ``None``: no group has enough chips."""

    cells: int
    chips: int
    median_pct: Percent
    """Median of |predicted rate / measured rate - 1|."""
    p90_pct: Percent
    """Its 90th percentile."""
    spearman: Share | None = None
    kendall: Share | None = None
    pairs_pct: Percent | None = None
    """Pairs of a group's cards that differ by 10 % and more: how many are in the right order."""


class Regret(Fact):
    """Throughput lost by buying what is predicted best under a price cap, per cent of the best."""

    cases: int
    mean_pct: Percent
    p90_pct: Percent


def summary(
    measured: Floats, predicted: Floats, groups: Sequence[str], chips: Sequence[str]
) -> Errors:
    """The errors of some cells, which must not be none."""
    ape = absolute_errors(measured, predicted)
    names = np.array(groups)
    spearman, kendall, weights = [], [], []
    right = pairs = 0
    for group in sorted(set(groups)):
        mine = names == group
        if mine.sum() < FEWEST_TO_ORDER:
            continue
        left, other = measured[mine], predicted[mine]
        spearman.append(rank_correlation(left, other))
        kendall.append(pair_correlation(left, other))
        weights.append(int(mine.sum()))
        apart = left[:, None] - left[None, :] > np.log(APART)
        right += int((apart & (other[:, None] > other[None, :])).sum())
        pairs += int(apart.sum())
    return Errors(
        cells=len(measured),
        chips=len(set(chips)),
        median_pct=round(float(np.median(ape)), 1),
        p90_pct=round(float(np.quantile(ape, 0.9)), 1),
        spearman=round(float(np.average(spearman, weights=weights)), 3) if weights else None,
        kendall=round(float(np.average(kendall, weights=weights)), 3) if weights else None,
        pairs_pct=round(100 * right / pairs, 1) if pairs else None,
    )


def absolute_errors(measured: Floats, predicted: Floats) -> Floats:
    """|predicted rate / measured rate - 1| in per cent, of log seconds."""
    return np.asarray(100 * np.abs(np.exp(measured - predicted) - 1), dtype=np.float64)


def ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share the mean of theirs."""
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return np.asarray(below + (equal - 1) / 2, dtype=np.float64)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Spearman's rho; 0 where one side is all equal."""
    a, b = ranks(left), ranks(right)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def pair_correlation(left: Floats, right: Floats) -> float:
    """Kendall's tau-b; 0 where one side is all equal."""
    a = np.sign(left[:, None] - left[None, :])
    b = np.sign(right[:, None] - right[None, :])
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 0.0


def regret(
    measured: Floats, predicted: Floats, groups: Sequence[str], prices: Sequence[int | None]
) -> Regret:
    """Losses over every group and price cap under which three or more of its chips fall and not
    the same ones as under a lower cap."""
    names, costs = np.array(groups), np.array([np.inf if p is None else p for p in prices])
    losses = []
    for group in sorted(set(groups)):
        before = 0
        for cap in PRICE_CAPS_USD:
            mine = np.flatnonzero((names == group) & (costs <= cap))
            if len(mine) < 3 or len(mine) == before:
                continue
            before = len(mine)
            taken = mine[np.argmin(predicted[mine])]
            losses.append(100 * (1 - np.exp(measured[mine].min() - measured[taken])))
    if not losses:
        return Regret(cases=0, mean_pct=0.0, p90_pct=0.0)
    return Regret(
        cases=len(losses),
        mean_pct=round(float(np.mean(losses)), 1),
        p90_pct=round(float(np.quantile(losses, 0.9)), 1),
    )
