"""Equal machines for a team under one budget: how many rigs of which size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from rigopt.catalog import Catalog
from rigopt.checking import verified
from rigopt.outcome import About, Assessment, Infeasible
from rigopt.parts import Fact
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.solving import about_of, solve
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.search import Clock


class Size(Fact):
    """So many equal rigs, each for so many people."""

    rigs: int
    users: int
    """Of one rig, at most."""
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    build: Assessment | None
    """One of the rigs: of all that serve so many people for its part of the budget none scores
    more, nor as much for less."""
    total_cents: int | None
    """Of all rigs, with tax and shipping."""
    score: int | None
    """Of all rigs together."""


class Team(Fact):
    """Every number of equal rigs that could serve a team, and the best of them."""

    schema_version: Literal[1] = 1
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    people: int
    best: Size | None
    """No number of equal rigs has more throughput in all, nor as much for less money."""
    sizes: tuple[Size, ...]
    """The fewest rigs first."""
    text: tuple[str, ...]
    about: About


def solve_team(
    request: Request,
    people: int,
    *,
    catalog: Catalog | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Team:
    """The best number and size of equal rigs for a team: the most throughput in all.

    Args:
        request: the wishes of a rig and of each user; ``budget_cents`` is for all rigs together,
            ``max_gpus`` limits how many people a rig serves. ``users`` is not read.
        people: everybody is served, with what the wishes give to a user.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if the request names something that is not known.
    """
    from rigopt.cpsat.search import Clock

    catalog = catalog or Catalog.load()
    most = request.max_gpus * request.users_per_gpu
    clock = Clock(request.time_limit_s)
    sizes: list[Size] = []
    for rigs in range(-(-people // most), people + 1):
        tell(f"{rigs} rigs")
        sizes.append(_size(request, rigs, -(-people // rigs), catalog, clock))
    built = [size for size in sizes if size.build is not None]
    best = max(built, key=lambda s: (s.score or 0, -(s.total_cents or 0), -s.rigs), default=None)
    proven = all(size.status in ("optimal", "infeasible") for size in sizes)
    world = Problem.of(_alone(request, sizes[0].rigs, sizes[0].users), catalog).world
    return Team(
        status=_status(best is not None, proven),
        people=people,
        best=best,
        sizes=tuple(sizes),
        text=_told(best, people) if best else _why(request, sizes, proven, catalog),
        about=about_of(world, request),
    )


def _status(found: bool, proven: bool) -> Literal["optimal", "feasible", "infeasible", "unknown"]:
    if found:
        return "optimal" if proven else "feasible"
    return "infeasible" if proven else "unknown"


def _alone(request: Request, rigs: int, users: int) -> Request:
    """The request of one of several rigs: its part of what parts may cost. Tax and shipping are
    those of the whole order."""
    budget = request.budget_cents
    part = None if budget is None else request.charges.affordable(budget) // rigs
    return request.replace(users=users, budget_cents=part, tax_bp=0, shipping_cents=0)


def _size(request: Request, rigs: int, users: int, catalog: Catalog, clock: Clock) -> Size:
    from rigopt.cpsat.hunt import Hunt

    problem = Problem.of(_alone(request, rigs, users), catalog)
    found = Hunt(problem, clock).answer()
    if found.build is None or found.score is None:
        return Size(
            rigs=rigs,
            users=users,
            status=found.status.value,
            build=None,
            total_cents=None,
            score=None,
        )
    build = verified(problem, found.build, found.score)
    return Size(
        rigs=rigs,
        users=users,
        status=found.status.value,
        build=build,
        total_cents=request.charges.to_pay(rigs * (build.total_cents or 0)),
        score=rigs * found.score,
    )


def _told(best: Size, people: int) -> tuple[str, ...]:
    assert best.build is not None
    money = format_money(best.total_cents or 0, best.build.currency)
    each = format_money((best.total_cents or 0) // people, best.build.currency)
    machines = "1 rig" if best.rigs == 1 else f"{best.rigs} equal rigs"
    users = "1 user" if best.users == 1 else f"up to {best.users} users"
    return (
        f"{machines} for {users} each: {money} in all, {each} a person",
        f"score {best.score or 0:,} in all, {(best.score or 0) // people:,} a person",
    )


def _why(request: Request, sizes: list[Size], proven: bool, catalog: Catalog) -> tuple[str, ...]:
    if not proven:
        return (f"time limit of {request.time_limit_s} s reached (--time-limit)",)
    fewest = sizes[0]
    answer = solve(_alone(request, fewest.rigs, fewest.users), catalog=catalog)
    assert isinstance(answer, Infeasible)
    return (
        "no number of equal rigs serves the team",
        f"with the fewest ({fewest.rigs} for {fewest.users} users each, its part of the budget "
        f"each): {answer.explanation.summary}",
    )
