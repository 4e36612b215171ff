"""Memory modules on the board: kind, slots, capacity, channels, speed."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import Cpu, MemoryKit, Motherboard
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, fact, joint
from rigopt.rules.shapes import Balance, Relation, Term, decide, each, show, within
from rigopt.rules.sizing import ram_gb
from rigopt.units import known_sum
from rigopt.world import World


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


MODULES = Operand("memory", _modules_of, "memory_type or module_kind")


def _memory_match(kind: str, key: Operand) -> Relation:
    def words(_world: World, side: Key, modules: Key) -> str:
        verb = "takes" if _takes_modules(side, modules) else "does not take"
        only = f"{show(side[0])} {show(side[1])}"
        tail = "" if verb == "takes" else f", only {only}"
        return f"{{{kind}}} {verb} {modules[0]} {modules[1]} ({{memory}}){tail}"

    return Relation(
        (key, MODULES),
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


def _modules(line: Line) -> int | None:
    assert isinstance(line.part, MemoryKit)
    return None if line.part.modules is None else line.part.modules * line.quantity


def _all_modules(lines: tuple[Line, ...], _world: World) -> Key:
    return known_sum(map(_modules, lines))


def _slots_of_board(line: Line, _world: World) -> Key:
    board = line.part
    assert isinstance(board, Motherboard)
    if board.memory_slots is None or not board.memory_channels:
        return None
    return board.memory_slots, board.memory_channels


def _channels_of_cpus(line: Line, _world: World) -> int | None:
    cpu = line.part
    assert isinstance(cpu, Cpu)
    return None if cpu.memory_channels is None else cpu.memory_channels * line.quantity


def _live_slots(board: Key, channels: int) -> int:
    """Slots that the CPUs reach: those of channels that they lack are dead."""
    slots, of_board = board
    return int(slots * min(of_board, channels) // of_board)


MODULES = joint("memory", _all_modules, "modules")

MEMORY_SLOTS = Rule(
    "memory-slots",
    "there is a slot for every memory module, on a channel that a CPU serves",
    (
        Relation(
            (
                Operand("motherboard", _slots_of_board, "memory_slots or memory_channels"),
                Operand("cpu", _channels_of_cpus, "memory_channels"),
                MODULES,
            ),
            lambda _world, board, channels, modules: decide(
                modules <= _live_slots(board, channels)
            ),
            lambda _world, board, channels, modules: (
                f"{modules} memory modules "
                f"{'≤' if modules <= _live_slots(board, channels) else '>'} "
                f"{_live_slots(board, channels)} slots of {{motherboard}} that {channels} memory "
                "channels of {cpu} serve"
            ),
            irrelevant=((0, 1, lambda board, channels: channels >= board[1]),),
        ),
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
    channels, modules = min(board, cpu), memory[2]
    return decide(modules >= channels and modules % channels == 0)


def _channel_words(_world: World, memory: Key, board: int, cpu: int) -> str:
    channels, modules = min(board, cpu), memory[2]
    if modules < channels:
        return f"{modules} memory modules leave {channels - modules} of {channels} channels empty"
    if modules % channels:
        return f"{modules} memory modules fill {channels} channels unevenly"
    return f"{modules} memory modules on {channels} channels"


def _population(lines: tuple[Line, ...], world: World) -> Key:
    """(memory type, kind of module, modules in all, slowest rated speed)."""
    crowd = _crowd(lines, world)
    speeds = [line.part.speed_mt_s for line in lines]  # type: ignore[attr-defined]
    return None if crowd is None or None in speeds else (*crowd, min(speeds))


def _guaranteed(world: World, memory: Key, channels: int, generation: str) -> int | None:
    """MT/s that the CPU guarantees with so many modules; ``None``: no row says."""
    memory_type, kind, modules, _ = memory
    for limit in world.memory_speeds:
        if (limit.generation, limit.memory_type, limit.module_kind) == (
            generation,
            memory_type,
            kind,
        ):
            few = modules <= channels
            return limit.one_per_channel_mt_s if few else limit.two_per_channel_mt_s
    return None


def _speed(world: World, memory: Key, board: int, cpu: Key) -> Verdict:
    generation, channels = cpu[0], min(board, cpu[1])
    guaranteed = _guaranteed(world, memory, channels, generation)
    if guaranteed is None:
        return Verdict.NOT_APPLICABLE
    crowded = memory[2] > channels
    return decide(memory[3] <= guaranteed or not crowded)


def _speed_words(world: World, memory: Key, board: int, cpu: Key) -> str:
    generation, channels = cpu[0], min(board, cpu[1])
    memory_type, kind, modules, rated = memory
    guaranteed = _guaranteed(world, memory, channels, generation)
    if guaranteed is None:
        return f"what {generation} CPUs guarantee of {memory_type} {kind} is not listed"
    text = (
        f"{modules} {memory_type} modules on {channels} channels: {generation} CPUs guarantee "
        f"{guaranteed:,} MT/s, {{memory}} is rated {rated:,} MT/s"
    )
    if rated <= guaranteed:
        return text
    if modules > channels:
        return f"{text}: fewer, larger modules run faster"
    return f"{text}, an overclock (XMP, EXPO)"


def _generation_and_channels(line: Line, world: World) -> Key:
    assert isinstance(line.part, Cpu)
    channels = _channels_of_cpus(line, world)
    if line.part.generation is None or channels is None:
        return None
    return line.part.generation, channels


MEMORY_SPEED = Rule(
    "memory-speed",
    "so many modules run as fast as they are rated",
    (
        Relation(
            (
                joint("memory", _population, "speed_mt_s or modules"),
                fact("motherboard", "memory_channels"),
                Operand("cpu", _generation_and_channels, "generation or memory_channels"),
            ),
            _speed,
            _speed_words,
        ),
    ),
    "choose half as many modules of twice the size",
    hard=False,
)

MANY = 99
"""Channels of a CPU that is not listed: the board decides."""

MEMORY_CHANNELS = Rule(
    "memory-channels",
    "every memory channel is filled alike",
    (
        Relation(
            (
                joint("memory", _crowd, "modules"),
                fact("motherboard", "memory_channels"),
                Operand(
                    "cpu",
                    _channels_of_cpus,
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


MEMORY_RULES = (MEMORY_TYPE, MEMORY_SLOTS, MEMORY_CAPACITY, MEMORY_CHANNELS, MEMORY_SPEED)
