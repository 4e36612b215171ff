"""What a rig draws: sustained, in peaks, and at the wall. Integers in watts, solver-free."""

from __future__ import annotations

from math import isqrt

from rigopt.build import Build, Line
from rigopt.parts import Cpu, CpuCooler, Drive, Fan, GpuCard, MemoryKit, PowerSupply
from rigopt.world import World


def line_draw_w(line: Line, world: World) -> int | None:
    """Sustained draw of a line in watts, rounded up; ``None`` when a fact is unknown.

    GPU: its power limit; CPU: package power, else TDP; the rest as ``models/power.toml`` says.
    """
    part, each = line.part, world.power.draw
    match part:
        case GpuCard():
            return world.tdp_w(part) * line.quantity
        case Cpu():
            watts = part.package_power_w if part.package_power_w is not None else part.tdp_w
            return None if watts is None else watts * line.quantity
        case MemoryKit():
            if part.modules is None:
                return None
            return each.memory_module_w * part.modules * line.quantity
        case Drive():
            watts = each.drive_default_w
            if part.power_mw is not None:
                watts = -(-part.power_mw // 1000)
            return watts * line.quantity
        case CpuCooler():
            watts = each.liquid_cooler_w if part.medium == "liquid" else each.air_cooler_w
            return watts * line.quantity
        case Fan():
            watts = each.case_fan_w if part.power_mw is None else -(-part.power_mw // 1000)
            return watts * part.pack * line.quantity
        case _:
            if line.kind == "motherboard":
                return each.board_w * line.quantity
            if line.kind == "case":
                included = getattr(part, "fans_included", None)
                return each.case_fan_w * (included or 0)
            return 0


def line_peak_w(line: Line, world: World) -> int | None:
    """Draw of a line in a peak of under a millisecond: GPUs above their limit, the rest as is.

    The excesses of several cards do not coincide: they add up as independent ones do, by the
    square root of their number.
    """
    watts = line_draw_w(line, world)
    if watts is None or not isinstance(line.part, GpuCard):
        return watts
    excess = world.tdp_w(line.part) * (world.power.gpu_peak_pct - 100)
    return watts + -(-(isqrt(excess * excess * line.quantity - 1) + 1) // 100)


def supply_w(line: Line, world: World) -> int | None:
    """Rating of a line of supplies on the chosen circuit's voltage; 0: does not run on it."""
    psu = line.part
    assert isinstance(psu, PowerSupply)
    watts = psu.watts
    if world.circuit.volts < 200 and psu.watts_115v is not None:
        watts = psu.watts_115v
    return None if watts is None else watts * line.quantity


def draw_w(build: Build, world: World) -> int | None:
    """Sustained draw of a build in watts; ``None`` when a fact is unknown."""
    watts = [line_draw_w(line, world) for line in build.lines]
    return None if None in watts else sum(w for w in watts if w is not None)


def wall_w(build: Build, world: World) -> int | None:
    """Draw at the wall at full load, rounded up; ``None`` when a fact is unknown."""
    watts = draw_w(build, world)
    supplies = build.of_kind("psu")
    if watts is None or len(supplies) != 1:
        return None
    supply = supplies[0].part
    assert isinstance(supply, PowerSupply)
    rating = supply_w(supplies[0], world)
    if not rating or supply.efficiency is None:
        return None
    load_pct = 100 * watts // rating
    return -(-watts * 100 // world.power.efficiency_at(supply.efficiency, load_pct))
