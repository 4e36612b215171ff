"""Drives and network adapters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigopt.parts.base import Count, Gigabytes, Millimetres, Part
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


class Riser(Part):
    """A cable or cable set that carries a slot to cards hung elsewhere in the case."""

    kind: Literal["riser"] = "riser"
    gen: PcieGen | None = None
    lanes: Literal[1, 4, 8, 16] | None = None
    """Electrical lanes, and the length of the slot it plugs into."""
    splits: Literal[1, 2, 4] = 1
    """Cards it carries: from two on the slot must be able to split its lanes."""
    length_mm: Millimetres | None = None


class NetworkAdapter(Part):
    """A wireless or wired network adapter."""

    kind: Literal["network"] = "network"
    bus: Literal["pcie", "usb", "m2-key-e"] | None = None
    wifi: bool | None = None
    bluetooth: bool | None = None
    ethernet_mbit: Annotated[int, Field(ge=0, le=400_000)] | None = None
    slot_size: Count | None = None
    """Length of the PCIe slot it takes; 0 for other buses."""
