"""Drives on the board: M.2 slots, SATA ports, and what they take from each other."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Drive, GpuCard, Motherboard
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.operands import Operand
from rigopt.rules.seats import BAYS, CABLED, GENERATION, M2_DRIVES, U2, of_form
from rigopt.rules.shapes import Balance, Relation, Term, decide, within
from rigopt.shelving import Bays, Drives, M2Drives, Shelving, in_place, shelvings, usable
from rigopt.throughput import ChipSpeed
from rigopt.world import World


def _drive(line: Line) -> Drive:
    assert isinstance(line.part, Drive)
    return line.part


def _motherboard(line: Line) -> Motherboard:
    assert isinstance(line.part, Motherboard)
    return line.part


def _m2_verdict(_world: World, m2: M2Drives, board: Bays, cpu: Key) -> Verdict:
    return decide(bool(shelvings(board, *cpu, m2)))


def _m2_words(_world: World, m2: M2Drives, board: Bays, cpu: Key) -> str:
    slots = len(usable(board, *cpu))
    count, fits = m2.nvme + m2.sata, bool(shelvings(board, *cpu, m2))
    if count <= slots and not fits:
        return (
            f"{count} M.2 drives ({m2.sata} of them SATA, {m2.long} of 110 mm) find no {count} of "
            f"{slots} M.2 slots on {{motherboard}} that take them"
        )
    return f"{count} M.2 drives {'≤' if fits else '>'} {slots} usable slots on {{motherboard}}"


def _m2_length(line: Line, _world: World) -> Key:
    drive = _drive(line)
    if drive.form is None:
        return None
    return drive.m2_length_mm if drive.form == "m2" else ABSENT


def _longest_slot(line: Line, _world: World) -> int | None:
    board = _motherboard(line)
    return None if board.m2 is None else max((m.max_length_mm for m in board.m2), default=0)


M2_SLOTS = Rule(
    "m2-slots",
    "there is an M.2 slot of the right protocol and length for every M.2 drive",
    (
        Relation(
            (M2_DRIVES, BAYS, GENERATION),
            _m2_verdict,
            _m2_words,
            irrelevant=((0, 0, lambda m2, _: m2.nvme + m2.sata == 0),),
        ),
        within(
            Operand("storage", _m2_length, "m2_length_mm or form"),
            Operand("motherboard", _longest_slot, "m2"),
            "M.2 drive length",
            "of the longest slot on {motherboard}",
        ),
    ),
    'choose fewer M.2 drives, 2.5" SATA drives, or a board with more M.2 slots',
)


def _most_ports(ways: tuple[Shelving, ...]) -> int:
    return max((way.ports for way in ways), default=-1)


def _port_verdict(_world: World, cabled: int, board: Bays, cpu: Key, m2: M2Drives) -> Verdict:
    left = _most_ports(shelvings(board, *cpu, m2))
    return Verdict.NOT_APPLICABLE if left < 0 else decide(cabled <= left)


def _port_words(_world: World, cabled: int, board: Bays, cpu: Key, m2: M2Drives) -> str:
    left = _most_ports(shelvings(board, *cpu, m2))
    lost = board.ports - left
    tail = f" ({lost} of {board.ports} lost to M.2 drives)" if lost and left >= 0 else ""
    return f"{cabled} SATA drives {'≤' if cabled <= left else '>'} {left} ports{tail}"


SATA_PORTS = Rule(
    "sata-ports",
    "there is a SATA port for every SATA drive, less those that M.2 drives cost",
    (
        Relation(
            (CABLED, BAYS, GENERATION, M2_DRIVES),
            _port_verdict,
            _port_words,
            irrelevant=((0, 0, lambda cabled, _: cabled == 0),),
        ),
    ),
    "choose fewer SATA drives or a board with more ports",
)


def _most_u2(board: Bays, cpu: Key, drives: Drives) -> int:
    generation, cpus = cpu
    ways = in_place(board, generation, cpus, drives)
    return max((way.u2 for way in ways if way.u2 is not None), default=-1)


def _u2_verdict(
    _world: World, u2: int, board: Bays, cpu: Key, m2: M2Drives, cabled: int
) -> Verdict:
    left = _most_u2(board, cpu, Drives(m2, cabled, u2))
    return Verdict.NOT_APPLICABLE if left < 0 else decide(u2 <= left)


def _u2_words(_world: World, u2: int, board: Bays, cpu: Key, m2: M2Drives, cabled: int) -> str:
    left = _most_u2(board, cpu, Drives(m2, cabled, u2))
    sign = "≤" if u2 <= left else ">"
    return f"{u2} U.2 drives {sign} {left} of {board.u2} ports that the M.2 drives leave"


U2_PORTS = Rule(
    "u2-ports",
    "there is a U.2 port for every U.2 drive, less those that M.2 drives cost",
    (
        Balance(
            "U.2 drives",
            "drives",
            demand=(Term("storage", of_form("u2"), "form or protocol"),),
            supply=(Term("motherboard", lambda line, _w: _motherboard(line).u2_ports, "u2_ports"),),
            words="{demand} U.2 drives {sign} {supply} ports on {motherboard}",
        ),
        Relation(
            (U2, BAYS, GENERATION, M2_DRIVES, CABLED),
            _u2_verdict,
            _u2_words,
            irrelevant=(
                (0, 0, lambda u2, _: u2 == 0),
                (0, 1, lambda _, board: not any(seat.costs_u2 for seat in board.seats)),
            ),
        ),
    ),
    "choose M.2 or SATA drives, or a board with U.2 ports",
)


def _solid(line: Line, _world: World) -> int | None:
    spinning = _drive(line).spinning
    return None if spinning is None else int(not spinning) * line.quantity


BOOT_DRIVE = Rule(
    "boot-drive",
    "system and programs have a solid-state drive",
    (
        Balance(
            "solid-state drives",
            "drives",
            demand_base=lambda _world: 1,
            supply=(Term("storage", _solid, "spinning"),),
            words="{demand} solid-state drive wanted for the system {sign} {supply} there",
        ),
    ),
    "add a solid-state drive",
)

SYSTEM_GB = 100
"""Estimate of what an operating system with drivers and frameworks takes."""


def drive_gb(line: Line, _world: World) -> int | None:
    """Capacity of a line of drives in GB."""
    gb = _drive(line).capacity_gb
    return None if gb is None else gb * line.quantity


def solid_gb(line: Line, world: World) -> int | None:
    """Capacity of a line of drives in GB, as far as they are solid-state drives."""
    spinning = _drive(line).spinning
    return 0 if spinning else None if spinning is None else drive_gb(line, world)


def _wanted_gb(world: World) -> int:
    return (world.request.dataset_gb or 0) + SYSTEM_GB


def read_mb_s(line: Line, _world: World) -> int | None:
    """What the solid-state drives of a line read together; hard disks hold what is not in use."""
    drive = _drive(line)
    if drive.spinning is None or (not drive.spinning and drive.read_mb_s is None):
        return None
    return 0 if drive.spinning else (drive.read_mb_s or 0) * line.quantity


def _eaten_mb_s(line: Line, world: World) -> int:
    """What a line of cards reads while it trains, by the hungriest workload of the mix."""
    assert isinstance(line.part, GpuCard)
    chip = world.chip(line.part)
    bytes_per_second = [
        workload.input.read_bytes / ChipSpeed(workload, chip).unit_seconds
        for workload, _ in world.mix.workloads
        if workload.input is not None
    ]
    return round(max(bytes_per_second, default=0) * line.quantity / 1e6)


STORAGE_CAPACITY = Rule(
    "storage-capacity",
    "system and data fit the drives, the data on drives that feed the GPUs",
    (
        Balance(
            "storage",
            "GB",
            demand_base=_wanted_gb,
            supply=(Term("storage", drive_gb, "capacity_gb"),),
            words="{demand} GB of system and data {sign} {supply} GB of storage",
            applies=lambda world: world.request.dataset_gb is not None,
        ),
        Balance(
            "solid-state storage",
            "GB",
            demand_base=_wanted_gb,
            supply=(Term("storage", solid_gb, "capacity_gb or spinning"),),
            words="{demand} GB of system and data {sign} {supply} GB on solid-state drives: what "
            "is beyond is read from hard disks, too slow to train from",
            applies=lambda world: world.request.dataset_gb is not None,
            kept=True,
        ),
        Balance(
            "reading",
            "MB/s",
            demand=(Term("gpu", _eaten_mb_s),),
            supply=(Term("storage", read_mb_s, "read_mb_s or spinning"),),
            words="{demand} MB/s that the GPUs read in training {sign} {supply} MB/s of the "
            "solid-state drives",
            applies=lambda world: world.request.dataset_gb is not None,
            kept=True,
        ),
    ),
    "choose more storage, or solid-state drives for the data",
)

STORAGE_RULES = (BOOT_DRIVE, STORAGE_CAPACITY, M2_SLOTS, SATA_PORTS, U2_PORTS)
