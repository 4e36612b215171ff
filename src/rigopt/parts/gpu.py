"""GPU chips, the cards that carry them, and the bridges that join cards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigopt.parts.base import Count, Gigabytes, Millimetres, Part, Row, Slug, Text, Watts

Vendor = Literal["NVIDIA", "AMD", "Intel"]
CardCooling = Literal["blower", "open-air", "liquid", "passive"]
NvlinkFamily = Literal["none", "pascal", "volta", "turing", "ampere", "hopper"]
Rate = Annotated[int, Field(gt=0, le=100_000_000)]


class GpuChip(Row):
    """What a GPU model computes with, whoever builds the card around it.

    ``*_gflops`` are dense (no sparsity) peak rates in 10^9 operations per second;
    ``None`` means unknown, and ``tensor_cores`` says whether there are any at all.
    """

    name: Text
    vendor: Vendor
    architecture: Text
    market: Literal["consumer", "workstation", "datacenter"]
    vram_gb: Gigabytes
    mem_bandwidth_gb_s: Rate
    tensor_cores: bool
    fp32_gflops: Rate
    fp16_gflops: Rate | None = None
    """fp16 rate of the ordinary (shader) units."""
    tensor_fp16_gflops: Rate | None = None
    """fp16 tensor rate with fp16 accumulation."""
    tensor_fp16_fp32acc_gflops: Rate | None = None
    """fp16 tensor rate with fp32 accumulation: what mixed-precision training uses."""
    tensor_int8_gops: Rate | None = None
    tensor_fp8_gflops: Rate | None = None
    tensor_fp4_gflops: Rate | None = None
    tdp_w: Watts
    power_limit_min_w: Watts | None = None
    """Lowest power limit that its driver takes."""
    compute_capability: Annotated[str, Field(pattern=r"^\d+\.\d$")] | None = None
    """CUDA compute capability; ``None`` for other vendors."""
    pcie_gen: Count
    pcie_lanes: Count
    nvlink: NvlinkFamily
    peer_to_peer: bool | None = None
    """Whether the vendor's driver lets cards copy to each other over PCIe."""
    released: Annotated[int, Field(ge=2005, le=2030)] | None = None


class GpuCard(Part):
    """A graphics or accelerator card. Memory and speed are those of its chip."""

    kind: Literal["gpu"] = "gpu"
    chip: Slug
    length_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    """From the slot edge to the highest edge of the card, cable not counted."""
    slots_covered: Annotated[int, Field(ge=1, le=6)] | None = None
    """Expansion slots that the card covers: 2.5-slot cards cover 3."""
    thickness_mm: Millimetres | None = None
    cooling: CardCooling | None = None
    tdp_w: Watts | None = None
    """Default power limit of this card; ``None``: that of the chip."""
    pcie_8pin: Count | None = None
    pcie_6pin: Count | None = None
    pcie_16pin: Count | None = None
    """12VHPWR or 12V-2x6 sockets."""
    pcie_12pin: Count = 0
    """12-pin Micro-Fit sockets of Founders Edition cards of 2020: fed by their adapter."""
    eps_8pin: Count | None = None
    """EPS (CPU-style) sockets, as on A100 and A6000 cards."""
    adapter_8pin: Count | None = None
    """8-pin plugs that the adapter in the box takes for one 16-pin or EPS socket; 0: no adapter."""
    display_outputs: Count | None = None
    radiator_mm: Millimetres = 0
    """Length of the card's own radiator; 0: none."""


class NvlinkBridge(Part):
    """A rigid bridge between two equal cards."""

    kind: Literal["nvlink_bridge"] = "nvlink_bridge"
    family: NvlinkFamily
    span_slots: Annotated[int, Field(ge=2, le=5)]
    """Distance between the slots of the two cards: 2 joins adjacent 2-slot cards."""
    per_pair: Annotated[int, Field(ge=1, le=3)] = 1
    """How many of it join one pair at full speed."""
    chips: tuple[Slug, ...] | None = None
    """Chips the vendor names for it; ``None``: every chip of the family."""
