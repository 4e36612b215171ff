"""The solver's parameters against its defaults, on five requests, side by side in one run.

    python benchmarks/parameters.py [ROUNDS]

Every pair of searches is asserted to give the same score and price. Prints seconds (median over
the rounds) of the whole search and the ratio.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from ortools.sat.python.cp_model_helper import SatParameters

from rigopt import Catalog, Request
from rigopt.cpsat import search as cpsat
from rigopt.encoding import Encoding
from rigopt.problem import Problem

REQUESTS = {
    "main job": Request(budget_cents=500_000, min_vram_gb=24),
    "main job, used too": Request(budget_cents=500_000, min_vram_gb=24, condition="any"),
    "3,000, used too": Request(budget_cents=300_000, condition="any"),
    "10,000, used too": Request(budget_cents=1_000_000, condition="any"),
    "25,000, training, used": Request(budget_cents=2_500_000, condition="any", workload="training"),
}


def one_worker(*, relaxed: bool = False) -> SatParameters:
    """The solver's defaults but for the number of workers."""
    del relaxed
    parameters = SatParameters()
    parameters.num_workers = 1
    return parameters


def timed(encoding: Encoding, tuned: Callable[..., SatParameters]) -> tuple[float, tuple[Any, ...]]:
    """Seconds of a whole search, and what it found."""
    cpsat.tuned = tuned
    start = time.perf_counter()
    found = cpsat.search(encoding, cpsat.Clock(300), seed=0)
    assert found.build is not None
    return time.perf_counter() - start, (found.status, found.score, found.build.cost_cents)


def main(rounds: int = 3) -> None:
    """Print the table."""
    tuned = cpsat.tuned
    print(f"{'request':24} {'default s':>10} {'tuned s':>10} {'ratio':>7}")
    for name, request in REQUESTS.items():
        encoding = Encoding(Problem.of(request, Catalog.load()))
        seconds: dict[str, list[float]] = {"default": [], "tuned": []}
        for _ in range(rounds):
            default_s, default_found = timed(encoding, one_worker)
            tuned_s, tuned_found = timed(encoding, tuned)
            assert default_found == tuned_found
            seconds["default"].append(default_s)
            seconds["tuned"].append(tuned_s)
        slow, fast = (statistics.median(seconds[way]) for way in ("default", "tuned"))
        print(f"{name:24} {slow:10.2f} {fast:10.2f} {slow / fast:6.2f}x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
