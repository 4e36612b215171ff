"""How throughput grows with the number of equal cards, and what a power cap leaves of it.

``efficiency`` is throughput(N) / (N x throughput(1)), the seconds of work of a step over all the
seconds of the step. What is lost is waiting for the slowest card, and the exchange, whose volume
the workload states in megabytes. The parameters are in ``models/scaling.toml``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rigopt.assumptions import read_toml, validated
from rigopt.parts import Fact, GpuChip

PARAMETERS = "scaling.toml"
Kind = Literal["replicas", "data-parallel", "tensor-parallel", "layer-split"]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
LOWEST_CAP = 0.5
"""Share of the usual power below which no curve is measured well: cards collapse there."""
_GB_S_PER_LANE = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}
"""Nominal rate of a PCIe lane, one way, by generation (PCI-SIG, 128b/130b coding from 3.0)."""


class Link(Fact):
    """How the cards of a rig reach each other.

    ``pcie_gen`` and ``lanes`` are those of the worst-connected card.
    """

    pcie_gen: Annotated[int, Field(ge=1, le=6)]
    lanes: Annotated[int, Field(ge=1, le=16)]
    nvlink: bool = False
    """Whether bridges join the cards in pairs."""
    through_cpu: bool = True
    """Whether no card hangs on the chipset, whose few lanes everything there shares."""
    crowded: bool = False
    """Whether open-air cards sit with no free row between them and slow down in the heat."""
    mesh: bool = False
    """Whether NVLink joins every card to every other, as on SXM boards."""


class Exchange(Fact):
    """How a workload uses several cards, and what it sends between them in a step.

    A step is what passes between two exchanges: an optimiser step when training, a forward pass
    in tensor parallelism. ``units`` are counted on one card in data parallelism and replicas.
    """

    kind: Kind
    units: Positive = 1.0
    """Units of work in a step: the batch of a card in training, the streams in decoding."""
    mb: Annotated[float, Field(ge=0)] = 0.0
    """Megabytes reduced in a step. Data parallel: the gradients, bytes each x trained parameters;
    tensor parallel: 2 x layers x width x bytes each x tokens of the step."""
    messages: Annotated[int, Field(ge=0)] = 0
    """Exchanges of a step that everything waits for: 2 x layers in tensor parallelism."""
    chunks: Annotated[float, Field(ge=1)] = 1.0
    """Pieces of work in flight in a layer split: 1 when decoding one stream, prompt tokens /
    512 in prefill."""

    @model_validator(mode="after")
    def _fields_fit_kind(self) -> Exchange:
        if self.kind in ("replicas", "layer-split") and (self.mb or self.messages):
            raise ValueError(f"{self.kind} exchanges nothing: leave out mb and messages")
        if self.kind != "layer-split" and self.chunks != 1:
            raise ValueError("chunks belongs to kind layer-split")
        return self


class Transport(Fact):
    """What the exchange of a megabyte and of a message costs; see ``models/``."""

    staged_gb_s: Positive
    peer_gb_s: Positive
    mesh_gb_s: Positive
    bridge_gain: Annotated[float, Field(ge=1)]
    chipset_gb_s: Positive
    sync_share: Share
    message_us: Positive
    staged_message_us: Annotated[float, Field(ge=0)]
    source: str

    @model_validator(mode="after")
    def _direct_is_faster(self) -> Transport:
        if self.staged_gb_s > self.peer_gb_s:
            raise ValueError("peer_gb_s must not be below staged_gb_s")
        return self

    def seconds_per_gb(self, link: Link, chip: GpuChip) -> float:
        """Seconds in which a card sends a gigabyte to the next one while all the others do."""
        gen, lanes = min(link.pcie_gen, chip.pcie_gen or 6), min(link.lanes, chip.pcie_lanes or 16)
        wire = _GB_S_PER_LANE[max(1, gen)] * max(1, lanes)
        if not link.through_cpu:
            wire = min(wire, self.chipset_gb_s)
        seconds = 1 / wire + 1 / (self.peer_gb_s if _direct(link, chip) else self.staged_gb_s)
        if link.nvlink:
            seconds /= self.bridge_gain
        return min(seconds, 1 / self.mesh_gb_s) if link.mesh else seconds

    def exchange_seconds(self, exchange: Exchange, count: int, link: Link, chip: GpuChip) -> float:
        """Seconds of a step that go into the exchange among ``count`` cards, a ring all-reduce."""
        message_us = self.message_us
        if not (_direct(link, chip) or link.nvlink or link.mesh):
            message_us += self.staged_message_us
        gb = exchange.mb / 1000 * 2 * (count - 1) / count
        waits = exchange.messages * message_us / 1e6 * math.log2(count)
        return gb * self.seconds_per_gb(link, chip) + waits


def _direct(link: Link, chip: GpuChip) -> bool:
    """Whether cards copy to each other over PCIe, past the memory of the host."""
    return bool(chip.peer_to_peer) and link.through_cpu


class Split(Fact):
    """What replicas and layer splits lose, as shares of the work; see ``models/``."""

    replica_share: Share
    handoff_share: Share
    pipeline_share: Share
    source: str


class PowerCurve(Fact):
    """Throughput kept at a share x of the usual power: ((x - idle) / (knee - idle)) ^ exponent.

    ``idle`` is the share that goes into no work; from ``knee`` on the cap does not bind.
    """

    knee: Annotated[float, Field(gt=LOWEST_CAP, le=1)]
    exponent: Positive
    idle: Annotated[float, Field(ge=0, lt=LOWEST_CAP)]

    def kept(self, share: float) -> float:
        """Throughput kept, in (0, 1], at a share above 0 of the usual power limit.

        Below ``LOWEST_CAP`` it falls in proportion: an estimate, no cap of that kind is advised.
        """
        working = (max(share, LOWEST_CAP) - self.idle) / (self.knee - self.idle)
        return min(1.0, math.pow(working, self.exponent)) * min(1.0, share / LOWEST_CAP)


class ErrorBar(Fact):
    """Absolute percentage errors on cards that were left out of the fit."""

    median_pct: float
    p90_pct: float
    rows: int


class ScalingModel(Fact):
    """The parameters of this module."""

    transport: Transport
    split: Split
    power_cap: dict[Literal["compute", "memory"], PowerCurve]
    crowded_open_air: Annotated[float, Field(gt=0, le=1)]
    offload_slowdown: Annotated[float, Field(ge=1)]
    errors: dict[str, ErrorBar] = Field(default_factory=dict)
    """By what is predicted: a kind of exchange, or a kind of power cap."""

    def efficiency(
        self, exchange: Exchange, count: int, link: Link, chip: GpuChip, unit_seconds: float
    ) -> float:
        """Throughput of ``count`` equal cards relative to ``count`` times that of one, in (0, 1].

        ``unit_seconds`` is what one card takes for a unit of work on its own.
        """
        if count == 1:
            return 1.0
        lost = self._lost(exchange, count, link, chip, exchange.units * unit_seconds)
        return (self.crowded_open_air if link.crowded else 1.0) / (1 + lost)

    def _lost(
        self, exchange: Exchange, count: int, link: Link, chip: GpuChip, step: float
    ) -> float:
        doublings = math.log2(count)
        if exchange.kind == "replicas":
            return self.split.replica_share * doublings
        if exchange.kind == "layer-split":
            return self._split_lost(exchange.chunks, count)
        work = step if exchange.kind == "data-parallel" else step / count
        spent = self.transport.exchange_seconds(exchange, count, link, chip)
        return self.transport.sync_share * doublings + spent / work

    def _split_lost(self, chunks: float, count: int) -> float:
        """A pipeline of ``count`` stages: a stage has nothing to do while it fills and drains."""
        if chunks == 1:
            return count * (1 + self.split.handoff_share * count) - 1
        return (chunks + count - 1) / chunks * (1 + self.split.pipeline_share * count) - 1


@lru_cache(maxsize=1)
def scaling_model() -> ScalingModel:
    """The parameters of ``models/``.

    Raises:
        InputError: if the file cannot be used.
    """
    raw = read_toml(PARAMETERS)
    raw.get("power_cap", {}).pop("source", None)
    raw.get("errors", {}).pop("source", None)
    return validated(
        PARAMETERS,
        ScalingModel,
        {
            "transport": raw.get("transport"),
            "split": raw.get("split"),
            "power_cap": raw.get("power_cap"),
            "crowded_open_air": raw.get("cooling", {}).get("crowded_open_air"),
            "offload_slowdown": raw.get("memory", {}).get("offload_slowdown"),
            "errors": raw.get("errors", {}),
        },
    )


def efficiency(
    exchange: Exchange, count: int, link: Link, chip: GpuChip, unit_seconds: float
) -> float:
    """``ScalingModel.efficiency`` with the parameters of ``models/``."""
    return scaling_model().efficiency(exchange, count, link, chip, unit_seconds)


def kept(limited_by: Literal["compute", "memory"], share: float) -> float:
    """Throughput kept, in (0, 1], under a cap at a share above 0 of the usual power limit."""
    return scaling_model().power_cap[limited_by].kept(share)
