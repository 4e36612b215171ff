"""Several builds in one model: of one rig now and later, with parts in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model_helper import CpSolverResponse

from rigopt.build import Build, Line
from rigopt.cpsat.search import Clock, Status, run
from rigopt.cpsat.stagemodel import StageModel
from rigopt.encoding import Encoding
from rigopt.errors import InternalError
from rigopt.parts import KINDS
from rigopt.problem import Problem
from rigopt.rules.base import Literal
from rigopt.upgrades.joint_options import Options
from rigopt.upgrades.room import FIXED, GROWING, Room, is_m2

Pieces = dict[str, list[list[Literal]]]
"""Per part, for 1, 2, ... pieces the options that have so many or more."""


class Joint:
    """The builds of several encodings, each with its own rules; ``stage`` is their index."""

    def __init__(
        self, encodings: Sequence[Encoding], dropped: Sequence[Collection[str]] = ()
    ) -> None:
        """``dropped``: per encoding the rules that are not in force."""
        self.model = cp_model.CpModel()
        self.encodings = tuple(encodings)
        without = dropped or [()] * len(encodings)
        self.models = tuple(
            StageModel(encoding, self.model, dropped=rules)
            for encoding, rules in zip(encodings, without, strict=True)
        )
        self._pieces: list[dict[str, Pieces]] = [
            {kind: _pieces(encoding, kind) for kind in KINDS} for encoding in encodings
        ]

    def parts(self, kind: str) -> dict[str, int]:
        """Every part that some build may have, with the most pieces of it."""
        most: dict[str, int] = {}
        for stage in self._pieces:
            for part, pieces in stage[kind].items():
                most[part] = max(most.get(part, 0), len(pieces))
        return most

    def has(self, stage: int, kind: str, part: str, number: int) -> cp_model.LinearExprT:
        """1 if a build has so many pieces of a part, or more; else 0."""
        pieces = self._pieces[stage][kind].get(part, [])
        literals = pieces[number - 1] if number <= len(pieces) else []
        return self.models[stage].sum([(1, literal) for literal in literals])

    def count(self, stage: int, kind: str, parts: Collection[str]) -> cp_model.LinearExprT:
        """How many pieces of some parts a build has."""
        options = self.encodings[stage].options(kind)
        return self.models[stage].sum(
            [(line.quantity, literal) for line, literal in options if line.part.id in parts]
        )

    def same(self, kind: str, before: int, after: int) -> None:
        """Both builds have the same parts of a kind."""
        self.more(kind, before, after, self.parts(kind), 0)

    def more(self, kind: str, before: int, after: int, parts: Collection[str], extra: int) -> None:
        """Of some parts of a kind, the later build has just ``extra`` more of those that the
        earlier one has."""
        most = self.parts(kind)
        for part in parts:
            for number in range(1, most[part] + 1):
                later = self.has(after, kind, part, number + extra)
                self.model.add(self.has(before, kind, part, number) == later)

    def grows(self, kind: str, before: int, after: int) -> None:
        """The later build has all parts of a kind that the earlier one has."""
        for part, most in self.parts(kind).items():
            for number in range(1, most + 1):
                now, later = (self.has(stage, kind, part, number) for stage in (before, after))
                self.model.add(now <= later)

    def score(self, stage: int) -> cp_model.LinearExprT:
        """The points of a build."""
        return self.models[stage].sum(self.encodings[stage].score)

    def run(self, clock: Clock, seed: int) -> tuple[Status, CpSolverResponse]:
        """Search until proven or out of time."""
        return run(self.models[0], clock, seed)

    def hint(self, answer: CpSolverResponse) -> None:
        """Offer the last answer to the next search."""
        self.models[0].hint(answer)

    def builds(self, answer: CpSolverResponse) -> tuple[Build, ...]:
        """The builds of an answer."""
        return tuple(model.build(answer) for model in self.models)


def _pieces(encoding: Encoding, kind: str) -> Pieces:
    found: Pieces = {}
    for line, literal in encoding.options(kind):
        pieces = found.setdefault(line.part.id, [])
        pieces += [[] for _ in range(line.quantity - len(pieces))]
        for number in range(line.quantity):
            pieces[number].append(literal)
    return found


class Pair(NamedTuple):
    """The end of a search for a build and what it becomes."""

    builds: tuple[Build, Build] | None
    """``None``: there are none."""
    score: int
    bound: int
    """No build with room scores more."""
    proven: bool


FIRST, GROWTH = 24, 4
"""Configurations of cards in the first model, and how many times more in each next one."""


class Roomy:
    """A build of now with room: one that a later build, with rules of its own, follows from.

    As in ``hunt``, the cards that could score most are tried before the others.
    """

    def __init__(
        self, now: Problem, later: Problem, room: Room, options: Sequence[Options], clock: Clock
    ) -> None:
        self.room = room
        self._problems = now, later
        self._options = options
        self._clock = clock
        self._seed = now.request.seed
        self._named = room.cards_in(now.world.catalog)

    def _encodings(self, cards: Sequence[Line], *, scored: bool) -> tuple[Encoding, Encoding]:
        """The models of now with some cards, and of later with what can follow."""
        now, later = self._problems
        counts = {(line.part.id, line.quantity + self.room.cards) for line in cards}
        after = [
            line
            for line in self._options[1]["gpu"]
            if (
                line.part.id in self._named
                if self.room.chip is not None
                else (line.part.id, line.quantity) in counts
            )
        ]
        return (
            Encoding(now, {**self._options[0], "gpu": tuple(cards)}, scored=scored),
            Encoding(later, {**self._options[1], "gpu": tuple(after)}, scored=False),
        )

    def _joint(self, encodings: Sequence[Encoding], dropped: Collection[str] = ()) -> Joint:
        joint = Joint(encodings, [dropped, dropped])
        for kind in FIXED:
            joint.same(kind, 0, 1)
        for kind in GROWING:
            joint.grows(kind, 0, 1)
        room, cards = self.room, joint.parts("gpu")
        if room.chip is None:
            for part in cards:
                joint.more("gpu", 0, 1, [part], room.cards)
                joint.model.add(joint.has(0, "gpu", part, 1) == joint.has(1, "gpu", part, 1))
        else:
            named = sorted(self._named & cards.keys())
            joint.more("gpu", 0, 1, named, room.cards)
            fit = [joint.has(1, "gpu", part, room.cards) for part in named]
            joint.model.add(cp_model.LinearExpr.sum(fit) == 1)
        if room.m2_drives:
            drives = {
                line.part.id
                for encoding in encodings
                for line, _ in encoding.options("storage")
                if is_m2(line.part)
            }
            now, later = (joint.count(stage, "storage", drives) for stage in (0, 1))
            joint.model.add(later >= now + room.m2_drives)
        return joint

    def _affordable(self) -> list[Line]:
        """The cards of now that leave enough for the cheapest of everything else, those that
        could score most first."""
        now, options = self._problems[0], self._options[0]
        cards = sorted(options["gpu"], key=lambda line: (-now.most_points(line), line.part.id))
        budget = now.request.budget_cents
        if budget is None:
            return cards
        others = sum(
            min((line.cost_cents or 0 for line in options[kind]), default=0)
            for kind in now.required
            if kind != "gpu"
        )
        most = now.request.charges.affordable(budget) - others
        return [line for line in cards if (line.cost_cents or 0) <= most]

    def answer(self, most_points: int | None = None) -> Pair | None:
        """The pair with the most points now, then the fewest cents now, then the fewest later;
        ``None``: not found in time.

        ``most_points``: what no build scores more than, where that is known.
        """
        cards, size = self._affordable(), FIRST
        points = {id(line): self._problems[0].most_points(line) for line in cards}
        left, found = cards, Pair(None, -1, 0, True)
        while left:
            chunk, left = left[:size], left[size:]
            size *= GROWTH
            ahead = points[id(left[0])] if left else 0
            ahead = ahead if most_points is None else min(ahead, most_points)
            trial = self._best(chunk, most_points, found.score + 1)
            if trial is None:
                if found.builds is None:
                    return None
                bound = points[id(chunk[0])]
                return found._replace(bound=bound, proven=False)
            if trial.builds is not None:
                found = trial._replace(bound=max(trial.bound, ahead))
                if not trial.proven:
                    return found
            left = [line for line in left if points[id(line)] > found.score]
            if most_points is not None and found.score >= most_points:
                break
        if found.builds is None:
            return Pair(None, 0, 0, True)
        equal = [line for line in cards if points[id(line)] >= found.score]
        return self._cheapest(equal, found._replace(bound=found.score))

    def _best(self, cards: Sequence[Line], most: int | None, least: int) -> Pair | None:
        """The most points with some cards, if so many can be had."""
        encodings = self._encodings(cards, scored=True)
        joint = self._joint(encodings)
        points = joint.score(0)
        if most is not None:
            joint.model.add(points <= most)
        if least > 0:
            joint.models[0].any_of(encodings[0].scoring(least))
        joint.model.maximize(points)
        status, answer = joint.run(self._clock, self._seed)
        if status is Status.UNKNOWN:
            return None
        if status is Status.INFEASIBLE:
            return Pair(None, 0, 0, True)
        first, second = joint.builds(answer)
        score, bound = round(answer.objective_value), int(answer.best_objective_bound)
        return Pair((first, second), score, bound, status is Status.OPTIMAL)

    def _cheapest(self, cards: Sequence[Line], best: Pair) -> Pair:
        """The cheapest build with as many points, then what it can become for the least."""
        encodings = self._encodings(cards, scored=True)
        joint = self._joint(encodings)
        if best.score > 0:
            joint.models[0].any_of(encodings[0].scoring(best.score))
        for model, encoding in zip(joint.models, encodings, strict=True):
            cost = model.sum(encoding.cost)
            joint.model.minimize(cost)
            status, answer = joint.run(self._clock, self._seed)
            if status is Status.INFEASIBLE:
                raise InternalError("the search for the price lost the builds found before")
            if status is Status.UNKNOWN:
                return best._replace(proven=False)
            first, second = joint.builds(answer)
            proven = status is Status.OPTIMAL
            best = best._replace(builds=(first, second), proven=proven)
            if not proven:
                return best
            joint.model.add(cost <= round(answer.objective_value))
            joint.hint(answer)
        return best

    def possible(self, dropped: Collection[str]) -> bool | None:
        """Whether there is a pair without these rules; ``None``: not found in time."""
        joint = self._joint(self._encodings(self._options[0]["gpu"], scored=False), dropped)
        status, _ = joint.run(self._clock, self._seed)
        return {Status.UNKNOWN: None, Status.INFEASIBLE: False}.get(status, True)

    def least_cents(self, dropped: Collection[str]) -> int | None:
        """The least price of now without these rules; ``None``: there is no pair, or none was
        proven the cheapest in time."""
        encodings = self._encodings(self._options[0]["gpu"], scored=False)
        joint = self._joint(encodings, dropped)
        joint.model.minimize(joint.models[0].sum(encodings[0].price))
        status, answer = joint.run(self._clock, self._seed)
        return round(answer.objective_value) if status is Status.OPTIMAL else None
