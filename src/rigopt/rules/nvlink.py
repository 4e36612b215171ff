"""Bridges between cards: whether they fit, and whether the cards can sit as far apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from rigopt.build import Build, Line
from rigopt.layout import Layout
from rigopt.parts import GpuCard, NvlinkBridge
from rigopt.placement import Body, Lead, Placement
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.operands import Derived, Operand, joint
from rigopt.rules.seats import LANES, LAYOUT, LEADS, OTHERS, ROOM, foreign
from rigopt.rules.shapes import Relation, decide, show
from rigopt.seating import (
    Cards,
    CpuLanes,
    Room,
    cards_of,
    cooled,
    cramped,
    crowded,
    first_two,
    together,
)
from rigopt.world import World


def _families(lines: tuple[Line, ...], world: World) -> Key:
    cards = cards_of(lines, world.chip)
    if cards is None:
        return None
    kinds: list[tuple[str, str]] = []
    for line in lines:
        assert isinstance(line.part, GpuCard)
        family = world.chip(line.part).nvlink
        kinds += [("" if family == "none" else line.part.chip, family)] * line.quantity
    return cards, tuple(kinds)


class Bridge(NamedTuple):
    """What of a bridge (or a set of them for one pair) matters."""

    family: str
    span: int
    chips: tuple[str, ...] | None


Kinds = tuple[tuple[str, str], ...]
"""Per card its chip (empty without NVLink) and NVLink family."""


def _bridges(lines: tuple[Line, ...], _world: World) -> Key:
    found: list[Bridge] = []
    for line in lines:
        bridge = line.part
        assert isinstance(bridge, NvlinkBridge)
        pairs = -(-line.quantity // bridge.per_pair)
        found += [Bridge(bridge.family, bridge.span_slots, bridge.chips)] * pairs
    return tuple(found)


def _with_the_rest(key: Key, others: tuple[Body, ...], leads: tuple[Lead, ...]) -> Key:
    cards, kinds = key
    return together(cards, others, leads), kinds


NVLINK_GPUS = joint("gpu", _families, "size or cooling")
NVLINK_CARDS = Derived((NVLINK_GPUS, OTHERS, LEADS), _with_the_rest)
BRIDGES = joint("nvlink_bridge", _bridges, absent=(), optional=True)


def span_of(line: Line, _world: World) -> int:
    """Slots that a bridge joins."""
    assert isinstance(line.part, NvlinkBridge)
    return line.part.span_slots


SPAN = Operand("nvlink_bridge", span_of, "span_slots", absent=0, optional=True)


def _fitting(families: Kinds, bridge: Bridge) -> tuple[int, ...]:
    """Per card the group of equal cards that a bridge fits it belongs to; 0: it does not fit."""
    groups: dict[tuple[str, str], int] = {}
    return tuple(
        groups.setdefault((chip, family), len(groups) + 1)
        if family == bridge.family and (bridge.chips is None or chip in bridge.chips)
        else 0
        for chip, family in families
    )


class Ask(NamedTuple):
    """Cards that bridges join."""

    cards: Cards
    bridges: tuple[tuple[int, tuple[int, ...]], ...]
    """Per bridge its span, and per card the group of equal cards that it fits (0: none)."""


def _ask(bridges: tuple[Bridge, ...], cards_and_kinds: Key) -> Key:
    """What bridges ask of the placement; absent where no pair fits: another statement says so."""
    if not bridges or not _fitting_pairs(bridges, cards_and_kinds):
        return ABSENT
    cards, kinds = cards_and_kinds
    return Ask(cards, tuple((bridge.span, _fitting(kinds, bridge)) for bridge in bridges))


def _fitting_pairs(bridges: tuple[Bridge, ...], cards_and_kinds: Key) -> bool:
    """Whether for every bridge there are two equal cards that it fits, not on risers."""
    cards, kinds = cards_and_kinds
    if len(cards.bodies) - sum(lead.carries for lead in cards.leads) < 2:
        return False
    return all(
        any(group and groups.count(group) >= 2 for group in groups)
        for groups in (_fitting(kinds, bridge) for bridge in bridges)
    )


def joined(placement: Placement, bridges: Sequence[tuple[int, tuple[int, ...]]]) -> bool:
    """Whether every bridge (or set of them) finds two neighbouring cards that it fits."""
    pairs = list(pairwise(placement.order[: placement.seated]))

    def fit(left: Sequence[tuple[int, tuple[int, ...]]], free: tuple[int, ...]) -> bool:
        if not left:
            return True
        (span, groups), *rest = left
        return any(
            placement.distances[i] == span
            and groups[pairs[i][0]] == groups[pairs[i][1]] != 0
            and fit(rest, tuple(j for j in free if abs(j - i) > 1))  # a card has one bridge
            for i in free
        )

    return fit(bridges, tuple(range(len(pairs))))


def _nvlink(world: World, ask: Ask, board: Layout, cpu: CpuLanes, room: Room) -> Verdict:
    fits = _bridgeable(board, cpu, ask.cards, room, world.min_gpu_lanes)
    if not fits:
        return Verdict.NOT_APPLICABLE
    bridged = [p for p in fits if joined(p, ask.bridges)]
    if not bridged:
        return Verdict.VIOLATED
    return Verdict.OK if _roomiest(bridged, ask.cards) == 1 else Verdict.WARNING


def _roomiest(placements: Iterable[Placement], cards: Cards) -> int:
    return min(crowded(placement, cards) for placement in placements)


@cache
def _bridgeable(
    board: Layout, cpu: CpuLanes, cards: Cards, room: Room, least: int
) -> tuple[Placement, ...]:
    """Placements to look for a bridge in: of all cards, or, if they cannot all sit, of two."""
    return cooled(board, cpu, cards, room, least) or cooled(
        board, cpu, first_two(cards), room, least
    )


def _no_bridge(bridges: Key, _: Key) -> bool:
    return not bridges


def _pair_words(_world: World, bridges: tuple[Bridge, ...], cards_and_kinds: Key) -> str:
    cards, kinds = cards_and_kinds
    if not bridges:
        return "no bridge"
    bridge = bridges[0]
    have = show(tuple(dict.fromkeys(kind for _, kind in kinds)))
    have = "no NVLink connector" if have == "none" else f"{have} NVLink"
    if any(_fitting(kinds, bridge)):
        if len(kinds) < 2:
            return f"{{nvlink_bridge}} needs two equal cards, there is {len(kinds)}"
        if cards.leads:
            return "{nvlink_bridge} joins cards on the board; {gpu}: on risers"
    wanted = f"{bridge.family} NVLink cards" + (f" ({show(bridge.chips)})" if bridge.chips else "")
    return f"{{nvlink_bridge}} joins two equal {wanted}; {{gpu}}: {have}"


def _nvlink_words(world: World, ask: Ask, board: Layout, cpu: CpuLanes, room: Room) -> str:
    span = ask.bridges[0][0]
    fits = _bridgeable(board, cpu, ask.cards, room, world.min_gpu_lanes)
    distances = tuple(sorted({d for p in fits for d in p.distances}))
    bridged = [p for p in fits if joined(p, ask.bridges)]
    if bridged:
        tight = (
            "" if _roomiest(bridged, ask.cards) == 1 else ", but leaves open-air cards no free row"
        )
        return f"{{nvlink_bridge}} spans {span} slots, as cards can sit on {{motherboard}}{tight}"
    return (
        f"{{nvlink_bridge}} spans {span} slots; on {{motherboard}} these cards can sit "
        f"{show(distances)} slots apart"
    )


ASK = Derived((BRIDGES, NVLINK_CARDS), _ask)

GPU_NVLINK = Rule(
    "gpu-nvlink",
    "a bridge joins two equal cards of its family, as far apart as it is long",
    (
        Relation(
            (BRIDGES, NVLINK_CARDS),
            lambda _world, bridges, cards: decide(_fitting_pairs(bridges, cards)),
            _pair_words,
            irrelevant=((0, 0, _no_bridge),),
        ),
        Relation(
            (ASK, LAYOUT, LANES, ROOM),
            _nvlink,
            _nvlink_words,
            irrelevant=((1, 2, foreign), (0, 3, lambda ask, room: cramped(ask.cards, room))),
        ),
    ),
    "choose a bridge as long as the slots are apart, or leave it out",
)


def bridged_placements(
    build: Build, world: World, seats: tuple[Layout, CpuLanes, Cards, Room]
) -> tuple[Placement, ...]:
    """The placements of a build's cards under which its bridges fit; none without a bridge."""
    values = ASK.values(build, world)
    if len(values) != 1 or not isinstance(values[0][0], Ask):
        return ()
    board, cpu, cards, room = seats
    fits = cooled(board, cpu, cards, room, world.min_gpu_lanes)
    return tuple(p for p in fits if joined(p, values[0][0].bridges))
