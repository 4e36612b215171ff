"""Prices as they might become: factors on all parts, a kind, a chip or one part."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rigopt.catalog import Catalog, kind_of
from rigopt.errors import InputError
from rigopt.parts import KINDS, GpuCard, Part
from rigopt.priceindex import Ratio

ALL = "all"
UNCHANGED_BP = 10_000
MOST_BP = 100 * UNCHANGED_BP
_PERCENT = re.compile(r"([+-])(\d{1,5}(?:\.\d{1,2})?)\s*%|0\s*%", re.ASCII)
_TIMES = re.compile(r"x\s*(\d{1,3}(?:\.\d{1,4})?)", re.ASCII)
_STEP = re.compile(r"(\d{1,5}(?:\.\d{1,2})?)\s*%", re.ASCII)


class Shock(NamedTuple):
    """What prices of something are multiplied by."""

    target: str
    """``all``, a kind of part, or the id of a part or chip."""
    factor_bp: int
    """The new price in hundredths of a per cent of the old one."""

    @property
    def text(self) -> str:
        """As people write it: "gpu +30%", "memory x4"."""
        return f"{self.target} {format_factor(self.factor_bp)}"


def parse_factor(value: Any, *, where: str) -> int:
    """Hundredths of a per cent of the old price, of ``+30%``, ``-12.5%`` or ``x4``.

    Raises:
        InputError: if it is neither, or the prices would be nothing or over a hundredfold.
    """
    text = str(value).strip().casefold()
    if times := _TIMES.fullmatch(text):
        factor = int(Decimal(times[1]) * UNCHANGED_BP)
    elif percent := _PERCENT.fullmatch(text):
        change = int(Decimal(percent[2] or "0") * 100)
        factor = UNCHANGED_BP + (-change if percent[1] == "-" else change)
    else:
        raise InputError(
            f"{str(value)[:40]!r} is no change of price", where=where, mend="write +30%, -20% or x4"
        )
    if not 0 < factor <= MOST_BP:
        raise InputError(
            f"{text[:40]!r} is out of range",
            where=where,
            mend="prices may fall to a hundredth of a per cent and rise a hundredfold",
        )
    return factor


def parse_factor_step(text: str, *, where: str) -> int:
    """Hundredths of a per cent of ``10%`` or ``x0.5``: a step from factor to factor.

    Raises:
        InputError: if it is neither.
    """
    if times := _TIMES.fullmatch(text.strip().casefold()):
        return int(Decimal(times[1]) * UNCHANGED_BP)
    if percent := _STEP.fullmatch(text.strip()):
        return int(Decimal(percent[1]) * 100)
    raise InputError(f"{text[:40]!r} is no step", where=where, mend="write it as 10% or x0.5")


def format_factor(factor_bp: int) -> str:
    """A factor as people write it: below a doubling in per cent, else "x4"."""
    if factor_bp >= 2 * UNCHANGED_BP:
        return f"x{Decimal(factor_bp) / UNCHANGED_BP:f}"
    return f"{Decimal(factor_bp - UNCHANGED_BP) / 100:+f}%"


def shocked(catalog: Catalog, market: str, shocks: Sequence[Shock]) -> Catalog:
    """The catalogue with a market in which prices are multiplied; several factors on one part
    multiply each other.

    Raises:
        InputError: if there is no such market.
    """
    told = [shock for shock in shocks if shock.factor_bp != UNCHANGED_BP]
    if not told:
        return catalog
    by_target = {shock.target: shock.factor_bp for shock in told}
    factors = {
        part.id: factor
        for part in catalog.parts.values()
        if (factor := _factor(part, by_target)) is not None
    }
    words = ", ".join(shock.text for shock in told)
    return catalog.with_market(catalog.market(market).times(factors, words))


def _factor(part: Part, by_target: Mapping[str, int]) -> Ratio | None:
    names = [ALL, kind_of(part), part.id]
    if isinstance(part, GpuCard):
        names.append(part.chip)
    found = [by_target[name] for name in names if name in by_target]
    if not found:
        return None
    before = after = 1
    for factor in found:
        before, after = before * UNCHANGED_BP, after * factor
    return Ratio(before, after)


def is_general(target: str) -> bool:
    """Whether a target is all parts or a kind of part."""
    return target == ALL or target in KINDS
