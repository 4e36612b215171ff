"""One question asked in several ways: every way must find the same optimum.

    python -m benchmarks.solvers LARGE [--sizes 1000 10000] [--requests 10] [--limit 60]

``LARGE`` is a folder of catalogues that ``benchmarks.large`` wrote. The question is the proven best
score and the least price for it. Times are CPU time on one core, in one run; see README.md for what
each way is. Ends with 1 if two ways disagree.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.floor import floor, program
from benchmarks.large import requests_for_large
from benchmarks.milp import program_of, solved
from benchmarks.naive import TooLargeError, naive
from rigopt.catalog import Catalog
from rigopt.cpsat.hunt import Hunt
from rigopt.cpsat.search import Clock, Found, Status, search
from rigopt.encoding import Encoding
from rigopt.narrowing import Columns, Narrowing
from rigopt.problem import Problem
from rigopt.request import Request

Optimum = tuple[int, int] | None
"""Points and price in cents; ``None``: there is no build."""


class Question(NamedTuple):
    """One request about one catalogue."""

    problem: Problem
    reduced: Encoding
    reduced_s: float
    """CPU seconds that it took to narrow and encode the problem."""
    limit_s: int

    @staticmethod
    def of(problem: Problem, limit_s: int) -> Question:
        """A question, narrowed with what is kept of a catalogue already there."""
        reduced(problem)
        start = time.process_time()
        encoding = reduced(problem)
        return Question(problem, encoding, time.process_time() - start, limit_s)


class Answer(NamedTuple):
    """What a way found, and the CPU time it took."""

    optimum: Optimum
    cpu_s: float


def reduced(problem: Problem) -> Encoding:
    """The whole problem as rigopt narrows it, with the budget known but no score."""
    budget = problem.request.budget_cents
    most = None if budget is None else problem.request.charges.affordable(budget)
    narrow = Narrowing(Columns(problem), most_cents=most)
    narrow.consistent()
    if not narrow.impossible:
        narrow.undominated()
    return Encoding(problem, narrow.lists())


def hunted(question: Question) -> Answer:
    """rigopt's own search, with what it keeps of a catalogue already there."""
    request, catalog = question.problem.request, question.problem.world.catalog

    def ask() -> Found:
        return Hunt(Problem.of(request, catalog), Clock(question.limit_s)).answer()

    ask()
    start = time.process_time()
    return _of(ask(), start)


def cpsat_reduced(question: Question) -> Answer:
    """Plain CP-SAT on the reduced encoding: the search alone."""
    start = time.process_time()
    return _of(search(question.reduced, Clock(question.limit_s), 0), start)


def cpsat_plain(question: Question) -> Answer:
    """Plain CP-SAT on an encoding of every option, making the encoding included."""
    start = time.process_time()
    encoding = Encoding(question.problem, question.problem.options)
    return _of(search(encoding, Clock(question.limit_s), 0), start)


def cpsat_naive(question: Question) -> Answer:
    """CP-SAT with forbidden pairs of parts, making the model included."""
    start = time.process_time()
    return _of(search(naive(question.problem), Clock(question.limit_s), 0), start)


def in_highs(question: Question) -> Answer:
    """HiGHS on the reduced encoding: the search alone."""
    return _milp(question, "highs")


def in_scip(question: Question) -> Answer:
    """SCIP on the reduced encoding: the search alone."""
    return _milp(question, "scip")


def by_hand(question: Question) -> Answer:
    """The search written by hand on the reduced encoding: the search alone."""
    found = floor(question.reduced, question.limit_s)
    return Answer(_pair(found.score, found.cents), found.cpu_s)


def _milp(question: Question, solver: str) -> Answer:
    found = solved(program_of(question.reduced), solver, question.limit_s)
    return Answer(_pair(found.score, found.cents), found.cpu_s)


def _pair(score: int | None, cents: int | None) -> Optimum:
    return None if score is None or cents is None else (score, cents)


def _of(found: Found, start: float) -> Answer:
    seconds = time.process_time() - start
    if found.status is Status.INFEASIBLE:
        return Answer(None, seconds)
    if found.status is not Status.OPTIMAL or found.build is None:
        raise TimeoutError
    return Answer(_pair(found.score, found.build.cost_cents), seconds)


WAYS: dict[str, Callable[[Question], Answer]] = {
    "rigopt": hunted,
    "search by hand, reduced": by_hand,
    "CP-SAT, reduced": cpsat_reduced,
    "CP-SAT, every option": cpsat_plain,
    "CP-SAT, naive": cpsat_naive,
    "HiGHS, reduced": in_highs,
    "SCIP, reduced": in_scip,
}


NARROWING = "narrowing and encoding"
"""What the ways called reduced need beside their search."""


def asked(way: Callable[[Question], Answer], question: Question) -> Answer | str:
    """The answer of a way, or why there is none."""
    try:
        return way(question)
    except (TimeoutError, TooLargeError, ImportError, FileNotFoundError) as error:
        return type(error).__name__.removesuffix("Error")


def chosen(requests: dict[str, Request], count: int) -> dict[str, Request]:
    """So many of the requests, spread over all; none that wants a cheaper build than the best."""
    plain = {name: r for name, r in requests.items() if not r.within_bp}
    step = max(1, len(plain) // count)
    return dict(list(plain.items())[::step][:count])


def compared(catalog: Catalog, ways: Sequence[str], count: int, limit_s: int) -> int:
    """Ask one catalogue in every way, print the table; the number of disagreements."""
    wrong = 0
    narrowed: list[float] = []
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    failed: dict[str, list[str]] = {way: [] for way in ways}
    for name, request in chosen(requests_for_large(), count).items():
        problem = Problem.of(request, catalog)
        question = Question.of(problem, limit_s)
        narrowed.append(question.reduced_s)
        optima: dict[str, Optimum] = {}
        for way in ways:
            found = asked(WAYS[way], question)
            if isinstance(found, str):
                failed[way].append(found)
                seconds[way].append(float("inf"))
            else:
                seconds[way].append(found.cpu_s)
                optima[way] = found.optimum
        took = "  ".join(f"{seconds[way][-1] * 1000:.1f}" for way in ways)
        print(f"  {name:36} {next(iter(optima.values()), '?')}  {took}", flush=True)
        if len(set(optima.values())) > 1:
            wrong += 1
            print(f"  THEY DISAGREE: {optima}")
    base = median(seconds[ways[0]])
    print(f"| {'way':24} | median ms | worst ms | to {ways[0]} | not proven |")
    print("|---|---|---|---|---|")
    middle, worst = median(narrowed), max(narrowed)
    print(f"| {NARROWING:24} | {_ms(middle)} | {_ms(worst)} | {middle / base:.2f} x | |")
    for way in ways:
        middle, worst = median(seconds[way]), max(seconds[way])
        reasons = ", ".join(f"{failed[way].count(r)} {r}" for r in sorted(set(failed[way])))
        print(
            f"| {way:24} | {_ms(middle)} | {_ms(worst)} | {middle / base:.2f} x | {reasons or 0} |",
            flush=True,
        )
    return wrong


def _ms(seconds: float) -> str:
    return "-" if seconds == float("inf") else f"{seconds * 1000:,.1f}"


def main(arguments: Sequence[str]) -> int:
    """Print a table for every size."""
    reader = argparse.ArgumentParser(prog="benchmarks.solvers", description=__doc__)
    reader.add_argument("large", type=Path, help="the folder that benchmarks.large wrote")
    reader.add_argument("--sizes", type=int, nargs="+", default=(1_000, 10_000))
    reader.add_argument("--requests", type=int, default=10)
    reader.add_argument("--limit", type=int, default=60, help="seconds for one search")
    reader.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=tuple(WAYS))
    given = reader.parse_args(arguments)
    program()
    wrong = 0
    for size in given.sizes:
        print(f"\n{size:,} parts", flush=True)
        catalog = Catalog.load(given.large / str(size))
        wrong += compared(catalog, given.ways, given.requests, given.limit)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
