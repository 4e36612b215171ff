"""Workloads and mixes of them, as ``models/`` states them: what a unit of work costs and needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import Field

from rigopt.assumptions import choose, read_toml, validated
from rigopt.need import LlmWork, Need, Work, largest_batch, need_of
from rigopt.parts import Fact
from rigopt.rates import GroupRate, group_rate
from rigopt.resources import data_dir
from rigopt.scaling import Kind
from rigopt.units import parse_count

Positive = Annotated[float, Field(gt=0)]


class Cost(Fact):
    """Arithmetic and memory traffic of a unit of work, by formula."""

    flops: Positive
    flops_formula: str
    bytes: Positive
    bytes_formula: str
    source: str


class Rate(Fact):
    """Which measured group tells the speed of a workload, and how much more than a unit of that
    group a unit of it takes of everything."""

    group: str
    compute: Positive = 1.0
    traffic: Positive = 1.0
    overhead: Positive = 1.0
    why: str
    """Where the factors come from; of a group measured with this very work, that it was."""

    @cached_property
    def cost(self) -> GroupRate:
        """What a unit of the workload costs."""
        measured = group_rate(self.group)
        if not self.scaled:
            return measured
        return measured.scaled(compute=self.compute, traffic=self.traffic, overhead=self.overhead)

    @property
    def scaled(self) -> bool:
        """Whether the work itself was not measured."""
        return (self.compute, self.traffic, self.overhead) != (1, 1, 1)


class Cards(Fact):
    """How a workload uses several cards."""

    kind: Kind
    mb: Annotated[float, Field(ge=0)] = 0.0
    """Megabytes that are reduced between the cards in a step."""
    sharded_mb: Annotated[float, Field(ge=0)] | None = None
    """The same where a copy lies in shares on all cards, which then gather it too."""
    units_per_sample: Positive = 1.0
    """Units of work in a sample or stream: the tokens of a sequence."""
    steps: Positive = 1.0
    """Batches whose gradients are added up before they are exchanged."""
    evidence: str


class Input(Fact):
    """What has to come in from the rest of the machine for a unit of work."""

    cpu_core_us: Annotated[int, Field(gt=0)] | None = None
    """CPU time, in microseconds of one core; ``None``: no limit in practice."""
    read_bytes: Annotated[int, Field(ge=0)] = 0
    """What is read from storage."""
    ram_gb: Annotated[int, Field(ge=0)] | None = None
    source: str


class Workload(Fact):
    """One kind of work."""

    name: str
    title: str
    unit: str
    cost: Cost
    rate: Rate
    memory: Work
    cards: Cards
    input: Input | None = None
    limited_by: Literal["compute", "memory"]
    """What a power cap slows: arithmetic, or memory traffic (far less)."""
    min_gpu_lanes: Annotated[int, Field(ge=1, le=16)]

    @property
    def is_estimate(self) -> bool:
        """Whether its speed is scaled from other work that was measured."""
        return self.rate.scaled

    @cached_property
    def need(self) -> Need:
        """The memory that it needs."""
        return need_of(self.memory)

    @property
    def vram_gb(self) -> int:
        """The least memory of a card that runs it alone."""
        return self.need.vram_gb()

    def units_in_step(self, vram_gb: int, cards: int = 1) -> float:
        """Units of work that a card does between two exchanges, with as large a batch as fits."""
        if (vram_gb, cards) not in self._batches:
            batch = max(1, largest_batch(self.memory, [vram_gb] * cards))
            if isinstance(self.memory, LlmWork):
                batch = min(batch, MOST_STREAMS)
            self._batches[vram_gb, cards] = batch
        return self._batches[vram_gb, cards] * self.cards.units_per_sample * self.cards.steps

    @cached_property
    def _batches(self) -> dict[tuple[int, int], int]:
        """Largest batches by memory and number of cards."""
        return {}


MOST_STREAMS = 64
"""Sequences in a batch of one card at most: larger ones no longer help training."""


class Mix(Fact):
    """A weighting of workloads: what one number of throughput stands for."""

    name: str
    title: str
    weights: dict[str, int]
    alone: bool
    """Whether it is a single workload, which then must fit the cards' memory."""

    @cached_property
    def workloads(self) -> tuple[tuple[Workload, int], ...]:
        """Every workload with its weight."""
        known = workloads()
        return tuple((known[name], weight) for name, weight in self.weights.items())

    @cached_property
    def min_gpu_lanes(self) -> int:
        """PCIe lanes that every card must get for the hungriest of them."""
        return max(workload.min_gpu_lanes for workload, _ in self.workloads)


@lru_cache(maxsize=1)
def workloads() -> Mapping[str, Workload]:
    """Every workload of ``models/workloads`` by name, sorted.

    Raises:
        InputError: if a file cannot be used.
    """
    folder = data_dir("models") / "workloads"
    found = {}
    for path in sorted(folder.glob("*.toml")):
        name = f"workloads/{path.name}"
        found[path.stem] = validated(name, Workload, {"name": path.stem, **read_toml(name)})
    return found


@lru_cache(maxsize=1)
def mixes() -> Mapping[str, Mix]:
    """Every named mix, and every workload as a mix of itself, sorted by name."""
    table = {
        name: Mix(name=name, title=w.title, weights={name: 1}, alone=True)
        for name, w in workloads().items()
    }
    for name, raw in read_toml("mixes.toml").items():
        if name != "reference":
            for part in raw["weights"]:
                choose(dict(workloads()), part, where=f"models/mixes.toml, {name}")
            table[name] = Mix(name=name, title=raw["title"], weights=raw["weights"], alone=False)
    return dict(sorted(table.items()))


def mix_named(name: str, *, where: str = "workload") -> Mix:
    """A mix or a workload by name, or weights of workloads: ``"cnn-train=2,llm-decode-7b=1"``.

    Raises:
        InputError: if a name is not known, with the nearest ones, or a weight is no whole number.
    """
    if "=" not in name:
        return choose(dict(mixes()), name, where=where)
    weights: dict[str, int] = {}
    for item in name.split(","):
        part, _, weight = item.partition("=")
        workload = choose(dict(workloads()), part.strip(), where=where)
        weights[workload.name] = parse_count(weight, where=where, least=1, most=1000)
    title = ", ".join(f"{weight} x {part}" for part, weight in weights.items())
    return Mix(name=name, title=title, weights=weights, alone=len(weights) == 1)


@lru_cache(maxsize=1)
def reference_chip_id() -> str:
    """The chip one card of which scores 1,000."""
    return str(read_toml("mixes.toml")["reference"]["chip"])
