"""Cards on the board: seats, lanes, cooling, bridges, software.

The placement rules are a chain: each asks whether, of the placements that satisfy the rules
before it, one is left. Together they hold exactly if one placement satisfies all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from rigopt.build import Line
from rigopt.parts import Case, GpuCard, NvlinkBridge
from rigopt.placement import Placement, Topology, topology_of
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import Operand, Relation, decide, fact, match, show
from rigopt.seating import (
    ADJACENT_OPEN_AIR_MAX,
    Cards,
    CpuLanes,
    cards_of,
    cooled,
    crowded,
    first_two,
    in_case,
    lanes_of,
    most_seats,
    seated,
    with_lanes,
)
from rigopt.world import World


def _board(line: Line, _world: World) -> Topology | None:
    return topology_of(line.part)  # type: ignore[arg-type]


def _rows(line: Line, _world: World) -> int | None:
    assert isinstance(line.part, Case)
    return line.part.expansion_slots


CARDS = Operand(
    "gpu",
    lambda line, world: cards_of((line,), world.chip),
    "slots_covered or cooling",
    group=lambda lines, world: cards_of(lines, world.chip),
)
LANES = Operand(
    "cpu",
    lambda line, world: lanes_of(line, world.catalog.lane_thresholds),
    "pcie_lanes or socket",
)
BOARD = Operand("motherboard", _board, "slots or populations")
ROWS = Operand("case", _rows, "expansion_slots")


def _foreign(board: Topology, links: CpuLanes) -> bool:
    return board.socket != links.socket


FOREIGN = ((0, 1, _foreign),)


# --- the chain --------------------------------------------------------------------------------


def _seat_words(_world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> str:
    count = len(cards.bodies)
    most = most_seats(board, links, cards)
    if most < count:
        return f"{count} cards > {most} that {{motherboard}} can seat ({{gpu}})"
    lowest = min(p.last_row for p in seated(board, links, cards))
    sign = "≤" if lowest <= rows else ">"
    return f"the lowest card reaches row {lowest} {sign} {rows} expansion slots of {{case}}"


def _place(_world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> Verdict:
    if _foreign(board, links):
        return Verdict.NOT_APPLICABLE
    return decide(bool(in_case(board, links, cards, rows)))


GPU_PLACEMENT = Rule(
    "gpu-placement",
    "every card has a slot, covers no other card's slot, and ends inside the case",
    (Relation((BOARD, LANES, CARDS, ROWS), _place, _seat_words, irrelevant=FOREIGN),),
    "choose thinner or fewer cards, a board with more or wider-spaced slots, or a taller case",
)


def _lanes(world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> Verdict:
    if _foreign(board, links) or not in_case(board, links, cards, rows):
        return Verdict.NOT_APPLICABLE
    return decide(bool(with_lanes(board, links, cards, rows, world.min_gpu_lanes)))


def _lane_words(world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> str:
    fits = in_case(board, links, cards, rows)
    if not fits:
        return "no placement to look at"
    lanes = max(p.min_lanes for p in fits)
    asked = min(world.min_gpu_lanes, *(body.pcie_lanes for body in cards.bodies), 16)
    sign = "≥" if lanes >= asked else "<"
    return f"the worst-connected card gets x{lanes} {sign} x{asked} asked for on {{motherboard}}"


GPU_LANES = Rule(
    "gpu-lanes",
    "every card gets at least the PCIe lanes asked for",
    (Relation((BOARD, LANES, CARDS, ROWS), _lanes, _lane_words, irrelevant=FOREIGN),),
    "choose a platform with more lanes, fewer cards, or lower --min-gpu-lanes",
)


def _cooling(world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> Verdict:
    least = world.min_gpu_lanes
    if _foreign(board, links) or not with_lanes(board, links, cards, rows, least):
        return Verdict.NOT_APPLICABLE
    if len(cards.bodies) == 1:
        return Verdict.OK
    fits = cooled(board, links, cards, rows, least)
    if not fits:
        return Verdict.VIOLATED
    return Verdict.OK if crowded(fits[0], cards) == 1 else Verdict.WARNING


def _cooling_words(world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> str:
    fits = with_lanes(board, links, cards, rows, world.min_gpu_lanes)
    if not fits:
        return "no placement to look at"
    run = min(crowded(p, cards) for p in fits)
    if run == 1:
        return "no open-air card blows into a neighbour" if len(cards.bodies) > 1 else "one card"
    tail = "" if run <= ADJACENT_OPEN_AIR_MAX else f" > {ADJACENT_OPEN_AIR_MAX} that still cool"
    return f"{run} open-air cards with no free row between them{tail}: published losses 10-30 %"


GPU_COOLING = Rule(
    "gpu-cooling",
    "cards with no free row between them have blower or liquid coolers",
    (Relation((BOARD, LANES, CARDS, ROWS), _cooling, _cooling_words, irrelevant=FOREIGN),),
    "choose blower or liquid-cooled cards, or a board with wider-spaced slots",
)

# --- NVLink -----------------------------------------------------------------------------------


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
    if _no_pair(bridges, cards_and_kinds):
        return Verdict.NOT_APPLICABLE
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
            irrelevant=((0, 1, _no_pair), (2, 3, _foreign)),
        ),
    ),
    "choose a bridge as long as the slots are apart, or leave it out",
)

# --- software ---------------------------------------------------------------------------------


def _platform(line: Line, world: World) -> Key:
    card = line.part
    assert isinstance(card, GpuCard)
    chip = world.chip(card)
    if chip.vendor != "NVIDIA":
        return chip.vendor, chip.architecture, chip.id
    return None if chip.compute_capability is None else ("NVIDIA", chip.compute_capability, "")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _software(world: World, platform: Key) -> Verdict:
    vendor, what, chip = platform
    framework = world.framework
    if vendor == "NVIDIA":
        return decide(_version(what) >= _version(framework.oldest_compute_capability))
    supported = framework.amd if vendor == "AMD" else framework.intel
    runs = what in supported and chip not in framework.except_chips
    return Verdict.WARNING if runs else Verdict.VIOLATED


def _software_words(world: World, platform: Key) -> str:
    vendor, what, _ = platform
    title = world.framework.title
    if vendor == "NVIDIA":
        oldest = world.framework.oldest_compute_capability
        sign = "≥" if _version(what) >= _version(oldest) else "<"
        return f"compute capability {what} {sign} {oldest} of {title} ({{gpu}})"
    if _software(world, platform) is Verdict.VIOLATED:
        return f"{title} does not run on {what} ({{gpu}})"
    return f"{title} runs on {what}, but software support and predictions are weaker ({{gpu}})"


GPU_SOFTWARE = Rule(
    "gpu-software",
    "the chosen framework release runs on the GPU",
    (Relation((Operand("gpu", _platform, "compute_capability"),), _software, _software_words),),
    "choose a newer GPU or another --framework",
)


def _memory_window(line: Line, world: World) -> int:
    card = line.part
    assert isinstance(card, GpuCard)
    chip = world.chip(card)
    return chip.vram_gb if chip.market != "consumer" else 0


def _bar(_world: World, above_4g: bool | None, window: int) -> Verdict:
    if window < 16:
        return Verdict.NOT_APPLICABLE
    return Verdict.OK if above_4g is not False else Verdict.VIOLATED


GPU_BAR_SPACE = Rule(
    "gpu-bar-space",
    "a board without Above 4G decoding cannot map big accelerators",
    (
        Relation(
            (fact("motherboard", "above_4g"), Operand("gpu", _memory_window)),
            _bar,
            lambda _w, above, gb: (
                f"{{motherboard}} lacks Above 4G decoding for {{gpu}} with {gb} GB"
                if above is False
                else "memory windows can be mapped as far as is known"
            ),
            sees_unknown=True,
        ),
    ),
    "choose a board with Above 4G decoding",
    hard=False,
)


def _passive(line: Line, _world: World) -> str | None:
    card = line.part
    assert isinstance(card, GpuCard)
    return card.cooling


GPU_AIRFLOW = Rule(
    "gpu-airflow",
    "a passive card sits in a chassis that forces air through it",
    (
        match(
            Operand("gpu", _passive, "cooling"),
            fact("case", "ducted"),
            lambda cooling, ducted: cooling != "passive" or ducted,
            "cooling of {gpu}: {0}; forced airflow in {case}: {1}",
        ),
    ),
    "choose a card with a fan of its own, or a server chassis",
)

ACCELERATOR_RULES = (
    GPU_PLACEMENT,
    GPU_LANES,
    GPU_COOLING,
    GPU_NVLINK,
    GPU_AIRFLOW,
    GPU_SOFTWARE,
    GPU_BAR_SPACE,
)
