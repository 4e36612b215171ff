"""Memory needs against measured memory, published batches, and what any such formula must obey."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rigopt.errors import InputError
from rigopt.llms import (
    model_shape,
    named_shapes,
    parse_context,
    parse_params,
    parse_quant,
    quantisations,
    typical_shape,
)
from rigopt.need import (
    OVERHEAD_MB,
    Block,
    LlmWork,
    Need,
    SampleWork,
    Term,
    Work,
    largest_batch,
    need_of,
)
from rigopt.resources import data_dir

GIB = 2**30
WORK = TypeAdapter[LlmWork | SampleWork](Work)
FILES = sorted(
    path
    for path in data_dir("models").glob("workloads*/*.toml")
    if "memory" in tomllib.loads(path.read_text(encoding="utf-8"))
)


def llm(model: str, **given: Any) -> LlmWork:
    return LlmWork(model=model, **given)


def allocated(work: LlmWork | SampleWork) -> int:
    """Bytes without driver context and workspaces, as frameworks count them."""
    return need_of(work.model_copy(update={"overhead_mb": 0})).total_bytes


def memory_of(name: str) -> LlmWork | SampleWork:
    """The memory table of a workload file."""
    path = next(path for path in FILES if path.stem == name)
    table = tomllib.loads(path.read_text(encoding="utf-8"))["memory"]
    return WORK.validate_python(table, strict=False)


# --- measured memory -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "context", "gb"),
    [("qwen3-8b", 16, 7), ("qwen3-8b", 128, 23), ("qwen3-32b", 16, 23), ("qwen3-32b", 128, 52)],
)
def test_decoding_in_four_bits(model: str, context: int, gb: int) -> None:
    """Q4_K_XL with 16k and 131k tokens, as hardware-corner.net measured it: within 5 %."""
    work = llm(model, quant="4bit", context=context * 1024)
    assert allocated(work) / GIB == pytest.approx(gb, rel=0.05)


@pytest.mark.parametrize(
    ("model", "quant", "gb"),
    [
        ("llama-3-8b", "q4_k_m", 4.9),
        ("llama-3-70b", "q4_k_m", 43.1),
        ("llama-3.1-405b", "q4_k_m", 249.1),
        ("llama-3-8b", "q8_0", 8.54),
        ("llama-3-8b", "fp16", 16.06),
        ("llama-2-7b", "q4_0", 3.82),
        ("llama-2-13b", "bf16", 26.03),
        ("gpt-oss-20b", "mxfp4", 13.0),
    ],
)
def test_files_of_weights(model: str, quant: str, gb: float) -> None:
    """Sizes in llama.cpp tools/quantize/README.md; gpt-oss-20b runs within 16 GB (its README)."""
    size = model_shape(model, where="test").weight_bytes(quantisations()[quant_name(quant)])
    assert size / 1e9 == pytest.approx(gb, rel=0.02)


def quant_name(text: str) -> str:
    return parse_quant(text, where="test")


@pytest.mark.parametrize(
    ("model", "gb"),
    [("llama-2-7b", 4.26), ("llama-2-13b", 7.72), ("codellama-34b", 18.95), ("llama-2-70b", 37.21)],
)
def test_inference_in_nf4(model: str, gb: float) -> None:
    """bnb.nf4-dq, short text, one A100 (litgpt tutorials/resource-tables.md): within 10 %."""
    work = llm(model, quant="nf4", context=100)
    assert allocated(work) / 1e9 == pytest.approx(gb, rel=0.10)


@pytest.mark.parametrize(("context", "gb"), [(1, 6), (2, 7), (4, 9), (8, 12), (16, 19), (32, 32)])
def test_qlora_grows_with_context(context: int, gb: int) -> None:
    """Llama 2 7B, rank 8, FlashAttention 2, one A100: within half a GB of each whole GB.

    https://github.com/hiyouga/LLaMA-Factory/wiki/Performance-comparison
    """
    work = llm("llama-2-7b", mode="qlora", context=context * 1024, lora_rank=8)
    assert need_of(work).total_bytes / 1e9 == pytest.approx(gb, abs=0.6)


@pytest.mark.parametrize(("mode", "gib"), [("qlora", 7.4), ("lora", 16.2)])
def test_torchtune(mode: str, gib: float) -> None:
    """Llama 3.1 8B, two sequences of 2,048, loss in chunks, 1 x 4090: 0 to 20 % above.

    torchtune README, peak memory; its default adapter is of rank 8.
    """
    work = llm("llama-3-8b", mode=mode, context=2048, streams=2, logit_bytes=2, lora_rank=8)
    assert 1.0 <= allocated(work) / GIB / gib <= 1.2


def test_torchtune_sharded() -> None:
    """LoRA of Llama 3.1 70B over 8 A100: 27.6 GiB on each (torchtune README): within 10 %."""
    work = llm(
        "llama-3-70b",
        mode="lora",
        context=2048,
        streams=2,
        logit_bytes=2,
        sharding="sharded",
        overhead_mb=0,
    )
    assert need_of(work).per_card_bytes(8) / GIB == pytest.approx(27.6, rel=0.10)


@pytest.mark.parametrize(
    ("model", "streams", "gb"),
    [("llama-2-7b", 1, 21.30), ("llama-2-7b", 2, 29.07), ("llama-2-13b", 1, 38.12)],
)
def test_lora_without_recomputation(model: str, streams: int, gb: float) -> None:
    """bf16, 1,304 tokens, loss in chunks (litgpt tutorials/resource-tables.md): within 6 %."""
    work = lora_of_litgpt(model, streams)
    assert allocated(work) / 1e9 == pytest.approx(gb, rel=0.06)


@pytest.mark.parametrize(("model", "streams"), [("llama-2-7b", 2), ("llama-2-13b", 1)])
def test_lora_out_of_memory(model: str, streams: int) -> None:
    """On the same A100 of 40 GB these ran, and twice the sequences did not (the same table)."""
    assert need_of(lora_of_litgpt(model, streams)).fits([40])
    assert not need_of(lora_of_litgpt(model, 2 * streams)).fits([40])


def lora_of_litgpt(model: str, streams: int) -> LlmWork:
    """Rank 2 on every layer: about the parameters of its rank 8 on queries and values."""
    return llm(
        model,
        mode="lora",
        context=1304,
        streams=streams,
        lora_rank=2,
        recompute=False,
        logit_bytes=4,
    )


def test_gpt2_pre_training() -> None:
    """1.6 + 0.71 GiB per sequence of 1,024 tokens, on 20 cards: within 10 % from batch 8 to 128."""
    work = memory_of("gpt2-pretrain")
    for batch in (8, 16, 32, 64, 128):
        mine = allocated(work.model_copy(update={"streams": batch}))
        assert mine / GIB == pytest.approx(1.6 + 0.71 * batch, rel=0.10)


@pytest.mark.parametrize(
    ("name", "gib"), [("sd15-infer", 2.616), ("sdxl-infer", 8.958), ("flux-infer", 21.488)]
)
def test_diffusion(name: str, gib: float) -> None:
    """Peaks with one image (data set sayakpaul/sample-datasets; blog diffusers-quantization)."""
    assert allocated(memory_of(name)) / GIB == pytest.approx(gib, rel=0.05)


def test_flux_in_sixteen_bits() -> None:
    """31.447 GiB loaded, 36.166 GiB at the peak (the same page): within 1 %."""
    work = memory_of("flux-infer")
    assert isinstance(work, SampleWork)
    wide = tuple(block.model_copy(update={"bits": 16.0}) for block in work.blocks)
    work = work.model_copy(update={"blocks": wide})
    assert (allocated(work) - work.sample_bytes) / GIB == pytest.approx(31.447, rel=0.01)
    assert allocated(work) / GIB == pytest.approx(36.166, rel=0.01)


# --- published batches and cards -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "vram", "batch"),
    [
        *(("cnn-train", *row) for row in ((8, 120), (11, 184), (16, 288), (24, 512), (80, 1536))),
        *(("bert-base-finetune", *row) for row in ((10, 20), (24, 52), (48, 108), (80, 176))),
        *(("bert-large-finetune", *row) for row in ((8, 2), (10, 4), (16, 8), (24, 16), (32, 24))),
        *(("bert-large-finetune", *row) for row in ((40, 32), (48, 36), (80, 64))),
        ("vit-train", 24, 192),
        ("swin-train", 24, 128),
    ],
)
def test_published_batches(name: str, vram: int, batch: int) -> None:
    """They ran (lambdal/deeplearning-benchmark; timm on a 3090); 1.6 x them is beyond the card."""
    assert batch <= largest_batch(memory_of(name), [vram]) < 1.6 * batch + 2


@pytest.mark.parametrize(("name", "batch"), [("vit-train", 256), ("swin-train", 192)])
def test_batches_that_failed(name: str, batch: int) -> None:
    """The next larger batch of timm's benchmark did not run on the 3090 of 24 GB."""
    assert largest_batch(memory_of(name), [24]) < batch


@pytest.mark.parametrize(
    ("name", "cards", "fits"),
    [
        ("llm-decode-32b", [24], True),  # hardware-corner.net: RTX 4090, 16k
        ("llm-decode-32b", [16], False),
        ("llm-decode-32b", [16, 16], True),
        ("llm-decode-70b", [48], True),  # the same: RTX 6000 Ada
        ("llm-decode-70b", [24], False),
        ("llm-decode-70b", [24, 24], True),  # 2 x 3090 and 2 x 4090, usual
        ("llm-decode-70b", [40, 8], True),
        ("qlora-finetune-8b", [12], True),  # LLaMA-Factory: 7B 6 GB; litgpt: 13B 22.6 on 40
        ("qlora-finetune-34b", [24], True),  # QLoRA paper: 33B
        ("qlora-finetune-70b", [48], True),  # QLoRA paper: 65B
        ("qlora-finetune-70b", [24], False),
        ("qlora-finetune-70b", [24, 24], True),  # axolotl, examples/llama-3: FSDP, two cards
        ("lora-finetune-8b", [16], False),  # torchtune: 16.2 GiB
        ("lora-finetune-8b", [24], True),
        ("lora-finetune-13b", [32], True),  # LLaMA-Factory: 32 GB
        ("lora-finetune-13b", [24], False),
        ("lora-finetune-13b", [24, 24], False),  # replicated: a copy on each card
        ("full-finetune-8b", [80], False),  # 16 B x 8 x 10^9
        ("full-finetune-8b", [80, 80], True),
        ("full-finetune-8b", [80, 24], False),  # shares are equal: the smallest card decides
        ("sdxl-lora-train", [12], True),  # kohya_ss docs/LoRA/top_level.md
        ("sdxl-lora-train", [8], False),
        ("sdxl-infer", [8], False),  # vladmandic/sd-data: 8 GB cards fall to a twentieth
        ("sdxl-infer", [12], True),
        ("sd15-infer", [6], True),
    ],
)
def test_cards_that_hold_it(name: str, cards: list[int], fits: bool) -> None:
    """Cards on which it is known to run or not to run."""
    assert need_of(memory_of(name)).fits(cards) is fits


# --- what any such formula must obey -------------------------------------------------------------

SIZES = st.integers(10**6, 10**12)
MODES = st.sampled_from(("decode", "lora", "qlora", "full"))
CONTEXTS = st.integers(1, 131_072)
CARDS = st.integers(1, 8)


@given(SIZES, SIZES)
def test_a_typical_shape_grows_with_its_parameters(first: int, second: int) -> None:
    """No field of it ever shrinks."""
    small, large = (typical_shape(size) for size in sorted((first, second)))
    for field in ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab"):
        assert getattr(small, field) <= getattr(large, field)
    assert small.embedding <= large.embedding


@given(SIZES, MODES, CONTEXTS, st.integers(1, 32), st.sampled_from(("context", "streams", "model")))
def test_more_work_needs_no_less(
    size: int, mode: str, context: int, streams: int, field: str
) -> None:
    """Of context, streams and parameters."""
    work = llm(str(size), mode=mode, context=context, streams=streams)
    more = {"context": context + 1, "streams": streams + 1, "model": str(size + size // 10)}
    assert (
        need_of(work).total_bytes
        <= need_of(work.model_copy(update={field: more[field]})).total_bytes
    )


@given(st.sampled_from(sorted(named_shapes())), CONTEXTS)
def test_wider_weights_and_caches_need_more(model: str, context: int) -> None:
    """From 2 to 32 bits, and a cache of 8 against 16 bits."""
    widths = ("2bit", "3bit", "4bit", "5bit", "6bit", "8bit", "16bit", "fp32")
    sizes = [need_of(llm(model, quant=w, context=context)).total_bytes for w in widths]
    assert sizes == sorted(sizes)
    half = llm(model, context=context, kv_bits=8)
    assert need_of(half).total_bytes < need_of(llm(model, context=context)).total_bytes


@given(st.sampled_from(sorted(named_shapes())), MODES, CARDS, st.sampled_from(("split", "sharded")))
def test_sharing_never_costs_a_card_more(model: str, mode: str, cards: int, how: Any) -> None:
    """Over n cards no card needs more than a whole copy, nor more than over fewer cards."""
    work = llm(model, mode=mode)
    whole, shared = need_of(work), need_of(work.model_copy(update={"sharding": how}))
    assert shared.per_card_bytes(cards) <= whole.per_card_bytes(cards) == whole.total_bytes
    if cards > 1:
        assert shared.per_card_bytes(cards + 1) <= shared.per_card_bytes(cards)


@given(st.sampled_from(FILES), st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_more_memory_never_stops_fitting(path: Path, cards: list[int]) -> None:
    """A gigabyte more on every card; and the least size that is named fits, one less does not."""
    need = need_of(memory_of(path.stem))
    if need.fits(cards):
        assert need.fits([gb + 1 for gb in cards])
    least = need.vram_gb(len(cards))
    assert need.fits([least] * len(cards))
    assert not need.fits([least - 1] * len(cards))


@settings(max_examples=30)
@given(st.sampled_from(FILES), st.integers(1, 96))
def test_the_largest_batch_is_the_largest(path: Path, vram: int) -> None:
    """It fits and one more does not."""
    work = memory_of(path.stem)
    field = "streams" if isinstance(work, LlmWork) else "samples"
    most = largest_batch(work, [vram])
    if most:
        assert need_of(work.model_copy(update={field: most})).fits([vram])
    assert not need_of(work.model_copy(update={field: most + 1})).fits([vram])


def test_no_cards_hold_nothing() -> None:
    """An empty rig fits no work."""
    for how in ("replicated", "split", "sharded"):
        assert not need_of(llm("llama-3-8b", sharding=how)).fits([])


def test_terms_and_words() -> None:
    """Terms stand apart and add up; the words show them."""
    need = need_of(llm("llama-3-70b", quant="4bit", context=8192, sharding="split"))
    assert need.in_words() == ("43.2 GB weights + 2.7 GB KV cache + 1.0 GB overhead = 46.9 GB")
    assert need.total_bytes == sum(term.size_bytes for term in need.terms)
    assert all(term.formula for term in need.terms)
    assert need_of(llm("70B", quant="4bit")).total_bytes == pytest.approx(
        need.total_bytes, rel=0.01
    )


def test_a_sharded_card_also_holds_the_layer_it_works_on() -> None:
    """Two of 100 bytes in shares, 7 everywhere, 5 gathered: 62; alone 107."""
    terms = (
        Term(name="a", size_bytes=100, held="between", formula=""),
        Term(name="b", size_bytes=7, held="each", formula=""),
        Term(name="c", size_bytes=5, held="gathered", formula=""),
    )
    need = Need(sharding="sharded", terms=terms)
    assert [need.per_card_bytes(n) for n in (1, 2)] == [107, 62]
    assert Need(sharding="replicated", terms=terms).per_card_bytes(2) == 107


def test_the_gathered_layer() -> None:
    """The embedding or a mean layer, 4 B a parameter to train it, 2 B where it is frozen."""
    shapes = named_shapes()
    assert shapes["llama-3-8b"].largest_layer == 128_256 * 4096
    assert shapes["llama-2-70b"].largest_layer == pytest.approx(855_654_400, rel=1e-3)
    for mode, wide in (("full", 4), ("lora", 2), ("qlora", 2)):
        need = need_of(llm("llama-3-8b", mode=mode, sharding="sharded"))
        gathered = [term.size_bytes for term in need.terms if term.held == "gathered"]
        assert gathered == [wide * 128_256 * 4096]


def test_a_card_too_small_for_its_own_part_neither_helps_nor_hurts() -> None:
    """A model split over 24 and 24 GB still fits when a card of 0 GB is added."""
    need = need_of(memory_of("llm-decode-70b"))
    assert need.fits([24, 24]) and need.fits([24, 24, 0])
    terms = (
        Term(name="a", size_bytes=2 * GIB, held="between", formula=""),
        Term(name="b", size_bytes=3 * GIB, held="each", formula=""),
    )
    tight = Need(sharding="split", terms=terms)
    assert tight.fits([4, 4]) and tight.fits([4, 4, 1]) and not tight.fits([4, 3, 1])


def test_windows_and_latent_caches() -> None:
    """Beyond its window a layer caches no more; DeepSeek V3 caches 576 values a layer and token."""
    gemma = model_shape("gemma-3-27b", where="test")
    assert gemma.cached_values(1024) == 62 * 2 * 16 * 128 * 1024
    assert gemma.cached_values(2048) == (10 * 2048 + 52 * 1024) * 2 * 16 * 128
    assert model_shape("deepseek-v3-671b", where="test").cached_values(1) == 61 * 576


# --- data ----------------------------------------------------------------------------------------


def test_shapes_give_their_parameters() -> None:
    """Layers x matrices + embeddings, within 2 %, but for compressed attention."""
    for name, shape in named_shapes().items():
        if shape.kv_latent:
            continue
        attention = 2 * shape.hidden * shape.head_dim * (shape.heads + shape.kv_heads)
        mlp = (3 if shape.gated else 2) * shape.hidden * shape.ffn
        count = shape.layers * (attention + mlp * shape.experts) + shape.embedding
        assert count == pytest.approx(shape.parameters, rel=0.02), name
        active = shape.layers * (attention + mlp * shape.active_experts) + shape.embedding
        assert active >= 0.9 * (shape.active_parameters or shape.parameters), name


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        ("llama-2-7b", 6.74, None),
        ("llama-3-8b", 8.03, None),
        ("llama-3-70b", 70.6, None),
        ("mistral-7b", 7.25, None),
        ("mixtral-8x7b", 46.7, 12.9),
        ("qwen3-235b-a22b", 235, 22),
        ("qwen2.5-72b", 72.7, None),
        ("phi-4-14b", 14.7, None),
        ("gpt-oss-120b", 117, 5.1),
    ],
)
def test_published_counts(name: str, total: float, active: float | None) -> None:
    """Parameters in 10^9 as the models' pages name them."""
    shape = named_shapes()[name]
    assert shape.parameters / 1e9 == pytest.approx(total, rel=0.01)
    if active is not None:
        assert (shape.active_parameters or 0) / 1e9 == pytest.approx(active, rel=0.03)


def test_the_ladder_rises() -> None:
    """The typical models grow in every field, so that what lies between them does."""
    ladder = [shape for shape in named_shapes().values() if shape.typical]
    assert len(ladder) >= 5
    for low, high in pairwise(ladder):
        assert low.parameters < high.parameters
        assert low.layers <= high.layers and low.hidden <= high.hidden
        assert low.kv_width <= high.kv_width and low.ffn <= high.ffn
        assert low.heads * low.head_dim <= high.heads * high.head_dim
        assert low.tied or not high.tied


def test_workloads_share_one_overhead() -> None:
    """No file hides another overhead to meet its figures."""
    assert {memory_of(path.stem).overhead_mb for path in FILES} == {OVERHEAD_MB}


# --- what people write ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("70B", 70 * 10**9),
        ("0.6b", 6 * 10**8),
        (" 124M ", 124 * 10**6),
        ("1.5 B", 1_500_000_000),
        ("7000000000", 7 * 10**9),
        ("1M", 10**6),
        ("10T", 10**13),
        (13_000_000_000, 13 * 10**9),
    ],
)
def test_parameters(text: str | int, count: int) -> None:
    """Millions to trillions, with or without a unit."""
    assert parse_params(text, where="test") == count


@pytest.mark.parametrize(
    "text", ["", "70", "B", "-7B", "0", "11T", "999k", "1e9", "8x7B", "30B-A3B", "٧B", "nan", True]
)
def test_no_parameters(text: str) -> None:
    """Everything else is refused with where and a mend."""
    with pytest.raises(InputError, match=r"^--model-params: .* is not a number.*; give one from"):
        parse_params(text, where="--model-params")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("4bit", "q4_k_m"),
        ("4-bit", "q4_k_m"),
        ("4 bits", "q4_k_m"),
        ("Q4_K_M", "q4_k_m"),
        ("fp16", "bf16"),
        ("BF16", "bf16"),
        ("int8", "int8"),
        ("8bit", "q8_0"),
        ("6bit", "q6_k"),
        ("3bit", "q3_k_l"),
        ("GPTQ", "awq"),
        ("fp32", "fp32"),
    ],
)
def test_quantisations(text: str, name: str) -> None:
    """Names, aliases, bare widths, whatever the case and the joints."""
    assert parse_quant(text, where="test") == name


def test_aliases_mean_one_thing() -> None:
    """No alias twice, none that is a name of another."""
    words = [alias for row in quantisations().values() for alias in row.aliases]
    assert len(words) == len({*words, *quantisations()}) - len(quantisations())


@pytest.mark.parametrize("text", ["", "7bit", "four", "q9_k", "0bit", "zzzz"])
def test_no_quantisation(text: str) -> None:
    """Refused with names, never with the parts catalogue."""
    with pytest.raises(InputError, match=r"^--quant: .*; (did you mean|known: )") as caught:
        parse_quant(text, where="--quant")
    assert "catalog" not in caught.value.mend


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("8k", 8192), ("8192", 8192), ("128K", 131_072), ("1M", 2**20), (1, 1), ("10m", 10 * 2**20)],
)
def test_contexts(text: str | int, tokens: int) -> None:
    """A k is 1,024 tokens, as models are sold."""
    assert parse_context(text, where="test") == tokens


@pytest.mark.parametrize("text", ["", "0", "-8k", "8.5k", "8kb", "11M", "k", "1e3", "٨k", False])
def test_no_context(text: str) -> None:
    """Everything else is refused with where and a mend."""
    with pytest.raises(InputError, match=r"^--context: .* is not a number of tokens; give a whole"):
        parse_context(text, where="--context")


@pytest.mark.parametrize("text", ["llama-3-9b", "8x7b", "zzzz", ""])
def test_no_model(text: str) -> None:
    """Refused with names of models, never with the parts catalogue."""
    with pytest.raises(InputError, match=r"^--model: .*; (did you mean|known: )") as caught:
        model_shape(text, where="--model")
    assert "catalog" not in caught.value.mend


def test_models_without_a_name_are_estimates() -> None:
    """A number of parameters gives a shape that says so; a name gives the model's own."""
    assert model_shape("34B", where="test").source.startswith("estimate")
    assert not model_shape("CodeLlama-34B", where="test").source.startswith("estimate")
    assert model_shape("34B", where="test").parameters == 34 * 10**9


def test_full_fine_tuning_is_not_quantised() -> None:
    """It names the state per parameter instead; 16 B unless it says so."""
    with pytest.raises(InputError, match=r"^quant: .*qlora"):
        need_of(llm("llama-3-8b", mode="full", quant="4bit"))
    lean, usual = (llm("llama-3-8b", mode="full", state_bytes=n) for n in (2, 16))
    parameters = named_shapes()["llama-3-8b"].parameters
    assert allocated(usual) - allocated(lean) == 14 * parameters
    assert allocated(llm("llama-3-8b", mode="full")) == allocated(usual)


def test_blocks_take_fractions_of_bytes() -> None:
    """1,000 parameters of 4.128 bits are 516 bytes."""
    block = Block(name="a", parameters=1000, bits=4.128)
    work = SampleWork(blocks=(block,), sample_bytes=1, overhead_mb=0)
    assert need_of(work).total_bytes == 517
