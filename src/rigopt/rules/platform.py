"""Socket and chipset: what makes a CPU and a board one platform."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Motherboard
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, fact, joint
from rigopt.rules.shapes import Balance, Relation, Term, each, match, show
from rigopt.world import World

# --- the CPU on the board ---------------------------------------------------------------------


def _bios_of(line: Line, world: World) -> Key:
    board = line.part
    assert isinstance(board, Motherboard)
    if board.chipset is None:
        return None
    chipset = world.catalog.chipsets.get(board.chipset)
    if chipset is None:
        return None
    support = tuple(
        sorted(
            (name, "yes" if name in board.ready_for else how)
            for name, how in chipset.cpu_support.items()
        )
    )
    return board.chipset, support, tuple(sorted(board.bios_for.items())), board.bios_flashback


def _chipset_verdict(_world: World, generation: str, board: Key) -> Verdict:
    _, support, bios_for, flashback = board
    how = dict(support).get(generation)
    if how is None:
        return Verdict.VIOLATED
    if how == "yes" and generation not in dict(bios_for):
        return Verdict.OK
    return Verdict.WARNING if flashback else Verdict.UNKNOWN


def _chipset_words(world: World, generation: str, board: Key) -> str:
    chipset, support, bios_for, flashback = board
    verdict = _chipset_verdict(world, generation, board)
    if verdict is Verdict.VIOLATED:
        known = show(tuple(name for name, _ in support))
        return f"{chipset} does not support {generation} CPUs such as {{cpu}}; it takes {known}"
    if verdict is Verdict.OK:
        return f"{chipset} supports {generation} ({{cpu}})"
    version = dict(bios_for).get(generation)
    from_version = f"BIOS {version}" if version else "a later BIOS"
    how = {
        True: "it can be flashed without a CPU",
        False: "not known: which BIOS it is sold with; flashing it needs an older CPU",
        None: "not known: which BIOS it is sold with, and whether it flashes without a CPU",
    }[flashback]
    return f"{{motherboard}} runs {generation} CPUs only from {from_version}; {how}"


def _count_cpus(lines: tuple[Line, ...], _world: World) -> Key:
    limits = [line.part.max_sockets for line in lines]  # type: ignore[attr-defined]
    return sum(line.quantity for line in lines), None if None in limits else min(limits)


CPU_COUNT = joint("cpu", _count_cpus)


def _cpu_count(_world: World, sockets: int, cpus: Key) -> Verdict:
    count, together = cpus
    if count > sockets or (together is not None and count > together):
        return Verdict.VIOLATED
    if count > 1 and together is None:
        return Verdict.UNKNOWN
    return Verdict.OK if count == sockets else Verdict.WARNING


def _cpu_count_words(_world: World, sockets: int, cpus: Key) -> str:
    count, together = cpus
    if count > sockets:
        return f"{count} CPUs > {sockets} socket of {{motherboard}}"
    if count > 1 and together is None:
        return "not known: whether two of {cpu} work together"
    if together is not None and count > together:
        return f"{count} CPUs > {together} of {{cpu}} that work together"
    if count < sockets:
        return f"{count} CPU leaves a socket of {{motherboard}} empty, and its slots dead"
    return f"CPU sockets filled: {count} of {sockets}"


CPU_SOCKET = Rule(
    "cpu-socket",
    "the CPU's socket is the board's, and there is a socket for every CPU",
    (
        match(
            fact("motherboard", "socket"),
            fact("cpu", "socket"),
            lambda a, b: a == b,
            "socket {1} of {cpu}, socket {0} on {motherboard}",
        ),
        Relation((fact("motherboard", "cpu_sockets"), CPU_COUNT), _cpu_count, _cpu_count_words),
    ),
    "choose a CPU and a board of one socket",
)

CPU_CHIPSET = Rule(
    "cpu-chipset",
    "the board's chipset supports the CPU's generation, from a BIOS that can be had",
    (
        Relation(
            (fact("cpu", "generation"), Operand("motherboard", _bios_of, "chipset")),
            _chipset_verdict,
            _chipset_words,
        ),
    ),
    "choose a CPU of a generation that the chipset supports, or a newer board",
)

# --- the picture -------------------------------------------------------------------------------


def _display(line: Line, _world: World) -> int | None:
    shows = line.part.display  # type: ignore[attr-defined]
    return None if shows is None else int(shows)


BOOT_DISPLAY = Rule(
    "boot-display",
    "something shows a picture: CPU graphics, a card with outputs, or the board itself",
    (
        Balance(
            "display outputs",
            "outputs",
            demand_base=lambda _world: 1,
            supply=(
                Term("gpu", each(lambda p: p.display_outputs), "display_outputs"),
                Term("cpu", _display, "display"),
                Term("motherboard", _display, "display"),
            ),
            words="display outputs needed: {demand} {sign} {supply} of {gpu}, {cpu}, {motherboard}",
        ),
    ),
    "choose a CPU with graphics, a board with its own display, or a card with outputs",
)

PLATFORM_RULES = (CPU_SOCKET, CPU_CHIPSET, BOOT_DISPLAY)
