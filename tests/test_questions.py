"""Why a part is chosen or not: every claim is solved again."""

from __future__ import annotations

import pytest

from rigopt.catalog import Catalog
from rigopt.outcome import Optimal
from rigopt.reasons.questions import why, why_not
from rigopt.request import Request
from rigopt.solving import solve

REQUEST = Request(budget_cents=300_000, min_vram_gb=16, time_limit_s=3600)


def test_a_part_beyond_the_budget_is_impossible(catalog: Catalog) -> None:
    """With the wishes that clash and the budget that would do."""
    found = why_not("geforce-rtx-5090", REQUEST, catalog=catalog)
    assert found.verdict == "impossible"
    assert found.explanation is not None
    assert "--budget 3000" in found.text[0]
    (way,) = (w for w in found.explanation.ways_out if w.flag.startswith("--budget"))
    enough = REQUEST.replace(
        budget_cents=int(way.flag.split()[1]) * 100, with_parts=("geforce-rtx-5090",)
    )
    assert isinstance(solve(enough, catalog=catalog), Optimal)


def test_cards_without_nvlink_cannot_be_joined(catalog: Catalog) -> None:
    """RTX 2060 cards have no NVLink: wish and rule are named."""
    asked = Request(market="us-2020-08", budget_cents=800_000, nvlink=True)
    found = why_not("geforce-rtx-2060", asked, catalog=catalog)
    assert found.verdict == "impossible"
    assert "nvlink" in " ".join(found.text).casefold()


@pytest.mark.parametrize("part", ["noctua-nh-d15", "geforce-rtx-5080", "intel-core-i5-12400f"])
def test_a_worse_part_says_what_it_costs(part: str, catalog: Catalog) -> None:
    """The build with it is the best that has it, and no better than the answer; at the price
    named it is in the answer, which a solve with that price confirms inside."""
    found = why_not(part, REQUEST, catalog=catalog)
    assert found.verdict == "worse"
    assert found.answer is not None
    assert found.other is not None
    forced = solve(REQUEST.replace(with_parts=(part,)), catalog=catalog)
    assert isinstance(forced, Optimal)
    assert found.other == forced.build
    better = (found.answer.score or 0, -(found.answer.total_cents or 0))
    assert (found.other.score or 0, -(found.other.total_cents or 0)) < better
    if found.enters_at_cents is not None:
        listed = [line.price_cents or 0 for line in found.other.parts if part in line.part]
        assert all(found.enters_at_cents <= cents for cents in listed)


def test_a_chosen_part_says_what_would_be_lost(catalog: Catalog) -> None:
    """Without it the best build is no better, and lacks it."""
    answer = solve(REQUEST, catalog=catalog)
    assert isinstance(answer, Optimal)
    for line in answer.build.parts[:3]:
        found = why(line.part, REQUEST, catalog=catalog)
        assert found.verdict == "chosen"
        assert why_not(line.part, REQUEST, catalog=catalog) == found
        if found.other is not None:
            assert line.part not in {other.part for other in found.other.parts}
            assert (found.other.score or 0) <= (answer.build.score or 0)


def test_no_answer_at_all(catalog: Catalog) -> None:
    """Then no part is the reason."""
    found = why_not("noctua-nh-d15", Request(budget_cents=10_000), catalog=catalog)
    assert found.verdict == "impossible"
    assert found.answer is None
    assert "no build at all" in found.text[0]
