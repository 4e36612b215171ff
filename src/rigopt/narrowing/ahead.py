"""What the standing rules and the money leave: worked out once for all requests that it serves.

Wishes only take more away, so that whatever they leave is found among it.
"""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import NamedTuple

from rigopt.narrowing.alike import unbettered
from rigopt.narrowing.columns import Columns
from rigopt.narrowing.left import LITTLE
from rigopt.narrowing.narrow import Narrowing
from rigopt.narrowing.standing import standing
from rigopt.narrowing.values import Ints, is_part
from rigopt.rules.base import Statement

MORE_PCT, ENOUGH_PCT = 105, 70
"""A little more money is looked at than is asked about, for the next question. Where money is at
least such a share of what was looked at, that is not looked at anew."""
MOST_KEPT = 32


class Ahead(NamedTuple):
    """What was left of some options by some of the standing rules and money."""

    rules: tuple[int, ...]
    start: dict[str, Ints]
    most_cents: float
    left: Narrowing

    def serves(self, rules: tuple[int, ...], start: dict[str, Ints], cents: float) -> bool:
        """Whether what fewer options, money and wishes leave is found among it."""
        return (
            rules == self.rules
            and enough(self.most_cents, cents)
            and all(is_part(places, self.start[kind]) for kind, places in start.items())
        )


def enough(looked_at: float, cents: float) -> bool:
    """Whether what so much money leaves serves for less of it."""
    return cents <= looked_at and looked_at * ENOUGH_PCT <= cents * 100


def a_little_more(cents: int | None) -> int | None:
    """So much money is looked at, for the next question."""
    return None if cents is None else cents * MORE_PCT // 100


def consistent(
    columns: Columns,
    dropped: Collection[str],
    most_cents: int | None,
    goal: Statement | None = None,
) -> Narrowing:
    """What is left of all options by consistency alone, with little looked at.

    ``goal``: what is to be made small.
    """
    found = Narrowing(
        columns,
        dropped=dropped,
        most_cents=most_cents,
        within=_ahead(columns, dropped, most_cents, goal),
        most_judged=LITTLE,
        goal=goal,
    )
    for kind, places in unbettered(columns, goal).items():
        found.choose(kind, places)
    found.consistent()
    return found


def _ahead(
    columns: Columns,
    dropped: Collection[str],
    most_cents: int | None,
    goal: Statement | None,
) -> Narrowing:
    start = unbettered(columns, goal)
    force = [s for rule, s in columns.statements if rule not in dropped]
    rules = tuple(id(statement) for statement in force if statement in standing())
    cents = inf if most_cents is None else most_cents
    known: list[Ahead] = columns.ahead
    for place, one in enumerate(known):
        if one.serves(rules, start, cents):
            known.append(known.pop(place))
            return one.left
    wishes = {rule for rule, s in columns.statements if s not in standing()}
    left = Narrowing(
        columns,
        dropped=wishes.union(dropped),
        most_cents=most_cents,
        most_judged=LITTLE,
        goal=goal,
    )
    left.consistent()
    known.append(Ahead(rules, start, cents, left))
    del known[:-MOST_KEPT]
    return left
