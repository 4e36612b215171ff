"""Solve a request: the one verb that joins problem, search, explanation and check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count as count_from
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Protocol

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import assumptions_of, verified, versions_of
from rigopt.difference import other_than
from rigopt.errors import InternalError
from rigopt.outcome import (
    About,
    Assessment,
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
from rigopt.reasons.binding import binding, no_slack
from rigopt.reasons.waysout import explain
from rigopt.request import Request
from rigopt.rules.sizing import total_vram_gb
from rigopt.tradeoffs import DEFAULT, Axes, axes_of, better, followed, value_of
from rigopt.units import format_money
from rigopt.world import World

if TYPE_CHECKING:
    from rigopt.cpsat.search import Clock, Found


NEAR_BP, NEAR_CENTS, NEAR_SAVES_PCT = 500, 5_000, 2
"""A build this close to the best is named if it saves so many cents and per cent: the model's own
error is larger."""


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
    from rigopt.cpsat.search import Clock

    request = request or Request()
    problem = Problem.of(request, catalog or Catalog.load())
    clock = Clock(request.time_limit_s)
    tell("rules")
    hunt = Hunt(problem, clock)
    return answered(hunt, lambda: explained(problem, clock), tell)


Verify = Callable[[Problem, Build, int], Assessment]
"""What checks and prices a build before it leaves the library."""


class Searches(Protocol):
    """What an answer is made of: the questions that :class:`rigopt.cpsat.hunt.Hunt` answers."""

    @property
    def problem(self) -> Problem: ...

    def answer(self, tell: Callable[[str], None]) -> Found: ...

    def best(self, *, dropped: Collection[str], most_cents: int | None, at_least: int) -> Found: ...

    def cheapest(self, best: Found, least: int, most_cents: int | None = None) -> Found: ...


def answered(
    hunt: Searches,
    explained: Callable[[], Explanation],
    tell: Callable[[str], None] = lambda _step: None,
    *,
    near: bool = True,
    verify: Verify | None = None,
) -> Optimal | Feasible | Infeasible | Unknown:
    """The answer to a problem, from searches; ``near``: whether to look for a cheaper build.

    ``verify`` takes the place of :func:`verified` for the answer.
    """
    from rigopt.cpsat.search import Status

    problem = hunt.problem
    request = problem.request
    limit = f"time limit of {request.time_limit_s} s reached (--time-limit)"
    about = about_of(problem.world, request)
    found = hunt.answer(tell)
    if found.status is Status.UNKNOWN:
        return Unknown(limit=limit, about=about)
    if found.status is Status.INFEASIBLE:
        tell("explanation")
        return Infeasible(explanation=explained(), about=about)
    if found.status is Status.OPTIMAL and request.within_bp:
        found = hunt.cheapest(found, _close(found.score, request.within_bp))
    assert found.build is not None and found.score is not None
    assert found.score_bound is not None
    verify = verify or verified
    built = verify(problem, found.build, found.score)
    tell("limits")
    held, spare, bound = binding(hunt, found.score), no_slack(built), found.score_bound
    if found.status is Status.OPTIMAL:
        tie = _near(hunt, found, built, verify) if near and request.within_bp == 0 else None
        return Optimal(
            build=built, score_bound=bound, near=tie, binding=held, no_slack=spare, about=about
        )
    return Feasible(
        build=built, score_bound=bound, binding=held, no_slack=spare, limit=limit, about=about
    )


def about_of(world: World, request: Request) -> About:
    """What an answer of the solver rests on."""
    from rigopt.cpsat.search import SOLVER

    return About(
        assumptions=assumptions_of(world), versions=versions_of(world, SOLVER), request=request
    )


def _close(score: int | None, basis_points: int) -> int:
    """The least score that is so close to another."""
    return -(-(score or 0) * (10_000 - basis_points) // 10_000)


def _near(hunt: Searches, found: Found, built: Assessment, verify: Verify) -> NearTie | None:
    """The cheapest build within the model's error of the best, where it saves real money."""
    from rigopt.cpsat.search import Status

    total = built.total_cents or 0
    least = _close(found.score, NEAR_BP)
    most = total - max(NEAR_CENTS, total * NEAR_SAVES_PCT // 100)
    charges = hunt.problem.request.charges
    if not found.score or least >= found.score or most < charges.to_pay(0):
        return None
    near = hunt.cheapest(found, least, charges.affordable(most))
    if near.status is not Status.OPTIMAL or near.build is None or near.score is None:
        return None
    cost = charges.to_pay(near.build.cost_cents or 0)
    verify(hunt.problem, near.build, near.score)
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
    differ_in: Sequence[str] = (),
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> tuple[Optimal, ...]:
    """The best builds that differ in their cards: each is the proven best of all builds whose chip
    or number of cards is none of the builds' before it.

    Args:
        request: as for :func:`solve`.
        count: so many; fewer if there are no more, or time ends.
        differ_in: kinds of parts, or "platform" (the CPU's socket): each build differs from every
            one before it in at least one of these, instead.
        catalog: as for :func:`solve`.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import Clock, Status

    request = request or Request()
    problem = Problem.of(request, catalog or Catalog.load())
    about = about_of(problem.world, request)
    answers: list[Optimal] = []
    tell(f"build 1 of {count}")
    clock = Clock(request.time_limit_s)
    builds = different(problem, differ_in, clock) if differ_in else Hunt(problem, clock).different()
    for found in islice(builds, count):
        if found.status is not Status.OPTIMAL or found.build is None or found.score is None:
            break
        built = verified(problem, found.build, found.score)
        answers.append(
            Optimal(
                build=built,
                score_bound=found.score,
                near=None,
                binding=(),
                no_slack=no_slack(built),
                about=about,
            )
        )
        tell(f"build {len(answers) + 1} of {count}")
    return tuple(answers)


def different(problem: Problem, features: Sequence[str], clock: Clock) -> Iterator[Found]:
    """The best build, the best that differs from it, the best that differs from both, ..."""
    from rigopt.cpsat.hunt import Hunt

    for number in count_from(1):
        found = Hunt(problem, clock).answer()
        yield found
        if found.build is None:
            return
        another = other_than(found.build, features, number)
        problem = replace(problem, rules=(*problem.rules, another))


def frontier(
    request: Request | None = None,
    *,
    axes: Sequence[str] = DEFAULT,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Frontier:
    """Every build that no other beats on two axes: the whole curve, each point proven, none
    missing.

    Args:
        request: as for :func:`solve`; its wishes hold all along the curve.
        axes: two of "price" (less is better), "throughput" (more), "vram" (of all cards together,
            more) and "watts" (sustained draw at full load, less). Of several builds at one point
            it has the one with the highest score, then the cheapest, then a fixed one.
        catalog: as for :func:`solve`.
        tell: called with what was found so far.

    Raises:
        InputError: if the request names something that is not known, or the axes are no two.
    """
    from rigopt.cpsat.curves import curve
    from rigopt.cpsat.search import Clock, Status

    request, chosen = request or Request(), axes_of(axes)
    problem = Problem.of(request, catalog or Catalog.load())
    points: list[FrontierPoint] = []
    complete = True
    for found in curve(problem, chosen, Clock(request.time_limit_s)):
        if found.status is not Status.OPTIMAL or found.build is None or found.score is None:
            complete = found.status is Status.INFEASIBLE
            break
        built = verified(problem, found.build, found.score)
        points.append(_point(problem, found.build, built))
        _trade_off(points[-2:], chosen)
        money = format_money(points[-1].total_cents, built.currency)
        tell(f"{len(points)} builds, the last for {money}")
    return Frontier(
        axes=chosen,
        currency=problem.world.market.info.currency,
        points=tuple(sorted(points, key=lambda point: value_of(point, chosen[0]))),
        complete=complete,
        followed=followed(chosen),
        about=about_of(problem.world, request),
    )


def _point(problem: Problem, build: Build, built: Assessment) -> FrontierPoint:
    return FrontierPoint(
        total_cents=built.total_cents or 0,
        score=built.score,
        vram_gb=sum(total_vram_gb(line, problem.world) for line in build.of_kind("gpu")),
        sustained_w=built.power.sustained_w,
        parts=built.parts,
    )


def _trade_off(points: Sequence[FrontierPoint], axes: Axes) -> None:
    """Hold the solver to it that neither of two points beats the other.

    Raises:
        InternalError: if one does.
    """
    for one, other in pairwise(points):
        gains = [better(axis, value_of(one, axis), value_of(other, axis)) for axis in axes]
        losses = [better(axis, value_of(other, axis), value_of(one, axis)) for axis in axes]
        if sorted(gains) != [False, True] or sorted(losses) != [False, True]:
            raise InternalError(f"one of two builds on the curve of {axes} beats the other")


def explained(problem: Problem, clock: Clock) -> Explanation:
    """Why a problem has no build, as far as time allows."""
    from rigopt.cpsat.probe import Probe

    def changed(request: Request) -> Probe:
        again = Problem.of(request, problem.world.catalog)
        return Probe(replace(again, given=problem.given), clock)

    return explain(problem, Probe(problem, clock), changed)
