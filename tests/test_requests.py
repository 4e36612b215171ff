"""Forty named requests and the answers that stand: a wrong answer shows here, whatever is done to
the search. ``python -m benchmarks.named --update`` writes the answers anew."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.named import Answer, named_requests, optima, plain, solved
from rigopt.catalog import Catalog
from rigopt.request import Request

SLOW = frozenset({"tiny-budget-used", "open-frame-six-cards", "data-and-archive", "that-card-please"})
"""Plain CP-SAT takes longest for these: their answers are proven by ``--update`` only."""


@cache
def requests() -> dict[str, Request]:
    return named_requests(Catalog.load())


NAMES = tuple(requests())
EXPECTED = optima()


def test_every_request_has_an_answer() -> None:
    """As many answers as requests, forty of them, and no wish without a word about it."""
    assert tuple(EXPECTED) == NAMES
    assert len(NAMES) == 40
    assert {answer.status for answer in EXPECTED.values()} == {"optimal", "infeasible"}
    assert {request.market for request in requests().values()} == set(Catalog.load().market_names)


@pytest.mark.parametrize("name", NAMES)
def test_solve_gives_the_answer_that_stands(name: str, catalog: Catalog) -> None:
    """Status, score, total and every part."""
    assert solved(requests()[name], catalog) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(set(NAMES) - SLOW))
def test_plain_cp_sat_proves_it(name: str, catalog: Catalog) -> None:
    """One model of every option, none left out, and no bound: the same answer."""
    assert plain(requests()[name], catalog) == EXPECTED[name]


def test_an_answer_that_does_not_stand_is_told(catalog: Catalog) -> None:
    """The comparison can fail: another total is another answer."""
    name = "images-of-2019"
    answer = solved(requests()[name], catalog)
    assert answer != answer._replace(total_cents=(answer.total_cents or 0) + 1)
    assert isinstance(answer, Answer)
