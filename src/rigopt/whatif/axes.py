"""What varies from scenario to scenario: an axis of wishes or of price changes.

An axis is a list of values; a value is written as in a request file, and ``none`` (or nothing)
is the wish left out. Numbers may be a range: ``2000..10000 step 500``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.flags import BY_NAME, Flag
from rigopt.llms import parse_context
from rigopt.request import Request
from rigopt.requestfile import fields_of, named_part
from rigopt.units import parse_count, parse_gigabytes, parse_money, parse_percent
from rigopt.whatif.shocks import is_general, parse_factor, parse_factor_step

SHOCK = "shock"
PRICE_OF = "price of "
"""Before the target of a shock: the key of its setting."""
LONGEST_AXIS = 1_000_000
_RANGE = re.compile(r"\s*(\S.*?)\s*\.\.\s*(\S.*?)(?:\s+step\s+(\S.*?))?\s*")

Setting = Mapping[str, Any]
"""Fields of a request, and factors by ``price of TARGET``; ``UNSET``: as if it was not said."""


class _Unset:
    def __repr__(self) -> str:
        return "none"


UNSET = _Unset()


@dataclass(frozen=True)
class Axis:
    """One thing that varies, or several together."""

    name: str
    """As it is written."""
    keys: tuple[str, ...]
    """Of its settings."""
    values: Sequence[Any]
    """Of the one key, or, of several, whole settings."""

    def setting(self, place: int) -> Setting:
        """What it sets at a place."""
        value = self.values[place]
        return value if isinstance(value, dict) else {self.keys[0]: value}


def read_axes(written: Mapping[str, Any], catalog: Catalog, *, where: str) -> tuple[Axis, ...]:
    """The axes of a file, in its order.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    axes: list[Axis] = []
    for key, value in written.items():
        name, place = key.replace("_", "-"), f"{where}, {key[:60]}"
        if name == SHOCK and isinstance(value, dict):
            _some(value, place)
            for target, factors in value.items():
                axes.append(_shock_axis(target, factors, catalog, place))
        elif name == SHOCK:
            axes.append(_joint_shocks(value, catalog, place))
        else:
            axes.append(_wish_axis(key, value, catalog, where))
    seen: dict[str, str] = {}
    for axis in axes:
        for field in axis.keys:
            if field in seen:
                raise InputError(
                    f"and {seen[field]} say the same thing",
                    where=f"{where}, {axis.name}",
                    mend="keep one of them",
                )
            seen[field] = axis.name
    return tuple(axes)


def read_setting(written: Mapping[str, Any], catalog: Catalog, *, where: str) -> dict[str, Any]:
    """What a base or an entry of a list sets: wishes, and under ``shock`` changes of prices.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    found: dict[str, Any] = {}
    by_field: dict[str, str] = {}
    for key, value in written.items():
        if key == SHOCK:
            found |= _shocks(value, catalog, f"{where}, {SHOCK}")
            continue
        flag = _flag(key, where)
        if flag.field in by_field:
            raise InputError(
                f"and {by_field[flag.field]} say the same thing",
                where=f"{where}, {key}",
                mend="keep one of them",
            )
        by_field[flag.field] = key
        found[flag.field] = _wish(flag, key, value, catalog, where)
    return found


def _flag(key: str, where: str) -> Flag:
    name = key.replace("_", "-")
    if name not in BY_NAME:
        raise InputError(
            "is nothing that can vary",
            where=f"{where}, {key[:60]}",
            mend=nearest(name, (*BY_NAME, SHOCK)),
        )
    return BY_NAME[name]


def _some(values: Any, where: str) -> None:
    if not values:
        raise InputError("has no values", where=where, mend="give some, or remove it")


def listed(value: Any, where: str) -> list[Any]:
    """The values of an axis, of which one may stand alone.

    Raises:
        InputError: if there are none.
    """
    values = value if isinstance(value, list) else [value]
    _some(values, where)
    return values


def _wish_axis(key: str, value: Any, catalog: Catalog, where: str) -> Axis:
    flag, place = _flag(key, where), f"{where}, {key[:60]}"
    step = _STEPS.get(flag.reads)
    values = _expanded(
        listed(value, place),
        lambda item: _wish(flag, key, item, catalog, where),
        None if step is None else lambda text: step(text, place),
        default_step=1 if flag.reads == "count" else None,
        where=place,
    )
    return Axis(flag.name, (flag.field,), values)


_STEPS: Mapping[str, Callable[[str, str], int]] = {
    "money": lambda text, where: parse_money(text, where=where),
    "gigabytes": lambda text, where: parse_gigabytes(text, where=where),
    "count": lambda text, where: parse_count(text, where=where),
    "context": lambda text, where: parse_context(text, where=where),
    "percent": lambda text, where: parse_percent(text, where=where),
    "cap": lambda text, where: parse_count(text.removesuffix("%").strip(), where=where),
}
"""How the step of a range is read, by the reader of the wish."""


def _wish(flag: Flag, key: str, value: Any, catalog: Catalog, where: str) -> Any:
    """The value of a field; ``UNSET`` where the wish is written as none, false or an empty list."""
    default = Request.model_fields[flag.field].default
    can_be_none = default in (None, (), "none") or flag.switch
    if (value is None or str(value).strip().casefold() == "none" or value == []) and can_be_none:
        return UNSET
    return fields_of({key: value}, catalog, where=where).get(flag.field, UNSET)


def _shock_axis(target: str, value: Any, catalog: Catalog, where: str) -> Axis:
    key, place = _price_of(target, catalog, where), f"{where}, {target[:60]}"
    values = _expanded(
        listed(value, place),
        lambda item: _factor(item, place),
        lambda text: parse_factor_step(text, where=place),
        default_step=None,
        where=place,
    )
    return Axis(f"{SHOCK} {key.removeprefix(PRICE_OF)}", (key,), values)


def _joint_shocks(value: Any, catalog: Catalog, where: str) -> Axis:
    settings = [_shocks(item, catalog, where) for item in listed(value, where)]
    keys = tuple(dict.fromkeys(key for setting in settings for key in setting))
    unset = dict.fromkeys(keys, UNSET)
    _once(settings, where)
    return Axis(SHOCK, keys, tuple({**unset, **setting} for setting in settings))


def _shocks(value: Any, catalog: Catalog, where: str) -> dict[str, Any]:
    if value is None or value == "none":
        return {}
    if not isinstance(value, dict):
        raise InputError(
            f"{str(value)[:40]!r} is no change of prices",
            where=where,
            mend="write a mapping such as {gpu: +30%, memory: x4}",
        )
    return {
        _price_of(target, catalog, where): _factor(factor, f"{where}, {target[:60]}")
        for target, factor in value.items()
    }


def _price_of(target: str, catalog: Catalog, where: str) -> str:
    name = target.strip().casefold()
    return PRICE_OF + (name if is_general(name) else named_part(target, where, catalog))


def _factor(value: Any, where: str) -> Any:
    if value is None or str(value).strip().casefold() == "none":
        return UNSET
    return parse_factor(value, where=where)


def _expanded(
    values: list[Any],
    read: Callable[[Any], Any],
    read_step: Callable[[str], int] | None,
    *,
    default_step: int | None,
    where: str,
) -> Sequence[Any]:
    """The values of an axis, its ranges written out; a range by itself is not."""
    pieces: list[Sequence[Any]] = []
    for value in values:
        span = _RANGE.fullmatch(value) if isinstance(value, str) and read_step else None
        if span is None or read_step is None:
            pieces.append((read(value),))
            continue
        if span[3] is None and default_step is None:
            raise InputError(
                f"{value[:40]!r} has no step", where=where, mend=f"write {value.strip()} step N"
            )
        pieces.append(_range(span, read, read_step, default_step or 1, where))
    if len(pieces) == 1:
        return pieces[0]
    if sum(map(len, pieces)) > LONGEST_AXIS:
        raise InputError(f"has over {LONGEST_AXIS:,} values", where=where, mend="take larger steps")
    found = [value for piece in pieces for value in piece]
    _once(found, where)
    return tuple(found)


def _range(
    span: re.Match[str],
    read: Callable[[Any], Any],
    read_step: Callable[[str], int],
    default_step: int,
    where: str,
) -> range:
    first, last = (_end(read, span[n], where) for n in (1, 2))
    step = default_step if span[3] is None else read_step(span[3])
    told = span[0].strip()[:60]
    if step <= 0:
        raise InputError(f"{told!r} goes nowhere", where=where, mend="give a step above 0")
    if last < first:
        raise InputError(f"{told!r} is empty", where=where, mend="give the lower end first")
    return range(first, last + 1, step)


def _end(read: Callable[[Any], Any], text: str, where: str) -> int:
    value = read(text)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(
            f"{text[:40]!r} is no end of a range", where=where, mend="give a number at both ends"
        )
    return value


def _once(values: Sequence[Any], where: str) -> None:
    """No value stands twice."""
    seen: set[str] = set()
    for value in values:
        if repr(value) in seen:
            raise InputError("has a value twice", where=where, mend=f"keep one {value!r}")
        seen.add(repr(value))
