"""Of kinds of which a build may mix models: parts whose every set one other part alone betters.

A part in a set of drives is out of the question if a single option can take the place of the whole
set, whatever else is in it: it is admitted wherever the part is with any others beside it, meets by
itself what the set together must supply, and costs less than the cheapest set with the part in it
that supplies enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rigopt.narrowing.compare import distinct
from rigopt.narrowing.standing import Row, leaves, reads
from rigopt.narrowing.values import Bools, Ints, ints
from rigopt.narrowing.views import HALF, NOWHERE, Views, admits, as_good, by_code
from rigopt.problem import SCORED
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total
from rigopt.rules.shapes import Relation

if TYPE_CHECKING:
    from rigopt.narrowing.left import Block, Left

STEPS = 250
"""Into so many steps an amount to be supplied is divided at most."""
MOST_JOINT = 100_000
"""Combinations of sums and other values that a relation is asked about."""
MOST_COMPARED = 200
"""So many options are tried in the place of others."""
TOO_MUCH = np.iinfo(np.int64).max // 4


class Sums:
    """What sets of options add up to, in every total that a relation reads."""

    def __init__(self, narrowing: Left, kind: str) -> None:
        self._of = narrowing
        operands = {o: None for relation in narrowing.relations for o in relation.operands}
        facts = {leaf: None for o in (*operands, *SCORED) for leaf in leaves(o)}
        self._totals = [f for f in facts if isinstance(f, Total) and f.kind == kind]
        columns, left = narrowing.columns, narrowing.left[kind]
        pieces = [columns.quantity[kind][left]]
        pieces += [columns.column(total).codes[left] for total in self._totals]
        sorts, sort = np.unique(np.stack(pieces, axis=1), axis=0, return_inverse=True)
        self.sort: Ints = sort.reshape(-1)
        """The sort of every option that is left."""
        most = narrowing.problem.world.most_drives
        of_pieces: list[set[tuple[int, ...]]] = [{(0,) * len(self._totals)}]
        kinds = [(int(number), tuple(map(int, adds))) for number, *adds in sorts]
        for count in range(1, most + 1):
            of_pieces.append(
                {
                    tuple(a + b for a, b in zip(rest, adds, strict=True))
                    for number, adds in kinds
                    if number <= count
                    for rest in of_pieces[count - number]
                }
            )
        numbers: dict[tuple[int, ...], int] = {}
        self.with_it: list[Ints] = []
        """Of every sort the sums of the sets that have an option of it."""
        for number, adds in kinds:
            sums = {
                tuple(a + b for a, b in zip(rest, adds, strict=True))
                for count in range(most - number + 1)
                for rest in of_pieces[count]
            }
            self.with_it.append(ints(numbers.setdefault(s, len(numbers)) for s in sorted(sums)))
        self.alone = ints(numbers[adds] for _, adds in kinds)
        """Of every sort the sum of an option by itself."""
        self.count = len(numbers)
        self._met = np.array(list(numbers), dtype=np.int64).reshape(len(numbers), len(self._totals))

    def codes(self, operand: AnyOperand) -> Ints:
        """The number of the value that an operand of sums alone has with every sum."""
        columns = self._of.columns
        if isinstance(operand, Total):
            values = columns.values(operand)
            alive = {values.keys[code]: int(code) for code in self._of.alive(operand)}
            largest = max(key for key in alive if isinstance(key, int))
            mine = self._met[:, self._totals.index(operand)]
            return ints(alive[min(int(value), largest)] for value in mine)
        expansion = self._of.expansion(operand)  # type: ignore[arg-type]
        entries = zip(expansion.codes, expansion.values, strict=True)
        found = {tuple(codes): value for codes, value in entries}
        parts = np.stack([self.codes(leaf) for leaf in leaves(operand)], axis=1)
        return ints(found[tuple(codes)] for codes in parts)


class Joint(NamedTuple):
    """What a relation says of sums: rows are sums, columns combinations of other facts."""

    others: Sequence[AnyOperand]
    codes: Sequence[Ints]
    """Of every other fact the values in the columns."""
    admitted: Bools


class Replacing(Views):
    """Which option may take the place of any set that has another one in it."""

    def __init__(self, narrowing: Left, kind: str) -> None:
        left = narrowing.left[kind]
        self._ones = _sufficient(narrowing, kind)
        """The options that may take the place of others: the cheapest that supply enough."""
        self.good: Bools = np.ones((len(self._ones), len(left)), dtype=np.bool_)
        """``good[a, b]``: the ``a``-th of these alone is as good as any set with ``b``, but for
        the price."""
        self._cents = narrowing.columns.price.amounts[kind].of_line[left]
        self.least_cents = dearness(narrowing, kind)
        """Of every option what the cheapest set with it costs that supplies enough."""
        self._demands: list[tuple[Ints, Bools]] = []
        self._sums = Sums(narrowing, kind)
        super().__init__(narrowing, kind)
        self._sums_together()
        self._demanded()

    def bettered(self) -> Bools:
        """The options of which every set is bettered."""
        found: Bools = np.any(
            self.good & (self._cents[self._ones, None] < self.least_cents), axis=0
        )
        return found

    def _relations(self, block: Block) -> None:
        mine = self._mine(block.relations[0])
        if len(mine) == 1 and not self._is_sum(block.relations[0].operands[mine[0]]):
            super()._relations(block)
        elif any(self._joint.get(id(relation)) is None for relation in block.relations):
            self._equal(block.relations[0].operands)

    def _sums_together(self) -> None:
        """Compare sums by all relations together that read sums beside the same other facts."""
        groups: dict[tuple[AnyOperand, ...], Bools] = {}
        for joint in self._joint.values():
            if joint is not None:
                others = tuple(joint.others)
                groups[others] = groups.get(others, np.bool_(True)) & joint.admitted
        for admitted in groups.values():
            sort, covers = admits(admitted, 0)
            self._by_sum(covers[sort[:, None], sort[None, :]])

    def _mine(self, relation: Relation) -> list[int]:
        """The operands that read the kind."""
        return [axis for axis, operand in enumerate(relation.operands) if reads(operand, self.kind)]

    def _is_sum(self, operand: AnyOperand) -> bool:
        return all(isinstance(leaf, Total) and leaf.kind == self.kind for leaf in leaves(operand))

    @cached_property
    def _joint(self) -> dict[int, Joint | None]:
        """What every relation that reads sums of the kind, all together, says of them."""
        found: dict[int, Joint | None] = {}
        for relation in self._of.relations:
            mine = self._mine(relation)
            if mine and all(self._is_sum(relation.operands[axis]) for axis in mine):
                found[id(relation)] = self._judged(relation, mine)
        return found

    def _judged(self, relation: Relation, mine: Sequence[int]) -> Joint | None:
        codes = np.stack([self._sums.codes(relation.operands[axis]) for axis in mine], axis=1)
        first, state = distinct(codes)
        met = codes[first]
        others = [o for axis, o in enumerate(relation.operands) if axis not in mine]
        grid = np.meshgrid(*(self._of.alive(operand) for operand in others), indexing="ij")
        flat = [axis.reshape(-1) for axis in grid]
        width = len(flat[0]) if flat else 1
        if len(met) * width > MOST_JOINT:
            return None
        where, which = iter(flat), iter(met.T)
        judged = self._columns.table(relation).at(
            [
                np.repeat(next(which), width) if axis in mine else np.tile(next(where), len(met))
                for axis in range(len(relation.operands))
            ]
        )
        if judged is None:
            return None
        admitted = (judged > 0).reshape(len(met), width)[state]
        return Joint(others, flat, admitted)

    def _impossible(self, facts: Sequence[AnyOperand], contexts: Ints) -> Bools:
        """Sums (rows) that some relation refuses in a context (columns), whatever else there is."""
        found = np.zeros((self._sums.count, len(contexts)), dtype=np.bool_)
        places = {fact.kind: place for place, fact in enumerate(facts)}
        for joint in self._joint.values():
            if joint is None or not all(
                isinstance(other, Operand) and other.kind in places for other in joint.others
            ):
                continue
            together = np.ones((len(contexts), joint.admitted.shape[1]), dtype=np.bool_)
            for other, codes in zip(joint.others, joint.codes, strict=True):
                place = places[other.kind]
                together &= self._together(facts[place], contexts[:, place], other, codes)
            found |= ~_somewhere_both(joint.admitted, together)
        return found

    def _together(self, fact: AnyOperand, mine: Ints, other: AnyOperand, others: Ints) -> Bools:
        """Which values of two facts of one kind some option has together."""
        left = self._of.left[other.kind]
        first, second = self._columns.column(fact), self._columns.column(other)  # type: ignore[arg-type]
        size = [
            int(max(codes.max(), found.codes.max(), found.none or 0)) + 1
            for codes, found in ((mine, first), (others, second))
        ]
        pairs = np.zeros(size, dtype=np.bool_)
        pairs[first.codes[left], second.codes[left]] = True
        if first.none is not None and second.none is not None:
            pairs[first.none, second.none] = True
        return pairs[np.ix_(mine, others)]

    def _compare(self, operand: AnyOperand, alive: Ints, sort: Ints, covers: Bools) -> None:
        if len(covers) == 1:
            return
        of_code = by_code(alive, sort)
        if isinstance(operand, Operand):
            mine = of_code[self._columns.column(operand).codes[self.left]]
            self.good &= covers[mine[self._ones, None], mine[None, :]]
        elif isinstance(operand, Derived):
            self._in_contexts(operand, of_code, covers)
        else:
            self._equal([operand])

    def _in_contexts(self, derived: Derived, of_code: Ints, covers: Bools) -> None:
        """Compare by what is derived of the sums of a set, whatever the other facts are."""
        facts = leaves(derived)
        places = [place for place, fact in enumerate(facts) if fact.kind == self.kind]
        expansion = self._of.expansion(derived)
        mine = expansion.codes[:, places]
        read = (mine >= 0).all(axis=1)
        others = np.delete(expansion.codes, places, axis=1)[read]
        totals = [fact for fact in (facts[place] for place in places) if isinstance(fact, Total)]
        if len(totals) < len(places) or (mine[~read] >= 0).any() or (others < 0).any():
            self._equal([derived])
            return
        if not read.any():
            return
        first, column = distinct(others)
        contexts = others[first]
        first, row = distinct(mine[read])
        rows = {tuple(state): place for place, state in enumerate(mine[read][first].tolist())}
        table = np.full((len(rows) + 1, max(1, len(contexts))), NOWHERE, dtype=np.int64)
        table[row, column] = of_code[expansion.values[read]]
        codes = np.stack([self._sums.codes(total) for total in totals], axis=1).tolist()
        sorts = table[[rows.get(tuple(state), len(rows)) for state in codes]]
        other_facts = [fact for fact in facts if fact.kind != self.kind]
        sorts[self._impossible(other_facts, contexts)] = NOWHERE
        over = np.ones((len(sorts), len(sorts)), dtype=np.bool_)
        for sort in sorts.T[distinct(sorts.T)[0]]:
            over &= as_good(sort[:, None], sort[None, :], covers)
        self._by_sum(over)

    def _by_sum(self, over: Bools) -> None:
        """Compare by the sums of sets: ``over[a, b]`` says that sum ``a`` is as good as ``b``."""
        sums = self._sums
        whole = [np.all(over[:, with_it], axis=1)[sums.alone] for with_it in sums.with_it]
        good = np.stack(whole, axis=1)
        self.good &= good[sums.sort[self._ones, None], sums.sort[None, :]]

    def _equal(self, operands: Sequence[AnyOperand]) -> None:
        """What cannot be compared must be equal: of a sum it is only if none adds anything."""
        for operand in operands:
            for fact in leaves(operand):
                if fact.kind != self.kind:
                    continue
                codes = self._columns.column(fact).codes[self.left]
                if isinstance(fact, Operand):
                    self.good &= codes[self._ones, None] == codes[None, :]
                elif codes.any():
                    self.good[:] = False

    def _balance(self, row: Row) -> None:
        """Enough by itself; or no more than the other asks for, where none supplies."""
        added, room, _ = _asked(self._of, self.kind, row)
        if added.min() >= 0:
            self._demands.append((added, added <= room))
        else:
            self.good &= (added <= room)[self._ones, None]

    def _less(self, amounts: Ints) -> None:
        """By itself it adds no more than the other: where none takes any away, than any set."""
        added = amounts[self.left]
        less = added[self._ones, None] <= added[None, :]
        self.good &= less & (added.min() >= 0 or not added.any())

    def _demanded(self) -> None:
        """Compare by what is asked for, now that is known what the cheapest sets cost."""
        for added, enough in self._demands:
            asked = self.least_cents if (added == self._cents).all() else added
            mine = added[self._ones, None]
            self.good &= enough[self._ones, None] | (mine <= asked[None, :])

    def _objective(self) -> None:
        if self._of.may_have_several_cards():
            self._wiring()


def _somewhere_both(some: Bools, others: Bools) -> Bools:
    """For every row of some and every row of others: whether both hold in a column."""
    first, sort = distinct(np.packbits(some, axis=0).T)
    order = np.argsort(sort, kind="stable")
    starts = np.searchsorted(sort[order], np.arange(len(first)))
    by_sort = np.logical_or.reduceat(others[:, order], starts, axis=1)
    both = some[:, first].astype(np.float32) @ by_sort.T.astype(np.float32)
    found: Bools = both > HALF
    return found


def _asked(narrowing: Left, kind: str, row: Row) -> tuple[Ints, int, int]:
    """What every option that is left adds to a balance, the most that still balances whatever the
    other kinds add, and the least that these add."""
    added = row.amounts[kind].of_line[narrowing.left[kind]]
    others = [(k, amounts) for k, amounts in row.amounts.items() if k != kind]
    most = -sum(narrowing.extreme(k, amounts, -1) for k, amounts in others)
    least = sum(narrowing.extreme(k, amounts, 1) for k, amounts in others)
    return added, row.bound - most, least


def dearness(narrowing: Left, kind: str) -> Ints:
    """Of every option that is left what the cheapest set with it costs that supplies whatever the
    other kinds ask for at least."""
    left = narrowing.left[kind]
    wanted: dict[int, int] = {}
    rows = {id(row): row for row in narrowing.rows if kind in row.amounts}
    for number, row in rows.items():
        added, _, least = _asked(narrowing, kind, row)
        if added.max(initial=0) <= 0 and least > row.bound:
            wanted[number] = least - row.bound
    known = narrowing.dear.get(kind)
    if known is not None and known[0] is left and known[1] == wanted:
        return known[2]
    found = cents = narrowing.columns.price.amounts[kind].of_line[left]
    pieces = narrowing.columns.quantity[kind][left]
    most = narrowing.problem.world.most_drives
    for number, least in wanted.items():
        supplied = -rows[number].amounts[kind].of_line[left]
        found = np.maximum(found, supplied_by_sets(pieces, supplied, cents, least, most))
    narrowing.dear[kind] = left, wanted, found
    return found


def supplied_by_sets(pieces: Ints, supplied: Ints, cents: Ints, wanted: int, most: int) -> Ints:
    """Of every option what the cheapest set with it costs that supplies so much: of no more than so
    many pieces in all."""
    scale = max(1, -(-wanted // STEPS))
    size = wanted // scale
    steps = np.minimum(-(-supplied // scale), size)
    choices = _choices(pieces, steps, cents)
    wants = np.arange(size + 1)
    of_pieces = [np.where(wants == 0, 0, TOO_MUCH)]
    for count in range(1, most + 1):
        best = of_pieces[-1].copy()
        for number, step, cost in choices:
            if number <= count:
                rest = of_pieces[count - number][np.maximum(wants - step, 0)]
                np.minimum(best, rest + cost, out=best)
        of_pieces.append(best)
    more: Ints = np.stack(of_pieces)[np.maximum(0, most - pieces), size - steps]
    return cents + more


def _choices(pieces: Ints, supplied: Ints, cents: Ints) -> list[tuple[int, int, int]]:
    """Pieces, supply and price of the options that supply more than any cheaper one of no more
    pieces."""
    found = []
    best = [0] * (int(pieces.max(initial=0)) + 1)
    for place in np.lexsort((-supplied, cents)).tolist():
        number, amount = int(pieces[place]), int(supplied[place])
        if amount > best[number]:
            found.append((number, amount, int(cents[place])))
            best[number:] = [max(amount, other) for other in best[number:]]
    return found


def _sufficient(narrowing: Left, kind: str) -> Ints:
    """Where among the options that are left the cheapest stand that by themselves supply whatever
    is asked for."""
    found = np.ones(len(narrowing.left[kind]), dtype=np.bool_)
    for row in narrowing.rows:
        if kind in row.amounts:
            added, room, _ = _asked(narrowing, kind, row)
            if added.min() < 0:
                found &= added <= room
    return np.flatnonzero(found)[:MOST_COMPARED]
