"""What else there is: near ties, builds with other cards, the curve of price and throughput."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.cpsat.hunt import Hunt
from rigopt.cpsat.search import Clock, Status
from rigopt.outcome import Optimal
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.solving import different, frontier, solve, solve_top
from tests.strategies import worlds
from tests.test_oracle import SMALL, Value, World, admitted, every_build, pose, value

FEWER = settings(SMALL, max_examples=SMALL.max_examples // 2)


def every_value(problem: Problem) -> list[tuple[Value, Build]]:
    """Every admitted build with its score, minus price and minus rank."""
    return [(value(problem, b), b) for b in every_build(problem) if admitted(problem, b)]


def cards(build: Build) -> set[tuple[str, int]]:
    return {Problem.score_key(line)[:2] for line in build.of_kind("gpu")}


@given(worlds())
@FEWER
def test_the_curve_is_the_whole_curve(world: World) -> None:
    """Against every build there is: each point of the curve, and nothing else, none missing."""
    problem = pose(world)
    builds = every_value(problem)
    by_price: dict[int, Value] = {}
    for found, _ in builds:
        by_price[-found[1]] = max(found, by_price.get(-found[1], found))
    want, most = [], -1
    for price in sorted(by_price):
        if by_price[price][0] > most:
            want.append(by_price[price])
            most = by_price[price][0]
    points = [f for f in Hunt(problem, Clock(60)).curve() if f.status is Status.OPTIMAL]
    got = [value(problem, f.build) for f in points if f.build is not None]
    assert got == want[::-1]


@given(worlds(), st.integers(2, 4))
@FEWER
def test_builds_with_other_cards_are_the_best_of_those(world: World, count: int) -> None:
    """Each is the best of all builds that have none of the cards of those before it."""
    problem = pose(world)
    builds = every_value(problem)
    seen: set[tuple[str, int]] = set()
    for found in islice(Hunt(problem, Clock(60)).different(), count):
        left = [item for item in builds if not cards(item[1]) & seen]
        if found.build is None:
            assert left == []
            return
        assert found.build == max(left, key=lambda item: item[0])[1]
        seen |= cards(found.build)


FEATURES: dict[str, Callable[[Build], object]] = {
    "platform": lambda b: {getattr(line.part, "socket", None) for line in b.of_kind("cpu")},
    "gpu": cards,
    "cpu": lambda b: {(line.part.id, line.quantity) for line in b.of_kind("cpu")},
    "memory": lambda b: {(line.part.id, line.quantity) for line in b.of_kind("memory")},
    "cooler": lambda b: {(line.part.id, line.quantity) for line in b.of_kind("cooler")},
}


@given(worlds(), st.integers(2, 4), st.sets(st.sampled_from(sorted(FEATURES)), min_size=1))
@FEWER
def test_builds_that_differ_are_the_best_of_those(
    world: World, count: int, features: set[str]
) -> None:
    """Each is the best of all builds that differ from each of those before it in some feature."""
    problem = pose(world)
    builds = every_value(problem)
    seen: list[list[object]] = []
    for found in islice(different(problem, sorted(features), Clock(60)), count):
        left = [
            item
            for item in builds
            if all([FEATURES[f](item[1]) for f in sorted(features)] != other for other in seen)
        ]
        if found.build is None:
            assert left == []
            return
        assert found.build == max(left, key=lambda item: item[0])[1]
        seen.append([FEATURES[f](found.build) for f in sorted(features)])


def test_the_shipped_catalogue_on_other_platforms(catalog: Catalog) -> None:
    """Three sockets, each build no better than the one before it."""
    answers = solve_top(Request(budget_cents=300_000), 3, differ_in=["platform"], catalog=catalog)
    sockets = [
        getattr(catalog.parts[line.part], "socket", None)
        for answer in answers
        for line in answer.build.parts
        if line.kind == "cpu"
    ]
    assert len(set(sockets)) == len(answers) == 3
    scores = [(answer.build.score or 0, -(answer.build.total_cents or 0)) for answer in answers]
    assert scores == sorted(scores, reverse=True)


@given(worlds(), st.sampled_from((500, 2_000, 5_000)))
@FEWER
def test_the_cheapest_close_to_the_best(world: World, basis_points: int) -> None:
    """No build within the share costs less, and none that costs as little scores more."""
    problem = pose(world)
    builds = every_value(problem)
    hunt = Hunt(problem, Clock(60))
    best = hunt.answer()
    if best.score is None:
        assert builds == []
        return
    least = -(-best.score * (10_000 - basis_points) // 10_000)
    close = [item for item in builds if item[0][0] >= least]
    want = max(close, key=lambda item: (item[0][1], item[0][0], item[0][2]))
    found = hunt.cheapest(best, least)
    assert found.build == want[1]
    assert found.score_bound == best.score


REQUEST = Request(budget_cents=500_000, min_vram_gb=24)


def test_within_saves_money(catalog: Catalog) -> None:
    """The near tie that an answer names is what --within chooses; the bound stays that of the
    best."""
    best = solve(REQUEST, catalog=catalog)
    near = solve(REQUEST.replace(within_bp=500), catalog=catalog)
    assert isinstance(best, Optimal)
    assert isinstance(near, Optimal)
    assert (near.build.score or 0) >= 0.95 * best.score_bound
    assert (near.build.total_cents or 0) <= (best.build.total_cents or 0)
    assert near.score_bound == best.score_bound
    if best.near is not None:
        assert (best.near.score, best.near.total_cents) == (
            near.build.score,
            near.build.total_cents,
        )
        assert best.near.flag == "--within 5%"


def test_top_builds_differ_and_fall(catalog: Catalog) -> None:
    """Scores fall, no two have the same cards, the first is the answer of solve."""
    answers = solve_top(REQUEST, 4, catalog=catalog)
    assert len(answers) == 4
    assert answers[0].build == solve(REQUEST, catalog=catalog).build  # type: ignore[union-attr]
    scores = [answer.build.score or 0 for answer in answers]
    assert scores == sorted(scores, reverse=True)
    named = [
        {(p.part, p.quantity) for p in answer.build.parts if p.kind == "gpu"} for answer in answers
    ]
    assert all(a.isdisjoint(b) for a, b in pairwise(named))


def test_the_curve_ends_where_solve_does(catalog: Catalog) -> None:
    """Price and score rise together; the dearest point is the answer; a budget between two points
    buys the cheaper one."""
    found = frontier(REQUEST, catalog=catalog)
    assert found.complete
    for low, high in pairwise(found.points):
        assert low.total_cents < high.total_cents
        assert low.score < high.score
    answer = solve(REQUEST, catalog=catalog)
    assert isinstance(answer, Optimal)
    assert found.points[-1].parts == answer.build.parts
    low, high = found.points[-2:]
    between = solve(REQUEST.replace(budget_cents=high.total_cents - 1), catalog=catalog)
    assert isinstance(between, Optimal)
    assert between.build.parts == low.parts
