"""Where the time of the main job goes: one cold run, then warm solves in the same process.

    python benchmarks/main_job.py [WARM_RUNS]

Prints milliseconds by stage and the ratio of the cold run to the warm median; every run is
asserted to give the same build.
"""

from __future__ import annotations

import statistics
import sys
import time
from importlib import import_module


def main(runs: int = 10) -> None:
    """Print the table."""
    start = last = time.perf_counter()
    stages: list[tuple[str, float]] = []

    def lap(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        stages.append((stage, 1000 * (now - last)))
        last = now

    from rigopt.catalog import Catalog
    from rigopt.request import Request
    from rigopt.solving import solve

    lap("import rigopt")
    catalog = Catalog.load()
    lap("load the catalogue")
    import_module("rigopt.cpsat.search")
    lap("import the solver")
    request = Request(budget_cents=500_000, min_vram_gb=24)
    first = solve(request, catalog=catalog, tell=lambda step: lap(f"solve, until {step}"))
    lap("solve, rest")
    cold = 1000 * (time.perf_counter() - start)
    warm = []
    for _ in range(runs):
        begin = time.perf_counter()
        assert solve(request, catalog=catalog) == first
        warm.append(1000 * (time.perf_counter() - begin))
    for stage, milliseconds in stages:
        print(f"{stage:28} {milliseconds:8.1f} ms")
    median = statistics.median(warm)
    print(f"{'cold, in all':28} {cold:8.1f} ms")
    print(f"{'warm solve, median':28} {median:8.1f} ms   ({min(warm):.1f} to {max(warm):.1f})")
    print(f"{'cold to warm':28} {cold / median:8.2f} x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
