"""Markets: dated prices of a region. Parts know no price; a market knows nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from rigopt.errors import InputError
from rigopt.parts import Fact, first_problem
from rigopt.parts.base import Slug, Text

Condition = Literal["new", "used", "refurbished"]
Basis = Literal["quote", "msrp", "estimate"]


class Price(Fact):
    """What one part cost in one condition on one day, and who says so."""

    part: Slug
    price_cents: Annotated[int, Field(ge=0, le=10**9)]
    condition: Condition
    basis: Basis
    date: date
    source: Text
    note: str | None = None


class MarketInfo(Fact):
    """The head of a market: ``market.json``."""

    id: Slug
    title: Text
    region: Text
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    as_of: date
    circuit: Text
    """The usual wall circuit of the region, as ``models/power.toml`` names it."""


class Market:
    """A region's price list. Immutable; the newest price of a part and condition holds."""

    def __init__(self, info: MarketInfo, prices: Iterable[Price]) -> None:
        self.info = info
        latest: dict[tuple[str, str], Price] = {}
        for price in sorted(prices, key=lambda p: (p.part, p.condition, p.date, p.price_cents)):
            latest[price.part, price.condition] = price
        offers: dict[str, list[Price]] = {}
        for price in latest.values():
            offers.setdefault(price.part, []).append(price)
        self._offers: Mapping[str, tuple[Price, ...]] = {
            part: tuple(sorted(rows, key=lambda p: (p.price_cents, p.condition)))
            for part, rows in offers.items()
        }

    def with_prices(self, prices: Iterable[Price]) -> Market:
        """A market in which these prices hold instead of those of the same part and condition."""
        given = tuple(prices)
        replaced = {(row.part, row.condition) for row in given}
        kept = [row for row in self.rows() if (row.part, row.condition) not in replaced]
        title = f"{self.info.title}, {len(given)} of them your own"
        info = self.info.model_copy(update={"title": title}) if given else self.info
        return Market(info, [*kept, *given])

    def offers(self, part_id: str) -> tuple[Price, ...]:
        """Every current price of a part, cheapest first."""
        return self._offers.get(part_id, ())

    def offer(self, part_id: str, conditions: Iterable[Condition]) -> Price | None:
        """The cheapest current price in one of the conditions."""
        wanted = frozenset(conditions)
        return next((row for row in self.offers(part_id) if row.condition in wanted), None)

    @property
    def priced_parts(self) -> tuple[str, ...]:
        """Ids of the parts that have a price, sorted."""
        return tuple(sorted(self._offers))

    def rows(self) -> tuple[Price, ...]:
        """Every price that holds, sorted by part."""
        return tuple(row for part in self.priced_parts for row in self._offers[part])


_COLUMNS = ("part", "price_cents", "condition", "basis", "date", "source", "note")
_PRICES = TypeAdapter(Price)


def read_prices(path: Path) -> list[Price]:
    """The prices of one CSV file.

    Raises:
        InputError: naming file, row and field of the first row that cannot be used.
    """
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise InputError(
                    "the first line is not the expected header",
                    where=str(path),
                    mend=f"begin with {','.join(_COLUMNS)}",
                )
            return [_price(row, f"{path}, row {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"cannot be read as UTF-8 CSV ({error})", where=str(path), mend="mend or remove it"
        ) from None


def _price(row: dict[str, str | None], where: str) -> Price:
    if None in row or None in row.values():
        raise InputError(
            f"has not {len(_COLUMNS)} columns", where=where, mend="quote fields that hold commas"
        )
    raw = {key: value for key, value in row.items() if value not in (None, "")}
    cents = raw.get("price_cents", "") or ""
    try:
        day = date.fromisoformat(raw.get("date", "") or "")
        return _PRICES.validate_python(
            {**raw, "price_cents": int(cents) if cents.isdecimal() else cents, "date": day}
        )
    except ValueError as error:
        if isinstance(error, ValidationError):
            raise InputError(first_problem(error), where=where, mend="correct it") from None
        raise InputError(
            "field date is not a day", where=where, mend="write it as 2026-09-01"
        ) from None


def load_market(folder: Path) -> Market:
    """The market in a folder: ``market.json`` and every ``prices/*.csv``.

    Raises:
        InputError: if a file cannot be used.
    """
    head = folder / "market.json"
    try:
        info = MarketInfo.model_validate_json(head.read_bytes())
    except OSError:
        raise InputError("is missing", where=str(head), mend="add it") from None
    except ValidationError as error:
        raise InputError(first_problem(error), where=str(head), mend="correct it") from None
    prices: list[Price] = []
    for path in sorted((folder / "prices").glob("*.csv")):
        prices.extend(read_prices(path))
    return Market(info, prices)
