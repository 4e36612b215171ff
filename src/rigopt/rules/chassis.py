"""What fits in the case: board, cards, drives."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Case, GpuCard, Motherboard
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.operands import Operand, Total, fact
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

# --- bays ----------------------------------------------------------------------------


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


CHASSIS_RULES = (BOARD_FORM_FACTOR, GPU_LENGTH, GPU_HEIGHT, DRIVE_BAYS)
