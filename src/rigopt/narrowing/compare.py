"""The options of a kind side by side: which of them another one betters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rigopt.build import Line
from rigopt.narrowing.columns import Columns
from rigopt.narrowing.standing import leaves
from rigopt.narrowing.values import Bools, Ints
from rigopt.problem import MANY_MODELS
from rigopt.rules.operands import AnyOperand, Operand


class Comparison:
    """Some options of one kind and in what they compare.

    ``same`` are facts in which options must be equal, ``covers`` sorts of options with which sort
    is at least as good as which, ``amounts`` numbers of which less is better.
    """

    def __init__(self, columns: Columns, kind: str, left: Ints) -> None:
        """``left``: the places of the options that are compared, by price and rank."""
        self._columns = columns
        self.problem = columns.problem
        self.kind = kind
        self.left = left
        self.same: list[Ints] = []
        self.covers: list[tuple[Ints, Bools]] = []
        self.amounts: list[Ints] = []
        self._additive = np.ones(len(columns.lines[kind]), dtype=np.bool_)
        """Of every option, left or not: whether all statements see n pieces of a part as n times
        one."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every option of the kind, left or not."""
        return self._columns.lines[self.kind]

    def _equal(self, operands: Sequence[AnyOperand]) -> None:
        """Only options with the same values compare."""
        for operand in operands:
            for fact in leaves(operand):
                if fact.kind != self.kind:
                    continue
                codes = self._columns.column(fact).codes
                if isinstance(fact, Operand):
                    self._once(codes)
                else:
                    self._pieces(codes)
                self.same.append(codes[self.left])

    def _less(self, amounts: Ints) -> None:
        """The less an option adds the better."""
        self._pieces(amounts)
        self.amounts.append(amounts[self.left])

    def _once(self, codes: Ints) -> None:
        """Whether the number of pieces makes no difference to a fact."""
        self._additive &= codes == codes[self._columns.singles[self.kind]]

    def _pieces(self, amounts: Ints) -> None:
        """Whether an amount is so much a piece."""
        self._additive &= (
            amounts == amounts[self._columns.singles[self.kind]] * self._columns.quantity[self.kind]
        )

    # --- the outcome -------------------------------------------------------------------------

    def undominated(self) -> Bools:
        """Which of the options that are left none betters."""
        if self.kind not in MANY_MODELS:
            return self._first(np.arange(len(self.left)))
        return self._models()

    def _first(self, some: Ints, cents: Ints | None = None) -> Bools:
        """Which of some options, in the order of price and rank, none of them betters that comes
        before it; with ``cents``: none that costs less."""
        amounts = np.zeros((len(some), 0), dtype=np.int64)
        if self.amounts:
            amounts = np.stack(self.amounts, axis=1)[some]
        columns = [column[some] for column in (*self.same, *(sort for sort, _ in self.covers))]
        if not columns:
            alike, number = np.zeros((1, 0), dtype=np.int64), np.zeros(len(some), dtype=np.int64)
        else:
            stacked = np.stack(columns, axis=1)
            first, number = distinct(stacked)
            alike = stacked[first]
        if not self.covers:
            return _first_alike(number, amounts, cents)
        covers = np.ones((len(alike), len(alike)), dtype=np.bool_)
        for place in range(len(self.same)):
            covers &= alike[:, None, place] == alike[None, :, place]
        for place, (_, over) in enumerate(self.covers, start=len(self.same)):
            covers &= over[alike[:, None, place], alike[None, :, place]]
        return _first_covered(number, covers, amounts, cents)

    def _models(self) -> Bools:
        """Of kinds of which a build may mix models, a part is left out if another, strictly cheaper
        one can take its place piece by piece, beside whatever number of it is there already.

        That needs every amount to grow with the number of pieces, and as many to be had as a rig
        may hold; parts that are owned in part, or sold in another way, stay.
        """
        part = self._columns.parts[self.kind]
        plain = self._additive & self._columns.by_the_piece[self.kind]
        count = int(part.max(initial=-1)) + 1
        odd = np.bincount(part, weights=~plain, minlength=count) > 0
        short = np.bincount(part, minlength=count) != self.problem.world.most_drives
        single = self._columns.quantity[self.kind][self.left] == 1
        ones = np.flatnonzero(single & ~(odd | short)[part[self.left]])
        cents = self._columns.price.amounts[self.kind].of_line[self.left[ones]]
        out = np.zeros(count, dtype=np.bool_)
        out[part[self.left[ones]]] = ~self._first(ones, cents)
        kept: Bools = ~out[part[self.left]]
        return kept


def distinct(rows: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """Where each distinct row stands first, and for every row the number of its like."""
    flat = np.ascontiguousarray(rows)
    if not flat.size:
        return np.arange(min(1, len(rows))), np.zeros(len(rows), dtype=np.int64)
    whole = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).reshape(-1)
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return first, number.reshape(-1)


def _first_covered(sort: Ints, covers: Bools, amounts: Ints, cents: Ints | None) -> Bools:
    """Options that none before them betters: of a sort that ``covers`` theirs, with no more of any
    amount."""
    kept = np.zeros(len(sort), dtype=np.bool_)
    rest = np.arange(len(sort))
    while len(rest):
        one, rest = rest[0], rest[1:]
        kept[one] = True
        under = covers[sort[one], sort[rest]] & (amounts[one] <= amounts[rest]).all(axis=1)
        if cents is not None:
            under &= cents[one] < cents[rest]
        rest = rest[~under]
    return kept


def _first_alike(sort: Ints, amounts: Ints, cents: Ints | None) -> Bools:
    """As ``_first_covered`` where a sort covers only itself: all sorts at once."""
    kept = np.zeros(len(sort), dtype=np.bool_)
    rest = np.arange(len(sort))
    while len(rest):
        _, first, group = np.unique(sort[rest], return_index=True, return_inverse=True)
        kept[rest[first]] = True
        one = rest[first][group.reshape(-1)]
        under: Bools = np.all(amounts[one] <= amounts[rest], axis=1)
        if cents is not None:
            under &= cents[one] < cents[rest]
        under[first] = True
        rest = rest[~under]
    return kept
