"""What the rules on slots read: the board with its drives, the cards, the CPU's lanes, the room.

Drives and cards take slots and lanes from each other: ``LAYOUT`` is the board as the drives leave
it to the cards, ``CARDS`` is everything that then wants a slot.
"""

from __future__ import annotations

from collections.abc import Callable

from rigopt.build import Build, Line
from rigopt.layout import Layout, Topology, bare, layout_of, topology_of
from rigopt.parts import Case, Cpu, Drive, Motherboard
from rigopt.placement import Placement
from rigopt.rules.base import ABSENT, Key
from rigopt.rules.operands import Derived, Operand, Total, Value, joint
from rigopt.seating import (
    Cards,
    CpuLanes,
    Room,
    cards_of,
    cooled,
    lanes_of,
    leads_of,
    others_of,
    room_of,
    together,
)
from rigopt.shelving import LONG_MM, Drives, M2Drives, bays_of
from rigopt.world import World

# --- drives -----------------------------------------------------------------------------------


def of_form(form: str, protocol: str | None = None) -> Value:
    """Drives of a line that have this form (and protocol)."""

    def count(line: Line, _world: World) -> int | None:
        drive = line.part
        assert isinstance(drive, Drive)
        if drive.form is None or drive.protocol is None:
            return None
        return line.quantity if drive.form == form and protocol in (None, drive.protocol) else 0

    return count


def _long(line: Line, _world: World) -> int:
    """M.2 drives of a line that not every slot is long enough for."""
    drive = line.part
    assert isinstance(drive, Drive)
    long = drive.form == "m2" and (drive.m2_length_mm or 0) >= LONG_MM
    return line.quantity if long else 0


def cabled_sata(line: Line, _world: World) -> int | None:
    """Drives of a line that want a SATA port and a SATA power plug."""
    drive = line.part
    assert isinstance(drive, Drive)
    if drive.form is None or drive.protocol is None:
        return None
    return line.quantity if drive.protocol == "sata" and drive.form != "m2" else 0


def _most_m2(world: World) -> int:
    return max((len(b.m2 or ()) for b in world.catalog.boards), default=0)


def _most_ports(world: World) -> int:
    return max((b.sata_ports or 0 for b in world.catalog.boards), default=0)


def _most_u2(world: World) -> int:
    return max((b.u2_ports or 0 for b in world.catalog.boards), default=0)


def _drives(value: Value, most: Callable[[World], int], fact: str = "") -> Total:
    return Total("storage", value, most, fact, limit=lambda world: world.most_drives)


def _too_many_m2(world: World, keys: tuple[Key, ...]) -> bool:
    """More M.2 drives than a rig holds, or more long ones than there are."""
    if None in keys:
        return False
    drives = sum(keys[:2])
    return drives > world.most_drives or any(long > drives for long in keys[2:])


def _too_many(world: World, keys: tuple[Key, ...]) -> bool:
    """More drives in all than a rig holds."""
    m2, *others = keys[2:] or (None,)
    if m2 is None or None in others:
        return False
    return bool(m2.nvme + m2.sata + sum(others) > world.most_drives)


NVME = _drives(of_form("m2", "nvme"), _most_m2, "form or protocol")
M2_SATA = _drives(of_form("m2", "sata"), _most_m2, "form or protocol")
LONG = _drives(_long, _most_m2)
M2_DRIVES = Derived((NVME, M2_SATA, LONG), M2Drives, never=_too_many_m2)
CABLED = _drives(cabled_sata, _most_ports, "form or protocol")
U2 = _drives(of_form("u2"), _most_u2, "form or protocol")


def _bays(line: Line, _world: World) -> Key:
    assert isinstance(line.part, Motherboard)
    return bays_of(line.part)


def _restricting(line: Line, world: World) -> Key:
    """(generation, CPUs), as far as some board's M.2 slots tell them apart."""
    cpu = line.part
    assert isinstance(cpu, Cpu)
    restricted = world.catalog.m2_generations
    if restricted and cpu.generation is None:
        return None
    generation = cpu.generation if cpu.generation in restricted else "any"
    return generation, min(line.quantity, 2)


BAYS = Operand("motherboard", _bays, "m2 or sata_ports")
GENERATION = Operand("cpu", _restricting, "generation")

# --- cards ------------------------------------------------------------------------------------


def _topology(line: Line, _world: World) -> Topology | None:
    assert isinstance(line.part, Motherboard)
    return topology_of(line.part)


def _layout(board: Topology, cpu: tuple[str, int], m2: M2Drives, cabled: int, u2: int) -> Layout:
    return layout_of(board, *cpu, Drives(m2, cabled, u2))


BOARD = Operand("motherboard", _topology, "slots or populations")
LAYOUT = Derived(
    (BOARD, GENERATION, M2_DRIVES, CABLED, U2),
    _layout,
    alone=lambda board: bare(board) if board.bays is None else None,
    never=_too_many,
)
"""The board as the drives leave it to the cards."""
GPUS = joint("gpu", lambda lines, world: cards_of(lines, world.chip), "slots_covered or cooling")
OTHERS = joint(
    "network", lambda lines, _world: others_of(lines), "bus or slot_size", absent=(), optional=True
)
LEADS = joint(
    "riser", lambda lines, _world: leads_of(lines), "lanes or gen", absent=(), optional=True
)
CARDS = Derived((GPUS, OTHERS, LEADS), together)
"""The GPUs with everything else that wants a slot."""


def _lanes(line: Line, world: World) -> CpuLanes | None:
    return lanes_of(line, world.catalog.lane_thresholds)


LANES = Operand("cpu", _lanes, "pcie_lanes or socket")


def _room(line: Line, _world: World) -> Room | None:
    assert isinstance(line.part, Case)
    return room_of(line.part)


ROOM = Operand("case", _room, "expansion_slots")


def foreign(board: Layout, cpu: CpuLanes) -> bool:
    """Whether the CPU does not go on the board: there is nothing to seat cards for."""
    return board.topology.socket != cpu.socket


def seats_of(build: Build, world: World) -> tuple[Layout, CpuLanes, Cards, Room] | None:
    """Board, CPU lanes, cards and room of a build that has one of each, all known."""
    if any(len(build.of_kind(kind)) != 1 for kind in ("motherboard", "cpu", "case")):
        return None
    found: list[Key] = []
    for operand in (LAYOUT, LANES, CARDS, ROOM):
        values = operand.values(build, world)
        if len(values) != 1 or values[0][0] is None or values[0][0] is ABSENT:
            return None
        found.append(values[0][0])
    board, lanes, cards, room = found
    return board, lanes, cards, room


def chosen(
    board: Layout, cpu: CpuLanes, cards: Cards, room: Room, least: int, span: int
) -> Placement | None:
    """The placement that a builder would choose, under a bridge of ``span`` slots if not 0."""
    if foreign(board, cpu):
        return None
    bridged = span > 0 and len(cards.bodies) == 2
    for placement in cooled(board, cpu, cards, room, least):
        if not bridged or placement.distances == (span,):
            return placement
    return None
