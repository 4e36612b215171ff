"""Prices that people bring along: a CSV file of parts and what they cost."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import get_args

from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.markets import Condition, Market, Price
from rigopt.parts import Part
from rigopt.units import parse_money

COLUMNS = ("part", "price", "condition", "date", "source")
"""Of them part and price are wanted; new, the day of the market and the file's name are taken."""


def with_prices(catalog: Catalog, market: Market, path: Path) -> tuple[Catalog, int]:
    """A catalogue in which a file's prices take the place of a market's, and how many they are.

    Raises:
        InputError: naming file, row and what to mend, of the first row that cannot be used.
    """
    rows = read_prices(path, catalog, market)
    return catalog.with_market(market.with_prices(rows)), len(rows)


def read_prices(path: Path, catalog: Catalog, market: Market) -> list[Price]:
    """The prices of a file with the columns ``part,price`` and, if it likes, the others.

    A part is called by id, name or part number; a price is an amount of the market's currency.

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
            _price(row, catalog, market, path, f"{path}, row {reader.line_num}") for row in reader
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
    row: Mapping[str | None, str | None], catalog: Catalog, market: Market, path: Path, where: str
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
    return Price(
        part=catalog.resolve(given["part"], where=where).id,
        price_cents=parse_money(given["price"], where=where),
        condition=condition,  # type: ignore[arg-type]
        basis="quote",
        date=_day(given.get("date", ""), where) or market.info.as_of,
        source=given.get("source") or f"given in {path.name}",
    )


def _day(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(
            f"{text[:40]!r} is not a day", where=where, mend="write it as 2026-09-01"
        ) from None


def template(parts: Iterable[Part], market: Market) -> str:
    """A price file of parts, with what the market says of them, to be edited and given back."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for part in parts:
        for offer in market.offers(part.id):
            price = f"{offer.price_cents // 100}.{offer.price_cents % 100:02d}"
            writer.writerow((part.id, price, offer.condition, offer.date, offer.source))
    return text.getvalue()
