"""The best upgrade of a rig for a sum, beside a new rig for the same sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from rigopt.build import Build, Line
from rigopt.catalog import Catalog, kind_of
from rigopt.checking import assess
from rigopt.errors import InputError
from rigopt.outcome import About, Assessment, Feasible, Infeasible, Optimal
from rigopt.parts import Fact
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.units import format_money
from rigopt.upgrades.resale import fetches

Tell = Callable[[str], None]


class Piece(Fact):
    """Pieces of a part that come, stay or go."""

    kind: str
    part: str
    name: str
    quantity: int
    cents: int | None
    """Of one piece: what it costs, or what it may fetch; ``None``: not known."""


class Upgraded(Fact):
    """The best build from owned parts and a sum, against the best from the sum alone."""

    schema_version: Literal[1] = 1
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    before: Assessment
    """All that is owned, as it stands."""
    build: Assessment | None
    """The upgrade: no build from these parts and this sum scores more."""
    score_bound: int | None
    kept: tuple[Piece, ...]
    added: tuple[Piece, ...]
    left_out: tuple[Piece, ...]
    """Owned and not needed, with what each may fetch today (``models/resale.toml``)."""
    new: Assessment | None
    """The best rig of bought parts alone for the same sum; ``None``: there is none."""
    new_status: Literal["optimal", "feasible", "infeasible", "unknown"]
    text: tuple[str, ...]
    """Both in sentences."""
    about: About


def upgrade(
    request: Request,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Upgraded:
    """The best upgrade: owned parts are free, may be left out, and are never forced in.

    Args:
        request: ``own`` lists the rig, ``budget_cents`` is the sum.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if nothing is owned, or the request names something that is not known.
    """
    if not request.own:
        raise InputError("nothing is owned", where="upgrade", mend="add --own rig.yaml")
    catalog = catalog or Catalog.load()
    problem = Problem.of(request, catalog)
    request = problem.request
    tell("the upgrade")
    answer = solve(request, catalog=catalog)
    tell("a new rig for the same sum")
    fresh = solve(request.replace(own=()), catalog=catalog)
    new = fresh.build if isinstance(fresh, Optimal | Feasible) else None
    before = assess(_owned_build(problem), problem)
    solved = isinstance(answer, Optimal | Feasible)
    build = answer.build if isinstance(answer, Optimal | Feasible) else None
    return Upgraded(
        status=answer.status,
        before=before,
        build=build,
        score_bound=answer.score_bound if isinstance(answer, Optimal | Feasible) else None,
        kept=() if build is None else tuple(_pieces(build, owned=True)),
        added=() if build is None else tuple(_pieces(build, owned=False)),
        left_out=_left_out(problem, build) if solved else (),
        new=new,
        new_status=fresh.status,
        text=_told(answer, before, new, problem),
        about=answer.about,
    )


def _owned_build(problem: Problem) -> Build:
    """Everything that is owned as one list."""
    parts = problem.world.catalog.parts
    pieces: Counter[str] = Counter()
    for item in problem.request.own:
        pieces[item.part] += item.quantity
    return Build.of(Line(parts[part], count, count) for part, count in pieces.items())


def _pieces(build: Assessment, *, owned: bool) -> list[Piece]:
    found = []
    for line in build.parts:
        count = line.owned if owned else line.quantity - line.owned
        if count:
            cents = None if owned else line.price_cents
            found.append(
                Piece(kind=line.kind, part=line.part, name=line.name, quantity=count, cents=cents)
            )
    return found


def _left_out(problem: Problem, build: Assessment | None) -> tuple[Piece, ...]:
    used = {line.part: line.owned for line in build.parts} if build else {}
    found = []
    for line in _owned_build(problem).lines:
        rest = line.quantity - used.get(line.part.id, 0)
        if rest:
            found.append(
                Piece(
                    kind=line.kind,
                    part=line.part.id,
                    name=line.part.name,
                    quantity=rest,
                    cents=worth_cents(problem, line.part.id),
                )
            )
    return tuple(found)


def worth_cents(problem: Problem, part: str) -> int | None:
    """What an owned piece may fetch today: the share of the least that one costs in any condition
    (``models/resale.toml``); ``None``: no price is known."""
    world = problem.world
    offers = world.market.offers(part)
    kind = kind_of(world.catalog.parts[part])
    return fetches(kind, offers[0].price_cents, 0) if offers else None


def _told(
    answer: object, before: Assessment, new: Assessment | None, problem: Problem
) -> tuple[str, ...]:
    if isinstance(answer, Infeasible):
        return (f"there is no upgrade: {answer.explanation.summary}",)
    if not isinstance(answer, Optimal | Feasible):
        return (f"time limit of {problem.request.time_limit_s} s reached (--time-limit)",)
    build, text = answer.build, []
    score, was = build.score or 0, before.score or 0
    money = format_money(build.total_cents or 0, build.currency)
    if was:
        text.append(f"the upgrade costs {money} and raises the score from {was:,} to {score:,}")
    else:
        text.append(f"the upgrade costs {money} and gives a score of {score:,}")
    if new is None:
        text.append("the sum alone buys no new rig that meets the wishes")
    else:
        share = 100 * score / (new.score or 1) - 100
        than = f"{abs(share):.0f} % {'more' if share >= 0 else 'less'} than"
        if new.score == score:
            than = "as much as"
        cost = format_money(new.total_cents or 0, build.currency)
        text.append(f"it does {than} the best new rig ({cost}, score {new.score or 0:,})")
    return tuple(text)
