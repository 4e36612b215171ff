"""Price lists as shops and sites write them: CSV or JSON, with a map from our columns to theirs.

What names exactly one part of the catalogue becomes a price; the rest is reported, not guessed.
Words find a part only if its brand is among them: the price of "an RTX 4090" is that of no card.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, get_args

from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.imports.base import Skipped
from rigopt.markets import Condition
from rigopt.parts import KINDS, Fact, Part
from rigopt.units import parse_day, parse_money
from rigopt.userprices import COLUMNS

MAX_BYTES = 64 << 20
OURS = (*COLUMNS, "kind")
"""Columns that may be mapped; ``kind`` only narrows what a name may mean."""


class PriceReport(Fact):
    """What became of the rows of a price list."""

    rows: int
    taken: int
    skipped: tuple[Skipped, ...]


def import_prices(
    path: Path, catalog: Catalog, columns: Mapping[str, str]
) -> tuple[str, PriceReport]:
    """A price list as the text of a file for ``--prices``, and what became of its rows.

    Args:
        path: a CSV file with a header, or a JSON list of objects.
        catalog: parts that the rows may name by id, name, part number or words.
        columns: the list's column for each of ours; ours by the same name need no entry.

    Raises:
        InputError: if the file cannot be read, or a column is not there.
    """
    rows = _rows(path)
    taken_from = _columns(columns, rows, path)
    skipped: list[Skipped] = []
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    taken = 0
    for place, row in rows:
        given = {
            ours: "" if row.get(theirs) is None else str(row[theirs]).strip()
            for ours, theirs in taken_from.items()
        }
        where = f"{path.name}, {place}"
        try:
            writer.writerow(_priced(given, catalog, path))
            taken += 1
        except InputError as error:
            mend = f"; {error.mend}" if error.mend else ""
            skipped.append(Skipped(record=where, why=f"{error.what}{mend}"))
    return text.getvalue(), PriceReport(rows=len(rows), taken=taken, skipped=tuple(skipped))


def _priced(given: Mapping[str, str], catalog: Catalog, path: Path) -> tuple[str, ...]:
    name, kind = given["part"], given.get("kind", "").casefold()
    if not name:
        raise InputError("no part is named")
    kinds = (kind,) if kind in KINDS else KINDS
    part = _the_one(catalog.find(name, kinds=kinds), name, catalog)
    condition = given.get("condition", "").casefold() or "new"
    if condition not in get_args(Condition):
        raise InputError(f"condition {condition[:40]!r} is not new, used or refurbished")
    cents = parse_money(given["price"], where="")
    day = given.get("date", "")
    return (
        part.id,
        f"{cents // 100}.{cents % 100:02d}",
        condition,
        str(parse_day(day, where="")) if day else "",
        given.get("currency", "").upper(),
        given.get("source", "") or f"given in {path.name}",
    )


def _the_one(found: Sequence[Part], name: str, catalog: Catalog) -> Part:
    found = [part for part in found if not part.unverified] or found
    if len(found) == 1:
        (part,) = found
        words, brand = name.casefold(), part.brand.casefold()
        without = part.name.casefold().removeprefix(brand).strip()
        if brand in words or words == without or catalog.is_exact(name, part):
            return part
        raise InputError(f"{name[:60]!r} names no brand; {part.id} is the nearest")
    if not found:
        raise InputError(f"no part is called {name[:60]!r}")
    shown = ", ".join(part.id for part in found[:3]) + (", ..." if len(found) > 3 else "")
    raise InputError(f"{name[:60]!r} fits {len(found)} parts: {shown}")


def _columns(
    given: Mapping[str, str], rows: list[tuple[str, dict[str, Any]]], path: Path
) -> dict[str, str]:
    """The list's column for each of ours that it has."""
    there = list(dict.fromkeys(key for _, row in rows for key in row))
    for ours, theirs in given.items():
        if ours not in OURS:
            raise InputError(
                f"{ours[:40]!r} is none of our columns", where="--map", mend=nearest(ours, OURS)
            )
        if theirs not in there:
            raise InputError(
                f"has no column {theirs[:40]!r}", where=str(path), mend=nearest(theirs, there)
            )
    found = {ours: given.get(ours, ours) for ours in OURS if given.get(ours, ours) in there}
    for ours in ("part", "price"):
        if ours not in found:
            raise InputError(
                f"has no column {ours}", where=str(path), mend=f"add --map {ours}=ITS-COLUMN"
            )
    return found


def _rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The rows of the list, each with its place."""
    where = str(path)[:200]
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("is over 64 MiB long", where=where, mend="split it")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None)
        reason = "it is no UTF-8 text" if said is None else said.lower()
        raise InputError(
            f"cannot be read ({reason})", where=where, mend="name a CSV or JSON file"
        ) from None
    rows = _json(text, where) if path.suffix.casefold() == ".json" else _csv(text, where)
    if not rows:
        raise InputError("holds no rows", where=where, mend="name a list with prices")
    return rows


def _csv(text: str, where: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        reader = csv.DictReader(StringIO(text, newline=""), strict=True)
        return [
            (f"row {reader.line_num}", {key: value for key, value in row.items() if key})
            for row in reader
        ]
    except csv.Error as error:
        raise InputError(
            f"is no CSV ({error})", where=where, mend="quote fields that hold commas"
        ) from None


def _json(text: str, where: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(
            "is no JSON list of objects", where=where, mend='write [{"part": ..., "price": ...}]'
        )
    return [(f"entry {place}", row) for place, row in enumerate(found, start=1)]
