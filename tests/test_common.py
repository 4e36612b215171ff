"""What problems of one catalogue have in common, and how much of it is kept."""

from __future__ import annotations

import pytest

from rigopt import common
from rigopt.catalog import Catalog
from rigopt.problem import Problem
from rigopt.request import Request

CIRCUITS = [Request(max_psus=psus, max_gpus=cards) for psus in (1, 2) for cards in (1, 2, 3, 4)]
"""Sorts of problems: not only their wishes differ."""


def posed(request: Request, catalog: Catalog) -> common.Common:
    """What a problem has in common with others, its options among it."""
    problem = Problem.of(request, catalog)
    assert problem.options
    return problem.common


def test_wishes_make_no_other_sort(small: Catalog) -> None:
    """Requests that differ in wishes only share what was worked out."""
    some = posed(Request(budget_cents=100_000), small)
    assert posed(Request(budget_cents=900_000, min_vram_gb=24), small) is some


def test_what_an_explanation_asks_is_still_there(small: Catalog) -> None:
    """One request, the ways out of it, and the request again: nothing is worked out twice."""
    first = [posed(request, small) for request in CIRCUITS]
    assert [posed(request, small) for request in CIRCUITS] == first


def test_of_large_catalogues_few_are_kept(small: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last few sorts, however many options they have; not more, if these are many."""
    monkeypatch.setattr(common, "MOST_OPTIONS", 0)
    first = [posed(request, small) for request in CIRCUITS]
    assert len(small.kept) == common.FEW
    again = [posed(request, small) for request in reversed(CIRCUITS)]
    kept = [old is new for old, new in zip(reversed(first), again, strict=True)]
    assert kept == [True] * common.FEW + [False] * (len(CIRCUITS) - common.FEW)
