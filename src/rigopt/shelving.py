"""Where drives go on a board: every way to fill its M.2 slots, and what that costs. Solver-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

from rigopt.parts import Motherboard


@dataclass(frozen=True, slots=True)
class DriveSeat:
    """One M.2 slot as placement sees it."""

    nvme: bool
    sata: bool
    long: bool
    """Whether it takes drives of 110 mm."""
    root: str
    generations: tuple[str, ...]
    """CPU generations it works with; empty: all."""
    limits: tuple[tuple[int, int], ...]
    """Pairs (seat, lanes left to it) while a drive sits here."""
    costs_ports: int
    costs_ports_as_sata: int
    costs_u2: int


@dataclass(frozen=True, eq=False, slots=True)
class Bays:
    """What of a board matters for seating drives; made by :func:`bays_of` only."""

    seats: tuple[DriveSeat, ...]
    ports: int
    u2: int | None


LONG_MM = 110
"""Length of the M.2 drives that not every slot takes."""
_bays = cache(Bays)


def bays_of(board: Motherboard) -> Bays | None:
    """The drive seats of a board; ``None`` when M.2 slots or SATA ports are unknown."""
    if board.m2 is None or board.sata_ports is None:
        return None
    names = [slot.name for slot in board.slots or ()]
    seats = [
        DriveSeat(
            nvme=m.lanes > 0,
            sata=m.sata,
            long=m.max_length_mm >= LONG_MM,
            root=m.root,
            generations=m.cpu_generations or (),
            limits=tuple(
                (names.index(name), left) for name, left in m.limits_slots.items() if name in names
            ),
            costs_ports=m.disables_sata_ports,
            costs_ports_as_sata=(
                m.disables_sata_ports
                if m.disables_sata_ports_as_sata is None
                else m.disables_sata_ports_as_sata
            ),
            costs_u2=m.disables_u2_ports,
        )
        for m in board.m2
    ]
    return _bays(tuple(seats), board.sata_ports, board.u2_ports)


class M2Drives(NamedTuple):
    """The drives of a build that sit in M.2 slots."""

    nvme: int = 0
    sata: int = 0
    long: int = 0
    """Of both, those of 110 mm."""


class Drives(NamedTuple):
    """The drives of a build, by what they take of a board."""

    m2: M2Drives = M2Drives()
    cabled: int = 0
    """Drives on SATA ports."""
    u2: int = 0


@dataclass(frozen=True, slots=True)
class Shelving:
    """One way to put the M.2 drives into slots, and what is left then."""

    chosen: tuple[tuple[int, bool], ...]
    """Pairs (M.2 slot, whether the drive there is a SATA one)."""
    limits: tuple[tuple[int, int], ...]
    """Pairs (seat, lanes left to it), every seat once, sorted."""
    ports: int
    u2: int | None


def usable(bays: Bays, generation: str, cpus: int) -> list[tuple[int, DriveSeat]]:
    """The M.2 slots, by their place, that work under a CPU generation and a number of CPUs."""
    return [
        (place, seat)
        for place, seat in enumerate(bays.seats)
        if (not seat.generations or generation in seat.generations)
        and (seat.root != "cpu2" or cpus > 1)
    ]


@lru_cache(maxsize=65_536)
def shelvings(bays: Bays, generation: str, cpus: int, drives: M2Drives) -> tuple[Shelving, ...]:
    """Every way to seat M.2 drives under a CPU generation and a number of CPUs."""
    found = []
    for taken in combinations(usable(bays, generation, cpus), drives.nvme + drives.sata):
        if sum(seat.long for _, seat in taken) < drives.long:
            continue
        for as_sata in combinations(taken, drives.sata):
            rest = [item for item in taken if item not in as_sata]
            if all(seat.sata for _, seat in as_sata) and all(seat.nvme for _, seat in rest):
                found.append(_shelving(bays, rest, as_sata))
    return tuple(found)


def _shelving(
    bays: Bays,
    nvme: Sequence[tuple[int, DriveSeat]],
    sata: Sequence[tuple[int, DriveSeat]],
) -> Shelving:
    limits: dict[int, int] = {}
    for _, seat in (*nvme, *sata):
        for index, left in seat.limits:
            limits[index] = min(left, limits.get(index, left))
    lost = sum(s.costs_ports for _, s in nvme) + sum(s.costs_ports_as_sata for _, s in sata)
    lost_u2 = sum(s.costs_u2 for _, s in (*nvme, *sata))
    return Shelving(
        chosen=tuple(sorted([(p, False) for p, _ in nvme] + [(p, True) for p, _ in sata])),
        limits=tuple(sorted(limits.items())),
        ports=max(0, bays.ports - lost),
        u2=None if bays.u2 is None else max(0, bays.u2 - lost_u2),
    )


def in_place(bays: Bays, generation: str, cpus: int, drives: Drives) -> tuple[Shelving, ...]:
    """The ways to seat all drives. Ports that fall short rule out no way if they do in all:
    the rules on drives say so then."""
    ways = shelvings(bays, generation, cpus, drives.m2)
    enough = tuple(
        way
        for way in ways
        if way.ports >= drives.cabled and (way.u2 is None or way.u2 >= drives.u2)
    )
    return enough or ways
