"""Machines that people share, and equal machines for a team."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.cpsat.search import Clock, Status, search
from rigopt.encoding import Encoding
from rigopt.errors import InputError
from rigopt.outcome import Infeasible, Optimal
from rigopt.request import Request, make_request
from rigopt.solving import solve
from rigopt.upgrades.teaming import solve_team
from tests.strategies import worlds
from tests.test_oracle import SMALL, World, oracle, pose, value

SHARES: list[dict[str, Any]] = [
    {"users": 2},
    {"users": 2, "users_per_gpu": 2, "vram_per_user_gb": 12},
    {"users": 3, "users_per_gpu": 2, "cores_per_user": 4},
    {"users": 1, "users_per_gpu": 4, "vram_per_user_gb": 16, "threads_per_user": 12},
]


@given(worlds(), st.sampled_from(SHARES))
@settings(SMALL, max_examples=SMALL.max_examples // 5)
def test_shared_machines_against_the_oracle(world: World, share: dict[str, Any]) -> None:
    """Cards, parts of cards, threads and cores for everybody: the best of all builds."""
    request, catalog, lines = world
    if request.min_gpus > 1:
        return
    problem = pose((request.replace(**share), catalog, lines))
    best = oracle(problem)
    found = search(Encoding(problem), Clock(60), seed=0)
    if best is None:
        assert found.status is Status.INFEASIBLE
        return
    assert found.build is not None
    assert value(problem, found.build) == best[0]


def test_a_card_is_shared_by_as_many_as_its_memory_serves(catalog: Catalog) -> None:
    """Four people with 6 GB each on two cards: 12 GB on every card, 13 GB would not do."""
    asked = Request(
        budget_cents=250_000, users=4, users_per_gpu=2, vram_per_user_gb=6, cores_per_user=2
    )
    found = solve(asked, catalog=catalog)
    assert isinstance(found, Optimal)
    (cards,) = (line for line in found.build.parts if line.kind == "gpu")
    assert cards.quantity >= 2
    (cpu,) = (line for line in found.build.parts if line.kind == "cpu")
    assert catalog.parts[cpu.part].cores >= 8  # type: ignore[attr-defined]
    (users,) = (v for v in found.build.verdicts if v.rule == "users")
    assert users.verdict == "ok"
    assert {(n.demand, n.unit) for n in users.numbers} >= {(2, "cards"), (8, "cores")}
    more = check(_again(found, catalog), asked.replace(vram_per_user_gb=40), catalog=catalog)
    assert {v.verdict for v in more.build.verdicts if v.rule == "users"} == {"violated"}


def _again(found: Optimal, catalog: Catalog) -> Any:
    from rigopt.build import Build, Line

    return Build.of(Line(catalog.parts[line.part], line.quantity) for line in found.build.parts)


def test_shares_want_users() -> None:
    """A share without people is refused; people raise the number of cards just as needed."""
    with pytest.raises(InputError, match="--users"):
        make_request({"cores_per_user": 4})
    with pytest.raises(InputError, match="--users"):
        make_request({"users_per_gpu": 2})
    assert make_request({"users": 12, "users_per_gpu": 2}).max_gpus == 6
    assert make_request({"users": 12, "users_per_gpu": 4}).max_gpus == 4


TEAM = Request(
    market="us-2018-06",
    workload="cnn-train",
    budget_cents=900_000,
    users=1,
    max_gpus=2,
    vram_per_user_gb=8,
    ram_per_user_gb=16,
    tax_bp=500,
)


def test_the_best_number_of_equal_rigs(catalog: Catalog) -> None:
    """No number of rigs that serves the team, each solved by itself for its part of the money,
    does more in all; all rigs together cost no more than the budget, with tax."""
    people = 4
    found = solve_team(TEAM, people, catalog=catalog)
    assert found.status == "optimal"
    assert found.best is not None
    assert [size.rigs for size in found.sizes] == [2, 3, 4]
    totals = []
    for size in found.sizes:
        assert size.rigs * size.users >= people
        part = TEAM.charges.affordable(900_000) // size.rigs
        alone = solve(TEAM.replace(users=size.users, budget_cents=part, tax_bp=0), catalog=catalog)
        if isinstance(alone, Infeasible):
            assert size.status == "infeasible"
            continue
        assert isinstance(alone, Optimal)
        assert size.build == alone.build
        assert size.score == size.rigs * (alone.build.score or 0)
        assert size.total_cents is not None
        assert size.total_cents <= 900_000
        totals.append(size.score)
    assert found.best.score == max(totals)


def test_a_team_that_cannot_be_served(catalog: Catalog) -> None:
    """Proven, with what clashes for the fewest rigs."""
    found = solve_team(TEAM.replace(budget_cents=100_000), 3, catalog=catalog)
    assert found.status == "infeasible"
    assert found.best is None
    assert "--budget" in found.text[1]
