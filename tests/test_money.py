"""What is paid beside the parts, in which money, and of which day prices are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigopt.catalog import Catalog, kind_of
from rigopt.charges import Charges
from rigopt.errors import InputError
from rigopt.markets import Exchange, Market, MarketInfo, Price
from rigopt.outcome import Infeasible, Optimal
from rigopt.priceindex import IndexPoint, PriceIndex, Ratio, load_index
from rigopt.request import Request
from rigopt.requestfile import fields_of_flags, written_request
from rigopt.solving import solve
from rigopt.world import market_of

REQUEST = Request(budget_cents=450_000, min_vram_gb=16)
DAY = date(2026, 1, 15)


@pytest.mark.parametrize(
    ("charges", "parts", "total"),
    [
        (Charges(825), 451_490, 488_738),  # 8.25 % of 4,514.90 is 372.479...: 372.48
        (Charges(825, 5000), 451_490, 493_738),
        (Charges(1900), 100, 119),
        (Charges(750), 60, 65),  # 4.5 cents are rounded up
        (Charges(0, 5000), 0, 0),
        (Charges(), 123, 123),
    ],
)
def test_a_bill_is_right_to_the_cent(charges: Charges, parts: int, total: int) -> None:
    """Tax is rounded half up on the sum; shipping is paid once, and only if anything is sent."""
    assert charges.to_pay(parts) == total


@given(st.integers(0, 10_000), st.integers(0, 10**6), st.integers(0, 10**8))
def test_affordable_is_the_most_that_a_total_buys(tax: int, shipping: int, total: int) -> None:
    """No larger sum of parts stays within the total."""
    charges = Charges(tax, shipping)
    parts = charges.affordable(total)
    assert charges.to_pay(parts) <= total
    assert charges.to_pay(parts + 1) > total


def test_tax_and_shipping_come_out_of_the_budget(catalog: Catalog) -> None:
    """What is paid is parts, tax and shipping; it keeps to the budget and buys no more."""
    charged = solve(REQUEST.replace(tax_bp=825, shipping_cents=5000), catalog=catalog)
    free = solve(REQUEST, catalog=catalog)
    assert isinstance(charged, Optimal)
    assert isinstance(free, Optimal)
    parts = sum(line.total_cents or 0 for line in charged.build.parts)
    tax = charged.build.tax_cents
    assert tax is not None
    assert tax == (parts * 825 + 5000) // 10_000
    assert charged.build.total_cents == parts + tax + 5000
    assert charged.build.total_cents <= 450_000
    assert (charged.build.score or 0) <= (free.build.score or 0)
    same = solve(
        REQUEST.replace(budget_cents=Charges(825, 5000).affordable(450_000)), catalog=catalog
    )
    assert isinstance(same, Optimal)
    assert [line.part for line in same.build.parts] == [line.part for line in charged.build.parts]


def test_the_way_out_is_enough_with_tax(catalog: Catalog) -> None:
    """The budget that an explanation names pays the tax too."""
    request = Request(budget_cents=60_000, min_vram_gb=24, tax_bp=1000)
    answer = solve(request, catalog=catalog)
    assert isinstance(answer, Infeasible)
    (way,) = (w for w in answer.explanation.ways_out if w.flag.startswith("--budget"))
    least = int(way.flag.removeprefix("--budget ")) * 100
    assert isinstance(solve(request.replace(budget_cents=least), catalog=catalog), Optimal)
    assert isinstance(solve(request.replace(budget_cents=least - 200), catalog=catalog), Infeasible)


def market(*prices: Price, include_tax: bool = False) -> Market:
    info = MarketInfo(
        id="m",
        title="A market",
        region="US",
        currency="USD",
        as_of=DAY,
        circuit="120v-15a",
        framework="pytorch-2.11-cuda",
        prices_include_tax=include_tax,
    )
    return Market(info, prices)


def price(part: str = "a", **changes: object) -> Price:
    fields: Mapping[str, object] = {
        "part": part,
        "price_cents": 10_000,
        "condition": "new",
        "basis": "quote",
        "date": DAY,
        "source": "somebody",
        **changes,
    }
    return Price.model_validate(fields)


EURO = Exchange(currency="EUR", rate_millionths=920_000)


def test_a_market_in_another_currency() -> None:
    """Every price is converted and rounded to the cent; one that is in that money stays."""
    listed = market(price(price_cents=12_345), price("b", currency="EUR", price_cents=500))
    euro = listed.in_currency(EURO)
    assert euro.info.currency == "EUR"
    assert "EUR at 0.92" in euro.info.title
    assert [row.price_cents for row in euro.rows()] == [11_357, 500]


def test_a_price_without_a_rate_is_refused() -> None:
    """A price in euros among dollars is not taken for dollars."""
    with pytest.raises(InputError, match="add --currency EUR=RATE"):
        market(price(currency="EUR")).in_currency(None)
    with pytest.raises(InputError, match="JPY"):
        market(price(currency="JPY")).in_currency(EURO)


def test_budget_and_answer_are_in_the_currency_asked_for(catalog: Catalog) -> None:
    """At two to one everything costs twice as much, so twice the budget buys the same."""
    double = Exchange(currency="CAD", rate_millionths=2_000_000)
    answer = solve(REQUEST.replace(exchange=double, budget_cents=900_000), catalog=catalog)
    plain = solve(REQUEST, catalog=catalog)
    assert isinstance(answer, Optimal)
    assert isinstance(plain, Optimal)
    assert answer.build.currency == "CAD"
    assert answer.build.total_cents == 2 * (plain.build.total_cents or 0)
    assert [line.part for line in answer.build.parts] == [line.part for line in plain.build.parts]


def test_tax_twice_is_refused(catalog: Catalog) -> None:
    """A market whose prices include tax takes none on top."""
    listed = catalog.with_market(market(include_tax=True))
    with pytest.raises(InputError, match="include tax"):
        market_of(Request(market="m", tax_bp=825), listed)


def point(month: str, index: int, kind: str = "memory") -> IndexPoint:
    return IndexPoint(kind=kind, month=month, index=index, source="a chart")


INDEX = PriceIndex([point("2025-07", 1000), point("2025-11", 2000), point("2026-01", 4000)])


@pytest.mark.parametrize(
    ("before", "after", "cents"),
    [
        (date(2025, 7, 1), date(2026, 1, 1), 40_000),
        (date(2025, 7, 1), date(2025, 9, 30), 15_000),  # half way
        (date(2026, 1, 1), date(2025, 7, 1), 2_500),
        (date(2025, 12, 1), date(2025, 12, 31), 10_000),
        (date(2026, 1, 1), date(2026, 8, 1), 10_000),  # nothing later is known
        (date(2026, 5, 1), date(2025, 7, 1), 2_500),
    ],
)
def test_an_index_carries_prices(before: date, after: date, cents: int) -> None:
    """Levels run straight from month to month, and stay after the last one."""
    ratio = INDEX.ratio("memory", before, after)
    assert ratio is not None
    assert ratio.of(10_000) == cents


def test_an_index_says_nothing_before_it_begins() -> None:
    """Neither before its first month nor of a kind that it does not have."""
    assert INDEX.ratio("memory", date(2025, 6, 1), date(2026, 1, 1)) is None
    assert INDEX.ratio("gpu", date(2025, 8, 1), date(2026, 1, 1)) is None


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**8))
def test_a_price_carried_there_and_back_is_the_same(before: int, after: int, cents: int) -> None:
    """But for the rounding to the cent."""
    there = Ratio(before, after).of(cents)
    back = Ratio(after, before).of(there)
    assert abs(back - cents) <= before // (2 * after) + 1


def test_carried_prices_say_so() -> None:
    """A price of another month becomes an estimate of the day, with its origin in the note."""
    listed = market(price(date=date(2025, 7, 10)), price("b"))
    carried = listed.carried(date(2026, 1, 31), {"a": "memory", "b": "memory"}, INDEX)
    a, b = carried.rows()
    assert (a.price_cents, a.basis, a.date) == (40_000, "estimate", date(2026, 1, 31))
    assert a.note == "quote of 2025-07-10 carried over by the price index (400 %)"
    assert b == price("b")
    assert "carried to 2026-01-31 (1 prices)" in carried.info.title


def test_the_shipped_index_covers_what_moved(catalog: Catalog) -> None:
    """Memory rose severalfold from mid-2025 to mid-2026, and the shipped index shows it."""
    ratio = catalog.price_index("US").ratio("memory", date(2025, 7, 1), date(2026, 6, 1))
    assert ratio is not None
    assert 250 <= ratio.percent <= 600


def test_as_of_changes_the_answer_and_its_dates(catalog: Catalog) -> None:
    """Memory of 2025 prices: the market of that day is cheaper, and says whose prices it has."""
    then = market_of(Request(as_of=date(2025, 7, 15)), catalog)
    now = catalog.market("us-2026")
    kits = [part.id for part in catalog.of_kind("memory")]
    moved = [
        (old.price_cents, new.price_cents)
        for part in kits
        for new in now.offers(part)
        for old in then.offers(part)
        if old.condition == new.condition and new.date >= date(2026, 1, 1)
    ]
    assert moved
    assert all(old < new for old, new in moved)
    assert then.info.as_of == date(2025, 7, 15)
    assert {kind_of(catalog.parts[row.part]) for row in then.rows()} >= {"gpu", "memory"}


def test_a_broken_index_is_named(tmp_path: Path) -> None:
    """File, row and field of an index that cannot be used."""
    path = tmp_path / "us.csv"
    for row, words in (
        ("memory,2025-13,1000,s,", "month"),
        ("memory,2025-07,0,s,", "index"),
        ("memory,2025-07,1000", "columns"),
    ):
        path.write_text(f"kind,month,index,source,note\n{row}\n", encoding="utf-8")
        with pytest.raises(InputError, match=words) as caught:
            load_index(path)
        assert "us.csv, row 2" in str(caught.value)
    assert len(load_index(tmp_path / "none.csv")) == 0


FLAGS = {
    "tax": "8.25%",
    "shipping": "49.90",
    "currency": "eur=0.92",
    "as-of": "2026-03",
    "budget": "5k",
}


def test_money_flags_are_read_and_written(catalog: Catalog) -> None:
    """What a saved build says reads back as the same request."""
    request = Request(**fields_of_flags(FLAGS, catalog))
    assert request.tax_bp == 825
    assert request.shipping_cents == 4990
    assert request.exchange == EURO
    assert request.as_of == date(2026, 3, 1)
    written = written_request(request)
    assert written["currency"] == "EUR=0.92"
    assert Request(**fields_of_flags(written, catalog)) == request


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("tax", "a lot"),
        ("tax", "101%"),
        ("tax", "-5"),
        ("tax", "8.255"),
        ("currency", "EUR"),
        ("currency", "EUR=0"),
        ("currency", "euros=1"),
        ("as-of", "2026-13"),
        ("as-of", "yesterday"),
        ("as-of", "26-03-01"),
        ("shipping", "free"),
    ],
)
def test_bad_money_is_refused(flag: str, value: str, catalog: Catalog) -> None:
    """One sentence that names the flag."""
    with pytest.raises(InputError, match=f"--{flag}"):
        fields_of_flags({flag: value}, catalog)
