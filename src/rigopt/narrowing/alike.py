"""Options that no statement tells apart but by amounts: of equal ones the best are enough.

What this leaves out depends on no other kind, no sum of money and no bound: it holds for every part
of a problem, and whichever of its rules are dropped. It is the same for all requests whose wishes
see the options alike, and found once for these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from rigopt.narrowing.columns import Columns
from rigopt.narrowing.compare import Comparison
from rigopt.narrowing.standing import kinds_of, standing
from rigopt.narrowing.values import Ints
from rigopt.problem import SCORED
from rigopt.rules.base import Statement
from rigopt.rules.shapes import Balance, Relation
from rigopt.rules.sizing import CORES

Statements = Sequence[Statement]

MOST_KEPT = 256
"""So many answers are kept, each of a kind and what wishes see of it."""


class Seen(Comparison):
    """The options of a kind as statements see them whatever the others are."""

    def __init__(self, columns: Columns, kind: str, statements: Statements) -> None:
        super().__init__(columns, kind, np.arange(len(columns.lines[kind])))
        for statement in statements:
            if isinstance(statement, Balance):
                self._balance(statement)
            elif isinstance(statement, Relation) and kind in kinds_of(statement):
                self._equal(statement.operands)

    def _balance(self, balance: Balance) -> None:
        """The less an option adds the better, if as much is known of it."""
        amounts = self._columns.row(balance)[0].amounts
        if self.kind in amounts:
            self._less(amounts[self.kind].of_line)
            self.same += [
                self._columns.term(term)[1].astype(np.int64)
                for term in (*balance.demand, *balance.supply)
                if term.kind == self.kind
            ]

    def score(self) -> None:
        """Let only options compare that score the same."""
        self._equal((*SCORED, CORES))
        if self.kind == "gpu":
            self.same.append(self._columns.configurations[1])

    def telling(self) -> None:
        """Forget what tells no options apart, and what is there twice."""
        self.same, self.amounts = _telling(self.same), _telling(self.amounts)

    def digest(self) -> bytes:
        """The same bytes for what is seen alike."""
        found = blake2b(self._additive.tobytes(), digest_size=16)
        for columns in (self.same, self.amounts):
            found.update(b"%d" % len(columns))
            for column in columns:
                found.update(column.tobytes())
        return found.digest()


def _telling(columns: Iterable[Ints]) -> list[Ints]:
    found = {column.tobytes(): column for column in columns if (column != column[0]).any()}
    return list(found.values())


def unbettered(columns: Columns, goal: Statement | None = None) -> dict[str, Ints]:
    """The places of the options that none betters which all statements see alike.

    ``goal``: what is to be missed by as little as can be, beside what the problem asks.
    """
    if goal not in columns.starts:
        columns.starts[goal] = _unbettered(columns, [] if goal is None else [goal])
    return columns.starts[goal]


def _unbettered(columns: Columns, beside: Statements) -> dict[str, Ints]:
    rules = [s for _, s in columns.statements if s in standing()]
    wishes = [*(s for _, s in columns.statements if s not in standing()), *beside]
    return {
        kind: _of_kind(columns, kind, rules, wishes) if lines else np.arange(0)
        for kind, lines in columns.lines.items()
    }


def _of_kind(columns: Columns, kind: str, rules: Statements, wishes: Statements) -> Ints:
    by_wishes = Seen(columns, kind, wishes)
    by_wishes.telling()
    kept, key = columns.alike, (kind, *map(id, rules), by_wishes.digest())
    if key not in kept:
        seen = Seen(columns, kind, (*rules, *wishes))
        seen.score()
        seen.telling()
        while len(kept) >= MOST_KEPT:
            del kept[next(iter(kept))]
        kept[key] = np.flatnonzero(seen.undominated())
    return kept[key]
