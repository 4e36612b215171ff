"""Curves on any two axes, against every build that there is."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigopt.build import Build
from rigopt.cpsat.curves import curve
from rigopt.cpsat.search import Clock, Status
from rigopt.draw import draw_w
from rigopt.problem import Problem
from rigopt.tradeoffs import AXES, Axes
from tests.strategies import worlds
from tests.test_alternatives import FEWER, every_value
from tests.test_oracle import Value, World, pose

PAIRS: list[Axes] = list(permutations(AXES, 2))  # type: ignore[arg-type]


def gains(problem: Problem, build: Build, value: Value) -> dict[str, int | None]:
    """What a build has on every axis, more always better; ``None``: not known."""
    draw = draw_w(build, problem.world)
    cards = build.of_kind("gpu")
    return {
        "price": value[1],
        "throughput": value[0],
        "vram": sum(problem.world.chip(c.part).vram_gb * c.quantity for c in cards),  # type: ignore[arg-type]
        "watts": None if draw is None else -draw,
    }


def unbeaten(problem: Problem, axes: Axes) -> list[Build]:
    """The curve by brute force: of all builds at each place that none beats, the best."""
    best: dict[tuple[int, int], tuple[Value, Build]] = {}
    for value, build in every_value(problem):
        here = gains(problem, build, value)
        first, second = here[axes[0]], here[axes[1]]
        if first is None or second is None:
            continue
        place = first, second
        if place not in best or value > best[place][0]:
            best[place] = value, build
    return [
        build
        for place, (_, build) in sorted(best.items(), reverse=True)
        if not any(
            other != place and other[0] >= place[0] and other[1] >= place[1] for other in best
        )
    ]


@given(worlds(), st.sampled_from(PAIRS))
@FEWER
def test_the_curve_is_the_whole_curve(world: World, axes: Axes) -> None:
    """Each point of the curve, and nothing else, none missing; of several builds at one point the
    best by score, price and rank."""
    problem = pose(world)
    found = list(curve(problem, axes, Clock(600)))
    if found[-1].status is not Status.OPTIMAL:
        assert found.pop().status is Status.INFEASIBLE
    builds = [one.build for one in found if one.build is not None]
    want = unbeaten(problem, axes)
    assert sorted(map(repr, builds)) == sorted(map(repr, want))
    assert len(builds) == len(found)
