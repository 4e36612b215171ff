"""Solve a request: the one verb that joins problem, search, explanation and check."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import assess, assumptions_of, versions_of
from rigopt.errors import InternalError
from rigopt.explain import explain
from rigopt.outcome import (
    About,
    Assessment,
    Binding,
    Explanation,
    Feasible,
    Frontier,
    FrontierPoint,
    Infeasible,
    NearTie,
    Optimal,
    Unknown,
)
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.rules.wishes import ids_by_default
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import Clock, Found
    from rigopt.encoding import Encoding


NEAR_BP, NEAR_CENTS, NEAR_SAVES_PCT = 500, 5_000, 2
"""A build this close to the best is named if it saves so many cents and per cent: the model's own
error is larger."""
NEXT_CENTS = 10_000
"""How much more money "what would more buy" looks at."""


def solve(
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Optimal | Feasible | Infeasible | Unknown:
    """The best build for a request, proven.

    Args:
        request: what is asked for; without one, the best rig that money can buy.
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        tell: called with the name of each step as it begins.

    Returns:
        ``Optimal`` (no build has a higher score, nor this score for less), ``Feasible`` (the time
        limit was reached; with a proven bound), ``Infeasible`` (with an explanation) or
        ``Unknown`` (the time limit was reached with no build found).

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import SOLVER, Clock, Status

    request = request or Request()
    catalog = catalog or Catalog.load()
    problem = Problem.of(request, catalog)
    clock = Clock(request.time_limit_s)
    limit = f"time limit of {request.time_limit_s} s reached (--time-limit)"
    about = About(
        assumptions=assumptions_of(problem.world),
        versions=versions_of(problem.world, SOLVER),
        request=request,
    )
    tell("rules")
    hunt = Hunt(problem, clock)
    found = hunt.answer(tell)
    if found.status is Status.UNKNOWN:
        return Unknown(limit=limit, about=about)
    if found.status is Status.INFEASIBLE:
        tell("explanation")
        return Infeasible(explanation=_explain(hunt.unscored, clock), about=about)
    if found.status is Status.OPTIMAL and request.within_bp:
        found = hunt.cheapest(found, _close(found.score, request.within_bp))
    assert found.build is not None and found.score is not None
    assert found.score_bound is not None
    built = verified(problem, found.build, found.score)
    tell("limits")
    binding = _binding(hunt, found.score)
    bound = found.score_bound
    if found.status is Status.OPTIMAL:
        near = _near(hunt, found, built) if request.within_bp == 0 else None
        return Optimal(build=built, score_bound=bound, near=near, binding=binding, about=about)
    return Feasible(build=built, score_bound=bound, binding=binding, limit=limit, about=about)


def _close(score: int | None, basis_points: int) -> int:
    """The least score that is so close to another."""
    return -(-(score or 0) * (10_000 - basis_points) // 10_000)


def _near(hunt: Hunt, found: Found, built: Assessment) -> NearTie | None:
    """The cheapest build within the model's error of the best, where it saves real money."""
    from rigopt.cpsat.search import Status

    total = built.total_cents or 0
    least = _close(found.score, NEAR_BP)
    if not found.score or least >= found.score:
        return None
    near = hunt.cheapest(found, least)
    if near.status is not Status.OPTIMAL or near.build is None or near.score is None:
        return None
    cost = hunt.problem.request.charges.to_pay(near.build.cost_cents or 0)
    if total - cost < max(NEAR_CENTS, total * NEAR_SAVES_PCT // 100):
        return None
    verified(hunt.problem, near.build, near.score)
    slower = max(1, round(100 - 100 * near.score / found.score))
    saved = format_money(total - cost, built.currency)
    cards = " + ".join(f"{line.quantity} x {line.part.name}" for line in near.build.of_kind("gpu"))
    return NearTie(
        text=f"{slower} % slower and {saved} cheaper: {cards}",
        flag=f"--within {NEAR_BP // 100}%",
        score=near.score,
        total_cents=cost,
    )


def solve_top(
    request: Request | None = None,
    count: int = 3,
    *,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> tuple[Optimal, ...]:
    """The best builds that differ in their cards: each is the proven best of all builds whose chip
    or number of cards is none of the builds' before it.

    Fewer than ``count`` if there are no more, or time ends.

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import SOLVER, Clock, Status

    request = request or Request()
    problem = Problem.of(request, catalog or Catalog.load())
    about = About(
        assumptions=assumptions_of(problem.world),
        versions=versions_of(problem.world, SOLVER),
        request=request,
    )
    answers: list[Optimal] = []
    tell(f"build 1 of {count}")
    for found in islice(Hunt(problem, Clock(request.time_limit_s)).different(), count):
        if found.status is not Status.OPTIMAL or found.build is None or found.score is None:
            break
        built = verified(problem, found.build, found.score)
        answers.append(
            Optimal(build=built, score_bound=found.score, near=None, binding=(), about=about)
        )
        tell(f"build {len(answers) + 1} of {count}")
    return tuple(answers)


def frontier(
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Frontier:
    """Every build for which no other scores as much for less, within the budget: the whole curve
    of price and throughput, each point proven, none missing.

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import SOLVER, Clock, Status

    request = request or Request()
    problem = Problem.of(request, catalog or Catalog.load())
    points: list[FrontierPoint] = []
    complete = True
    for found in Hunt(problem, Clock(request.time_limit_s)).curve():
        if found.status is not Status.OPTIMAL or found.build is None or found.score is None:
            complete = found.status is Status.INFEASIBLE
            break
        built = verified(problem, found.build, found.score)
        total = built.total_cents or 0
        points.append(FrontierPoint(total_cents=total, score=found.score, parts=built.parts))
        tell(f"{len(points)} builds, down to {format_money(total, built.currency)}")
    return Frontier(
        currency=problem.world.market.info.currency,
        points=tuple(reversed(points)),
        complete=complete,
        about=About(
            assumptions=assumptions_of(problem.world),
            versions=versions_of(problem.world, SOLVER),
            request=request,
        ),
    )


def verified(problem: Problem, build: Build, score: int) -> Assessment:
    """The solver-free assessment, which must agree with the solver."""
    assessment = assess(build, problem)
    refused = [rule.id for rule in problem.rules if not rule.admits(build, problem.world)]
    if refused:
        raise InternalError(f"the solver chose a build that {', '.join(refused)} refuses: {build}")
    if (assessment.score or 0) != score:
        raise InternalError(f"the solver counts {score} points, the model {assessment.score}")
    if assessment.total_cents is None:
        raise InternalError("the solver chose a part that has no price")
    return assessment


def _explain(encoding: Encoding, clock: Clock) -> Explanation:
    from rigopt.cpsat.search import Status, best, feasible

    seed = encoding.problem.request.seed
    every = frozenset(encoding.owners())

    def possible(kept: frozenset[str]) -> bool | None:
        status = feasible(encoding, sorted(every - kept), clock, seed)
        return {Status.UNKNOWN: None, Status.INFEASIBLE: False}.get(status, True)

    def cheapest(kept: frozenset[str]) -> int | None:
        dropped = sorted(every - kept)
        least = best(encoding, encoding.price, clock, seed, dropped=dropped, minimise=True)[1]
        return None if least is None else encoding.problem.request.charges.to_pay(least)

    return explain(encoding.problem, possible, cheapest)


def _binding(hunt: Hunt, score: int) -> tuple[Binding, ...]:
    """What a little more money would buy, and wishes of the person (not mere defaults) without
    which the score would be higher."""
    from rigopt.cpsat.search import Status

    problem, found = hunt.problem, []
    budget, charges = problem.request.budget_cents, problem.request.charges
    currency = problem.world.market.info.currency
    more_cents = None if budget is None else charges.affordable(budget + NEXT_CENTS)
    defaults = ids_by_default()
    for rule in problem.rules:
        if not rule.flag or rule.id in defaults:
            continue
        money = rule.id == "wish-budget" and budget is not None
        more = hunt.best(
            dropped=[rule.id], most_cents=more_cents if money else None, at_least=score + 1
        )
        if more.status is Status.UNKNOWN or (more.status is Status.INFEASIBLE and not money):
            continue
        change = f"{format_money(NEXT_CENTS, currency)} more" if money else f"without {rule.flag}"
        effect = (
            "not raise the score" if more.score is None else f"raise the score to {more.score:,}"
        )
        found.append(Binding(flag=rule.flag, text=f"{change} would {effect}", score=more.score))
    return tuple(found)
