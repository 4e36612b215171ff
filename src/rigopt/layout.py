"""A board as the cards find it: its slots, its lane tables, and what drives leave of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from rigopt.parts import Motherboard
from rigopt.shelving import Bays, Drives, bays_of, in_place


@dataclass(frozen=True, slots=True)
class Seat:
    """One expansion slot as placement sees it."""

    position: int
    size: int
    gen: int
    root: str
    splits: tuple[int, ...] = ()
    costs_ports: int = 0
    """SATA ports that are lost while a card sits here."""
    costs_u2: int = 0
    """U.2 ports likewise."""


@dataclass(frozen=True, eq=False, slots=True)
class Topology:
    """What of a board matters for seating cards; made by :func:`topology_of` only.

    Equal topologies are one object, so that they hash and compare fast.
    """

    socket: str
    seats: tuple[Seat, ...]
    populations: tuple[tuple[int, tuple[int, ...]], ...]
    """Pairs (lanes the CPU must have, electrical lanes per seat)."""
    bays: Bays | None
    """``None``: not known, or drives and cards take nothing from each other."""


_topology = cache(Topology)


def topology_of(board: Motherboard) -> Topology | None:
    """The topology of a board; ``None`` when socket, slots or lane tables are unknown."""
    if board.slots is None or board.populations is None or board.socket is None:
        return None
    bays = bays_of(board)
    shared = any(s.disables_sata_ports or s.disables_u2_ports for s in board.slots)
    if bays is not None and not shared and not any(seat.limits for seat in bays.seats):
        bays = None
    return _topology(
        board.socket,
        tuple(
            Seat(
                s.position,
                s.size,
                s.gen,
                s.root,
                s.splits,
                s.disables_sata_ports,
                s.disables_u2_ports,
            )
            for s in board.slots
        ),
        tuple((p.min_cpu_lanes, p.lanes) for p in board.populations),
        bays,
    )


NO_LIMIT = 999


@dataclass(frozen=True, slots=True)
class Share:
    """What one way to seat the drives leaves to the cards."""

    limits: tuple[tuple[int, int], ...] = ()
    spare_ports: int = NO_LIMIT
    """SATA ports that slots in use may still cost: all, where no drive needs one."""
    spare_u2: int = NO_LIMIT
    """U.2 ports likewise."""


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """A board with its drives in place; made by :func:`bare` and :func:`layout_of` only."""

    topology: Topology
    shares: tuple[Share, ...]
    """What is left to the cards, in every way to seat the drives that no other one betters."""


_layout = cache(Layout)


def bare(topology: Topology) -> Layout:
    """A board whose drives take nothing from its cards."""
    return _layout(topology, (Share(),))


@cache
def layout_of(topology: Topology, generation: str, cpus: int, drives: Drives) -> Layout:
    """A board with drives. If they do not fit, the rules on drives say so and cards see none."""
    if topology.bays is None:
        return bare(topology)
    ports = sum(seat.costs_ports for seat in topology.seats)
    u2 = sum(seat.costs_u2 for seat in topology.seats)
    shares = [
        Share(way.limits, _spare(way.ports, drives.cabled, ports), _spare(way.u2, drives.u2, u2))
        for way in in_place(topology.bays, generation, cpus, drives)
    ]
    if not shares:
        return bare(topology)
    best = [one for one in set(shares) if not any(_betters(other, one) for other in shares)]
    best.sort(key=lambda share: (share.limits, share.spare_ports, share.spare_u2))
    return _layout(topology, tuple(best))


def _spare(ports: int | None, drives: int, most: int) -> int:
    """The ports that cards may still cost, beside drives that need some, if they can cost no more
    than so many."""
    if ports is None or not drives or not most:
        return NO_LIMIT
    spare = max(0, ports - drives)
    return spare if spare < most else NO_LIMIT


def _betters(a: Share, b: Share) -> bool:
    mine, other = dict(a.limits), dict(b.limits)
    return a != b and (
        a.spare_ports >= b.spare_ports
        and a.spare_u2 >= b.spare_u2
        and all(index in other and left >= other[index] for index, left in mine.items())
    )
