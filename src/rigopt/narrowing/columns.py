"""The options of a problem as columns of numbers, and what was judged of their values so far."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from rigopt.build import Line
from rigopt.narrowing.tables import Bools, Ints, Table, Values, ints
from rigopt.problem import MANY_MODELS, SCORED, Problem, Wiring, rank_of
from rigopt.rules.base import ABSENT
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total
from rigopt.rules.seats import foreign
from rigopt.rules.shapes import Balance, Relation
from rigopt.rules.sizing import CORES
from rigopt.rules.standard import RULES
from rigopt.seating import cramped

MOST_ASKED = 4_096
"""Operands and relations of which it is remembered what they read: wishes bring their own."""
UNLIMITED = -(10**15)
"""What an option adds to a balance that supplies nobody knows how much, where that is admitted."""


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


class Judged:
    """What was read and judged so far, of operands and statements of one sort."""

    def __init__(self) -> None:
        self.values: dict[AnyOperand, Values] = {}
        self.columns: dict[Operand | Total, Column] = {}
        self.last: dict[Total, int] = {}
        self.expansions: dict[tuple[object, ...], Expansion] = {}
        self.tables: dict[int, Table] = {}
        self.rows: dict[int, tuple[Row, dict[str, Bools]]] = {}


class Standing(Judged):
    """What was read and judged of the options by the standing rules and the objective: the same
    for all problems that differ in wishes only."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.lines: dict[str, tuple[Line, ...]] = {
            kind: tuple(sorted(lines, key=lambda line: (line.cost_cents or 0, rank_of(line))))
            for kind, lines in problem.options.items()
        }
        self.quantity = {k: ints(line.quantity for line in v) for k, v in self.lines.items()}
        self.wirings: list[Wiring | None] = [None]
        self.wired: Table | None = None

    @cached_property
    def price(self) -> Row:
        """What is paid, in cents."""
        return Row(
            0,
            {
                kind: self.amounts(kind, [line.cost_cents or 0 for line in lines])
                for kind, lines in self.lines.items()
                if lines
            },
        )

    def amounts(self, kind: str, values: Sequence[int]) -> Amounts:
        amounts, pieces = np.array(values, dtype=np.int64), self.quantity[kind]
        return Amounts(amounts, amounts // pieces, -(-amounts // pieces))

    @cached_property
    def parts(self) -> dict[str, Ints]:
        """The part of every option, as a number."""
        found = {}
        for kind, lines in self.lines.items():
            numbers: dict[str, int] = {}
            found[kind] = ints(numbers.setdefault(line.part.id, len(numbers)) for line in lines)
        return found

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


class Columns:
    """The options of a problem, by price and rank, as columns of numbers."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        common = problem.common
        if not isinstance(common.judged, Standing):
            common.judged = Standing(problem)
        self._standing = common.judged
        self._own = Judged()
        self.lines, self.quantity = self._standing.lines, self._standing.quantity
        self.wirings = self._standing.wirings
        """How several cards are wired: the meaning of the numbers in ``wired``."""
        self.statements: list[tuple[str, Relation | Balance]] = [
            (rule.id, statement)
            for rule in problem.rules
            if rule.hard
            for statement in rule.statements
            if isinstance(statement, Relation)
            or (isinstance(statement, Balance) and statement.applies(problem.world))
        ]

    @property
    def price(self) -> Row:
        """What is paid, in cents."""
        return self._standing.price

    @property
    def parts(self) -> dict[str, Ints]:
        """The part of every option, as a number."""
        return self._standing.parts

    @property
    def singles(self) -> dict[str, Ints]:
        """Of every option the place of the one with the fewest pieces of its part."""
        return self._standing.singles

    def _judged(self, what: AnyOperand | Relation | Balance) -> Judged:
        """Where what is known of an operand or a statement is kept."""
        return self._standing if what in standing() else self._own

    # --- facts -----------------------------------------------------------------------------

    def values(self, operand: AnyOperand) -> Values:
        """The values of an operand that were met so far."""
        return self._judged(operand).values.setdefault(operand, Values())

    def column(self, operand: Operand | Total) -> Column:
        """The value of every option."""
        columns = self._judged(operand).columns
        if operand not in columns:
            world, lines = self.problem.world, self.lines[operand.kind]
            values = self.values(operand)
            if isinstance(operand, Total):
                found = [operand.value(line, world) for line in lines]
                columns[operand] = Column(ints(-1 if v is None else v for v in found), None)
                return columns[operand]
            codes = ints(values.code(operand.of_option(line, world)) for line in lines)
            optional = operand.kind not in self.problem.required
            columns[operand] = Column(codes, values.code(operand.of_none) if optional else None)
        return columns[operand]

    def alive(self, operand: AnyOperand, left: dict[str, Ints]) -> Ints:
        """The values that an operand can have with the options that are left."""
        match operand:
            case Derived():
                return np.unique(self.expansion(operand, left).values)
            case Total():
                return self._sums(operand, left)
        column = self.column(operand)
        found = np.unique(column.codes[left[operand.kind]])
        if column.none is not None and column.none not in found:
            found = np.append(found, column.none)
        return found

    def _sums(self, total: Total, left: dict[str, Ints]) -> Ints:
        """The sums that a build can have; all above the largest that matters are one."""
        world, values = self.problem.world, self.values(total)
        last = self._judged(total).last
        if total not in last:
            last[total] = min(total.most(world) + 1, total.limit(world))
        pieces = self.column(total).codes[left[total.kind]]
        if len(pieces) == 1 and total.kind in self.problem.required:
            only = int(pieces[0])
            return ints([values.code(None if only < 0 else min(only, last[total]))])
        most = int(pieces.max(initial=0)) * (world.most_drives if total.kind in MANY_MODELS else 1)
        largest = min(last[total], most)
        unknown = [None] if (pieces < 0).any() else []
        return ints(values.code(key) for key in (*range(largest + 1), *unknown))

    def expansion(self, derived: Derived, left: dict[str, Ints]) -> Expansion:
        """Every value of a derived operand, with the values that it comes from."""
        facts = list(leaves(derived))
        alive = [self.alive(fact, left) for fact in facts]
        key = (derived, *(codes.tobytes() for codes in alive))
        expansions = self._judged(derived).expansions
        if key not in expansions:
            values, entries = self.values(derived), []
            for codes, value in self._entries(derived, left):
                entries.append((*codes, values.code(value)))
            table = np.array(entries, dtype=np.int64).reshape(len(entries), len(facts) + 1)
            expansions[key] = Expansion(table[:, :-1], table[:, -1])
        return expansions[key]

    def _entries(
        self, operand: AnyOperand, left: dict[str, Ints]
    ) -> list[tuple[tuple[int, ...], Hashable]]:
        """Pairs (values of the facts, value)."""
        if not isinstance(operand, Derived):
            keys = self.values(operand).keys
            return [((int(code),), keys[code]) for code in self.alive(operand, left)]
        domains = [self._entries(source, left) for source in operand.sources]
        width = [sum(1 for _ in leaves(source)) for source in operand.sources]
        world, found = self.problem.world, []

        def extend(codes: tuple[int, ...], keys: tuple[Hashable, ...]) -> None:
            if operand.never is not None and operand.never(world, keys):
                return
            value = operand.settled(keys) if keys else None
            if value is not None:
                found.append(((*codes, *[-1] * sum(width[len(keys) :])), value))
            elif len(keys) == len(domains):
                found.append((codes, operand.of_keys(keys)))
            else:
                for more, key in domains[len(keys)]:
                    extend((*codes, *more), (*keys, key))

        extend((), ())
        return found

    # --- statements --------------------------------------------------------------------------

    def table(self, relation: Relation) -> Table:
        """What was judged of a relation: 1 where it is admitted."""
        tables = self._judged(relation).tables
        if id(relation) not in tables:
            world = self.problem.world
            tables[id(relation)] = Table(
                [self.values(operand) for operand in relation.operands],
                lambda keys: relation.admits(relation.verdict(world, keys), world),
                relation.irrelevant,
                if_moot=1,
            )
        return tables[id(relation)]

    @property
    def wired(self) -> Table:
        """How several cards are wired: 0 where they are not, or nobody knows."""
        if self._standing.wired is None:
            self._standing.wired = self._wired_table()
        return self._standing.wired

    def _wired_table(self) -> Table:
        numbers: dict[Wiring | None, int] = {None: 0}

        def judge(keys: Sequence[Any]) -> int:
            layout, links, cards, room, span = keys
            if None in keys or None in links or layout is ABSENT or cards is ABSENT:
                return 0
            wiring = self.problem.wiring(layout, links[0], links[1], cards, room, span)
            if wiring not in numbers:
                numbers[wiring] = len(numbers)
                self.wirings.append(wiring)
            return numbers[wiring]

        return Table(
            [self.values(operand) for operand in SCORED],
            judge,
            (
                (0, 1, lambda layout, links: links[0] is not None and foreign(layout, links[0])),  # type: ignore[index, arg-type]
                (2, 3, cramped),
            ),
            if_moot=0,
        )

    def row(self, balance: Balance) -> tuple[Row, dict[str, Bools]]:
        """A balance as numbers, and which options it admits whatever the others are."""
        rows = self._judged(balance).rows
        if id(balance) not in rows:
            world = self.problem.world
            amounts, admitted = {}, {}
            for kind in dict.fromkeys(term.kind for term in (*balance.demand, *balance.supply)):
                if not self.lines[kind]:
                    continue
                weights = [balance.weight(line, world, UNLIMITED) for line in self.lines[kind]]
                if None in weights:
                    admitted[kind] = np.array([weight is not None for weight in weights])
                amounts[kind] = self._standing.amounts(kind, [weight or 0 for weight in weights])
            bound = balance.supply_base(world) - balance.demand_base(world)
            rows[id(balance)] = Row(bound, amounts), admitted
        return rows[id(balance)]


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
