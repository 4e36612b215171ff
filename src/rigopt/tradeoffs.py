"""The axes of a curve of best builds: price, throughput, GPU memory, watts; each curve has two.

Every search knows price and throughput. The others are sums over parts that rules read as well, so
that a bound on one of them is a rule like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from rigopt.draw import line_draw_w
from rigopt.errors import InputError, nearest
from rigopt.outcome import AxisName, FrontierPoint
from rigopt.rules.base import Rule
from rigopt.rules.power import drawn
from rigopt.rules.shapes import Balance, Term
from rigopt.rules.sizing import total_vram_gb

Axes = tuple[AxisName, AxisName]

AXES: tuple[AxisName, ...] = get_args(AxisName)
DEFAULT: Axes = ("price", "throughput")
MORE_IS_BETTER: frozenset[AxisName] = frozenset({"throughput", "vram"})
UNMEASURED = frozenset({"noise"})
"""What people want a curve of although no part states it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An axis that is a sum over parts."""

    name: AxisName
    balance: Balance
    """What it asks for beyond what it is supplied, of which less is better."""

    def at_most(self, bound: int) -> Rule:
        """That a build asks for no more than so much beyond what it is supplied."""
        bounded = replace(self.balance, supply_base=lambda _world: bound)
        return Rule(f"curve-{self.name}", self.balance.what, (bounded,), "choose another point")


AMOUNTS: dict[AxisName, Amount] = {
    "vram": Amount("vram", Balance("GPU memory", "GB", supply=(Term("gpu", total_vram_gb),))),
    "watts": Amount("watts", Balance("draw", "W", demand=drawn(line_draw_w))),
}

KNOWN_DRAW = Rule(
    "curve-known-draw",
    "the draw of every part is known",
    (
        Balance(
            "unknown draw",
            "parts",
            demand=drawn(lambda line, world: int(line_draw_w(line, world) is None)),
            words="{demand} parts whose draw is not known {sign} {supply}",
        ),
    ),
    "leave out the part, or choose a curve without watts",
)
"""A build whose draw nobody knows has no place on a curve of watts."""


def axes_of(names: Sequence[str], *, where: str = "axes") -> Axes:
    """Two different axes.

    Raises:
        InputError: if there are not two, they are the same, or one is none.
    """
    known = ", ".join(AXES)
    for name in names:
        if name in UNMEASURED:
            raise InputError(
                f"no part in the catalogue states its {name}, so there is no curve of it",
                where=where,
                mend=f"choose two of {known}",
            )
        if name not in AXES:
            raise InputError(f"{name[:40]!r} is no axis", where=where, mend=nearest(name, AXES))
    if len(names) != len(DEFAULT) or len(set(names)) < len(names):
        raise InputError(
            "a curve has two different axes", where=where, mend=f"choose two of {known}"
        )
    first, second = (axis for name in names for axis in AXES if axis == name)
    return first, second


def parse_axes(text: str, *, where: str) -> Axes:
    """Two axes as people write them: ``price,vram``.

    Raises:
        InputError: as for :func:`axes_of`.
    """
    return axes_of([name.strip().casefold() for name in text.split(",")], where=where)


def followed(axes: Axes) -> AxisName:
    """The axis along which a curve is searched, each point better on it than the one before: what
    is missing when time ends lies beyond the last one."""
    return next(axis for axis in ("price", "throughput", "watts") if axis in axes)


def value_of(point: FrontierPoint, axis: AxisName) -> int:
    """Where a point of a curve stands on an axis: cents, points (none where they cannot be
    predicted), GB or watts."""
    match axis:
        case "price":
            return point.total_cents
        case "throughput":
            return point.score or 0
        case "vram":
            return point.vram_gb
        case "watts":
            assert point.sustained_w is not None
            return point.sustained_w


def better(axis: AxisName, one: int, other: int) -> bool:
    """Whether one value on an axis is better than another."""
    return one > other if axis in MORE_IS_BETTER else one < other
