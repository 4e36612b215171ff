"""Forty named requests and their proven answers.

    python -m benchmarks.named            # solve them all, compare with the answers that stand
    python -m benchmarks.named --update   # write optima.json anew, after the catalogue has changed

The answers are found by plain CP-SAT on one model of everything: no reduction, no bounds. They are
written only if ``solve`` finds the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rigopt import Catalog, Request, solve
from rigopt.build import Build
from rigopt.cpsat.search import Clock, Found, Status, best, search
from rigopt.encoding import Encoding
from rigopt.outcome import Infeasible, Optimal, PartLine
from rigopt.problem import Problem
from rigopt.request import make_request
from rigopt.requestfile import fields_of
from rigopt.userfiles import read_mapping

FOLDER = Path(__file__).parent
REQUESTS, OPTIMA = FOLDER / "requests.yaml", FOLDER / "optima.json"
PATIENCE_S = 600


class Answer(NamedTuple):
    """A proven answer: the build, or that there is none."""

    status: str
    score: int | None = None
    total_cents: int | None = None
    parts: tuple[str, ...] = ()
    """"2 x id", with "at 280 W" where a card is capped; in the order of kinds, then ids."""


NONE = Answer("infeasible")


def named_requests(catalog: Catalog) -> dict[str, Request]:
    """Every request by its name.

    Raises:
        InputError: if one cannot be read.
    """
    return {
        name: make_request(fields_of(written, catalog, where=name), where=name)
        for name, written in read_mapping(REQUESTS).items()
    }


def optima() -> dict[str, Answer]:
    """The answers that stand."""
    rows: dict[str, Any] = json.loads(OPTIMA.read_text(encoding="utf-8"))
    return {name: Answer(**{**row, "parts": tuple(row["parts"])}) for name, row in rows.items()}


def solved(request: Request, catalog: Catalog) -> Answer:
    """The answer of the library.

    Raises:
        TimeoutError: if it is not proven in time.
    """
    outcome = solve(request.replace(time_limit_s=PATIENCE_S), catalog=catalog)
    match outcome:
        case Optimal():
            build = outcome.build
            return Answer("optimal", build.score, build.total_cents, _of_lines(build.parts))
        case Infeasible():
            return NONE
        case _:
            raise TimeoutError(f"not proven in {PATIENCE_S} s")


def plain(request: Request, catalog: Catalog) -> Answer:
    """The answer of plain CP-SAT on one model of every option.

    Raises:
        TimeoutError: if it is not proven in time.
    """
    problem = Problem.of(request, catalog)
    encoding = Encoding(problem, problem.options)
    found = search(encoding, Clock(PATIENCE_S), request.seed)
    if found.status is Status.OPTIMAL and request.within_bp:
        found = _cheapest(encoding, found, request, catalog)
    if found.status is Status.INFEASIBLE:
        return NONE
    if found.status is not Status.OPTIMAL or found.build is None:
        raise TimeoutError(f"not proven in {PATIENCE_S} s")
    return answer_of(problem, found.build, found.score)


def answer_of(problem: Problem, build: Build, score: int | None) -> Answer:
    """A build as an answer."""
    cost = build.cost_cents
    assert cost is not None
    return Answer(
        "optimal",
        score,
        problem.request.charges.to_pay(cost),
        tuple(_told(line.quantity, line.part.id, line.power_limit_w) for line in build.lines),
    )


def _cheapest(encoding: Encoding, found: Found, request: Request, catalog: Catalog) -> Found:
    """The least price with nearly the best score first; then the best build for that price."""
    least = -(-(found.score or 0) * (10_000 - request.within_bp) // 10_000)
    clock = Clock(PATIENCE_S)
    status, cents = best(
        encoding, encoding.price, clock, request.seed, minimise=True, at_least=least
    )
    if status is not Status.OPTIMAL or cents is None:
        return Found(Status.UNKNOWN)
    limited = Problem.of(
        request.replace(budget_cents=request.charges.to_pay(cents), within_bp=0), catalog
    )
    return search(Encoding(limited, limited.options), clock, request.seed)


def _of_lines(lines: Iterable[PartLine]) -> tuple[str, ...]:
    return tuple(_told(line.quantity, line.part, line.power_limit_w) for line in lines)


def _told(quantity: int, part: str, cap_w: int | None) -> str:
    return f"{quantity} x {part}" + ("" if cap_w is None else f" at {cap_w} W")


def shown(answer: Answer) -> str:
    """An answer in one line."""
    if answer.total_cents is None:
        return answer.status
    return f"{answer.score:6,}  {answer.total_cents / 100:10,.2f}  {answer.parts[0]}"


def _write(answers: Mapping[str, Answer]) -> None:
    rows = {name: answer._asdict() for name, answer in answers.items()}
    OPTIMA.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Solve all (or those that are named); 1 if an answer is not the one that stands."""
    reader = argparse.ArgumentParser(prog="benchmarks.named", description=__doc__)
    reader.add_argument("names", nargs="*", help="only these")
    reader.add_argument("--update", action="store_true", help="write optima.json")
    given = reader.parse_args(arguments)
    catalog = Catalog.load()
    requests = named_requests(catalog)
    known = optima() if OPTIMA.exists() else {}
    answers = {name: known[name] for name in requests if name in known}
    wrong = 0
    for name in given.names or requests:
        seconds = -time.process_time()
        answer = solved(requests[name], catalog)
        seconds += time.process_time()
        print(f"{name:36} {seconds:6.2f} s  {shown(answer)}", flush=True)
        if given.update:
            proof = plain(requests[name], catalog)
            print(f"{'':36} plain CP-SAT    {shown(proof)}", flush=True)
            answers[name] = proof
            if proof != answer:
                wrong += 1
                print("  the two disagree: nothing is written")
        elif answer != known.get(name):
            wrong += 1
            print(f"  it should be {known.get(name)}")
    if given.update and not wrong:
        _write({name: answers[name] for name in requests if name in answers})
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
