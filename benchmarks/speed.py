"""How fast rigopt is, and how time grows with the catalogue.

    python -m benchmarks.speed [LARGE] [--sizes 100 1000 10000 30000] [--json FILE]

Without ``LARGE`` (a folder that ``benchmarks.large`` wrote) only the catalogue that comes with
rigopt is measured. README.md says what each row means. Every time is CPU time in one run, but for
those of whole commands.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.large import SIZES, requests_for_large
from benchmarks.named import named_requests
from benchmarks.stopwatch import watched
from rigopt import Catalog, Request, frontier, solve, solve_top
from rigopt.outcome import Optimal

ROOT = Path(__file__).resolve().parents[1]
MAIN = Request(budget_cents=500_000, min_vram_gb=24)
PARTS = {
    "options": ("rigopt.problem:Problem.of", "rigopt.narrowing.columns:Columns.__init__"),
    "consistency": ("rigopt.narrowing.narrow:Narrowing.consistent",),
    "dominance": ("rigopt.narrowing.narrow:Narrowing.undominated",),
    "encoding": ("rigopt.encoding:Encoding.__init__",),
    "model": ("rigopt.cpsat.model:Model.__init__",),
    "search": ("rigopt.cpsat.hunt:run", "rigopt.cpsat.search:run"),
    "re-check": ("rigopt.solving:verified",),
    "explanation": ("rigopt.solving:explained",),
}
"""Which functions do what of a solve."""


REQUEST = "request "
"""Before the name of a request."""


class Timed(NamedTuple):
    """One request: CPU seconds, and what came out."""

    first_s: float
    """With nothing kept of its sort."""
    other_s: float
    """After another request of its sort."""
    again_s: float
    """After the same request (median of the rounds)."""
    status: str


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and its result."""
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def calibration() -> float:
    """CPU seconds of a fixed piece of work, to compare machines by."""

    def work() -> int:
        table = {str(number): number for number in range(60_000)}
        return sum(table[str(number)] % 7 for number in range(60_000))

    return median(cpu(work)[0] for _ in range(5))


def fresh(catalog: Catalog) -> Catalog:
    """The same catalogue, of which nothing is kept yet."""
    return catalog.with_parts(())


def related(request: Request) -> Request:
    """Another request of the same sort: a little more money, or another seed."""
    if request.budget_cents is None:
        return request.replace(seed=request.seed + 1)
    return request.replace(budget_cents=request.budget_cents * 103 // 100)


def timed(request: Request, catalog: Catalog, rounds: int) -> Timed:
    """One request, asked in three states."""
    request = request.replace(time_limit_s=300)
    first_s, _ = cpu(lambda: solve(related(request), catalog=fresh(catalog)))
    kept = fresh(catalog)
    solve(related(request), catalog=kept)
    other_s, outcome = cpu(lambda: solve(request, catalog=kept))
    again_s = median(cpu(lambda: solve(request, catalog=kept))[0] for _ in range(rounds))
    return Timed(first_s, other_s, again_s, outcome.status)


def every(requests: Mapping[str, Request], catalog: Catalog, rounds: int) -> dict[str, Timed]:
    """Every request, a line each as it is done."""
    found = {}
    for name, request in requests.items():
        found[name] = timed(request, catalog, rounds)
        first_s, other_s, again_s, status = found[name]
        print(
            f"  {name:36} {_ms(first_s)} {_ms(other_s)} {_ms(again_s)}  {status}",
            file=sys.stderr,
            flush=True,
        )
    return found


def profile(requests: Iterable[Request], catalog: Catalog) -> dict[str, float]:
    """Mean CPU seconds of each part of a solve that follows another one of its sort."""
    total: dict[str, float] = {}
    count = 0
    for request in requests:
        solve(related(request), catalog=catalog)
        with watched(PARTS) as watch:
            solve(request, catalog=catalog)
        count += 1
        for part, seconds in watch.seconds.items():
            total[part] = total.get(part, 0.0) + seconds
    return {part: total.get(part, 0.0) / max(1, count) for part in (*PARTS, "rest")}


def command(*words: str, runs: int = 5) -> tuple[float, float]:
    """Median wall and CPU seconds of a whole command."""
    walls, cpus = [], []
    for _ in range(runs):
        before, start = os.times(), time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
        walls.append(time.perf_counter() - start)
        after = os.times()
        cpus.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    return median(walls), median(cpus)


PEAK = """
import resource
from rigopt import Catalog, Request, solve
catalog = Catalog.load({folder!r})
loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for budget in (300_000, 500_000, 900_000):
    solve(Request(budget_cents=budget, condition="any"), catalog=catalog)
print(loaded, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mb(folder: Path | None) -> tuple[int, int]:
    """Most memory of a process that loads a catalogue, and that then solves three requests."""
    code = PEAK.format(folder=None if folder is None else str(folder))
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded, solved = map(int, run.stdout.split())
    return loaded // 1024, solved // 1024


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of time against size, both as logarithms, by least squares."""
    logs = [(math.log(size), math.log(seconds)) for size, seconds in points]
    middle = [sum(axis) / len(logs) for axis in zip(*logs, strict=True)]
    over: float = sum((x - middle[0]) * (y - middle[1]) for x, y in logs)
    under: float = sum((x - middle[0]) * (x - middle[0]) for x, _ in logs)
    return over / under


def commands(runs: int = 5) -> dict[str, float]:
    """Whole commands and imports, in CPU seconds, and a measure of the machine."""
    rows: dict[str, float] = {"calibration": calibration()}
    main = ("-m", "rigopt", "solve", "--budget", "5000", "--min-vram", "24")
    rows["rigopt solve, cold, wall"], rows["rigopt solve, cold"] = command(*main, runs=runs)
    rows["rigopt --help, cold"] = command("-m", "rigopt", "--help", runs=runs)[1]
    nothing = command("-c", "pass", runs=runs)[1]
    for what in ("rigopt", "rigopt.cpsat.hunt"):
        rows[f"import {what}"] = command("-c", f"import {what}", runs=runs)[1] - nothing
    folder = ROOT / "catalogs"
    rows["load the catalogue"] = median(cpu(lambda: Catalog.load(folder))[0] for _ in range(runs))
    return rows


def shipped(rounds: int) -> dict[str, float]:
    """Everything about the catalogue that comes with rigopt, in CPU seconds."""
    rows = commands()
    catalog = Catalog.load()
    found = every(named_requests(catalog), catalog, rounds)
    rows |= {f"{REQUEST}{name}": one.other_s for name, one in found.items()}
    rows |= _summary(found.values())
    with watched(PARTS) as watch:
        solve(MAIN, catalog=fresh(catalog))
    rows |= {f"main job, first: {part}": s for part, s in watch.seconds.items()}
    kept = profile([MAIN], catalog)
    rows |= {f"main job, warm: {part}": seconds for part, seconds in kept.items()}
    rows["top 10"] = cpu(lambda: solve_top(MAIN, 10, catalog=fresh(catalog)))[0]
    rows["top 10, warm"] = cpu(lambda: _warm(solve_top, catalog))[0]
    unlimited = Request(condition="any", time_limit_s=300)
    for name, request in (("new", Request(time_limit_s=300)), ("used too", unlimited)):
        curve_s, curve = cpu(lambda: frontier(request, catalog=fresh(catalog)))  # noqa: B023
        assert curve.complete
        rows[f"frontier, {name}"] = curve_s
        rows[f"frontier, {name}: points"] = len(curve.points)
    return rows


def _warm(ask: Callable[..., Any], catalog: Catalog) -> Any:
    return ask(MAIN, 10, catalog=catalog)


def _summary(found: Iterable[Timed]) -> dict[str, float]:
    rows = {}
    done = list(found)
    for state in ("first", "other", "again"):
        seconds = [getattr(one, f"{state}_s") for one in done]
        rows[f"solve, {state}: median"] = median(seconds)
        rows[f"solve, {state}: worst"] = max(seconds)
    statuses = [one.status for one in done]
    proven = ("optimal", "infeasible")
    rows["solve: proven"] = sum(status in proven for status in statuses)
    rows["solve: of"] = len(statuses)
    return rows


def growth(large: Path, sizes: Sequence[int], rounds: int, step: int) -> dict[str, float]:
    """Every so many of the forty requests over catalogues of growing size."""
    rows: dict[str, float] = {}
    requests = dict(list(requests_for_large().items())[::step])
    found: dict[int, dict[str, Timed]] = {}
    for size in sizes:
        print(f"{size:,} parts", file=sys.stderr, flush=True)
        folder = large / str(size)
        gc.collect()
        load_s, catalog = cpu(lambda: Catalog.load(folder))  # noqa: B023
        rows[f"{size}: load the catalogue"] = load_s
        found[size] = every(requests, catalog, rounds)
        rows |= {f"{size}: {name}": value for name, value in _summary(found[size].values()).items()}
        mean = profile(list(requests.values())[:: max(1, 4 // step)], catalog)
        rows |= {f"{size}: part of a solve: {part}": seconds for part, seconds in mean.items()}
        loaded, solved = peak_mb(folder)
        rows[f"{size}: MB, loaded"], rows[f"{size}: MB, after solving"] = loaded, solved
    big = [size for size in sizes if size >= 1_000]
    if len(big) > 1:
        built = [
            name
            for name in requests
            if all(found[size][name].status == Optimal.__name__.lower() for size in big)
        ]
        rows["growth: requests with a build in every size"] = len(built)
        for state in ("first", "other", "again"):
            points = [
                (size, median(getattr(found[size][name], f"{state}_s") for name in built))
                for size in big
            ]
            rows[f"growth: exponent, {state}"] = exponent(points)
    return rows


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:9,.1f}"


NO_TIMES = ("MB", "exponent", "points", "proven", ": of", "growth")


def shown(name: str, value: float) -> str:
    """A value with its unit: milliseconds if it is a time."""
    if any(word in name for word in NO_TIMES):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return _ms(value).strip()


def table(rows: Mapping[str, float]) -> str:
    """The rows as a table, but for the single requests."""
    lines = [
        f"| {name} | {shown(name, value)} |"
        for name, value in rows.items()
        if not name.startswith(REQUEST)
    ]
    return "\n".join(["| what | ms |", "|---|---|", *lines])


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the table."""
    reader = argparse.ArgumentParser(prog="benchmarks.speed", description=__doc__)
    reader.add_argument("large", type=Path, nargs="?", help="the folder of benchmarks.large")
    reader.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    reader.add_argument("--rounds", type=int, default=3)
    reader.add_argument(
        "--every", type=int, default=1, help="of the large ones, every so many requests"
    )
    reader.add_argument("--no-shipped", action="store_true", help="only the large ones")
    reader.add_argument("--json", type=Path, help="keep the rows in a file")
    given = reader.parse_args(arguments)
    rows = {} if given.no_shipped else shipped(given.rounds)
    if given.large is not None:
        rows |= growth(given.large, given.sizes, given.rounds, given.every)
    print(table(rows))
    if given.json is not None:
        rounded = {name: round(value, 6) for name, value in rows.items()}
        given.json.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
