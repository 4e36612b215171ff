"""A build found by propagation alone: one kind after the other gets its cheapest option."""

from __future__ import annotations

from collections.abc import Sequence

from rigopt.build import Build
from rigopt.narrowing.narrow import Narrowing
from rigopt.parts import KINDS

SLOTS = ("riser", "network")
"""What takes slots beside cards, mostly nothing: while it is open, rules on slots tell little."""
FIRST = ("gpu", "storage", "motherboard", "cpu", "case", "psu", "cooler", "memory")
"""Kinds to choose of first then: those that decide most of the others."""
ORDER = (*SLOTS, *FIRST, *(kind for kind in KINDS if kind not in {*SLOTS, *FIRST}))
PATIENCE = 24
"""So often an option may turn out to leave nothing."""


class Dive:
    """The search for a cheap build: depth first, as long as patience lasts.

    Nothing is proven by it, and what it finds is to be checked.
    """

    def __init__(self, patience: int | None = None) -> None:
        self._tries = PATIENCE if patience is None else patience

    def build(self, left: Narrowing, least: int | None = None) -> Build | None:
        """A build of the options that are left, with so many points (default: what was asked for
        there); ``None``: none was found."""
        alone = left.alone(least)
        alone.consistent()
        return self._build(alone, ORDER)

    def _build(self, left: Narrowing, kinds: Sequence[str]) -> Build | None:
        if left.impossible:
            return None
        if not kinds:
            lines = left.columns.lines
            return Build.of(lines[kind][i] for kind, places in left.left.items() for i in places)
        kind, *rest = kinds
        if left.may_lack(kind):
            lacking = self._chosen(left, kind, [])
            return self._build(left if lacking.impossible else lacking, rest)
        for place in left.left[kind].tolist():
            found = self._build(self._chosen(left, kind, [place]), rest)
            if found is not None or not self._tries:
                return found
            self._tries -= 1
        return None

    def _chosen(self, left: Narrowing, kind: str, places: Sequence[int]) -> Narrowing:
        if len(places) == len(left.left[kind]):
            return left
        chosen = left.alone()
        chosen.choose(kind, places)
        chosen.consistent()
        return chosen
