"""The search, cards first: those that could score most are tried before the others.

Every configuration of cards (chip, number, cap) has a bound: its score with the best link there is
and as many CPU cores as it wants. A few configurations at a time, the highest bounds first, become
a small model that CP-SAT solves to the end; the search is over when no configuration that is left
could score more. The bounds and the solver's own proofs together are the proof. The same answer
comes from one model of everything (``search.search``); the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from rigopt.build import Build, Line
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


class Config(NamedTuple):
    """Cards of one chip, number and cap: they differ in make and size only."""

    bound: int
    lines: tuple[Line, ...]


class Best(NamedTuple):
    """The most points that were found, and the most that there could be."""

    status: Status
    score: int | None = None
    build: Build | None = None
    bound: int | None = None


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
            (Config(problem.most_points(lines[0]), tuple(lines)) for lines in by_key.values()),
            key=lambda config: (-config.bound, config.lines[0].part.id, config.lines[0].quantity),
        )

    @property
    def whole(self) -> Encoding:
        """The problem as one model."""
        return self._encoding(tuple(self._configs))

    def _encoding(self, configs: tuple[Config, ...]) -> Encoding:
        """A model of these configurations, or one made before that has them among others."""
        cards = frozenset(id(line) for config in configs for line in config.lines)
        for known, encoding in self._encodings.items():
            if cards <= known:
                return encoding
        gpus = tuple(line for line in self._lines["gpu"] if id(line) in cards)
        self._encodings[cards] = Encoding(self.problem, {**self._lines, "gpu": gpus})
        return self._encodings[cards]

    def _possible(self, dropped: Collection[str], most_cents: int | None) -> list[Config]:
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
            if not all(any(s.refuses(line, world) for s in alone) for line in config.lines)
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

    def best(
        self,
        *,
        dropped: Sequence[str] = (),
        most_cents: int | None = None,
        at_least: int = 0,
    ) -> Best:
        """The most points that any build has with some rules dropped: proven, or as far as time
        allows. INFEASIBLE: no build has as many points as asked for."""
        found: Best = Best(Status.INFEASIBLE)
        least, size = at_least, FIRST
        limit = self._most_cents(dropped, most_cents)
        left = [config for config in self._possible(dropped, limit) if config.bound >= least]
        while left:
            chunk, left = tuple(left[:size]), left[size:]
            size *= GROWTH
            encoding = self._encoding(chunk)
            model = Model(encoding, dropped=dropped)
            if most_cents is not None:
                model.model.add(model.sum(encoding.price) <= most_cents)
            if least > 0:
                model.any_of(encoding.scoring(least))
            model.model.maximize(model.sum(encoding.score))
            status, solver = run(model, self.clock, self._seed)
            if status is Status.UNKNOWN:
                if found.score is None:
                    return Best(status)
                return Best(Status.FEASIBLE, found.score, found.build, chunk[0].bound)
            if status is not Status.INFEASIBLE:
                score = round(solver.objective_value)
                build = encoding.build(lambda literal: model.true_in(solver, literal))  # noqa: B023
                beyond = left[0].bound if left else 0
                bound = max(int(solver.best_objective_bound), beyond)
                found = Best(status, score, build, bound)
                if status is Status.FEASIBLE:
                    return found
                least = score + 1
                left = [config for config in left if config.bound >= least]
        if found.score is None:
            return found
        return Best(Status.OPTIMAL, found.score, found.build, found.score)

    def answer(self, tell: Callable[[str], None] = lambda _step: None) -> Found:
        """The lexicographic optimum: most points, then fewest cents, then lowest rank."""
        tell("throughput")
        best = self.best()
        if best.status is not Status.OPTIMAL or best.score is None:
            return Found(best.status, best.build, best.score, best.bound)
        tell("price")
        limit = self._most_cents((), None)
        equal = [config for config in self._possible((), limit) if config.bound >= best.score]
        encoding = self._encoding(tuple(equal))
        model = Model(encoding)
        if best.score > 0:
            model.any_of(encoding.scoring(best.score))
        model.model.minimize(model.sum(encoding.cost))
        status, solver = run(model, self.clock, self._seed)
        if status is Status.INFEASIBLE:
            raise InternalError("the search for the price lost the build of the one before it")
        build = best.build
        if status is not Status.UNKNOWN:
            build = encoding.build(lambda literal: model.true_in(solver, literal))
        done = Status.OPTIMAL if status is Status.OPTIMAL else Status.FEASIBLE
        return Found(done, build, best.score, best.score)
