"""Money, sizes and counts as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigopt.errors import InputError
from rigopt.units import format_money, parse_count, parse_gigabytes, parse_money


@given(st.integers(0, 10**9))
def test_money_reads_back(cents: int) -> None:
    """What is printed is read as the same amount."""
    assert parse_money(format_money(cents), where="test") == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [("5000", 500_000), ("$4,999.99", 499_999), ("5k", 500_000), ("2.5k", 250_000), (12, 1_200)],
)
def test_money(text: str, cents: int) -> None:
    """Plain, with separators, with a symbol, in thousands."""
    assert parse_money(text, where="test") == cents


@pytest.mark.parametrize("text", ["-1", "", "nan", "inf", "1e9", "12.345", "1,00", "٣", "$", True])
def test_no_money(text: str) -> None:
    """Everything else is refused with a mend."""
    with pytest.raises(InputError, match="give a positive amount"):
        parse_money(text, where="test")


@pytest.mark.parametrize(("text", "gb"), [("24", 24), ("64GB", 64), ("2TB", 2000), ("1 tb", 1000)])
def test_sizes(text: str, gb: int) -> None:
    """Gigabytes unless it says terabytes, which drives count by the thousand."""
    assert parse_gigabytes(text, where="test") == gb


def test_counts_have_bounds() -> None:
    """Both edges are in, the values beyond are out."""
    assert parse_count("1", where="test", least=1, most=8) == 1
    assert parse_count("8", where="test", least=1, most=8) == 8
    for text in ("0", "9", "x", "1.0", True):
        with pytest.raises(InputError, match="from 1 to 8"):
            parse_count(text, where="test", least=1, most=8)
