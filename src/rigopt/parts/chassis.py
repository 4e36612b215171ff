"""What the platform sits in and lives on: case, power supply, cooler, fans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigopt.parts.base import Count, Fact, Millimetres, Part, Text, Watts
from rigopt.parts.platform import BoardFormFactor, Socket

PsuFormFactor = Literal["ATX", "SFX", "SFX-L", "TFX", "Flex-ATX", "CRPS"]
Efficiency = Literal["none", "white", "bronze", "silver", "gold", "platinum", "titanium"]
Position = Literal["front", "top", "rear", "side", "bottom"]


class PowerSupply(Part):
    """A power supply and the plugs on its cables."""

    kind: Literal["psu"] = "psu"
    watts: Watts | None = None
    watts_115v: Watts | None = None
    """Rating at 100-127 V where it differs; ``None``: the same; 0: needs 200-240 V."""
    form_factor: PsuFormFactor | None = None
    length_mm: Millimetres | None = None
    efficiency: Efficiency | None = None
    """80 PLUS class; "none": not certified."""
    atx_version: Literal["2.x", "3.0", "3.1"] | None = None
    modular: Literal["no", "semi", "full"] | None = None
    eps_8pin: Count | None = None
    """4+4-pin and 8-pin EPS plugs."""
    pcie_8pin: Count | None = None
    """6+2-pin plugs that can be used at once."""
    pcie_16pin: Count | None = None
    """12VHPWR or 12V-2x6 plugs that can be used at once with all ``pcie_8pin``."""
    pcie_16pin_w: Literal[150, 300, 450, 600] | None = None
    """What each of them may carry, where the maker states it."""
    sata_plugs: Count | None = None
    molex_plugs: Count | None = None


class RadiatorMount(Fact):
    """Where a case takes a radiator."""

    position: Position
    sizes_mm: tuple[Literal[120, 140, 240, 280, 360, 420, 480], ...]
    max_thickness_mm: Millimetres | None = None
    """Radiator with its fans; ``None``: not stated."""
    memory_height_max_mm: Millimetres | None = None
    """Highest memory module beside a radiator here; ``None``: none stated."""


class FanMount(Fact):
    """How many fans of one size fit in one place."""

    position: Position
    size_mm: Literal[80, 92, 120, 140, 180, 200]
    count: Count
    beside: bool = False
    """Whether they are beside the others at that position; usually sizes are alternatives."""


class Case(Part):
    """A case, a rack chassis or an open frame."""

    kind: Literal["case"] = "case"
    board_form_factors: tuple[BoardFormFactor, ...] | None = None
    board_width_max_mm: Millimetres | None = None
    """Widest board that fits (E-ATX by its real width)."""
    expansion_slots: Count | None = None
    gpu_length_max_mm: Millimetres | None = None
    """With nothing mounted at the front and every removable cage taken out."""
    gpu_length_caged_mm: Millimetres | None = None
    """With the 3.5-inch cage in, where that leaves less; ``None``: the same."""
    gpu_height_max_mm: Millimetres | None = None
    """Room for a card's height, where the maker states it."""
    cooler_height_max_mm: Millimetres | None = None
    psu_form_factors: tuple[PsuFormFactor, ...] | None = None
    psu_length_max_mm: Millimetres | None = None
    """With every removable cage taken out."""
    psu_length_caged_mm: Millimetres | None = None
    """With the 3.5-inch cage in, where that leaves less; ``None``: the same."""
    psu_count: Annotated[int, Field(ge=1, le=4)] = 1
    radiator_mounts: tuple[RadiatorMount, ...] | None = None
    bays_35: Count | None = None
    bays_25: Count | None = None
    """Places for 2.5-inch drives beside every 3.5-inch bay in use."""
    fan_mounts: tuple[FanMount, ...] | None = None
    fans_included: Count | None = None
    open_frame: bool = False
    riser_places: Count = 0
    """Cards that hang apart from the board, each on a riser."""
    riser_rows: Count | None = None
    """Expansion slots that these places have in all; ``None``: every place takes any card."""
    riser_reach_mm: Millimetres | None = None
    """Length of a riser that reaches the farthest of them."""
    ducted: bool = False
    """Whether a fan wall forces air through the cards, as in rack chassis for servers."""


class CpuCooler(Part):
    """A CPU cooler: a heat sink with fans, or a closed liquid loop."""

    kind: Literal["cooler"] = "cooler"
    medium: Literal["air", "liquid"] | None = None
    height_mm: Millimetres | None = None
    """With its fans in their standard place; of a liquid cooler, the pump block."""
    sockets: tuple[Socket, ...] | None = None
    capacity_w: Watts | None = None
    """Heat that the maker rates it for; ``None``: not stated."""
    overhangs_memory: bool | None = None
    """Whether any of it sits above the memory slots."""
    ram_clearance_mm: Millimetres | None = None
    """Highest module under it, fans in their standard place; only if it overhangs."""
    fan_can_rise: bool = False
    """Whether the fan above the memory may be moved up for taller modules."""
    ram_clearance_raised_mm: Millimetres | None = None
    """Highest module with that fan moved up as far as it goes; ``None``: only the case limits."""
    radiator_mm: Literal[0, 120, 140, 240, 280, 360, 420, 480] | None = None
    radiator_thickness_mm: Millimetres | None = None
    """Radiator with its fans."""
    paste_included: bool | None = None


class Fan(Part):
    """Case fans, by the pack."""

    kind: Literal["fan"] = "fan"
    size_mm: Literal[80, 92, 120, 140, 180, 200] | None = None
    pack: Annotated[int, Field(ge=1, le=10)] = 1
    airflow_m3_h: Count | None = None
    noise_dba_tenths: Count | None = None
    power_mw: Annotated[int, Field(ge=0, le=50_000)] | None = None
    """Of one fan at full speed."""


class ThermalPaste(Part):
    """A tube of thermal compound."""

    kind: Literal["paste"] = "paste"
    mass_mg: Annotated[int, Field(ge=0, le=100_000)] | None = None


class OperatingSystem(Part):
    """A licence (or none) for an operating system."""

    kind: Literal["os"] = "os"
    family: Literal["windows", "linux"]
    edition: Text | None = None
