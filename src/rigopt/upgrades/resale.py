"""What parts fetch when they are sold on: a share of the price paid, by kind and time held.

The shares are assumptions: rows of ``models/resale.toml``, each with its source.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from rigopt.assumptions import read_toml, validated
from rigopt.parts import KINDS, Fact

Pct = Annotated[int, Field(ge=0, le=100)]
WHOLE = 10_000


class Resale(Fact):
    """What parts of a kind fetch."""

    at_once_pct: Pct
    """Of the price paid, when sold right away."""
    loss_pct: Pct
    """What that falls by every further year."""
    source: str

    def share(self, months: int) -> int:
        """The share of the price paid after so many months, in hundredths of a per cent: falling
        by the same factor every year, straight within a year."""
        years, rest = divmod(months, 12)
        kept = 100 - self.loss_pct
        now = WHOLE * self.at_once_pct // 100
        for _ in range(years):
            now = now * kept // 100
        then = now * kept // 100
        return now - (now - then) * rest // 12


@lru_cache(maxsize=1)
def resales() -> dict[str, Resale]:
    """The rows of ``models/resale.toml`` by kind."""
    name = "resale.toml"
    found = {key: validated(name, Resale, value) for key, value in read_toml(name).items()}
    assert found.keys() <= set(KINDS)
    return found


def fetches(kind: str, paid_cents: int, months: int, index_pct: int = 100) -> int:
    """What a piece is sold for, in cents, after so many months; never more than was paid.

    ``index_pct``: the price level of the kind on that day in per cent of that when it was bought.
    """
    row = resales().get(kind)
    if row is None:
        return 0
    return min(paid_cents, paid_cents * row.share(months) * index_pct // (100 * WHOLE))
