"""Prices that people bring along: a CSV file of parts and what they cost."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import get_args

from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.markets import Condition, Market, Price
from rigopt.parts import Part
from rigopt.request import Request
from rigopt.units import parse_day, parse_money

COLUMNS = ("part", "price", "condition", "date", "currency", "source")
"""Of them part and price are wanted. Otherwise a price counts as new, of the request's day and
currency (or the market's), with the file's name as its source."""


def with_prices(catalog: Catalog, request: Request, path: Path) -> Catalog:
    """A catalogue in which a file's prices take the place of those of the request's market.

    Raises:
        InputError: naming file, row and what to mend, of the first row that cannot be used.
    """
    market = catalog.market(request.market)
    return catalog.with_market(market.with_prices(read_prices(path, catalog, request)))


def read_prices(path: Path, catalog: Catalog, request: Request) -> list[Price]:
    """The prices of a file with the columns ``part,price`` and, if it likes, the others.

    A part is called by id, name or part number.

    Raises:
        InputError: naming file, row and what to mend, of the first row that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None)
        reason = "it is no UTF-8 text" if said is None else said.lower()
        raise InputError(
            f"cannot be read ({reason})", where=str(path)[:200], mend="name a CSV file"
        ) from None
    try:
        reader = csv.DictReader(text.splitlines(), strict=True)
        _check_header(tuple(reader.fieldnames or ()), path)
        return [
            _price(row, catalog, request, path, f"{path}, row {reader.line_num}") for row in reader
        ]
    except csv.Error as error:
        raise InputError(
            f"is no CSV ({error})", where=str(path), mend="quote fields that hold commas"
        ) from None


def _check_header(names: tuple[str, ...], path: Path) -> None:
    for name in names:
        if name not in COLUMNS:
            raise InputError(
                f"column {name[:40]!r} is not known", where=str(path), mend=nearest(name, COLUMNS)
            )
    for name in ("part", "price"):
        if name not in names:
            raise InputError(
                f"has no column {name}", where=str(path), mend="begin with the line part,price"
            )


def _price(
    row: Mapping[str | None, str | None], catalog: Catalog, request: Request, path: Path, where: str
) -> Price:
    if None in row or None in row.values():
        raise InputError(
            "has more or fewer fields than the header",
            where=where,
            mend="quote fields that hold commas",
        )
    given = {key: (value or "").strip() for key, value in row.items()}
    condition = given.get("condition") or "new"
    if condition not in get_args(Condition):
        raise InputError(
            f"condition {condition[:40]!r} is not known",
            where=where,
            mend="use new, used or refurbished",
        )
    day, currency = given.get("date", ""), given.get("currency", "").upper()
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise InputError(
            f"{currency[:40]!r} is no currency", where=where, mend="use three letters such as EUR"
        )
    info = catalog.market(request.market).info
    return Price(
        part=catalog.resolve(given["part"], where=where).id,
        price_cents=parse_money(given["price"], where=where),
        condition=condition,  # type: ignore[arg-type]
        basis="quote",
        date=parse_day(day, where=where) if day else request.as_of or info.as_of,
        currency=currency or (request.exchange.currency if request.exchange else info.currency),
        source=given.get("source") or f"given in {path.name}",
    )


def template(parts: Iterable[Part], market: Market) -> str:
    """A price file of parts, with what the market says of them, to be edited and given back."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for part in parts:
        for offer in market.offers(part.id):
            price = f"{offer.price_cents // 100}.{offer.price_cents % 100:02d}"
            currency = offer.currency or market.info.currency
            row = (part.id, price, offer.condition, offer.date, currency, offer.source)
            writer.writerow(row)
    return text.getvalue()
