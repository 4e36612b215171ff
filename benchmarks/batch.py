"""How fast many scenarios are answered, against a loop of single solves; how they scale.

    python benchmarks/batch.py [--step DOLLARS] [--families N] [--parts N] [--singles N]

The scenarios are budgets from 2,000 to 10,000 dollars in steps, for so many kinds of request.
Prints scenarios per second with one worker and with two (from the first answer to the last), what
a scenario costs beside a single solve (processor time), and the memory of the workers on the way.
With --parts the shipped catalogue is grown by copies of its parts whose prices differ a little.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from pathlib import Path

from rigopt.batch import _family, _row
from rigopt.catalog import Catalog
from rigopt.many import spread
from rigopt.request import Request
from rigopt.scenarios import Scenario
from rigopt.solving import solve

MARKET = "us-2026"
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


def run(catalog: Catalog, scenarios: list[Scenario], workers: int) -> tuple[float, float]:
    """Scenarios per second from the first answer to the last; seconds of work for each."""
    began, done, busy = 0.0, 0, 0.0
    told = 0
    for group in spread(
        _row, enumerate(scenarios, start=1), _family, catalog=catalog, workers=workers
    ):
        began = began or time.perf_counter()
        done += len(group)
        busy += sum(entry.seconds for entry in group)
        if done >= told * len(scenarios) // 5:
            told += 1
            sizes = [rss_mb(p.pid or 0) for p in multiprocessing.active_children()]
            memory = " + ".join(f"{size:.0f}" for size in sizes)
            print(f"  {done:6,} of {len(scenarios):,}: workers hold {memory} MB", flush=True)
    return done / (time.perf_counter() - began), busy / done


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
    rates = []
    for workers in (1, 2):
        print(f"{workers} worker{'s' * (workers > 1)}:")
        rate, each = run(catalog, scenarios, workers)
        rates.append(rate)
        print(f"  {rate:.1f} scenarios/s, {1000 * each:.1f} ms of work for each")
    print(f"from 1 to 2 workers: {rates[1] / rates[0]:.2f} x")
    alone = []
    for scenario in random.Random(1).sample(scenarios, min(given.singles, len(scenarios))):
        begun = time.perf_counter()
        solve(scenario.request, catalog=catalog)
        alone.append(time.perf_counter() - begun)
    single = sum(alone) / len(alone)
    print(
        f"a single solve: {1000 * single:.1f} ms, {single * rates[0]:.1f} x a scenario of the batch"
    )


if __name__ == "__main__":
    main()
