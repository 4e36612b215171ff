"""Solve a request: the one verb that joins problem, search, explanation and check."""

from __future__ import annotations

from collections.abc import Callable
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
    Infeasible,
    Optimal,
    Unknown,
)
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.rules.wishes import ids_by_default
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import Clock
    from rigopt.encoding import Encoding


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
        return Infeasible(explanation=_explain(hunt.whole, clock), about=about)
    assert found.build is not None and found.score is not None
    assert found.score_bound is not None
    built = _verified(problem, found.build, found.score)
    tell("limits")
    binding = _binding(hunt, found.score)
    bound = found.score_bound
    if found.status is Status.OPTIMAL:
        return Optimal(build=built, score_bound=bound, binding=binding, about=about)
    return Feasible(build=built, score_bound=bound, binding=binding, limit=limit, about=about)


def _verified(problem: Problem, build: Build, score: int) -> Assessment:
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
