"""Where cards go on a board: every way to seat them, with lanes, rows and gaps. Solver-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, permutations

from rigopt.parts import Motherboard


@dataclass(frozen=True, slots=True)
class Seat:
    """One slot as placement sees it."""

    position: int
    size: int
    gen: int
    through_cpu: bool


@dataclass(frozen=True, eq=False, slots=True)
class Topology:
    """What of a board matters for seating cards; made by :func:`topology_of` only.

    Equal topologies are one object, so that they hash and compare fast.
    """

    socket: str
    seats: tuple[Seat, ...]
    populations: tuple[tuple[int, tuple[int, ...]], ...]
    """Pairs (lanes the CPU must have, electrical lanes per seat)."""


@dataclass(frozen=True, slots=True)
class Body:
    """What of a card matters for seating it."""

    slots_covered: int
    pcie_lanes: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Cards in seats, top to bottom, as good in lanes as their seats allow."""

    positions: tuple[int, ...]
    order: tuple[int, ...]
    """Index of the body in each of the seats."""
    lanes: tuple[int, ...]
    seats: tuple[Seat, ...]
    last_row: int
    """Lowest row of the case that a card covers."""
    gaps: tuple[int, ...]
    """Free rows between each card and the next."""

    @property
    def min_lanes(self) -> int:
        """Lanes of the worst-connected card."""
        return min(self.lanes)

    def gens(self, cpu_gen: int) -> tuple[int, ...]:
        """PCIe generation of every seat under a CPU."""
        return tuple(min(s.gen, cpu_gen) if s.through_cpu else s.gen for s in self.seats)

    @property
    def distances(self) -> tuple[int, ...]:
        """Rows from each card's slot to the next card's slot."""
        return tuple(b - a for a, b in zip(self.positions, self.positions[1:], strict=False))


@cache
def _topology(
    socket: str, seats: tuple[Seat, ...], populations: tuple[tuple[int, tuple[int, ...]], ...]
) -> Topology:
    return Topology(socket, seats, populations)


def topology_of(board: Motherboard) -> Topology | None:
    """The topology of a board; ``None`` when socket, slots or lane tables are unknown."""
    if board.slots is None or board.populations is None or board.socket is None:
        return None
    return _topology(
        board.socket,
        tuple(Seat(s.position, s.size, s.gen, s.root == "cpu") for s in board.slots),
        tuple((p.min_cpu_lanes, p.lanes) for p in board.populations),
    )


@lru_cache(maxsize=65_536)
def placements(
    topology: Topology, cpu_lanes: int, bodies: tuple[Body, ...]
) -> tuple[Placement, ...]:
    """Every way to seat the cards so that none covers another one's slot.

    The best-connected placements come first; then those that end higher in the case.
    """
    tables = [lanes for least, lanes in topology.populations if least <= cpu_lanes]
    full_size = [index for index, seat in enumerate(topology.seats) if seat.size == 16]
    found: list[Placement] = []
    for chosen in combinations(full_size, len(bodies)):
        seats = [topology.seats[index] for index in chosen]
        lanes = _best_lanes(tables, chosen)
        if lanes is None:
            continue
        for order in _orders(bodies):
            placement = _seat(seats, lanes, order, bodies)
            if placement is not None:
                found.append(placement)
    found.sort(key=lambda p: (-_worst(p), -min(p.gaps, default=9), p.last_row, p.positions))
    return tuple(found)


def _worst(placement: Placement) -> int:
    return min(
        lanes << seat.gen for lanes, seat in zip(placement.lanes, placement.seats, strict=True)
    )


def _orders(bodies: Sequence[Body]) -> list[tuple[int, ...]]:
    seen: dict[tuple[Body, ...], tuple[int, ...]] = {}
    for order in permutations(range(len(bodies))):
        seen.setdefault(tuple(bodies[i] for i in order), order)
        if len(set(bodies)) == 1:
            break
    return list(seen.values())


def _best_lanes(tables: Sequence[tuple[int, ...]], chosen: Sequence[int]) -> tuple[int, ...] | None:
    best: tuple[int, ...] | None = None
    for table in tables:
        lanes = tuple(table[index] for index in chosen)
        if min(lanes) > 0 and (best is None or (min(lanes), sum(lanes)) > (min(best), sum(best))):
            best = lanes
    return best


def _seat(
    seats: Sequence[Seat],
    lanes: tuple[int, ...],
    order: tuple[int, ...],
    bodies: Sequence[Body],
) -> Placement | None:
    gaps = []
    for place in range(len(seats) - 1):
        gap = seats[place + 1].position - seats[place].position - bodies[order[place]].slots_covered
        if gap < 0:
            return None
        gaps.append(gap)
    seated = [bodies[index] for index in order]
    return Placement(
        positions=tuple(seat.position for seat in seats),
        order=order,
        lanes=tuple(min(a, body.pcie_lanes) for a, body in zip(lanes, seated, strict=True)),
        seats=tuple(seats),
        last_row=seats[-1].position + seated[-1].slots_covered - 1,
        gaps=tuple(gaps),
    )
