"""What published authors decided against, and requests that cannot be met, on the shipped
catalogue: the reason that is told is the right one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rigopt.catalog import Catalog
from rigopt.cpsat.probe import Probe
from rigopt.cpsat.search import Clock
from rigopt.outcome import Explanation, Infeasible
from rigopt.parts import GpuCard, Motherboard
from rigopt.problem import Problem
from rigopt.reasons.cores import Core
from rigopt.reasons.easing import WIDER
from rigopt.reasons.questions import Why, why_not
from rigopt.reasons.waysout import explain
from rigopt.request import Request
from rigopt.requestfile import request_from
from rigopt.rules.standard import RULES
from rigopt.solving import solve
from tests.explaining import pasted

QUESTIONS = Path(__file__).parent / "questions"


def asked(part: str, catalog: Catalog, question: str | None = None, **wishes: Any) -> Why:
    """Why not this part, with the wishes of a published rig and more."""
    given = {"time-limit": "3600", **{n.replace("_", "-"): value for n, value in wishes.items()}}
    file = None if question is None else QUESTIONS / f"{question}.yaml"
    request, _ = request_from(given, catalog, file=file)
    return why_not(part, request, catalog=catalog)


def refused(catalog: Catalog, **wishes: Any) -> Explanation:
    """Why there is no build."""
    given = {"time-limit": "3600", **{n.replace("_", "-"): value for n, value in wishes.items()}}
    request, _ = request_from(given, catalog)
    outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Infeasible), outcome.status
    return outcome.explanation


def told(found: Explanation) -> dict[str, str]:
    """Every reason of every clash by id."""
    return {r.id: r.text for clash in (found, *found.further) for r in clash.reasons}


def flags(found: Explanation) -> set[str]:
    """What may be pasted or left out."""
    return {part for way in found.ways_out for part in (way.flag, *way.leave_out)}


# --- what published authors decided against ----------------------------------------------------


def test_a_fourth_1080_ti_on_a_board_that_cannot_take_it(catalog: Catalog) -> None:
    """2018: three users, three cards, "the motherboard can't handle a 4th": three is the most on
    that board, and without it a fourth card has its place."""
    found = refused(
        catalog,
        market="us-2018-06",
        min_gpus="4",
        **{"with": ["GTX 1080 Ti", "ASUS Prime X299-A"]},
    )
    reasons = told(found)
    assert set(reasons) >= {"wish-min-gpus", "wish-with-asus-prime-x299-a", "gpu-placement"}
    assert "at most 3 cards" in reasons["wish-min-gpus"]
    assert {"--min-gpus 3", "--with asus-prime-x299-a"} <= flags(found)


def test_tall_rgb_memory_under_an_nh_d15(catalog: Catalog) -> None:
    """2020: "large air cooler leaves little RAM clearance": both heights are told."""
    found = asked(
        "corsair-vengeance-rgb-pro-32gb-2x16gb-ddr4-3600",
        catalog,
        market="us-2020-08",
        workload="training",
        nvlink=True,
        min_total_vram="48",
        **{"with": ["noctua-nh-d15-chromax-black"]},
    )
    assert found.verdict == "impossible"
    text = " ".join(found.text)
    assert "cooler-ram" in text
    assert "51 mm > 32 mm under Noctua NH-D15 chromax.black" in text


def test_a_threadripper_against_a_ryzen_7(catalog: Catalog) -> None:
    """2019: "Ryzen 7 + board is the price of a Threadripper board alone": with the Threadripper
    the same money buys less, and it would have to be cheaper."""
    found = asked("amd-ryzen-threadripper-2920x", catalog, "s2-2019-desktop", budget="2000")
    assert found.verdict == "worse"
    assert found.answer is not None and found.other is not None
    assert (found.other.score or 0) < (found.answer.score or 0)
    assert found.enters_at_cents is not None
    assert "scores" in found.text[0] and "less" in found.text[0]


def test_an_18_core_cpu_over_budget(catalog: Catalog) -> None:
    """2020: the i9-9980XE is possible, scores no more and costs more; under his budget it is not
    even possible."""
    rich = asked("intel-core-i9-9980xe", catalog, "s3-2020-dual-titan", budget="7500")
    assert rich.verdict == "worse"
    assert rich.answer is not None and rich.other is not None
    assert rich.other.score == rich.answer.score
    assert (rich.other.total_cents or 0) > (rich.answer.total_cents or 0)
    poor = asked("intel-core-i9-9980xe", catalog, "s3-2020-dual-titan", budget="6500")
    assert poor.verdict == "impossible"
    assert "beside --budget 6500" in poor.text[0]
    assert poor.enters_at_cents == rich.enters_at_cents


def test_2080_ti_instead_of_titan_rtx(catalog: Catalog) -> None:
    """2020: 48 GB together were wanted; four cards of 11 GB are the most."""
    found = asked("geforce-rtx-2080-ti", catalog, "s3-2020-dual-titan", budget="7500")
    assert found.verdict == "impossible"
    assert "beside --min-total-vram 48" in found.text[0]
    assert "at most 44 GB: 4 x" in " ".join(found.text)


# --- what cannot be ----------------------------------------------------------------------------


def test_48_gb_for_600(catalog: Catalog) -> None:
    """Not even the cheapest rig costs so little; the ways out name the budget, and what used parts
    give for it."""
    found = refused(catalog, budget="600", min_vram="48")
    assert set(told(found)) == {"wish-budget"}
    offered = flags(found)
    assert any(flag.startswith("--budget ") for flag in offered)
    assert any(flag.startswith("--used --min-vram ") for flag in offered)


def test_four_4090_joined_by_nvlink(catalog: Catalog) -> None:
    """Both are told: that these cards have no NVLink, and that four have no place."""
    found = refused(catalog, min_gpus="4", nvlink=True, used=True, **{"with": ["geforce-rtx-4090"]})
    reasons = told(found)
    assert {"wish-nvlink", "gpu-nvlink", "wish-with-geforce-rtx-4090"} <= set(reasons)
    assert {"wish-min-gpus", "gpu-placement"} <= set(reasons)
    assert "--with geforce-rtx-4090" in flags(found)


def test_four_350_w_cards_on_a_small_outlet(catalog: Catalog) -> None:
    """Two supplies do not help on one circuit of 120 V and 15 A: its watts and theirs are told,
    and that a larger circuit, a second one, or lower limits do."""
    found = refused(
        catalog,
        min_gpus="4",
        circuit="120v-15a",
        used=True,
        max_psus="2",
        open_frame=True,
        **{"with": ["geforce-rtx-3090"]},
    )
    reasons = told(found)
    assert set(reasons) == {"wish-min-gpus", "wish-with-geforce-rtx-3090", "wall-circuit"}
    assert "that the wall gives" in reasons["wall-circuit"]
    assert {"--power-limit auto", "--min-gpus 3"} <= flags(found)
    assert any(flag.startswith("--circuit ") for flag in flags(found))


def test_two_4090_in_an_sfx_case(catalog: Catalog) -> None:
    """One card is the most that such a case takes with its supplies."""
    found = refused(
        catalog,
        min_gpus="2",
        used=True,
        **{"with": ["geforce-rtx-4090", "lian-li-o11-dynamic-mini"]},
    )
    assert "wish-with-lian-li-o11-dynamic-mini" in told(found)
    assert "--with lian-li-o11-dynamic-mini" in flags(found)


def test_128_gb_on_two_slots_of_32(catalog: Catalog) -> None:
    """64 GB is the most."""
    board = catalog.parts["gigabyte-b550m-ds3h"]
    assert isinstance(board, Motherboard)
    small = board.model_copy(update={"memory_slots": 2, "memory_module_max_gb": 32})
    found = refused(catalog.with_parts([small]), min_ram="128", **{"with": ["gigabyte-b550m-ds3h"]})
    reasons = told(found)
    assert "at most 64 GB" in reasons["wish-min-ram"]
    assert {"--min-ram 64", "--with gigabyte-b550m-ds3h"} <= flags(found)


def test_a_part_that_is_not_sold_in_the_market(catalog: Catalog) -> None:
    """Said so, with the market that has it."""
    found = refused(catalog, market="us-2018-06", **{"with": ["geforce-rtx-5090"]})
    assert "not sold new in United States, June 2018" in found.reasons[0].text
    assert "--market us-2026" in flags(found)


def test_only_unknown_facts_forbid(catalog: Catalog) -> None:
    """A card of unknown length is refused for that alone, and may be admitted."""
    card = catalog.parts["nvidia-rtx-pro-4000-blackwell"]
    assert isinstance(card, GpuCard)
    vague = catalog.with_parts([card.model_copy(update={"length_mm": None})])
    found = refused(vague, **{"with": ["nvidia-rtx-pro-4000-blackwell"]})
    assert "cannot be told: not known: length_mm" in " ".join(told(found).values())
    assert "--allow-unknown" in flags(found)


def test_each_is_told_in_little_time(catalog: Catalog) -> None:
    """A handful of questions to the solver, however many rules and parts there are."""
    counted: list[Probe] = []
    start = Probe.__init__

    def counting(self: Probe, *given: Any) -> None:
        start(self, *given)
        counted.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Probe, "__init__", counting)
        refused(catalog, budget="600", min_vram="48")
    assert sum(probe.runs for probe in counted) <= 12


def test_what_was_not_decided_is_never_called_impossible(catalog: Catalog) -> None:
    """With no time left the clash is not called minimal, nothing is said of what is possible, and
    no way out is named; rules that were not shown to be needed are not told by the dozen."""
    problem = Problem.of(Request(budget_cents=60_000, min_vram_gb=48), catalog)

    def again(request: Request) -> Probe:
        return Probe(Problem.of(request, catalog), Clock(0))

    found = explain(problem, Probe(problem, Clock(0)), again)
    assert not found.minimal
    assert found.ways_out == ()
    assert all(reason.witness is None and reason.reached is None for reason in found.reasons)
    assert Core(RULES, minimal=False).untold
    assert not Core(RULES, minimal=True).untold


def test_what_is_offered_is_known(catalog: Catalog) -> None:
    """Rules that a change may help with exist, and so do the flags to paste."""
    wishes = {"wish-min-total-vram", "wish-model", "wish-max-wall-watts"}
    known = {rule.id for rule in RULES} | wishes
    for wider in WIDER:
        assert wider.rules <= known
        request, _ = request_from(pasted({}, wider.change.flag, ()), catalog)
        assert request == Request().replace(**wider.change.fields)
