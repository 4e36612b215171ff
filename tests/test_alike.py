"""Options that no statement tells apart but by amounts, and the cheapest sets of drives."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Line
from rigopt.catalog import Catalog
from rigopt.cpsat.hunt import Hunt
from rigopt.cpsat.search import Clock, Status, best
from rigopt.encoding import Encoding
from rigopt.narrowing import Columns, Narrowing
from rigopt.narrowing.alike import unbettered
from rigopt.narrowing.sets import TOO_MUCH, dearness, supplied_by_sets
from rigopt.narrowing.standing import leaves
from rigopt.parts import KINDS, REQUIRED_KINDS
from rigopt.problem import MANY_MODELS, SCORED, Problem, rank_of
from rigopt.request import Request
from rigopt.rules.gaps import gap_of
from rigopt.rules.operands import Total
from rigopt.rules.shapes import Balance, Relation, Term
from tests.test_narrowing import REQUESTS

S = TypeVar("S")
ONE_OF_A_KIND = [kind for kind in KINDS if kind not in MANY_MODELS]


def facts_of(problem: Problem, line: Line) -> list[object]:
    """Whatever a relation or the score reads of an option."""
    world = problem.world
    found: list[object] = [problem.score_key(line)] if line.kind == "gpu" else []
    operands = [*SCORED, *(o for s in statements_of(problem, Relation) for o in s.operands)]
    for fact in (leaf for operand in operands for leaf in leaves(operand)):
        if fact.kind == line.kind:
            value = fact.value if isinstance(fact, Total) else fact.of_option
            found.append(value(line, world))
    return found


def asks_of(problem: Problem, line: Line) -> list[int]:
    """What an option adds to every balance."""
    found = []
    for balance in statements_of(problem, Balance):
        for sign, terms in ((1, balance.demand), (-1, balance.supply)):
            values = [t.value(line, problem.world) for t in terms if t.kind == line.kind]
            found.append(sign * sum(v for v in values if v is not None))
            found += [10**9 * (value is None) for value in values]
    return found


def statements_of(problem: Problem, shape: type[S]) -> list[S]:
    rules = [rule for rule in problem.rules if rule.hard]
    return [s for rule in rules for s in rule.statements if isinstance(s, shape)]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_left_out_one_that_is_left_betters(name: str, catalog: Catalog) -> None:
    """It is seen alike by all relations, asks for no more and comes first in price and rank."""
    problem = Problem.of(REQUESTS[name], catalog)
    columns = Columns(problem)
    left = unbettered(columns)
    gone = 0
    for kind in ONE_OF_A_KIND:
        places = set(left[kind].tolist())
        kept = [
            (facts_of(problem, line), asks_of(problem, line), line)
            for place, line in enumerate(columns.lines[kind])
            if place in places
        ]
        for place, line in enumerate(columns.lines[kind]):
            if place in places:
                continue
            gone += 1
            facts, asks = facts_of(problem, line), asks_of(problem, line)
            assert any(
                mine == facts
                and all(a <= b for a, b in zip(less, asks, strict=True))
                and (other.cost_cents or 0, rank_of(other)) < (line.cost_cents or 0, rank_of(line))
                for mine, less, other in kept
            ), line.part.id
    assert gone > 20


def test_it_is_the_same_whatever_was_asked_before(catalog: Catalog) -> None:
    """What is remembered of one request is not taken for another one's."""
    for _ in range(2):
        for request in REQUESTS.values():
            mine = unbettered(Columns(Problem.of(request, catalog)))
            fresh = unbettered(Columns(Problem.of(request, Catalog.load())))
            assert {k: v.tolist() for k, v in mine.items()} == {
                k: v.tolist() for k, v in fresh.items()
            }


drives = st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(0, 50))
"""Pieces, what they supply together, and what they cost."""


@given(st.lists(drives, min_size=1, max_size=5), st.integers(1, 20), st.integers(3, 5))
@settings(max_examples=200, deadline=None)
def test_no_set_that_supplies_enough_is_cheaper(
    offered: list[tuple[int, int, int]], wanted: int, most: int
) -> None:
    """Of every option the cheapest set with it, as all sets of so many pieces say."""
    pieces, supplied, cents = (
        np.array(column, dtype=np.int64) for column in zip(*offered, strict=True)
    )
    found = supplied_by_sets(pieces, supplied, cents, wanted, most)
    for place, one in enumerate(offered):
        prices = [
            sum(option[2] for option in whole)
            for number in range(most)
            for rest in combinations_with_replacement(offered, number)
            if (whole := (one, *rest))
            and sum(option[0] for option in whole) <= most
            and sum(option[1] for option in whole) >= wanted
        ]
        assert min(found[place], TOO_MUCH) == min(prices, default=TOO_MUCH)


@pytest.mark.parametrize("as_wish", [False, True])
def test_the_cheapest_set_of_drives_counts_when_money_is_shared_out(
    as_wish: bool, catalog: Catalog
) -> None:
    """With no more money than the cheapest set and the cheapest of every other kind cost, and a
    little, no other kind may cost more than that little more, though a single drive is much cheaper
    than the set."""
    problem = Problem.of(Request(min_storage_gb=16_000), catalog)
    columns = Columns(problem)
    wide = Narrowing(columns)
    wide.consistent()
    drives_cents = dearness(wide, "storage")

    def narrowed(cents: int) -> Narrowing:
        if not as_wish:
            found = Narrowing(columns, most_cents=cents, within=wide)
        else:
            request = Request(min_storage_gb=16_000, budget_cents=cents)
            found = Narrowing(Columns(Problem.of(request, catalog)), within=wide)
        found._balanced()
        return found

    single = columns.price.amounts["storage"].of_line[wide.left["storage"]]
    assert drives_cents.min() > 1.5 * single.min()
    others = (
        int(amounts.of_line[wide.left[kind]].min())
        for kind, amounts in columns.price.amounts.items()
        if kind != "storage" and not wide.may_lack(kind)
    )
    least = int(drives_cents.min()) + sum(others)
    spare = 2_000
    narrow = narrowed(least + spare)
    for kind in REQUIRED_KINDS:
        before, after = (
            columns.price.amounts[kind].of_line[of.left[kind]] for of in (wide, narrow)
        )
        if kind != "storage":
            assert after.max() <= before.min() + spare < before.max()
    assert narrowed(least - 1).impossible


def test_what_is_to_be_made_small_is_not_left_out(catalog: Catalog) -> None:
    """The least of an amount that no rule and no wish reads is that of one model of everything,
    though only an option has it that another one betters in all else."""
    problem = Problem.of(Request(budget_cents=500_000), catalog)
    columns = Columns(problem)
    kits = columns.lines["memory"]
    left = {kits[place].part.id for place in unbettered(columns)["memory"]}
    wanted = next(line.part.id for line in kits if line.part.id not in left)

    def others(line: Line, _world: object) -> int:
        return int(line.part.id != wanted)

    terms = (Term("memory", others), Term("gpu", lambda _line, _world: 0))
    amount = Balance("others", "kits", demand=terms)
    whole = Encoding(problem, problem.options)
    gap = gap_of(amount, whole)
    assert gap is not None
    status, want = best(whole, gap.terms, Clock(60), 0, minimise=True)
    assert (status, want) == (Status.OPTIMAL, 0)
    assert Hunt(problem, Clock(60)).least(amount) == (Status.OPTIMAL, want)
