"""The parts a rig is made of: frozen rows of facts, one model per kind.

No module here knows a price, a rule or a solver.
"""

from __future__ import annotations

from typing import Final

from rigopt.parts.base import Fact, Part, Row, first_problem
from rigopt.parts.chassis import (
    Case,
    CpuCooler,
    Fan,
    FanMount,
    OperatingSystem,
    PowerSupply,
    RadiatorMount,
    ThermalPaste,
)
from rigopt.parts.gpu import GpuCard, GpuChip, NvlinkBridge
from rigopt.parts.peripherals import Drive, NetworkAdapter, Riser
from rigopt.parts.platform import (
    Chipset,
    Cpu,
    M2Slot,
    MemoryKit,
    Motherboard,
    PcieSlot,
    Population,
    SocketRow,
)

PART_MODELS: Final[dict[str, type[Part]]] = {
    "gpu": GpuCard,
    "cpu": Cpu,
    "motherboard": Motherboard,
    "memory": MemoryKit,
    "storage": Drive,
    "psu": PowerSupply,
    "cooler": CpuCooler,
    "case": Case,
    "fan": Fan,
    "nvlink_bridge": NvlinkBridge,
    "riser": Riser,
    "network": NetworkAdapter,
    "paste": ThermalPaste,
    "os": OperatingSystem,
}
"""The model of every kind, in the order in which a part list is read."""

KINDS: Final[tuple[str, ...]] = tuple(PART_MODELS)
REQUIRED_KINDS: Final[tuple[str, ...]] = (
    "gpu",
    "cpu",
    "motherboard",
    "memory",
    "storage",
    "psu",
    "case",
)
"""Every working rig has at least one part of these kinds."""

__all__ = [
    "KINDS",
    "PART_MODELS",
    "REQUIRED_KINDS",
    "Case",
    "Chipset",
    "Cpu",
    "CpuCooler",
    "Drive",
    "Fact",
    "Fan",
    "FanMount",
    "GpuCard",
    "GpuChip",
    "M2Slot",
    "MemoryKit",
    "Motherboard",
    "NetworkAdapter",
    "NvlinkBridge",
    "OperatingSystem",
    "Part",
    "PcieSlot",
    "Population",
    "PowerSupply",
    "RadiatorMount",
    "Riser",
    "Row",
    "SocketRow",
    "ThermalPaste",
    "first_problem",
]
