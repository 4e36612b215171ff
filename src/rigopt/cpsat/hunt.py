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
from typing import NamedTuple

from rigopt.build import Line
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Found, Status, run
from rigopt.encoding import Encoding
from rigopt.errors import InternalError
from rigopt.problem import Problem
from rigopt.reduction import reduced
from rigopt.rules.shapes import Relation

FIRST, GROWTH = 24, 4
"""Configurations in the first model, and how many times more in each next one."""
BUDGET = "wish-budget"


Cards = tuple[str, int]
"""A chip and how many cards of it."""


class Config(NamedTuple):
    """Cards of one chip, number and cap: they differ in make and size only."""

    bound: int
    cards: Cards
    lines: tuple[Line, ...]


class Hunt:
    """One problem, searched as often as there are questions about it."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self._seed = problem.request.seed
        self._lines = reduced(problem)
        self._encodings: dict[frozenset[int], Encoding] = {}
        by_key: dict[tuple[object, ...], list[Line]] = {}
        for line in self._lines["gpu"]:
            by_key.setdefault(problem.score_key(line), []).append(line)
        self._configs = sorted(
            (
                Config(problem.most_points(lines[0]), problem.score_key(lines[0])[:2], tuple(lines))
                for lines in by_key.values()
            ),
            key=lambda config: (-config.bound, config.cards),
        )

    @property
    def unscored(self) -> Encoding:
        """The problem as one model of what is possible, without points."""
        return Encoding(self.problem, self._lines, scored=False)

    def _encoding(self, configs: tuple[Config, ...]) -> Encoding:
        """A model of these configurations, or one made before that has them among others."""
        cards = frozenset(id(line) for config in configs for line in config.lines)
        for known, encoding in self._encodings.items():
            if cards <= known:
                return encoding
        gpus = tuple(line for line in self._lines["gpu"] if id(line) in cards)
        self._encodings[cards] = Encoding(self.problem, {**self._lines, "gpu": gpus})
        return self._encodings[cards]

    def _possible(
        self, dropped: Collection[str], most_cents: int | None, without: Collection[Cards]
    ) -> list[Config]:
        """Configurations that no rule refuses by themselves, and whose cards leave enough for the
        cheapest of everything else."""
        world = self.problem.world
        alone = [
            statement
            for rule in self.problem.rules
            if rule.hard and rule.id not in dropped
            for statement in rule.statements
            if isinstance(statement, Relation)
        ]
        allowed = [
            config
            for config in self._configs
            if config.cards not in without
            and not all(any(s.refuses(line, world) for s in alone) for line in config.lines)
        ]
        if most_cents is None:
            return allowed
        others = sum(
            min((line.cost_cents or 0 for line in self._lines[kind]), default=0)
            for kind in self.problem.required
            if kind != "gpu"
        )
        return [
            config
            for config in allowed
            if min(line.cost_cents or 0 for line in config.lines) + others <= most_cents
        ]

    def _most_cents(self, dropped: Collection[str], most_cents: int | None) -> int | None:
        """What may be spent on parts."""
        budget = self.problem.request.budget_cents
        if budget is None or BUDGET in dropped:
            return most_cents
        affordable = self.problem.request.charges.affordable(budget)
        return affordable if most_cents is None else min(affordable, most_cents)

    def _model(
        self, encoding: Encoding, dropped: Collection[str], most_cents: int | None, least: int
    ) -> Model:
        """A model in which no more is paid for parts, and so many points are reached."""
        model = Model(encoding, dropped=dropped)
        if most_cents is not None:
            model.model.add(model.sum(encoding.price) <= most_cents)
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
        possible = self._possible(dropped, limit, without)
        left = [config for config in possible if config.bound >= least]
        while left:
            chunk, left = tuple(left[:size]), left[size:]
            size *= GROWTH
            encoding = self._encoding(chunk)
            model = self._model(encoding, dropped, most_cents, least)
            self._only(model, encoding, chunk)
            model.model.maximize(model.sum(encoding.score))
            status, solver = run(model, self.clock, self._seed)
            if status is Status.UNKNOWN:
                if found.score is None:
                    return Found(status)
                return Found(Status.FEASIBLE, found.build, found.score, chunk[0].bound)
            if status is not Status.INFEASIBLE:
                score = round(solver.objective_value)
                build = encoding.build(lambda literal: model.true_in(solver, literal))  # noqa: B023
                beyond = left[0].bound if left else 0
                bound = max(int(solver.best_objective_bound), beyond)
                found = Found(status, build, score, bound)
                if status is Status.FEASIBLE:
                    return found
                least = score + 1
                left = [config for config in left if config.bound >= least]
        if found.score is None:
            return found
        return Found(Status.OPTIMAL, found.build, found.score, found.score)

    def _only(self, model: Model, encoding: Encoding, configs: Sequence[Config]) -> None:
        """Leave a model that has more cards just these."""
        wanted = {id(line) for config in configs for line in config.lines}
        model.forbid(literal for line, literal in encoding.options("gpu") if id(line) not in wanted)

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
        return self._cheapest(best, best.score, most_cents, without)

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

    def cheapest(self, best: Found, least: int) -> Found:
        """The cheapest build with so many points, fewer than the best has; of equally cheap ones
        that with the most points, then with the lowest rank."""
        first = self._cheapest(best, least, None, ())
        if first.status is not Status.OPTIMAL or first.build is None:
            return first
        cents = first.build.cost_cents
        more = self.best(most_cents=cents, at_least=least)
        if more.status is not Status.OPTIMAL or more.score is None:
            return replace(first, status=Status.FEASIBLE)
        return self._cheapest(replace(more, score_bound=best.score), more.score, cents, ())

    def _cheapest(
        self, best: Found, least: int, most_cents: int | None, without: Collection[Cards]
    ) -> Found:
        """The cheapest build with so many points; ``best`` is one that has them."""
        limit = self._most_cents((), most_cents)
        possible = self._possible((), limit, without)
        equal = tuple(config for config in possible if config.bound >= least)
        encoding = self._encoding(equal)
        model = self._model(encoding, (), most_cents, least)
        self._only(model, encoding, equal)
        model.model.minimize(model.sum(encoding.cost))
        status, solver = run(model, self.clock, self._seed)
        if status is Status.INFEASIBLE:
            raise InternalError("the search for the price lost the build of the one before it")
        if status is Status.UNKNOWN:
            return replace(best, status=Status.FEASIBLE)
        build = encoding.build(lambda literal: model.true_in(solver, literal))
        done = Status.OPTIMAL if status is Status.OPTIMAL else Status.FEASIBLE
        return Found(done, build, self.problem.score_of(build) or 0, best.score_bound)
