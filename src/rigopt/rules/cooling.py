"""Coolers: on the CPU, over the memory."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Cpu, CpuCooler, MemoryKit
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.operands import Operand, fact, joint
from rigopt.rules.shapes import Balance, Relation, Term, match, show, within
from rigopt.world import World

UNLIMITED = 10_000
"""Millimetres: a fan may be raised as high as the case lets it."""

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


def _tower_height(line: Line, _world: World) -> Key:
    cooler = line.part
    assert isinstance(cooler, CpuCooler)
    if cooler.medium is None:
        return None
    return cooler.height_mm if cooler.medium == "air" else ABSENT


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


def module_height(lines: tuple[Line, ...], _world: World) -> int | None:
    """The highest module of the memory in mm; ``None``: unknown."""
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
                joint("memory", module_height, "height_mm"),
                fact("case", "cooler_height_max_mm", optional=True),
            ),
            _clears,
            _clear_words,
            tight=True,
            sees_unknown=True,
            irrelevant=((0, 1, lambda cooler, _module: cooler == ()),),
        ),
    ),
    "choose lower memory modules or another cooler",
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

COOLING_RULES = (
    COOLER_PRESENT,
    COOLER_SOCKET,
    COOLER_CAPACITY,
    COOLER_HEIGHT,
    COOLER_RAM,
    PASTE,
)
