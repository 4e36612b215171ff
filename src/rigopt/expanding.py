"""Solve with room for more: the best build now that can become another later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import assess, assumptions_of, versions_of
from rigopt.errors import InternalError
from rigopt.explain import explain
from rigopt.outcome import About, Assessment, Explanation, Feasible, Infeasible, Optimal, Reason
from rigopt.problem import Problem
from rigopt.reduction import reduced_parts
from rigopt.request import Request
from rigopt.room import Addition, Room, Roomed
from rigopt.solving import solve, verified
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.joint import Roomy
    from rigopt.cpsat.search import Clock


def solve_with_room(
    request: Request,
    room: Room,
    *,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Roomed:
    """The best build for a request that leaves room, proven, beside the best that need not.

    Every rule and wish holds for the build and for the later one, but for the budget: that is for
    the build of now.

    Args:
        room: what must go in later, with board, supply, case, cooler and CPU unchanged.
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.joint import Roomy
    from rigopt.cpsat.search import SOLVER, Clock

    catalog = catalog or Catalog.load()
    tell("the best build without room")
    answer = solve(request, catalog=catalog)
    without = answer.build if isinstance(answer, Optimal | Feasible) else None
    now, later = problems(request, room, catalog)
    about = About(
        assumptions=assumptions_of(now.world),
        versions=versions_of(now.world, SOLVER),
        request=request,
    )
    base = Roomed(
        status="unknown",
        room=room,
        build=None,
        later=None,
        additions=(),
        score_bound=None,
        without=without,
        text=(f"time limit of {request.time_limit_s} s reached (--time-limit)",),
        explanation=None,
        about=about,
    )
    if isinstance(answer, Infeasible):
        told = (f"even without room: {answer.explanation.summary}",)
        return _with(base, status="infeasible", text=told, explanation=answer.explanation)
    clock = Clock(request.time_limit_s)
    tell("the best build with room")
    search = Roomy(now, later, room, linked_options(now, later), clock)
    most = answer.score_bound if isinstance(answer, Optimal | Feasible) else None
    found = search.answer(most)
    if found is None:
        return base
    if found.builds is None:
        tell("explanation")
        told = _explain(search, now, clock)
        return _with(base, status="infeasible", text=(told.summary,), explanation=told)
    first, second = found.builds
    built = verified(now, first, found.score)
    after = _grown(later, first, second)
    wrong = room.unmet(first, second)
    if wrong:
        raise InternalError(f"the later build does not follow from the one of now: {wrong}")
    return _with(
        base,
        status="optimal" if found.proven else "feasible",
        build=built,
        later=after,
        additions=_additions(first, second),
        score_bound=found.bound,
        text=cost_of(built, without),
    )


def _with(base: Roomed, **changes: object) -> Roomed:
    return Roomed.model_validate({**dict(base), **changes})


def problems(request: Request, room: Room, catalog: Catalog) -> tuple[Problem, Problem]:
    """The problem of now and that of later."""
    return Problem.of(request, catalog), Problem.of(room.later(request), catalog)


def linked_options(now: Problem, later: Problem) -> tuple[Mapping[str, tuple[Line, ...]], ...]:
    """The options of now and of later that a best pair of builds may need.

    What may be left out is judged by the rules of both together: a part that is no better now may
    be the only one that does later.
    """
    every = replace(later, rules=(*now.rules, *later.rules))
    owned = {item.part for item in now.request.own}
    prices = {
        line.part.id: (line.price.price_cents,)
        for lines in every.options.values()
        for line in lines
        if line.price is not None and line.part.id not in owned
    }
    left = {
        line.part.id for lines in reduced_parts(every, prices).values() for line in lines
    }
    return tuple(
        {
            kind: tuple(line for line in lines if line.part.id in left)
            for kind, lines in problem.options.items()
        }
        for problem in (now, later)
    )


def _grown(later: Problem, first: Build, second: Build) -> Assessment:
    """The later build assessed, what the build of now has being there already."""
    refused = [rule.id for rule in later.rules if not rule.admits(second, later.world)]
    if refused:
        raise InternalError(f"the later build is refused by {', '.join(refused)}: {second}")
    have = {line.part.id: line.quantity for line in first.lines}
    lines = (
        replace(line, owned=max(line.owned, min(line.quantity, have.get(line.part.id, 0))))
        for line in second.lines
    )
    return assess(Build.of(lines), later)


def _additions(first: Build, second: Build) -> tuple[Addition, ...]:
    have = {line.part.id: line.quantity for line in first.lines}
    return tuple(
        Addition(
            kind=line.kind,
            part=line.part.id,
            name=line.part.name,
            quantity=line.quantity - have.get(line.part.id, 0),
            price_cents=None if line.price is None else line.price.price_cents,
        )
        for line in second.lines
        if line.quantity > have.get(line.part.id, 0)
    )


def cost_of(build: Assessment, without: Assessment | None) -> tuple[str, ...]:
    """What room costs: throughput and money against the best build without it."""
    if without is None:
        return ()
    lost = (without.score or 0) - (build.score or 0)
    more = (build.total_cents or 0) - (without.total_cents or 0)
    parts = []
    if lost:
        parts.append(f"{100 * lost / (without.score or 1):.0f} % of the throughput")
    if more > 0:
        parts.append(f"{format_money(more, build.currency)} more now")
    saved = f" (and costs {format_money(-more, build.currency)} less)" if more < 0 else ""
    if not parts:
        return (f"the room costs nothing{saved}",)
    return (f"the room costs {' and '.join(parts)}{saved}",)


def _explain(search: Roomy, now: Problem, clock: Clock) -> Explanation:
    """The clash of room and wishes: the rules hold for both builds, or are dropped for both."""

    def cheapest(kept: frozenset[str]) -> int | None:
        least = search.least_cents(kept)
        return None if least is None else now.request.charges.to_pay(least)

    told = explain(now, search.possible, cheapest)
    reason = Reason(
        id="room", text=f"you ask for room: {search.room.text}", flag="--room-for"
    )
    return told.model_copy(
        update={
            "summary": f"no build leaves room for {search.room.text}: {told.summary}",
            "reasons": (reason, *told.reasons),
        }
    )
