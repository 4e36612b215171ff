"""Requests that differ in money alone: their searches are shared.

The best score is a step function of what may be paid for parts. A search under one limit tells the
step from the price of the build that it finds up to that limit; whoever asks with a limit on a
step that is known needs no search. What a build must obey is else the same, so near ties, binding
wishes and explanations are shared too. Every answer is the one that ``solve`` gives.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.checking import verified
from rigopt.outcome import Assessment, Feasible, Infeasible, Optimal, Unknown
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.shocks import Shock, shocked
from rigopt.solving import answered, explained

if TYPE_CHECKING:
    from rigopt.cpsat.hunt import Hunt
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
HELD = 4
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
        key = family(problem.request), told
        shared = _held(self._shared, key, lambda: _Shared(Problem.of(key[0], catalog)))
        return shared.answer_to(problem, near=near)


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
        self._checked: tuple[Build, Assessment] | None = None
        self._answers = _Steps()
        self._bests: dict[frozenset[str], _Steps] = {}
        self._cheapest: dict[tuple[int | None, int], Found] = {}

    def _search(self) -> Hunt:
        """What searches: another one now and then, as it keeps something of every search."""
        from rigopt.cpsat.hunt import Hunt

        if self._searches % SEARCHES == 0:
            self._hunt = Hunt(self.problem, self.clock)
        self._searches += 1
        self._hunt.clock = self.clock
        return self._hunt

    def answer_to(
        self, problem: Problem, *, near: bool
    ) -> Optimal | Feasible | Infeasible | Unknown:
        """The answer to a problem with a budget of its own."""
        from rigopt.cpsat.search import Clock

        self.clock = Clock(problem.request.time_limit_s)
        view = _View(self, problem)
        return answered(
            view,
            lambda: explained(problem, self.clock),
            near=near,
            verify=self._verified,
        )

    def _verified(self, problem: Problem, build: Build, score: int) -> Assessment:
        """As ``verified``: rules that the requests have in common are checked once for a build."""
        if self._checked is None or self._checked[0] != build:
            self._checked = build, verified(self.problem, build, score)
        checked = self._checked[1]
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
        found = self._search().cheapest(best, least, most_cents)
        if found.status is Status.OPTIMAL:
            self._cheapest[key] = found
        return found


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
