"""Builds found by propagation alone, and what narrowing knows of kinds that no build lacks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rigopt.catalog import Catalog
from rigopt.cpsat.search import Clock, Found, Status, search
from rigopt.encoding import Encoding
from rigopt.narrowing import LITTLE, Columns, Narrowing
from rigopt.narrowing.dive import Dive
from rigopt.problem import Problem
from rigopt.request import Request
from tests.strategies import worlds
from tests.test_oracle import SMALL, World, pose


def narrowed(problem: Problem, most_judged: int | None = None) -> Narrowing:
    """What consistency leaves of a problem."""
    left = Narrowing(Columns(problem), most_judged=most_judged)
    left.consistent()
    return left


def searched(problem: Problem) -> Found:
    """The answer of one model of everything."""
    return search(Encoding(problem, problem.options), Clock(60), seed=0)


@pytest.mark.parametrize(
    "request_",
    [Request(), Request(min_storage_gb=3_000), Request(min_gpus=2, min_vram_gb=24)],
    ids=["default", "storage", "two cards"],
)
def test_what_is_found_keeps_the_usual_wishes(request_: Request, catalog: Catalog) -> None:
    """Sums of drives, too, although a rig may have more of them: a build that breaks a wish that is
    there by default is of no use."""
    problem = Problem.of(request_, catalog)
    build = Dive().build(narrowed(problem, LITTLE))
    assert build is not None
    assert [rule.id for rule in problem.rules if not rule.admits(build, problem.world)] == []


@given(worlds())
@settings(SMALL)
def test_what_is_found_is_a_build_of_the_options(world: World) -> None:
    """One option at most of every kind, one of each that every rig has; and where the rules leave
    nothing, nothing is found."""
    problem = pose(world)
    build = Dive().build(narrowed(problem))
    if build is None:
        return
    assert all(line in problem.options[line.kind] for line in build.lines)
    assert all(len(build.of_kind(kind)) == 1 for kind in problem.required)
    whole = searched(problem)
    kept = all(rule.admits(build, problem.world) for rule in problem.rules if rule.hard)
    assert not (kept and whole.status is Status.INFEASIBLE)


@given(worlds())
@settings(SMALL)
def test_no_build_lacks_what_none_may_lack(world: World) -> None:
    """Kinds that a balance demands are in the best build, whatever it is."""
    problem = pose(world)
    left, whole = narrowed(problem), searched(problem)
    assert not (left.impossible and whole.build is not None)
    if whole.build is not None:
        held = {line.kind for line in whole.build.lines}
        assert held.issuperset(kind for kind in left.left if not left.may_lack(kind))


@given(worlds())
@settings(SMALL)
def test_no_build_has_more_points_than_is_left(world: World) -> None:
    """With the cards, ways to wire them and cores that are left."""
    problem = pose(world)
    left, whole = narrowed(problem), searched(problem)
    assert (whole.score or 0) <= (0 if left.impossible else left.most_points())
