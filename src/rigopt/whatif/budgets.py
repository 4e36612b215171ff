"""Requests that differ in money alone: their searches are shared.

The best score is a step function of what may be paid for parts. A search under one limit tells the
step from the price of the build that it finds up to that limit; whoever asks with a limit on a
step that is known needs no search. What a build must obey is else the same, so near ties, binding
wishes and explanations are shared too. Every answer is the one that ``solve`` gives.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import verified
from rigopt.outcome import Assessment, Feasible, Infeasible, Optimal, Unknown
from rigopt.problem import Problem
from rigopt.reasons.explain import Prober
from rigopt.reasons.waysout import explain
from rigopt.request import Request
from rigopt.rules.base import Statement
from rigopt.solving import answered
from rigopt.whatif.shocks import Shock, shocked

if TYPE_CHECKING:
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.probe import Probe
    from rigopt.cpsat.search import Found

K = TypeVar("K")
V = TypeVar("V")

MONEY = {
    name: Request.model_fields[name].default
    for name in ("budget_cents", "tax_bp", "shipping_cents", "within_bp", "time_limit_s")
}
"""Fields in which requests may differ whose searches are shared, as those of the shared search."""
BUDGET = "wish-budget"
SEARCHES = 64
"""After so many the memory of a shared search is given back."""
HELD = 8
"""Shared searches, and markets with supposed prices, that a desk holds."""


def family(request: Request) -> Request:
    """What requests have in common whose searches are shared."""
    return request.model_copy(update=MONEY)


class Desk:
    """Answers requests one after the other, and keeps what the next ones may need.

    Not for several threads at once.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._markets: OrderedDict[tuple[str, tuple[Shock, ...]], Catalog] = OrderedDict()
        self._shared: OrderedDict[tuple[Request, tuple[Shock, ...]], _Shared] = OrderedDict()

    def solve(
        self, request: Request, shocks: Sequence[Shock] = (), *, near: bool = True
    ) -> Optimal | Feasible | Infeasible | Unknown:
        """The answer that ``solve`` gives, under prices as they might become.

        Without ``near``, the cheaper build that scores nearly as much is not looked for.

        Raises:
            InputError: if the request names something that is not known.
        """
        told = tuple(shocks)
        market = request.market, told
        catalog = _held(self._markets, market, lambda: shocked(self.catalog, request.market, told))
        problem = Problem.of(request, catalog)
        shared = self._shared_by(problem, told)

        def again(changed: Request) -> Prober:
            at = _held(
                self._markets,
                (changed.market, told),
                lambda: shocked(self.catalog, changed.market, told),
            )
            other = Problem.of(changed, at)
            found = self._shared_by(other, told)
            found.clock = shared.clock
            return _Prober(other, found)

        return shared.answer_to(problem, again, near=near)

    def _shared_by(self, problem: Problem, told: tuple[Shock, ...]) -> _Shared:
        """The searches that a problem shares with others."""
        key, catalog = (family(problem.request), told), problem.world.catalog
        return _held(self._shared, key, lambda: _Shared(Problem.of(key[0], catalog)))


def _held(table: OrderedDict[K, V], key: K, make: Callable[[], V]) -> V:
    """An entry of a table of the last few that were asked for."""
    if key not in table:
        while len(table) >= HELD:
            table.popitem(last=False)
        table[key] = make()
    table.move_to_end(key)
    return table[key]


@dataclass
class _Step:
    """Limits of cents under which the best score is the same."""

    low: int
    high: int | None
    """``None``: without end."""
    found: Found

    def has(self, limit: int | None) -> bool:
        if limit is None:
            return self.high is None
        return self.low <= limit and (self.high is None or limit <= self.high)


@dataclass
class _Steps:
    """What is known of the best under a limit of money."""

    by_score: dict[int, _Step] = field(default_factory=dict)
    too_little: list[tuple[int | None, int]] = field(default_factory=list)
    """Limits under which no build has so many points."""

    def at(self, limit: int | None) -> Found | None:
        """The best under a limit, if it is known."""
        return next((step.found for step in self.by_score.values() if step.has(limit)), None)

    def is_too_little(self, limit: int | None, points: int) -> bool:
        return any(
            points >= least and (most is None or (limit is not None and limit <= most))
            for most, least in self.too_little
        )

    def learn(self, limit: int | None, found: Found) -> None:
        """Keep what a search under a limit found, if it is proven."""
        assert found.build is not None and found.score is not None
        low = found.build.cost_cents or 0
        known = self.by_score.get(found.score)
        if known is not None:
            low = min(low, known.low)
            limit = None if known.high is None or limit is None else max(limit, known.high)
        self.by_score[found.score] = _Step(low, limit, found)


class _Shared:
    """The searches of requests that differ in money alone."""

    def __init__(self, problem: Problem) -> None:
        """``problem``: that of the request without a budget."""
        from rigopt.cpsat.search import Clock

        self.problem = problem
        self.clock = Clock(problem.request.time_limit_s)
        self._searches = 0
        self._checked: list[tuple[Build, Assessment]] = []
        self._answers = _Steps()
        self._bests: dict[frozenset[str], _Steps] = {}
        self._cheapest: dict[tuple[int | None, int], Found] = {}
        self._probe: Probe | None = None

    def _search(self) -> Hunt:
        """What searches: another one now and then, as it keeps something of every search."""
        from rigopt.cpsat.hunt import Hunt

        if self._searches % SEARCHES == 0:
            self._hunt = Hunt(self.problem, self.clock)
        self._searches += 1
        self._hunt.clock = self.clock
        return self._hunt

    def answer_to(
        self, problem: Problem, again: Callable[[Request], Prober], *, near: bool
    ) -> Optimal | Feasible | Infeasible | Unknown:
        """The answer to a problem with a budget of its own; ``again``: what is asked about
        changes of its request."""
        from rigopt.cpsat.search import Clock

        self.clock = Clock(problem.request.time_limit_s)
        view = _View(self, problem)
        return answered(
            view,
            lambda: explain(problem, _Prober(problem, self), again),
            near=near,
            verify=self._verified,
        )

    def _verified(self, problem: Problem, build: Build, score: int) -> Assessment:
        """As ``verified``: rules that the requests have in common are checked once for a build."""
        checked = next((known for other, known in self._checked if other == build), None)
        if checked is None:
            checked = verified(self.problem, build, score)
            self._checked = [(build, checked), *self._checked][:HELD]
        known = {verdict.rule: verdict for verdict in checked.verdicts}
        rules = tuple(rule for rule in problem.rules if rule.id not in known)
        found = verified(replace(problem, rules=rules), build, score)
        known |= {verdict.rule: verdict for verdict in found.verdicts}
        verdicts = tuple(known[rule.id] for rule in problem.rules)
        return found.model_copy(update={"verdicts": verdicts, "clearances": checked.clearances})

    def answer(self, limit: int | None) -> Found:
        """As ``Hunt.answer``."""
        from rigopt.cpsat.search import Status

        known = self._answers.at(limit)
        if known is not None:
            return known
        found = self._search().answer(most_cents=limit)
        if found.status is Status.OPTIMAL:
            self._answers.learn(limit, found)
        return found

    def best(self, dropped: frozenset[str], limit: int | None, least: int) -> Found:
        """As ``Hunt.best``."""
        from rigopt.cpsat.search import Found, Status

        steps = self._bests.setdefault(dropped, _Steps())
        known = steps.at(limit) or (None if dropped else self._answers.at(limit))
        if known is not None:
            return known if (known.score or 0) >= least else Found(Status.INFEASIBLE)
        if steps.is_too_little(limit, least):
            return Found(Status.INFEASIBLE)
        found = self._search().best(dropped=sorted(dropped), most_cents=limit, at_least=least)
        if found.status is Status.OPTIMAL:
            steps.learn(limit, found)
        elif found.status is Status.INFEASIBLE:
            steps.too_little.append((limit, least))
        return found

    def cheapest(self, best: Found, least: int, most_cents: int | None) -> Found:
        """As ``Hunt.cheapest``: of all builds, as it costs no more than the best."""
        from rigopt.cpsat.search import Found, Status

        key = best.score, least
        known = self._cheapest.get(key)
        if known is not None and known.build is not None:
            dear = most_cents is not None and (known.build.cost_cents or 0) > most_cents
            return Found(Status.INFEASIBLE) if dear else known
        steps = self._bests.setdefault(frozenset(), _Steps())
        if steps.is_too_little(most_cents, least):
            return Found(Status.INFEASIBLE)
        found = self._search().cheapest(best, least, most_cents)
        if found.status is Status.OPTIMAL:
            self._cheapest[key] = found
        elif found.status is Status.INFEASIBLE:
            steps.too_little.append((most_cents, least))
        return found

    def probed(self) -> Probe:
        """What is asked about subsets of the rules, whatever a build costs."""
        from rigopt.cpsat.probe import Probe

        if self._probe is None:
            self._probe = Probe(self.problem, self.clock)
        self._probe.clock = self.clock
        return self._probe


class _Prober:
    """Questions about subsets of one problem's rules; those that have nothing to do with the budget
    are asked once for all."""

    def __init__(self, problem: Problem, shared: _Shared) -> None:
        self.problem = problem
        self._shared = shared
        budget = problem.request.budget_cents
        self._limit = None if budget is None else problem.request.charges.affordable(budget)

    @property
    def everything(self) -> frozenset[str]:
        """Ids of all rules in force."""
        return frozenset(rule.id for rule in self.problem.rules if rule.hard)

    @cached_property
    def _alone(self) -> Probe:
        from rigopt.cpsat.probe import Probe

        return Probe(self.problem, self._shared.clock)

    def possible(self, kept: frozenset[str]) -> bool | None:
        """Whether a build keeps these rules; ``None``: not decided in time."""
        rest, probe = kept - {BUDGET}, self._shared.probed()
        if rest == kept or self._limit is None:
            return probe.possible(rest)
        if probe.possible(rest) is False:
            return False
        build = probe.cheapest(rest)
        return None if build is None else (build.cost_cents or 0) <= self._limit

    def refuted(self, kept: frozenset[str]) -> bool:
        """Whether it takes no search to see that no build keeps these rules."""
        return self._shared.probed().refuted(kept - {BUDGET})

    def broken(self) -> Iterator[frozenset[str]]:
        """Of every build that was found so far the rules that it breaks."""
        for build, broken in self._shared.probed().found():
            dear = self._limit is not None and (build.cost_cents or 0) > self._limit
            yield broken | {BUDGET} if dear else broken

    def cheapest(self, kept: frozenset[str]) -> Build | None:
        """The cheapest build that keeps these rules; ``None``: none, or not proven in time."""
        build = self._shared.probed().cheapest(kept - {BUDGET})
        if build is None or BUDGET not in kept or self._limit is None:
            return build
        return build if (build.cost_cents or 0) <= self._limit else None

    def nearest(self, kept: frozenset[str], statement: Statement) -> Build | None:
        """Of the builds that come nearest to what a statement asks the cheapest; ``None`` as
        above, or it compares no amounts."""
        return self._alone.nearest(kept, statement)


class _View:
    """Shared searches as those of one problem among them."""

    def __init__(self, shared: _Shared, problem: Problem) -> None:
        self._shared, self.problem = shared, problem
        budget = problem.request.budget_cents
        self.limit = None if budget is None else problem.request.charges.affordable(budget)

    def answer(self, tell: Callable[[str], None]) -> Found:
        tell("throughput")
        return self._shared.answer(self.limit)

    def best(self, *, dropped: Collection[str], most_cents: int | None, at_least: int) -> Found:
        limits = [most_cents] if BUDGET in dropped else [most_cents, self.limit]
        limit = min((cents for cents in limits if cents is not None), default=None)
        return self._shared.best(frozenset(dropped) - {BUDGET}, limit, at_least)

    def cheapest(self, best: Found, least: int, most_cents: int | None = None) -> Found:
        return self._shared.cheapest(best, least, most_cents)
