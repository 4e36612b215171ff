"""The fit: maximum a posteriori of log seconds, robust against outliers.

Terms of a group = those of its kind of work + its own deviation; factors of an architecture = its
own + its vendor's. Both shrink towards the shared value, so a group or an architecture with few
measurements takes what is usual. Found by Gauss-Newton steps with Student-t weights; what belongs
to one group is eliminated block by block (Schur complement).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rigopt.calibration.cells import Cell, factor_key, gflops_per_watt, log_seconds
from rigopt.parts import GpuChip
from rigopt.rates import TERMS, unit_loads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COMPUTE, TRAFFIC, BATCH = TERMS.index("compute"), TERMS.index("traffic"), TERMS.index("batch")
ABSENT = -30.0
"""Logarithm of a term that a group does not have."""


@dataclass(frozen=True)
class Settings:
    """What is chosen, not fitted. Spreads are standard deviations of natural logarithms."""

    bend: float = 1.5
    work_spread: float = 1.0
    group_spread: float = 1.0
    compute_spread: float = 0.1
    """Of an architecture over all arithmetic."""
    arithmetic_spread: float = 0.2
    """Of an architecture in one arithmetic."""
    traffic_spread: float = 0.15
    vendor_spread: float = 0.5
    home_spread: float = 0.05
    """Of NVIDIA's factors, which fix the level that other vendors are told against."""
    noise: float = 0.1
    user_noise: float = 0.2
    """Noise of one user's run beside that; falls with the root of their number."""
    degrees: float = 2.0
    """Of Student's t: how heavy the tails are."""
    usual_share: float = 0.2
    """What share of the time each term is expected to take on the reference chip."""


@dataclass(frozen=True)
class Theta:
    """Fitted values: shared ones, and per group a level and one deviation a term."""

    shared: Floats
    local: Floats


class Problem:
    """Cells as arrays. Cells must be sorted by group."""

    def __init__(
        self, cells: Sequence[Cell], reference: GpuChip, settings: Settings | None = None
    ) -> None:
        self.cells, self.settings = tuple(cells), settings or Settings()
        self.watt_rates = gflops_per_watt(cell.chip for cell in cells)
        self.names: dict[tuple[str, ...], int] = {}
        self.groups = tuple(sorted({cell.group for cell in cells}))
        order = {group: index for index, group in enumerate(self.groups)}
        self.group_of: Ints = np.array([order[cell.group] for cell in cells], dtype=np.int64)
        self.target: Floats = np.array(log_seconds(cells))
        self.loads: Floats = np.array([self._loads(cell, reference) for cell in cells])
        places = [self._places(cell) for cell in cells]
        self.design: Floats = np.zeros((len(cells), len(TERMS), len(self.names)))
        for row, terms in enumerate(places):
            for term, columns in enumerate(terms):
                self.design[row, term, columns] = 1.0
        s = self.settings
        users = np.array([cell.users or np.inf for cell in cells])
        self.noise: Floats = np.sqrt(s.noise**2 + s.user_noise**2 / users)
        spreads = np.array([self._spread(name) for name in self.names])
        self.precision: Floats = 1 / spreads**2
        self.middle: Floats = np.array(
            [np.log(s.usual_share) if name[0] == "work" else 0.0 for name in self.names]
        )
        self.local_precision: Floats = np.array([1e-6] + [1 / s.group_spread**2] * len(TERMS))

    def _loads(self, cell: Cell, reference: GpuChip) -> list[float]:
        def of(chip: GpuChip) -> tuple[float, ...]:
            rates = self.watt_rates
            watt_rate = rates.get(chip.architecture) or rates.get(chip.vendor)
            return unit_loads(cell.arithmetic, chip, watt_rate or chip.fp32_gflops / chip.tdp_w)

        logs = [float(np.log(a / b)) for a, b in zip(of(cell.chip), of(reference), strict=True)]
        if not cell.fills_memory:
            logs[BATCH] = ABSENT
        return logs

    def _places(self, cell: Cell) -> list[list[int]]:
        key = factor_key(cell)
        terms = [[self._column("work", cell.work, term)] for term in TERMS]
        terms[COMPUTE] += [
            self._column("vendor", cell.chip.vendor, cell.arithmetic),
            self._column("compute", key),
            self._column("arithmetic", key, cell.arithmetic),
        ]
        terms[TRAFFIC].append(self._column("traffic", key))
        return terms

    def _column(self, *name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def _spread(self, name: tuple[str, ...]) -> float:
        s = self.settings
        if name[0] == "vendor":
            return s.home_spread if name[1] == "NVIDIA" else s.vendor_spread
        spreads = {
            "work": s.work_spread,
            "compute": s.compute_spread,
            "arithmetic": s.arithmetic_spread,
            "traffic": s.traffic_spread,
        }
        return spreads[name[0]]

    @cached_property
    def start(self) -> Theta:
        """Levels at the medians, everything else as expected."""
        local = np.zeros((len(self.groups), 1 + len(TERMS)))
        for index in range(len(self.groups)):
            local[index, 0] = np.median(self.target[self.group_of == index])
        return Theta(self.middle.copy(), local)

    def predict(
        self, theta: Theta, rows: Ints, design: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Log seconds of cells, and the share of each term in their slope.

        ``design``: the rows of the design, if they are at hand.
        """
        local = theta.local[self.group_of[rows]]
        design = self.design[rows] if design is None else design
        terms = design @ theta.shared + self.loads[rows] + local[:, :1] + local[:, 1:]
        bent = self.settings.bend * terms
        top = bent.max(axis=1, keepdims=True)
        weights = np.exp(bent - top)
        total = weights.sum(axis=1, keepdims=True)
        logs = (top + np.log(total))[:, 0] / self.settings.bend
        return logs, weights / total


def fit(
    problem: Problem,
    rows: Ints | None = None,
    start: Theta | None = None,
    *,
    steps: int = 400,
    tolerance: float = 1e-10,
) -> Theta:
    """The values that explain the cells ``rows`` (default: all) best."""
    chosen = np.arange(len(problem.cells)) if rows is None else rows
    state = _State(problem, chosen, start or problem.start, problem.design[chosen])
    damping = 1e-6
    for _ in range(steps):
        before = state.loss
        system = state.system()
        for _ in range(10):
            trial = state.moved(system, damping)
            if trial.loss <= state.loss:
                state, damping = trial, max(damping / 5, 1e-9)
                break
            damping = max(10 * damping, 1e-3)
        if before - state.loss <= tolerance * max(1.0, before):
            break
    return state.theta


class _State:
    """A point of the search with its loss."""

    def __init__(self, problem: Problem, rows: Ints, theta: Theta, design: Floats) -> None:
        self.problem, self.rows, self.theta, self.design = problem, rows, theta, design
        members = problem.group_of[rows]
        self.first = np.flatnonzero(np.r_[True, members[1:] != members[:-1]])
        self.used = members[self.first]
        logs, self.shares = problem.predict(theta, rows, design)
        self.residual = problem.target[rows] - logs
        degrees, noise = problem.settings.degrees, problem.noise[rows]
        scaled = (self.residual / noise) ** 2
        self.weights = (degrees + 1) / (degrees + scaled) / noise**2
        self.loss = float(
            (degrees + 1) / 2 * np.log1p(scaled / degrees).sum()
            + (problem.precision * (theta.shared - problem.middle) ** 2).sum() / 2
            + (theta.local[self.used] ** 2 @ problem.local_precision).sum() / 2
        )

    def system(self) -> dict[str, Any]:
        """The normal equations: blocks of the groups, the shared block, and what couples them."""
        p, w = self.problem, self.weights
        local = np.concatenate([np.ones((len(self.rows), 1)), self.shares], axis=1)
        weighted = local * w[:, None]
        pull = np.add.reduceat(weighted * self.residual[:, None], self.first)
        blocks = np.add.reduceat(weighted[:, :, None] * local[:, None, :], self.first)
        shared = (self.shares[:, None, :] @ self.design)[:, 0, :]
        return {
            "blocks": blocks + np.diag(p.local_precision),
            "pull": pull - p.local_precision * self.theta.local[self.used],
            "couple": np.add.reduceat(weighted[:, :, None] * shared[:, None, :], self.first),
            "centre": (shared * w[:, None]).T @ shared + np.diag(p.precision),
            "centre_pull": shared.T @ (w * self.residual)
            - p.precision * (self.theta.shared - p.middle),
        }

    def moved(self, system: dict[str, Any], damping: float) -> _State:
        blocks = system["blocks"] * (1 + damping * np.eye(1 + len(TERMS)))
        right = np.concatenate([system["couple"], system["pull"][:, :, None]], axis=2)
        solved = np.linalg.inv(blocks) @ right
        couple, pull = solved[:, :, :-1], solved[:, :, -1]
        centre = system["centre"] + damping * np.diag(np.diag(system["centre"]))
        centre = centre - _flat(system["couple"]).T @ _flat(couple)
        towards = system["centre_pull"] - np.einsum("glq,gl->q", system["couple"], pull)
        step = np.clip(np.linalg.solve(centre, towards), -1.5, 1.5)
        local = self.theta.local.copy()
        local[self.used] += np.clip(pull - couple @ step, -1.5, 1.5)
        theta = Theta(self.theta.shared + step, local)
        return _State(self.problem, self.rows, theta, self.design)


def _flat(blocks: Floats) -> Floats:
    return blocks.reshape(-1, blocks.shape[-1])
