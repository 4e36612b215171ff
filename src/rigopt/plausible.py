"""What no real part is like: facts that a row's schema allows and its maker would not.

Each check names a field, what is wrong with it and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rigopt.parts import (
    Case,
    Cpu,
    CpuCooler,
    Drive,
    GpuCard,
    GpuChip,
    MemoryKit,
    Motherboard,
    Part,
    PowerSupply,
)


class Doubt(NamedTuple):
    """A fact that cannot be right."""

    field: str
    what: str
    mend: str


LOOK_UP = "look it up again, or leave it out if unknown"
FIRST_BOARDS = {4: 2019, 5: 2021, 6: 2026}
"""Year of the first boards with slots of a PCIe generation."""
SPEEDS_MT_S = {"DDR3": (800, 2400), "DDR4": (1600, 5400), "DDR5": (3600, 10_000)}
"""Slowest and fastest modules sold of a generation."""


def doubts(part: Part, chips: Mapping[str, GpuChip]) -> Iterator[Doubt]:
    """Everything about a part that cannot be right."""
    match part:
        case GpuCard():
            yield from _gpu(part, chips.get(part.chip))
        case Cpu():
            yield from _cpu(part)
        case Motherboard():
            yield from _board(part)
        case MemoryKit():
            yield from _memory(part)
        case PowerSupply():
            yield from _supply(part)
        case Drive():
            yield from _drive(part)
        case CpuCooler():
            yield from _cooler(part)
        case Case():
            yield from _case(part)
        case _:
            pass


def twins(parts: Iterable[Part]) -> Iterator[tuple[Part, Part, str]]:
    """Parts of a kind that share a part number."""
    seen: dict[tuple[type[Part], str], Part] = {}
    for part in parts:
        for number in part.part_numbers:
            first = seen.setdefault((type(part), number.casefold()), part)
            if first is not part:
                yield first, part, number


def _outside(field: str, value: int | None, least: int, most: int, unit: str) -> Iterator[Doubt]:
    if value is not None and not least <= value <= most:
        yield Doubt(field, f"{value} {unit} is not between {least} and {most}", LOOK_UP)


def _gpu(card: GpuCard, chip: GpuChip | None) -> Iterator[Doubt]:
    yield from _outside("length_mm", card.length_mm, 120, 400, "mm")
    yield from _outside("height_mm", card.height_mm, 55, 180, "mm")
    sockets = (card.pcie_8pin, card.pcie_6pin, card.pcie_16pin, card.eps_8pin)
    if chip is None:
        return
    tdp = card.tdp_w or chip.tdp_w
    if None not in sockets and not sum(n or 0 for n in sockets) + card.pcie_12pin and tdp > 75:
        yield Doubt("pcie_8pin", f"no power socket for {tdp} W", "give its sockets")
    if card.tdp_w is not None and not chip.tdp_w // 2 <= card.tdp_w <= chip.tdp_w * 3 // 2:
        yield Doubt("tdp_w", f"{card.tdp_w} W against {chip.tdp_w} W of {chip.id}", LOOK_UP)
    named = re.search(r"\b(\d+)\s?GB?\b", card.name)
    if named and int(named[1]) != chip.vram_gb:
        yield Doubt(
            "chip",
            f"the name says {named[1]} GB, {chip.id} has {chip.vram_gb} GB",
            "name the chip that the card carries",
        )


def _cpu(cpu: Cpu) -> Iterator[Doubt]:
    cores, threads = cpu.cores, cpu.threads
    if cores is not None and threads is not None and not cores <= threads <= 2 * cores:
        yield Doubt("threads", f"{threads} threads of {cores} cores", LOOK_UP)
    if cpu.base_mhz is not None and cpu.boost_mhz is not None and cpu.boost_mhz < cpu.base_mhz:
        yield Doubt("boost_mhz", f"{cpu.boost_mhz} is below base_mhz {cpu.base_mhz}", LOOK_UP)
    yield from _outside("tdp_w", cpu.tdp_w, 10, 600, "W")


def _board(board: Motherboard) -> Iterator[Doubt]:
    year = board.released
    for slot in board.slots or ():
        first = FIRST_BOARDS.get(slot.gen, 0)
        if year is not None and year < first:
            what = f"{slot.name} is PCIe {slot.gen}.0 in {year}, before the first boards of {first}"
            yield Doubt("slots", what, LOOK_UP)
    if board.sata_ports == 0 and not board.m2 and board.m2 is not None:
        yield Doubt("sata_ports", "no SATA port and no M.2 slot: nowhere for a drive", LOOK_UP)
    yield from _outside("memory_max_gb", board.memory_max_gb, 16, 16_384, "GB")
    slots, channels = board.memory_slots, board.memory_channels
    if slots is not None and channels and slots < channels:
        yield Doubt("memory_slots", f"{slots} slots for {channels} channels", LOOK_UP)
    if (board.memory_module_max_gb or 0) > (board.memory_max_gb or 1_000_000):
        yield Doubt("memory_module_max_gb", "a module larger than all memory", LOOK_UP)
    if (board.eps_8pin_required or 0) > (board.eps_8pin or 0):
        yield Doubt("eps_8pin_required", "more EPS sockets required than there are", LOOK_UP)


def _memory(kit: MemoryKit) -> Iterator[Doubt]:
    if kit.memory_type is not None:
        yield from _outside("speed_mt_s", kit.speed_mt_s, *SPEEDS_MT_S[kit.memory_type], "MT/s")
    yield from _outside("height_mm", kit.height_mm, 18, 70, "mm")
    size = kit.module_gb
    if size is not None and size not in (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512):
        yield Doubt("module_gb", f"no module has {size} GB", LOOK_UP)


def _supply(psu: PowerSupply) -> Iterator[Doubt]:
    yield from _outside("watts", psu.watts, 150, 3500, "W")
    plugs = (psu.pcie_8pin, psu.pcie_16pin)
    if psu.watts is not None and psu.watts >= 500 and plugs == (0, 0):
        yield Doubt("pcie_8pin", f"{psu.watts} W and no PCIe plug", "give its plugs")
    if psu.watts is not None and psu.eps_8pin == 0:
        yield Doubt("eps_8pin", "no EPS plug: no board starts on it", LOOK_UP)


def _drive(drive: Drive) -> Iterator[Doubt]:
    if drive.spinning and drive.protocol == "nvme":
        yield Doubt("protocol", "a hard disk that speaks NVMe", LOOK_UP)
    if drive.form == "3.5" and drive.spinning is False:
        yield Doubt("form", "a solid-state drive of 3.5 inches", LOOK_UP)
    yield from _outside("capacity_gb", drive.capacity_gb, 60, 40_000, "GB")


def _cooler(cooler: CpuCooler) -> Iterator[Doubt]:
    if cooler.medium == "liquid" and cooler.radiator_mm == 0:
        yield Doubt("radiator_mm", "a liquid cooler without a radiator", LOOK_UP)
    if cooler.medium == "air":
        yield from _outside("height_mm", cooler.height_mm, 20, 190, "mm")


def _case(case: Case) -> Iterator[Doubt]:
    yield from _outside("gpu_length_max_mm", case.gpu_length_max_mm, 150, 700, "mm")
    yield from _outside("expansion_slots", case.expansion_slots, 0, 24, "slots")
    yield from _outside("cooler_height_max_mm", case.cooler_height_max_mm, 30, 260, "mm")
