"""Shapes of language models, widths of quantised weights, and how people write both.

Both are rows of ``models/llms.toml``, which says what the fields mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import ceil, log
from typing import Annotated, Any

from pydantic import Field

from rigopt.assumptions import choose, read_toml, validated
from rigopt.errors import InputError, nearest
from rigopt.parts import Fact

Positive = Annotated[int, Field(gt=0)]
_FILE = "llms.toml"
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_NUMBER = re.compile(r"(\d{1,13}(?:\.\d{1,4})?)\s*([kmbt]?)", re.ASCII)
_LEAST_PARAMETERS, _MOST_PARAMETERS = 10**6, 10**13
_MOST_CONTEXT = 10 * 2**20


class Quantisation(Fact):
    """How many thousandths of a bit a weight takes."""

    title: str
    millibits: Positive
    embedding_millibits: Positive | None = None
    """Of embeddings and output; ``None``: ``millibits`` is the mean of all weights."""
    aliases: tuple[str, ...] = ()
    source: str


class ModelShape(Fact):
    """What of a language model decides its memory; fields as in ``models/llms.toml``."""

    parameters: Positive
    active_parameters: Positive | None = None
    layers: Positive
    hidden: Positive
    heads: Positive
    kv_heads: Positive
    head_dim: Positive
    ffn: Positive
    vocab: Positive
    tied: bool = False
    gated: bool = True
    experts: Positive = 1
    active_experts: Positive = 1
    kv_latent: Positive | None = None
    window_tokens: Positive | None = None
    windowed_layers: int = 0
    typical: bool = False
    source: str

    @property
    def embedding(self) -> int:
        """Parameters of embedding and output."""
        return self.vocab * self.hidden * (1 if self.tied else 2)

    @property
    def largest_layer(self) -> int:
        """Parameters of the embedding or of a mean layer, whichever is more."""
        layer = max(0, self.parameters - self.embedding) // self.layers
        return max(self.vocab * self.hidden, layer)

    @property
    def kv_width(self) -> int:
        """Values cached per token and layer: keys and values of all heads."""
        return self.kv_latent or 2 * self.kv_heads * self.head_dim

    def cached_values(self, context: int) -> int:
        """Values in the cache of one stream of ``context`` tokens."""
        seen = min(context, self.window_tokens or context)
        full = self.layers - self.windowed_layers
        return self.kv_width * (full * context + self.windowed_layers * seen)

    def weight_bytes(self, quant: Quantisation) -> int:
        """Bytes of all weights."""
        apart = 0 if quant.embedding_millibits is None else min(self.embedding, self.parameters)
        rest = (self.parameters - apart) * quant.millibits
        return ceil((rest + apart * (quant.embedding_millibits or 0)) / 8000)

    def adapter(self, rank: int) -> int:
        """Parameters of LoRA on every linear layer; with several experts, on attention only."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = 2 * (self.hidden + q) + 2 * (self.hidden + kv)
        mlp = (3 if self.gated else 2) * (self.hidden + self.ffn) if self.experts == 1 else 0
        return rank * self.layers * (attention + mlp)

    @property
    def layer_activation_bytes(self) -> int:
        """What a layer keeps of a token for the way back, in 16 bits, without score matrices."""
        mlp = (4 if self.gated else 2) * self.ffn * self.active_experts
        return 2 * (8 * self.hidden + 2 * self.kv_heads * self.head_dim + mlp)


@lru_cache(maxsize=1)
def quantisations() -> Mapping[str, Quantisation]:
    """The quantisations of ``models/llms.toml`` by name."""
    rows = _tables()["quantisation"].items()
    return {name: validated(_FILE, Quantisation, row) for name, row in rows}


@lru_cache(maxsize=1)
def named_shapes() -> Mapping[str, ModelShape]:
    """The models of ``models/llms.toml`` by name, smallest first."""
    rows = _tables()["model"].items()
    table = {name: validated(_FILE, ModelShape, row) for name, row in rows}
    return dict(sorted(table.items(), key=lambda item: item[1].parameters))


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return read_toml(_FILE)


def parse_params(text: str | int, *, where: str) -> int:
    """Parameters of ``"70B"``, ``"0.5b"``, ``"124M"`` or a whole number.

    Raises:
        InputError: if it is no number of parameters from a million to ten trillion.
    """
    match = _NUMBER.fullmatch(str(text).strip().casefold())
    count = round(float(match[1]) * _SCALES[match[2]]) if match else 0
    if not _LEAST_PARAMETERS <= count <= _MOST_PARAMETERS:
        raise InputError(
            f"{str(text)[:40]!r} is not a number of parameters",
            where=where,
            mend="give one from 1M to 10T such as 70B or 124M",
        )
    return count


def parse_quant(text: str, *, where: str) -> str:
    """The name in :func:`quantisations` of ``"4bit"``, ``"Q4_K_M"``, ``"fp16"``, ``"int8"``.

    Raises:
        InputError: with the nearest names, if there is none.
    """
    plain = re.sub(r"[\s_-]+", "_", str(text).strip().casefold())
    plain = re.sub(r"^(\d+)_?bits?$", r"\1bit", plain)
    known = {name: name for name in quantisations()}
    known |= {alias: name for name, row in quantisations().items() for alias in row.aliases}
    if plain not in known:
        raise InputError(
            f"{str(text)[:40]!r} is not a known quantisation",
            where=where,
            mend=nearest(plain, quantisations()),
        )
    return known[plain]


def parse_context(text: str | int, *, where: str) -> int:
    """Tokens of ``8192``, ``"8k"`` (8 x 1,024) or ``"1M"`` (1,048,576).

    Raises:
        InputError: if it is no whole number of tokens from 1 to 10M.
    """
    match = re.fullmatch(r"(\d{1,9})\s*([km]?)", str(text).strip().casefold(), re.ASCII)
    tokens = int(match[1]) * {"": 1, "k": 2**10, "m": 2**20}[match[2]] if match else 0
    if not 1 <= tokens <= _MOST_CONTEXT:
        raise InputError(
            f"{str(text)[:40]!r} is not a number of tokens",
            where=where,
            mend="give a whole one up to 10M such as 8192, 8k or 128k",
        )
    return tokens


def model_shape(text: str, *, where: str) -> ModelShape:
    """The shape of a named model, or the typical one of a number of parameters.

    Raises:
        InputError: with the nearest names, if it is neither.
    """
    name = text.strip().casefold()
    if name not in named_shapes() and _NUMBER.fullmatch(name):
        return typical_shape(parse_params(name, where=where))
    return choose(dict(named_shapes()), name, where=where)


def typical_shape(parameters: int) -> ModelShape:
    """A dense shape for a model without a name: an estimate.

    Layers, width, feed-forward width and cache per token are interpolated in the logarithm of the
    parameters between the next ``typical`` models below and above, and rounded up (layers to one,
    widths to a head of 128). Beyond the ladder its ends hold; the vocabulary never shrinks.
    """
    ladder = [(name, shape) for name, shape in named_shapes().items() if shape.typical]
    above = next((i for i, (_, s) in enumerate(ladder) if s.parameters >= parameters), len(ladder))
    low = ladder[max(0, above - 1)]
    high = ladder[min(above, len(ladder) - 1)]
    span = log(high[1].parameters / low[1].parameters)
    share = log(parameters / low[1].parameters) / span if span else 0.0

    def between(a: int, b: int, step: int) -> int:
        return step * ceil(round((a + (b - a) * share) / step, 6))

    one, two = low[1], high[1]
    return ModelShape(
        parameters=parameters,
        layers=between(one.layers, two.layers, 1),
        hidden=between(one.hidden, two.hidden, 128),
        heads=between(one.heads * one.head_dim, two.heads * two.head_dim, 128) // 128,
        kv_heads=between(one.kv_width, two.kv_width, 256) // 256,
        head_dim=128,
        ffn=between(one.ffn, two.ffn, 128),
        vocab=max(shape.vocab for _, shape in ladder[: above + 1]),
        tied=two.tied,
        source=f"estimate: between {low[0]} and {high[0]} by the logarithm of the parameters",
    )
