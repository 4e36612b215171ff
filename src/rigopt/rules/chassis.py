"""What fits in the case: board, cards, drives, fans."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from rigopt.build import Line
from rigopt.parts import Case, Fan, GpuCard, Motherboard
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import (
    Balance,
    Operand,
    Relation,
    Term,
    decide,
    fact,
    show,
)
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


def _length_verdict(_world: World, length: int, room: int) -> Verdict:
    if length > room:
        return Verdict.VIOLATED
    return Verdict.WARNING if length + FRONT_FAN_MM > room else Verdict.OK


def _length_words(_world: World, length: int, room: int) -> str:
    text = f"card length {length} mm {'≤' if length <= room else '>'} {room} mm in {{case}}"
    if length <= room < length + FRONT_FAN_MM:
        left = room - FRONT_FAN_MM
        return f"{text} with nothing at the front; fans there leave {left} mm"
    return text


GPU_LENGTH = Rule(
    "gpu-length",
    "the card is not longer than the case's room for it",
    (
        Relation(
            (fact("gpu", "length_mm"), fact("case", "gpu_length_max_mm")),
            _length_verdict,
            _length_words,
            numbers=lambda length, room: (length, room),
            unit="mm",
            tight=True,
        ),
    ),
    "choose a shorter card or a longer case",
)


def _card_height_room(line: Line, _world: World) -> int | None:
    case = line.part
    assert isinstance(case, Case)
    if case.gpu_height_max_mm is not None:
        return case.gpu_height_max_mm
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


def _bays(*names: str) -> Term:
    def places(line: Line, _world: World) -> int | None:
        counts = [getattr(line.part, name) for name in names]
        return None if None in counts else sum(counts) * line.quantity

    return Term("case", places, " or ".join(names))


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
            supply=(_bays("bays_35", "bays_25"),),
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
    """Fans per size that all positions together take."""
    case = line.part
    assert isinstance(case, Case)
    if case.fan_mounts is None:
        return None
    return tuple((m.position, m.size_mm, m.count) for m in case.fan_mounts)


def _fans_fit(_world: World, fans: Key, room: Key) -> Verdict:
    """Whether the places can be shared out; sizes at one place are alternatives by share."""
    if not fans:
        return Verdict.NOT_APPLICABLE
    return decide(_share(tuple(fans), room))


def _share(fans: tuple[tuple[int, int], ...], room: Key) -> bool:
    fans = tuple((size, count) for size, count in fans if count > 0)
    if not fans:
        return True
    if not room:
        return False
    position = room[0][0]
    here = {size: most for place, size, most in room if place == position}
    rest = tuple(entry for entry in room if entry[0] != position)
    choices = [range(min(count, here.get(size, 0)) + 1) for size, count in fans]
    for taken in product(*choices):
        used = sum(Fraction(n, here[size]) for n, (size, _) in zip(taken, fans, strict=True) if n)
        if used <= 1:
            left = tuple((size, c - n) for n, (size, c) in zip(taken, fans, strict=True))
            if _share(left, rest):
                return True
    return False


FAN_MOUNTS = Rule(
    "fan-mounts",
    "the case has a mount for every fan",
    (
        Relation(
            (
                Operand(
                    "fan",
                    lambda line, world: _fans((line,), world),
                    "size_mm",
                    absent=(),
                    optional=True,
                    group=_fans,
                ),
                Operand("case", _fan_room, "fan_mounts"),
            ),
            _fans_fit,
            lambda _world, fans, room: (
                " + ".join(f"{count} fans of {size} mm" for size, count in fans)
                + " on the mounts of {case}: "
                + ", ".join(f"{p} {n} x {s} mm" for p, s, n in room)
            ),
        ),
    ),
    "choose fewer or other fans, or a case with more mounts",
)

CHASSIS_RULES = (BOARD_FORM_FACTOR, GPU_LENGTH, GPU_HEIGHT, DRIVE_BAYS, FAN_MOUNTS)
