"""Sets of what-if scenarios as data: a base request, axes or a list of changes, perhaps a sample.

    base: {used: true, min-storage: 2000}
    axes:
      budget: 2000..10000 step 500
      workload: [training, llm-decode-7b]
      shock: {gpu: [none, +30%], memory: [none, x4]}
    sample: 100     # that many of the grid, drawn with the seed
    seed: 7

``list`` holds entries that set several wishes at once, each perhaps with a name; with axes beside
it, every entry is looked at along all axes. Nothing is written out: a scenario is made from its
number.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.flags import FLAGS, Flag
from rigopt.request import Request, make_request
from rigopt.requestfile import WRITERS, Expand, as_written
from rigopt.units import parse_count
from rigopt.userfiles import read_mapping
from rigopt.whatif.axes import PRICE_OF, UNSET, Axis, Setting, listed, read_axes, read_setting
from rigopt.whatif.shocks import UNCHANGED_BP, Shock, format_factor, shocked
from rigopt.world import World

KEYS = ("base", "axes", "list", "sample", "seed")
NAME = "name"
"""The label of an entry of the list."""


class Scenario(NamedTuple):
    """One question: a request, and prices as they might become."""

    request: Request
    shocks: tuple[Shock, ...] = ()

    def catalog(self, catalog: Catalog) -> Catalog:
        """The catalogue with the prices supposed.

        Raises:
            InputError: if the market is not known.
        """
        return shocked(catalog, self.request.market, self.shocks)


class Column(NamedTuple):
    """A column of a table: what its cells hold beside ``None``."""

    name: str
    type: type[int | float | bool | str]


@dataclass(frozen=True)
class ScenarioSet:
    """Scenarios, numbered from 1; as many as ``count`` says."""

    base: Setting
    axes: tuple[Axis, ...]
    """The first one varies slowest."""
    drawn: tuple[int, ...] | None = None
    """Places in the grid; ``None``: all of it."""

    @property
    def grid(self) -> int:
        """Combinations of all values of all axes."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def count(self) -> int:
        """How many scenarios there are."""
        return self.grid if self.drawn is None else len(self.drawn)

    def places(self, number: int) -> tuple[int, ...]:
        """Where on each axis a scenario lies."""
        rest = number - 1 if self.drawn is None else self.drawn[number - 1]
        found = []
        for axis in reversed(self.axes):
            rest, place = divmod(rest, len(axis.values))
            found.append(place)
        return tuple(reversed(found))

    def number(self, places: tuple[int, ...]) -> int:
        """The number of the scenario at a place of a full grid."""
        rest = 0
        for axis, place in zip(self.axes, places, strict=True):
            rest = rest * len(axis.values) + place
        return rest + 1

    def ordered(self, last: Collection[str]) -> Iterator[int]:
        """The numbers of all scenarios, with the axes of these fields varying fastest, and from
        large values to small."""
        places = range(len(self.axes))
        fast = [n for n in places if set(self.axes[n].keys) <= set(last)]
        slow = [n for n in places if n not in fast]
        order = [*slow, *fast]
        if self.drawn is not None:
            at = {number: self.places(number) for number in range(1, self.count + 1)}
            ranks = {n: {place: rank for rank, place in enumerate(self._falling(n))} for n in fast}
            yield from sorted(
                at,
                key=lambda number: [
                    ranks[n][p] if n in ranks else p for n, p in ((n, at[number][n]) for n in order)
                ],
            )
            return
        for found in product(
            *(range(len(self.axes[n].values)) for n in slow), *(self._falling(n) for n in fast)
        ):
            by_axis = dict(zip(order, found, strict=True))
            yield self.number(tuple(by_axis[n] for n in places))

    def _falling(self, axis: int) -> list[int]:
        """The places of an axis from its largest value to its smallest; none is the largest."""
        values = self.axes[axis].values

        def size(place: int) -> tuple[bool, Any]:
            value = values[place]
            known = isinstance(value, int)
            return not known, value if known else 0

        return sorted(range(len(values)), key=size, reverse=True)

    def label(self, axis: Axis, place: int) -> str:
        """A value of an axis as people write it."""
        told = []
        for key, value in axis.setting(place).items():
            name = key.removeprefix(PRICE_OF)
            if key == NAME:
                return str(value)
            if value is UNSET:
                text = "none"
            elif key.startswith(PRICE_OF):
                text = format_factor(value)
            else:
                flag = _FLAGS[key]
                text = WRITERS[flag.reads](value) if flag.reads in WRITERS else _text(key, value)
                text = text.removesuffix(".00")
                name = flag.name
            told.append(text if len(axis.keys) == 1 else f"{name} {text}")
        return ", ".join(told) or "none"

    def settings(self, number: int) -> dict[str, Any]:
        """All that is set in a scenario."""
        found = dict(self.base)
        for axis, place in zip(self.axes, self.places(number), strict=True):
            found |= axis.setting(place)
        return {key: value for key, value in found.items() if value is not UNSET}

    def scenario(self, number: int) -> Scenario:
        """The scenario of a number from 1 to ``count``.

        Raises:
            InputError: if its wishes contradict each other.
        """
        settings = self.settings(number)
        settings.pop(NAME, None)
        shocks = tuple(
            Shock(key.removeprefix(PRICE_OF), settings.pop(key))
            for key in sorted(settings)
            if key.startswith(PRICE_OF)
        )
        return Scenario(make_request(settings, where=f"scenario {number:,}"), shocks)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What varies: fields of a request, ``price of TARGET``, and ``name``."""
        return tuple(key for axis in self.axes for key in axis.keys)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that tell scenarios apart."""
        return tuple(_column(key) for key in self.keys)

    def cells(self, number: int, scenario: Scenario | None = None) -> tuple[Any, ...]:
        """What stands in those columns."""
        scenario = scenario or self.scenario(number)
        settings = self.settings(number)
        return tuple(_cell(key, scenario.request, settings) for key in self.keys)

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits that differ between sets; comments and spelling do not count."""
        written = (sorted(self.base.items()), [(a.name, a.keys, a.values) for a in self.axes])
        text = json.dumps([repr(written), self.drawn])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def validate(
        self, catalog: Catalog, tell: Callable[[int, int], None] = lambda _done, _all: None
    ) -> tuple[Request, ...]:
        """See that every scenario can be asked.

        Returns:
            One request for each combination of market, mix and the like among the scenarios.

        Raises:
            InputError: if one contradicts itself, or names what does not go together.
        """
        looked_up: dict[tuple[Any, ...], Request] = {}
        for number in range(1, self.count + 1):
            request = self.scenario(number).request
            key = tuple(getattr(request, field) for field in _LOOKED_UP)
            if key not in looked_up:
                looked_up[key] = request
                World.of(request, catalog)
            if number % 1000 == 0:
                tell(number, self.count)
        return tuple(looked_up.values())

    def __iter__(self) -> Iterator[Scenario]:
        return (self.scenario(number) for number in range(1, self.count + 1))


_LOOKED_UP = (
    "market",
    "as_of",
    "exchange",
    "tax_bp",
    "profile",
    "framework",
    "circuit",
    "workload",
    "dataset_gb",
)
"""Fields that stand for something else, and may not go together."""


def read_scenarios(
    path: Path,
    catalog: Catalog,
    *,
    grow: Callable[[Catalog], Catalog] = lambda catalog: catalog,
    own: Expand = as_written,
) -> tuple[ScenarioSet, Catalog]:
    """The scenarios of a YAML or JSON file, and the catalogue that they speak of.

    Args:
        path: the file.
        catalog: what its names mean.
        grow: adds imported parts to the catalogue, where some scenario asks for them.
        own: puts parts in the place of build files that are owned.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    written, where = read_mapping(path), str(path)
    for key in written:
        if key not in KEYS:
            raise InputError("is not known", where=f"{where}, {key[:60]}", mend=nearest(key, KEYS))
    base, axes = (_mapping(written.get(key), f"{where}, {key}") for key in ("base", "axes"))
    entries = _entries(written, where)
    if any("unverified" in piece for piece in (base, axes, *entries)):
        catalog = grow(catalog)

    def with_parts(written: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal catalog
        written, catalog = own(written, catalog, path.parent)
        return written

    base, entries = with_parts(base), [with_parts(entry) for entry in entries]
    if "own" in axes:
        values = listed(axes["own"], f"{where}, axes, own")
        axes = {**axes, "own": [with_parts({"own": value})["own"] for value in values]}
    settings = read_setting(base, catalog, where=f"{where}, base")
    found = read_axes(axes, catalog, where=f"{where}, axes")
    if entries:
        found = (_list_axis(entries, found, catalog, where), *found)
    if not found:
        raise InputError(
            "varies nothing", where=where, mend="add axes such as budget: 2000..10000 step 500"
        )
    whole = ScenarioSet(settings, found)
    if "sample" not in written:
        if "seed" in written:
            raise InputError("is for a sample", where=f"{where}, seed", mend="add sample: 100")
        return whole, catalog
    least = parse_count(written["sample"], where=f"{where}, sample", least=1)
    seed = parse_count(written.get("seed", 0), where=f"{where}, seed", most=2**31 - 1)
    if least > whole.grid:
        raise InputError(
            f"asks for {least:,} of {whole.grid:,} scenarios",
            where=f"{where}, sample",
            mend="leave it out or lower it",
        )
    return ScenarioSet(settings, found, _drawn(whole.grid, least, seed)), catalog


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError("is no mapping", where=where, mend="write lines such as budget: 5000")
    return value


def _entries(written: Mapping[str, Any], where: str) -> list[Mapping[str, Any]]:
    if "list" not in written:
        return []
    value, place = written["list"], f"{where}, list"
    if not isinstance(value, list) or not value:
        raise InputError(
            "holds no scenarios", where=place, mend="write entries such as - {budget: 5000}"
        )
    return [_mapping(entry, f"{place} {n}") for n, entry in enumerate(value, start=1)]


def _list_axis(
    entries: list[Mapping[str, Any]], axes: tuple[Axis, ...], catalog: Catalog, where: str
) -> Axis:
    """The entries of a list as an axis; what an entry does not set is left to the base."""
    settings, names = [], set()
    taken = {key: axis.name for axis in axes for key in axis.keys}
    for number, entry in enumerate(entries, start=1):
        place = f"{where}, list {number}"
        rest = dict(entry)
        name = rest.pop(NAME, None)
        setting = read_setting(rest, catalog, where=place)
        for key in setting:
            if key in taken:
                raise InputError(
                    f"sets what the axis {taken[key]} sets", where=place, mend="keep one of them"
                )
        if name is not None:
            if str(name) in names:
                raise InputError(
                    f"{str(name)[:40]!r} stands there twice", where=place, mend="rename one"
                )
            names.add(str(name))
            setting[NAME] = str(name)
        settings.append(setting)
    keys = tuple(dict.fromkeys(key for setting in settings for key in setting))
    if NAME in keys:
        keys = (NAME, *(key for key in keys if key != NAME))
    return Axis("list", keys, tuple(settings))


def _drawn(of: int, count: int, seed: int) -> tuple[int, ...]:
    """So many places below ``of``, sorted: every set of places is as likely.

    Floyd's way, on ``Random.random``: the one method that gives the same for ever.
    """
    draw = random.Random(seed).random
    found: set[int] = set()
    for top in range(of - count, of):
        place = int(draw() * (top + 1))
        found.add(top if place in found else place)
    return tuple(sorted(found))


_NUMBERS = frozenset({"money", "gigabytes", "count", "percent", "context"})
_TYPES: dict[str, type[int | bool | str]] = {}
_FLAGS: dict[str, Flag] = {}
"""The flag of every field; of two, the one that takes a value."""
for _flag in FLAGS:
    _FLAGS.setdefault(_flag.field, _flag)
    kind: type[int | bool | str] = int if _flag.reads in _NUMBERS else str
    _TYPES.setdefault(_flag.field, bool if _flag.switch else kind)


def _column(key: str) -> Column:
    if key.startswith(PRICE_OF):
        target = key.removeprefix(PRICE_OF)
        return Column("shock_" + target.replace("-", "_").replace(".", "_"), float)
    return Column(key, str if key == NAME else _TYPES[key])


def _cell(key: str, request: Request, settings: Setting) -> Any:
    if key.startswith(PRICE_OF):
        return settings.get(key, UNCHANGED_BP) / UNCHANGED_BP
    if key == NAME:
        return settings.get(key)
    value = getattr(request, key)
    if value is None or _TYPES[key] is not str:
        return value
    return _text(key, value) or None


def _text(key: str, value: Any) -> str:
    """The value of a field as people write it, several with "; " between them."""
    if key == "own":
        return "; ".join(f"{item.quantity}x {item.part}" for item in value)
    if key == "brands":
        return "; ".join(f"{item.kind}={','.join(item.brands)}" for item in value)
    if isinstance(value, tuple):
        return "; ".join(value)
    return WRITERS["exchange"](value) if key == "exchange" else str(value)
