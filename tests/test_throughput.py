"""The first throughput model: what any sensible model of it must satisfy."""

from __future__ import annotations

import pytest

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.parts import GpuChip
from rigopt.throughput import (
    SCORE_OF_REFERENCE,
    Link,
    mix_named,
    mixes,
    peak_gflops,
    predict,
    reference_chip_id,
    score,
    workloads,
)

WIDE = Link(pcie_gen=4, lanes=16)
NARROW = Link(pcie_gen=3, lanes=8)


@pytest.fixture
def reference(catalog: Catalog) -> GpuChip:
    return catalog.chips[reference_chip_id()]


def test_the_reference_scores_a_thousand(reference: GpuChip) -> None:
    """One reference card is 1,000 in every mix whose workloads fit it."""
    for mix in mixes().values():
        assert score(mix, reference, 1, None, reference) == SCORE_OF_REFERENCE


def test_faster_hardware_is_never_slower(reference: GpuChip) -> None:
    """More bandwidth or more arithmetic never lowers a rate."""
    for workload in workloads().values():
        base = predict(workload, reference, 1, None)
        for field in ("mem_bandwidth_gb_s", "tensor_fp16_fp32acc_gflops", "tensor_int8_gops"):
            better = reference.model_copy(update={field: 2 * getattr(reference, field)})
            rate = predict(workload, better, 1, None)
            assert rate is not None and base is not None
            assert rate >= base


def test_known_measurements_are_met(catalog: Catalog) -> None:
    """Two published figures lie within the error that the workload's file names.

    LLM decoding, llama2-7b q4_0 tg128 on CUDA: RTX 3090 158 tokens/s and RTX 4090 189 tokens/s
    (llama.cpp scoreboard, discussion 15013).
    """
    decode = workloads()["llm-decode"]
    assert decode.error_p90_pct is not None
    for chip, measured in (("geforce-rtx-3090", 158), ("geforce-rtx-4090", 189)):
        rate = predict(decode, catalog.chips[chip], 1, None)
        assert rate is not None
        assert abs(rate / measured - 1) <= decode.error_p90_pct / 100


def test_memory_is_a_wall(reference: GpuChip) -> None:
    """A card too small for a workload runs it 27 times slower, as published."""
    workload = workloads()["llm-decode-32b"]
    small = reference.model_copy(update={"vram_gb": workload.vram_gb - 1})
    fits, spills = predict(workload, reference, 1, None), predict(workload, small, 1, None)
    assert fits is not None and spills is not None
    assert fits / spills == pytest.approx(27)


def test_more_cards_and_better_links(reference: GpuChip, catalog: Catalog) -> None:
    """Two cards beat one over a good link; links order as measured; heat costs."""
    train = workloads()["transformer-train"]
    pro = catalog.chips["rtx-a5000"]

    def rate(chip: GpuChip, count: int, link: Link | None) -> float:
        value = predict(train, chip, count, link)
        assert value is not None
        return value

    one, two = rate(reference, 1, None), rate(reference, 2, WIDE)
    assert one < two < 2 * one
    assert rate(reference, 2, NARROW) < two
    assert two < rate(reference, 2, WIDE.model_copy(update={"nvlink": True})) < 2 * one
    assert rate(reference, 2, WIDE.model_copy(update={"crowded": True})) < two
    lost_pro = 1 - rate(pro, 2, WIDE) / (2 * rate(pro, 1, None))
    assert lost_pro < 1 - two / (2 * one)


def test_several_cards_without_a_known_link_are_not_predicted(reference: GpuChip) -> None:
    """Unknown wiring gives no number."""
    assert predict(workloads()["cnn-train"], reference, 2, None) is None


def test_chips_without_matrix_units_use_their_vector_rate(catalog: Catalog) -> None:
    """Consumer Pascal runs fp16 slower than fp32, so fp32 counts."""
    chip = catalog.chips["geforce-gtx-1080-ti"]
    assert peak_gflops(workloads()["cnn-train"], chip) == chip.fp32_gflops


def test_every_chip_has_a_score(catalog: Catalog, reference: GpuChip) -> None:
    """The balanced mix ranks the whole catalogue, and big new cards above small old ones."""
    balanced = mix_named("balanced")
    points = {c.id: score(balanced, c, 1, None, reference) for c in catalog.chips.values()}
    assert [name for name, value in points.items() if value is None] == []
    order = [
        "geforce-gtx-1080-ti",
        "geforce-rtx-2080-ti",
        "geforce-rtx-3090",
        "geforce-rtx-4090",
        "geforce-rtx-5090",
        "rtx-pro-6000-blackwell",
    ]
    scores = [points[name] for name in order]
    assert scores == sorted(scores)  # type: ignore[type-var]


def test_an_unknown_mix_is_refused() -> None:
    """With the nearest name."""
    with pytest.raises(InputError, match="balanced"):
        mix_named("balansed")
