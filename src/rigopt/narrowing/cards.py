"""Configurations of cards: what each could score at most, and what is left with some of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from rigopt.build import Build
from rigopt.narrowing import ahead
from rigopt.narrowing.columns import Columns
from rigopt.narrowing.dive import Dive
from rigopt.narrowing.left import LITTLE
from rigopt.narrowing.narrow import Narrowing
from rigopt.narrowing.values import Ints
from rigopt.problem import Problem, ScoreKey
from rigopt.rules.shapes import Balance

AT_ONCE = 8
"""So often an option may leave nothing where a build is looked for before a search."""
Cards = tuple[str, int]
"""A chip and how many cards of it."""


class Config(NamedTuple):
    """Cards of one chip, number and cap: they differ in make and size only."""

    bound: int
    key: ScoreKey
    places: tuple[int, ...]
    """Of the options, where they stand among the columns."""


class Able(NamedTuple):
    """A configuration, and what is consistent with it."""

    config: Config
    left: Narrowing


class Limits(NamedTuple):
    """What may be chosen: without some rules, for so much money; and what is to be made small,
    if anything is."""

    dropped: frozenset[str] = frozenset()
    most_cents: int | None = None
    goal: Balance | None = None

    def allow(self, other: Limits) -> bool:
        """Whether whatever the others allow is allowed."""
        enough = self.most_cents is None or (
            other.most_cents is not None and other.most_cents <= self.most_cents
        )
        return enough and self.dropped.issuperset(other.dropped)


class Proven(NamedTuple):
    """Within these limits cards score no more than this."""

    limits: Limits
    points: int


class Configurations:
    """The configurations of a problem, and what is known of them so far."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.columns = Columns(problem)
        self._wide: dict[tuple[frozenset[str], Balance | None], dict[float, Narrowing]] = {}
        """By the rules dropped and what is to be made small, then by the cents to spend."""
        self._points: dict[int, int] = {}
        """What configurations could score at most, by their number."""
        self._proven: dict[ScoreKey, list[Proven]] = {}
        """What earlier searches proved, by what the score reads of cards."""

    def wide(self, limits: Limits) -> Narrowing:
        """What is left of all options by consistency alone, with at least so much money: with
        little more of it, a sub-problem finds out by itself what it cannot afford."""
        known = self._wide.setdefault((limits.dropped, limits.goal), {})
        cents = inf if limits.most_cents is None else limits.most_cents
        looser = min((other for other in known if other >= cents), default=None)
        if looser is not None and ahead.enough(looser, cents):
            return known[looser]
        more = limits._replace(most_cents=ahead.a_little_more(limits.most_cents))
        with self.problem.common.lock:
            if looser is None:
                found = ahead.consistent(self.columns, *more)
            else:
                found = self._part(None, more, 0, known[looser], LITTLE)
        known[inf if more.most_cents is None else more.most_cents] = found
        return found

    def possible(self, limits: Limits, least: int, without: Collection[Cards] = ()) -> list[Config]:
        """The configurations that are left and could have so many points, the best first."""
        wide = self.wide(limits)
        if wide.impossible:
            return []
        (keys, sorts), places = self.columns.configurations, wide.left["gpu"]
        order = np.argsort(sorts[places], kind="stable")
        numbers, starts = np.unique(sorts[places][order], return_index=True)
        groups = np.split(places[order], starts)[1:]
        found = []
        for number, mine in zip(numbers.tolist(), groups, strict=True):
            key, bound = keys[number], self._most_points(number, mine)
            for proven in self._proven.get(key, ()):
                if proven.points < bound and proven.limits.allow(limits):
                    bound = proven.points
            if bound >= least and key[:2] not in without:
                found.append(Config(bound, key, tuple(mine.tolist())))
        return sorted(found, key=by_bound)

    def _most_points(self, number: int, places: Ints) -> int:
        """No build with cards of one configuration has more points."""
        if number not in self._points:
            line = self.columns.lines["gpu"][places[0]]
            self._points[number] = self.problem.most_points(line)
        return self._points[number]

    def score_at_most(self, config: Config, limits: Limits, points: int) -> None:
        """Remember that a configuration scores no more than this."""
        if points < config.bound:
            self._proven.setdefault(config.key, []).append(Proven(limits, points))

    def able(
        self,
        configs: Sequence[Config],
        limits: Limits,
        least: int,
        within: Narrowing | None = None,
    ) -> list[Able]:
        """Those of some configurations that could have so many points, as far as consistency tells,
        each with what is left of the options with it alone.

        ``within``: what is known to hold the best builds; default: all that is left.
        """
        if within is None:
            within = self.wide(limits)
        with self.problem.common.lock:
            every = [place for config in configs for place in config.places]
            together = self._part(every, limits, least, within)
            if together.impossible:
                return []
            left = set(together.left["gpu"].tolist())
            some = [(config, left.intersection(config.places)) for config in configs]
            some = [(config, places) for config, places in some if places]
            if len(some) == 1:
                return [Able(some[0][0], together)]
            each = [Able(c, self._part(places, limits, least, together)) for c, places in some]
        return [one for one in each if not one.left.impossible]

    def best_of(self, one: Able, limits: Limits, least: int) -> Narrowing | None:
        """The options that the best builds with a configuration may need; ``None``: there is no
        build with it for so little money and with so many points."""
        with self.problem.common.lock:
            found = self._part(None, limits, least, one.left)
            if not found.impossible:
                found.undominated()
        return None if found.impossible else found

    def bounded(self, able: Sequence[Able], limits: Limits, least: int) -> list[Able]:
        """Configurations that could have so many points, bounded by what is left of the other parts
        for these, the best first."""
        found = []
        with self.problem.common.lock:
            for config, left in able:
                most = max(least - 1, min(config.bound, left.most_points()))
                self.score_at_most(config, limits, most)
                found.append(Able(config._replace(bound=most), left))
        return sorted(found, key=lambda one: by_bound(one.config))

    def at_once(self, one: Able) -> Build | None:
        """A build with a configuration, as many points as that could have, and the cheapest parts
        that seem to go together; it is to be checked. ``None``: none was found at once."""
        with self.problem.common.lock:
            return Dive(AT_ONCE).build(one.left, one.config.bound)

    def _part(
        self,
        cards: Collection[int] | None,
        limits: Limits,
        least: int,
        within: Narrowing,
        most_judged: int | None = None,
    ) -> Narrowing:
        """What is consistent with some cards, or with all."""
        found = Narrowing(
            self.columns,
            dropped=limits.dropped,
            most_cents=limits.most_cents,
            least=least,
            within=within,
            most_judged=most_judged,
            goal=limits.goal,
        )
        if cards is not None:
            found.choose("gpu", cards)
        found.consistent()
        return found


def by_bound(config: Config) -> tuple[int, Cards, tuple[int, ...]]:
    """What could have the most points comes first."""
    return -config.bound, config.key[:2], config.places
