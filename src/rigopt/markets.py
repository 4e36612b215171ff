"""Markets: dated prices of a region. Parts know no price; a market knows nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from rigopt.csvtable import read_table
from rigopt.errors import InputError
from rigopt.parts import Fact, first_problem
from rigopt.parts.base import Slug, Text
from rigopt.priceindex import PriceIndex, Ratio

Condition = Literal["new", "used", "refurbished"]
Basis = Literal["quote", "msrp", "estimate"]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Price(Fact):
    """What one part cost in one condition on one day, and who says so."""

    part: Slug
    price_cents: Annotated[int, Field(ge=0, le=10**9)]
    condition: Condition
    basis: Basis
    date: date
    source: Text
    note: str | None = None
    currency: Currency | None = None
    """``None``: that of the market."""


class MarketInfo(Fact):
    """The head of a market: ``market.json``."""

    id: Slug
    title: Text
    region: Text
    currency: Currency
    as_of: date
    circuit: Text
    """The usual wall circuit of the region, as ``models/power.toml`` names it."""
    framework: Text
    """The framework release of the time, as ``models/frameworks.toml`` names it."""
    prices_include_tax: bool = False


class Exchange(Fact):
    """Another currency, and what one unit of the market's currency is in it."""

    currency: Currency
    rate_millionths: Annotated[int, Field(gt=0, le=10**12)]

    def of(self, cents: int) -> int:
        """An amount in the other currency, rounded half up to the cent."""
        return (cents * self.rate_millionths + 500_000) // 1_000_000

    @property
    def rate(self) -> str:
        """The rate as people write it: "0.92"."""
        whole, rest = divmod(self.rate_millionths, 1_000_000)
        return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


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

    def carried(self, day: date, kinds: Mapping[str, str], index: PriceIndex) -> Market:
        """The market as of another day: prices of other months carried over by a price index.

        ``kinds`` names the kind of every part. A price that the index cannot carry stays as it is.
        """
        rows = [
            _carried(row, day, index.ratio(kinds.get(row.part, ""), row.date, day))
            for row in self.rows()
        ]
        changed = sum(row.date == day and row.basis == "estimate" for row in rows)
        title = f"{self.info.title}, carried to {day} ({changed} prices)"
        return Market(self.info.model_copy(update={"title": title, "as_of": day}), rows)

    def times(self, factors: Mapping[str, Ratio], told: str) -> Market:
        """The market if the prices of some parts were multiplied; ``told`` says by what.

        ``factors`` names them by part. What is multiplied becomes an estimate.
        """
        said = f", supposed: {told}"
        rows = [
            _estimate(row, factors[row.part], row.date, said) if row.part in factors else row
            for row in self.rows()
        ]
        changed = sum(row.part in factors for row in rows)
        title = f"{self.info.title}, {told} ({changed} prices)"
        return Market(self.info.model_copy(update={"title": title}), rows)

    def in_currency(self, exchange: Exchange | None) -> Market:
        """The market with every price in one currency: the market's own, or another.

        Raises:
            InputError: if a price is in a currency that has no rate.
        """
        own = self.info.currency
        target = own if exchange is None else exchange.currency
        rows = []
        for row in self.rows():
            if (row.currency or own) == target:
                rows.append(row)
            elif exchange is not None and row.currency in (None, own):
                rows.append(row.model_copy(update={"price_cents": exchange.of(row.price_cents)}))
            else:
                raise InputError(
                    f"the price of {row.part} is in {row.currency}, the others in {target}",
                    where="prices",
                    mend=f"add --currency {row.currency}=RATE, or give it in {target}",
                )
        if exchange is None or target == own:
            return self
        title = f"{self.info.title}, in {target} at {exchange.rate} to one {own}"
        return Market(self.info.model_copy(update={"title": title, "currency": target}), rows)

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


def _carried(row: Price, day: date, ratio: Ratio | None) -> Price:
    if ratio is None or (row.date.year, row.date.month) == (day.year, day.month):
        return row
    return _estimate(row, ratio, day, f" carried over by the price index ({ratio.percent} %)")


def _estimate(row: Price, ratio: Ratio, day: date, told: str) -> Price:
    """A price multiplied, with what it was and what was done to it."""
    said = f"; {row.note}" if row.note else ""
    return row.model_copy(
        update={
            "price_cents": ratio.of(row.price_cents),
            "basis": "estimate",
            "date": day,
            "note": f"{row.basis} of {row.date}{told}{said}",
        }
    )


COLUMNS = ("part", "price_cents", "condition", "basis", "date", "source", "note")
"""Of a market's price files."""


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
        prices.extend(read_table(path, Price, COLUMNS))
    return Market(info, prices)
