"""How much CPU and memory the GPUs want beside them, after the chosen profile.

Profiles are rules of thumb: ``solve`` keeps them, ``check`` warns.
"""

from __future__ import annotations

from rigopt.build import Line
from rigopt.need import Need
from rigopt.parts import Cpu, GpuCard, MemoryKit
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, joint
from rigopt.rules.shapes import Balance, Relation, Term, decide, hundredfold, scaled
from rigopt.units import known_sum
from rigopt.workloads import Workload
from rigopt.world import World


def ram_gb(line: Line, _world: World) -> int | None:
    """Memory of a line of kits in GB."""
    kit = line.part
    assert isinstance(kit, MemoryKit)
    if kit.modules is None or kit.module_gb is None:
        return None
    return kit.modules * kit.module_gb * line.quantity


def vram_gb(line: Line, world: World) -> int:
    """GPU memory of one card of a line in GB."""
    assert isinstance(line.part, GpuCard)
    return world.chip(line.part).vram_gb


def total_vram_gb(line: Line, world: World) -> int:
    """GPU memory of all cards of a line in GB."""
    return vram_gb(line, world) * line.quantity


def threads(line: Line, _world: World) -> int | None:
    """Threads of a line of CPUs."""
    assert isinstance(line.part, Cpu)
    return None if line.part.threads is None else line.part.threads * line.quantity


def cores(line: Line, _world: World) -> int | None:
    """Cores of a line of CPUs."""
    assert isinstance(line.part, Cpu)
    return None if line.part.cores is None else line.part.cores * line.quantity


CORES = Operand("cpu", cores, "cores")


RAM_PER_TOTAL = Balance(
    "memory for all GPUs",
    "GB",
    demand=(
        Term(
            "gpu",
            scaled(total_vram_gb, lambda world: world.profile.ram_per_total_vram_pct),
        ),
    ),
    supply=(Term("memory", hundredfold(ram_gb), "modules or module_gb"),),
    words="{demand} GB wanted for the memory of all GPUs {sign} {supply} GB of memory",
    scale=100,
    applies=lambda world: world.profile.ram_per_total_vram_pct > 0,
    kept=True,
)


def _largest_card(lines: tuple[Line, ...], world: World) -> int:
    return max(vram_gb(line, world) for line in lines)


def _all_ram(lines: tuple[Line, ...], world: World) -> int | None:
    return known_sum(ram_gb(line, world) for line in lines)


def _enough_ram(world: World, vram: int, ram: int) -> Verdict:
    if world.profile.ram_per_card_vram_pct == 0:
        return Verdict.NOT_APPLICABLE
    return decide(100 * ram >= vram * world.profile.ram_per_card_vram_pct)


def _wanted(world: World, vram: int) -> int:
    return -(-vram * world.profile.ram_per_card_vram_pct // 100)


RAM_PER_VRAM = Rule(
    "ram-per-vram",
    "there is as much memory as the profile wants for the GPUs' memory",
    (
        Relation(
            (
                joint("gpu", _largest_card),
                joint("memory", _all_ram, "modules or module_gb"),
            ),
            _enough_ram,
            lambda world, vram, ram: (
                f"{_wanted(world, vram)} GB wanted for the largest GPU "
                f"{'≤' if ram >= _wanted(world, vram) else '>'} {ram} GB of memory"
            ),
            kept=True,
        ),
        RAM_PER_TOTAL,
    ),
    "choose more memory or another --profile",
)


def _per_gpu(share: str) -> Term:
    return Term("gpu", lambda line, world: int(getattr(world.profile, share)) * line.quantity)


CPU_PER_GPU = Rule(
    "cpu-per-gpu",
    "the CPU brings the cores and threads that the profile wants for every GPU",
    (
        Balance(
            "threads for the GPUs",
            "threads",
            demand=(_per_gpu("threads_per_gpu"),),
            supply=(Term("cpu", threads, "threads"),),
            words="{demand} threads wanted for the GPUs {sign} {supply} of {cpu}",
            kept=True,
        ),
        Balance(
            "cores for the GPUs",
            "cores",
            demand=(_per_gpu("cores_per_gpu"),),
            supply=(Term("cpu", cores, "cores"),),
            words="{demand} cores wanted for the GPUs {sign} {supply} of {cpu}",
            kept=True,
        ),
        Balance(
            "cores",
            "cores",
            demand_base=lambda world: world.profile.min_cores,
            supply=(Term("cpu", cores, "cores"),),
            words="{demand} cores wanted in any rig {sign} {supply} of {cpu}",
            kept=True,
        ),
    ),
    "choose a CPU with more cores or another --profile",
)


def _memories(lines: tuple[Line, ...], world: World) -> Key:
    """Memory of every card, the smallest first."""
    return tuple(sorted(vram_gb(line, world) for line in lines for _ in range(line.quantity)))


CARD_MEMORIES = joint("gpu", _memories)


def _outside(world: World, cards: Key) -> list[Workload]:
    """Workloads of the mix that these cards do not hold."""
    return [w for w, _ in world.mix.workloads if not holds(w.need, cards)]


def holds(need: Need, cards: tuple[int, ...]) -> bool:
    """Whether every card holds a copy, or, where the work can be shared out, all together do."""
    return need.fits(cards[:1]) or (need.sharding != "replicated" and need.fits(cards))


def _held(world: World, cards: Key) -> Verdict:
    if not _outside(world, cards):
        return Verdict.OK
    return Verdict.VIOLATED if world.mix.alone else Verdict.WARNING


def _held_words(world: World, cards: Key) -> str:
    outside = _outside(world, cards)
    sizes = f"{' + '.join(map(str, cards))} GB of {{gpu}}"
    if not outside:
        most = max(world.mix.workloads, key=lambda item: item[0].vram_gb)[0]
        return f"{most.name} wants {most.need.in_words()}, which fits {sizes}"
    wants = "; ".join(f"{w.name} wants {w.need.in_words()}" for w in outside)
    spills = "" if world.mix.alone else "; it is counted as run from system memory"
    return f"{wants}, more than {sizes} hold{spills}"


VRAM = Rule(
    "vram",
    "the cards' memory holds the workload",
    (Relation((CARD_MEMORIES,), _held, _held_words),),
    "choose cards with more memory or another --workload",
)

SIZING_RULES = (VRAM, RAM_PER_VRAM, CPU_PER_GPU)
