"""What fits in the case: board, cards, drives, fans."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

from rigopt.build import Line
from rigopt.parts import Case, Fan, GpuCard, Motherboard
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.cooling import (
    CARD_RADIATORS,
    CPU_RADIATORS,
    Mounts,
    Radiator,
    arrangements,
    fan_mm,
    mounts_of,
)
from rigopt.rules.operands import Operand, Total, fact, joint
from rigopt.rules.seats import of_form
from rigopt.rules.shapes import Balance, Relation, Term, decide, each, show
from rigopt.world import World

SIZES_DIFFER = ("E-ATX", "XL-ATX", "EEB-proprietary")
"""Names of board forms that stand for several sizes: their real width decides."""
CABLE_MM = 35
"""Room that a 16-pin cable wants above the card before it bends."""

# --- the board in the case --------------------------------------------------------------------


def _board_size(line: Line, _world: World) -> Key:
    board = line.part
    assert isinstance(board, Motherboard)
    if board.form_factor is None:
        return None
    return board.form_factor, board.width_mm


def _board_room(line: Line, _world: World) -> Key:
    case = line.part
    assert isinstance(case, Case)
    if case.board_form_factors is None:
        return None
    return case.board_form_factors, case.board_width_max_mm


def _board_fits(_world: World, size: Key, room: Key) -> Verdict:
    form, width = size
    forms, widest = room
    if form not in forms:
        return Verdict.VIOLATED
    if form in SIZES_DIFFER:
        if width is None or widest is None:
            return Verdict.UNKNOWN
        if width > widest:
            return Verdict.VIOLATED
    return Verdict.OK


def _board_words(_world: World, size: Key, room: Key) -> str:
    form, width = size
    forms, widest = room
    if form not in forms:
        return f"{{motherboard}} is {form}; {{case}} takes {show(forms)}"
    if form in SIZES_DIFFER:
        if width is None or widest is None:
            return f"not known: width of {form} {{motherboard}} or of the room in {{case}}"
        sign = "≤" if width <= widest else ">"
        return f"board width {width} mm {sign} {widest} mm in {{case}}"
    return f"{{case}} takes {form} boards"


BOARD_FORM_FACTOR = Rule(
    "board-form-factor",
    "the case takes boards of that form and real width",
    (
        Relation(
            (
                Operand("motherboard", _board_size, "form_factor"),
                Operand("case", _board_room, "board_form_factors"),
            ),
            _board_fits,
            _board_words,
        ),
    ),
    "choose a larger case or a smaller board",
)

# --- cards in the case ------------------------------------------------------------------------

FRONT_FAN_MM = 25
"""Thickness of a case fan: what fans at the front take from the room that makers state without."""


def _card_room(line: Line, _world: World) -> Key:
    """(mm, mm that fans at the front take)."""
    case = line.part
    assert isinstance(case, Case)
    if case.gpu_length_max_mm is None:
        return None
    return case.gpu_length_max_mm, 0 if case.open_frame else FRONT_FAN_MM


def _length_verdict(_world: World, length: int, room: Key) -> Verdict:
    most, fans = room
    if length > most:
        return Verdict.VIOLATED
    return Verdict.WARNING if length + fans > most else Verdict.OK


def _length_words(_world: World, length: int, room: Key) -> str:
    most, fans = room
    text = f"card length {length} mm {'≤' if length <= most else '>'} {most} mm in {{case}}"
    if length <= most < length + fans:
        return f"{text} with nothing at the front; fans there leave {most - fans} mm"
    return text


BAY_DRIVES = Total("storage", of_form("3.5"), lambda _world: 1, "form")
"""Whether there is a 3.5-inch drive: then the cage for it is in."""


def beside_the_cage(kind: str, field: str, what: str) -> Relation:
    """The length of a part is within the room that is left when the 3.5-inch cage is in."""

    def room(line: Line, _world: World) -> Key:
        left = getattr(line.part, field)
        return ABSENT if left is None else left

    return Relation(
        (BAY_DRIVES, Operand("case", room), fact(kind, "length_mm")),
        lambda _world, _drives, room, length: decide(length <= room),
        lambda _world, _drives, room, length: (
            f"{what} {length} mm {'≤' if length <= room else '>'} {room} mm beside the 3.5-inch "
            "cage of {case}"
        ),
        numbers=lambda _drives, room, length: (length, room),
        unit="mm",
        irrelevant=((0, 1, lambda drives, _room: drives == 0),),
    )


GPU_LENGTH = Rule(
    "gpu-length",
    "the card is not longer than the case's room for it",
    (
        Relation(
            (fact("gpu", "length_mm"), Operand("case", _card_room, "gpu_length_max_mm")),
            _length_verdict,
            _length_words,
            numbers=lambda length, room: (length, room[0]),
            unit="mm",
            tight=True,
        ),
        beside_the_cage("gpu", "gpu_length_caged_mm", "card length"),
    ),
    "choose a shorter card, a longer case, or drives that need no cage",
)


def _card_height_room(line: Line, _world: World) -> Key:
    case = line.part
    assert isinstance(case, Case)
    if case.gpu_height_max_mm is not None:
        return case.gpu_height_max_mm
    if case.open_frame:
        return ABSENT  # no side panel
    return case.cooler_height_max_mm  # both stand on the board and end at the side panel


def _card_height(line: Line, _world: World) -> Key:
    card = line.part
    assert isinstance(card, GpuCard)
    return None if card.height_mm is None else (card.height_mm, bool(card.pcie_16pin))


def _height_verdict(_world: World, card: Key, room: int) -> Verdict:
    height, plug = card
    if height > room:
        return Verdict.VIOLATED
    return Verdict.WARNING if plug and height + CABLE_MM > room else Verdict.OK


def _height_words(_world: World, card: Key, room: int) -> str:
    height, plug = card
    sign = "≤" if height <= room else ">"
    text = f"card height {height} mm {sign} {room} mm to the side panel of {{case}}"
    if plug and height <= room < height + CABLE_MM:
        return f"{text}; with {CABLE_MM} mm for the cable {height + CABLE_MM} mm > {room} mm"
    return text


GPU_HEIGHT = Rule(
    "gpu-height",
    "the card does not reach the side panel, and a 16-pin cable has room to bend",
    (
        Relation(
            (
                Operand("gpu", _card_height, "height_mm"),
                Operand("case", _card_height_room, "gpu_height_max_mm"),
            ),
            _height_verdict,
            _height_words,
            numbers=lambda card, room: (card[0], room),
            unit="mm",
            tight=True,
        ),
    ),
    "choose a lower card or a wider case",
)

# --- bays and fans ----------------------------------------------------------------------------


def _drives_of(form: str) -> Term:
    def count(line: Line, _world: World) -> int | None:
        mine = getattr(line.part, "form", None)
        return None if mine is None else line.quantity if mine == form else 0

    return Term("storage", count, "form")


def _bays(name: str) -> Term:
    return Term("case", each(lambda case: getattr(case, name)), name)


DRIVE_BAYS = Rule(
    "drive-bays",
    'there is a bay for every 3.5" drive, and a bay or a 2.5" place for every 2.5" drive',
    (
        Balance(
            '3.5" drives',
            "drives",
            demand=(_drives_of("3.5"),),
            supply=(_bays("bays_35"),),
            words='{demand} × 3.5" drives {sign} {supply} bays in {case}',
        ),
        Balance(
            "drives",
            "drives",
            demand=(_drives_of("3.5"), _drives_of("2.5"), _drives_of("u2")),
            supply=(_bays("bays_35"), _bays("bays_25")),
            words='{demand} × 3.5" and 2.5" drives {sign} {supply} bays and places in {case}',
        ),
    ),
    "choose fewer drives or a case with more bays",
)


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
    ways = list(arrangements((*own, *others), mounts, longest))
    if not ways:
        return Verdict.NOT_APPLICABLE
    return decide(any(_share(fans, room, _taken(mounts, way, room)) for _, way in ways))


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

CHASSIS_RULES = (
    BOARD_FORM_FACTOR,
    GPU_LENGTH,
    GPU_HEIGHT,
    DRIVE_BAYS,
    FAN_MOUNTS,
    CASE_AIRFLOW,
)
