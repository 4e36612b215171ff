"""Judges the model on chips, dies and architectures left out of the fit, against baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rigopt.calibration.baselines import BASELINES, predict_baseline
from rigopt.calibration.cells import Cell, Level, Unused, family
from rigopt.calibration.errors import Errors, Regret, regret, summary
from rigopt.calibration.fit import Problem, Theta, fit
from rigopt.errors import InputError
from rigopt.measurements import ChipFacts
from rigopt.parts import Fact
from rigopt.rates import Error
from rigopt.resources import data_dir

Floats = NDArray[np.float64]
MODEL = "model"
LEVELS: tuple[Level, ...] = ("chip", "die", "architecture")


class Line(Fact):
    """Errors of one way to predict, over all cells or some."""

    left_out: Level
    """What the prediction had not seen of the card: itself, its die, its architecture."""
    method: str
    """``model`` or a baseline."""
    of: str
    """``all``, a vendor, a kind of work, or a group."""
    errors: Errors


class Point(Fact):
    """A cell and its prediction with the chip left out of the fit; units per second."""

    group: str
    chip: str
    measured: float
    predicted: float
    judged: bool


class Report(Fact):
    """How well the model predicts what it has not seen."""

    rows: int
    """Measured rows of one card at its usual power."""
    cells: int
    single_user_cells: int
    """Fitted at low weight, not judged."""
    unused: tuple[Unused, ...]
    overall: tuple[Line, ...]
    works: tuple[Line, ...]
    groups: tuple[Line, ...]
    single_users: Errors | None
    """The model's errors on the cells of single users, chip left out."""
    regret: dict[str, Regret]
    """By method, chip left out."""
    points: tuple[Point, ...]

    def errors(self, left_out: Level, method: str = MODEL, of: str = "all") -> Errors:
        """The errors of one line.

        Raises:
            KeyError: if there is none.
        """
        for line in (*self.overall, *self.works, *self.groups):
            if (line.left_out, line.method, line.of) == (left_out, method, of):
                return line.errors
        raise KeyError((left_out, method, of))

    def by_group(self) -> dict[str, Error]:
        """The model's error of each group on chips left out."""
        return {line.of: _error(line.errors) for line in self.groups}

    def by_work(self) -> dict[str, Error]:
        """The model's error of each kind of work on chips left out."""
        return {
            line.of: _error(line.errors)
            for line in self.works
            if line.method == MODEL and line.left_out == "chip"
        }


def _error(errors: Errors) -> Error:
    return Error(median_pct=errors.median_pct, p90_pct=errors.p90_pct, cells=errors.cells)


def leave_out(
    problem: Problem,
    keys: Sequence[str],
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Floats]:
    """Log seconds of every cell by method, from a fit anew without its family (equal key)."""
    names = np.array(keys)
    found = {method: np.full(len(keys), np.nan) for method in (MODEL, *BASELINES)}
    members = [np.flatnonzero(problem.group_of == g) for g in range(len(problem.groups))]
    families = sorted(set(keys))
    for done, name in enumerate(families):
        out = np.flatnonzero(names == name)
        kept = np.flatnonzero(names != name)
        if len(kept):
            theta = fit(problem, kept, tolerance=5e-6)
            found[MODEL][out] = _unseen(problem, theta, kept, out)
        for group in sorted({int(g) for g in problem.group_of[out]}):
            rows = members[group]
            cells = [problem.cells[row] for row in rows]
            mine = names[rows] == name
            for method in BASELINES:
                found[method][rows[mine]] = predict_baseline(method, cells, ~mine)[mine]
        tell(done + 1, len(families))
    return found


def _unseen(
    problem: Problem, theta: Theta, kept: NDArray[np.int64], out: NDArray[np.int64]
) -> Floats:
    """Predictions; NaN for groups of which nothing is left, whose level nobody can know."""
    logs, _ = problem.predict(theta, out)
    left = np.isin(problem.group_of[out], problem.group_of[kept])
    return np.where(left, logs, np.nan)


def make_report(
    problem: Problem,
    facts: Mapping[str, ChipFacts],
    unused: Sequence[Unused],
    rows: int,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Judge the way of fitting: more than a hundred fits."""
    cells, target = problem.cells, problem.target
    dies = {name: row.die for name, row in facts.items()}
    judged = np.array([cell.judged for cell in cells])
    guesses = {
        level: leave_out(problem, [family(cell, level, dies) for cell in cells], tell)
        for level in LEVELS
    }

    def lines(level: Level, method: str, label: Callable[[Cell], str]) -> list[Line]:
        guess = guesses[level][method]
        use = judged & np.isfinite(guess)
        labels = np.array([label(cell) for cell in cells])
        return [
            Line(
                left_out=level,
                method=method,
                of=str(name),
                errors=_errors(cells, target, guess, use & (labels == name)),
            )
            for name in sorted(set(labels[use]))
        ]

    both = [(level, method) for level in LEVELS for method in (MODEL, *BASELINES)]
    points = guesses["chip"][MODEL]
    lone = ~judged & np.isfinite(points)
    prices = [facts[c.chip.id].launch_usd if c.chip.id in facts else None for c in cells]
    return Report(
        rows=rows,
        cells=len(cells),
        single_user_cells=int((~judged).sum()),
        unused=tuple(unused),
        overall=tuple(
            line
            for level, method in both
            for line in (
                *lines(level, method, lambda _cell: "all"),
                *lines(level, method, lambda cell: cell.chip.vendor),
            )
        ),
        works=tuple(line for pair in both for line in lines(*pair, lambda cell: cell.work)),
        groups=tuple(lines("chip", MODEL, lambda cell: cell.group)),
        single_users=_errors(cells, target, points, lone) if lone.any() else None,
        regret={
            method: _regret(cells, target, guesses["chip"][method], judged, prices)
            for method in (MODEL, *BASELINES)
        },
        points=tuple(
            Point(
                group=cell.group,
                chip=cell.chip.id,
                measured=float(f"{1 / cell.seconds:.4g}"),
                predicted=float(f"{np.exp(-guess):.4g}"),
                judged=cell.judged,
            )
            for cell, guess in zip(cells, points, strict=True)
            if np.isfinite(guess)
        ),
    )


def _errors(cells: Sequence[Cell], target: Floats, guess: Floats, use: NDArray[np.bool_]) -> Errors:
    some = [cell for cell, used in zip(cells, use, strict=True) if used]
    return summary(target[use], guess[use], [c.group for c in some], [c.chip.id for c in some])


def _regret(
    cells: Sequence[Cell],
    target: Floats,
    guess: Floats,
    judged: NDArray[np.bool_],
    prices: Sequence[int | None],
) -> Regret:
    use = [int(i) for i in np.flatnonzero(judged & np.isfinite(guess))]
    names = [cells[i].group for i in use]
    return regret(target[use], guess[use], names, [prices[i] for i in use])


def stored_report() -> Report:
    """The report of ``models/throughput_report.json``.

    Raises:
        InputError: if it cannot be used.
    """
    path = data_dir("models") / "throughput_report.json"
    return read_report(path)


def read_report(path: Path) -> Report:
    """A stored report.

    Raises:
        InputError: if it cannot be used.
    """
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be used ({str(error).splitlines()[0]})",
            where=str(path),
            mend="rigopt model fit makes it anew",
        ) from None


def as_json(value: Fact) -> str:
    """A stored value: one line for each entry of its tables, the same for equal values."""
    top = value.model_dump(mode="json", exclude_none=True)
    lines = []
    for name, entry in top.items():
        if isinstance(entry, list) and entry:
            body = ",\n".join(f"  {json.dumps(item)}" for item in entry)
            lines.append(f'"{name}": [\n{body}\n]')
        elif isinstance(entry, dict) and entry:
            body = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in entry.items())
            lines.append(f'"{name}": {{\n{body}\n}}')
        else:
            lines.append(f'"{name}": {json.dumps(entry)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"
