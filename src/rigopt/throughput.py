"""Predicted deep-learning throughput of a set of equal GPUs, and the score made of it.

The model is data in ``models/``: a roofline per workload, fitted by
``benchmarks/fit_throughput.py``, and a table of multi-GPU efficiency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rigopt.assumptions import choose, read_toml, validated
from rigopt.parts import Fact, GpuChip
from rigopt.resources import data_dir

Scaling = Literal["light", "medium", "heavy", "replica"]
Positive = Annotated[float, Field(ge=0)]
SCORE_OF_REFERENCE = 1000


class Workload(Fact):
    """One kind of work: what a unit of it costs, needs and exchanges."""

    title: str
    unit: str
    peak: Literal["train", "infer", "int8"]
    """Which arithmetic rate bounds it: mixed-precision training, fp16 inference, int8."""
    compute_gflop: Positive
    traffic_mb: Positive
    overhead_us: Positive
    factor: dict[str, float]
    """Time relative to NVIDIA's software, by vendor; a vendor without one cannot be predicted."""
    vram_gb: int
    vram_source: str
    scaling: Scaling
    limited_by: Literal["compute", "memory"]
    """What a power cap slows: arithmetic, or memory traffic (far less)."""
    read_kb: Annotated[int, Field(ge=0)] | None = None
    """What a unit reads from storage, where data of that size are the rule; ``None``: little."""
    read_source: str = ""
    min_gpu_lanes: int
    fit_groups: tuple[str, ...] = ()
    error_median_pct: int | None = None
    error_p90_pct: int | None = None
    source: str


class Link(Fact):
    """How the cards of a rig reach each other.

    ``pcie_gen`` and ``lanes`` are those of the worst-connected card.
    """

    pcie_gen: int
    lanes: int
    nvlink: bool = False
    through_cpu: bool = True
    """Whether no card hangs on the chipset, whose few lanes everything there shares."""
    crowded: bool = False
    """Whether open-air cards sit with no free row between them and slow down in the heat."""

    @property
    def step(self) -> int:
        """Bandwidth in doublings relative to PCIe 4.0 x16."""
        return self.pcie_gen - 4 + int(math.log2(self.lanes)) - 4


class PowerCurve(Fact):
    """Throughput kept at a share x of the usual power: min(1, (x / knee) ^ exponent)."""

    knee: float
    exponent: float

    def kept(self, share: float) -> float:
        """Throughput kept, relative to the usual power limit."""
        return min(1.0, math.pow(share / self.knee, self.exponent))


class _Scaling(Fact):
    """The tables of ``models/scaling.toml``."""

    efficiency: dict[str, tuple[float, ...]]
    per_pcie_generation: float
    peer_to_peer: float
    nvlink: float
    power_cap: dict[str, PowerCurve]
    offload_slowdown: float
    crowded_open_air: float


class Mix(Fact):
    """A weighting of workloads: what one number of throughput stands for."""

    name: str
    title: str
    weights: dict[str, int]
    alone: bool
    """Whether it is a single workload, which then must fit the cards' memory."""
    min_gpu_lanes: int
    vram_gb: int
    """Memory that the largest of the workloads wants on a card."""


@lru_cache(maxsize=1)
def workloads() -> Mapping[str, Workload]:
    """Every workload of ``models/workloads`` by name, sorted.

    Raises:
        InputError: if a file cannot be used.
    """
    folder = data_dir("models") / "workloads"
    names = [f"workloads/{path.name}" for path in sorted(folder.glob("*.toml"))]
    return {Path(name).stem: validated(name, Workload, read_toml(name)) for name in names}


@lru_cache(maxsize=1)
def mixes() -> Mapping[str, Mix]:
    """Every named mix, and every workload as a mix of itself, sorted by name."""
    known = workloads()
    table = {name: _mix(name, w.title, {name: 1}, alone=True) for name, w in known.items()}
    for name, raw in read_toml("mixes.toml").items():
        if name != "reference":
            table[name] = _mix(name, raw["title"], raw["weights"], alone=False)
    return dict(sorted(table.items()))


def _mix(name: str, title: str, weights: dict[str, int], *, alone: bool) -> Mix:
    parts = [choose(dict(workloads()), w, where=f"models/mixes.toml, {name}") for w in weights]
    return Mix(
        name=name,
        title=title,
        weights=weights,
        alone=alone,
        min_gpu_lanes=max(part.min_gpu_lanes for part in parts),
        vram_gb=max(part.vram_gb for part in parts),
    )


def mix_named(name: str) -> Mix:
    """A mix or a workload by name.

    Raises:
        InputError: if there is none, with the nearest names.
    """
    return choose(dict(mixes()), name, where="workload")


@lru_cache(maxsize=1)
def reference_chip_id() -> str:
    """The chip one card of which scores 1,000."""
    return str(read_toml("mixes.toml")["reference"]["chip"])


def peak_gflops(workload: Workload, chip: GpuChip) -> float:
    """The arithmetic rate that bounds a workload on a chip, in 10^9 operations/s.

    Without matrix units it is the better of the fp32 and fp16 rates of the ordinary ones
    (consumer Pascal runs fp16 far slower than fp32).
    """
    vector = float(max(chip.fp32_gflops, chip.fp16_gflops or 0))
    fp32acc = chip.tensor_fp16_fp32acc_gflops or chip.tensor_fp16_gflops
    if not chip.tensor_cores or fp32acc is None:
        return vector
    if workload.peak == "train":
        return float(fp32acc)
    if workload.peak == "infer":
        return float(chip.tensor_fp16_gflops or fp32acc)
    return float(chip.tensor_int8_gops or 2 * fp32acc)


def predict(
    workload: Workload, chip: GpuChip, count: int, link: Link | None, limit_w: int | None = None
) -> float | None:
    """Units per second of ``count`` equal cards together; ``None``: cannot be predicted.

    ``link`` is needed from two cards on. A card whose memory is too small is predicted to run
    from system memory, slower by the published factor. ``limit_w`` caps each card; ``None``: the
    chip's usual limit.
    """
    factor = workload.factor.get(chip.vendor)
    if factor is None or (count > 1 and link is None):
        return None
    seconds = factor * (
        workload.compute_gflop / peak_gflops(workload, chip)
        + workload.traffic_mb / (chip.mem_bandwidth_gb_s * 1000)
        + workload.overhead_us / 1e6
    )
    if chip.vram_gb < workload.vram_gb:
        seconds *= _scaling().offload_slowdown
    if limit_w is not None:
        seconds /= _scaling().power_cap[workload.limited_by].kept(limit_w / chip.tdp_w)
    efficiency = 1.0 if link is None else _efficiency(workload, chip, count, link)
    return count * efficiency / seconds


def _efficiency(workload: Workload, chip: GpuChip, count: int, link: Link) -> float:
    data = _scaling()
    points = [1 / e - 1 for e in (1.0, *data.efficiency[workload.scaling])]
    place = math.log2(count)
    low = min(int(place), 2)
    lost = points[low] + (points[low + 1] - points[low]) * (place - low)
    bandwidth = data.per_pcie_generation**link.step
    if link.nvlink:
        bandwidth = max(bandwidth, data.nvlink)
    elif chip.peer_to_peer:
        bandwidth *= data.peer_to_peer
    heat = data.crowded_open_air if link.crowded else 1.0
    return heat / (1 + lost / bandwidth)


@lru_cache(maxsize=1)
def _scaling() -> _Scaling:
    raw = read_toml("scaling.toml")
    return _Scaling(
        efficiency={
            name: tuple(map(float, points))
            for name, points in raw["efficiency"].items()
            if name != "source"
        },
        per_pcie_generation=float(raw["bandwidth"]["per_pcie_generation"]),
        peer_to_peer=float(raw["bandwidth"]["peer_to_peer"]),
        nvlink=float(raw["bandwidth"]["nvlink"]),
        power_cap={
            name: PowerCurve(**curve)
            for name, curve in raw["power_cap"].items()
            if name != "source"
        },
        offload_slowdown=float(raw["memory"]["offload_slowdown"]),
        crowded_open_air=float(raw["cooling"]["crowded_open_air"]),
    )


def score(
    mix: Mix,
    chip: GpuChip,
    count: int,
    link: Link | None,
    reference: GpuChip,
    limit_w: int | None = None,
) -> int | None:
    """The weighted geometric mean of throughput relative to one reference card, times 1,000.

    ``None`` when some workload cannot be predicted on the chip.
    """
    total = sum(mix.weights.values())
    log_sum = 0.0
    for name, weight in mix.weights.items():
        workload = workloads()[name]
        mine = predict(workload, chip, count, link, limit_w)
        base = predict(workload, reference, 1, None)
        if mine is None or base is None:
            return None
        log_sum += weight * math.log(mine / base)
    return round(SCORE_OF_REFERENCE * math.exp(log_sum / total))
