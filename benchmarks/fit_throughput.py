"""Fit the per-workload rooflines in ``models/workloads`` to measured rows.

    python benchmarks/fit_throughput.py ROWS.csv

ROWS.csv has columns gpu, gpu_count, group, value, power_limit_w, notes. For every workload file
that names its ``fit_groups`` the model

    seconds per unit = factor[vendor] * (compute_gflop / peak + traffic_mb / bandwidth + overhead)

is fitted in logarithms (Gauss-Newton, non-negative terms) and printed with its error on cards
left out of the fit one after the other. Peak is in GFLOPS, bandwidth in MB/s.
"""

from __future__ import annotations

import csv
import sys
import tomllib
from pathlib import Path

import numpy as np

from rigopt import Catalog
from rigopt.throughput import Workload, peak_gflops, workloads


def main(rows_path: str) -> None:
    chips = {
        chip.name.removeprefix(f"{chip.vendor} ").casefold(): chip
        for chip in Catalog.load().chips.values()
    }
    with Path(rows_path).open(encoding="utf-8") as handle:
        rows = [
            row
            for row in csv.DictReader(handle)
            if row["gpu_count"] == "1"
            and not row["power_limit_w"]
            and "SUSPECT" not in row["notes"]
        ]
    for name, workload in workloads().items():
        points = [
            (chips[row["gpu"].casefold()], float(row["value"]))
            for row in rows
            if row["group"] in workload.fit_groups and row["gpu"].casefold() in chips
        ]
        if not points:
            continue
        features = np.array([_features(workload, chip) for chip, _ in points])
        vendors = np.array([chip.vendor for chip, _ in points])
        seconds = 1.0 / np.array([value for _, value in points])
        theta, factors = fit(features, vendors, seconds)
        errors = []
        for chip_id in sorted({chip.id for chip, _ in points}):
            out = np.array([chip.id == chip_id for chip, _ in points])
            part, part_factors = fit(features[~out], vendors[~out], seconds[~out])
            factor = np.array([part_factors.get(v, 1.0) for v in vendors[out]])
            guess = factor * (features[out] @ part)
            errors.extend(np.abs(seconds[out] / guess - 1.0))
        print(f"[{name}]  # {len(points)} rows, {len({c.id for c, _ in points})} chips")
        print(f"compute_gflop = {theta[0]:.4g}")
        print(f"traffic_mb = {theta[1]:.4g}")
        print(f"overhead_us = {theta[2] * 1e6:.4g}")
        for vendor, factor in sorted(factors.items()):
            print(f"factor.{vendor} = {factor:.3g}")
        print(f"error_median_pct = {100 * np.median(errors):.0f}")
        print(f"error_p90_pct = {100 * np.quantile(errors, 0.9):.0f}\n")


def _features(workload: Workload, chip: object) -> list[float]:
    return [
        1.0 / peak_gflops(workload, chip),  # type: ignore[arg-type]
        1.0 / (chip.mem_bandwidth_gb_s * 1000),  # type: ignore[attr-defined]
        1.0,
    ]


def fit(
    features: np.ndarray, vendors: np.ndarray, seconds: np.ndarray
) -> tuple[np.ndarray, dict[str, float]]:
    """Terms and vendor factors that minimise the squared log error."""
    others = sorted(set(vendors) - {"NVIDIA"})
    nvidia = vendors == "NVIDIA"
    theta = _gauss_newton(features[nvidia], seconds[nvidia])
    factors = {"NVIDIA": 1.0}
    for vendor in others:
        mine = vendors == vendor
        ratio = np.log(seconds[mine]) - np.log(features[mine] @ theta)
        factors[vendor] = float(np.exp(np.median(ratio)))
    return theta, factors


def _gauss_newton(features: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    scale = 1.0 / features.mean(axis=0)
    level = np.median(seconds)
    logs = np.log(level * scale / 3)
    ridge = 1e-3 * np.eye(len(logs))
    start = logs.copy()
    for _ in range(200):
        terms = features * np.exp(logs)
        total = terms.sum(axis=1)
        residual = np.log(seconds) - np.log(total)
        jacobian = terms / total[:, None]
        step = np.linalg.solve(
            jacobian.T @ jacobian + ridge, jacobian.T @ residual - ridge @ (logs - start)
        )
        logs += np.clip(step, -0.5, 0.5)
    return np.exp(logs)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        sys.exit(f"{error}")
