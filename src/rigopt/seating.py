"""Seating the cards of a build: the facts that matter, and the placements each rule leaves.

Equal facts are one object each, so that the caches below look them up fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from rigopt.build import Line
from rigopt.layout import Layout
from rigopt.parts import Case, Cpu, GpuCard, GpuChip, NetworkAdapter, Riser
from rigopt.placement import Body, Lead, Placement, placements

ADJACENT_OPEN_AIR_MAX = 2
"""Open-air cards that may sit with no free row between them (with a warning)."""


@dataclass(frozen=True, eq=False, slots=True)
class Cards:
    """What of the cards of a build matters for placing them."""

    bodies: tuple[Body, ...]
    breathes: tuple[bool, ...]
    """Whether the card stands a neighbour with no free row between (blower, liquid)."""
    others: tuple[Body, ...] = ()
    """Add-in cards that are no GPUs."""
    leads: tuple[Lead, ...] = ()
    """Risers."""


@dataclass(frozen=True, eq=False, slots=True)
class CpuLanes:
    """What of the CPUs of a build matters for seating cards.

    ``lanes`` is rounded down to a number that some lane table of the socket asks for, so that
    CPUs between which no table tells are one object.
    """

    socket: str
    lanes: int
    count: int = 1


class Room(NamedTuple):
    """What of a case matters for placing cards."""

    rows: int
    """Expansion slots over the board."""
    riser_places: int
    """Cards that hang on risers."""
    riser_rows: int
    """Expansion slots that those places have in all."""


ANY_ROWS = 999
"""Places on risers that take any card."""


_cards = cache(Cards)
_lanes = cache(CpuLanes)


def cards_of(lines: Iterable[Line], chip: Callable[[GpuCard], GpuChip]) -> Cards | None:
    """The GPUs of a build; ``None`` when a size or a way of cooling is unknown."""
    bodies: list[Body] = []
    breathes: list[bool] = []
    for line in lines:
        card = line.part
        assert isinstance(card, GpuCard)
        if card.slots_covered is None or card.cooling is None:
            return None
        link = chip(card)
        bodies += [Body(card.slots_covered, link.pcie_lanes)] * line.quantity
        breathes += [card.cooling != "open-air"] * line.quantity
    return _cards(tuple(bodies), tuple(breathes))


def others_of(lines: Iterable[Line]) -> tuple[Body, ...] | None:
    """The other add-in cards of a build; ``None`` when a size is unknown."""
    bodies: list[Body] = []
    for line in lines:
        card = line.part
        assert isinstance(card, NetworkAdapter)
        if card.bus is None or (card.bus == "pcie" and not card.slot_size):
            return None
        if card.bus == "pcie" and card.slot_size:
            bodies += [Body(1, card.slot_size, card.slot_size)] * line.quantity
    return tuple(sorted(bodies, key=lambda body: body.size))


def leads_of(lines: Iterable[Line]) -> tuple[Lead, ...] | None:
    """The risers of a build; ``None`` when lanes or generation are unknown."""
    leads: list[Lead] = []
    for line in lines:
        riser = line.part
        assert isinstance(riser, Riser)
        if riser.lanes is None or riser.gen is None:
            return None
        leads += [Lead(riser.lanes, riser.gen, riser.splits)] * line.quantity
    return tuple(sorted(leads, key=lambda lead: (-lead.carries, -lead.lanes, -lead.gen)))


def together(cards: Cards, others: tuple[Body, ...], leads: tuple[Lead, ...]) -> Cards:
    """Cards with everything else that wants a slot. Risers beyond the cards stay in their box."""
    carried = list(accumulate((lead.carries for lead in leads), initial=0))
    needed = next((n for n, all_of in enumerate(carried) if all_of >= len(cards.bodies)), None)
    return _cards(cards.bodies, cards.breathes, others, leads[:needed])


def alone(cards: Cards) -> Cards:
    """Just the GPUs."""
    return _cards(cards.bodies, cards.breathes)


def first_two(cards: Cards) -> Cards:
    """Just two of the GPUs."""
    return _cards(cards.bodies[:2], cards.breathes[:2], cards.others, cards.leads)


def lanes_of(line: Line, thresholds: Mapping[str, tuple[int, ...]]) -> CpuLanes | None:
    """The lanes of a line of CPUs; ``None`` when unknown.

    ``thresholds``: per socket the numbers of lanes that lane tables ask for.
    """
    cpu = line.part
    assert isinstance(cpu, Cpu)
    if cpu.pcie_lanes is None or cpu.socket is None:
        return None
    lanes = cpu.pcie_lanes * line.quantity
    reached = [least for least in thresholds.get(cpu.socket, ()) if least <= lanes]
    return _lanes(cpu.socket, max(reached, default=0), min(line.quantity, 2))


def room_of(case: Case) -> Room | None:
    """The room of a case for cards; ``None`` when its expansion slots are unknown."""
    if case.expansion_slots is None:
        return None
    rows = ANY_ROWS if case.riser_rows is None else case.riser_rows
    return Room(case.expansion_slots, case.riser_places, rows)


# --- the chain of rules -----------------------------------------------------------------------


def hung_on_risers(cards: Cards) -> int:
    """How many of the cards hang on risers: as many as these carry."""
    return min(len(cards.bodies), sum(lead.carries for lead in cards.leads))


@cache
def cramped(cards: Cards, room: Room) -> bool:
    """Whether a case has too few places for cards on risers, or none for those on the board."""
    hung = hung_on_risers(cards)
    widths = sorted(body.slots_covered for body in cards.bodies)
    return (
        hung > room.riser_places
        or sum(widths[:hung]) > room.riser_rows
        or (hung < len(widths) and room.rows == 0)
    )


def seated(board: Layout, cpu: CpuLanes, cards: Cards) -> tuple[Placement, ...]:
    """Every placement on the board, whatever the case."""
    return placements(board, cpu.lanes, cpu.count, cards.bodies, cards.others, cards.leads)


@cache
def in_case(board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> tuple[Placement, ...]:
    """Placements whose cards end inside the case and hang where it has places."""
    if cramped(cards, room):
        return ()
    return tuple(
        p
        for p in seated(board, cpu, cards)
        if p.last_row <= room.rows
        and p.hung <= room.riser_places
        and p.hung_rows <= room.riser_rows
    )


@cache
def with_lanes(
    board: Layout, cpu: CpuLanes, cards: Cards, room: Room, least: int
) -> tuple[Placement, ...]:
    """Of those, the ones that give every card ``least`` lanes (or all that it has)."""
    asked = [min(least, body.pcie_lanes) for body in cards.bodies]
    return tuple(
        p
        for p in in_case(board, cpu, cards, room)
        if all(lanes >= asked[index] for lanes, index in zip(p.lanes, p.order, strict=True))
    )


def crowded(placement: Placement, cards: Cards) -> int:
    """The longest run of open-air cards with no free row between them; 1: none is crowded."""
    longest = run = 1
    for place, gap in enumerate(placement.gaps):
        breathes = cards.breathes[placement.order[place]]
        run = run + 1 if gap == 0 and not breathes else 1
        longest = max(longest, run)
    return longest


@cache
def cooled(
    board: Layout, cpu: CpuLanes, cards: Cards, room: Room, least: int
) -> tuple[Placement, ...]:
    """Of those, the ones whose cards can breathe, as a builder would choose among them:
    fewest crowded cards, then best lanes, then most room between, then highest in the case."""
    fit = [
        p
        for p in with_lanes(board, cpu, cards, room, least)
        if crowded(p, cards) <= ADJACENT_OPEN_AIR_MAX
    ]
    return tuple(sorted(fit, key=lambda p: crowded(p, cards)))


def most_seats(board: Layout, cpu: CpuLanes, cards: Cards) -> int:
    """How many of the GPUs the board can seat at once, with everything else in place."""
    for count in range(len(cards.bodies), 0, -1):
        if placements(board, cpu.lanes, cpu.count, cards.bodies[:count], cards.others, cards.leads):
            return count
    return 0
