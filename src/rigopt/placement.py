"""Where cards go on a board: every way to seat them, with lanes, rows and gaps. Solver-free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from rigopt.layout import Layout, Seat


@dataclass(frozen=True, order=True, slots=True)
class Body:
    """What of a card matters for seating it."""

    slots_covered: int
    pcie_lanes: int
    size: int = 16
    """Length of the slot it takes."""


@dataclass(frozen=True, order=True, slots=True)
class Lead:
    """What of a riser matters: it takes a slot and carries cards elsewhere."""

    lanes: int
    gen: int
    carries: int = 1


@dataclass(frozen=True, slots=True)
class Placement:
    """Cards in seats, as good in lanes as their seats allow.

    First the cards on the board, top to bottom, then ``hung`` cards on risers.
    """

    order: tuple[int, ...]
    """Index of the body in each place."""
    at: tuple[int, ...]
    """Index of its seat, or of the seat of its riser."""
    seats: tuple[Seat, ...]
    lanes: tuple[int, ...]
    lead_gens: tuple[int, ...]
    """PCIe generation that the riser carries; a large number on the board itself."""
    hung: int
    hung_rows: int
    """Expansion slots that the hung cards cover together."""
    last_row: int
    """Lowest row of the case that a card on the board covers; 0: none does."""
    gaps: tuple[int, ...]
    """Free rows between each card on the board and the next."""
    others: tuple[int, ...] = ()
    """Seats of the add-in cards, in their order."""

    @property
    def seated(self) -> int:
        """How many cards sit on the board itself."""
        return len(self.order) - self.hung

    @property
    def min_lanes(self) -> int:
        """Lanes of the worst-connected card."""
        return min(self.lanes)

    def gens(self, cpu_gen: int) -> tuple[int, ...]:
        """PCIe generation of every card's way under a CPU."""
        return tuple(
            min(seat.gen, lead, cpu_gen if seat.root != "chipset" else seat.gen)
            for seat, lead in zip(self.seats, self.lead_gens, strict=True)
        )

    @property
    def through_cpu(self) -> bool:
        """Whether no card hangs on the chipset."""
        return all(seat.root != "chipset" for seat in self.seats)

    @property
    def distances(self) -> tuple[int, ...]:
        """Rows from each card's slot on the board to the next card's slot."""
        rows = [seat.position for seat in self.seats[: self.seated]]
        return tuple(b - a for a, b in pairwise(rows))


ON_BOARD = 99
"""The PCIe generation that no riser limits."""


@dataclass(frozen=True, slots=True)
class _Item:
    """Something that takes one seat: a card, an add-in card, or a riser with cards on it."""

    rows: int
    size: int
    lanes: int
    """The most that it uses."""
    splits: int = 1
    gen: int = ON_BOARD
    card: bool = True
    bodies: tuple[Body, ...] = ()
    """Of a riser: the cards that hang on it."""


@lru_cache(maxsize=65_536)
def placements(
    layout: Layout,
    cpu_lanes: int,
    cpus: int,
    bodies: tuple[Body, ...],
    others: tuple[Body, ...] = (),
    leads: tuple[Lead, ...] = (),
) -> tuple[Placement, ...]:
    """Every way to seat the cards so that none covers another one's slot, without those that
    another one betters in lanes, generation or rows with the cards equally far apart.

    The best-connected placements come first; then those that end higher in the case.
    """
    seats = layout.topology.seats
    tables = [lanes for least, lanes in layout.topology.populations if least <= cpu_lanes]
    live = [cpus > 1 or seat.root != "cpu2" for seat in seats]
    found: dict[Placement, None] = {}
    for hanging in _hangings(bodies, leads):
        items, who = _items(bodies, others, leads, hanging)
        for chosen in _seatings(seats, live, items):
            for lanes in _lane_choices(layout, tables, chosen, items):
                found[_placement(seats, chosen, items, who, lanes, bodies)] = None
    kept = _unbettered(found)
    kept.sort(
        key=lambda p: (-_worst(p), -min(p.gaps, default=9), p.last_row, p.at, p.order, p.others)
    )
    return tuple(kept)


def _worst(placement: Placement) -> int:
    return min(
        lanes << min(seat.gen, lead)
        for lanes, seat, lead in zip(
            placement.lanes, placement.seats, placement.lead_gens, strict=True
        )
    )


def _hangings(
    bodies: tuple[Body, ...], leads: tuple[Lead, ...]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way to hang cards on risers: per riser the indices of its cards; equal cards and equal
    risers change places with nothing gained, so that each way is told once.

    As many cards hang as the risers carry; a riser too many stays in its box.
    """

    def hang(
        place: int, left: tuple[int, ...], before: tuple[Body, ...]
    ) -> Iterator[tuple[tuple[int, ...], ...]]:
        if place == len(leads):
            yield ()
            return
        again = place > 0 and leads[place] == leads[place - 1]
        tried: set[tuple[Body, ...]] = set()
        for taken in combinations(left, min(leads[place].carries, len(left))):
            shape = tuple(sorted(bodies[index] for index in taken))
            if shape in tried or (again and len(shape) == len(before) and shape < before):
                continue
            tried.add(shape)
            rest = tuple(index for index in left if index not in taken)
            for tail in hang(place + 1, rest, shape):
                yield (taken, *tail)

    return hang(0, tuple(range(len(bodies))), ())


def _items(
    bodies: tuple[Body, ...],
    others: tuple[Body, ...],
    leads: tuple[Lead, ...],
    hanging: tuple[tuple[int, ...], ...],
) -> tuple[list[_Item], list[tuple[int, ...]]]:
    """What takes a seat, and whose: indices of bodies; of an add-in card, its number."""
    hung = {index for taken in hanging for index in taken}
    items: list[_Item] = []
    who: list[tuple[int, ...]] = []
    for index, body in enumerate(bodies):
        if index not in hung:
            items.append(_Item(body.slots_covered, body.size, body.pcie_lanes))
            who.append((index,))
    for lead, taken in zip(leads, hanging, strict=True):
        if taken:
            items.append(
                _Item(
                    rows=1,
                    size=lead.lanes,
                    lanes=min(lead.lanes, lead.carries * max(bodies[i].pcie_lanes for i in taken)),
                    splits=lead.carries,
                    gen=lead.gen,
                    bodies=tuple(bodies[index] for index in taken),
                )
            )
            who.append(taken)
    for number, body in enumerate(others):
        items.append(_Item(body.slots_covered, body.size, body.pcie_lanes, card=False))
        who.append((number,))
    return items, who


def _seatings(
    seats: Sequence[Seat], live: Sequence[bool], items: Sequence[_Item]
) -> Iterator[tuple[tuple[int, int], ...]]:
    """Every choice of seats, top to bottom: pairs (seat, item); equal items once."""

    def seat_from(
        start: int, free_row: int, left: tuple[int, ...]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        if not left:
            yield ()
            return
        for index in range(start, len(seats) - len(left) + 1):
            seat = seats[index]
            if seat.position < free_row or not live[index]:
                continue
            tried = set()
            for number in left:
                item = items[number]
                if item in tried or seat.size < item.size:
                    continue
                if item.splits > 1 and item.splits not in seat.splits:
                    continue
                tried.add(item)
                rest = tuple(other for other in left if other != number)
                for tail in seat_from(index + 1, seat.position + item.rows, rest):
                    yield ((index, number), *tail)

    return seat_from(0, 0, tuple(range(len(items))))


def _lane_choices(
    layout: Layout,
    tables: Sequence[tuple[int, ...]],
    chosen: Sequence[tuple[int, int]],
    items: Sequence[_Item],
) -> list[tuple[int, ...]]:
    """Lanes of every chosen seat, under every lane table and every way to seat the drives that
    no other one betters for all cards."""
    used = [layout.topology.seats[index] for index, _ in chosen]
    ports, u2 = sum(seat.costs_ports for seat in used), sum(seat.costs_u2 for seat in used)
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for share in layout.shares:
        if ports > share.spare_ports or u2 > share.spare_u2:
            continue
        limits = dict(share.limits)
        for table in tables:
            lanes = tuple(min(table[i], limits.get(i, table[i])) for i, _ in chosen)
            if min(lanes) > 0:
                useful = tuple(
                    min(given, items[number].lanes) if items[number].card else 0
                    for given, (_, number) in zip(lanes, chosen, strict=True)
                )
                found.setdefault(useful, lanes)
    return [
        lanes
        for useful, lanes in found.items()
        if not any(
            other != useful and all(a >= b for a, b in zip(other, useful, strict=True))
            for other in found
        )
    ]


def _placement(
    seats: Sequence[Seat],
    chosen: Sequence[tuple[int, int]],
    items: Sequence[_Item],
    who: Sequence[tuple[int, ...]],
    lanes: Sequence[int],
    bodies: Sequence[Body],
) -> Placement:
    sitting: list[tuple[int, int, int, int]] = []
    hanging: list[tuple[int, int, int, int]] = []
    others: list[tuple[int, int]] = []
    gaps: list[int] = []
    free_from = last_row = taken = 0
    for (index, number), given in zip(chosen, lanes, strict=True):
        item, row = items[number], seats[index].position
        if item.bodies:
            share = given // item.splits
            hanging += [
                (body, index, min(share, bodies[body].pcie_lanes), item.gen) for body in who[number]
            ]
            taken += 1
            continue
        last_row = max(last_row, row + item.rows - 1)
        if not item.card:
            others.append((who[number][0], index))
            taken += item.rows
            continue
        if sitting:
            gaps.append(row - free_from - taken)
        sitting.append((who[number][0], index, min(given, item.lanes), ON_BOARD))
        free_from, taken = row + item.rows, 0
    hanging.sort()
    every = (*sitting, *hanging)
    return Placement(
        order=tuple(body for body, _, _, _ in every),
        at=tuple(index for _, index, _, _ in every),
        seats=tuple(seats[index] for _, index, _, _ in every),
        lanes=tuple(given for _, _, given, _ in every),
        lead_gens=tuple(gen for _, _, _, gen in every),
        hung=len(hanging),
        hung_rows=sum(bodies[body].slots_covered for body, _, _, _ in hanging),
        last_row=last_row,
        gaps=tuple(gaps),
        others=tuple(index for _, index in sorted(others)),
    )


def _unbettered(found: Iterable[Placement]) -> list[Placement]:
    """Placements without those that another one betters, whatever rule looks at them."""
    alike: dict[object, dict[_Merits, Placement]] = {}
    for placement in found:
        key = (placement.order[: placement.seated], placement.distances, placement.gaps)
        group = alike.setdefault(key, {})
        merits = _merits(placement)
        first = group.get(merits)
        if first is None or (placement.at, placement.others) < (first.at, first.others):
            group[merits] = placement
    return [
        one
        for group in alike.values()
        for merits, one in group.items()
        if len(group) == 1 or not any(_betters_all(other, merits) for other in group)
    ]


_Merits = tuple[tuple[int, ...], tuple[bool, ...], int, int]
"""Lanes and generation of every body, whether its way is through the CPU, rows taken."""


def _merits(placement: Placement) -> _Merits:
    places = sorted(range(len(placement.order)), key=placement.order.__getitem__)
    ways: list[int] = []
    for place in places:
        ways.append(placement.lanes[place])
        ways.append(min(placement.seats[place].gen, placement.lead_gens[place]))
    # the CPU may be of a lower generation than the slot: ways through it do not compare
    through = tuple(placement.seats[place].root != "chipset" for place in places)
    return tuple(ways), through, placement.last_row, placement.hung_rows


def _betters_all(a: _Merits, b: _Merits) -> bool:
    """Whether one is as good in everything, and not the same."""
    return (
        a is not b
        and a[1] == b[1]
        and a[2] <= b[2]
        and a[3] <= b[3]
        and all(x >= y for x, y in zip(a[0], b[0], strict=True))
    )
