"""All stages of a plan in one model: which rig at each, which parts come, stay and go.

Every part has lives: pieces bought at one stage (or owned before) and sold at a later one (or
never). A rig needs its pieces alive; the money of every stage must do. The model is that of all
rigs side by side (``joint``) with the lives between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model_helper import CpSolverResponse

from rigopt.build import Build, Line
from rigopt.cpsat.joint import Joint
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, solved, tuned
from rigopt.cpsat.stagemodel import thorough, with_any_of
from rigopt.encoding import Encoding
from rigopt.errors import InternalError
from rigopt.parts import KINDS
from rigopt.rules.base import Literal
from rigopt.upgrades.joint_options import Options
from rigopt.upgrades.ledger import Ledger, Life, most_cents

WHOLE = 10_000


class Path(NamedTuple):
    """The end of a search for the rigs of all stages."""

    builds: tuple[Build, ...] | None
    """``None``: there are none."""
    lives: tuple[Life, ...]
    points: int
    """Score times months, summed over the stages."""
    bound: int
    """No plan has more."""
    proven: bool


class Rest(NamedTuple):
    """What a rig needs beside its cards."""

    cents: int
    """No rig with the cards has its other parts for less at any stage until then."""
    parts: tuple[str, ...]
    """Those of one that costs just that."""


Rests = Mapping[tuple[object, ...], Rest | None]
"""By chip, number and cap of the cards; ``None``: there is no rig with them."""


def rests(ledger: Ledger, options: Sequence[Options], clock: Clock) -> list[Rests]:
    """What rigs with each set of cards need beside them, stage by stage."""
    encodings = _encodings(ledger, options, scored=False)
    found: dict[int, Rests] = {}
    for encoding in dict.fromkeys(encodings):
        stages = [stage for stage, other in enumerate(encodings) if other is encoding]
        found |= dict.fromkeys(stages, _rests(ledger, encoding, stages[-1], clock))
    return [found[stage] for stage in sorted(found)]


def _rests(ledger: Ledger, encoding: Encoding, last: int, clock: Clock) -> Rests:
    others = [kind for kind in KINDS if kind != "gpu"]
    bare = Model(encoding)
    terms = [term for kind in others for term in least_prices(ledger, encoding, kind, last)]
    bare.minimise(terms)
    alike: dict[tuple[object, ...], list[Literal]] = {}
    for line, literal in encoding.options("gpu"):
        alike.setdefault(encoding.problem.score_key(line), []).append(literal)
    found: dict[tuple[object, ...], Rest | None] = {}
    for key, literals in alike.items():
        asked = with_any_of(bare.proto, literals)
        status, answer = solved(asked, clock, encoding.problem.request.seed, tuned(relaxed=True))
        if status is Status.INFEASIBLE:
            found[key] = None
        elif status is Status.OPTIMAL:
            build = bare.build(answer)
            parts = tuple(line.part.id for kind in others for line in build.of_kind(kind))
            found[key] = Rest(round(answer.objective_value), parts)
    return found


def least_prices(
    ledger: Ledger, encoding: Encoding, kind: str, stage: int
) -> list[tuple[int, Literal]]:
    """What the pieces to buy of each option cost at least, at any stage until one."""
    terms = []
    for line, literal in encoding.options(kind):
        bought = max(0, line.quantity - ledger.owned.get(line.part.id, 0))
        prices = [ledger.price(line.part.id, s) for s in range(stage + 1)]
        least = min((price for price in prices if price is not None), default=0)
        if bought and least:
            terms.append((bought * least, literal))
    return terms


class Paths:
    """One plan, with some cards at each stage."""

    def __init__(
        self,
        ledger: Ledger,
        options: Sequence[Options],
        clock: Clock,
    ) -> None:
        """``options``: what is tried at each stage."""
        self.ledger = ledger
        self.stages = range(len(ledger.problems))
        self._clock = clock
        self._seed = ledger.problems[0].request.seed
        self.joint = Joint(_encodings(ledger, options))
        self._model = self.joint.model
        self._only(options)
        self._lives: dict[Life, cp_model.IntVar] = {}
        self._live()
        self._outlays = self._money()
        self._limit()
        self.points: Any = cp_model.LinearExpr.sum(
            [self.joint.score(s) * ledger.asked.stages[s].months for s in self.stages]
        )

    def _only(self, options: Sequence[Options]) -> None:
        """Leave each stage just what is tried there."""
        for stage, lines in enumerate(options):
            for kind in KINDS:
                mine = {_key(line) for line in lines[kind]}
                self.joint.models[stage].forbid(
                    literal
                    for line, literal in self.joint.encodings[stage].options(kind)
                    if _key(line) not in mine
                )

    def _live(self) -> None:
        """Pieces of every part by the time that they are there; what a rig has is among them."""
        last = len(self.stages)
        for kind in KINDS:
            for part, most in self.joint.parts(kind).items():
                mine: list[Life] = []
                for bought in (None, *self.stages):
                    if bought is None and part not in self.ledger.owned:
                        continue
                    if bought is not None and self.ledger.price(part, bought) is None:
                        continue
                    first = 0 if bought is None else bought + 1
                    mine += [
                        self._life(part, bought, sold, most)
                        for sold in (*range(first, last), None)
                        if sold is None or self.ledger.fetched(part, bought, sold)
                    ]
                for stage in self.stages:
                    there = [self._lives[life] for life in mine if life.there(stage)]
                    used = self.joint.count(stage, kind, (part,))
                    self._model.add(used <= cp_model.LinearExpr.sum(there))
        for part, count in self.ledger.owned.items():
            mine = [life for life in self._lives if life.part == part and life.bought is None]
            if not mine:
                for sold in (*self.stages, None):
                    if sold is None or self.ledger.fetched(part, None, sold):
                        mine.append(self._life(part, None, sold, count))
            self._model.add(sum(self._lives[life] for life in mine) == count)

    def _life(self, part: str, bought: int | None, sold: int | None, most: int) -> Life:
        life = Life(part, bought, sold, 1)
        most = max(most, self.ledger.owned.get(part, 0)) if bought is None else most
        self._lives[life] = self._model.new_int_var(0, most, f"{part} {bought} to {sold}")
        return life

    def _money(self) -> cp_model.LinearExprT:
        """What every stage costs; returns what the whole plan costs."""
        charges = self.ledger.problems[0].request.charges
        asked, model = self.ledger.asked, self._model
        left: Any = 0
        net: list[Any] = []
        for stage in self.stages:
            spent: Any = cp_model.LinearExpr.sum(
                [
                    variable * (self.ledger.price(life.part, stage) or 0)
                    for life, variable in self._lives.items()
                    if life.bought == stage
                ]
            )
            fetched = cp_model.LinearExpr.sum(
                [
                    variable * self.ledger.fetched(life.part, life.bought, stage)
                    for life, variable in self._lives.items()
                    if life.sold == stage
                ]
            )
            paid = spent
            most = 10**10
            if charges.tax_bp:
                tax = model.new_int_var(0, most, f"tax {stage}")
                model.add(tax * WHOLE >= spent * charges.tax_bp + WHOLE // 2 - (WHOLE - 1))
                paid = paid + tax
            if charges.shipping_cents:
                sent = model.new_bool_var(f"sent {stage}")
                model.add(spent <= most * sent)
                paid = paid + sent * charges.shipping_cents
            before = left if asked.carry else 0
            left = before + asked.stages[stage].budget_cents + fetched - paid
            model.add(left >= 0)
            net.append(paid - fetched)
            self._outlay(stage)
        return cp_model.LinearExpr.sum(net)

    def _outlay(self, stage: int) -> None:
        """What follows from the money of the stages so far, said of the rig itself: its pieces
        have been paid for, and what was sold did not fetch more than it had cost."""
        terms = [
            term
            for kind in KINDS
            for term in least_prices(self.ledger, self.joint.encodings[stage], kind, stage)
        ]
        self._model.add(self.joint.models[stage].sum(terms) <= most_cents(self.ledger, stage))

    def tighten(self, rests: Sequence[Rests]) -> None:
        """Say of the cards of every stage what else a rig with them needs: no plan is lost, but
        far fewer are left to try."""
        ledger = self.ledger
        for stage, rest in enumerate(rests):
            encoding, model = self.joint.encodings[stage], self.joint.models[stage]
            net: list[Any] = []
            for life, variable in self._lives.items():
                if ledger.kind(life.part) != "gpu":
                    continue
                if life.bought is not None and life.bought <= stage:
                    net.append(variable * (ledger.price(life.part, life.bought) or 0))
                if life.sold is not None and life.sold <= stage:
                    net.append(variable * -ledger.fetched(life.part, life.bought, life.sold))
            others = []
            for line, literal in encoding.options("gpu"):
                found = rest.get(encoding.problem.score_key(line), Rest(0, ()))
                if found is None:
                    model.forbid([literal])
                else:
                    others.append((found.cents, literal))
            total: Any = cp_model.LinearExpr.sum([*net, model.sum(others)])
            self._model.add(total <= most_cents(ledger, stage))

    def _limit(self) -> None:
        """What must stay, and how much may change."""
        asked, model = self.ledger.asked, self._model
        if not asked.keep and asked.max_changes is None:
            return
        for stage in self.stages:
            gone: list[Any] = []
            for kind in KINDS:
                parts = self.joint.parts(kind)
                owned = {p: n for p, n in self.ledger.owned.items() if self.ledger.kind(p) == kind}
                for part in sorted(parts.keys() | owned.keys()) if stage == 0 else parts:
                    now: Any = self.joint.count(stage, kind, (part,))
                    before: Any = (
                        self.joint.count(stage - 1, kind, (part,)) if stage else owned.get(part, 0)
                    )
                    if kind in asked.keep:
                        model.add(now >= before)
                    if asked.max_changes is None:
                        continue
                    most = max(parts.get(part, 0), owned.get(part, 0))
                    out = model.new_int_var(0, most, f"{part} out at {stage}")
                    model.add(out >= before - now)
                    gone.append(out)
            if asked.max_changes is not None:
                model.add(cp_model.LinearExpr.sum(gone) <= asked.max_changes)

    def hint(self, builds: Sequence[Build]) -> None:
        """Offer the rigs of a plan that is known to the search."""
        for stage, build in enumerate(builds):
            have = {_key(line) for line in build.lines}
            for kind in KINDS:
                for line, literal in self.joint.encodings[stage].options(kind):
                    self.joint.models[stage].suggest(literal, _key(line) in have)

    def best(self, at_least: int, at_most: Sequence[int]) -> Path | None:
        """The most points, if so many can be had; ``None``: not found in time.

        ``at_most``: what the rig of each stage scores at most.
        """
        for stage in self.stages:
            self._model.add(self.joint.score(stage) <= at_most[stage])
        enough = self._model.new_bool_var("enough points")
        self._model.add(self.points >= at_least).only_enforce_if(enough)
        self._model.maximize(self.points)
        asked = with_any_of(self._model.proto, [enough.index])
        status, answer = solved(asked, self._clock, self._seed, thorough())
        if status is Status.UNKNOWN:
            return None
        if status is Status.INFEASIBLE:
            return Path(None, (), 0, 0, True)
        points, bound = round(answer.objective_value), int(answer.best_objective_bound)
        return self._path(answer, points, bound, status is Status.OPTIMAL)

    def cheapest(self, best: Path) -> Path:
        """The plan with as many points that costs least in the end, for the same model."""
        self._model.add(self.points >= best.points)
        self._model.minimize(self._outlays)
        status, answer = solved(self._model.proto, self._clock, self._seed, thorough())
        if status is Status.INFEASIBLE:
            raise InternalError("the search for the money lost the plan found before")
        if status is Status.UNKNOWN:
            return best._replace(proven=False)
        return self._path(answer, best.points, best.bound, status is Status.OPTIMAL)

    def _path(self, answer: CpSolverResponse, points: int, bound: int, proven: bool) -> Path:
        values = list(answer.solution)
        lives = tuple(
            life._replace(pieces=values[variable.index])
            for life, variable in self._lives.items()
            if values[variable.index]
        )
        self.joint.hint(answer)
        return Path(self.joint.builds(answer), lives, points, bound, proven)


def _key(line: Line) -> tuple[str, int, int | None]:
    return line.part.id, line.quantity, line.power_limit_w


def _encodings(
    ledger: Ledger, options: Sequence[Options], *, scored: bool = True
) -> list[Encoding]:
    """One a stage; stages of which the wishes are the same share it, since it knows no money."""
    shared: dict[str, list[int]] = {}
    for stage, problem in enumerate(ledger.problems):
        shared.setdefault(problem.request.model_dump_json(), []).append(stage)
    found: dict[int, Encoding] = {}
    for stages in shared.values():
        problem = ledger.problems[stages[0]]
        tried = {
            kind: {_key(line) for stage in stages for line in options[stage][kind]}
            for kind in KINDS
        }
        lines = {
            kind: [line for line in problem.options[kind] if _key(line) in tried[kind]]
            for kind in KINDS
        }
        found |= dict.fromkeys(stages, Encoding(problem, lines, scored=scored))
    return [found[stage] for stage in sorted(found)]
