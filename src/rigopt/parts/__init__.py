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

FIT_CRITICAL: Final[dict[str, tuple[str, ...]]] = {
    "gpu": (
        "length_mm",
        "height_mm",
        "slots_covered",
        "cooling",
        "pcie_8pin",
        "pcie_6pin",
        "pcie_16pin",
        "eps_8pin",
        "adapter_8pin",
        "display_outputs",
    ),
    "cpu": (
        "socket",
        "generation",
        "cores",
        "threads",
        "tdp_w",
        "package_power_w",
        "memory_types",
        "module_kinds",
        "memory_channels",
        "memory_max_gb",
        "ecc",
        "pcie_gen",
        "pcie_lanes",
        "display",
        "cooler_included",
    ),
    "motherboard": (
        "socket",
        "chipset",
        "form_factor",
        "width_mm",
        "memory_type",
        "module_kinds",
        "memory_slots",
        "memory_channels",
        "memory_max_gb",
        "memory_module_max_gb",
        "slots",
        "populations",
        "m2",
        "sata_ports",
        "u2_ports",
        "eps_8pin",
        "eps_8pin_required",
        "wifi",
    ),
    "memory": (
        "memory_type",
        "module_kind",
        "ecc",
        "modules",
        "module_gb",
        "speed_mt_s",
        "height_mm",
    ),
    "storage": (
        "form",
        "protocol",
        "capacity_gb",
        "spinning",
    ),
    "psu": (
        "watts",
        "form_factor",
        "length_mm",
        "efficiency",
        "atx_version",
        "eps_8pin",
        "pcie_8pin",
        "pcie_16pin",
        "sata_plugs",
    ),
    "cooler": (
        "medium",
        "height_mm",
        "sockets",
        "overhangs_memory",
        "radiator_mm",
        "paste_included",
    ),
    "case": (
        "board_form_factors",
        "expansion_slots",
        "gpu_length_max_mm",
        "cooler_height_max_mm",
        "psu_form_factors",
        "psu_length_max_mm",
        "radiator_mounts",
        "bays_35",
        "bays_25",
        "fan_mounts",
    ),
    "fan": ("size_mm",),
    "nvlink_bridge": (
        "family",
        "span_slots",
    ),
    "riser": (
        "gen",
        "lanes",
    ),
    "network": (
        "bus",
        "wifi",
    ),
    "paste": ("name",),
    "os": ("family",),
}
"""Facts without which some rule would have to say unknown."""

__all__ = [
    "FIT_CRITICAL",
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
