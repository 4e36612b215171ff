"""Drives on the board: M.2 slots, SATA ports, and what they take from each other."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import NamedTuple

from rigopt.build import Line
from rigopt.parts import Cpu, Drive, Motherboard
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.shapes import Balance, Operand, Relation, Term, Total, decide, within
from rigopt.world import World


class M2(NamedTuple):
    """What of an M.2 slot matters for seating drives."""

    nvme: bool
    sata: bool
    costs: frozenset[str]
    """Full-size expansion slots fast enough for a card that a drive here costs."""
    costs_ports: int
    generations: tuple[str, ...]
    """CPU generations it works with; empty: all."""


class Board(NamedTuple):
    """What of a board matters for seating drives."""

    slots: tuple[M2, ...]
    ports: int
    seats: int
    """Full-size expansion slots fast enough for a card."""


def _drive(line: Line) -> Drive:
    assert isinstance(line.part, Drive)
    return line.part


def _motherboard(line: Line) -> Motherboard:
    assert isinstance(line.part, Motherboard)
    return line.part


def _board(line: Line, world: World) -> Board | None:
    board = _motherboard(line)
    if board.m2 is None or board.slots is None or board.sata_ports is None:
        return None
    tables = [population.lanes for population in board.populations or ()]
    seats = {
        slot.name
        for place, slot in enumerate(board.slots)
        if slot.size == 16 and any(lanes[place] >= world.min_gpu_lanes for lanes in tables)
    }
    slots = [
        M2(
            m.lanes > 0,
            m.sata,
            frozenset(m.disables_slots) & seats,
            m.disables_sata_ports,
            m.cpu_generations or (),
        )
        for m in board.m2
    ]
    slots.sort(key=lambda m: (m.nvme, m.sata, sorted(m.costs), m.costs_ports, m.generations))
    return Board(tuple(slots), board.sata_ports, len(seats))


def _restricting(line: Line, world: World) -> str | None:
    cpu = line.part
    assert isinstance(cpu, Cpu)
    if not world.catalog.m2_generations:
        return "any"
    if cpu.generation is None:
        return None
    return cpu.generation if cpu.generation in world.catalog.m2_generations else "any"


def _of_form(form: str, protocol: str | None = None) -> Term:
    """Drives of a form (and protocol) as a term of a balance."""

    def count(line: Line, _world: World) -> int | None:
        drive = _drive(line)
        if drive.form is None or drive.protocol is None:
            return None
        return line.quantity if drive.form == form and protocol in (None, drive.protocol) else 0

    return Term("storage", count, "form or protocol")


def cabled_sata(line: Line, _world: World) -> int | None:
    """Drives of a line that want a SATA port and a SATA power plug."""
    drive = _drive(line)
    if drive.form is None or drive.protocol is None:
        return None
    return line.quantity if drive.protocol == "sata" and drive.form != "m2" else 0


def _most_m2(world: World) -> int:
    return max((len(b.m2 or ()) for b in world.catalog.boards), default=0)


def _most_ports(world: World) -> int:
    return max((b.sata_ports or 0 for b in world.catalog.boards), default=0)


@cache
def ports_left(board: Board, generation: str, cards: int, nvme: int, sata: int) -> int:
    """SATA ports left when the drives sit in the M.2 slots as cheaply as they can; -1: they
    do not fit. Slots lost to drives must leave one for every card."""
    usable = [m for m in board.slots if not m.generations or generation in m.generations]
    best = -1
    for chosen in combinations(usable, nvme + sata):
        lost = frozenset[str]().union(*(m.costs for m in chosen))
        if lost and board.seats - len(lost) < cards:
            continue
        if sum(m.sata for m in chosen) >= sata and sum(m.nvme for m in chosen) >= nvme:
            best = max(best, board.ports - sum(m.costs_ports for m in chosen))
    return best


BOARD = Operand("motherboard", _board, "m2, slots or sata_ports")
GENERATION = Operand("cpu", _restricting, "generation")
CARD_COUNT = Operand(
    "gpu",
    lambda line, _world: line.quantity,
    absent=0,
    optional=True,
    group=lambda lines, _world: sum(line.quantity for line in lines),
)
NVME = Total("storage", _of_form("m2", "nvme").value, _most_m2, "form or protocol")
M2_SATA = Total("storage", _of_form("m2", "sata").value, _most_m2, "form or protocol")
CABLED = Total("storage", cabled_sata, _most_ports, "form or protocol")


def _m2_words(_w: World, board: Board, gen: str, cards: int, nvme: int, sata: int) -> str:
    usable = sum(not m.generations or gen in m.generations for m in board.slots)
    count, fits = nvme + sata, ports_left(board, gen, cards, nvme, sata) >= 0
    if count <= usable and not fits:
        return (
            f"{count} M.2 drives ({sata} of them SATA) find no {count} of {usable} M.2 slots on "
            f"{{motherboard}} that take them and leave {cards} cards a slot"
        )
    return f"{count} M.2 drives {'≤' if fits else '>'} {usable} usable slots on {{motherboard}}"


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
            (BOARD, GENERATION, CARD_COUNT, NVME, M2_SATA),
            lambda _w, board, gen, cards, nvme, sata: (
                Verdict.NOT_APPLICABLE
                if nvme + sata == 0
                else decide(ports_left(board, gen, cards, nvme, sata) >= 0)
            ),
            _m2_words,
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


def _port_verdict(
    _w: World, board: Board, gen: str, cards: int, nvme: int, sata: int, cabled: int
) -> Verdict:
    left = ports_left(board, gen, cards, nvme, sata)
    if cabled == 0 or left < 0:
        return Verdict.NOT_APPLICABLE
    return decide(cabled <= left)


def _port_words(
    _w: World, board: Board, gen: str, cards: int, nvme: int, sata: int, cabled: int
) -> str:
    left = ports_left(board, gen, cards, nvme, sata)
    lost = board.ports - left
    tail = f" ({lost} of {board.ports} lost to M.2 drives)" if lost and left >= 0 else ""
    return f"{cabled} SATA drives {'≤' if cabled <= left else '>'} {left} ports{tail}"


SATA_PORTS = Rule(
    "sata-ports",
    "there is a SATA port for every SATA drive, less those that M.2 drives cost",
    (Relation((BOARD, GENERATION, CARD_COUNT, NVME, M2_SATA, CABLED), _port_verdict, _port_words),),
    "choose fewer SATA drives or a board with more ports",
)

U2_PORTS = Rule(
    "u2-ports",
    "there is a U.2 port for every U.2 drive",
    (
        Balance(
            "U.2 drives",
            "drives",
            demand=(_of_form("u2"),),
            supply=(Term("motherboard", lambda line, _w: _motherboard(line).u2_ports, "u2_ports"),),
            words="{demand} U.2 drives {sign} {supply} ports on {motherboard}",
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

STORAGE_RULES = (BOOT_DRIVE, M2_SLOTS, SATA_PORTS, U2_PORTS)
