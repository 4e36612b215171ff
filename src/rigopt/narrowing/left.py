"""What is left of the options of a part of a problem, and what the statements say of it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from math import prod
from operator import is_
from typing import NamedTuple

import numpy as np

from rigopt.build import Line
from rigopt.narrowing.alike import unbettered
from rigopt.narrowing.columns import Columns
from rigopt.narrowing.held import Numbers
from rigopt.narrowing.standing import Amounts, Expansion, leaves
from rigopt.narrowing.values import Bools, Ints, among, ints
from rigopt.parts import KINDS
from rigopt.problem import MANY_MODELS, SCORED, ScoreKey
from rigopt.rules.base import Statement
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total
from rigopt.rules.shapes import Balance, Relation

PRICE, WIRED, FED = range(3)
"""The numbers by which the price is remembered, and what cards need of others; whatever else is by
its place in memory."""
Lists = dict[str, tuple[Line, ...]]

MOST_SEEN, MOST_JUDGED, LITTLE = 3_000_000, 200_000, 2_000
"""Combinations of values that are looked at, and of those that a relation is asked about at once
to leave out options; beyond, it only tells equal options. ``LITTLE`` is for what comes before
anything is chosen."""
SEEN_OF_JUDGED = 200
"""Whoever is to ask little looks at no more than so many times as much."""


class Judged(NamedTuple):
    """What a relation says of values: of each operand the values, an axis an operand."""

    keys: Sequence[Sequence[Hashable]]
    admitted: Bools


class Block(NamedTuple):
    """What relations that read the same admit of the values that are left."""

    relations: Sequence[Relation]
    alive: Sequence[Ints]
    admitted: Bools | None
    """``None``: too much to ask."""


class Left:
    """One part of a problem while its options grow fewer."""

    def __init__(
        self,
        columns: Columns,
        *,
        dropped: Collection[str] = (),
        most_cents: int | None = None,
        least: int = 0,
        within: Left | None = None,
        most_judged: int | None = None,
        goal: Statement | None = None,
        scored: bool = True,
        single: bool = False,
    ) -> None:
        """``least``: the points to reach; ``within``: what is consistent with rules and a price
        that are no stricter; ``most_judged``: how much to ask a relation at once; ``goal``: a
        statement, not among those in force, that is to be missed by as little as can be, before
        money counts; ``scored``: whether the score counts; ``single``: only builds with one line of
        drives are of interest."""
        self.columns = columns
        self.problem = columns.problem
        self._least, self._most_cents = least, most_cents
        self._without = frozenset(dropped)
        self.goal, self.scored, self.single = goal, scored, single
        self._most_judged = MOST_JUDGED if most_judged is None else most_judged
        self._most_seen = min(MOST_SEEN, SEEN_OF_JUDGED * self._most_judged)
        self.impossible = False
        """Whether no build is left."""
        self._alive: dict[Operand | Total, tuple[Ints, Ints]] = {}
        self._expansions: dict[Derived, tuple[list[Ints], Expansion]] = {}
        self._blocks: dict[int, tuple[list[Ints], Bools | None]] = {}
        """What was last worked out, and of which options or values."""
        self._wirings: tuple[list[Ints], Numbers | None] | None = None
        self._settled: set[int] = set()
        """Relations that refuse nothing, whatever of the options that are left is chosen."""
        self._kept: dict[int, list[Ints]] = {}
        """Of which values a relation last had its say."""
        self._ends: dict[int, tuple[Ints, tuple[int, int]]] = {}
        self.dear: dict[str, tuple[Ints, dict[int, int], Ints]] = {}
        """Of options and what is asked of them at least what the cheapest sets cost (``sets``)."""
        self._seen: dict[int, list[Ints]] = {}
        """Of which options a row or a relation last had its say."""
        self._needed = set(self.problem.required)
        """Kinds that no build lacks."""
        if within is not None:
            self._needed = set(within._needed)
            self._alive, self._expansions = dict(within._alive), dict(within._expansions)
            asked_more = within._most_judged < self._most_judged
            self._blocks = {
                key: known
                for key, known in within._blocks.items()
                if known[1] is not None or not asked_more
            }
            self._kept = dict(within._kept)
            self._settled, self._ends = set(within._settled), dict(within._ends)
            self._seen = dict(within._seen)
            if (within._most_cents, within._without) != (most_cents, self._without):
                self._seen.pop(PRICE, None)
            if single and not within.single:
                self._seen.clear()
            if within._least != least:
                self._seen.pop(WIRED, None)
                self._seen.pop(FED, None)
            self.dear = dict(within.dear)
            if asked_more:
                for key in within._blocks.keys() - self._blocks.keys():
                    self._seen.pop(key, None)
        start = unbettered(columns, goal) if within is None else within.left
        self.left: dict[str, Ints] = dict(start)
        """The places of the options that are left, by kind."""
        force = [s for rule, s in columns.statements if rule not in self._without]
        self.relations = [s for s in force if isinstance(s, Relation)]
        self._balances = [s for s in force if isinstance(s, Balance)]
        self.rows = [columns.row(balance)[0] for balance in self._balances]
        self._price = None if most_cents is None else columns.price._replace(bound=most_cents)

    def choose(self, kind: str, places: Collection[int]) -> None:
        """Leave of a kind only some options."""
        self._keep(kind, among(ints(places), self.left[kind]))

    def may_lack(self, kind: str) -> bool:
        """Whether a build may have no part of a kind."""
        return kind not in self._needed

    def may_have_several_cards(self) -> bool:
        """Whether a build may have more cards than one."""
        return bool((self.columns.quantity["gpu"][self.left["gpu"]] > 1).any())

    def lists(self) -> Lists:
        """The options that are left, in the order of the problem."""
        return {kind: self.columns.in_order(kind, self.left[kind]) for kind in KINDS}

    def configurations(self) -> dict[ScoreKey, Line]:
        """One line for every configuration of cards that is left."""
        keys, sort = self.columns.configurations
        lines, left = self.columns.lines["gpu"], self.left["gpu"]
        sorts, where = np.unique(sort[left], return_index=True)
        places = zip(sorts.tolist(), left[where].tolist(), strict=True)
        return {keys[one]: lines[place] for one, place in places}

    def _keep(self, kind: str, mask: Bools) -> bool:
        """Keep some of the options; whether any went."""
        if mask.all():
            return False
        self.left[kind] = self.left[kind][mask]
        if not len(self.left[kind]) and kind in self._needed:
            self.impossible = True
        return True

    # --- what the statements say of it ------------------------------------------------------

    def alive(self, operand: AnyOperand) -> Ints:
        """The values that an operand can have with the options that are left.

        The same values are the same array: what was worked out of them is known by it.
        """
        if isinstance(operand, Derived):
            return self.expansion(operand).alive
        left, known = self.left[operand.kind], self._alive.get(operand)
        if known is None or known[0] is not left:
            found = self.columns.alive(operand, left, lacking=self.may_lack(operand.kind))
            if known is not None and np.array_equal(known[1], found):
                found = known[1]
            known = self._alive[operand] = left, found
        return known[1]

    def expansion(self, derived: Derived) -> Expansion:
        """Every value that a derived operand can have, with the values that it comes from."""
        alive = [self.alive(fact) for fact in leaves(derived)]
        known = self._expansions.get(derived)
        if known is None or not same(known[0], alive):
            known = self._expansions[derived] = alive, self.columns.expansion(derived, alive)
        return known[1]

    def block(self, relation: Relation) -> tuple[list[Ints], Bools | None]:
        """What a relation admits of the values that are left; ``None``: too much to ask."""
        alive = [self.alive(operand) for operand in relation.operands]
        known = self._blocks.get(id(relation))
        if known is None or not same(known[0], alive):
            known = self._look(relation, alive, self._most_judged)
        return known

    def _look(
        self, relation: Relation, alive: list[Ints], most_judged: int
    ) -> tuple[list[Ints], Bools | None]:
        admitted = None
        if prod(map(len, alive)) <= self._most_seen:
            block = self.columns.table(relation).block(alive, most_judged)
            admitted = None if block is None else block > 0
        if admitted is not None and admitted.all():
            self._settled.add(id(relation))
        self._blocks[id(relation)] = alive, admitted
        return alive, admitted

    def blocks(self, kind: str, *, whole: bool) -> Iterator[Block]:
        """What relations admit that read a kind; ``whole``: those together that read the same."""
        groups: dict[object, list[Relation]] = {}
        for relation in self.relations:
            if kind in self.columns.kinds[id(relation)] and id(relation) not in self._settled:
                groups.setdefault(relation.operands if whole else id(relation), []).append(relation)
        for relations in groups.values():
            alive = [self.alive(operand) for operand in relations[0].operands]
            known = [block for _, block in map(self.block, relations) if block is not None]
            if len(known) < len(relations):
                yield Block(relations, alive, None)
            elif not (block := np.logical_and.reduce(known)).all():
                yield Block(relations, alive, block)

    def wirings(self) -> tuple[list[Ints], Numbers | None]:
        """How several cards are wired with whatever values are left of ``SCORED``, as numbers;
        ``None``: too much to work out."""
        alive = [self.alive(operand) for operand in SCORED]
        known = self._wirings
        if known is None or not same(known[0], alive):
            found = None
            if prod(map(len, alive)) <= self._most_seen:
                found = self.columns.wired.block(alive, self._most_judged)
            known = self._wirings = alive, found
        return known

    def ends(self, kind: str, amounts: Amounts) -> tuple[int, int]:
        """The least and the most that an option of a kind adds to a balance; 0 if there is none."""
        left, key = self.left[kind], id(amounts)
        known = self._ends.get(key)
        if known is None or known[0] is not left:
            known = self._ends[key] = left, ends_of(amounts.of_line[left])
        return known[1]

    def extreme(self, kind: str, amounts: Amounts, sign: int) -> int:
        """The least that a kind adds to a balance; with ``sign`` -1, less the most that it adds.

        Only of kinds that the problem requires is it sure that a build has one: of others the
        rules may say so, which a balance is itself.
        """
        left, required = self.left[kind], kind in self.problem.required
        if not len(left):
            return 0
        least, most = self.ends(kind, amounts)
        of_line = least if sign > 0 else -most
        if kind not in MANY_MODELS or (required and len(left) == 1):
            return of_line if required else min(0, of_line)
        piece = amounts.least_of_piece if sign > 0 else amounts.most_of_piece
        of_piece = int((sign * piece[left]).min())
        if of_piece < 0:
            return of_piece * self.problem.world.most_drives
        return of_line if required else 0

    def open(self) -> dict[int, Judged | None]:
        """The statements (by ``id``) that some combination of the options that are left breaks, and
        of relations what is known of all combinations: whoever encodes one would ask them all."""
        found: dict[int, Judged | None] = {}
        for relation in self.relations:
            if id(relation) in self._settled:
                continue
            alive, block = self.block(relation)
            if block is None:
                alive, block = self._look(relation, alive, MOST_SEEN)
            if block is None:
                found[id(relation)] = None
            elif id(relation) not in self._settled:
                values = (self.columns.values(operand).keys for operand in relation.operands)
                keys = [
                    [of[code] for code in codes] for of, codes in zip(values, alive, strict=True)
                ]
                found[id(relation)] = self._with_none(relation, Judged(keys, block))
        for balance, row in zip(self._balances, self.rows, strict=True):
            most = -sum(self.extreme(kind, amounts, -1) for kind, amounts in row.amounts.items())
            if most > row.bound:
                found[id(balance)] = None
        return found

    def _with_none(self, relation: Relation, judged: Judged) -> Judged:
        """The same with the values that a build has which lacks a kind that none may lack: the
        balance that demands the kind is open, so that nothing is to be said of them."""
        keys, admitted = list(judged.keys), judged.admitted
        for axis, operand in enumerate(relation.operands):
            if isinstance(operand, Operand) and operand.kind not in self.problem.required:
                none = operand.of_none
                if none not in keys[axis]:
                    keys[axis] = [*keys[axis], none]
                    more = np.ones_like(admitted.take([0], axis=axis))
                    admitted = np.concatenate([admitted, more], axis=axis)
        return Judged(keys, admitted)


def ends_of(added: Ints) -> tuple[int, int]:
    """The least and the most of some amounts; 0 if there is none."""
    return (int(added.min()), int(added.max())) if len(added) else (0, 0)


def same(some: Sequence[Ints], others: Sequence[Ints]) -> bool:
    """Whether they are the same arrays, one by one."""
    return all(map(is_, some, others))
