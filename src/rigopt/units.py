"""Money and sizes: parsed once at the edge, integers everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
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


_PERCENT = re.compile(r"\s*(\d{1,3})(?:\.(\d{1,2}))?\s*%?\s*", re.ASCII)


def parse_percent(text: str | float, *, where: str) -> int:
    """Hundredths of a per cent of ``"8.25%"``, ``"8.25"`` or ``8.25``.

    Raises:
        InputError: if it is no share from 0 to 100 %.
    """
    match = _PERCENT.fullmatch(str(text))
    hundredths = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
    if not 0 <= hundredths <= 100_00:
        raise InputError(
            f"{str(text)[:40]!r} is no percentage", where=where, mend="give one such as 8.25%"
        )
    return hundredths


_RATE = re.compile(r"\s*([A-Za-z]{3})\s*=\s*(\d{1,6}(?:\.\d{1,6})?)\s*", re.ASCII)


def parse_rate(text: str, *, where: str) -> tuple[str, int]:
    """A currency and millionths of it for one unit of another: ``"EUR=0.92"``.

    Raises:
        InputError: if it is not of that form, or the rate is 0.
    """
    match = _RATE.fullmatch(str(text))
    millionths = int(Decimal(match[2]) * 1_000_000) if match else 0
    if match is None or millionths == 0:
        raise InputError(
            f"{str(text)[:40]!r} is no currency with a rate",
            where=where,
            mend="write it as EUR=0.92: one unit of the market's currency is 0.92 EUR",
        )
    return match[1].upper(), millionths


_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)


def parse_day(text: object, *, where: str) -> date:
    """A day such as ``2026-03-15``, or the first one of a month such as ``2026-03``.

    Raises:
        InputError: if it is neither, or not in this century.
    """
    written = str(text).strip()
    day = None
    if _DAY.fullmatch(written):
        with suppress(ValueError):
            day = date.fromisoformat(written if len(written) > 7 else f"{written}-01")
    if day is None or not 2000 <= day.year < 2100:
        raise InputError(
            f"{written[:40]!r} is not a day", where=where, mend="write it as 2026-03-15 or 2026-03"
        )
    return day
