"""What was judged of combinations of values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from rigopt.narrowing.held import NOT_JUDGED, ByPair, Numbers, Whole, grown
from rigopt.narrowing.values import Bools, Ints, Values
from rigopt.rules.base import ABSENT


class Pairs:
    """What was judged of pairs of values: yes or no."""

    def __init__(self, first: Values, second: Values, test: Callable[[Any, Any], bool]) -> None:
        self._first, self._second, self._test = first, second, test
        self._known = np.zeros((0, 0), dtype=np.int8)

    def of(self, first: Ints, second: Ints) -> Bools:
        """Which of the first go with which of the second."""
        keys, others = self._first.keys, self._second.keys
        self._known = grown(self._known, [len(keys), len(others)], empty=0)
        where = np.ix_(first, second)
        pairs = self._known[where]
        for i, j in np.argwhere(pairs == 0):
            pairs[i, j] = 1 if self._test(keys[first[i]], others[second[j]]) else 2
        self._known[where] = pairs
        good: Bools = pairs == 1
        return good


class Table:
    """What was judged of combinations of values: a number each."""

    def __init__(
        self,
        values: Sequence[Values],
        judge: Callable[[Sequence[Hashable]], int],
        moot: Sequence[tuple[int, int, Callable[[Any, Any], bool]]],
        if_moot: int,
    ) -> None:
        """``moot``: pairs of operands (the earlier first) whose values settle that nothing is to be
        judged, as if one is absent: the number is ``if_moot`` then."""
        self._values = values
        self._judge = judge
        self._tests = [(a, b, _known(test)) for a, b, test in moot]
        self._moot = [(a, b, Pairs(values[a], values[b], test)) for a, b, test in self._tests]
        self._if_moot = if_moot
        self._held: Whole | ByPair = Whole(values)

    def block(self, alive: Sequence[Ints], most: int) -> Numbers | None:
        """The numbers of all combinations of some values; ``None``: more than so many of them
        would have to be judged, or there are too many values."""
        if not self._has_room():
            return None
        block = self._held.block(alive)
        if block.size and block.min() == NOT_JUDGED:
            self._pass_over(block, alive)
            new = block == NOT_JUDGED
            if np.count_nonzero(new) > most:
                return None
            places = np.argwhere(new)
            keys = [
                [values.keys[code] for code in codes.tolist()]
                for values, codes in zip(self._values, alive, strict=True)
            ]
            block[new] = [
                self._judge([of[p] for of, p in zip(keys, place, strict=True)])
                for place in places.tolist()
            ]
            self._held.keep(block, alive, places)
        return block

    def at(self, asked: Sequence[Ints]) -> Numbers | None:
        """The numbers of some combinations, one of each array a combination; ``None``: there are
        too many values."""
        if not self._has_room():
            return None
        found = self._held.at(asked)
        new = np.flatnonzero(found == NOT_JUDGED)
        for place in new:
            keys = [v.keys[a[place]] for v, a in zip(self._values, asked, strict=True)]
            found[place] = self._if_moot if self._passed_over(keys) else self._judge(keys)
        if len(new):
            self._held.keep_at(found, asked)
        return found

    def _has_room(self) -> bool:
        """Whether the values are few enough; with many, only pairs that matter take room."""
        if self._held.has_room():
            return True
        pairs = [(a, b) for a, b, _ in self._moot if a != b]
        if isinstance(self._held, ByPair) or not pairs:
            return False
        self._held = ByPair(self._values, *pairs[0])
        return self._held.has_room()

    def _passed_over(self, keys: Sequence[Hashable]) -> bool:
        """Whether of a combination nothing is to be judged."""
        return ABSENT in keys or any(test(keys[a], keys[b]) for a, b, test in self._tests)

    def _pass_over(self, block: Numbers, alive: Sequence[Ints]) -> None:
        """Combinations of which nothing is to be judged: absent parts, moot pairs."""
        for axis, (values, codes) in enumerate(zip(self._values, alive, strict=True)):
            absent = [p for p, code in enumerate(codes) if values.keys[code] is ABSENT]
            np.moveaxis(block, axis, 0)[absent] = self._if_moot
        for a, b, known in self._moot:
            pairs = known.of(alive[a], alive[b])
            shape = [1] * block.ndim
            shape[a] = len(alive[a])
            shape[b] = len(alive[b])
            mask = np.diagonal(pairs) if a == b else pairs
            np.copyto(block, self._if_moot, where=mask.reshape(shape) & (block == NOT_JUDGED))


def _known(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A test of values that are there and known."""
    none = (None, ABSENT)
    return lambda a, b: a not in none and b not in none and test(a, b)
