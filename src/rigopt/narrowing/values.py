"""Values with a number each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def ints(values: Iterable[int]) -> Ints:
    """A column of numbers."""
    return np.fromiter(values, dtype=np.int64)


def numbered(values: Iterable[Hashable]) -> Ints:
    """A number for each of some values, equal ones the same."""
    numbers: dict[Hashable, int] = {}
    return ints(numbers.setdefault(value, len(numbers)) for value in values)


def used(codes: Ints) -> Ints:
    """The numbers that occur, in order."""
    return np.flatnonzero(np.bincount(codes))


def among(some: Ints, codes: Ints) -> Bools:
    """Which of the numbers are among some."""
    if not len(codes):
        return np.zeros(0, dtype=np.bool_)
    found = np.zeros(int(max(codes.max(), some.max(initial=0))) + 1, dtype=np.bool_)
    found[some] = True
    return found[codes]


def is_part(some: Ints, codes: Ints) -> bool:
    """Whether all of some numbers are among others."""
    return bool(among(codes, some).all())


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
