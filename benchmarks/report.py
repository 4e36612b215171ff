"""What has become slower since the table that was committed last: a report, never a failure.

    python -m benchmarks.report [--every 4]

Measures the commands and every fourth named request on the catalogue that comes with rigopt, and
compares them with ``speed.json``. Times are scaled by a fixed piece of work that both runs did, so
that another machine does not count as a slow-down; a row is told from a quarter more on. The
answers themselves are asserted by the tests.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.named import named_requests
from benchmarks.speed import REQUEST, commands, every, shown
from rigopt import Catalog

TABLE = Path(__file__).parent / "speed.json"
TOLD_FROM = 1.25
NOT_COMPARED = frozenset({"calibration", "rigopt solve, cold, wall"})
"""The clock on the wall also tells what else the machine does."""
LEAST_S = 0.01
"""Shorter times are mostly noise."""


def ratios(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """For every row of both how many times slower it is, on machines made equal."""
    machine = now["calibration"] / before["calibration"]
    return {
        name: seconds / machine / before[name]
        for name, seconds in now.items()
        if name not in NOT_COMPARED and before.get(name, 0.0) >= LEAST_S
    }


def report(before: Mapping[str, float], now: Mapping[str, float]) -> str:
    """The slow-downs in words, the worst first."""
    found = ratios(before, now)
    slower = sorted((r, name) for name, r in found.items() if r >= TOLD_FROM)[::-1]
    lines = [f"{len(found)} times compared with the last table, {len(slower)} slower by a quarter"]
    for ratio, name in slower:
        times = f"{shown(name, now[name])} ms, was {shown(name, before[name])}"
        lines.append(f"  {ratio:5.2f} x  {name}: {times}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the report."""
    reader = argparse.ArgumentParser(prog="benchmarks.report", description=__doc__)
    reader.add_argument("--every", type=int, default=4, help="every so many requests")
    given = reader.parse_args(arguments)
    before: dict[str, float] = json.loads(TABLE.read_text(encoding="utf-8"))
    catalog = Catalog.load()
    requests = dict(list(named_requests(catalog).items())[:: given.every])
    now = commands(runs=3)
    found = every(requests, catalog, rounds=1)
    now |= {f"{REQUEST}{name}": one.other_s for name, one in found.items()}
    print(report(before, now))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
