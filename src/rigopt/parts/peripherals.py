"""Drives and network adapters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigopt.parts.base import Count, Gigabytes, Part
from rigopt.parts.platform import PcieGen


class Drive(Part):
    """A storage drive."""

    kind: Literal["storage"] = "storage"
    form: Literal["m2", "2.5", "3.5", "u2"] | None = None
    protocol: Literal["nvme", "sata"] | None = None
    capacity_gb: Gigabytes | None = None
    pcie_gen: PcieGen | None = None
    m2_length_mm: Literal[30, 42, 60, 80, 110] | None = None
    read_mb_s: Annotated[int, Field(ge=1, le=40_000)] | None = None
    write_mb_s: Annotated[int, Field(ge=1, le=40_000)] | None = None
    power_mw: Annotated[int, Field(ge=0, le=50_000)] | None = None
    """Draw while reading or writing."""
    spinning: bool | None = None
    """Whether it is a hard disk."""


class NetworkAdapter(Part):
    """A wireless or wired network adapter."""

    kind: Literal["network"] = "network"
    bus: Literal["pcie", "usb", "m2-key-e"] | None = None
    wifi: bool | None = None
    bluetooth: bool | None = None
    ethernet_mbit: Annotated[int, Field(ge=0, le=400_000)] | None = None
    slot_size: Count | None = None
    """Length of the PCIe slot it takes; 0 for other buses."""
