"""What the model must beat: one specification, or a roofline for every group alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rigopt.calibration.cells import Cell
from rigopt.rates import unit_loads

Floats = NDArray[np.float64]
Baseline = Literal["bandwidth", "tensor peak", "roofline"]
BASELINES: tuple[Baseline, ...] = ("bandwidth", "tensor peak", "roofline")
FEWEST = 3
"""Measured chips that a baseline needs besides those left out."""


def predict_baseline(name: Baseline, cells: list[Cell], known: NDArray[np.bool_]) -> Floats:
    """Log seconds of a group's cells from those ``known`` of it; all cells are of one group.
    Without enough known ones the values are NaN."""
    if known.sum() < FEWEST:
        return np.full(len(cells), np.nan)
    target = np.log([cell.seconds for cell in cells])
    loads = np.array([unit_loads(cell.arithmetic, cell.chip, 1.0)[:3] for cell in cells])
    if name == "roofline":
        return np.log(loads @ _roofline(loads[known], target[known]))
    guess = np.log(loads[:, 1 if name == "bandwidth" else 0])
    level: float = np.median(target[known] - guess[known])
    return np.asarray(guess + level, dtype=np.float64)


def _roofline(loads: Floats, target: Floats) -> Floats:
    """Non-negative amounts of compute, traffic and overhead that fit log seconds best."""
    start = np.log(np.exp(np.median(target)) / loads.mean(axis=0) / loads.shape[1])
    logs, ridge = start.copy(), 1e-3
    for _ in range(40):
        terms = loads * np.exp(logs)
        total = terms.sum(axis=1)
        slope = terms / total[:, None]
        matrix = slope.T @ slope + ridge * np.eye(len(logs))
        pull = slope.T @ (target - np.log(total)) - ridge * (logs - start)
        step = np.clip(np.linalg.solve(matrix, pull), -0.5, 0.5)
        logs += step
        if np.abs(step).max() < 1e-2:
            break
    return np.asarray(np.exp(logs), dtype=np.float64)
