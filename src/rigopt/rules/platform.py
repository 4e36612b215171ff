"""Socket, chipset, memory: what makes a CPU, a board and modules one platform."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Cpu, MemoryKit, Motherboard
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import (
    Balance,
    Operand,
    Relation,
    Term,
    decide,
    each,
    fact,
    match,
    show,
    within,
)
from rigopt.rules.sizing import ram_gb
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


CPU_COUNT = Operand("cpu", lambda line, world: _count_cpus((line,), world), group=_count_cpus)


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

# --- memory on the board ----------------------------------------------------------------------


def _modules_of(line: Line, _world: World) -> Key:
    part = line.part
    assert isinstance(part, MemoryKit)
    if part.memory_type is None or part.module_kind is None:
        return None
    return part.memory_type, part.module_kind


def _cpu_memory(line: Line, _world: World) -> Key:
    part = line.part
    assert isinstance(part, Cpu)
    if part.memory_types is None or part.module_kinds is None:
        return None
    return part.memory_types, part.module_kinds


def _board_memory(line: Line, _world: World) -> Key:
    part = line.part
    assert isinstance(part, Motherboard)
    if part.memory_type is None or part.module_kinds is None:
        return None
    return (part.memory_type,), part.module_kinds


def _takes_modules(side: Key, modules: Key) -> bool:
    types, kinds = side
    return modules[0] in types and modules[1] in kinds


def _memory_match(kind: str, key: Operand) -> Relation:
    def words(_world: World, side: Key, modules: Key) -> str:
        verb = "takes" if _takes_modules(side, modules) else "does not take"
        only = f"{show(side[0])} {show(side[1])}"
        tail = "" if verb == "takes" else f", only {only}"
        return f"{{{kind}}} {verb} {modules[0]} {modules[1]} ({{memory}}){tail}"

    return Relation(
        (key, Operand("memory", _modules_of, "memory_type or module_kind")),
        lambda _world, side, modules: decide(_takes_modules(side, modules)),
        words,
    )


MEMORY_TYPE = Rule(
    "memory-type",
    "CPU and board take the memory's generation and kind of module",
    (
        _memory_match("motherboard", Operand("motherboard", _board_memory, "memory_type")),
        _memory_match("cpu", Operand("cpu", _cpu_memory, "memory_types")),
    ),
    "choose memory of a type that both CPU and board take",
)

MEMORY_SLOTS = Rule(
    "memory-slots",
    "there is a slot for every memory module",
    (
        Balance(
            "memory modules",
            "modules",
            demand=(Term("memory", each(lambda p: p.modules), "modules"),),
            supply=(Term("motherboard", each(lambda p: p.memory_slots), "memory_slots"),),
            words="{demand} modules {sign} {supply} memory slots on {motherboard}",
        ),
    ),
    "choose fewer, larger modules or a board with more slots",
)


MEMORY_CAPACITY = Rule(
    "memory-capacity",
    "board and CPU can address the memory, and the board takes modules of that size",
    (
        Balance(
            "memory",
            "GB",
            demand=(Term("memory", ram_gb, "modules or module_gb"),),
            supply=(Term("motherboard", each(lambda p: p.memory_max_gb), "memory_max_gb"),),
            words="{demand} GB of memory {sign} {supply} GB that {motherboard} takes",
        ),
        Balance(
            "memory",
            "GB",
            demand=(Term("memory", ram_gb, "modules or module_gb"),),
            supply=(Term("cpu", each(lambda p: p.memory_max_gb), "memory_max_gb"),),
            words="{demand} GB of memory {sign} {supply} GB that {cpu} takes",
        ),
        within(
            fact("memory", "module_gb"),
            fact("motherboard", "memory_module_max_gb"),
            "a module of",
            "that {motherboard} takes",
            unit="GB",
        ),
    ),
    "choose less memory or a board and CPU that take more",
)

# --- advice and display -----------------------------------------------------------------------


def _crowd(lines: tuple[Line, ...], _world: World) -> Key:
    """(memory type, kind of module, modules in all)."""
    modules, kinds = 0, set()
    for line in lines:
        part = line.part
        assert isinstance(part, MemoryKit)
        if part.modules is None or part.memory_type is None or part.module_kind is None:
            return None
        modules += part.modules * line.quantity
        kinds.add((part.memory_type, part.module_kind))
    memory_type, kind = sorted(kinds)[0]
    return memory_type, kind, modules


def _channels(_world: World, memory: Key, board: int, cpu: int) -> Verdict:
    memory_type, kind, modules = memory
    channels = min(board, cpu)
    crowded = memory_type == "DDR5" and kind == "UDIMM" and modules > channels
    return decide(modules >= channels and modules % channels == 0 and not crowded)


def _channel_words(world: World, memory: Key, board: int, cpu: int) -> str:
    memory_type, _, modules = memory
    channels = min(board, cpu)
    if modules < channels:
        return f"{modules} memory modules leave {channels - modules} of {channels} channels empty"
    if modules % channels:
        return f"{modules} memory modules fill {channels} channels unevenly"
    if _channels(world, memory, board, cpu) is Verdict.VIOLATED:
        return f"{modules} {memory_type} UDIMMs on {channels} channels run below their rated speed"
    return f"{modules} memory modules on {channels} channels"


MANY = 99
"""Channels of a CPU that is not listed: the board decides."""

MEMORY_CHANNELS = Rule(
    "memory-channels",
    "every memory channel is filled, and none of a DDR5 desktop board twice",
    (
        Relation(
            (
                Operand(
                    "memory", lambda line, world: _crowd((line,), world), "modules", group=_crowd
                ),
                fact("motherboard", "memory_channels"),
                Operand(
                    "cpu",
                    lambda line, _world: line.part.memory_channels,  # type: ignore[attr-defined]
                    "memory_channels",
                    absent=MANY,
                    optional=True,
                ),
            ),
            _channels,
            _channel_words,
        ),
    ),
    "choose as many modules as CPU and board have channels",
    hard=False,
)


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

PLATFORM_RULES = (
    CPU_SOCKET,
    CPU_CHIPSET,
    MEMORY_TYPE,
    MEMORY_SLOTS,
    MEMORY_CAPACITY,
    MEMORY_CHANNELS,
    BOOT_DISPLAY,
)
