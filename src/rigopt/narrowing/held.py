"""Where what was judged of combinations of values is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from rigopt.narrowing.values import Ints, Values

Numbers = npt.NDArray[np.int16]

MOST_HELD = 10_000_000
"""Combinations of values that are remembered of one relation; beyond, it is not looked into."""
NOT_JUDGED = -1


class Whole:
    """All combinations in one array."""

    def __init__(self, values: Sequence[Values]) -> None:
        self._values = values
        self._known: Numbers = np.full([0] * len(values), NOT_JUDGED, dtype=np.int16)

    def has_room(self) -> bool:
        """Whether the values are few enough."""
        shape = [len(values.keys) for values in self._values]
        if prod(shape) > MOST_HELD:
            return False
        self._known = grown(self._known, shape)
        return True

    def block(self, alive: Sequence[Ints]) -> Numbers:
        """The numbers of all combinations of some values; ``NOT_JUDGED`` where there is none."""
        found = self._known
        share = [len(codes) / max(1, n) for codes, n in zip(alive, found.shape, strict=True)]
        for axis in sorted(range(found.ndim), key=share.__getitem__):
            found = found.take(alive[axis], axis=axis)
        return found

    def keep(self, block: Numbers, alive: Sequence[Ints], new: Ints) -> None:
        """Remember the numbers of all combinations of some values; ``new``: where in the block
        some were judged, a row a place."""
        del new
        self._known[np.ix_(*alive)] = block

    def at(self, asked: Sequence[Ints]) -> Numbers:
        """The numbers of some combinations, one of each array a combination."""
        found: Numbers = self._known[tuple(asked)]
        return found

    def keep_at(self, found: Numbers, asked: Sequence[Ints]) -> None:
        """Remember the numbers of some combinations."""
        self._known[tuple(asked)] = found


class ByPair:
    """An array for every pair of values of two operands that has one: of boards and CPUs few go
    together, and only those take room."""

    def __init__(self, values: Sequence[Values], first: int, second: int) -> None:
        self._values = values
        self._pair = first, second
        self._rest = [axis for axis in range(len(values)) if axis not in self._pair]
        self._known: dict[tuple[int, int], Numbers] = {}

    def has_room(self) -> bool:
        """Whether the values are few enough."""
        return prod(self._shape()) * (len(self._known) + 1) <= MOST_HELD

    def block(self, alive: Sequence[Ints]) -> Numbers:
        """As of ``Whole``."""
        block = np.full([len(codes) for codes in alive], NOT_JUDGED, dtype=np.int16)
        moved, here = np.moveaxis(block, self._pair, (0, 1)), self._others(alive)
        first, second = (alive[axis].tolist() for axis in self._pair)
        for (i, a), (j, b) in product(enumerate(first), enumerate(second)):
            if (a, b) in self._known:
                moved[i, j] = self._of(a, b)[here]
        return block

    def keep(self, block: Numbers, alive: Sequence[Ints], new: Ints) -> None:
        """As of ``Whole``."""
        moved, here = np.moveaxis(block, self._pair, (0, 1)), self._others(alive)
        first, second = (alive[axis].tolist() for axis in self._pair)
        for i, j in np.unique(new[:, self._pair], axis=0).tolist():
            self._of(first[i], second[j])[here] = moved[i, j]

    def at(self, asked: Sequence[Ints]) -> Numbers:
        """As of ``Whole``."""
        found = np.full(len(asked[0]), NOT_JUDGED, dtype=np.int16)
        for pair, places in self._by_pair(asked):
            if pair in self._known:
                found[places] = self._of(*pair)[tuple(asked[axis][places] for axis in self._rest)]
        return found

    def keep_at(self, found: Numbers, asked: Sequence[Ints]) -> None:
        """As of ``Whole``."""
        for pair, places in self._by_pair(asked):
            where = tuple(asked[axis][places] for axis in self._rest)
            self._of(*pair)[where] = found[places]

    def _shape(self) -> list[int]:
        return [len(self._values[axis].keys) for axis in self._rest]

    def _others(self, alive: Sequence[Ints]) -> tuple[Ints, ...]:
        """Where values of the other operands stand in an array."""
        where: tuple[Ints, ...] = np.ix_(*(alive[axis] for axis in self._rest))
        return where

    def _of(self, first: int, second: int) -> Numbers:
        """The array of a pair, with room for all values."""
        known = self._known.get((first, second))
        if known is None:
            known = np.full(self._shape(), NOT_JUDGED, dtype=np.int16)
        self._known[first, second] = grown(known, self._shape())
        return self._known[first, second]

    def _by_pair(self, asked: Sequence[Ints]) -> Iterator[tuple[tuple[int, int], Ints]]:
        """Every pair among some combinations, and where it stands."""
        first, second = (asked[axis] for axis in self._pair)
        pairs, number = np.unique(np.stack((first, second), axis=1), axis=0, return_inverse=True)
        for place, (a, b) in enumerate(pairs.tolist()):
            yield (a, b), np.flatnonzero(number.reshape(-1) == place)


def grown(known: Any, shape: Sequence[int], empty: int = NOT_JUDGED) -> Any:
    """An array with room for more values."""
    if list(known.shape) == list(shape):
        return known
    more = [(0, new - old) for old, new in zip(known.shape, shape, strict=True)]
    return np.pad(known, more, constant_values=empty)
