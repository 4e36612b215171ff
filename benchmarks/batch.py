"""How fast many scenarios are answered, against a loop of single solves; how they scale.

    python benchmarks/batch.py [--step DOLLARS] [--families N] [--parts N] [--singles N]

The scenarios are budgets from 2,000 to 10,000 dollars in steps, for so many kinds of request.
Prints scenarios per second with one worker and with two, by the clock and by the processor time of
the busiest worker (which says the same on a busy machine), what a scenario costs beside a single
solve, and the memory of the workers on the way.
With --parts the shipped catalogue is grown by copies of its parts whose prices differ a little.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import NamedTuple

from rigopt.catalog import Catalog
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.whatif.batch import family_of, row_text
from rigopt.whatif.many import spread
from rigopt.whatif.scenarios import Scenario

MARKET = "us-2026"
CORES = 2
WORKLOADS = ("training", "balanced", "llm-decode-7b", "cnn-train")
WISHES = ({}, {"min_vram_gb": 16}, {"condition": "any"}, {"min_vram_gb": 24, "condition": "any"})


def kinds(number: int) -> list[Request]:
    """So many requests that share no searches."""
    found = [
        Request(market=MARKET, workload=workload, **wishes)
        for wishes in WISHES
        for workload in WORKLOADS
    ]
    return found[:number]


def grown(catalog: Catalog, parts: int) -> Catalog:
    """The catalogue with copies of its parts, whose prices differ by up to a fifth."""
    draw = random.Random(0)
    market = catalog.market(MARKET)
    copies, prices = [], []
    originals = [part for part in catalog.parts.values() if market.offers(part.id)]
    while len(catalog.parts) + len(copies) < parts:
        part = originals[len(copies) % len(originals)]
        name = f"{part.id[:70]}-c{len(copies)}"
        copies.append(part.model_copy(update={"id": name}))
        factor = draw.uniform(0.8, 1.2)
        prices += [
            row.model_copy(update={"part": name, "price_cents": round(row.price_cents * factor)})
            for row in market.offers(part.id)
        ]
    return catalog.with_parts(copies).with_market(market.with_prices(prices))


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def processor_s(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """What one run took."""

    per_second: float
    """From the first answer to the last."""
    busiest_s: float
    """Processor time of the busiest worker, without its start."""
    all_s: float
    """Processor time of all workers, without their start."""
    parent_s: float
    """Processor time of this process."""


def run(catalog: Catalog, scenarios: list[Scenario], workers: int) -> Run:
    """Answer the scenarios; tell the memory of the workers on the way."""
    began, done, told = 0.0, 0, 0
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    before = time.process_time()
    for group in spread(
        row_text, enumerate(scenarios, start=1), family_of, catalog=catalog, workers=workers
    ):
        last = {p.pid: processor_s(p.pid) for p in multiprocessing.active_children() if p.pid}
        began, first = began or time.perf_counter(), first or last
        done += len(group)
        if done >= told * len(scenarios) // 5:
            told += 1
            memory = " + ".join(f"{rss_mb(pid):.0f}" for pid in last)
            print(f"  {done:6,} of {len(scenarios):,}: workers hold {memory} MB", flush=True)
    used = [seconds - first.get(pid, 0.0) for pid, seconds in last.items()]
    own = time.process_time() - before
    return Run(done / (time.perf_counter() - began), max(used), sum(used), own)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--step", type=int, default=20, help="dollars from budget to budget")
    parser.add_argument("--families", type=int, default=4, help="kinds of request, at most 16")
    parser.add_argument("--parts", type=int, default=0, help="grow the catalogue to so many")
    parser.add_argument("--singles", type=int, default=20, help="single solves to compare with")
    given = parser.parse_args()
    catalog = Catalog.load()
    if given.parts:
        catalog = grown(catalog, given.parts)
    scenarios = [
        Scenario(kind.replace(budget_cents=100 * dollars))
        for kind in kinds(given.families)
        for dollars in range(10_000, 1_999, -given.step)
    ]
    print(f"{len(catalog.parts):,} parts, {len(scenarios):,} scenarios")
    runs = []
    for workers in (1, 2):
        print(f"{workers} worker{'s' * (workers > 1)}:")
        runs.append(run(catalog, scenarios, workers))
        last = runs[-1]
        alone = len(scenarios) / max(last.busiest_s, (last.all_s + last.parent_s) / CORES)
        own = 1000 * last.parent_s / len(scenarios)
        print(f"  {last.per_second:.1f} scenarios/s; {alone:.1f} if {CORES} cores did nothing else")
        print(f"  processor time: {last.all_s:.1f} s of all workers, ", end="")
        print(f"{last.busiest_s:.1f} s of the busiest; {own:.1f} ms for each to hand it out")
    one, two = runs
    print(f"from 1 to 2 workers: {two.per_second / one.per_second:.2f} x by the clock, ", end="")
    print(f"{one.busiest_s / two.busiest_s:.2f} x by processor time")
    singles = random.Random(1).sample(scenarios, min(given.singles, len(scenarios)))
    solve(singles[0].request, catalog=catalog)
    begun = time.process_time()
    for scenario in singles:
        solve(scenario.request, catalog=catalog)
    single = 1000 * (time.process_time() - begun) / len(singles)
    shared = 1000 * one.all_s / len(scenarios)
    print(f"processor time of a single solve: {single:.1f} ms; ", end="")
    print(f"in the batch {shared:.1f} ms: {single / shared:.1f} x")


if __name__ == "__main__":
    main()
