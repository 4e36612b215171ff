"""Requests that share searches get the answers that they get alone, to the byte."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigopt.catalog import Catalog
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.whatif.budgets import HELD, Desk, family
from rigopt.whatif.shocks import Shock, shocked

money = st.one_of(st.none(), st.integers(0, 4_000).map(lambda dollars: 100 * dollars))
requests = st.builds(
    Request,
    budget_cents=money,
    tax_bp=st.sampled_from([0, 0, 825]),
    shipping_cents=st.sampled_from([0, 0, 5_000]),
    within_bp=st.sampled_from([0, 0, 500, 3_000]),
    min_vram_gb=st.sampled_from([None, None, 16, 17]),
    workload=st.sampled_from(["balanced", "cnn-train"]),
    without_parts=st.sampled_from([(), ("nvidia-rtx-5080-founders",)]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(requests, min_size=2, max_size=6))
def test_shared_searches_give_the_answers_of_single_ones(
    asked: list[Request], small: Catalog
) -> None:
    """Whatever a desk was asked before, its answer has the bytes of a lone ``solve``."""
    desk = Desk(small)
    for request in asked:
        alone = solve(request, catalog=small)
        assert desk.solve(request).model_dump_json() == alone.model_dump_json()


@pytest.mark.parametrize("order", [1, -1])
def test_every_cent_around_a_step(order: int, small: Catalog) -> None:
    """Just below the price of a build it is not the answer; from there on it is, rising or not."""
    best = solve(Request(budget_cents=300_000), catalog=small)
    assert best.status == "optimal"
    price = best.build.total_cents or 0
    cents: Sequence[int] = range(price - 2, price + 3)[::order]
    desk = Desk(small)
    for budget in cents:
        answer = desk.solve(Request(budget_cents=budget))
        assert answer.status == "optimal"
        assert (answer.build.parts == best.build.parts) is (budget >= price)
        assert (answer.build.score == best.build.score) is (budget >= price)


def test_supposed_prices_have_searches_of_their_own(small: Catalog) -> None:
    """The same request under other prices is another question, also when asked in turn."""
    desk, request = Desk(small), Request(budget_cents=260_000)
    shocks = ((), (Shock("gpu", 13_000),), (Shock("memory", 40_000),), ())
    for told in (*shocks, *shocks):
        alone = solve(request, catalog=shocked(small, request.market, told))
        assert desk.solve(request, told).model_dump_json() == alone.model_dump_json()


def test_a_row_needs_no_near_tie(small: Catalog) -> None:
    """Without the near tie everything else of the answer is as with it."""
    request = Request(budget_cents=300_000)
    full, lean = Desk(small).solve(request), Desk(small).solve(request, near=False)
    assert lean.model_dump(exclude={"near"}) == full.model_dump(exclude={"near"})


def test_a_family_differs_in_money_alone() -> None:
    """Budgets, taxes and shipping share a family; any other wish makes another."""
    base = Request(budget_cents=100_000)
    assert family(base) == family(base.replace(budget_cents=5, tax_bp=9, shipping_cents=1))
    others = [base.replace(min_vram_gb=8), base.replace(seed=1), base.replace(condition="used")]
    assert len({family(base), *map(family, others)}) == 4


def test_many_questions_leave_no_more_behind_than_a_few(small: Catalog) -> None:
    """A desk holds a few shared searches, however many it was asked for."""
    desk = Desk(small)
    for threads in range(12):
        desk.solve(Request(budget_cents=200_000, min_threads=threads))
    held = [value for value in vars(desk).values() if hasattr(value, "popitem")]
    assert held
    assert all(len(table) <= HELD for table in held)
