"""Values with a number each, and what was judged of their combinations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rigopt.rules.base import ABSENT

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_HELD = 10_000_000
"""Combinations of values that are remembered of one relation; beyond, it is not looked into."""
NOT_JUDGED = -1


def ints(values: Iterable[int]) -> Ints:
    """A column of numbers."""
    return np.fromiter(values, dtype=np.int64)


class Values:
    """The values of an operand, each with a number."""

    def __init__(self) -> None:
        self.keys: list[Hashable] = []
        self._codes: dict[Hashable, int] = {}

    def code(self, key: Hashable) -> int:
        """The number of a value."""
        found = self._codes.setdefault(key, len(self.keys))
        if found == len(self.keys):
            self.keys.append(key)
        return found


class Table:
    """What was judged of combinations of values: a number each."""

    def __init__(
        self,
        values: Sequence[Values],
        judge: Callable[[Sequence[Hashable]], int],
        moot: Sequence[tuple[int, int, Callable[[Hashable, Hashable], bool]]],
        if_moot: int,
    ) -> None:
        """``moot``: pairs of operands whose values settle that nothing is to be judged: the number
        is ``if_moot`` then."""
        self._values = values
        self._judge = judge
        self._moot = [(a, b, test, np.zeros((0, 0), dtype=np.int8)) for a, b, test in moot]
        self._if_moot = if_moot
        self._known = np.full([0] * len(values), NOT_JUDGED, dtype=np.int16)

    def block(self, alive: Sequence[Ints], most: int) -> npt.NDArray[np.int16] | None:
        """The numbers of all combinations of some values; ``None``: more than so many of them
        would have to be judged."""
        if not self._grow():
            return None
        where = np.ix_(*alive)
        block = self._known[where]
        if (block == NOT_JUDGED).any():
            self._pass_over(block, alive)
            places = np.argwhere(block == NOT_JUDGED)
            if len(places) > most:
                return None
            keys = [
                [values.keys[code] for code in codes.tolist()]
                for values, codes in zip(self._values, alive, strict=True)
            ]
            block[block == NOT_JUDGED] = [
                self._judge([of[p] for of, p in zip(keys, place, strict=True)])
                for place in places.tolist()
            ]
            self._known[where] = block
        return block

    def at(self, asked: Sequence[Ints]) -> npt.NDArray[np.int16] | None:
        """The numbers of some combinations, one of each array a combination; ``None``: there are
        too many values."""
        if not self._grow():
            return None
        where = tuple(asked)
        found = self._known[where]
        for place in np.flatnonzero(found == NOT_JUDGED):
            keys = [v.keys[a[place]] for v, a in zip(self._values, asked, strict=True)]
            found[place] = self._judge(keys)
        self._known[where] = found
        return found

    def _grow(self) -> bool:
        """Make room for all values; whether there is."""
        shape = [len(values.keys) for values in self._values]
        size = 1
        for number in shape:
            size *= number
        if size > MOST_HELD:
            return False
        self._known = _grown(self._known, shape)
        return True

    def _pass_over(self, block: npt.NDArray[np.int16], alive: Sequence[Ints]) -> None:
        """Combinations of which nothing is to be judged: absent parts, moot pairs."""
        for axis, (values, codes) in enumerate(zip(self._values, alive, strict=True)):
            absent = [p for p, code in enumerate(codes) if values.keys[code] is ABSENT]
            np.moveaxis(block, axis, 0)[absent] = self._if_moot
        for number, (a, b, test, known) in enumerate(self._moot):
            first, second = self._values[a].keys, self._values[b].keys
            known = _grown(known, [len(first), len(second)], empty=0)
            self._moot[number] = a, b, test, known
            where = np.ix_(alive[a], alive[b])
            pairs = known[where]
            for i, j in np.argwhere(pairs == 0):
                x, y = first[alive[a][i]], second[alive[b][j]]
                skip = x is not None and y is not None and _applies(test, x, y)
                pairs[i, j] = 1 if skip else 2
            known[where] = pairs
            shape = [1] * block.ndim
            shape[a] = len(alive[a])
            shape[b] = len(alive[b])
            mask = (np.diagonal(pairs) if a == b else pairs) == 1
            np.copyto(block, self._if_moot, where=mask.reshape(shape) & (block == NOT_JUDGED))


def _applies(test: Callable[[Hashable, Hashable], bool], x: Hashable, y: Hashable) -> bool:
    return x is not ABSENT and y is not ABSENT and test(x, y)


def _grown(known: Any, shape: Sequence[int], empty: int = NOT_JUDGED) -> Any:
    """An array with room for more values."""
    if list(known.shape) == list(shape):
        return known
    more = [(0, new - old) for old, new in zip(known.shape, shape, strict=True)]
    return np.pad(known, more, constant_values=empty)
