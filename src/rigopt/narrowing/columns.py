"""The options of a problem as columns of numbers, and what was judged of their values so far."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from rigopt.build import Line
from rigopt.narrowing.standing import (
    Column,
    Expansion,
    Judged,
    Paces,
    Row,
    Standing,
    kinds_of,
    leaves,
    standing,
)
from rigopt.narrowing.tables import Table
from rigopt.narrowing.values import Bools, Ints, Values, among, ints, is_part, used
from rigopt.problem import MANY_MODELS, SCORED, Problem, ScoreKey, Wiring
from rigopt.rules.base import ABSENT, Statement, Verdict
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total, Value
from rigopt.rules.seats import foreign
from rigopt.rules.shapes import Balance, Relation, Term
from rigopt.seating import cramped

UNLIMITED, REFUSED = -(10**15), 10**15
"""What an option adds to a balance that supplies nobody knows how much, where that is admitted;
that asks for nobody knows how much, where that is not."""


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
        self.alike = self._standing.alike
        """What is left by options that are seen alike: by what sees them."""
        self.starts: dict[Statement | None, dict[str, Ints]] = {}
        """The same of all kinds: by what is to be made small."""
        self.ahead = self._standing.ahead
        """What the standing rules left so far (``narrowing.ahead``)."""
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
        self.kinds = {id(s): kinds_of(s) for _, s in self.statements if isinstance(s, Relation)}
        """The kinds that every relation reads, by its place in memory."""

    @property
    def price(self) -> Row:
        """What is paid, in cents."""
        return self._standing.price

    @property
    def parts(self) -> dict[str, Ints]:
        """The part of every option, as a number."""
        return self._standing.parts

    @property
    def configurations(self) -> tuple[list[ScoreKey], Ints]:
        """What the score reads of cards, every sort once, and of which every option is."""
        return self._standing.configurations

    @property
    def singles(self) -> dict[str, Ints]:
        """Of every option the place of the one with the fewest pieces of its part."""
        return self._standing.singles

    @property
    def by_the_piece(self) -> dict[str, Bools]:
        """Of every option whether all of it is bought, for so much a piece."""
        return self._standing.by_the_piece

    def in_order(self, kind: str, places: Ints) -> tuple[Line, ...]:
        """Some options, in the order of the problem."""
        order = self._standing.order[kind][places]
        return tuple(self._standing.options[kind][place] for place in np.sort(order))

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

    def alive(self, fact: Operand | Total, left: Ints, *, lacking: bool) -> Ints:
        """The values that a fact can have with the options that are left of its kind, or, if it may
        be ``lacking``, with none."""
        if isinstance(fact, Total):
            return self._sums(fact, left)
        column = self.column(fact)
        found = used(column.codes[left])
        if lacking and column.none is not None and column.none not in found:
            found = np.append(found, column.none)
        return found

    def _sums(self, total: Total, left: Ints) -> Ints:
        """The sums that a build can have; all above the largest that matters are one."""
        world, values = self.problem.world, self.values(total)
        last = self._judged(total).last
        if total not in last:
            last[total] = total.last(world)
        pieces = self.column(total).codes[left]
        if len(pieces) == 1 and total.kind in self.problem.required:
            only = int(pieces[0])
            return ints([values.code(None if only < 0 else min(only, last[total]))])
        most = int(pieces.max(initial=0)) * (world.most_drives if total.kind in MANY_MODELS else 1)
        largest = min(last[total], most)
        unknown = [None] if (pieces < 0).any() else []
        return ints(values.code(key) for key in (*range(largest + 1), *unknown))

    def expansion(self, derived: Derived, alive: Sequence[Ints]) -> Expansion:
        """Every value of a derived operand, with the values that it comes from.

        ``alive``: the values that each of its facts can have.
        """
        key = (derived, *(codes.tobytes() for codes in alive))
        judged = self._judged(derived)
        if key not in judged.expansions:
            known = judged.widest.get(derived)
            if known is None or not all(map(is_part, alive, known[0])):
                found = self._expansion(derived, alive)
                if known is None or len(found.values) > len(known[1].values):
                    judged.widest[derived] = alive, found
            else:
                found = _part_of(known[1], alive)
            judged.expansions[key] = found
        return judged.expansions[key]

    def _expansion(self, derived: Derived, alive: Sequence[Ints]) -> Expansion:
        values, entries = self.values(derived), []
        for codes, value in self._entries(derived, alive):
            entries.append((*codes, values.code(value)))
        table = np.array(entries, dtype=np.int64).reshape(len(entries), len(alive) + 1)
        return Expansion(table[:, :-1], table[:, -1], used(table[:, -1]))

    def _entries(
        self, operand: AnyOperand, alive: Sequence[Ints]
    ) -> list[tuple[tuple[int, ...], Hashable]]:
        """Pairs (values of the facts, value)."""
        if not isinstance(operand, Derived):
            keys = self.values(operand).keys
            return [((int(code),), keys[code]) for code in alive[0]]
        width = [len(leaves(source)) for source in operand.sources]
        ends = list(accumulate(width))
        domains = [
            self._entries(source, alive[end - number : end])
            for source, number, end in zip(operand.sources, width, ends, strict=True)
        ]
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
            admitted = {verdict: relation.admits(verdict, world) for verdict in Verdict}
            tables[id(relation)] = Table(
                [self.values(operand) for operand in relation.operands],
                lambda keys: admitted[relation.ruling(world, keys)],
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
                (0, 1, lambda layout, links: links[0] is not None and foreign(layout, links[0])),
                (2, 3, cramped),
                (2, 2, lambda cards, _: len(cards.bodies) == 1),
            ),
            if_moot=0,
        )

    def paces(self, cards: Line) -> Paces:
        """What cards do under every wiring that was met so far."""
        key, wirings = self.problem.score_key(cards), self.wirings
        known = self._standing.paces.get(key)
        start = 0 if known is None else len(known.points)
        if known is None or start < len(wirings):
            links = [self.problem.link(cards, wiring) for wiring in wirings[start:]]
            speeds = [None if link is None else self.problem.speeds(cards, link) for link in links]
            none = [-np.inf] * len(self.problem.world.mix.workloads)
            rates = [none if s is None else [speed.per_second for speed in s] for s in speeds]
            points = ints(
                0 if link is None else self.problem.score(cards, link) or 0 for link in links
            )
            more = Paces(np.array(rates, dtype=np.float64), points)
            if known is not None:
                more = Paces(*(np.concatenate(both) for both in zip(known, more, strict=True)))
            known = self._standing.paces[key] = more
        return known

    def row(self, balance: Balance) -> tuple[Row, dict[str, Bools]]:
        """A balance as numbers, and which options it admits whatever the others are."""
        rows = self._judged(balance).rows
        if id(balance) not in rows:
            world = self.problem.world
            amounts, admitted = {}, {}
            for kind in dict.fromkeys(term.kind for term in (*balance.demand, *balance.supply)):
                if not self.lines[kind]:
                    continue
                demand = [self.term(term) for term in balance.demand if term.kind == kind]
                supply = [self.term(term) for term in balance.supply if term.kind == kind]
                total = np.zeros(len(self.lines[kind]), dtype=np.int64)
                for added, _ in demand:
                    total = total + added
                for added, _ in supply:
                    total = total - added
                if world.admits(Verdict.UNKNOWN):
                    for _, unknown in supply:
                        total[unknown] = UNLIMITED
                elif any(unknown.any() for _, unknown in demand):
                    refused = np.logical_or.reduce([unknown for _, unknown in demand])
                    total[refused], admitted[kind] = REFUSED, ~refused
                amounts[kind] = self._standing.amounts(kind, total)
            bound = balance.supply_base(world) - balance.demand_base(world)
            rows[id(balance)] = Row(bound, amounts), admitted
        return rows[id(balance)]

    def term(self, term: Term) -> tuple[Ints, Bools]:
        """What every option adds to one side of a balance, 0 where that is unknown; where it is."""
        terms, key = self._standing.terms, (term.kind, term.value)
        found = terms.get(key)
        if found is None:
            values = [term.value(line, self.problem.world) for line in self.lines[term.kind]]
            unknown = np.array([value is None for value in values], dtype=np.bool_)
            found = ints(value or 0 for value in values), unknown
            if is_plain(term.value):
                terms[key] = found
        return found


def _part_of(expansion: Expansion, alive: Sequence[Ints]) -> Expansion:
    """The entries of a wider one for fewer values of the facts."""
    kept = np.ones(len(expansion.values), dtype=np.bool_)
    for codes, mine in zip(alive, expansion.codes.T, strict=True):
        kept &= (mine < 0) | among(codes, np.maximum(mine, 0))
    values = expansion.values[kept]
    return Expansion(expansion.codes[kept], values, used(values))


def is_plain(value: Value) -> bool:
    """Whether a function is a module's own: it is the same for all requests, and reads no wish (a
    test shows it)."""
    return "." not in value.__qualname__
