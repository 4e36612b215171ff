"""Forty named requests and the answers that stand: a wrong answer shows here, whatever is done to
the search. ``python -m benchmarks.named --update`` proves the answers anew by one model of
everything, which takes minutes; a few of them are proven so here too."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.named import named_requests, optima, plain, solved
from rigopt.catalog import Catalog
from rigopt.request import Request

PROVEN_HERE = ("main-job", "users-of-2018", "before-there-were-such-cards")


@cache
def requests() -> dict[str, Request]:
    return named_requests(Catalog.load())


NAMES = tuple(requests())
EXPECTED = optima()


def test_every_request_has_an_answer() -> None:
    """Forty requests, an answer each, over every market; some are impossible, most are not."""
    assert tuple(EXPECTED) == NAMES
    assert len(NAMES) == 40
    assert sum(answer.status == "infeasible" for answer in EXPECTED.values()) == 4
    assert {request.market for request in requests().values()} == set(Catalog.load().market_names)


@pytest.mark.parametrize("name", NAMES)
def test_solve_gives_the_answer_that_stands(name: str, catalog: Catalog) -> None:
    """Status, score, total and every part."""
    assert solved(requests()[name], catalog) == EXPECTED[name]


@pytest.mark.parametrize("name", PROVEN_HERE)
def test_one_model_of_everything_gives_it_too(name: str, catalog: Catalog) -> None:
    """No option left out and no bound: the same answer."""
    assert plain(requests()[name], catalog) == EXPECTED[name]
