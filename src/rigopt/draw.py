"""What a rig draws: sustained, in peaks, and at the wall. Integers in watts, solver-free."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt

from rigopt.build import Build, Line
from rigopt.parts import Cpu, CpuCooler, Drive, Fan, GpuCard, MemoryKit, PowerSupply
from rigopt.units import known_sum
from rigopt.world import World


def capped(line: Line, pct: int, world: World) -> Line:
    """A line of cards, each capped at a share of what it is sold with, or as low as it goes."""
    assert isinstance(line.part, GpuCard)
    most, least = world.tdp_w(line.part), world.chip(line.part).power_limit_min_w or 0
    cap = max(most * pct // 100, least)
    return line if cap >= most else replace(line, power_limit_w=cap)


def card_limit_w(line: Line, world: World) -> int:
    """The power limit of each card of a line of GPUs: the chosen cap, or what it is sold with."""
    assert isinstance(line.part, GpuCard)
    return line.power_limit_w if line.power_limit_w is not None else world.tdp_w(line.part)


def line_draw_w(line: Line, world: World) -> int | None:
    """Sustained draw of a line in watts, rounded up; ``None`` when a fact is unknown.

    GPU: its power limit; CPU: package power, else TDP; the rest as ``models/power.toml`` says.
    """
    part, each = line.part, world.power.draw
    match part:
        case GpuCard():
            return card_limit_w(line, world) * line.quantity
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
    peak_pct = world.power.peak_pct(world.chip(line.part).architecture)
    excess = card_limit_w(line, world) * (peak_pct - 100)
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
    return known_sum(line_draw_w(line, world) for line in build.lines)


def wall_w(build: Build, world: World) -> int | None:
    """Draw at the wall at full load, rounded up; ``None`` when a fact is unknown.

    Several supplies carry the load in the proportion of their ratings.
    """
    watts = draw_w(build, world)
    supplies = build.of_kind("psu")
    ratings = [supply_w(line, world) for line in supplies]
    total = sum(rating or 0 for rating in ratings)
    if watts is None or not total or None in ratings:
        return None
    wall = 0
    for line, rating in zip(supplies, ratings, strict=True):
        assert isinstance(line.part, PowerSupply)
        if line.part.efficiency is None:
            return None
        if rating:
            share = -(-watts * rating // total)
            wall += world.power.wall_w(line.part.efficiency, world.circuit.volts, share, rating)
    return wall
