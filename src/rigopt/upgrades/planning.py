"""Plan purchases in stages: the rigs of all stages chosen together, proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import networkx as nx

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import assess
from rigopt.errors import InternalError
from rigopt.outcome import About, Assessment
from rigopt.parts import Fact
from rigopt.problem import Problem
from rigopt.solving import about_of
from rigopt.upgrades.ledger import Ledger, Life, Sums, counts, most_cents
from rigopt.upgrades.pathfinding import options_of, search, stage_by_stage
from rigopt.upgrades.stages import PlanRequest, catalog_of

if TYPE_CHECKING:
    from rigopt.cpsat.paths import Path

Tell = Callable[[str], None]
Verdict = Literal["optimal", "feasible", "infeasible", "unknown"]


class Change(Fact):
    """Pieces of a part that come or go at a stage."""

    what: Literal["buy", "sell", "take out", "put in"]
    """``take out`` and ``put in``: without money, of what is owned all the time."""
    kind: str
    part: str
    name: str
    quantity: int
    cents: int
    """Paid or fetched for all of them, before tax and shipping."""


class Step(Fact):
    """A stage: what changes, the rig from then on, the money."""

    start: date
    months: int
    changes: tuple[Change, ...]
    build: Assessment
    """The rig, with the pieces that were there before as owned."""
    budget_cents: int
    paid_cents: int
    """With tax and shipping."""
    fetched_cents: int
    left_cents: int
    """Not spent; without ``carry`` it is lost."""


class Plan(Fact):
    """What to buy, sell and change when: the most throughput times months of all plans."""

    schema_version: Literal[1] = 1
    status: Verdict
    steps: tuple[Step, ...]
    points: int | None
    """Score times months, summed: of all plans none has more, nor as much for less money."""
    points_bound: int | None
    """No plan has more."""
    by_stage: tuple[int, ...]
    """Score at each stage if each is bought for by itself, as well as it can be then; empty: there
    is no such plan."""
    net_cents: int | None
    """All that is paid less all that is fetched."""
    text: tuple[str, ...]
    asked: PlanRequest
    about: About


def plan(
    asked: PlanRequest,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Plan:
    """The best plan for stages of money: throughput times months, then the money that it takes.

    Every rule and wish holds at every stage. At each there is a working rig.

    Args:
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if a request names something that is not known.
    """
    from rigopt.cpsat.search import Clock

    problems = problems_of(asked, catalog or Catalog.load())
    ledger = Ledger(asked, problems)
    clock = Clock(max(stage.request.time_limit_s for stage in asked.stages))
    first = problems[0]
    base = Plan(
        status="unknown",
        steps=(),
        points=None,
        points_bound=None,
        by_stage=(),
        net_cents=None,
        text=(f"time limit of {clock.seconds:g} s reached (--time-limit)",),
        asked=asked,
        about=about_of(first.world, first.request),
    )
    tell("stage by stage")
    greedy = stage_by_stage(ledger, clock)
    found = search(ledger, options_of(ledger), clock, greedy, tell)
    if found is None:
        return base
    if found.builds is None:
        return _with(base, status="infeasible", text=_why(ledger))
    wrong = ledger.wrong(found.builds, found.lives)
    if wrong:
        raise InternalError(f"the plan does not add up: {'; '.join(wrong)}")
    steps = _steps(ledger, found)
    points = sum(step.months * (step.build.score or 0) for step in steps)
    if points != found.points:
        raise InternalError(f"the solver counts {found.points} points, the model {points}")
    scores = () if greedy is None else greedy.scores
    return _with(
        base,
        status="optimal" if found.proven else "feasible",
        steps=steps,
        points=points,
        points_bound=found.bound,
        by_stage=scores,
        net_cents=sum(step.paid_cents - step.fetched_cents for step in steps),
        text=_told(steps, points, scores),
    )


def _with(base: Plan, **changes: Any) -> Plan:
    return Plan.model_validate({**dict(base), **changes})


def problems_of(asked: PlanRequest, catalog: Catalog) -> tuple[Problem, ...]:
    """The problem of every stage, with the prices of its day, whatever it costs."""
    return tuple(
        Problem.of(stage.request.replace(budget_cents=None), catalog_of(stage, catalog))
        for stage in asked.stages
    )


def _steps(ledger: Ledger, found: Path) -> tuple[Step, ...]:
    assert found.builds is not None
    steps = []
    money = ledger.sums(found.lives)
    for stage, (problem, build, sums) in enumerate(
        zip(ledger.problems, found.builds, money, strict=True)
    ):
        refused = [rule.id for rule in problem.rules if not rule.admits(build, problem.world)]
        if refused:
            raise InternalError(f"the solver chose a build that {', '.join(refused)} refuses")
        steps.append(_step(ledger, found, stage, build, sums))
    return tuple(steps)


def _step(ledger: Ledger, found: Path, stage: int, build: Build, sums: Sums) -> Step:
    assert found.builds is not None
    problem, asked = ledger.problems[stage], ledger.asked.stages[stage]
    there: dict[str, int] = {}
    for life in found.lives:
        if life.there(stage) and life.bought != stage:
            there[life.part] = there.get(life.part, 0) + life.pieces
    mine = Build.of(
        replace(line, owned=min(line.quantity, there.get(line.part.id, 0))) for line in build.lines
    )
    before = found.builds[stage - 1] if stage else None
    return Step(
        start=asked.start,
        months=asked.months,
        changes=tuple(_changes(ledger, found.lives, stage, before, build)),
        build=assess(mine, problem),
        budget_cents=asked.budget_cents,
        paid_cents=sums.paid,
        fetched_cents=sums.fetched,
        left_cents=sums.left,
    )


def _changes(
    ledger: Ledger, lives: Sequence[Life], stage: int, before: Build | None, after: Build
) -> list[Change]:
    """What comes and goes: with money, and from and to the shelf."""
    bought: dict[str, int] = {}
    sold: dict[str, int] = {}
    cents: dict[tuple[str, str], int] = {}
    for life in lives:
        if life.bought == stage:
            bought[life.part] = bought.get(life.part, 0) + life.pieces
            price = ledger.price(life.part, stage) or 0
            cents["buy", life.part] = cents.get(("buy", life.part), 0) + life.pieces * price
        if life.sold == stage:
            sold[life.part] = sold.get(life.part, 0) + life.pieces
            each = ledger.fetched(life.part, life.bought, stage)
            cents["sell", life.part] = cents.get(("sell", life.part), 0) + life.pieces * each
    now = counts(after)
    then = ledger.owned if before is None else counts(before)
    found = []
    for part in dict.fromkeys((*now, *then, *bought, *sold)):
        more = now.get(part, 0) - then.get(part, 0)
        come, go = bought.get(part, 0), sold.get(part, 0)
        found += [("buy", part, come), ("sell", part, go)]
        shelf = more - come + go
        found += [("put in", part, shelf), ("take out", part, -shelf)]
    catalog = ledger.problems[0].world.catalog
    return [
        Change(
            what=what,  # type: ignore[arg-type]
            kind=ledger.kind(part),
            part=part,
            name=catalog.parts[part].name,
            quantity=number,
            cents=cents.get((what, part), 0),
        )
        for what, part, number in found
        if number > 0
    ]


def _told(steps: Sequence[Step], points: int, by_stage: Sequence[int]) -> tuple[str, ...]:
    months = sum(step.months for step in steps)
    text = [f"{points:,} points times months: a score of {points / months:,.0f} over the time"]
    if by_stage:
        lone = sum(step.months * score for step, score in zip(steps, by_stage, strict=True))
        more = 100 * points / lone - 100 if lone else 0
        text.append(
            f"{more:.1f} % more than buying stage by stage"
            if points > lone
            else "no more than buying stage by stage"
        )
    return tuple(text)


def _why(ledger: Ledger) -> tuple[str, ...]:
    """Why there is no plan: the first stage for which all the money until then does not do."""
    from rigopt.outcome import Infeasible
    from rigopt.solving import solve

    for stage, problem in enumerate(ledger.problems):
        money = most_cents(ledger, stage)
        answer = solve(problem.request.replace(budget_cents=money), catalog=problem.world.catalog)
        if isinstance(answer, Infeasible):
            return (f"stage {stage + 1}: {answer.explanation.summary}",)
    return ("no plan meets the wishes about what stays and what the money of each stage buys",)


def graph_of(found: Plan) -> nx.DiGraph:
    """The plan as a path: a node for every stage (with ``score``, ``months``, ``build``) and for
    the start, an edge for what changes (with ``changes``, ``paid_cents``, ``fetched_cents``)."""
    graph = nx.DiGraph()
    before = "start"
    graph.add_node(before)
    for step in found.steps:
        name = f"{step.start:%Y-%m}"
        graph.add_node(name, score=step.build.score, months=step.months, build=step.build)
        graph.add_edge(
            before,
            name,
            changes=step.changes,
            paid_cents=step.paid_cents,
            fetched_cents=step.fetched_cents,
        )
        before = name
    return graph
