"""CPUs, boards, memory, and the sockets and chipsets that tie them together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rigopt.parts.base import Count, Fact, Gigabytes, Millimetres, Part, Row, Text, Watts

MemoryType = Literal["DDR3", "DDR4", "DDR5"]
ModuleKind = Literal["UDIMM", "RDIMM", "LRDIMM"]
BoardFormFactor = Literal[
    "Mini-ITX", "Micro-ATX", "ATX", "E-ATX", "XL-ATX", "SSI-CEB", "SSI-EEB", "EEB-proprietary"
]
Socket = Annotated[str, Field(min_length=2, max_length=20)]
Generation = Annotated[str, Field(min_length=2, max_length=40)]
Lanes = Annotated[int, Field(ge=0, le=256)]
PcieGen = Annotated[int, Field(ge=2, le=6)]
Root = Literal["cpu", "cpu2", "chipset"]
"""Where lanes come from; "cpu2" is the second CPU of a two-socket board."""


class SocketRow(Row):
    """A CPU socket and the other names it goes by."""

    name: Socket
    aliases: tuple[Socket, ...] = ()


class Chipset(Row):
    """Which CPU generations a chipset supports, and how.

    ``cpu_support`` maps a generation to ``"yes"`` (every board, as first shipped) or
    ``"bios"`` (only from a later BIOS). A generation that is absent is not supported.
    """

    name: Text
    sockets: tuple[Socket, ...]
    cpu_support: dict[Generation, Literal["yes", "bios"]]


class Cpu(Part):
    """A processor."""

    kind: Literal["cpu"] = "cpu"
    socket: Socket | None = None
    generation: Generation | None = None
    """The vendor's generation, as chipset rows name it: "Zen 3", "Raptor Lake"."""
    cores: Annotated[int, Field(ge=1, le=512)] | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    base_mhz: Annotated[int, Field(ge=500, le=8000)] | None = None
    boost_mhz: Annotated[int, Field(ge=500, le=8000)] | None = None
    tdp_w: Watts | None = None
    package_power_w: Watts | None = None
    """What it may draw for longer than a second: PPT (AMD), PL2 (Intel)."""
    memory_types: tuple[MemoryType, ...] | None = None
    module_kinds: tuple[ModuleKind, ...] | None = None
    memory_channels: Annotated[int, Field(ge=1, le=16)] | None = None
    memory_max_gb: Gigabytes | None = None
    ecc: bool | None = None
    pcie_gen: PcieGen | None = None
    pcie_lanes: Lanes | None = None
    """Lanes for slots and drives: the link to the chipset is not counted."""
    display: bool | None = None
    """Whether it has graphics of its own that can show a picture."""
    cooler_included: bool | None = None
    max_sockets: Literal[1, 2] | None = None
    """How many of it may work together on one board."""


class PcieSlot(Fact):
    """One expansion slot of a board."""

    name: Text
    """As printed on the board or in its manual: "PCIEX16_1"."""
    position: Annotated[int, Field(ge=1, le=12)]
    """Row of the case's expansion slots it lines up with; 1 is nearest the CPU."""
    size: Literal[1, 4, 8, 16]
    """Physical length; an open-ended x8 slot takes a x16 card and counts as 16."""
    gen: PcieGen
    root: Root
    splits: tuple[Literal[2, 4], ...] = ()
    """Into how many equal links the BIOS can split it (bifurcation)."""
    disables_sata_ports: Count = 0
    """SATA ports that are lost while a card sits here."""
    disables_u2_ports: Count = 0
    """U.2 ports that are lost while a card sits here."""


class Population(Fact):
    """One way to share out the lanes: electrical lanes per slot, in slot order."""

    lanes: tuple[Lanes, ...]
    min_cpu_lanes: Lanes = 0
    """It takes a CPU with at least so many lanes."""


class M2Slot(Fact):
    """One M.2 slot (key M) of a board."""

    name: Text
    gen: PcieGen
    lanes: Literal[0, 1, 2, 4]
    """PCIe lanes; 0: a SATA-only slot."""
    root: Root
    sata: bool
    """Whether it takes SATA drives too."""
    max_length_mm: Literal[30, 42, 60, 80, 110]
    limits_slots: dict[Text, Lanes] = Field(default_factory=dict)
    """Expansion slots that have no more than so many lanes while a drive sits here; 0: lost."""
    disables_sata_ports: Count = 0
    """SATA ports that are lost while a drive sits here."""
    disables_sata_ports_as_sata: Count | None = None
    """The same while that drive is a SATA drive, where it differs."""
    disables_u2_ports: Count = 0
    """U.2 ports that are lost while a drive sits here."""
    cpu_generations: tuple[Generation, ...] | None = None
    """Works with these CPU generations only; ``None``: with all."""


class Motherboard(Part):
    """A main board with its slots where the manual draws them."""

    kind: Literal["motherboard"] = "motherboard"
    socket: Socket | None = None
    cpu_sockets: Literal[1, 2] = 1
    chipset: Text | None = None
    form_factor: BoardFormFactor | None = None
    width_mm: Millimetres | None = None
    """From the rear panel towards the drives: ATX 244."""
    height_mm: Millimetres | None = None
    """Along the rear panel: ATX 305."""
    memory_type: MemoryType | None = None
    module_kinds: tuple[ModuleKind, ...] | None = None
    memory_slots: Count | None = None
    memory_channels: Annotated[int, Field(ge=1, le=48)] | None = None
    """Of all its sockets together, as are the memory slots."""
    memory_max_gb: Gigabytes | None = None
    memory_module_max_gb: Gigabytes | None = None
    ecc: bool | None = None
    slots: tuple[PcieSlot, ...] | None = None
    populations: tuple[Population, ...] | None = None
    m2: tuple[M2Slot, ...] | None = None
    sata_ports: Count | None = None
    u2_ports: Count | None = None
    eps_8pin: Count | None = None
    """8-pin EPS sockets."""
    eps_4pin: Count | None = None
    eps_8pin_required: Count | None = None
    """How many of them must be plugged for the board to run at full rating."""
    slot_power_8pin: Count = 0
    """PCIe 8-pin sockets on the board that feed the slots; wanted from three cards on."""
    slot_power_6pin: Count = 0
    """The same with 6 pins."""
    display: bool = False
    """Whether the board shows a picture by itself (BMC graphics)."""
    wifi: bool | None = None
    ethernet_mbit: Annotated[int, Field(ge=0, le=400_000)] | None = None
    bios_flashback: bool | None = None
    """Whether the BIOS can be updated with no CPU in the socket."""
    bios_for: dict[Generation, Text] = Field(default_factory=dict)
    """First BIOS version that runs a generation, where the board's list names one."""
    ready_for: tuple[Generation, ...] = ()
    """Generations its first BIOS runs although the chipset's first boards needed a later one."""
    above_4g: bool | None = None
    """Whether it maps large PCIe memory windows (Above 4G decoding)."""

    @model_validator(mode="after")
    def _slots_agree(self) -> Motherboard:
        slots = self.slots or ()
        names = [slot.name for slot in slots]
        rows = [slot.position for slot in slots]
        if rows != sorted(set(rows)):
            raise ValueError(
                f"slots: positions {rows} do not rise; list them from the CPU down, one a row"
            )
        for table in self.populations or ():
            if self.slots is not None and len(table.lanes) != len(slots):
                raise ValueError(
                    f"populations: {len(table.lanes)} entries for {len(slots)} slots; "
                    "give the lanes of every slot in order"
                )
        for m2 in self.m2 or ():
            unknown = sorted(set(m2.limits_slots) - set(names))
            if unknown and self.slots is not None:
                raise ValueError(
                    f"m2: {m2.name} limits {unknown[0]}, which is no slot; "
                    f"name one of {', '.join(names) or 'its slots'}"
                )
        return self


class MemoryKit(Part):
    """Memory modules sold together."""

    kind: Literal["memory"] = "memory"
    memory_type: MemoryType | None = None
    module_kind: ModuleKind | None = None
    ecc: bool | None = None
    modules: Annotated[int, Field(ge=1, le=16)] | None = None
    module_gb: Gigabytes | None = None
    speed_mt_s: Annotated[int, Field(ge=800, le=12_000)] | None = None
    cas_latency: Count | None = None
    height_mm: Millimetres | None = None
    """Height of a module with its heat spreader; rounded up."""
