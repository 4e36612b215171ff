"""Case fans: where they fit, and how many several cards want."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

from rigopt.build import Line
from rigopt.parts import Case, Fan
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, joint
from rigopt.rules.radiators import (
    CARD_RADIATORS,
    CPU_RADIATORS,
    Mounts,
    Radiator,
    arrangements,
    fan_mm,
    mounts_of,
    possible,
)
from rigopt.rules.shapes import Balance, Relation, Term, decide, each
from rigopt.world import World


def _fans(lines: tuple[Line, ...], _world: World) -> Key:
    sizes: dict[int, int] = {}
    for line in lines:
        fan = line.part
        assert isinstance(fan, Fan)
        if fan.size_mm is None:
            return None
        sizes[fan.size_mm] = sizes.get(fan.size_mm, 0) + fan.pack * line.quantity
    return tuple(sorted(sizes.items()))


def _fan_room(line: Line, _world: World) -> Key:
    """(place, size, how many): sizes at one place are alternatives by share."""
    case = line.part
    assert isinstance(case, Case)
    if case.fan_mounts is None:
        return None
    return tuple(
        (f"{m.position} beside" if m.beside else m.position, m.size_mm, m.count)
        for m in case.fan_mounts
    )


def _fan_and_radiator_room(line: Line, world: World) -> Key:
    fans, radiators = _fan_room(line, world), mounts_of(line, world)
    return None if fans is None or radiators is None else (fans, radiators)


def _fans_fit(_world: World, fans: Key, room: Key) -> Verdict:
    return decide(_share(fans, room, {}))


def _fans_fit_beside(_world: World, fans: Key, own: Key, cards: Key, case: Key) -> Verdict:
    """Whether the fans fit beside the radiators, wherever these are mounted."""
    room, mounts = case
    longest, others = cards
    ways = [
        way.there
        for way in arrangements((*own, *others), mounts)
        if possible(way, mounts, longest) is not False
    ]
    if not ways:
        return Verdict.NOT_APPLICABLE
    return decide(any(_share(fans, room, _taken(mounts, there, room)) for there in ways))


def _taken(
    mounts: Mounts, radiators: tuple[tuple[Radiator, ...], ...], room: Key
) -> dict[str, Fraction]:
    """The share of every place that the fans of radiators take."""
    taken: dict[str, Fraction] = {}
    for mount, there in zip(mounts.open, radiators, strict=True):
        for size, _ in there:
            width = fan_mm(size)
            most = [n for place, fan, n in room if (place, fan) == (mount.position, width)]
            share = Fraction(size // width, most[0]) if most and most[0] else Fraction(1)
            taken[mount.position] = taken.get(mount.position, Fraction(0)) + share
    return taken


def _share(fans: tuple[tuple[int, int], ...], room: Key, taken: Mapping[str, Fraction]) -> bool:
    """Whether fans can be shared out over the places; ``taken`` of each is used already."""
    fans = tuple((size, count) for size, count in fans if count > 0)
    if not fans:
        return True
    if not room:
        return False
    position = room[0][0]
    here = {size: most for place, size, most in room if place == position}
    rest = tuple(entry for entry in room if entry[0] != position)
    choices = [range(min(count, here.get(size, 0)) + 1) for size, count in fans]
    for used in product(*choices):
        share = sum(Fraction(n, here[size]) for n, (size, _) in zip(used, fans, strict=True) if n)
        if not any(used) or share + taken.get(position, 0) <= 1:
            left = tuple((size, c - n) for n, (size, c) in zip(used, fans, strict=True))
            if _share(left, rest, taken):
                return True
    return False


def _fan_words(_world: World, fans: Key, room: Key) -> str:
    return (
        " + ".join(f"{count} fans of {size} mm" for size, count in fans)
        + " on the mounts of {case}: "
        + ", ".join(f"{place} {n} x {size} mm" for place, size, n in room)
    )


def _no_fans(fans: Key, _: Key) -> bool:
    return not fans


FANS = joint("fan", _fans, "size_mm", absent=(), optional=True)

FAN_MOUNTS = Rule(
    "fan-mounts",
    "the case has a mount for every fan, beside those of the radiators",
    (
        Relation(
            (FANS, Operand("case", _fan_room, "fan_mounts")),
            _fans_fit,
            _fan_words,
            irrelevant=((0, 0, _no_fans),),
        ),
        Relation(
            (
                FANS,
                CPU_RADIATORS,
                CARD_RADIATORS,
                Operand("case", _fan_and_radiator_room, "fan_mounts or radiator_mounts"),
            ),
            _fans_fit_beside,
            lambda world, fans, own, cards, case: (
                _fan_words(world, fans, case[0]) + f", beside {len(own) + len(cards[1])} radiators"
            ),
            irrelevant=((0, 0, _no_fans), (1, 2, lambda own, cards: not own and not cards[1])),
        ),
    ),
    "choose fewer or other fans, or a case with more mounts",
)


def _fans_wanted(lines: tuple[Line, ...], _world: World) -> int:
    """One for each of several cards, and one that takes their air out (a rule of thumb)."""
    count = sum(line.quantity for line in lines)
    return count + 1 if count > 1 else 0


def _own_fans(line: Line, _world: World) -> int | None:
    """Fans that a case brings; in an open frame none are wanted, a fan wall is enough."""
    case = line.part
    assert isinstance(case, Case)
    return ENOUGH_FANS if case.open_frame or case.ducted else case.fans_included


ENOUGH_FANS = 99

CASE_AIRFLOW = Rule(
    "case-airflow",
    "several cards have case fans that bring and take their air",
    (
        Balance(
            "case fans",
            "fans",
            demand=(Term("gpu", lambda line, w: _fans_wanted((line,), w), group=_fans_wanted),),
            supply=(
                Term("case", _own_fans, "fans_included"),
                Term("fan", each(lambda fan: fan.pack)),
            ),
            words="{demand} case fans wanted for several cards {sign} {supply} there",
            beside="case",
        ),
    ),
    "add case fans",
    hard=False,
)
