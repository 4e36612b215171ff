"""Radiators in the case, of the CPU's cooler and of cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from rigopt.build import Line
from rigopt.parts import Case, CpuCooler, GpuCard
from rigopt.parts import RadiatorMount as Mount
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.cooling import module_height
from rigopt.rules.operands import Derived, Operand, joint
from rigopt.rules.shapes import Relation, show
from rigopt.world import World

CARD_RADIATOR_MM = 52
"""A card's own radiator with its fan: 27 + 25 mm, as sold."""


def _cpu_radiator(line: Line, _world: World) -> Key:
    cooler = line.part
    assert isinstance(cooler, CpuCooler)
    if cooler.medium is None or (cooler.medium == "liquid" and cooler.radiator_mm is None):
        return None
    if not cooler.radiator_mm:
        return ()
    return ((cooler.radiator_mm, cooler.radiator_thickness_mm),) * line.quantity


@dataclass(frozen=True, eq=False, slots=True)
class Mounts:
    """Where a case takes radiators. Equal ones are one object, so that caches find them fast."""

    open: tuple[Mount, ...]
    gpu_length_mm: int | None
    """Room for cards with nothing at the front."""
    shut: tuple[Mount, ...] = ()
    """Mounts that the memory is too high for."""


_mounts = cache(Mounts)


def mounts_of(line: Line, _world: World) -> Key:
    """The radiator mounts of a case; ``None``: not known."""
    case = line.part
    assert isinstance(case, Case)
    if case.radiator_mounts is None:
        return None
    return _mounts(case.radiator_mounts, case.gpu_length_max_mm)


def _over_memory_mounts(mounts: Mounts, module_mm: int) -> Mounts:
    shut = [
        mount
        for mount in mounts.open
        if mount.memory_height_max_mm is not None and module_mm > mount.memory_height_max_mm
    ]
    open_ones = tuple(mount for mount in mounts.open if mount not in shut)
    return _mounts(open_ones, mounts.gpu_length_mm, tuple(shut))


def _indifferent(mounts: Mounts) -> Key:
    """The mounts of a case none of which minds the memory."""
    return mounts if all(m.memory_height_max_mm is None for m in mounts.open) else None


MOUNTS = Derived(
    (
        Operand("case", mounts_of, "radiator_mounts"),
        joint("memory", module_height, "height_mm", absent=0, optional=True),
    ),
    _over_memory_mounts,
    alone=_indifferent,
)


def _card_radiators(lines: tuple[Line, ...], _world: World) -> Key:
    """(longest card in mm, radiators of the cards)."""
    longest: int | None = 0
    radiators: list[tuple[int, int]] = []
    for line in lines:
        card = line.part
        assert isinstance(card, GpuCard)
        longest = (
            None if longest is None or card.length_mm is None else max(longest, card.length_mm)
        )
        if card.radiator_mm:
            radiators += [(card.radiator_mm, CARD_RADIATOR_MM)] * line.quantity
    return longest, tuple(radiators)


Radiator = tuple[int, int | None]
"""Length and thickness with its fans."""


def _sizes_fit(mount: Mount, sizes: Sequence[int]) -> bool:
    """Whether a mount takes radiators of these lengths in a row, all of one fan width."""
    if len(sizes) == 1:
        return sizes[0] in mount.sizes_mm
    width = fan_mm(sizes[0])
    longest_there = max((m for m in mount.sizes_mm if m % width == 0), default=0)
    return not any(size % width for size in sizes) and sum(sizes) <= longest_there


def fan_mm(radiator_mm: int) -> int:
    """The width of the fans of a radiator."""
    return 140 if radiator_mm % 140 == 0 else 120


class Arrangement(NamedTuple):
    """One way to put radiators on the mounts of a case."""

    sure: bool
    """Whether no fact is missing to say that it fits, cards aside."""
    front_mm: int
    """What it takes of the room for cards."""
    there: tuple[tuple[Radiator, ...], ...]
    """The radiators on each mount."""


@cache
def arrangements(radiators: tuple[Radiator, ...], mounts: Mounts) -> tuple[Arrangement, ...]:
    """Every way to put radiators on mounts, however long the cards are; equal radiators next to
    each other change places with nothing gained, so that each way is told once."""

    def place(
        left: tuple[Radiator, ...],
        there: tuple[tuple[Radiator, ...], ...],
        sure: bool,
        front: int,
        first: int,
    ) -> Iterator[Arrangement]:
        if not left:
            yield Arrangement(sure, front, there)
            return
        radiator, rest = left[0], left[1:]
        thickness = radiator[1]
        for number, mount in enumerate(mounts.open):
            if number < first:
                continue
            together = (*there[number], radiator)
            most = mount.max_thickness_mm
            if not _sizes_fit(mount, [size for size, _ in together]):
                continue
            if most is not None and thickness is not None and thickness > most:
                continue
            at_front = mount.position == "front"
            known = thickness is not None or (most is None and not at_front)
            yield from place(
                rest,
                (*there[:number], together, *there[number + 1 :]),
                sure and known,
                max(front, thickness or 0) if at_front else front,
                number if rest[:1] == (radiator,) else 0,
            )

    return tuple(place(radiators, ((),) * len(mounts.open), True, 0, 0))


@cache
def _thinnest(radiators: tuple[Radiator, ...], mounts: Mounts) -> tuple[Arrangement, ...]:
    """Of the arrangements that are equally sure those that leave the cards the most room."""
    thinnest: dict[bool, Arrangement] = {}
    for arrangement in sorted(arrangements(radiators, mounts), key=lambda way: way.front_mm):
        thinnest.setdefault(arrangement.sure, arrangement)
    return tuple(thinnest.values())


def possible(arrangement: Arrangement, mounts: Mounts, longest: int | None) -> bool | None:
    """Whether radiators so arranged leave room for cards so long; ``None``: a fact is missing."""
    room = mounts.gpu_length_mm
    if arrangement.front_mm and longest is not None and room is not None:
        if longest + arrangement.front_mm > room:
            return False
    elif arrangement.front_mm:
        return None
    return arrangement.sure or None


def _radiators_fit(_world: World, own: Key, cards: Key, mounts: Mounts) -> Verdict:
    longest, others = cards
    radiators = (*own, *others)
    if not radiators:
        return Verdict.NOT_APPLICABLE
    verdict = Verdict.VIOLATED
    for arrangement in _thinnest(radiators, mounts):
        fits = possible(arrangement, mounts, longest)
        if fits:
            return Verdict.OK
        if fits is None:
            verdict = Verdict.UNKNOWN
    return verdict


def _radiator_words(world: World, own: Key, cards: Key, mounts: Mounts) -> str:
    longest, others = cards
    sizes = " + ".join(f"{size} mm" for size, _ in (*own, *others))
    offered = "; ".join(f"{m.position}: {show(m.sizes_mm)} mm" for m in mounts.open) or "none"
    verdict = _radiators_fit(world, own, cards, mounts)
    if verdict is Verdict.OK:
        return f"{sizes} radiator finds a mount in {{case}}"
    if verdict is Verdict.NOT_APPLICABLE:
        return "no radiator"
    why = ""
    for size, thickness in own:
        if any(m.position == "front" and size in m.sizes_mm for m in mounts.open) and thickness:
            why = (
                f"; at the front {thickness} mm + card {show(longest)} mm against "
                f"{show(mounts.gpu_length_mm)} mm"
            )
        for mount in mounts.shut:
            if size in mount.sizes_mm:
                why += (
                    f"; at the {mount.position} the memory may be {mount.memory_height_max_mm} mm "
                    "high at most"
                )
    return f"no free mount for {sizes} radiator in {{case}} ({offered}){why}"


CPU_RADIATORS = Operand("cooler", _cpu_radiator, "radiator_mm", absent=(), optional=True)
CARD_RADIATORS = joint("gpu", _card_radiators, "length_mm", absent=(0, ()), optional=True)

COOLER_RADIATOR = Rule(
    "cooler-radiator",
    "every radiator has a mount of its size; at the front it leaves the card its length",
    (
        Relation(
            (
                CPU_RADIATORS,
                CARD_RADIATORS,
                MOUNTS,
            ),
            _radiators_fit,
            _radiator_words,
            irrelevant=((0, 1, lambda own, cards: not own and not cards[1]),),
        ),
    ),
    "choose an air cooler, a smaller radiator, or a case with the mount",
)
