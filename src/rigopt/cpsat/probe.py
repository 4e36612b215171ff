"""What subsets of the rules of a problem allow: the questions an explanation asks.

A question is answered without the solver where a build that was found before keeps the rules, or
fewer rules were shown to clash. Otherwise the options are narrowed to those that may matter.
"""

from __future__ import annotations

from collections.abc import Collection

from ortools.sat.python.cp_model_helper import CpSolverResponse

from rigopt.build import Build
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, run
from rigopt.encoding import Encoding
from rigopt.narrowing import Columns, Narrowing
from rigopt.problem import Problem
from rigopt.rules.base import Statement
from rigopt.rules.gaps import gap_of, gaps_of

FIRST_CENTS = (20_000, 200_000)
"""How much more than the sum of the cheapest parts is looked at first."""

FEW = 1_000
"""So many options are looked at together."""

Kept = frozenset[str]
Only = dict[str, Collection[int]]
"""Of some kinds the places of the options to choose from."""


class Probe:
    """One problem, and what is known of it so far."""

    def __init__(self, problem: Problem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self.runs = 0
        """How often the solver was asked."""
        self._rules = [rule for rule in problem.rules if rule.hard]
        self._columns = Columns(problem)
        self._wide: dict[Kept, Narrowing] = {}
        self._builds: dict[tuple[object, ...], tuple[Build, frozenset[str]]] = {}
        self._clashes: list[Kept] = []
        self._asked: dict[tuple[Kept, int], Build | None] = {}

    @property
    def everything(self) -> Kept:
        """Ids of all rules in force."""
        return frozenset(rule.id for rule in self._rules)

    def possible(self, kept: Kept) -> bool | None:
        """Whether a build keeps these rules; ``None``: not decided in time."""
        if self._known(kept) is not None:
            return True
        if self._clashes_in(kept):
            return False
        status = Status.INFEASIBLE
        for most in self._prices(kept, {}, None):
            if most is None:
                model = self._model(kept)
                status = Status.INFEASIBLE if model is None else self._run(model)[0]
            else:
                status, build = self._least_cost(self._model(kept, most))
                if build is not None:
                    self._asked[kept, 0] = build
            if status is not Status.INFEASIBLE:
                return None if status is Status.UNKNOWN else True
        return self._clash(kept)

    def cheapest(self, kept: Kept) -> Build | None:
        """The cheapest build that keeps these rules, one always the same; ``None``: there is none,
        or it was not proven in time."""
        key = kept, 0
        if key not in self._asked:
            self._asked[key] = None if self._clashes_in(kept) else self._cheapest(kept)[1]
        return self._asked[key]

    def nearest(self, kept: Kept, statement: Statement) -> Build | None:
        """Of the builds that keep these rules, the cheapest of those that come nearest to what a
        statement asks; ``None``: there is none, it compares no amounts, or time ended."""
        key = kept, id(statement)
        if key not in self._asked:
            self._asked[key] = None if self._clashes_in(kept) else self._nearest(kept, statement)
        return self._asked[key]

    def violated(self, build: Build) -> frozenset[str]:
        """The rules that a build does not keep, as the check says."""
        key = tuple((line.part.id, line.quantity, line.power_limit_w) for line in build.lines)
        if key not in self._builds:
            world = self.problem.world
            broken = (rule.id for rule in self._rules if not rule.admits(build, world))
            self._builds[key] = build, frozenset(broken)
        return self._builds[key][1]

    # --- how ----------------------------------------------------------------------------------

    def _known(self, kept: Kept) -> Build | None:
        """The cheapest of the builds that were found which keeps the rules."""
        found = [build for build, violated in self._builds.values() if not violated & kept]
        return min(found, key=lambda build: build.cost_cents or 0, default=None)

    def _clash(self, kept: Kept) -> bool:
        self._clashes.append(kept)
        return False

    def _clashes_in(self, kept: Kept) -> bool:
        return any(clash <= kept for clash in self._clashes)

    def _consistent(self, kept: Kept) -> Narrowing:
        """The options that are left by these rules."""
        if kept not in self._wide:
            found = Narrowing(self._columns, dropped=self.everything - kept)
            found.consistent()
            self._wide[kept] = found
        return self._wide[kept]

    def _narrowed(self, kept: Kept, most: int | None, only: Only) -> Narrowing | None:
        """The options that are left by these rules, a price and a choice; ``None``: no build is."""
        wide = self._consistent(kept)
        if wide.impossible:
            return None
        found = Narrowing(
            self._columns, dropped=self.everything - kept, most_cents=most, within=wide
        )
        for kind, places in only.items():
            found.choose(kind, places)
        found.consistent()
        return None if found.impossible else found

    def _model(self, kept: Kept, most: int | None = None, only: Only | None = None) -> Model | None:
        """The builds that keep the rules and cost no more, but for those that others better;
        ``None``: there are none."""
        with self.problem.common.lock:
            left = self._narrowed(kept, most, only or {})
            if left is None:
                return None
            left.undominated()
            lines, still_open = left.lists(), left.open()
        encoding = Encoding(self.problem, lines, scored=False, only=still_open)
        model = Model(encoding, dropped=self.everything - kept)
        if most is not None:
            model.at_most(encoding.price, most)
        return model

    def _cheapest(self, kept: Kept, only: Only | None = None) -> tuple[Status, Build | None]:
        known = None if only else self._known(kept)
        enough = None if known is None else known.cost_cents
        for most in self._prices(kept, only or {}, enough):
            status, build = self._least_cost(self._model(kept, most, only))
            if status is not Status.INFEASIBLE:
                return status, build
        return Status.INFEASIBLE, None

    def _prices(self, kept: Kept, only: Only, enough: int | None) -> list[int | None]:
        """Up to which prices to look for the cheapest build, step by step: of many options first
        among those of cheap rigs, since one that costs no more is the cheapest of all. The last
        leaves nothing out; none: there is no build. ``enough``: what some build costs."""
        with self.problem.common.lock:
            left = self._narrowed(kept, None, only)
        if left is None:
            return []
        if sum(map(len, left.left.values())) <= FEW:
            return [enough]
        cheap = sum(left.least_cents(kind) for kind in self.problem.required)
        steps = [cheap + more for more in FIRST_CENTS]
        return [*(most for most in steps if enough is None or most < enough), enough]

    def _nearest(self, kept: Kept, statement: Statement) -> Build | None:
        wide = self._consistent(kept)
        if wide.impossible:
            return None
        gaps = gaps_of(statement, self._columns.lines, self.problem.world)
        if gaps is None or gaps.kind not in self.problem.required:
            return self._nearest_of_all(kept, statement, wide)
        levels: dict[int, list[int]] = {}
        left = {int(place) for place in wide.left[gaps.kind]}
        for place, gap in enumerate(gaps.of_line):
            if gap is not None and place in left:
                levels.setdefault(gap, []).append(place)
        for gap in sorted(levels):
            status, build = self._cheapest(kept, {gaps.kind: levels[gap]})
            if status is not Status.INFEASIBLE:
                return build
        return None

    def _nearest_of_all(self, kept: Kept, statement: Statement, left: Narrowing) -> Build | None:
        """The nearest where several kinds decide: the gap is what is made small."""
        encoding = Encoding(self.problem, left.lists(), scored=False)
        gap = gap_of(statement, encoding)
        if gap is None:
            return None
        model = Model(encoding, dropped=self.everything - kept)
        model.forbid(gap.never)
        model.minimise(gap.terms)
        status, answer = self._run(model)
        if status is not Status.OPTIMAL:
            return None
        model.at_most(gap.terms, round(answer.objective_value))
        return self._least_cost(model)[1]

    def _least_cost(self, model: Model | None) -> tuple[Status, Build | None]:
        """The cheapest build of a model, if that is proven in time."""
        if model is None:
            return Status.INFEASIBLE, None
        model.forget_objective()
        model.minimise(model.encoding.cost)
        status, answer = self._run(model)
        return status, model.build(answer) if status is Status.OPTIMAL else None

    def _run(self, model: Model) -> tuple[Status, CpSolverResponse]:
        self.runs += 1
        status, answer = run(model, self.clock, self.problem.request.seed)
        if status in (Status.OPTIMAL, Status.FEASIBLE):
            self.violated(model.build(answer))
        return status, answer
