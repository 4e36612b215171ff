"""The search, cards first: those that could score most are tried before the others.

Every configuration of cards (chip, number, cap) has a bound: its score with the best link there is
and as many CPU cores as it wants. A few configurations at a time, the highest bounds first, are
asked for as many points as the next one could have. Most are refused by what consistency leaves of
the other parts, which also says how many points the rest could have. Where the cheapest parts that
go together reach these, nothing is left to be searched; otherwise a configuration becomes a small
model that CP-SAT solves to the end, and has to beat the best so far. The search is over when no
configuration that is left could score more. The bounds and the solver's own proofs together are the
proof. The same answer comes from one model of everything (``search.search``); the tests compare the
two.

Whatever is found is the one lexicographic optimum: it depends on nothing that was asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from rigopt.build import Build
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Found, Status, run
from rigopt.encoding import Encoding
from rigopt.errors import InternalError
from rigopt.narrowing import Able, Cards, Config, Configurations, Limits, Narrowing, by_bound
from rigopt.narrowing.standing import Row
from rigopt.problem import Problem
from rigopt.rules.base import Rule
from rigopt.rules.gaps import gap_of
from rigopt.rules.shapes import Balance

FIRST, GROWTH = 2, 3
"""So many configurations are looked at first, and how many times more each next time."""
BUDGET = "wish-budget"


class Best(NamedTuple):
    """What a search for the most points found, and of which configuration and options."""

    found: Found
    config: Config | None = None
    left: Narrowing | None = None


class Hunt:
    """One problem, searched as often as there are questions about it."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self._seed = problem.request.seed
        self._configs = Configurations(problem)

    def _limits(
        self,
        dropped: Collection[str] = (),
        most_cents: int | None = None,
        goal: Balance | None = None,
    ) -> Limits:
        """Without some rules, what may be spent on parts: that says all that the budget does."""
        budget = self.problem.request.budget_cents
        if budget is not None and BUDGET not in dropped:
            affordable = self.problem.request.charges.affordable(budget)
            most_cents = affordable if most_cents is None else min(affordable, most_cents)
        return Limits(frozenset((*dropped, BUDGET)), most_cents, goal)

    def _model(self, left: Narrowing, limits: Limits, least: int) -> Model:
        """A model of what is left in which no more is paid for parts, and so many points are
        reached."""
        with self.problem.common.lock:
            lines, still_open = left.lists(), left.open()
        encoding = Encoding(self.problem, lines, only=still_open)
        model = Model(encoding, dropped=limits.dropped)
        if limits.most_cents is not None:
            model.at_most(encoding.price, limits.most_cents)
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
        tell: Callable[[str], None] = lambda _step: None,
    ) -> Found:
        """The lexicographic optimum of all builds with some rules dropped: most points, then fewest
        cents, then lowest rank; proven, or as far as time allows.

        ``most_cents`` bounds what is paid for parts, ``without`` names cards that are not wanted.
        INFEASIBLE: no build has as many points as asked for.
        """
        tell("throughput")
        limits = self._limits(dropped, most_cents)
        reached = self._best(limits, at_least, without)
        best = reached.found
        if best.status is not Status.OPTIMAL or best.build is None or best.score is None:
            return best
        tell("price")
        limits = limits._replace(most_cents=best.build.cost_cents or 0)
        found = self._cheapest(best, limits, best.score, without, reached)
        if found.status is Status.INFEASIBLE:
            raise InternalError("the search for the price lost the build of the one before it")
        return found

    def _best(self, limits: Limits, least: int, without: Collection[Cards]) -> Best:
        """A few configurations at a time, which are asked for as many points as the next one could
        have. If none of them has so many, they wait until it is their turn again."""
        waiting, size = self._configs.possible(limits, least, without), FIRST
        while waiting:
            chunk, waiting = waiting[:size], waiting[size:]
            size *= GROWTH
            asked = max(least, waiting[0].bound) if waiting else least
            best = self._best_of(chunk, limits, asked)
            if best.found.status is not Status.INFEASIBLE:
                return best
            if asked > least:
                chunk = [config._replace(bound=asked - 1) for config in chunk]
                waiting = sorted([*chunk, *waiting], key=by_bound)
        return Best(Found(Status.INFEASIBLE))

    def _best_of(self, configs: Sequence[Config], limits: Limits, least: int) -> Best:
        """The most points of some configurations, so many at least: one after the other, each has
        to have more than the best so far."""
        best, more = Best(Found(Status.INFEASIBLE)), least
        able = self._configs.able(configs, limits, least)
        possible = {one.config.key for one in able}
        for config in configs:
            if config.key not in possible:
                self._configs.score_at_most(config, limits, least - 1)
        for one in self._configs.bounded(able, limits, least):
            if one.config.bound < more:
                break
            better = self._best_with(one, limits, more)
            status, points = better.found.status, better.found.score
            if status is Status.UNKNOWN and best.found.build:
                found = replace(best.found, status=Status.FEASIBLE, score_bound=one.config.bound)
                return best._replace(found=found)
            if status in (Status.UNKNOWN, Status.FEASIBLE):
                return better
            if points is not None:
                best, more = better, points + 1
            self._configs.score_at_most(one.config, limits, more - 1)
        return best

    def _best_with(self, one: Able, limits: Limits, least: int) -> Best:
        """The most points with one configuration, so many at least."""
        build, most = self._configs.at_once(one), one.config.bound
        if build is not None and self._is_best(build, most, limits):
            return Best(Found(Status.OPTIMAL, build, most, most), one.config, one.left)
        left = self._configs.best_of(one, limits, least)
        if left is None:
            return Best(Found(Status.INFEASIBLE))
        model = self._model(left, limits, least)
        model.maximise(model.encoding.score)
        status, answer = run(model, self.clock, self._seed, relaxed=True)
        if status in (Status.INFEASIBLE, Status.UNKNOWN):
            return Best(Found(status))
        points, bound = round(answer.objective_value), int(answer.best_objective_bound)
        if status is Status.FEASIBLE:
            bound = max(bound, most)
        return Best(Found(status, model.build(answer), points, bound), one.config, left)

    def _is_best(self, build: Build, most: int, limits: Limits) -> bool:
        """Whether a build keeps the rules and the limits and has as many points as could be: then
        nothing is left to be searched."""
        if self.problem.score_of(build) != most:
            return False
        if limits.most_cents is not None and (build.cost_cents or 0) > limits.most_cents:
            return False
        return all(rule in limits.dropped for rule in self.problem.broken(build))

    def answer(
        self,
        tell: Callable[[str], None] = lambda _step: None,
        *,
        most_cents: int | None = None,
        without: Collection[Cards] = (),
    ) -> Found:
        """The answer to the problem."""
        return self.best(most_cents=most_cents, without=without, tell=tell)

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
        cheapest = self._cheapest(best, self._limits((), most_cents), least)
        if cheapest.status is not Status.OPTIMAL or cheapest.build is None:
            return cheapest
        cents = cheapest.build.cost_cents
        more = self.best(most_cents=cents, at_least=(cheapest.score or 0) + 1)
        if more.status is Status.INFEASIBLE:
            return cheapest
        if more.status is not Status.OPTIMAL or more.score is None:
            return replace(cheapest, status=Status.FEASIBLE)
        return replace(more, score_bound=best.score)

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
        limits = self._limits((), most_cents, amount)
        row, _ = self._configs.columns.row(amount)
        possible = self._configs.possible(limits, at_least)
        waiting = self._by_amount(possible, row, self._configs.wide(limits))
        found, size = None, FIRST
        while waiting:
            chunk, waiting = waiting[:size], waiting[size:]
            size *= GROWTH
            for one in self._configs.able([config for _, config in chunk], limits, at_least):
                left = self._configs.best_of(one, limits, at_least)
                if left is None:
                    continue
                model = self._model(left, limits, at_least)
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
            if found is not None:
                waiting = [(bound, config) for bound, config in waiting if bound < found]
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
        self,
        best: Found,
        limits: Limits,
        least: int,
        without: Collection[Cards] = (),
        reached: Best | None = None,
    ) -> Found:
        """The cheapest build with so many points; ``best`` is one that has them, ``reached`` what
        found it."""
        configs, within = self._configs.possible(limits, least, without), None
        if reached and reached.config and all(c.key == reached.config.key for c in configs):
            within = reached.left
        able = self._configs.able(configs, limits, least, within)
        found, cost = Found(Status.INFEASIBLE), 0
        for one in sorted(able, key=lambda one: one.left.least_cents()):
            if found.build:
                limits = limits._replace(most_cents=found.build.cost_cents or 0)
            left = self._configs.best_of(one, limits, least)
            if left is None:
                continue
            model = self._model(left, limits, least)
            if found.build:
                model.at_most(model.encoding.cost, cost - 1)
            model.minimise(model.encoding.cost)
            status, answer = run(model, self.clock, self._seed)
            if status is Status.UNKNOWN:
                return replace(found if found.build else best, status=Status.FEASIBLE)
            if status is not Status.INFEASIBLE:
                build, cost = model.build(answer), model.value(model.encoding.cost, answer)
                points = self.problem.score_of(build) or 0
                found = Found(status, build, points, best.score_bound)
                if status is Status.FEASIBLE:
                    return found
        return found
