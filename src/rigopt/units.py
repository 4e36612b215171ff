"""Money and sizes: parsed once at the edge, integers everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from rigopt.errors import InputError

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_MONEY = re.compile(
    r"^\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?\s*(k)?$", re.IGNORECASE | re.ASCII
)
MAX_CENTS = 10**10
MAX_GB = 1_000_000


def known_sum(values: Iterable[int | None]) -> int | None:
    """The sum of values; ``None`` if one of them is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def parse_money(text: str | float, *, where: str) -> int:
    """Cents of an amount such as ``5000``, ``"4,999.99"``, ``"$5k"``.

    Raises:
        InputError: if it is no amount, negative, or beyond 100 million.
    """
    match = _MONEY.match(str(text).strip())
    mend = "give a positive amount such as 5000 or 4999.99"
    if match is None:
        raise InputError(f"{str(text)[:40]!r} is not an amount of money", where=where, mend=mend)
    try:
        amount = Decimal(match[1].replace(",", "") + (match[2] or ""))
    except InvalidOperation:
        raise InputError(
            f"{str(text)[:40]!r} is not an amount of money", where=where, mend=mend
        ) from None
    cents = int(amount * (100_000 if match[3] else 100))
    if cents > MAX_CENTS:
        raise InputError(f"{str(text)[:40]!r} is out of range", where=where, mend=mend)
    return cents


def format_money(cents: int, currency: str = "USD") -> str:
    """``123456`` -> ``"$1,234.56"``; whole amounts without the zeros."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    digits = f"{whole:,}" + (f".{rest:02d}" if rest else "")
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency}"


_SIZE = re.compile(r"^(\d{1,7})\s*(gb|g|tb|t)?$", re.IGNORECASE | re.ASCII)


def parse_gigabytes(text: str | int, *, where: str) -> int:
    """Gigabytes of ``24``, ``"24GB"`` or ``"2TB"`` (2,000 GB, as drives are sold).

    Raises:
        InputError: if it is no whole, non-negative size.
    """
    match = _SIZE.match(str(text).strip())
    if match is None:
        raise InputError(
            f"{str(text)[:40]!r} is not a size",
            where=where,
            mend="give whole gigabytes such as 24, 64GB or 2TB",
        )
    size = int(match[1]) * (1000 if (match[2] or "").lower().startswith("t") else 1)
    if size > MAX_GB:
        raise InputError(
            f"{str(text)[:40]!r} is out of range", where=where, mend=f"give at most {MAX_GB:,} GB"
        )
    return size


def parse_count(text: str | int, *, where: str, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number within bounds.

    Raises:
        InputError: if it is not one.
    """
    digits = str(text).strip()
    value = int(digits) if re.fullmatch(r"\d{1,12}", digits, re.ASCII) else least - 1
    if isinstance(text, bool) or not least <= value <= most:
        raise InputError(
            f"{str(text)[:40]!r} is not usable here",
            where=where,
            mend=f"give a whole number from {least} to {most}",
        )
    return value
