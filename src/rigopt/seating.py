"""Seating the cards of a build: the facts that matter, and the placements each rule leaves.

Equal facts are one object each, so that the caches below look them up fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from rigopt.build import Line
from rigopt.parts import Cpu, GpuCard, GpuChip
from rigopt.placement import Body, Placement, Topology, placements

ADJACENT_OPEN_AIR_MAX = 2
"""Open-air cards that may sit with no free row between them (with a warning)."""


@dataclass(frozen=True, eq=False, slots=True)
class Cards:
    """What of the cards of a build matters for placing them."""

    bodies: tuple[Body, ...]
    breathes: tuple[bool, ...]
    """Whether the card stands a neighbour with no free row between (blower, liquid)."""


@dataclass(frozen=True, eq=False, slots=True)
class CpuLanes:
    """What of the CPUs of a build matters for seating cards.

    ``lanes`` is rounded down to a number that some lane table of the socket asks for, so that
    CPUs between which no table tells are one object.
    """

    socket: str
    lanes: int


_cards = cache(Cards)
_lanes = cache(CpuLanes)


def cards_of(lines: Iterable[Line], chip: Callable[[GpuCard], GpuChip]) -> Cards | None:
    """The cards of a build; ``None`` when a size or a way of cooling is unknown."""
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


def first_two(cards: Cards) -> Cards:
    """Just two of the cards."""
    return _cards(cards.bodies[:2], cards.breathes[:2])


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
    return _lanes(cpu.socket, max(reached, default=0))


def seated(board: Topology, links: CpuLanes, cards: Cards) -> tuple[Placement, ...]:
    """Every placement on the board, whatever the case."""
    return placements(board, links.lanes, cards.bodies)


@cache
def in_case(board: Topology, links: CpuLanes, cards: Cards, rows: int) -> tuple[Placement, ...]:
    """Placements that end inside a case with so many rows of expansion slots."""
    return tuple(p for p in seated(board, links, cards) if p.last_row <= rows)


@cache
def with_lanes(
    board: Topology, links: CpuLanes, cards: Cards, rows: int, least: int
) -> tuple[Placement, ...]:
    """Of those, the ones that give every card ``least`` lanes (or all that it has)."""
    asked = [min(least, body.pcie_lanes) for body in cards.bodies]
    return tuple(
        p
        for p in in_case(board, links, cards, rows)
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
    board: Topology, links: CpuLanes, cards: Cards, rows: int, least: int
) -> tuple[Placement, ...]:
    """Of those, the ones whose cards can breathe, as a builder would choose among them:
    fewest crowded cards, then best lanes, then most room between, then highest in the case."""
    fit = [
        p
        for p in with_lanes(board, links, cards, rows, least)
        if crowded(p, cards) <= ADJACENT_OPEN_AIR_MAX
    ]
    return tuple(sorted(fit, key=lambda p: crowded(p, cards)))


def most_seats(board: Topology, links: CpuLanes, cards: Cards) -> int:
    """How many of the cards the board can seat at once."""
    for count in range(len(cards.bodies), 0, -1):
        if placements(board, links.lanes, cards.bodies[:count]):
            return count
    return 0
