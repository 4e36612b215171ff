"""What questions about an answer give: frozen values, as those of ``outcome``."""

from __future__ import annotations

from typing import Literal

from rigopt.outcome import Outcome, PartLine
from rigopt.parts import Fact


class Rival(Fact):
    """The build that would be the answer instead."""

    text: str
    """Its cards, score and price."""
    changes: tuple[str, ...]
    """What it has instead of what the answer has."""
    score: int
    total_cents: int
    parts: tuple[PartLine, ...]


class PriceRange(Fact):
    """The prices of one part with which the answer stays the same, all other prices as they are.

    Exact: at ``least_cents`` and ``most_cents`` it is the same, one cent beyond it is not.
    """

    part: str
    name: str
    pieces: int
    """How many of it the answer buys."""
    price_cents: int
    """Of one piece now."""
    least_cents: int
    most_cents: int | None
    """``None``: at any price above, too."""
    cheaper: Rival | None
    """The answer just below ``least_cents``; ``None``: there is no price below it."""
    dearer: Rival | None
    """The answer just above ``most_cents``; ``None``: there is none then, or no such price."""


class BudgetRange(Fact):
    """The budgets with which the answer stays the same, exact to the cent."""

    least_cents: int
    """What the answer costs."""
    most_cents: int | None
    """``None``: with any larger budget."""
    less: Rival | None
    """The answer just below; ``None``: there is none."""
    more: Rival | None


class Sensitivity(Fact):
    """How far prices and budget may move before another build is the answer."""

    schema_version: Literal[4] = 4
    answer: Outcome
    budget: BudgetRange | None
    """``None``: there is no proven answer, or time ended."""
    prices: tuple[PriceRange, ...]
    complete: bool
    """Whether every range that was asked for is there; otherwise time ended."""


class Limit(Fact):
    """A wish, an option or a rule without which another build would be the answer."""

    id: str
    kind: Literal["budget", "wish", "default", "option", "rule"]
    text: str
    change: str
    """The flag to paste that relaxes it by so much; "": it is a rule, or to be left out."""
    gain: Rival
    """The best build then: a higher score, or (not of rules) as high for less."""


class Limits(Fact):
    """What holds an answer back."""

    schema_version: Literal[4] = 4
    answer: Outcome
    limits: tuple[Limit, ...]
    complete: bool
    """Whether everything was looked at; otherwise time ended."""
