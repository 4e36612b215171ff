"""Cards in a rig: how many hold a copy, what several do, what the CPU feeds, the one number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigopt.catalog import Catalog
from rigopt.checking import rate_of
from rigopt.comparing import compare_cards, parse_link
from rigopt.errors import InputError
from rigopt.parts import GpuChip
from rigopt.problem import BEST_LINK, Problem
from rigopt.request import Request
from rigopt.scaling import Link
from rigopt.throughput import SCORE_OF_REFERENCE, ChipSpeed, Scorer, Speed, fed, read_in
from rigopt.workloads import mix_named, mixes, reference_chip_id, workloads

CATALOG = Catalog.load()
CHIPS = sorted(CATALOG.chips)
WIDE = Link(pcie_gen=4, lanes=16)
NARROW = Link(pcie_gen=3, lanes=8)


@pytest.fixture
def reference(catalog: Catalog) -> GpuChip:
    return catalog.chips[reference_chip_id()]


def speed(
    workload: str, chip: str, count: int = 1, link: Link | None = None, limit_w: int | None = None
) -> Speed:
    found = ChipSpeed(workloads()[workload], CATALOG.chips[chip]).speed(count, link, limit_w)
    assert found is not None
    return found


def test_the_reference_scores_a_thousand(reference: GpuChip) -> None:
    """One reference card is 1,000 in every mix."""
    for mix in mixes().values():
        scorer = Scorer(mix, reference)
        speeds = scorer.speeds(reference, 1, None)
        assert speeds is not None
        assert scorer.score(s.per_second for s in speeds) == SCORE_OF_REFERENCE


def test_every_workload_states_what_it_rests_on() -> None:
    """Cost by formula, need by formula, a measured group, evidence for several cards."""
    assert len(workloads()) >= 20
    for workload in workloads().values():
        assert workload.cost.flops_formula
        assert workload.cost.source
        assert workload.cards.evidence
        assert workload.rate.why
        assert workload.rate.cost.compute_gflop >= 0
        assert workload.need.total_bytes > 0
    measured = [w.name for w in workloads().values() if not w.is_estimate]
    assert {"cnn-train", "bert-base-finetune", "gpt2-pretrain", "llm-decode-7b"} <= set(measured)


@given(
    st.sampled_from(sorted(workloads())),
    st.sampled_from(CHIPS),
    st.sampled_from(
        ("mem_bandwidth_gb_s", "tensor_fp16_fp32acc_gflops", "tensor_fp16_gflops", "vram_gb")
    ),
    st.floats(1.01, 3),
)
def test_better_hardware_is_never_slower(
    workload: str, chip: str, field: str, factor: float
) -> None:
    """More bandwidth, arithmetic or memory never lowers what one card does."""
    before = CATALOG.chips[chip]
    if getattr(before, field) is None:
        return
    after = before.model_copy(update={field: math.ceil(getattr(before, field) * factor)})
    rates = [ChipSpeed(workloads()[workload], c).speed(1, None) for c in (before, after)]
    assert rates[0] is not None and rates[1] is not None
    assert rates[1].per_second >= rates[0].per_second


@pytest.mark.parametrize(
    ("workload", "chip", "measured", "within"),
    [
        # llama.cpp scoreboard, discussion 15013: llama2-7b q4_0 tg128 and pp512 on CUDA
        ("llm-decode-7b", "geforce-rtx-3090", 158, 0.2),
        ("llm-decode-7b", "geforce-rtx-4090", 189, 0.2),
        ("llm-prefill-7b", "geforce-rtx-4090", 11_000, 0.35),
        # lambdal/deeplearning-benchmark, 20.10 container, AMP
        ("cnn-train", "rtx-a6000", 901, 0.15),
        # ResNet-50 AMP on one RTX 4090 across sources: 1,285 to 1,361 images/s
        ("cnn-train", "geforce-rtx-4090", 1_320, 0.15),
        # hardware-corner.net: Qwen3 32B Q4_K_XL at 16k tokens on an RTX 4090 and 5090
        ("llm-decode-32b", "geforce-rtx-4090", 34, 0.25),
    ],
)
def test_published_rates_are_met(workload: str, chip: str, measured: float, within: float) -> None:
    """Figures of single cards that others published lie within the model's error."""
    assert abs(speed(workload, chip).per_second / measured - 1) <= within


def test_memory_is_a_wall(reference: GpuChip) -> None:
    """A card too small for a workload runs it 27 times slower, as published."""
    workload = workloads()["lora-finetune-8b"]
    small = reference.model_copy(update={"vram_gb": workload.vram_gb - 1})
    fits, spills = (ChipSpeed(workload, c).speed(1, None) for c in (reference, small))
    assert fits is not None and spills is not None
    assert (fits.held, spills.held) == ("each", "outside")
    assert fits.per_second / spills.per_second >= 27


def test_cards_share_a_model_only_where_the_work_allows() -> None:
    """Decoding splits layers over cards; LoRA wants a copy on each; a 4-bit 70B needs two."""
    assert speed("llm-decode-70b", "geforce-rtx-3090").held == "outside"
    assert speed("llm-decode-70b", "geforce-rtx-3090", 2, WIDE)[1:] == ("together", 2)
    assert speed("llm-decode-70b", "rtx-a6000", 2, WIDE)[1:] == ("each", 1)
    assert speed("lora-finetune-8b", "geforce-rtx-4080", 2, WIDE).held == "outside"
    assert speed("qlora-finetune-70b", "geforce-rtx-3090", 2, WIDE)[1:] == ("together", 2)
    assert speed("full-finetune-8b", "a100-pcie-80gb", 4, WIDE)[1:] == ("together", 4)


def test_four_cards_hold_two_copies_of_what_two_hold() -> None:
    """Decoding in pairs: twice the throughput of a pair, but for the little that copies lose."""
    pair = speed("llm-decode-70b", "geforce-rtx-3090", 2, WIDE)
    four = speed("llm-decode-70b", "geforce-rtx-3090", 4, WIDE)
    assert four.copy_cards == 2
    assert 1.9 < four.per_second / pair.per_second <= 2
    one_card_large_enough = speed("llm-decode-70b", "rtx-pro-6000-blackwell").per_second
    bandwidth = [CATALOG.chips[c] for c in ("geforce-rtx-3090", "rtx-pro-6000-blackwell")]
    ratio = bandwidth[0].mem_bandwidth_gb_s / bandwidth[1].mem_bandwidth_gb_s
    assert pair.per_second < one_card_large_enough * ratio * 1.3  # a split is no faster than one


def test_links_and_heat_order_as_measured() -> None:
    """Two cards beat one; a narrower link loses, a bridge gains, heat costs."""

    def rate(link: Link) -> float:
        return speed("bert-large-finetune", "geforce-rtx-3090", 2, link).per_second

    one = speed("bert-large-finetune", "geforce-rtx-3090").per_second
    assert (
        one < rate(NARROW) < rate(WIDE) < rate(WIDE.model_copy(update={"nvlink": True})) < 2 * one
    )
    assert rate(WIDE.model_copy(update={"crowded": True})) < rate(WIDE)
    lost = [
        1
        - speed("bert-large-finetune", chip, 2, WIDE).per_second
        / (2 * speed("bert-large-finetune", chip).per_second)
        for chip in ("geforce-rtx-3090", "rtx-a5000")
    ]
    assert lost[1] < lost[0] / 2  # peer-to-peer


LINKS = st.builds(
    Link,
    pcie_gen=st.integers(2, 6),
    lanes=st.sampled_from((1, 2, 4, 8, 16)),
    nvlink=st.booleans(),
    through_cpu=st.booleans(),
    crowded=st.booleans(),
)


@given(
    st.sampled_from(sorted(mixes())),
    st.sampled_from(CHIPS),
    st.integers(2, 8),
    LINKS,
    st.integers(1, 128),
)
def test_no_rig_beats_the_bound_of_its_cards(
    mix: str, chip: str, count: int, link: Link, cores: int
) -> None:
    """With the best link and all the cores they want, cards score no less than with any other:
    the search relies on it."""
    scorer = Scorer(mix_named(mix), CATALOG.chips[reference_chip_id()])
    most = scorer.speeds(CATALOG.chips[chip], count, BEST_LINK)
    mine = scorer.speeds(CATALOG.chips[chip], count, link)
    assert most is not None and mine is not None
    bound = scorer.score(s.per_second for s in most)
    assert scorer.score((s.per_second for s in mine), cores) <= bound


def test_several_cards_without_a_known_link_are_not_predicted(reference: GpuChip) -> None:
    """Unknown wiring gives no number."""
    assert ChipSpeed(workloads()["cnn-train"], reference).speed(2, None) is None


def test_a_cap_costs_what_was_measured() -> None:
    """80 % of the watts keep over 95 % of an RTX 3090's training (Puget); decoding keeps more."""
    full, capped = (speed("cnn-train", "geforce-rtx-3090", limit_w=w) for w in (None, 280))
    assert 0.93 < capped.per_second / full.per_second < 1
    half = [
        speed(w, "geforce-rtx-3090", limit_w=200).per_second
        / speed(w, "geforce-rtx-3090").per_second
        for w in ("cnn-train", "llm-decode-7b")
    ]
    assert half[0] < half[1]


def test_the_cpu_feeds_image_training() -> None:
    """About 190 images/s a core; language models hardly need one."""
    train, decode = workloads()["cnn-train"], workloads()["llm-decode-7b"]
    assert 150 < fed(train, 1) < 260  # 111 to 250 images/s a core published
    assert fed(train, 8) == 8 * fed(train, 1)
    assert math.inf in (fed(decode, 1), fed(train, None))


def test_drives_feed_image_training(catalog: Catalog) -> None:
    """A data set on one SATA drive feeds some 4,900 images/s, on a hard disk next to none; a rig
    whose drives are the limit says so."""
    train = workloads()["cnn-train"]
    assert 4_500 < read_in(train, 550) < 5_200  # 113 kB an image
    assert read_in(train, None) == math.inf
    assert read_in(workloads()["llm-decode-7b"], 1) == math.inf
    card = ChipSpeed(train, catalog.chips["geforce-rtx-4090"]).speed(8, WIDE)
    assert card is not None
    assert rate_of(train, [card], 8, 200, 550).limited_by == "storage"
    assert rate_of(train, [card], 8, 8, 550).limited_by == "CPU cores"
    assert rate_of(train, [card], 8, 200, 7_000).limited_by == "GPU"


def test_more_cores_raise_the_score_until_the_cards_are_the_limit(reference: GpuChip) -> None:
    """And then no more."""
    scorer = Scorer(mix_named("cnn-train"), reference)
    speeds = scorer.speeds(reference, 4, WIDE)
    assert speeds is not None
    rates = [s.per_second for s in speeds]
    points = [scorer.score(rates, cores) for cores in range(4, 40)]
    assert points == sorted(points)
    assert points[0] < points[8] < points[-1] == scorer.score(rates)


def test_every_chip_has_a_score(catalog: Catalog, reference: GpuChip) -> None:
    """The balanced mix ranks the whole catalogue, and big new cards above small old ones."""
    scorer = Scorer(mix_named("balanced"), reference)
    points = {}
    for chip in catalog.chips.values():
        speeds = scorer.speeds(chip, 1, None)
        assert speeds is not None
        points[chip.id] = scorer.score(s.per_second for s in speeds)
    order = [
        "geforce-gtx-1080-ti",
        "geforce-rtx-2080-ti",
        "geforce-rtx-3090",
        "geforce-rtx-4090",
        "geforce-rtx-5090",
        "rtx-pro-6000-blackwell",
    ]
    scores = [points[name] for name in order]
    assert scores == sorted(scores)


def test_weights_of_ones_own(reference: GpuChip, catalog: Catalog) -> None:
    """The score of a weighting is the weighted geometric mean of those of its workloads."""
    chip = catalog.chips["geforce-rtx-4090"]

    def points(name: str) -> int:
        scorer = Scorer(mix_named(name), reference)
        speeds = scorer.speeds(chip, 1, None)
        assert speeds is not None
        return scorer.score(s.per_second for s in speeds)

    want = (points("cnn-train") ** 2 * points("llm-decode-7b")) ** (1 / 3)
    assert abs(points("cnn-train=2, llm-decode-7b=1") - want) <= 1
    request = Request(budget_cents=300_000, workload="cnn-train=3,llm-prefill-7b=1")
    assert Problem.of(request, catalog).world.mix.weights == {"cnn-train": 3, "llm-prefill-7b": 1}


@pytest.mark.parametrize("text", ["cnn-train=0", "cnn-train=x", "cnn-trian=1", "cnn-train=1,"])
def test_weights_that_are_none_are_refused(text: str) -> None:
    """A name that is not known, a weight that is no whole number."""
    with pytest.raises(InputError, match="workload"):
        mix_named(text)


def test_an_unknown_mix_is_refused() -> None:
    """With the nearest name."""
    with pytest.raises(InputError, match="balanced"):
        mix_named("balansed")


def test_cards_side_by_side(catalog: Catalog) -> None:
    """The figures are those of the model, the price is the cheapest offer of the chip."""
    found = compare_cards(
        ["3090", "nvidia-rtx-4090-founders"], Request(condition="any"), catalog=catalog
    )
    one, two = found.cards
    assert (one.chip, one.score, one.vram_gb, one.watts) == ("geforce-rtx-3090", 1000, 24, 350)
    assert two.score > one.score
    assert one.price_cents is not None
    assert one.score_per_1000 == round(one.score * 100_000 / one.price_cents)
    pair = compare_cards(
        ["3090"], catalog=catalog, count=2, link=parse_link("4x8", where="")
    ).cards[0]
    assert pair.link == "PCIe 4.0 x8"
    assert one.score < pair.score < 2 * one.score + 1
    capped = compare_cards(["3090"], Request(power_limit=80), catalog=catalog).cards[0]
    assert capped.watts == 280
    assert capped.score < one.score


@pytest.mark.parametrize("text", ["4x3", "x16", "nvlink", "4x16+sli", "9x16", ""])
def test_a_link_that_is_none_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(InputError, match="4x8"):
        parse_link(text, where="--link")


def test_nvlink_where_there_is_none_is_refused(catalog: Catalog) -> None:
    """An RTX 4090 has no NVLink."""
    link = parse_link("4x16+nvlink", where="")
    with pytest.raises(InputError, match="no NVLink"):
        compare_cards(["4090"], catalog=catalog, count=2, link=link)


def test_a_rig_whose_cpu_starves_its_cards_says_so(catalog: Catalog) -> None:
    """Four cards and six cores: image training is limited by the cores, and the score counts it."""
    request = Request(budget_cents=2_000_000, workload="cnn-train")
    problem = Problem.of(request, catalog)
    line = next(
        line
        for line in problem.options["gpu"]
        if line.part.id.startswith("nvidia-rtx-pro-4000") and line.quantity == 4
    )
    few, many = (problem.score(line, WIDE, cores) for cores in (6, 64))
    assert few is not None and many is not None
    assert few < many
