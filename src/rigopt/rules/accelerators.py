"""Cards on the board: seats, lanes, cooling, bridges, software.

The placement rules are a chain: each asks whether, of the placements that satisfy the rules
before it, one is left. Together they hold exactly if one placement satisfies all of them.
"""

from __future__ import annotations

from rigopt.assumptions import version_of
from rigopt.build import Line
from rigopt.layout import Layout, bare
from rigopt.parts import GpuCard
from rigopt.placement import Placement
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, fact, joint
from rigopt.rules.seats import CARDS, LANES, LAYOUT, ROOM, foreign
from rigopt.rules.shapes import Relation, decide, match, show
from rigopt.seating import (
    ADJACENT_OPEN_AIR_MAX,
    ANY_ROWS,
    Cards,
    CpuLanes,
    Room,
    alone,
    cooled,
    cramped,
    crowded,
    hung_on_risers,
    in_case,
    most_seats,
    seated,
    with_lanes,
)
from rigopt.world import World

MOOT = ((0, 1, foreign), (2, 3, cramped))
SEATS = (LAYOUT, LANES, CARDS, ROOM)

# --- the chain --------------------------------------------------------------------------------


def _seat_words(_world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> str:
    count = len(cards.bodies)
    most = most_seats(board, cpu, cards)
    if most < count:
        beside = _taken(board, cpu, cards)
        return f"{count} cards > {most} that {{motherboard}} can seat{beside} ({{gpu}})"
    return _room_words(seated(board, cpu, cards), room)


def _taken(board: Layout, cpu: CpuLanes, cards: Cards) -> str:
    """What else wants the slots, if that is why they do not suffice."""
    count = len(cards.bodies)
    free = bare(board.topology)
    if seated(board, cpu, alone(cards)):
        return " beside the other add-in cards" if cards.others else " on these risers"
    if board is not free and most_seats(free, cpu, cards) == count:
        return " beside its M.2 drives"
    return ""


def _room_words(placements: tuple[Placement, ...], room: Room) -> str:
    """The case's limits as the placement that comes nearest to them meets them."""
    best = min(placements, key=lambda p: p.last_row)
    if not best.seated:
        return f"{best.hung} cards hang on risers in {{case}}"
    row, sign = best.last_row, "≤" if best.last_row <= room.rows else ">"
    return f"the lowest card reaches row {row} {sign} {room.rows} expansion slots of {{case}}"


def _places(_world: World, cards: Cards, room: Room) -> Verdict:
    if cramped(cards, room):
        return Verdict.VIOLATED
    return Verdict.OK if cards.leads else Verdict.NOT_APPLICABLE


def _places_words(_world: World, cards: Cards, room: Room) -> str:
    hung, count = hung_on_risers(cards), len(cards.bodies)
    if hung < count and room.rows == 0:
        return f"{count - hung} cards on the board > 0 expansion slots of {{case}}: use risers"
    sign = "≤" if hung <= room.riser_places else ">"
    text = f"{hung} cards on risers {sign} {room.riser_places} places for them in {{case}}"
    if hung <= room.riser_places and room.riser_rows < ANY_ROWS:
        rows = sum(sorted(body.slots_covered for body in cards.bodies)[:hung])
        sign = "≤" if rows <= room.riser_rows else ">"
        text += f"; {rows} slots that they cover {sign} {room.riser_rows} there"
    return text


def _place(_world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> Verdict:
    return decide(bool(in_case(board, cpu, cards, room)))


GPU_PLACEMENT = Rule(
    "gpu-placement",
    "every card has a slot, covers no other card's slot, and ends inside the case",
    (
        Relation((CARDS, ROOM), _places, _places_words),
        Relation(SEATS, _place, _seat_words, irrelevant=MOOT),
    ),
    "choose thinner or fewer cards, a board with more or wider-spaced slots, or a taller case",
)


def _lanes(world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> Verdict:
    if not in_case(board, cpu, cards, room):
        return Verdict.NOT_APPLICABLE
    return decide(bool(with_lanes(board, cpu, cards, room, world.min_gpu_lanes)))


def _lane_words(world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> str:
    fits = in_case(board, cpu, cards, room)
    if not fits:
        return "no placement to look at"
    lanes = max(p.min_lanes for p in fits)
    asked = min(world.min_gpu_lanes, *(body.pcie_lanes for body in cards.bodies), 16)
    sign = "≥" if lanes >= asked else "<"
    without = in_case(bare(board.topology), cpu, cards, room)
    shared = " beside its M.2 drives" if max(p.min_lanes for p in without) > lanes else ""
    return (
        f"the worst-connected card gets x{lanes} {sign} x{asked} asked for on "
        f"{{motherboard}}{shared}"
    )


GPU_LANES = Rule(
    "gpu-lanes",
    "every card gets at least the PCIe lanes asked for",
    (Relation(SEATS, _lanes, _lane_words, irrelevant=MOOT),),
    "choose a platform with more lanes, fewer cards, or lower --min-gpu-lanes",
)


def _one_card(cards: Cards, _: Cards) -> bool:
    return len(cards.bodies) == 1


def _cooling(world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> Verdict:
    least = world.min_gpu_lanes
    if not with_lanes(board, cpu, cards, room, least):
        return Verdict.NOT_APPLICABLE
    fits = cooled(board, cpu, cards, room, least)
    if not fits:
        return Verdict.VIOLATED
    return Verdict.OK if crowded(fits[0], cards) == 1 else Verdict.WARNING


def _cooling_words(world: World, board: Layout, cpu: CpuLanes, cards: Cards, room: Room) -> str:
    fits = with_lanes(board, cpu, cards, room, world.min_gpu_lanes)
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
    (Relation(SEATS, _cooling, _cooling_words, irrelevant=(*MOOT, (2, 2, _one_card))),),
    "choose blower or liquid-cooled cards, or a board with wider-spaced slots",
)

# --- software ---------------------------------------------------------------------------------


def _platform(line: Line, world: World) -> Key:
    """(vendor, compute capability or architecture, chip)."""
    card = line.part
    assert isinstance(card, GpuCard)
    chip = world.chip(card)
    what = chip.compute_capability if chip.vendor == "NVIDIA" else chip.architecture
    return None if what is None else (chip.vendor, what, chip.id)


def _platforms(lines: tuple[Line, ...], world: World) -> Key:
    found = {_platform(line, world) for line in lines}
    return None if None in found else tuple(sorted(found))


def _builds(world: World, platforms: Key) -> list[str]:
    """The official builds that run on all of these cards."""
    return [
        build.name
        for build in world.framework.builds
        if all(build.runs(*platform) for platform in platforms)
    ]


def _software(world: World, platform: Key) -> Verdict:
    if not _builds(world, (platform,)):
        return Verdict.VIOLATED
    return Verdict.OK if platform[0] == "NVIDIA" else Verdict.WARNING


def _software_words(world: World, platform: Key) -> str:
    vendor, what, _ = platform
    title, builds = world.framework.title, _builds(world, (platform,))
    if vendor == "NVIDIA":
        return f"compute capability {what} {_against(world, platform)} ({{gpu}})"
    if not builds:
        return f"{title} does not run on {what} ({{gpu}})"
    return f"{title} runs on {what}, but software support and predictions are weaker ({{gpu}})"


def _against(world: World, platform: Key) -> str:
    """A compute capability against the builds' bounds: "< 7.5 of PyTorch ..."."""
    _, capability, _ = platform
    title, cuda = world.framework.title, [b for b in world.framework.builds if b.is_cuda]
    for build in cuda:
        if build.runs(*platform):
            return f"≥ {build.oldest_compute_capability} of {title}, {build.name}"
    if not cuda:
        return f"is none that {title} runs on"
    oldest = min((str(b.oldest_compute_capability) for b in cuda), key=version_of)
    if version_of(capability) < version_of(oldest):
        return f"< {oldest} of {title}"
    if any(b.newest_compute_capability is None for b in cuda):
        return f"is in range, but {title} leaves this chip out"
    newest = max((str(b.newest_compute_capability) for b in cuda), key=version_of)
    return f"> {newest}, the newest of {title}"


def _together(world: World, platforms: Key) -> Verdict:
    if len(platforms) == 1 or not all(_builds(world, (one,)) for one in platforms):
        return Verdict.NOT_APPLICABLE
    return decide(bool(_builds(world, platforms)))


def _together_words(world: World, platforms: Key) -> str:
    names = " and ".join(what for _, what, _ in platforms)
    if len(platforms) == 1:
        return "cards of one sort"
    builds = _builds(world, platforms)
    if builds:
        return f"{world.framework.title}, {show(tuple(builds))}, runs on {names}"
    return f"no one build of {world.framework.title} runs on {names} ({{gpu}})"


GPU_SOFTWARE = Rule(
    "gpu-software",
    "the chosen framework release runs on the GPUs, one build of it on all of them",
    (
        Relation((Operand("gpu", _platform, "compute_capability"),), _software, _software_words),
        Relation(
            (joint("gpu", _platforms, "compute_capability"),),
            _together,
            _together_words,
        ),
    ),
    "choose other GPUs or another --framework",
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


GPU_AIRFLOW = Rule(
    "gpu-airflow",
    "a passive card sits in a chassis that forces air through it",
    (
        match(
            fact("gpu", "cooling"),
            fact("case", "ducted"),
            lambda cooling, ducted: cooling != "passive" or ducted,
            "cooling of {gpu}: {0}; forced airflow in {case}: {1}",
        ),
    ),
    "choose a card with a fan of its own, or a server chassis",
)


def _reach(_world: World, length: int | None, reach: int | None) -> Verdict:
    return decide(length is not None and reach is not None and length >= reach)


def _reach_words(_world: World, length: int | None, reach: int | None) -> str:
    if reach is None:
        return (
            f"how far the places of {{case}} are from the slots is not stated: measure whether "
            f"{show(length)} mm of {{riser}} reach"
        )
    sign = "≥" if length is not None and length >= reach else "<"
    return (
        f"{{riser}} is {show(length)} mm long {sign} {reach} mm to the farthest place of {{case}}"
    )


RISER_REACH = Rule(
    "riser-reach",
    "risers reach the places of the cards that hang on them",
    (
        Relation(
            (fact("riser", "length_mm"), fact("case", "riser_reach_mm")),
            _reach,
            _reach_words,
            sees_unknown=True,
        ),
    ),
    "choose longer risers",
    hard=False,
)

SEATING_RULES = (GPU_PLACEMENT, GPU_LANES, GPU_COOLING)
CARD_RULES = (RISER_REACH, GPU_AIRFLOW, GPU_SOFTWARE, GPU_BAR_SPACE)
