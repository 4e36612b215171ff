"""Bridges between cards: whether they fit, and whether the cards can sit as far apart."""

from __future__ import annotations

from collections.abc import Iterable

from rigopt.build import Line
from rigopt.parts import GpuCard, NvlinkBridge
from rigopt.placement import Placement, Topology
from rigopt.rules.accelerators import BOARD, LANES, ROWS, foreign
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import Operand, Relation, decide, show
from rigopt.seating import Cards, CpuLanes, cards_of, cooled, crowded, first_two
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


def _bridges(lines: tuple[Line, ...], _world: World) -> Key:
    found: list[tuple[str, int, tuple[str, ...] | None]] = []
    for line in lines:
        bridge = line.part
        assert isinstance(bridge, NvlinkBridge)
        pairs = -(-line.quantity // bridge.per_pair)
        found += [(bridge.family, bridge.span_slots, bridge.chips)] * pairs
    return tuple(found)


NVLINK_CARDS = Operand(
    "gpu", lambda line, world: _families((line,), world), "size or cooling", group=_families
)
BRIDGES = Operand(
    "nvlink_bridge",
    lambda line, world: _bridges((line,), world),
    absent=(),
    optional=True,
    group=_bridges,
)


def span_of(line: Line, _world: World) -> int:
    """Slots that a bridge joins."""
    assert isinstance(line.part, NvlinkBridge)
    return line.part.span_slots


SPAN = Operand("nvlink_bridge", span_of, "span_slots", absent=0, optional=True)


def joined(placement: Placement, kinds: Key, bridges: Key) -> bool:
    """Whether every bridge (or set of them) finds two neighbouring cards that it fits."""
    pairs = [
        (kinds[placement.order[i]], kinds[placement.order[i + 1]], distance)
        for i, distance in enumerate(placement.distances)
    ]
    free = list(range(len(pairs)))
    for family, span, chips in bridges:
        fit = next(
            (
                i
                for i in free
                if pairs[i][0] == pairs[i][1]
                and pairs[i][0][1] == family
                and pairs[i][2] == span
                and (chips is None or pairs[i][0][0] in chips)
            ),
            None,
        )
        if fit is None:
            return False
        free = [i for i in free if abs(i - fit) > 1]  # a card has one bridge
    return True


def _nvlink(
    world: World, bridges: Key, cards_and_kinds: Key, board: Topology, links: CpuLanes, rows: int
) -> Verdict:
    cards, kinds = cards_and_kinds
    fits = _bridgeable(world, board, links, cards, rows)
    if not fits:
        return Verdict.NOT_APPLICABLE
    bridged = [p for p in fits if joined(p, kinds, bridges)]
    if not bridged:
        return Verdict.VIOLATED
    return Verdict.OK if _roomiest(bridged, cards) == 1 else Verdict.WARNING


def _roomiest(placements: Iterable[Placement], cards: Cards) -> int:
    return min(crowded(placement, cards) for placement in placements)


def _bridgeable(
    world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int
) -> tuple[Placement, ...]:
    """Placements to look for a bridge in: of all cards, or, if they cannot all sit, of two."""
    least = world.min_gpu_lanes
    return cooled(board, links, cards, rows, least) or cooled(
        board, links, first_two(cards), rows, least
    )


def _fitting_kind(kinds: Key, bridges: Key) -> bool:
    """Whether for every bridge there are two equal cards that it fits."""
    return all(
        any(
            kind == family and (chips is None or chip in chips) and kinds.count((chip, kind)) >= 2
            for chip, kind in kinds
        )
        for family, _, chips in bridges
    )


def _no_pair(bridges: Key, cards_and_kinds: Key) -> bool:
    return not bridges or not _fitting_kind(cards_and_kinds[1], bridges)


def _pair_verdict(_world: World, bridges: Key, cards_and_kinds: Key) -> Verdict:
    if not bridges:
        return Verdict.NOT_APPLICABLE
    return decide(_fitting_kind(cards_and_kinds[1], bridges))


def _pair_words(_world: World, bridges: Key, cards_and_kinds: Key) -> str:
    _, kinds = cards_and_kinds
    if not bridges:
        return "no bridge"
    if len(kinds) < 2:
        return f"{{nvlink_bridge}} needs two equal cards, there is {len(kinds)}"
    family, _, chips = bridges[0]
    have = show(tuple(dict.fromkeys(kind for _, kind in kinds)))
    have = "no NVLink" if have == "none" else f"{have} NVLink"
    wanted = f"{family} NVLink cards" + (f" ({show(chips)})" if chips else "")
    return f"{{nvlink_bridge}} joins two equal {wanted}; {{gpu}}: {have}"


def _nvlink_words(
    world: World, bridges: Key, cards_and_kinds: Key, board: Topology, links: CpuLanes, rows: int
) -> str:
    cards, kinds = cards_and_kinds
    if _no_pair(bridges, cards_and_kinds):
        return "no pair of cards to bridge"
    _, span, _ = bridges[0]
    fits = _bridgeable(world, board, links, cards, rows)
    distances = tuple(sorted({d for p in fits for d in p.distances}))
    bridged = [p for p in fits if joined(p, kinds, bridges)]
    if bridged:
        tight = "" if _roomiest(bridged, cards) == 1 else ", but leaves open-air cards no free row"
        return f"{{nvlink_bridge}} spans {span} slots, as cards can sit on {{motherboard}}{tight}"
    return (
        f"{{nvlink_bridge}} spans {span} slots; on {{motherboard}} these cards can sit "
        f"{show(distances)} slots apart"
    )


GPU_NVLINK = Rule(
    "gpu-nvlink",
    "a bridge joins two equal cards of its family, as far apart as it is long",
    (
        Relation((BRIDGES, NVLINK_CARDS), _pair_verdict, _pair_words),
        Relation(
            (BRIDGES, NVLINK_CARDS, BOARD, LANES, ROWS),
            _nvlink,
            _nvlink_words,
            irrelevant=((0, 1, _no_pair), (2, 3, foreign)),
        ),
    ),
    "choose a bridge as long as the slots are apart, or leave it out",
)
