"""In which ways the rules and the objective look at the options of a kind, to compare them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rigopt.build import Line
from rigopt.narrowing.compare import Comparison, distinct
from rigopt.narrowing.standing import Expansion, Row, leaves, reads
from rigopt.narrowing.values import Bools, Ints
from rigopt.problem import MANY_MODELS, SCORED
from rigopt.rules.operands import AnyOperand, Derived, Operand
from rigopt.rules.shapes import Balance, Relation
from rigopt.rules.sizing import CORES

if TYPE_CHECKING:
    from rigopt.narrowing.left import Block, Left

MANY = 12
"""Sorts of values beyond which it pays to compare by distinct columns only."""
AT_ONCE = 1_000_000
"""So many numbers are compared at once."""
NOWHERE = -1
HALF = 0.5


class Views(Comparison):
    """The options of one kind as all statements see them with the others that are left."""

    def __init__(self, narrowing: Left, kind: str, *, whole: bool = True) -> None:
        """``whole``: whether all rules of the narrowing stay in force."""
        super().__init__(narrowing.columns, kind, narrowing.left[kind])
        self._of = narrowing
        for block in narrowing.blocks(kind, whole=whole):
            self._relations(block)
        for row in narrowing.rows:
            if kind in row.amounts:
                self._balance(row)
        self._goal()
        if narrowing.scored:
            self._objective()

    # --- relations ---------------------------------------------------------------------------

    def _relations(self, block: Block) -> None:
        operands = block.relations[0].operands
        if block.admitted is None:
            self._equal(operands)
            return
        for axis, operand in enumerate(operands):
            if reads(operand, self.kind):
                sort, covers = admits(block.admitted, axis)
                self._compare(operand, block.alive[axis], sort, covers)

    def _compare(self, operand: AnyOperand, alive: Ints, sort: Ints, covers: Bools) -> None:
        """Compare the options by the sorts of the values of an operand, if it reads the kind."""
        if len(covers) == 1:
            return
        match operand:
            case Operand() if operand.kind == self.kind:
                codes = self._columns.column(operand).codes
                self._once(codes)
                self._cover(codes, alive, sort, covers)
            case Derived():
                self._derived(operand, alive, sort, covers)
            case _:
                self._equal([operand])

    def _cover(self, codes: Ints, alive: Ints, sort: Ints, covers: Bools) -> None:
        self.covers.append((by_code(alive, sort)[codes[self.left]], covers))

    def _derived(self, derived: Derived, alive: Ints, sort: Ints, covers: Bools) -> None:
        """Compare the options by the values that a derived operand has with each of them, whatever
        the other facts that it comes from."""
        expansion = self._of.expansion(derived)
        of_code = by_code(alive, sort)
        for place, fact in enumerate(leaves(derived)):
            if fact.kind != self.kind:
                continue
            if not isinstance(fact, Operand):
                self._equal([fact])
                continue
            values, table = _by_context(expansion, place, of_code)
            if not len(values):
                continue
            where, row = distinct(table)
            rows = table[where]
            over = as_good(rows[:, None, :], rows[None, :, :], covers)
            codes = self._columns.column(fact).codes
            self._once(codes)
            self._cover(codes, values, row, np.logical_and.reduce(over, axis=2))

    # --- balances ----------------------------------------------------------------------------

    def _balance(self, row: Row) -> None:
        """The less an option adds the better, down to where the most that the others could add
        still balances."""
        amounts = row.amounts[self.kind]
        self._pieces(amounts.of_line)
        added = amounts.of_line[self.left]
        alone = self.kind not in MANY_MODELS or added.max() <= 0
        if alone:
            others = -sum(
                self._of.extreme(kind, other, -1)
                for kind, other in row.amounts.items()
                if kind != self.kind
            )
            added = np.maximum(added, row.bound - others)
        if added.min() != added.max():
            self.amounts.append(added)

    def _goal(self) -> None:
        """What is to be missed by as little as can be: the same, or less of it."""
        match self._of.goal:
            case Relation(operands=operands):
                self._equal(operands)
            case Balance() as balance:
                amounts = self._columns.row(balance)[0].amounts
                if self.kind in amounts:
                    self._less(amounts[self.kind].of_line)

    # --- the objective -----------------------------------------------------------------------

    def _objective(self) -> None:
        if self.kind == "gpu":
            self.same.append(self._columns.configurations[1][self.left])
        if self.kind == "cpu" and self.problem.scorer.fed_by_cpu:
            self._cores()
        if self._of.may_have_several_cards():
            self._wiring()

    def _cores(self) -> None:
        """More cores are better, up to those that feed all cards that are left."""
        codes = self._columns.column(CORES).codes[self.left]
        counts = self._columns.values(CORES).keys
        known = sorted(count for count in counts if isinstance(count, int))
        useful = 0
        for cards in self._of.configurations().values():
            enough = (count for count in known if self.problem.feeds(cards, count))
            useful = max(useful, next(enough, known[-1] if known else 0))
        worth = np.array([min(c, useful) if isinstance(c, int) else -1 for c in counts])
        self.amounts.append(-worth[codes])

    def _wiring(self) -> None:
        """How several cards are wired: the same, or so that no cards that are left are slower."""
        operands: Sequence[AnyOperand] = SCORED
        axes = [axis for axis, operand in enumerate(operands) if reads(operand, self.kind)]
        alive, block = self._of.wirings() if axes else ([], None)
        if block is None:
            self._equal([operands[axis] for axis in axes])
            return
        if not block.size:
            return
        order = self._wiring_order(np.unique(block))
        for axis in axes:
            sort, covers = _sorts(block, axis, order)
            self._compare(operands[axis], alive[axis], sort, covers)

    def _wiring_order(self, used: npt.NDArray[Any]) -> Bools:
        """Which wiring makes no cards slower than which."""
        wirings = self._columns.wirings
        order = np.eye(len(wirings), dtype=np.bool_)
        order[:, 0] = True
        cards: dict[int, list[Line]] = {}
        for line in self._of.configurations().values():
            cards.setdefault(line.quantity, []).append(line)
        places: dict[int, list[int]] = {}
        for number in used.tolist():
            wiring = wirings[number]
            if wiring is not None:
                places.setdefault(len(wiring.ways), []).append(number)
        for count, mine in places.items():
            over = np.ones((len(mine), len(mine)), dtype=np.bool_)
            for line in cards.get(count, ()):
                rates = self._columns.paces(line).per_second[mine]
                over &= (rates[:, None, :] >= rates[None, :, :]).all(axis=2)
            order[np.ix_(mine, mine)] = over
        return order


def by_code(alive: Ints, sort: Ints) -> Ints:
    """The sort of every value by its number."""
    found = np.zeros(int(alive.max()) + 1, dtype=np.int64)
    found[alive] = sort
    return found


def as_good(first: Ints, second: Ints, covers: Bools) -> Bools:
    """Whether one sort is at least as good as another; ``NOWHERE`` is no better than any, and
    whatever is there is as good as it."""
    found: Bools = (second == NOWHERE) | ((first != NOWHERE) & covers[first, second])
    return found


def admits(block: Bools, axis: int) -> tuple[Ints, Bools]:
    """The values along an axis sorted by what they are admitted with; which sort is admitted with
    all that which other is."""
    rows = np.moveaxis(block, axis, 0).reshape(block.shape[axis], -1)
    first, sort = distinct(np.packbits(rows, axis=1))
    columns = rows[first].T
    sorts = columns[distinct(np.packbits(columns, axis=1))[0]].T.astype(np.float32)
    return sort, (1 - sorts) @ sorts.T < HALF


def _sorts(block: npt.NDArray[Any], axis: int, order: Bools) -> tuple[Ints, Bools]:
    """The values along an axis sorted by what is judged of them with all others; which sort is at
    least as good as which, where ``order`` says it of what is judged."""
    rows = np.moveaxis(block, axis, 0).reshape(block.shape[axis], -1)
    first, sort = distinct(rows)
    sorts = rows[first]
    if len(sorts) > MANY:
        sorts = sorts[:, distinct(sorts.T)[0]]
    covers = np.eye(len(sorts), dtype=np.bool_)
    a, b = np.nonzero(~covers)
    start, width = 0, 1
    while len(a) and start < sorts.shape[1]:
        columns = slice(start, start + width)
        good = order[sorts[a, columns], sorts[b, columns]].all(axis=1)
        a, b = a[good], b[good]
        start += width
        width = min(2 * width, max(1, AT_ONCE // max(1, len(a))))
    covers[a, b] = True
    return sort, covers


def _by_context(expansion: Expansion, place: int, sort: Ints) -> tuple[Ints, Ints]:
    """Of one fact of a derived operand its values, and for each the sort of what is derived, a
    column for every combination of the other facts; ``NOWHERE``: no build has the two."""
    mine = expansion.codes[:, place]
    concerned = mine >= 0
    codes, sorts = expansion.codes[concerned], sort[expansion.values[concerned]]
    values, row = np.unique(codes[:, place], return_inverse=True)
    others = np.delete(codes, place, axis=1)
    settled = (others < 0).any(axis=1)
    contexts, column = distinct(others[~settled])
    table = np.full((len(values), max(1, len(contexts))), NOWHERE, dtype=np.int64)
    table[row.reshape(-1)[~settled], column.reshape(-1)] = sorts[~settled]
    table[row.reshape(-1)[settled]] = sorts[settled][:, None]
    return values, table
