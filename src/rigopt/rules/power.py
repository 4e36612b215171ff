"""Watts: what supplies deliver, and what the wall gives."""

from __future__ import annotations

from collections.abc import Callable

from rigopt.build import Line
from rigopt.draw import line_draw_w, line_peak_w, supply_w
from rigopt.parts import KINDS, GpuCard, PowerSupply
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.chassis import beside_the_cage
from rigopt.rules.operands import Operand, Value, fact, joint
from rigopt.rules.shapes import (
    Balance,
    Relation,
    Term,
    decide,
    each,
    hundredfold,
    match,
    scaled,
    within,
)
from rigopt.world import World

POWERED = tuple(kind for kind in KINDS if kind != "psu")


def drawn(value: Value) -> tuple[Term, ...]:
    """Watts of everything that a supply feeds."""
    return tuple(Term(kind, value, "power draw") for kind in POWERED)


def _psu(line: Line) -> PowerSupply:
    assert isinstance(line.part, PowerSupply)
    return line.part


_DRAW_WITH_MARGIN = scaled(line_draw_w, lambda world: world.profile.psu_margin_pct)

PSU_WATTAGE = Rule(
    "psu-wattage",
    "the supply delivers the sustained draw, and with the profile's margin",
    (
        Balance(
            "power",
            "W",
            demand=drawn(line_draw_w),
            supply=(Term("psu", supply_w, "watts"),),
            words="sustained draw {demand} W {sign} {supply} W of {psu} on this circuit",
        ),
        Balance(
            "power with margin",
            "W",
            demand=drawn(_DRAW_WITH_MARGIN),
            supply=(Term("psu", hundredfold(supply_w), "watts"),),
            words="draw with margin {demand} W {sign} {supply} W of {psu} on this circuit",
            scale=100,
            kept=True,
        ),
    ),
    "choose a stronger supply, or a profile with less margin",
)


def ride_out_w(line: Line, world: World) -> int | None:
    """Watts that a line of supplies rides out in a peak; ``None``: a fact is unknown."""
    psu, watts = _psu(line), supply_w(line, world)
    if watts is None or psu.atx_version is None:
        return None
    version: str = psu.atx_version
    if version != "2.x" and psu.pcie_16pin == 0:
        version = "3.x without 16-pin"
    return watts * world.power.ride_out_pct[version] // 100


PSU_TRANSIENT = Rule(
    "psu-transient",
    "the supply rides out the peaks of the cards",
    (
        Balance(
            "transient peak",
            "W",
            demand=drawn(line_peak_w),
            supply=(Term("psu", ride_out_w, "watts or atx_version"),),
            words="peaks of {demand} W {sign} {supply} W that {psu} rides out",
        ),
    ),
    "choose a stronger supply or one made to ATX 3.x",
)

PSU_FIT = Rule(
    "psu-fit",
    "the case takes a supply of that form and length",
    (
        match(
            fact("psu", "form_factor"),
            fact("case", "psu_form_factors"),
            lambda form, forms: form in forms,
            "{psu} is {0}; {case} takes {1}",
        ),
        within(
            fact("psu", "length_mm"),
            fact("case", "psu_length_max_mm"),
            "supply length",
            "in {case}",
        ),
        beside_the_cage("psu", "psu_length_caged_mm", "supply length"),
        Balance(
            "supplies",
            "supplies",
            demand=(Term("psu", lambda line, _w: line.quantity),),
            supply=(Term("case", each(lambda case: case.psu_count)),),
            words="{demand} supplies {sign} {supply} places in {case}",
        ),
    ),
    "choose a smaller supply or another case",
)


def at_the_wall(limit_w: Callable[[World, int], int], words: str) -> Balance:
    """The sustained draw, through the supplies at their actual load, is at most a limit.

    ``limit_w(world, supplies)``: watts at the wall. Several supplies share the load by rating.
    """

    def room(lines: tuple[Line, ...], world: World) -> int | None:
        ratings = [supply_w(line, world) for line in lines]
        labels = [_psu(line).efficiency for line in lines]
        if None in ratings or None in labels:
            return None
        total = sum(rating or 0 for rating in ratings)
        limit = limit_w(world, sum(line.quantity for line in lines))
        return sum(
            world.power.most_draw_w(label, world.circuit.volts, rating, limit * rating // total)
            for rating, label in zip(ratings, labels, strict=True)
            if rating and label
        )

    return Balance(
        "draw",
        "W",
        demand=drawn(line_draw_w),
        supply=(
            Term("psu", lambda line, world: room((line,), world), "watts or efficiency", room),
        ),
        words=f"sustained draw {{demand}} W {{sign}} {{supply}} W {words} through {{psu}}",
    )


def circuits_w(world: World, supplies: int) -> int:
    """Watts that equal supplies may take together: the fullest circuit sets the limit."""
    circuits = min(world.request.circuits, supplies)
    on_the_fullest = -(-supplies // circuits)
    return world.circuit.continuous_w * supplies // on_the_fullest


WALL_CIRCUIT = Rule(
    "wall-circuit",
    "the wall circuit carries the rig at full load without end",
    (at_the_wall(circuits_w, "that the wall gives"),),
    "choose fewer or thriftier cards, a --power-limit, or a stronger --circuit",
)


def _count(lines: tuple[Line, ...], _world: World) -> int:
    return sum(line.quantity for line in lines)


def _cap(line: Line, world: World) -> Key:
    """(cap, lowest that the card takes); absent without a cap."""
    assert isinstance(line.part, GpuCard)
    if line.power_limit_w is None:
        return ABSENT
    least = world.chip(line.part).power_limit_min_w
    return None if least is None else (line.power_limit_w, least)


POWER_CAP = Rule(
    "power-cap",
    "a card takes the power limit that is chosen for it",
    (
        Relation(
            (Operand("gpu", _cap, "lowest power limit"),),
            lambda _world, cap: Verdict.WARNING if cap is None else decide(cap[0] >= cap[1]),
            lambda _world, cap: (
                "the lowest power limit of {gpu} is not known: try it"
                if cap is None
                else f"{cap[0]} W {'≥' if cap[0] >= cap[1] else '<'} {cap[1]} W, the lowest limit "
                "that {gpu} takes"
            ),
            sees_unknown=True,
        ),
    ),
    "choose a higher power limit",
)


PSU_PAIR = Rule(
    "psu-pair",
    "several supplies start and stop together",
    (
        Relation(
            (joint("psu", _count),),
            lambda _world, count: Verdict.NOT_APPLICABLE if count == 1 else Verdict.VIOLATED,
            lambda _world, count: (
                f"{count} supplies want an adapter that starts them together, and each card its "
                "cables and its riser from one of them"
                if count > 1
                else "one supply"
            ),
        ),
    ),
    "add an adapter that starts the second supply with the first",
    hard=False,
)

POWER_RULES = (
    PSU_WATTAGE,
    PSU_TRANSIENT,
    PSU_FIT,
    PSU_PAIR,
    POWER_CAP,
    WALL_CIRCUIT,
)
