"""Make the options of a problem fewer: consistency between kinds, then dominance within one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rigopt.build import Line
from rigopt.narrowing.columns import Columns
from rigopt.narrowing.compare import distinct
from rigopt.narrowing.left import FED, LITTLE, PRICE, WIRED, Left, Lists, ends_of, same
from rigopt.narrowing.sets import Replacing, dearness
from rigopt.narrowing.standing import Row, leaves
from rigopt.narrowing.values import Bools, Ints, among, used
from rigopt.narrowing.views import Views
from rigopt.parts import KINDS
from rigopt.problem import MANY_MODELS, SCORED, Problem
from rigopt.rules.operands import AnyOperand, Derived, Operand
from rigopt.rules.seats import CARDS, GPUS
from rigopt.rules.shapes import Relation
from rigopt.rules.sizing import CORES

GPU_AXIS = SCORED.index(CARDS)
SEATED = tuple(dict.fromkeys(fact.kind for operand in SCORED for fact in leaves(operand)))
"""The kinds that decide how several cards are wired."""
FEW = 60
"""Drives of which it is not worth the time to look at sets."""
ROUNDS = 4
"""How often what one kind lost is told to the others."""
FIRST = ("storage", "memory", "psu", "cooler", "case", "cpu")
"""Kinds to make fewer before the others: those that the others' facts depend on most."""


class Narrowing(Left):
    """What is left, and how it grows less: the options that no best build needs go."""

    def _need(self, kind: str) -> None:
        """Remember that no build lacks a kind."""
        self._needed.add(kind)
        self._alive = {
            operand: known
            for operand, known in self._alive.items()
            if not (isinstance(operand, Operand) and operand.kind == kind)
        }
        self._seen.clear()
        if not len(self.left[kind]):
            self.impossible = True

    def alone(self, least: int | None = None) -> Narrowing:
        """The same, of interest with one line of drives only; little is looked at. ``least``: the
        points to reach, if others."""
        return Narrowing(
            self.columns,
            dropped=self._without,
            most_cents=self._most_cents,
            least=self._least if least is None else least,
            within=self,
            most_judged=LITTLE,
            goal=self.goal,
            scored=self.scored,
            single=True,
        )

    # --- what goes with nothing --------------------------------------------------------------

    def consistent(self) -> None:
        """Leave out what no options of the other kinds go with, until nothing changes much."""
        for balance in self._balances:
            admitted = self.columns.row(balance)[1]
            if self._news(id(admitted), admitted):
                for kind, mask in admitted.items():
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

    def _news(self, what: int, kinds: Iterable[str]) -> bool:
        """Whether any of these kinds lost options since this was last asked of something."""
        left, seen = [self.left[kind] for kind in kinds], self._seen.get(what)
        self._seen[what] = left
        return seen is None or not same(seen, left)

    def _supported(self, relation: Relation) -> bool:
        """Leave out values that a relation admits with no values of the others."""
        if id(relation) in self._settled:
            return False
        if not self._news(id(relation), self.columns.kinds[id(relation)]):
            return False
        alive, block = self.block(relation)
        if block is None or id(relation) in self._settled:
            return False
        if self._kept.get(id(relation)) is alive:
            return False
        self._kept[id(relation)] = alive
        return self._keep_values(relation.operands, alive, block)

    def _keep_values(
        self, operands: Sequence[AnyOperand], alive: Sequence[Ints], block: Bools
    ) -> bool:
        """Leave out the options whose values are in no good combination; whether any went."""
        changed = False
        for operand, codes, good in zip(operands, alive, somewhere(block), strict=True):
            if good.all():
                continue
            if isinstance(operand, Operand):
                changed |= self._keep_codes(operand, codes[good])
            elif isinstance(operand, Derived):
                changed |= self._keep_sources(operand, codes[good])
        return changed

    def _keep_codes(self, operand: Operand, codes: Ints) -> bool:
        mine = self.columns.column(operand).codes[self.left[operand.kind]]
        return self._keep(operand.kind, among(codes, mine))

    def _keep_sources(self, derived: Derived, codes: Ints) -> bool:
        """Keep the facts of which some value comes that is good."""
        expansion = self.expansion(derived)
        entries = expansion.codes[among(codes, expansion.values)]
        changed = False
        for place, fact in enumerate(leaves(derived)):
            mine = entries[:, place]
            if isinstance(fact, Operand) and not (mine < 0).any():
                changed |= self._keep_codes(fact, mine)
        return changed

    def _balanced(self) -> bool:
        """Leave out options for which the others cannot make up."""
        changed = False
        for row in self.rows if self._price is None else (*self.rows, self._price):
            if not self._news(PRICE if row is self._price else id(row), row.amounts):
                continue
            of_sets = self._of_sets(row)
            least, most = self._least_and_most(row, of_sets)
            spare = row.bound - sum(least.values())
            for kind, amounts in row.amounts.items():
                if most[kind] > spare + least[kind]:
                    added = of_sets.get(kind)
                    added = amounts.of_line[self.left[kind]] if added is None else added
                    changed |= self._keep(kind, added <= spare + least[kind])
                if self.may_lack(kind) and least[kind] + spare < 0:
                    self._need(kind)
                    changed = True
            if spare < 0:
                self.impossible = True
        return changed

    def least_cents(self) -> int:
        """No build of what is left costs less."""
        price = self.columns.price
        least, _ = self._least_and_most(price, self._of_sets(price))
        return sum(least.values())

    def _least_and_most(
        self, row: Row, of_sets: Mapping[str, Ints]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """The least that every kind adds to a balance, and the most that an option of it does."""
        least, most = {}, {}
        for kind, amounts in row.amounts.items():
            added = of_sets.get(kind)
            ends = self.ends(kind, amounts) if added is None else ends_of(added)
            least[kind], most[kind] = ends
            if self.may_lack(kind):
                least[kind] = min(0, least[kind])
        return least, most

    def _of_sets(self, row: Row) -> dict[str, Ints]:
        """Of kinds of which a build may mix models: of every option that is left the least that
        sets with it add to a balance."""
        found = {}
        for kind, amounts in row.amounts.items():
            if kind not in MANY_MODELS or self.single:
                continue
            if np.array_equal(amounts.of_line, self.columns.price.amounts[kind].of_line):
                found[kind] = dearness(self, kind)
                continue
            left = self.left[kind]
            others = min(0, int(amounts.least_of_piece[left].min(initial=0)))
            pieces = self.problem.world.most_drives - self.columns.quantity[kind][left]
            found[kind] = amounts.of_line[left] + pieces * others
        return found

    def _wired(self) -> bool:
        """Leave out several cards, boards, CPUs and cases whose wiring is too slow for the points
        that are to be reached."""
        if not self._least or not self.may_have_several_cards():
            return False
        if not self._news(WIRED, SEATED):
            return False
        alive, block = self.wirings()
        if block is None:
            return False
        moved = np.moveaxis(block, GPU_AXIS, 0)
        reached = [used(numbers.reshape(-1)) for numbers in moved]
        reaching = np.zeros((len(moved), len(self.columns.wirings)), dtype=np.bool_)
        rows = self._rows_of_cards(alive[GPU_AXIS])
        keys, key = self.columns.configurations
        cards = self.left["gpu"]
        column = self.columns.column(GPUS).codes
        sorts = np.stack((key[cards], column[cards]), axis=1)
        first, sort = distinct(sorts)
        good_sorts = np.zeros(len(first), dtype=np.bool_)
        lines = self.configurations()
        for place, (number, code) in enumerate(sorts[first].tolist()):
            enough = self._enough(lines[keys[number]])
            for row in rows[code]:
                reaching[row] |= enough
                good_sorts[place] |= enough[reached[row]].any()
        left = good_sorts[sort]
        good = np.stack([mine[numbers] for mine, numbers in zip(reaching, moved, strict=True)])
        changed = self._keep("gpu", left)
        return self._keep_values(SCORED, alive, np.moveaxis(good, 0, GPU_AXIS)) or changed

    def _rows_of_cards(self, alive: Ints) -> dict[int, Ints]:
        """Of every value of ``GPUS`` where among the values of ``CARDS`` those stand that it can be
        part of."""
        expansion = self.expansion(CARDS)
        mine = expansion.codes[:, leaves(CARDS).index(GPUS)]
        row = np.searchsorted(alive, expansion.values)
        codes = used(self.columns.column(GPUS).codes[self.left["gpu"]])
        return {code: np.unique(row[(mine == code) | (mine < 0)]) for code in codes.tolist()}

    def _enough(self, cards: Line) -> Bools:
        """With which wirings cards could have the points that are to be reached."""
        if cards.quantity == 1:
            reached = self.problem.most_points(cards) >= self._least
            return np.full(len(self.columns.wirings), reached)
        return self.columns.paces(cards).points >= self._least

    def most_points(self) -> int:
        """No build with the cards that are left has more points."""
        column, keys = self.columns.column(CORES), self.columns.values(CORES).keys
        counts = (keys[code] for code in used(column.codes[self.left["cpu"]]).tolist())
        cores = max((count for count in counts if isinstance(count, int)), default=None)
        _, block = self.wirings() if self.may_have_several_cards() else ([], None)
        ways = None if block is None else np.unique(block)
        most = 0
        for cards in self.configurations().values():
            points = self.problem.most_points(cards, cores)
            if cards.quantity > 1 and ways is not None:
                points = min(points, int(self.columns.paces(cards).points[ways].max(initial=0)))
            most = max(most, points)
        return most

    def _fed(self) -> bool:
        """Leave out CPUs with too few cores for the points that are to be reached."""
        if not self._least or not self.problem.scorer.fed_by_cpu:
            return False
        if not self._news(FED, ("gpu", "cpu")):
            return False
        column, keys = self.columns.column(CORES), self.columns.values(CORES).keys
        cards = self.configurations().values()
        good = [
            isinstance(count, int)
            and any(self.problem.most_points(line, count) >= self._least for line in cards)
            for count in keys
        ]
        return self._keep("cpu", np.array(good)[column.codes[self.left["cpu"]]])

    # --- what another option betters ---------------------------------------------------------

    def undominated(self, *, whole: bool = True) -> None:
        """Leave out options that another one betters, kind by kind.

        ``whole``: by all rules together, and options of which another betters every set; not where
        rules may be dropped afterwards.
        """
        for kind in (*FIRST, *(kind for kind in KINDS if kind not in FIRST)):
            if len(self.left[kind]) > 1 and not self.impossible:
                self._keep(kind, Views(self, kind, whole=whole).undominated())
            if whole:
                self._replaced(kind)
        for kind in MANY_MODELS if whole else ():
            self._replaced(kind)

    def _replaced(self, kind: str) -> None:
        """Leave out options of which another betters every set, where there are many."""
        if kind in MANY_MODELS and len(self.left[kind]) > FEW and not self.impossible:
            self._keep(kind, ~Replacing(self, kind).bettered())


def somewhere(block: Bools) -> list[Bools]:
    """Along every axis where something holds, whatever the places along the others."""
    if block.ndim == 1:
        return [block]
    axes, half = tuple(range(block.ndim)), block.ndim // 2
    firsts: Bools = np.any(block, axis=axes[half:])
    lasts: Bools = np.any(block, axis=axes[:half])
    return [*somewhere(firsts), *somewhere(lasts)]


def needed(problem: Problem) -> Lists:
    """The options that a best build may need, whichever of the rules are in force.

    What another option betters by all rules together it betters by any of them.
    """
    with problem.common.lock:
        narrowing = Narrowing(Columns(problem))
        narrowing.undominated(whole=False)
        return narrowing.lists()
