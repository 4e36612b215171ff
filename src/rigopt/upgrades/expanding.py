"""Solve with room for more: the best build now that can become another later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import assess, verified
from rigopt.errors import InternalError
from rigopt.outcome import Assessment, Feasible, Infeasible, Optimal
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.solving import about_of, solve
from rigopt.units import format_money
from rigopt.upgrades.joint_options import joint_options
from rigopt.upgrades.room import Addition, Room, Roomed

if TYPE_CHECKING:
    from rigopt.cpsat.joint import Roomy


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
    from rigopt.cpsat.search import Clock

    catalog = catalog or Catalog.load()
    tell("the best build without room")
    answer = solve(request, catalog=catalog)
    without = answer.build if isinstance(answer, Optimal | Feasible) else None
    now, later = problems(request, room, catalog)
    base = Roomed(
        status="unknown",
        room=room,
        build=None,
        later=None,
        additions=(),
        score_bound=None,
        without=without,
        text=(f"time limit of {request.time_limit_s} s reached (--time-limit)",),
        least_cents=None,
        about=about_of(now.world, request),
    )
    if isinstance(answer, Infeasible):
        told = (f"even without room {answer.explanation.summary}",)
        return _with(base, status="infeasible", text=told)
    clock = Clock(request.time_limit_s)
    tell("the best build with room")
    search = Roomy(now, later, room, joint_options((now, later)), clock)
    most = answer.score_bound if isinstance(answer, Optimal | Feasible) else None
    found = search.answer(most)
    if found is None:
        return base
    if found.builds is None:
        tell("explanation")
        return _with(base, status="infeasible", **_told(search, now))
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


def _told(search: Roomy, now: Problem) -> dict[str, object]:
    """Why no build leaves the room: what it would cost, and wishes without which one does."""
    room, budget = search.room.text, now.request.budget_cents
    wishes = {rule.id: rule.flag for rule in now.rules if rule.flag and rule.hard}
    dearer = wishes.pop("wish-budget", None)
    currency = now.world.market.info.currency
    least = None if dearer is None else search.least_cents(["wish-budget"])
    total = None if least is None else now.request.charges.to_pay(least)
    text = [f"no build leaves room for {room}"]
    if budget is not None and total is not None:
        text[0] += f" for {format_money(budget, currency)}"
        money = format_money(total, currency)
        text.append(f"the cheapest that does costs {money} (try: --budget {-(-total // 100)})")
    elif dearer is not None:
        text[0] += ", whatever it costs"
    for rule, flag in wishes.items():
        if search.possible([rule]):
            text.append(f"without {flag} one does")
    return {"text": tuple(text), "least_cents": total}
