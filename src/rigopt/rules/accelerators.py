"""Cards on the board: seats, lanes, cooling, bridges, software.

The placement rules are a chain: each asks whether, of the placements that satisfy the rules
before it, one is left. Together they hold exactly if one placement satisfies all of them.
"""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import GpuCard
from rigopt.placement import Topology, topology_of
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import Operand, Relation, decide, fact, match
from rigopt.seating import (
    ADJACENT_OPEN_AIR_MAX,
    Cards,
    CpuLanes,
    cards_of,
    cooled,
    crowded,
    in_case,
    lanes_of,
    most_seats,
    seated,
    with_lanes,
)
from rigopt.world import World


def _board(line: Line, _world: World) -> Topology | None:
    return topology_of(line.part)  # type: ignore[arg-type]


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
ROWS = fact("case", "expansion_slots")


def foreign(board: Topology, links: CpuLanes) -> bool:
    """Whether the CPU does not go on the board: there is nothing to seat cards for."""
    return board.socket != links.socket


FOREIGN = ((0, 1, foreign),)


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
    return decide(bool(in_case(board, links, cards, rows)))


GPU_PLACEMENT = Rule(
    "gpu-placement",
    "every card has a slot, covers no other card's slot, and ends inside the case",
    (Relation((BOARD, LANES, CARDS, ROWS), _place, _seat_words, irrelevant=FOREIGN),),
    "choose thinner or fewer cards, a board with more or wider-spaced slots, or a taller case",
)


def _lanes(world: World, board: Topology, links: CpuLanes, cards: Cards, rows: int) -> Verdict:
    if not in_case(board, links, cards, rows):
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
    if not with_lanes(board, links, cards, rows, least):
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

SEATING_RULES = (GPU_PLACEMENT, GPU_LANES, GPU_COOLING)
CARD_RULES = (GPU_AIRFLOW, GPU_SOFTWARE, GPU_BAR_SPACE)
