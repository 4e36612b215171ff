"""Make the options of a problem fewer: consistency between kinds, then dominance within one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rigopt.build import Line
from rigopt.narrowing.columns import Amounts, Columns, kinds_of, leaves
from rigopt.narrowing.sets import Replacing
from rigopt.narrowing.tables import Bools, Ints
from rigopt.narrowing.views import Views, undominated
from rigopt.parts import KINDS
from rigopt.problem import MANY_MODELS, SCORED, Problem
from rigopt.rules.base import Statement
from rigopt.rules.operands import AnyOperand, Derived, Operand
from rigopt.rules.seats import CARDS, GPUS
from rigopt.rules.shapes import Balance, Relation
from rigopt.rules.sizing import CORES

PRICE = 0
"""The number by which the price is remembered; others are by their place in memory."""
Stamp = tuple[int, ...]
Lists = dict[str, tuple[Line, ...]]

MOST_SEEN, MOST_JUDGED, LITTLE = 400_000, 40_000, 2_000
"""Combinations of values that are looked at, and of those that a relation is asked about at once;
beyond, it only tells equal options. ``LITTLE`` is for what comes before anything is chosen."""
GPU_AXIS = SCORED.index(CARDS)
FEW = 60
"""Drives of which it is not worth the time to look at sets."""
ROUNDS = 4
"""How often what one kind lost is told to the others."""
FIRST = ("storage", "memory", "psu", "cooler", "case", "cpu")
"""Kinds to make fewer before the others: those that the others' facts depend on most."""


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


class Narrowing:
    """One part of a problem while its options grow fewer."""

    def __init__(
        self,
        columns: Columns,
        gpus: Collection[int] | None = None,
        *,
        dropped: Collection[str] = (),
        most_cents: int | None = None,
        least: int = 0,
        within: Narrowing | None = None,
        most_judged: int | None = None,
        goal: Statement | None = None,
        scored: bool = True,
    ) -> None:
        """``gpus``: the places of the cards to choose from; ``least``: the points to reach;
        ``within``: what is consistent with rules and a price that are no stricter;
        ``most_judged``: how much to ask a relation at once; ``goal``: a statement, not among those
        in force, that is to be missed by as little as can be, before money counts; ``scored``:
        whether the score counts."""
        self.columns = columns
        self.problem = columns.problem
        self.goal, self.scored = goal, scored
        self._least = least
        self._most_judged = MOST_JUDGED if most_judged is None else most_judged
        self.impossible = False
        """Whether no build is left."""
        self._alive: dict[AnyOperand, tuple[list[Ints], Ints]] = {}
        self._seen: dict[int, Stamp] = {}
        """When a relation or a row was last found to refuse nothing that is left."""
        self._stamps = dict.fromkeys(KINDS, 0)
        """How often a kind lost options."""
        self._needed = set(self.problem.required)
        """Kinds that no build lacks."""
        if within is not None:
            self._needed = set(within._needed)
            self._alive, self._seen = dict(within._alive), dict(within._seen)
            self._stamps = dict(within._stamps)
            self._seen.pop(PRICE, None)
            if within._most_judged < self._most_judged:
                self._seen.clear()
        self.left: dict[str, Ints] = (
            {k: np.arange(len(v)) for k, v in columns.lines.items()}
            if within is None
            else dict(within.left)
        )
        """The places of the options that are left, by kind."""
        if gpus is not None:
            self.left["gpu"] = np.array(sorted(gpus), dtype=np.int64)
            self._stamps["gpu"] += 1
        without = frozenset(dropped)
        force = [statement for rule, statement in columns.statements if rule not in without]
        self.relations = [s for s in force if isinstance(s, Relation)]
        self._balances = [s for s in force if isinstance(s, Balance)]
        self.rows = [columns.row(balance)[0] for balance in self._balances]
        self._price = None if most_cents is None else columns.price._replace(bound=most_cents)

    def choose(self, kind: str, places: Collection[int]) -> None:
        """Leave of a kind only some options."""
        self._keep(kind, np.isin(self.left[kind], list(places)))

    def may_lack(self, kind: str) -> bool:
        """Whether a build may have no part of a kind."""
        return kind not in self._needed

    def least_cents(self, kind: str) -> int:
        """What the cheapest option of a kind costs that every build has."""
        return int(self.columns.price.amounts[kind].of_line[self.left[kind]].min())

    def lists(self) -> Lists:
        """The options that are left, in the order of the problem."""
        found = {}
        for kind in KINDS:
            lines = self.columns.lines[kind]
            left = {id(lines[place]) for place in self.left[kind]}
            found[kind] = tuple(line for line in self.problem.options[kind] if id(line) in left)
        return found

    def configurations(self) -> dict[tuple[str, int, int | None], Line]:
        """One line for every configuration of cards that is left."""
        lines = self.columns.lines["gpu"]
        cards = [lines[place] for place in self.left["gpu"]]
        return {self.problem.score_key(line): line for line in cards}

    def _keep(self, kind: str, mask: Bools) -> bool:
        """Keep some of the options; whether any went."""
        if mask.all():
            return False
        self.left[kind] = self.left[kind][mask]
        self._stamps[kind] += 1
        if not len(self.left[kind]) and kind in self._needed:
            self.impossible = True
        return True

    def _need(self, kind: str) -> None:
        """Remember that no build lacks a kind."""
        self._needed.add(kind)
        self._stamps[kind] += 1
        self._alive = {
            operand: known
            for operand, known in self._alive.items()
            if not (isinstance(operand, Operand) and operand.kind == kind)
        }
        if not len(self.left[kind]):
            self.impossible = True

    # --- what goes with nothing --------------------------------------------------------------

    def consistent(self) -> None:
        """Leave out what no options of the other kinds go with, until nothing changes much."""
        for balance in self._balances:
            for kind, mask in self.columns.row(balance)[1].items():
                self._keep(kind, mask[self.left[kind]])
        for relation in self.relations:
            if len(relation.operands) == 1 and not self.impossible:
                self._supported(relation)
        for _ in range(ROUNDS):
            changed = False
            if not self.impossible:
                changed |= self._balanced()
            if not self.impossible:
                changed |= self._fed()
            for relation in self.relations:
                if len(relation.operands) > 1 and not self.impossible:
                    changed |= self._supported(relation)
            if not self.impossible:
                changed |= self._wired()
            if not changed or self.impossible:
                return

    def alive(self, operand: AnyOperand) -> Ints:
        """The values that an operand can have with the options that are left."""
        left = [self.left[leaf.kind] for leaf in leaves(operand)]
        known = self._alive.get(operand)
        if known is None or any(a is not b for a, b in zip(known[0], left, strict=True)):
            codes = self.columns.alive(operand, self.left)
            if isinstance(operand, Operand) and not self.may_lack(operand.kind):
                codes = np.unique(self.columns.column(operand).codes[left[0]])
            known = self._alive[operand] = left, codes
        return known[1]

    def block(self, relation: Relation) -> tuple[list[Ints], Bools] | None:
        """What a relation admits of the values that are left; ``None``: too much to ask."""
        alive = [self.alive(operand) for operand in relation.operands]
        if np.prod([len(values) for values in alive]) > MOST_SEEN:
            return None
        block = self.columns.table(relation).block(alive, self._most_judged)
        return None if block is None else (alive, block > 0)

    def blocks(self, kind: str, *, whole: bool) -> Iterator[Block]:
        """What relations admit that read a kind; ``whole``: those together that read the same."""
        groups: dict[object, list[Relation]] = {}
        for relation in self.relations:
            if kind in kinds_of(relation):
                groups.setdefault(relation.operands if whole else id(relation), []).append(relation)
        for relations in groups.values():
            alive = [self.alive(operand) for operand in relations[0].operands]
            found = [self.block(relation) for relation in relations]
            known = [block for _, block in filter(None, found)]
            if len(known) < len(found):
                yield Block(relations, alive, None)
            elif not (block := np.logical_and.reduce(known)).all():
                yield Block(relations, alive, block)

    def _news(self, what: int, kinds: Iterable[str]) -> bool:
        """Whether any of these kinds lost options since this was last asked of something."""
        stamp = tuple([self._stamps[kind] for kind in kinds])
        if self._seen.get(what) == stamp:
            return False
        self._seen[what] = stamp
        return True

    def _supported(self, relation: Relation) -> bool:
        """Leave out values that a relation admits with no values of the others."""
        if not self._news(id(relation), kinds_of(relation)):
            return False
        found = self.block(relation)
        if found is None:
            return False
        alive, block = found
        if block.all():
            return False
        return self._keep_values(relation.operands, alive, block)

    def _keep_values(
        self, operands: Sequence[AnyOperand], alive: Sequence[Ints], block: Bools
    ) -> bool:
        """Leave out the options whose values are in no good combination; whether any went."""
        changed = False
        for axis, operand in enumerate(operands):
            good = block.any(axis=tuple(a for a in range(block.ndim) if a != axis))
            if good.all():
                continue
            if isinstance(operand, Operand):
                changed |= self._keep_codes(operand, alive[axis][good])
            elif isinstance(operand, Derived):
                changed |= self._keep_sources(operand, alive[axis][good])
        return changed

    def _keep_codes(self, operand: Operand, codes: Ints) -> bool:
        mine = self.columns.column(operand).codes[self.left[operand.kind]]
        return self._keep(operand.kind, np.isin(mine, codes))

    def _keep_sources(self, derived: Derived, codes: Ints) -> bool:
        """Keep the facts of which some value comes that is good."""
        expansion = self.columns.expansion(derived, self.left)
        entries = expansion.codes[np.isin(expansion.values, codes)]
        changed = False
        for place, fact in enumerate(leaves(derived)):
            mine = entries[:, place]
            if isinstance(fact, Operand) and not (mine < 0).any():
                changed |= self._keep_codes(fact, mine)
        return changed

    def extreme(self, kind: str, amounts: Amounts, sign: int) -> int:
        """The least that a kind adds to a balance; with ``sign`` -1, less the most that it adds."""
        left, required = self.left[kind], kind in self.problem.required
        if not len(left):
            return 0
        of_line = int((sign * amounts.of_line[left]).min())
        if kind not in MANY_MODELS or (required and len(left) == 1):
            return of_line if required else min(0, of_line)
        piece = amounts.least_of_piece if sign > 0 else amounts.most_of_piece
        of_piece = int((sign * piece[left]).min())
        if of_piece < 0:
            return of_piece * self.problem.world.most_drives
        return of_line if required else 0

    def _balanced(self) -> bool:
        """Leave out options for which the others cannot make up."""
        changed = False
        for row in self.rows if self._price is None else (*self.rows, self._price):
            if not self._news(PRICE if row is self._price else id(row), row.amounts):
                continue
            least = {kind: self.extreme(kind, a, 1) for kind, a in row.amounts.items()}
            total = sum(least.values())
            for kind, amounts in row.amounts.items():
                left = self.left[kind]
                added = amounts.of_line[left]
                if kind in MANY_MODELS:
                    others = min(0, int(amounts.least_of_piece[left].min(initial=0)))
                    pieces = self.problem.world.most_drives - self.columns.quantity[kind][left]
                    added = added + pieces * others
                changed |= self._keep(kind, added <= row.bound - (total - least[kind]))
                if self.may_lack(kind) and total - least[kind] > row.bound:
                    self._need(kind)
                    changed = True
            if total > row.bound:
                self.impossible = True
        return changed

    def _wired(self) -> bool:
        """Leave out several cards, boards, CPUs and cases whose wiring is too slow for the points
        that are to be reached."""
        lines, problem = self.columns.lines["gpu"], self.problem
        cards = [lines[place] for place in self.left["gpu"]]
        if not self._least or all(line.quantity == 1 for line in cards):
            return False
        alive = [self.alive(operand) for operand in SCORED]
        if np.prod([len(values) for values in alive]) > MOST_SEEN:
            return False
        block = self.columns.wired.block(alive, self._most_judged)
        if block is None:
            return False
        moved = np.moveaxis(block, GPU_AXIS, 0)
        reached = [np.unique(numbers) for numbers in moved]
        reaching = np.zeros((len(moved), len(self.columns.wirings)), dtype=np.bool_)
        rows = self._rows_of_cards(alive[GPU_AXIS])
        left = np.zeros(len(cards), dtype=np.bool_)
        enough: dict[Hashable, Bools] = {}
        for place, line in enumerate(cards):
            key = problem.score_key(line)
            if key not in enough:
                enough[key] = self._enough(line)
            for row in rows[place]:
                reaching[row] |= enough[key]
                left[place] |= enough[key][reached[row]].any()
        good = np.stack([mine[numbers] for mine, numbers in zip(reaching, moved, strict=True)])
        changed = self._keep("gpu", left)
        return self._keep_values(SCORED, alive, np.moveaxis(good, 0, GPU_AXIS)) or changed

    def _rows_of_cards(self, alive: Ints) -> list[Ints]:
        """Of every option of cards where among the values of ``CARDS`` those stand that it can be
        part of."""
        expansion = self.columns.expansion(CARDS, self.left)
        mine = expansion.codes[:, leaves(CARDS).index(GPUS)]
        row = np.searchsorted(alive, expansion.values)
        by_code = {int(code): np.unique(row[(mine == code) | (mine < 0)]) for code in mine}
        return [by_code[int(c)] for c in self.columns.column(GPUS).codes[self.left["gpu"]]]

    def _enough(self, cards: Line) -> Bools:
        """With which wirings cards could have the points that are to be reached."""
        problem, wirings = self.problem, self.columns.wirings
        if cards.quantity == 1:
            return np.full(len(wirings), problem.most_points(cards) >= self._least)
        links = [None if wiring is None else problem.link(cards, wiring) for wiring in wirings]
        points = [0 if link is None else problem.score(cards, link) or 0 for link in links]
        return np.array(points) >= self._least

    def _fed(self) -> bool:
        """Leave out CPUs with too few cores for the points that are to be reached."""
        if not self._least or not self.problem.scorer.fed_by_cpu:
            return False
        column, keys = self.columns.column(CORES), self.columns.values(CORES).keys
        cards = self.configurations().values()
        good = [
            isinstance(count, int)
            and any(self.problem.most_points(line, count) >= self._least for line in cards)
            for count in keys
        ]
        return self._keep("cpu", np.array(good)[column.codes[self.left["cpu"]]])

    def open(self) -> dict[int, Judged | None]:
        """The statements (by ``id``) that some combination of the options that are left breaks, and
        of relations what is known of all combinations."""
        found: dict[int, Judged | None] = {}
        for relation in self.relations:
            block = self.block(relation)
            if block is None:
                found[id(relation)] = None
            elif not block[1].all():
                values = (self.columns.values(operand).keys for operand in relation.operands)
                keys = [
                    [of[code] for code in codes] for of, codes in zip(values, block[0], strict=True)
                ]
                found[id(relation)] = self._with_none(relation, Judged(keys, block[1]))
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

    # --- what another option betters ---------------------------------------------------------

    def undominated(self, *, whole: bool = True) -> None:
        """Leave out options that another one betters, kind by kind.

        ``whole``: by all rules together, and options of which another betters every set; not where
        rules may be dropped afterwards.
        """
        for kind in (*FIRST, *(kind for kind in KINDS if kind not in FIRST)):
            if len(self.left[kind]) > 1 and not self.impossible:
                self._keep(kind, undominated(Views(self, kind, whole=whole)))
            if kind in MANY_MODELS and whole and len(self.left[kind]) > FEW:
                self._keep(kind, ~Replacing(self, kind).bettered())


def needed(problem: Problem) -> Lists:
    """The options that a best build may need, whichever of the rules are in force.

    What another option betters by all rules together it betters by any of them.
    """
    with problem.common.lock:
        narrowing = Narrowing(Columns(problem))
        narrowing.undominated(whole=False)
        return narrowing.lists()
