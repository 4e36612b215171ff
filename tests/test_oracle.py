"""The solver against an oracle that enumerates every build and asks the solver-free checker."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import assess
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, run, search
from rigopt.encoding import Encoding
from rigopt.problem import MANY_MODELS, Problem, rank_of
from rigopt.request import Request
from rigopt.rules.base import Verdict
from tests.strategies import worlds

World = tuple[Request, Catalog, tuple[Line, ...]]
Value = tuple[int, int, int]
"""Score, minus price, minus rank: the larger the better."""

EXAMPLES = int(os.environ.get("RIGOPT_EXAMPLES", "150"))
"""Raise it for a longer hunt."""
SMALL = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def every_build(problem: Problem) -> Iterator[Build]:
    """Every set of lines of the right shape: nothing of the rules is used."""
    choices: list[list[tuple[Line, ...]]] = []
    for kind, options in problem.options.items():
        if kind in MANY_MODELS:
            sets = [
                chosen
                for size in range(1, len(options) + 1)
                for chosen in combinations(options, size)
                if len({line.part.id for line in chosen}) == size
                and sum(line.quantity for line in chosen) <= problem.world.most_drives
            ]
        else:
            sets = [(line,) for line in options]
        if kind not in problem.required:
            sets.append(())
        choices.append(sets)
    for chosen in product(*choices):
        yield Build.of(line for lines in chosen for line in lines)


def admitted(problem: Problem, build: Build) -> bool:
    """Whether the checker lets a build pass."""
    return all(rule.admits(build, problem.world) for rule in problem.rules)


def value(problem: Problem, build: Build) -> Value:
    """What is maximised, computed without the solver."""
    cost = build.cost_cents
    assert cost is not None
    rank = sum(rank_of(line) for line in build.lines)
    return problem.score_of(build) or 0, -cost, -rank


def oracle(problem: Problem) -> tuple[Value, Build] | None:
    """The best admitted build of all."""
    found = [(value(problem, b), b) for b in every_build(problem) if admitted(problem, b)]
    return max(found, key=lambda item: item[0], default=None)


def pose(world: World) -> Problem:
    request, catalog, lines = world
    return replace(Problem.of(request, catalog), given=lines)


@given(worlds())
@SMALL
def test_the_solver_finds_what_the_oracle_finds(world: World) -> None:
    """Same status, same score, same price, same build."""
    problem = pose(world)
    best = oracle(problem)
    found = search(Encoding(problem), Clock(60), seed=0)
    if best is None:
        assert found.status is Status.INFEASIBLE
        return
    assert found.status is Status.OPTIMAL
    assert found.build is not None
    assert value(problem, found.build) == best[0]
    assert found.build == best[1]
    assert found.score == best[0][0]


@given(worlds(), st.randoms(use_true_random=False))
@SMALL
def test_the_order_of_options_does_not_matter(world: World, random: object) -> None:
    """Shuffled options, same answer."""
    request, catalog, lines = world
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = search(Encoding(pose(world)), Clock(60), seed=0)
    again = search(Encoding(pose((request, catalog, tuple(shuffled)))), Clock(60), seed=7)
    assert (again.status, again.build) == (first.status, first.build)


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 12)
def test_dropping_a_rule_never_hurts(world: World) -> None:
    """Fewer rules, no lower score; what was possible stays possible."""
    problem = pose(world)
    encoding = Encoding(problem)
    base = search(encoding, Clock(60), seed=0)
    if base.score is None:
        return
    for owner in encoding.owners():
        less = search(encoding, Clock(60), seed=0, dropped=[owner])
        assert less.score is not None
        assert less.score >= base.score


@given(worlds(), st.data())
@SMALL
def test_every_rule_checks_as_it_encodes(world: World, data: st.DataObject) -> None:
    """For any build and any single rule: the model with the build fixed is feasible just if the
    checker admits the build."""
    problem = pose(world)
    lines = [
        data.draw(st.sampled_from([*options, *([] if kind in problem.required else [None])]))
        for kind, options in problem.options.items()
        if options
    ]
    build = Build.of(line for line in lines if line is not None)
    fixed = replace(problem, given=build.lines)
    encoding = Encoding(fixed, fixed.options)
    chosen = [literal for line in build.lines for _, literal in encoding.options(line.kind)]
    for rule in problem.rules:
        if not rule.hard:
            continue
        model = Model(encoding, dropped=[name for name in encoding.owners() if name != rule.id])
        model.fix(chosen)
        feasible = run(model, Clock(60), seed=0)[0] is Status.OPTIMAL
        admitted = rule.admits(build, problem.world)
        assert (rule.id, feasible) == (rule.id, admitted), rule.check(build, problem.world)


def test_the_worlds_are_worth_testing() -> None:
    """The generator gives feasible and infeasible worlds, several cards, and tight budgets."""
    seen: Counter[str] = Counter()

    @given(worlds())
    @settings(SMALL, max_examples=100, database=None, derandomize=True)
    def look(world: World) -> None:
        problem = pose(world)
        found = search(Encoding(problem), Clock(60), seed=0)
        seen[found.status.value] += 1
        if found.build is not None:
            seen["several cards"] += found.build.of_kind("gpu")[0].quantity > 1
            seen["bridge"] += bool(found.build.of_kind("nvlink_bridge"))
            verdicts = {v.verdict for v in assess(found.build, problem).verdicts}
            seen["unknown admitted"] += Verdict.UNKNOWN.value in verdicts

    look()
    assert seen["optimal"] >= 15, seen
    assert seen["infeasible"] >= 20, seen
    assert seen["several cards"] >= 3, seen


def test_cards_of_unknown_size_score_nothing(catalog: Catalog) -> None:
    """Two cards whose wiring cannot be known claim no points beside two that can be seated."""
    known = catalog.parts["nvidia-rtx-a5000"]
    vague = known.model_copy(
        update={"id": "vague", "name": "A5000 of any size", "slots_covered": None}
    )
    wider = catalog.with_parts([vague])
    request = Request(min_gpus=2, max_gpus=2, allow_unknown=True, with_parts=("vague",))
    problem = Problem.of(request.replace(condition="any"), wider)
    lines = [line for kind, lines in problem.options.items() if kind != "gpu" for line in lines]
    price = problem.world.market.offer(known.id, ("new", "used"))
    cards = [Line(part, 2, 0, price) for part in (known, vague)]
    found = search(Encoding(replace(problem, given=(*lines, *cards))), Clock(60), seed=0)
    assert found.build is not None
    assert found.build.of_kind("gpu")[0].part.id == "vague"
    assert found.score == 0
