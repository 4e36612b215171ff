"""What subsets of the rules of a problem allow: the questions an explanation asks.

A question is answered without the solver where a build that was found before keeps the rules, or
fewer rules were shown to clash. Otherwise the options are narrowed to those that may matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from ortools.sat.python.cp_model_helper import CpSolverResponse

from rigopt.build import Build
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, run
from rigopt.encoding import Encoding
from rigopt.narrowing import LITTLE, Columns, Narrowing
from rigopt.narrowing.dive import Dive
from rigopt.narrowing.values import Ints, ints
from rigopt.problem import Problem, rank_of
from rigopt.rules.base import Statement
from rigopt.rules.gaps import gap_of, gaps_of
from rigopt.rules.shapes import Balance, Term

FIRST, GROWTH = 16, 6
"""The cheapest cards, so many, make the first model of a question; each next one has more."""

NO_PLACES = ints(())

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
        self._dives: dict[Kept, bool] = {}
        self._refuted: dict[Kept, Ints] = {}
        """Of sets of rules the cards with which no build keeps them."""
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
        if self._dived(kept):
            return True
        undecided = False
        for status, _ in self._answers(kept):
            if status is Status.OPTIMAL:
                return True
            undecided |= status is Status.UNKNOWN
        return None if undecided else self._clash(kept)

    def refuted(self, kept: Kept) -> bool:
        """Whether it takes no search to see that no build keeps these rules."""
        if self._clashes_in(kept):
            return True
        with self.problem.common.lock:
            impossible = self._narrowed(kept, None, {}, LITTLE) is None
        if impossible:
            self._clash(kept)
        return impossible

    def found(self) -> list[tuple[Build, frozenset[str]]]:
        """Every build that was found so far, with the rules that it breaks."""
        return list(self._builds.values())

    def broken(self) -> list[frozenset[str]]:
        """Of every build that was found so far the rules that it breaks."""
        return [broken for _, broken in self.found()]

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
            self._builds[key] = build, frozenset(self.problem.broken(build))
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
            dropped = self.everything - kept
            found = Narrowing(self._columns, dropped=dropped, most_judged=LITTLE, scored=False)
            found.consistent()
            self._wide[kept] = found
        return self._wide[kept]

    def _narrowed(
        self,
        kept: Kept,
        most: int | None,
        only: Only,
        judged: int | None = None,
        goal: Statement | None = None,
    ) -> Narrowing | None:
        """The options that are left by these rules, a price and a choice; ``None``: no build is."""
        wide = self._consistent(kept)
        if wide.impossible:
            return None
        found = Narrowing(
            self._columns,
            dropped=self.everything - kept,
            most_cents=most,
            within=wide,
            most_judged=judged,
            goal=goal,
            scored=False,
        )
        for kind, places in only.items():
            found.choose(kind, places)
        found.consistent()
        return None if found.impossible else found

    def _encoding(
        self, kept: Kept, most: int | None, only: Only, goal: Statement | None = None
    ) -> Encoding | None:
        """The builds that keep the rules and cost no more, but for those that others better (in
        what ``goal`` compares, if there is one); ``None``: there are none."""
        with self.problem.common.lock:
            left = self._narrowed(kept, most, only, goal=goal)
            if left is None:
                return None
            left.undominated()
            lines, still_open = left.lists(), left.open()
        return Encoding(self.problem, lines, scored=False, only=still_open)

    def _model(self, kept: Kept, most: int | None, only: Only) -> Model | None:
        """A model of them."""
        encoding = self._encoding(kept, most, only)
        if encoding is None:
            return None
        model = Model(encoding, dropped=self.everything - kept)
        if most is not None:
            model.at_most(encoding.price, most)
        return model

    def _cheapest(self, kept: Kept, only: Only | None = None) -> tuple[Status, Build | None]:
        """The cheapest build, if that is proven in time."""
        builds = []
        for status, build in self._answers(kept, only):
            if status is Status.UNKNOWN:
                return status, None
            if build is not None:
                builds.append(build)
        return (Status.OPTIMAL, min(builds, key=dearness)) if builds else (Status.INFEASIBLE, None)

    def _answers(
        self, kept: Kept, only: Only | None = None
    ) -> Iterator[tuple[Status, Build | None]]:
        """The cheapest build with the cheapest cards; the cheapest with others, if that is no
        dearer; and so on until all cards were looked at. INFEASIBLE: there is none.

        What a build costs leaves few options to look at afterwards, and few cards make the tables
        of the rules that read cards and boards together small.
        """
        with self.problem.common.lock:
            left = self._narrowed(kept, None, only or {}, LITTLE)
        if left is None:
            return
        if not only:
            self._dived(kept)
        known = None if only else self._known(kept)
        most = None if known is None else known.cost_cents
        refuted = [places for rules, places in self._refuted.items() if rules <= kept]
        cards = np.setdiff1d(left.left["gpu"], np.concatenate([NO_PLACES, *refuted]))
        size = FIRST
        while len(cards):
            some, cards = cards[:size], cards[size:]
            size *= GROWTH
            status, build = self._least_cost(self._model(kept, most, {**(only or {}), "gpu": some}))
            if status is Status.INFEASIBLE and most is None and not only:
                before = self._refuted.get(kept, NO_PLACES)
                self._refuted[kept] = np.concatenate([before, some])
            yield status, build
            if build is not None:
                most, size = build.cost_cents, len(cards)

    def _dived(self, kept: Kept) -> bool:
        """Whether a build that keeps the rules was found without the solver."""
        if kept in self._dives or not self.clock.left:
            return self._dives.get(kept, False)
        with self.problem.common.lock:
            build = Dive().build(self._consistent(kept))
        self._dives[kept] = build is not None and not self.violated(build) & kept
        return self._dives[kept]

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
        if gap_of(statement, Encoding(self.problem, left.lists(), scored=False, only={})) is None:
            return None
        measured = self._measured(statement, left)
        encoding = self._encoding(kept, None, measured, goal=statement)
        if encoding is None:
            return None
        gap = gap_of(statement, encoding)  # before the model: what it reads may be in no rule
        assert gap is not None
        model = Model(encoding, dropped=self.everything - kept)
        model.forbid(gap.never)
        model.minimise(gap.terms)
        status, answer = self._run(model)
        if status is not Status.OPTIMAL:
            return None
        model.at_most(gap.terms, round(answer.objective_value))
        return self._least_cost(model)[1]

    def _measured(self, statement: Statement, left: Narrowing) -> Only:
        """Of the kinds that a sum reads the options of which it knows what they add."""
        if not isinstance(statement, Balance):
            return {}
        lines, world = self._columns.lines, self.problem.world
        of_kind: dict[str, list[Term]] = {}
        for term in (*statement.demand, *statement.supply):
            of_kind.setdefault(term.kind, []).append(term)
        return {
            kind: [
                place
                for place in left.left[kind].tolist()
                if all(term.value(lines[kind][place], world) is not None for term in terms)
            ]
            for kind, terms in of_kind.items()
        }

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


def dearness(build: Build) -> tuple[int, int]:
    """What is minimised where the cheapest build is asked for: the price, and among equal prices
    the ranks."""
    return build.cost_cents or 0, sum(rank_of(line) for line in build.lines)
