"""What was read and judged of the options so far; what of it is the same for all wishes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rigopt.build import Line
from rigopt.narrowing.tables import Table
from rigopt.narrowing.values import Bools, Ints, Values, ints, numbered
from rigopt.problem import SCORED, Problem, ScoreKey, Wiring, rank_of
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total, Value
from rigopt.rules.shapes import Balance, Relation
from rigopt.rules.sizing import CORES
from rigopt.rules.standard import RULES

MOST_ASKED = 4_096
"""Operands and relations of which it is remembered what they read: wishes bring their own."""


class Column(NamedTuple):
    """The value of every option of a kind as a number."""

    codes: Ints
    none: int | None
    """The number of the value that a build has with no part of the kind; ``None``: it has one."""


class Amounts(NamedTuple):
    """What options add to a balance: a line of them; at least and at most, a piece of it."""

    of_line: Ints
    least_of_piece: Ints
    most_of_piece: Ints


class Row(NamedTuple):
    """A balance: amounts by kind, the sum of which is at most a bound."""

    bound: int
    amounts: dict[str, Amounts]


class Expansion(NamedTuple):
    """The values that a derived operand can have: of which values of its sources it comes."""

    codes: Ints
    """A row an entry, a column a fact; -1: whatever its value."""
    values: Ints
    """The value of every entry."""
    alive: Ints
    """The values that some entry has."""


class Paces(NamedTuple):
    """What several equal cards do under every wiring, a row a wiring; the wirings grow more."""

    per_second: npt.NDArray[np.float64]
    """Units of every workload; -inf where it cannot be predicted."""
    points: Ints
    """0 where it cannot be predicted."""


class Judged:
    """What was read and judged so far, of operands and statements of one sort."""

    def __init__(self) -> None:
        self.values: dict[AnyOperand, Values] = {}
        self.columns: dict[Operand | Total, Column] = {}
        self.last: dict[Total, int] = {}
        self.expansions: dict[tuple[object, ...], Expansion] = {}
        self.widest: dict[Derived, tuple[Sequence[Ints], Expansion]] = {}
        """Of operands the expansion with the most entries: others may be a part of it."""
        self.tables: dict[int, Table] = {}
        self.rows: dict[int, tuple[Row, dict[str, Bools]]] = {}


class Standing(Judged):
    """What was read and judged of the options by the standing rules and the objective: the same
    for all problems that differ in wishes only."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.options = problem.options
        self.lines: dict[str, tuple[Line, ...]] = {
            kind: tuple(sorted(lines, key=lambda line: (line.cost_cents or 0, rank_of(line))))
            for kind, lines in self.options.items()
        }
        self.quantity = {k: ints(line.quantity for line in v) for k, v in self.lines.items()}
        self.wirings: list[Wiring | None] = [None]
        self.wired: Table | None = None
        self.paces: dict[Hashable, Paces] = {}
        self.terms: dict[tuple[str, Value], tuple[Ints, Bools]] = {}
        self.alike: dict[Hashable, Ints] = {}
        self.ahead: list[Any] = []

    @cached_property
    def price(self) -> Row:
        """What is paid, in cents."""
        return Row(
            0,
            {
                kind: self.amounts(kind, ints(line.cost_cents or 0 for line in lines))
                for kind, lines in self.lines.items()
                if lines
            },
        )

    def amounts(self, kind: str, amounts: Ints) -> Amounts:
        pieces = self.quantity[kind]
        return Amounts(amounts, amounts // pieces, -(-amounts // pieces))

    @cached_property
    def order(self) -> dict[str, Ints]:
        """Of every option its place among the problem's, which are in the order of ids."""
        found = {}
        for kind, lines in self.lines.items():
            place = {id(line): number for number, line in enumerate(self.options[kind])}
            found[kind] = ints(place[id(line)] for line in lines)
        return found

    @cached_property
    def parts(self) -> dict[str, Ints]:
        """The part of every option, as a number."""
        return {k: numbered(line.part.id for line in v) for k, v in self.lines.items()}

    @cached_property
    def configurations(self) -> tuple[list[ScoreKey], Ints]:
        """What the score reads of cards, every sort once, and of which every option is."""
        keys = [Problem.score_key(line) for line in self.lines["gpu"]]
        return list(dict.fromkeys(keys)), numbered(keys)

    @cached_property
    def singles(self) -> dict[str, Ints]:
        """Of every option the place of the one with the fewest pieces of its part."""
        found = {}
        for kind, part in self.parts.items():
            order = np.lexsort((self.quantity[kind], part))
            first = np.zeros(int(part.max(initial=-1)) + 1, dtype=np.int64)
            first[part[order[::-1]]] = order[::-1]
            found[kind] = first[part]
        return found

    @cached_property
    def by_the_piece(self) -> dict[str, Bools]:
        """Of every option whether all of it is bought, for so much a piece."""
        found = {}
        for kind, row in self.price.amounts.items():
            owned = np.array([line.owned > 0 for line in self.lines[kind]], dtype=np.bool_)
            cents = row.of_line
            found[kind] = ~owned & (cents == cents[self.singles[kind]] * self.quantity[kind])
        return found


@cache
def standing() -> frozenset[AnyOperand | Relation | Balance]:
    """The standing rules' statements, and every operand that they or the objective read."""
    statements = [
        statement
        for rule in RULES
        for statement in rule.statements
        if isinstance(statement, Relation | Balance)
    ]
    operands: list[AnyOperand] = [*SCORED, CORES]
    for statement in statements:
        if isinstance(statement, Relation):
            operands += statement.operands
    for operand in operands:
        if isinstance(operand, Derived):
            operands += operand.sources
    return frozenset((*statements, *operands))


@lru_cache(maxsize=MOST_ASKED)
def leaves(operand: AnyOperand) -> tuple[Operand | Total, ...]:
    """The facts that an operand is computed from."""
    if isinstance(operand, Derived):
        return tuple(leaf for source in operand.sources for leaf in leaves(source))
    return (operand,)


@lru_cache(maxsize=MOST_ASKED)
def kinds_of(relation: Relation) -> tuple[str, ...]:
    """The kinds that a relation reads."""
    found = (leaf.kind for operand in relation.operands for leaf in leaves(operand))
    return tuple(dict.fromkeys(found))


def reads(operand: AnyOperand, kind: str) -> bool:
    """Whether an operand is computed from facts of a kind."""
    return any(leaf.kind == kind for leaf in leaves(operand))
