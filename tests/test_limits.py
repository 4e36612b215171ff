"""What holds an answer back: every gain is solved again, and nothing that binds is missing."""

from __future__ import annotations

from typing import Any

import pytest

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.outcome import Infeasible, Optimal
from rigopt.reasons.findings import Limits
from rigopt.reasons.limits import limits_of
from rigopt.reasons.sensitivity import sensitivity_of
from rigopt.request import Request
from rigopt.requestfile import request_from
from rigopt.solving import solve
from tests.explaining import pasted
from tests.smallworld import small_world

ASKED: dict[str, dict[str, Any]] = {
    "poor": {"budget": "1000"},
    "memory": {"budget": "2000", "min-ram": "64", "min-vram": "24"},
    "board": {"with": ["One Slot"], "vendor": ["NVIDIA"]},
    "lanes": {"min-gpu-lanes": "16", "without": ["Four Slots"], "budget": "4000"},
    "watts": {"max-wall-watts": "900"},
}


def found_in(name: str) -> tuple[dict[str, Any], Catalog, Limits]:
    """The limits of a request in the small world."""
    given, catalog = {"market": "small", **ASKED[name]}, small_world(used={"Card 3090": 600})
    request, _ = request_from(given, catalog)
    return given, catalog, limits_of(request, catalog=catalog)


@pytest.mark.parametrize("name", ASKED)
def test_every_gain_is_real(name: str) -> None:
    """Pasting the change gives just the build that was named, which is better; a rule that binds
    is broken by what it keeps away."""
    given, catalog, found = found_in(name)
    assert found.complete
    assert isinstance(found.answer, Optimal)
    best = found.answer.build
    assert found.limits
    for limit in found.limits:
        worth = limit.gain.score, -limit.gain.total_cents
        assert worth > (best.score or 0, -(best.total_cents or 0))
        if limit.kind == "rule":
            assert f"(rule {limit.id})" in limit.text
            continue
        leave_out = () if limit.change else (limit.text.removeprefix("without "),)
        now = pasted(given, limit.change, leave_out)
        request, _ = request_from(now, catalog)
        outcome = solve(request, catalog=catalog)
        assert isinstance(outcome, Optimal)
        assert outcome.build.parts == limit.gain.parts
        assert outcome.build.total_cents == limit.gain.total_cents


def test_what_binds_is_named() -> None:
    """A board with one slot, where several cards would score more; the lanes, where two cards have
    eight each; the outlet, which every watt comes from."""
    assert "wish-with-one-slot" in {limit.id for limit in found_in("board")[2].limits}
    assert "min-gpu-lanes" in {limit.id for limit in found_in("lanes")[2].limits}
    assert "wish-max-wall-watts" in {limit.id for limit in found_in("watts")[2].limits}


def test_the_next_budget_is_the_smallest_that_buys_more() -> None:
    """A dollar less gives the same score."""
    given, catalog, found = found_in("poor")
    assert isinstance(found.answer, Optimal)
    (limit,) = (limit for limit in found.limits if limit.kind == "budget")
    dollars = int(limit.change.split()[1])
    request, _ = request_from({**given, "budget": str(dollars - 1)}, catalog)
    outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Optimal)
    assert outcome.build.score == found.answer.build.score


def test_what_has_nothing_to_spare() -> None:
    """Both numbers of it are equal."""
    _, _, found = found_in("memory")
    assert isinstance(found.answer, Optimal)
    spare = found.answer.no_slack
    assert {"wish-min-storage", "wish-min-ram"} <= {slack.rule for slack in spare}
    assert all(slack.numbers.demand == slack.numbers.supply for slack in spare)


def test_every_answer_says_how_far_a_wish_would_have_to_give() -> None:
    """With the flag to paste, which gives the score that is named."""
    catalog = small_world()
    tight, _ = request_from({"market": "small", "max-wall-watts": "500"}, catalog)
    answer = solve(tight, catalog=catalog)
    assert isinstance(answer, Optimal)
    (bound,) = (item for item in answer.binding if item.flag.startswith("--max-wall"))
    assert bound.score is not None and bound.score > (answer.build.score or 0)
    eased, _ = request_from(pasted({"market": "small"}, bound.change, ()), catalog)
    better = solve(eased, catalog=catalog)
    assert isinstance(better, Optimal)
    assert better.build.score == bound.score


def test_no_answer_no_limits() -> None:
    """The explanation is there instead."""
    request, _ = request_from({"market": "small", "budget": "100"}, small_world())
    found = limits_of(request, catalog=small_world())
    assert isinstance(found.answer, Infeasible)
    assert (found.limits, found.complete) == ((), False)


def test_ranges_of_the_shipped_answer(catalog: Catalog) -> None:
    """At the edges of the budget the same build is the answer; beyond them it is the rival."""
    request = Request(budget_cents=300_000, min_vram_gb=16, time_limit_s=3600)
    found = sensitivity_of(request, ["nvidia-rtx-pro-4000-blackwell"], catalog=catalog)
    assert isinstance(found.answer, Optimal)
    assert found.complete and found.budget is not None
    parts = found.answer.build.parts
    most = found.budget.most_cents
    assert most is not None and found.budget.more is not None and found.budget.less is not None
    for cents, want in (
        (found.budget.least_cents, parts),
        (most, parts),
        (found.budget.least_cents - 1, found.budget.less.parts),
        (most + 1, found.budget.more.parts),
    ):
        outcome = solve(request.replace(budget_cents=cents), catalog=catalog)
        assert isinstance(outcome, Optimal)
        assert outcome.build.parts == want


def test_what_has_no_ranges(catalog: Catalog) -> None:
    """One sentence for a part that nobody sells, and for an answer that is not the best."""
    with pytest.raises(InputError, match="is not sold new"):
        sensitivity_of(Request(market="us-2018-06"), ["geforce-rtx-5090"], catalog=catalog)
    for ask in (sensitivity_of, limits_of):
        with pytest.raises(InputError, match="drop --within"):
            ask(Request(within_bp=500), catalog=catalog)
