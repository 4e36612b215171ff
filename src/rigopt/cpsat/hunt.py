"""The search, cards first: those that could score most are tried before the others.

Every configuration of cards (chip, number, cap) has a bound: its score with the best link there is
and as many CPU cores as it wants. A few configurations at a time, the highest bounds first, become
a small model that CP-SAT solves to the end; the search is over when no configuration that is left
could score more. The bounds and the solver's own proofs together are the proof. The same answer
comes from one model of everything (``search.search``); the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Found, Status, run
from rigopt.encoding import Encoding
from rigopt.errors import InternalError
from rigopt.narrowing import LITTLE, Columns, Narrowing
from rigopt.narrowing.standing import Row
from rigopt.problem import Problem
from rigopt.rules.base import Rule
from rigopt.rules.gaps import gap_of
from rigopt.rules.shapes import Balance

FIRST, GROWTH = 2, 3
"""Configurations in the first model, and how many times more in each next one."""
ENOUGH_PCT = 70
"""Where money is at least such a share of what was looked at, that is not looked at anew."""
BUDGET = "wish-budget"


Key = tuple[str, int, int | None]
"""What the score reads of cards: chip, number and cap."""
Cards = tuple[str, int]
"""A chip and how many cards of it."""


class Config(NamedTuple):
    """Cards of one chip, number and cap: they differ in make and size only."""

    bound: int
    key: Key
    places: tuple[int, ...]
    """Of the options, where they stand among the columns."""


class Proven(NamedTuple):
    """With no more money and no fewer rules than these, cards score no more than this."""

    dropped: frozenset[str]
    most_cents: int | None
    points: int

    def holds(self, dropped: Collection[str], most_cents: int | None) -> bool:
        """Whether it holds with some rules dropped and so much money."""
        enough = self.most_cents is None or (
            most_cents is not None and most_cents <= self.most_cents
        )
        return enough and self.dropped.issuperset(dropped)


class Hunt:
    """One problem, searched as often as there are questions about it."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self._seed = problem.request.seed
        self._columns = Columns(problem)
        self._wide: dict[tuple[frozenset[str], Balance | None], dict[float, Narrowing]] = {}
        """By the rules dropped and what is to be made small, then by the cents to spend."""
        self._proven: dict[Key, list[Proven]] = {}
        """What earlier searches proved of configurations, by key."""

    def _consistent(
        self, dropped: Collection[str], most_cents: int | None, goal: Balance | None = None
    ) -> Narrowing:
        """What is left of all options by consistency alone, with at least so much money: with
        little more of it, a sub-problem finds out by itself what it cannot afford."""
        limit = inf if most_cents is None else most_cents
        known = self._wide.setdefault((frozenset(dropped), goal), {})
        looser = min((other for other in known if other >= limit), default=None)
        if looser is not None and looser * ENOUGH_PCT <= limit * 100:
            return known[looser]
        with self.problem.common.lock:
            found = Narrowing(
                self._columns,
                dropped=dropped,
                most_cents=most_cents,
                within=None if looser is None else known[looser],
                most_judged=LITTLE,
                goal=goal,
            )
            found.consistent()
        known[limit] = found
        return found

    def _configs(
        self,
        dropped: Collection[str],
        most_cents: int | None,
        without: Collection[Cards],
        least: int,
        goal: Balance | None = None,
    ) -> list[Config]:
        """The configurations that are left and could have so many points, the best first."""
        wide = self._consistent(dropped, most_cents, goal)
        if wide.impossible:
            return []
        by_key: dict[Key, list[int]] = {}
        for place in wide.left["gpu"]:
            line = self._columns.lines["gpu"][place]
            by_key.setdefault(self.problem.score_key(line), []).append(int(place))
        found = []
        for key, places in by_key.items():
            bound = self.problem.most_points(self._columns.lines["gpu"][places[0]])
            for proven in self._proven.get(key, ()):
                if proven.points < bound and proven.holds(dropped, most_cents):
                    bound = proven.points
            if bound >= least and key[:2] not in without:
                found.append(Config(bound, key, tuple(places)))
        return sorted(found, key=lambda config: (-config.bound, config.key[:2], config.places))

    def _prove(
        self,
        configs: Sequence[Config],
        dropped: Collection[str],
        most_cents: int | None,
        points: int,
    ) -> None:
        """Remember that configurations score no more than this."""
        for config in configs:
            if points < config.bound:
                proven = Proven(frozenset(dropped), most_cents, points)
                self._proven.setdefault(config.key, []).append(proven)

    def _most_cents(self, dropped: Collection[str], most_cents: int | None) -> int | None:
        """What may be spent on parts."""
        budget = self.problem.request.budget_cents
        if budget is None or BUDGET in dropped:
            return most_cents
        affordable = self.problem.request.charges.affordable(budget)
        return affordable if most_cents is None else min(affordable, most_cents)

    def _model(
        self,
        configs: Sequence[Config],
        dropped: Collection[str],
        most_cents: int | None,
        least: int,
        goal: Balance | None = None,
    ) -> Model | None:
        """A model of some configurations in which no more is paid for parts, and so many points
        are reached; ``None``: there is no such build. ``goal``: what is to be made small."""
        with self.problem.common.lock:
            narrow = Narrowing(
                self._columns,
                [place for config in configs for place in config.places],
                dropped=dropped,
                most_cents=most_cents,
                least=least,
                within=self._consistent(dropped, most_cents, goal),
                goal=goal,
            )
            narrow.consistent()
            narrow.undominated()
            if narrow.impossible:
                return None
            lines, still_open = narrow.lists(), narrow.open()
        encoding = Encoding(self.problem, lines, only=still_open)
        model = Model(encoding, dropped=dropped)
        if most_cents is not None:
            model.at_most(encoding.price, most_cents)
        if least > 0:
            model.any_of(encoding.scoring(least))
        return model

    def best(
        self,
        *,
        dropped: Collection[str] = (),
        most_cents: int | None = None,
        at_least: int = 0,
        without: Collection[Cards] = (),
    ) -> Found:
        """The most points of any build with some rules dropped: proven, or as far as time allows.

        ``most_cents`` bounds what is paid for parts, ``without`` names cards that are not wanted.
        INFEASIBLE: no build has as many points as asked for.
        """
        found = Found(Status.INFEASIBLE)
        least, size = at_least, FIRST
        limit = self._most_cents(dropped, most_cents)
        left = self._configs(dropped, limit, without, least)
        while left:
            chunk, left = left[:size], left[size:]
            size *= GROWTH
            model = self._model(chunk, dropped, limit, least)
            if model is None:
                self._prove(chunk, dropped, limit, least - 1)
                continue
            model.maximise(model.encoding.score)
            status, answer = run(model, self.clock, self._seed)
            if status is Status.UNKNOWN:
                if found.score is None:
                    return Found(status)
                return Found(Status.FEASIBLE, found.build, found.score, chunk[0].bound)
            if status is Status.INFEASIBLE:
                self._prove(chunk, dropped, limit, least - 1)
            else:
                score = round(answer.objective_value)
                build = model.build(answer)
                beyond = left[0].bound if left else 0
                bound = max(int(answer.best_objective_bound), beyond)
                found = Found(status, build, score, bound)
                if status is Status.FEASIBLE:
                    return found
                self._prove(chunk, dropped, limit, score)
                least = score + 1
                left = [config for config in left if config.bound >= least]
        if found.score is None:
            return found
        return Found(Status.OPTIMAL, found.build, found.score, found.score)

    def answer(
        self,
        tell: Callable[[str], None] = lambda _step: None,
        *,
        most_cents: int | None = None,
        without: Collection[Cards] = (),
    ) -> Found:
        """The lexicographic optimum: most points, then fewest cents, then lowest rank."""
        tell("throughput")
        best = self.best(most_cents=most_cents, without=without)
        if best.status is not Status.OPTIMAL or best.score is None:
            return best
        tell("price")
        cents = (best.build and best.build.cost_cents) or 0
        found = self._cheapest(best, best.score, cents, without)
        if found.status is Status.INFEASIBLE:
            raise InternalError("the search for the price lost the build of the one before it")
        return found

    def different(self) -> Iterator[Found]:
        """The best build, the best with other cards than it, the best with other cards than both,
        ... until there is none (or time ends): the last is not OPTIMAL."""
        seen: set[Cards] = set()
        while True:
            found = self.answer(without=seen)
            yield found
            if found.status is not Status.OPTIMAL or found.build is None:
                return
            seen |= {self.problem.score_key(line)[:2] for line in found.build.of_kind("gpu")}

    def curve(self) -> Iterator[Found]:
        """The best build, the best for less money, the best for less than that, ...: every build
        that no other beats in points and price. The last is not OPTIMAL, unless it costs nothing
        or scores none."""
        limit: int | None = None
        while True:
            found = self.answer(most_cents=limit)
            yield found
            if found.status is not Status.OPTIMAL or found.build is None or not found.score:
                return
            limit = (found.build.cost_cents or 0) - 1
            if limit < 0:
                return

    def cheapest(self, best: Found, least: int, most_cents: int | None = None) -> Found:
        """The cheapest build with so many points, fewer than the best has; of equally cheap ones
        that with the most points, then with the lowest rank. INFEASIBLE: all cost more."""
        first = self._cheapest(best, least, most_cents, ())
        if first.status is not Status.OPTIMAL or first.build is None:
            return first
        cents = first.build.cost_cents
        more = self.best(most_cents=cents, at_least=(first.score or 0) + 1)
        if more.status is Status.INFEASIBLE:
            return first
        if more.status is not Status.OPTIMAL or more.score is None:
            return replace(first, status=Status.FEASIBLE)
        return self._cheapest(replace(more, score_bound=best.score), more.score, cents or 0, ())

    def tighter(self, *rules: Rule) -> Hunt:
        """The same problem with more rules."""
        return Hunt(replace(self.problem, rules=(*self.problem.rules, *rules)), self.clock)

    def least(
        self, amount: Balance, *, at_least: int = 0, most_cents: int | None = None
    ) -> tuple[Status, int | None]:
        """The least by which what a balance asks for exceeds what it is supplied in any build:
        OPTIMAL with the number, INFEASIBLE, or UNKNOWN when time ended before the proof. It must be
        known of every option that the rules admit.

        ``at_least``: the points to reach; ``most_cents`` bounds what is paid for parts.
        """
        limit = self._most_cents((), most_cents)
        row, _ = self._columns.row(amount)
        wide = self._consistent((), limit, amount)
        left = self._by_amount(self._configs((), limit, (), at_least, amount), row, wide)
        found, size = None, FIRST
        while left:
            chunk, left = left[:size], left[size:]
            size *= GROWTH
            model = self._model([config for _, config in chunk], (), limit, at_least, amount)
            if model is None:
                continue
            gap = gap_of(amount, model.encoding)
            assert gap is not None
            assert not gap.never
            if found is not None:
                model.at_most(gap.terms, found - 1)
            model.minimise(gap.terms)
            status, answer = run(model, self.clock, self._seed)
            if status in (Status.FEASIBLE, Status.UNKNOWN):
                return Status.UNKNOWN, None
            if status is Status.OPTIMAL:
                found = round(answer.objective_value)
                left = [(bound, config) for bound, config in left if bound < found]
        return (Status.INFEASIBLE if found is None else Status.OPTIMAL), found

    def _by_amount(
        self, configs: Sequence[Config], row: Row, wide: Narrowing
    ) -> list[tuple[int, Config]]:
        """Configurations with the least that a build of each adds up to, the least first."""
        if not configs:
            return []
        amounts = {kind: mine for kind, mine in row.amounts.items() if kind != "gpu"}
        rest = sum(wide.extreme(kind, mine, 1) for kind, mine in amounts.items())
        cards = row.amounts["gpu"].of_line
        found = [(rest + int(cards[list(c.places)].min()), c) for c in configs]
        return sorted(found, key=lambda item: (item[0], item[1].places))

    def _cheapest(
        self, best: Found, least: int, most_cents: int | None, without: Collection[Cards]
    ) -> Found:
        """The cheapest build with so many points; ``best`` is one that has them."""
        limit = self._most_cents((), most_cents)
        model = self._model(self._configs((), limit, without, least), (), limit, least)
        if model is None:
            return Found(Status.INFEASIBLE)
        model.minimise(model.encoding.cost)
        status, answer = run(model, self.clock, self._seed)
        if status is Status.INFEASIBLE:
            return Found(status)
        if status is Status.UNKNOWN:
            return replace(best, status=Status.FEASIBLE)
        build = model.build(answer)
        done = Status.OPTIMAL if status is Status.OPTIMAL else Status.FEASIBLE
        return Found(done, build, self.problem.score_of(build) or 0, best.score_bound)
