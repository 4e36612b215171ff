"""What the fit of ``rigopt.scaling`` finds, and its errors in tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rigopt.calibration.power_caps import cap_errors, caps, fit_curves
from rigopt.calibration.scaling import Array, chip_weights, fit, left_out, weighted_quantile
from rigopt.calibration.scaling_rows import Pair, pairs
from rigopt.parts import Fact
from rigopt.scaling import scaling_model


class Errors(Fact):
    """Absolute percentage errors of a set of rows; ``by_chip``: every chip with equal weight."""

    name: str
    rows: int
    chips: int
    median_pct: float
    p90_pct: float
    by_chip_median_pct: float
    by_chip_p90_pct: float


def errors(name: str, rows: Sequence[Pair], predicted: Array) -> Errors:
    """Errors of predicted efficiencies, and so of N-card rates where the rate of one is known."""
    apart = 100 * np.abs(predicted / np.array([r.efficiency for r in rows]) - 1)
    weights = chip_weights(rows)
    return Errors(
        name=name,
        rows=len(rows),
        chips=len({r.chip.id for r in rows}),
        median_pct=float(np.median(apart)),
        p90_pct=float(np.quantile(apart, 0.9)),
        by_chip_median_pct=weighted_quantile(apart, weights, 0.5),
        by_chip_p90_pct=weighted_quantile(apart, weights, 0.9),
    )


def errors_by(
    rows: Sequence[Pair], predicted: Array, key: Callable[[Pair], str]
) -> tuple[Errors, ...]:
    """Errors of the rows with the same key, sorted by it."""
    table = []
    for name in sorted({key(r) for r in rows}):
        here = np.array([key(r) == name for r in rows])
        chosen = [r for r, yes in zip(rows, here, strict=True) if yes]
        table.append(errors(name, chosen, predicted[here]))
    return tuple(table)


def kind_name(row: Pair) -> str:
    """The kind of a row as tables show it."""
    if row.single_process:
        return f"single process, {row.row.phase} (not fitted)"
    if row.kind == "layer-split":
        return f"layer-split, {row.row.phase}"
    return row.kind


def main() -> None:
    """Print parameters and errors."""
    rows, base = pairs(), scaling_model()
    found = fit(rows, base)
    for part in (found.model.transport, found.model.split):
        for name, value in part.model_dump(exclude={"source"}).items():
            print(f"{name} = {value:.4g}")
    points = caps()
    for kind, curve in fit_curves(points).items():
        print(f"{kind} = {curve!r}")
    predicted = left_out(rows, base)
    _show("all rows", [errors("all", rows, predicted)])
    _show("by kind", errors_by(rows, predicted, kind_name))
    data = np.array([r.kind == "data-parallel" and not r.single_process for r in rows])
    parallel = [r for r, yes in zip(rows, data, strict=True) if yes]
    p = predicted[data]
    _show("data-parallel", errors_by(parallel, p, lambda r: f"{r.link_class}, {r.row.count} cards"))
    _show("data-parallel", errors_by(parallel, p, lambda r: r.row.workload))
    _show("data-parallel", errors_by(parallel, p, lambda r: r.chip.id))
    for name, (count, median, p90) in cap_errors(points).items():
        print(f"power caps, {name}: {count} points, {median:.1f} / {p90:.1f}")


def _show(title: str, table: Sequence[Errors]) -> None:
    print(f"\n{title}: rows, chips, median / p90 % (by chip)")
    for e in table:
        print(
            f"  {e.name:52} {e.rows:5} {e.chips:3}  {e.median_pct:5.1f} /{e.p90_pct:6.1f}"
            f"  ({e.by_chip_median_pct:.1f} / {e.by_chip_p90_pct:.1f})"
        )


if __name__ == "__main__":
    main()
