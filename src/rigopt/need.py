"""GPU memory that work needs, by formula, and whether cards hold it.

Sizes are bytes; texts call 10^9 bytes a GB. A card sold with 24 GB holds 24 x 2^30 bytes.
Language models and quantisations are rows of ``models/llms.toml``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from rigopt.errors import InputError
from rigopt.llms import Positive, model_shape, parse_quant, quantisations
from rigopt.parts import Fact

Sharding = Literal["replicated", "split", "sharded"]
"""One card holds a copy; layers lie on several cards; training state is cut into shares."""
Held = Literal["between", "each", "gathered"]
"""By all cards together; on each card; on each, but only where there are several."""
Mode = Literal["decode", "lora", "qlora", "full"]
OVERHEAD_MB = 1000
"""Driver context and library workspaces on a card, and gaps: an estimate. PyTorch alone takes 781
MB (https://github.com/pytorch/pytorch/issues/34323); QLoRA of Llama 2 7B with 1k to 32k tokens
(LLaMA-Factory wiki, performance comparison) is met within half a GB; with 1,500, Qwen3 32B in
4 bits with 16k tokens would not fit an RTX 4090, on which hardware-corner.net measured it."""
_QUANT_OF_MODE = {"decode": "bf16", "lora": "bf16", "qlora": "nf4", "full": "bf16"}


class LlmWork(Fact):
    """Work of a language model.

    ``model``: a name of ``models/llms.toml`` or a number of parameters. ``quant`` ``None``: as
    usual for the mode; full fine-tuning takes ``state_bytes`` instead (16: weights and gradients in
    16 bits, a 32-bit copy and two Adam moments). ``streams``: sequences at a time. ``recompute``:
    gradient checkpointing, which keeps two bytes per token, layer and hidden value and one layer.
    ``logit_bytes``: per token and vocabulary entry (12: 16-bit logits and gradients, two 32-bit
    copies; 2: a loss in chunks).
    """

    kind: Literal["llm"] = "llm"
    model: str
    mode: Mode = "decode"
    quant: str | None = None
    context: Positive = 8192
    streams: Positive = 1
    kv_bits: Positive = 16
    lora_rank: Positive = 16
    state_bytes: Positive = 16
    recompute: bool = True
    logit_bytes: Positive = 12
    overhead_mb: Annotated[int, Field(ge=0)] = OVERHEAD_MB
    sharding: Sharding = "replicated"
    source: str = ""


class Block(Fact):
    """Parameters of one part of a model, and the bits that each takes (128: Adam training)."""

    name: str
    parameters: Positive
    bits: Annotated[float, Field(gt=0)]


class SampleWork(Fact):
    """Work whose memory is fixed plus so much per sample: CNN, ViT, BERT, diffusion."""

    kind: Literal["samples"] = "samples"
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    sample_bytes: Positive
    samples: Positive = 1
    overhead_mb: Annotated[int, Field(ge=0)] = OVERHEAD_MB
    sharding: Sharding = "replicated"
    source: str = ""


Work = Annotated[LlmWork | SampleWork, Field(discriminator="kind")]
"""The ``memory`` table of a workload file."""


class Term(Fact):
    """A part of a need, with its formula in words."""

    name: str
    size_bytes: int
    held: Held
    formula: str


class Need(Fact):
    """Memory that a piece of work needs, and how cards may share it."""

    sharding: Sharding
    terms: tuple[Term, ...]

    @property
    def total_bytes(self) -> int:
        """What one card alone needs."""
        return self.per_card_bytes(1)

    def per_card_bytes(self, cards: int) -> int:
        """What each of ``cards`` equal cards needs."""
        several = cards > 1 and self.sharding != "replicated"
        each = self._sum("each") + (self._sum("gathered") if several else 0)
        return each + ceil(self._sum("between") / (cards if several else 1))

    def vram_gb(self, cards: int = 1) -> int:
        """The least memory, as cards are sold, of each of ``cards`` equal cards."""
        return ceil(self.per_card_bytes(cards) / 2**30)

    def fits(self, vram_gb: Sequence[int]) -> bool:
        """Whether cards of these sizes hold it: split needs their sum, all else the smallest."""
        if self.sharding != "split" or len(vram_gb) < 2:
            return min(vram_gb, default=0) * 2**30 >= self.per_card_bytes(len(vram_gb))
        each = self._sum("each") + self._sum("gathered")
        return sum(max(0, gb * 2**30 - each) for gb in vram_gb) >= self._sum("between")

    def in_words(self) -> str:
        """As one card alone needs it: "4.9 GB weights + 1.1 GB KV cache + ... = 7.5 GB"."""
        shown = [f"{_gb(t.size_bytes)} {t.name}" for t in self.terms if t.held != "gathered"]
        return f"{' + '.join(shown)} = {_gb(self.total_bytes)}"

    def _sum(self, held: Held) -> int:
        return sum(term.size_bytes for term in self.terms if term.held == held)


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"


def need_of(work: LlmWork | SampleWork) -> Need:
    """The memory that a piece of work needs.

    Raises:
        InputError: if its model or quantisation is not known, or full fine-tuning has one.
    """
    terms = _llm_terms(work) if isinstance(work, LlmWork) else _sample_terms(work)
    overhead = Term(
        name="overhead",
        size_bytes=work.overhead_mb * 10**6,
        held="each",
        formula="driver context, library workspaces and gaps, on every card",
    )
    return Need(sharding=work.sharding, terms=(*(t for t in terms if t.size_bytes), overhead))


def largest_batch(work: LlmWork | SampleWork, vram_gb: Sequence[int]) -> int:
    """The most samples or streams at a time that cards hold; 0: not even one."""
    field = "streams" if isinstance(work, LlmWork) else "samples"
    counts = range(1, 2**20)
    return bisect_left(
        counts, True, key=lambda n: not need_of(work.model_copy(update={field: n})).fits(vram_gb)
    )


def _sample_terms(work: SampleWork) -> list[Term]:
    terms = [
        Term(
            name=block.name,
            size_bytes=ceil(block.parameters * block.bits / 8),
            held="between",
            formula=f"{block.parameters:,} parameters x {block.bits:g} bits",
        )
        for block in work.blocks
    ]
    formula = f"{work.samples} samples x {work.sample_bytes / 1e6:g} MB"
    size = work.samples * work.sample_bytes
    return [*terms, Term(name="activations", size_bytes=size, held="each", formula=formula)]


def _llm_terms(work: LlmWork) -> list[Term]:
    if work.mode == "full" and work.quant is not None:
        raise InputError(
            "full fine-tuning trains whole weights, not quantised ones",
            where="quant",
            mend="leave it out or fine-tune with qlora",
        )
    shape = model_shape(work.model, where="model")
    quant = quantisations()[parse_quant(work.quant or _QUANT_OF_MODE[work.mode], where="quant")]
    count, tokens = f"{shape.parameters / 1e9:.4g} x 10^9 parameters", work.context * work.streams
    weights = shape.weight_bytes(quant)
    of_weights = f"{count} x {weights / shape.parameters:.3f} B ({quant.title})"
    if work.mode == "decode":
        kv = ceil(shape.cached_values(work.context) * work.kv_bits / 8) * work.streams
        of_kv = f"{shape.kv_width} values x {shape.layers} layers x {work.context} tokens x "
        of_kv += f"{work.kv_bits} bits x {work.streams} streams"
        if shape.windowed_layers:
            of_kv += f", {shape.windowed_layers} layers at most {shape.window_tokens} tokens"
        return [
            Term(name="weights", size_bytes=weights, held="between", formula=of_weights),
            Term(name="KV cache", size_bytes=kv, held="between", formula=of_kv),
        ]
    if work.mode == "full":
        size, formula = work.state_bytes * shape.parameters, f"{count} x {work.state_bytes} B"
        name = "weights, gradients and optimiser"
        terms = [Term(name=name, size_bytes=size, held="between", formula=formula)]
    else:
        adapter = shape.adapter(work.lora_rank)
        formula = f"{adapter:,} parameters of rank {work.lora_rank} x 16 B"
        terms = [
            Term(name="weights", size_bytes=weights, held="between", formula=of_weights),
            Term(name="adapter", size_bytes=16 * adapter, held="between", formula=formula),
        ]
    live, kept = shape.layer_activation_bytes, 2 * shape.hidden * shape.layers
    layers = kept + live if work.recompute else live * shape.layers
    per_token_bytes = layers + work.logit_bytes * shape.vocab
    formula = f"{tokens} tokens x {per_token_bytes / 1e6:.3g} MB (layers, logits)"
    size = tokens * per_token_bytes
    wide = 4 if work.mode == "full" else 2
    gathered = f"{shape.largest_layer:,} parameters of the largest layer x {wide} B: its weights"
    gathered += " and gradients" if work.mode == "full" else ""
    return [
        *terms,
        Term(name="activations", size_bytes=size, held="each", formula=formula),
        Term(
            name="layer", size_bytes=wide * shape.largest_layer, held="gathered", formula=gathered
        ),
    ]
