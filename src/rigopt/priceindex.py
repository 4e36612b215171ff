"""How prices of a kind of part moved from month to month, to carry old prices to another day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from rigopt.csvtable import read_table
from rigopt.parts import Fact
from rigopt.parts.base import Text

COLUMNS = ("kind", "month", "index", "source", "note")


class IndexPoint(Fact):
    """The price level of a kind of part in a month; only ratios within a kind mean anything."""

    kind: str
    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
    index: Annotated[int, Field(gt=0, le=1_000_000)]
    source: Text
    note: str | None = None


class Ratio(NamedTuple):
    """A price is to be multiplied by ``after / before``."""

    before: int
    after: int

    def of(self, cents: int) -> int:
        """A price carried over, rounded to the cent."""
        return (2 * cents * self.after + self.before) // (2 * self.before)

    @property
    def percent(self) -> int:
        """The price after in per cent of the one before."""
        return self.of(100)


class PriceIndex:
    """Price levels by kind and month. Between two months the level runs straight.

    After the last month it stays as it is: nothing later is known. Before the first one there is
    no level.
    """

    def __init__(self, points: Iterable[IndexPoint] = ()) -> None:
        self._points: dict[str, list[tuple[int, int]]] = {}
        for point in sorted(points, key=lambda p: (p.kind, p.month)):
            year, month = map(int, point.month.split("-"))
            self._points.setdefault(point.kind, []).append((12 * year + month, point.index))

    def __len__(self) -> int:
        return sum(map(len, self._points.values()))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that have a level."""
        return tuple(self._points)

    def ratio(self, kind: str, before: date, after: date) -> Ratio | None:
        """How much dearer a kind is on one day than on another; ``None``: not known."""
        levels = self._level(kind, before), self._level(kind, after)
        return None if None in levels else Ratio(*levels)  # type: ignore[arg-type]

    def _level(self, kind: str, day: date) -> int | None:
        """The level in a month, in units of which a month's index has 1,000."""
        points = self._points.get(kind, [])
        month = 12 * day.year + day.month
        place = bisect_right(points, month, key=lambda point: point[0])
        if place == 0:
            return None
        since, level = points[place - 1]
        if place == len(points):
            return 1000 * level
        until, later = points[place]
        return 1000 * level + 1000 * (later - level) * (month - since) // (until - since)


def load_index(path: Path) -> PriceIndex:
    """The price index in a CSV file; an empty one if there is no such file.

    Raises:
        InputError: if the file cannot be used.
    """
    return PriceIndex(read_table(path, IndexPoint, COLUMNS) if path.is_file() else ())
