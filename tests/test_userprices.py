"""Prices of one's own: read strictly, used instead of the market's, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.outcome import Optimal
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.userprices import read_prices, template, with_prices

CARD = "nvidia-rtx-pro-6000-blackwell"
REQUEST = Request(budget_cents=500_000, min_vram_gb=24)


def priced(catalog: Catalog, path: Path, text: str) -> Catalog:
    path.write_text(text, encoding="utf-8")
    return with_prices(catalog, REQUEST, path)


def answer(catalog: Catalog) -> Optimal:
    found = solve(REQUEST, catalog=catalog)
    assert isinstance(found, Optimal)
    return found


def test_the_template_given_back_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    """Every price of the market, written and read again, gives the same build for the same sum."""
    text = template(catalog.parts.values(), catalog.market("us-2026"))
    again = answer(priced(catalog, tmp_path / "all.csv", text))
    before = answer(catalog)
    assert [line.part for line in again.build.parts] == [line.part for line in before.build.parts]
    assert again.build.total_cents == before.build.total_cents


def test_a_price_of_ones_own_is_used_and_told(catalog: Catalog, tmp_path: Path) -> None:
    """A card for a third of its price wins; the answer says whose price that is."""
    cheap = answer(priced(catalog, tmp_path / "deal.csv", f'part,price\n{CARD},"3,000"\n'))
    (card,) = (line for line in cheap.build.parts if line.kind == "gpu")
    assert (card.part, card.price_cents, card.price_source) == (CARD, 300_000, "given in deal.csv")
    assert "1 of them your own" in cheap.about.assumptions[0].text
    assert CARD not in {line.part for line in answer(catalog).build.parts}


def test_only_the_named_condition_is_replaced(catalog: Catalog, tmp_path: Path) -> None:
    """A used price leaves the new one alone, and an older date does not matter."""
    text = f"part,price,condition,date\n{CARD},4000,used,2020-01-01\n"
    market = priced(catalog, tmp_path / "used.csv", text).market("us-2026")
    before = catalog.market("us-2026")
    assert market.offer(CARD, ("new",)) == before.offer(CARD, ("new",))
    used = market.offer(CARD, ("used",))
    assert used is not None
    assert used.price_cents == 400_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("part,pryce\nx,1\n", "pryce"),
        ("part\nx\n", "no column price"),
        ("", "no column part"),
        (f"part,price\n{CARD}\n", "row 2"),
        (f"part,price\n{CARD},1,2\n", "row 2"),
        (f"part,price\n{CARD},-3\n", "amount"),
        (f"part,price\n{CARD},\n", "amount"),
        ("part,price\ngefroce-9999,3\n", "gefroce-9999"),
        (f"part,price,condition\n{CARD},3,mint\n", "mint"),
        (f"part,price,date\n{CARD},3,yesterday\n", "yesterday"),
        ('part,price\n"a\n', "CSV"),
    ],
)
def test_a_file_that_cannot_be_used(
    text: str, words: str, catalog: Catalog, tmp_path: Path
) -> None:
    """File, row and mend are named; nothing is half-taken."""
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        read_prices(path, catalog, REQUEST)
    assert "bad.csv" in str(caught.value)
