"""What fits in the case, on the CPU, and under the cooler."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

from rigopt.build import Line
from rigopt.parts import Case, Cpu, CpuCooler, Fan, GpuCard, MemoryKit, Motherboard
from rigopt.parts import RadiatorMount as Mount
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import (
    Balance,
    Operand,
    Relation,
    Term,
    decide,
    fact,
    match,
    show,
    within,
)
from rigopt.world import World

CARD_RADIATOR_MM = 52
"""A card's own radiator with its fan: 27 + 25 mm, as sold."""

SIZES_DIFFER = ("E-ATX", "XL-ATX", "EEB-proprietary")
"""Names of board forms that stand for several sizes: their real width decides."""
UNLIMITED = 10_000
"""Millimetres: a fan may be raised as high as the case lets it."""
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

GPU_LENGTH = Rule(
    "gpu-length",
    "the card is not longer than the case's room for it",
    (
        within(
            fact("gpu", "length_mm"), fact("case", "gpu_length_max_mm"), "card length", "in {case}"
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
        ),
    ),
    "choose a lower card or a wider case",
)

# --- the cooler -------------------------------------------------------------------------------

COOLER_PRESENT = Rule(
    "cooler-present",
    "every CPU has a cooler: its boxed one or another",
    (
        Balance(
            "CPU coolers",
            "coolers",
            demand=(Term("cpu", lambda line, _w: line.quantity),),
            supply=(
                Term("cooler", lambda line, _w: line.quantity),
                Term("cpu", lambda line, _w: _boxed(line), "cooler_included"),
            ),
            words="CPUs to cool: {demand} {sign} {supply} coolers",
            beside="motherboard",
        ),
    ),
    "add a cooler",
)


def _boxed(line: Line) -> int | None:
    assert isinstance(line.part, Cpu)
    included = line.part.cooler_included
    return None if included is None else int(included) * line.quantity


COOLER_SOCKET = Rule(
    "cooler-socket",
    "the cooler comes with a bracket for the CPU's socket",
    (
        match(
            fact("cooler", "sockets"),
            fact("cpu", "socket"),
            lambda sockets, socket: socket in sockets,
            "{cooler} mounts on {0}; {cpu} has {1}",
        ),
    ),
    "choose a cooler with a bracket for the socket",
)


def _heat(line: Line, _world: World) -> Key:
    """(watts, whether they are the package power and not only the TDP)."""
    cpu = line.part
    assert isinstance(cpu, Cpu)
    if cpu.package_power_w is not None:
        return cpu.package_power_w, True
    return None if cpu.tdp_w is None else (cpu.tdp_w, False)


def _capacity_verdict(_world: World, heat: Key, capacity: int | None) -> Verdict:
    if heat is None or capacity is None:
        return Verdict.WARNING
    watts, package = heat
    if watts > capacity:
        return Verdict.VIOLATED
    return Verdict.OK if package else Verdict.WARNING


def _capacity_words(_world: World, heat: Key, capacity: int | None) -> str:
    if heat is None:
        return f"the heat of {{cpu}} is not known; {{cooler}} is rated {show(capacity)} W"
    watts, package = heat
    if capacity is None:
        return f"the maker of {{cooler}} rates no watts; {{cpu}} gives {watts} W"
    what = "package power" if package else "TDP (package power is not known)"
    sign = "≤" if watts <= capacity else ">"
    return f"{watts} W {what} of {{cpu}} {sign} {capacity} W of {{cooler}}"


COOLER_CAPACITY = Rule(
    "cooler-capacity",
    "the cooler is rated for the CPU's package power",
    (
        Relation(
            (Operand("cpu", _heat, "package_power_w"), fact("cooler", "capacity_w")),
            _capacity_verdict,
            _capacity_words,
            sees_unknown=True,
            numbers=lambda heat, capacity: (heat[0], capacity),
            unit="W",
        ),
    ),
    "choose a stronger cooler or a thriftier CPU",
)


def _tower_height(line: Line, _world: World) -> int | None:
    cooler = line.part
    assert isinstance(cooler, CpuCooler)
    if cooler.medium is None:
        return None
    return cooler.height_mm if cooler.medium == "air" else 0


COOLER_HEIGHT = Rule(
    "cooler-height",
    "an air cooler is not higher than the case's room for it",
    (
        within(
            Operand("cooler", _tower_height, "height_mm"),
            fact("case", "cooler_height_max_mm"),
            "cooler height",
            "in {case}",
        ),
    ),
    "choose a lower cooler or a wider case",
)


def _over_memory(line: Line, _world: World) -> Key:
    """(clearance, height, clearance with the fan fully raised); ``()``: not over memory."""
    cooler = line.part
    assert isinstance(cooler, CpuCooler)
    if cooler.overhangs_memory is False:
        return ()
    if cooler.overhangs_memory is None or cooler.ram_clearance_mm is None:
        return None
    most: int | None = cooler.ram_clearance_mm
    if cooler.fan_can_rise:
        most = cooler.ram_clearance_raised_mm or UNLIMITED
    return cooler.ram_clearance_mm, cooler.height_mm, most


def _module_height(lines: tuple[Line, ...], _world: World) -> int | None:
    heights = []
    for line in lines:
        assert isinstance(line.part, MemoryKit)
        heights.append(line.part.height_mm)
    return None if None in heights else max(h for h in heights if h is not None)


def _clears(_world: World, cooler: Key, module: int | None, room: int | None) -> Verdict:
    if cooler == ():
        return Verdict.NOT_APPLICABLE
    if cooler is None or module is None:
        return Verdict.UNKNOWN
    clearance, height, most = cooler
    if module <= clearance:
        return Verdict.OK
    if module > most:
        return Verdict.VIOLATED
    if height is None or room is None:
        return Verdict.UNKNOWN
    return Verdict.WARNING if height + module - clearance <= room else Verdict.VIOLATED


def _clear_words(world: World, cooler: Key, module: int | None, room: int | None) -> str:
    if cooler == ():
        return "{cooler} does not reach over the memory"
    if cooler is None or module is None:
        return "not known: clearance under {cooler} or height of {memory}"
    clearance, height, most = cooler
    sign = "≤" if module <= clearance else ">"
    text = f"memory height {module} mm {sign} {clearance} mm under {{cooler}}"
    if module <= clearance:
        return text
    if module > most:
        return text + (
            ", whose fan cannot be raised" if most == clearance else f", and > {most} mm raised"
        )
    if height is None or room is None:
        return text + "; whether the raised fan fits {case} is not known"
    raised = height + module - clearance
    return text + (
        f"; with its front fan raised it is {raised} mm high "
        f"{'≤' if raised <= room else '>'} {room} mm in {{case}}"
    )


COOLER_RAM = Rule(
    "cooler-ram",
    "the memory fits under the cooler, or under its raised fan if the case has the height",
    (
        Relation(
            (
                Operand("cooler", _over_memory, "ram_clearance_mm"),
                Operand(
                    "memory",
                    lambda line, world: _module_height((line,), world),
                    "height_mm",
                    group=_module_height,
                ),
                fact("case", "cooler_height_max_mm", optional=True),
            ),
            _clears,
            _clear_words,
            sees_unknown=True,
            irrelevant=((0, 1, lambda cooler, _module: cooler == ()),),
        ),
    ),
    "choose lower memory modules or another cooler",
)

# --- radiators --------------------------------------------------------------------------------


def _cpu_radiator(line: Line, _world: World) -> Key:
    cooler = line.part
    assert isinstance(cooler, CpuCooler)
    if cooler.medium is None or (cooler.medium == "liquid" and cooler.radiator_mm is None):
        return None
    if not cooler.radiator_mm:
        return ()
    return ((cooler.radiator_mm, cooler.radiator_thickness_mm),) * line.quantity


def _mounts(line: Line, _world: World) -> Key:
    case = line.part
    assert isinstance(case, Case)
    if case.radiator_mounts is None:
        return None
    return case.radiator_mounts, case.gpu_length_max_mm


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


def _takes(
    mount: Mount, radiator: tuple[int, int | None], longest: int | None, room: int | None
) -> bool | None:
    size, thickness = radiator
    if size not in mount.sizes_mm:
        return False
    if mount.max_thickness_mm is not None:
        if thickness is None:
            return None
        if thickness > mount.max_thickness_mm:
            return False
    if mount.position == "front":
        if longest is None or room is None or thickness is None:
            return None
        return longest + thickness <= room
    return True


def _radiators_fit(_world: World, own: Key, cards: Key, mounts: Key) -> Verdict:
    longest, others = cards
    places, room = mounts
    radiators = (*own, *others)
    if not radiators:
        return Verdict.NOT_APPLICABLE
    verdict = Verdict.VIOLATED
    for chosen in permutations(places, min(len(radiators), len(places))):
        if len(chosen) < len(radiators):
            break
        fits = [_takes(m, r, longest, room) for m, r in zip(chosen, radiators, strict=True)]
        if all(fits):
            return Verdict.OK
        if False not in fits:
            verdict = Verdict.UNKNOWN
    return verdict


def _radiator_words(world: World, own: Key, cards: Key, mounts: Key) -> str:
    longest, others = cards
    places, room = mounts
    sizes = " + ".join(f"{size} mm" for size, _ in (*own, *others))
    offered = "; ".join(f"{m.position}: {show(m.sizes_mm)} mm" for m in places) or "none"
    verdict = _radiators_fit(world, own, cards, mounts)
    if verdict is Verdict.OK:
        return f"{sizes} radiator finds a mount in {{case}}"
    if verdict is Verdict.NOT_APPLICABLE:
        return "no radiator"
    front = ""
    for size, thickness in own:
        if any(m.position == "front" and size in m.sizes_mm for m in places) and thickness:
            front = (
                f"; at the front {thickness} mm + card {show(longest)} mm against {show(room)} mm"
            )
    return f"no free mount for {sizes} radiator in {{case}} ({offered}){front}"


COOLER_RADIATOR = Rule(
    "cooler-radiator",
    "every radiator has a mount of its size; at the front it leaves the card its length",
    (
        Relation(
            (
                Operand("cooler", _cpu_radiator, "radiator_mm", absent=(), optional=True),
                Operand(
                    "gpu",
                    lambda line, world: _card_radiators((line,), world),
                    "length_mm",
                    absent=(0, ()),
                    optional=True,
                    group=_card_radiators,
                ),
                Operand("case", _mounts, "radiator_mounts"),
            ),
            _radiators_fit,
            _radiator_words,
            irrelevant=((0, 1, lambda own, cards: not own and not cards[1]),),
        ),
    ),
    "choose an air cooler, a smaller radiator, or a case with the mount",
)

PASTE = Rule(
    "thermal-paste",
    "there is thermal paste: with the cooler, or a tube of it",
    (
        Balance(
            "thermal paste",
            "portions",
            demand=(Term("cooler", lambda line, _w: line.quantity),),
            supply=(
                Term(
                    "cooler",
                    lambda line, _w: (
                        None
                        if line.part.paste_included is None  # type: ignore[attr-defined]
                        else int(line.part.paste_included) * line.quantity  # type: ignore[attr-defined]
                    ),
                    "paste_included",
                ),
                Term("paste", lambda line, _w: 4 * line.quantity),
            ),
            words="coolers that want paste: {demand} {sign} {supply} that there is paste for",
        ),
    ),
    "add thermal paste",
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

MECHANICS_RULES = (
    BOARD_FORM_FACTOR,
    GPU_LENGTH,
    GPU_HEIGHT,
    COOLER_PRESENT,
    COOLER_SOCKET,
    COOLER_CAPACITY,
    COOLER_HEIGHT,
    COOLER_RAM,
    COOLER_RADIATOR,
    PASTE,
    DRIVE_BAYS,
    FAN_MOUNTS,
)
