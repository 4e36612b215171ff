"""How far the price of a part, or the budget, may move before another build is the answer.

Exact, by a walk from the outside in: the answer at a far price is a rival; up to which price it
beats the answer of now follows from both builds; just beyond that price the next rival is looked
for, until it is the answer of now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import part_line, verified
from rigopt.errors import InputError
from rigopt.outcome import Optimal
from rigopt.problem import Problem, rank_of
from rigopt.reasons.explain import changes
from rigopt.reasons.findings import BudgetRange, PriceRange, Rival, Sensitivity
from rigopt.request import Request
from rigopt.rules.wishes import is_named
from rigopt.solving import solve
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.search import Clock, Found

Tell = Callable[[str], None]

DEAREST_CENTS = 10**8
"""No part costs a million: a price that stands for any price above."""
RAISE_PCT = 125
"""How a budget grows until it buys more."""


class _OutOfTimeError(Exception):
    """The time limit was reached before a range was known."""


class Prices:
    """The answer to a problem while the price of one part moves."""

    def __init__(self, problem: Problem, part: str, answer: Build, clock: Clock) -> None:
        self._problem = problem
        self._part = part
        self._clock = clock
        self._build = answer
        self._answer = self._key(answer)
        self.score = problem.score_of(answer) or 0
        self.pieces, self._rest = self._split(answer)
        self._rank = _rank(answer)
        budget, charges = problem.request.budget_cents, problem.request.charges
        self._room = None if budget is None else charges.affordable(budget)

    def at(self, cents: int) -> tuple[Problem, Found]:
        """The problem and its answer with the part at a price.

        Raises:
            _OutOfTimeError: if time ends before the answer is proven.
        """
        from rigopt.cpsat.hunt import Hunt
        from rigopt.cpsat.search import Status

        given = []
        for lines in self._problem.options.values():
            for line in lines:
                if line.part.id == self._part and line.price is not None:
                    line = replace(line, price=line.price.model_copy(update={"price_cents": cents}))
                given.append(line)
        problem = replace(self._problem, given=tuple(given))
        found = Hunt(problem, self._clock).answer()
        if found.status not in (Status.OPTIMAL, Status.INFEASIBLE):
            raise _OutOfTimeError
        return problem, found

    def least(self) -> tuple[int, Rival | None]:
        """The lowest price at which the answer is the same, and the answer one cent below."""
        cents, rival = 0, None
        while True:
            problem, found = self.at(cents)
            assert found.build is not None  # what is possible now is so for less
            if self._key(found.build) == self._answer:
                return cents, rival
            beats = self._beats_up_to(found)
            rival = self._rival(problem, found)
            cents = beats + 1

    def most(self) -> tuple[int | None, Rival | None]:
        """The highest price at which the answer is the same, and the answer one cent above."""
        if self.pieces == 0:
            return None, None
        cents = DEAREST_CENTS
        if self._room is not None:
            cents = min(cents, (self._room - self._rest) // self.pieces)
        rival: Rival | None = None
        if cents < DEAREST_CENTS:
            problem, found = self.at(cents + 1)
            rival = self._rival(problem, found)
        while True:
            problem, found = self.at(cents)
            assert found.build is not None  # the answer of now is affordable here
            if self._key(found.build) == self._answer:
                return (None if cents == DEAREST_CENTS else cents), rival
            rival = self._rival(problem, found)
            cents = self._beats_from(found) - 1

    def _beats_up_to(self, found: Found) -> int:
        """The highest price at which a build that is better for less is better still."""
        assert found.build is not None
        pieces, rest = self._split(found.build)
        if (found.score or 0) > self.score:
            assert self._room is not None and pieces  # it was too dear, for this part
            return (self._room - rest) // pieces
        gain, more = self._rest - rest, pieces - self.pieces
        return gain // more if self._goes_before(found) else -(-gain // more) - 1

    def _beats_from(self, found: Found) -> int:
        """The lowest price at which a build with fewer pieces, as good and cheaper, is so."""
        assert found.build is not None
        pieces, rest = self._split(found.build)
        more, fewer = rest - self._rest, self.pieces - pieces
        return -(-more // fewer) if self._goes_before(found) else more // fewer + 1

    def _goes_before(self, found: Found) -> bool:
        """Whether a build is chosen at an equal price."""
        return found.build is not None and _rank(found.build) < self._rank

    def _split(self, build: Build) -> tuple[int, int]:
        """How many pieces of the part a build buys, and what all else costs."""
        mine = [line for line in build.lines if line.part.id == self._part]
        others = [line for line in build.lines if line.part.id != self._part]
        bought = sum(max(0, line.quantity - line.owned) for line in mine)
        return bought, sum(line.cost_cents or 0 for line in others)

    def _key(self, build: Build) -> tuple[object, ...]:
        return tuple((x.part.id, x.quantity, x.power_limit_w) for x in build.lines)

    def _rival(self, problem: Problem, found: Found) -> Rival | None:
        if found.build is None:
            return None
        return rival_of(problem, found.build, found.score or 0, self._build)


def _rank(build: Build) -> int:
    return sum(map(rank_of, build.lines))


def rival_of(problem: Problem, build: Build, score: int, answer: Build) -> Rival:
    """A build as published, checked, beside the answer."""
    found = verified(problem, build, score)
    total = found.total_cents or 0
    money = format_money(total, found.currency)
    cards = " + ".join(f"{line.quantity} x {line.part.name}" for line in build.of_kind("gpu"))
    return Rival(
        text=f"{cards}, score {score:,}, {money}",
        changes=changes([part_line(line) for line in answer.lines], found.parts),
        score=score,
        total_cents=total,
        parts=found.parts,
    )


def price_range(problem: Problem, part: str, answer: Build, clock: Clock) -> PriceRange | None:
    """The prices of a part with which a proven answer stays the same; ``None``: nobody sells the
    part here, or time ended."""
    offered = [line for lines in problem.options.values() for line in lines if line.part.id == part]
    sold: Sequence[Line] = [line for line in offered if line.price is not None]
    if not sold or sold[0].price is None:
        return None
    prices = Prices(problem, part, answer, clock)
    try:
        least, cheaper = prices.least()
        most, dearer = prices.most()
    except _OutOfTimeError:
        return None
    return PriceRange(
        part=part,
        name=sold[0].part.name,
        pieces=prices.pieces,
        price_cents=sold[0].price.price_cents,
        least_cents=least,
        most_cents=most,
        cheaper=cheaper,
        dearer=dearer,
    )


def budget_range(problem: Problem, answer: Build, score: int, clock: Clock) -> BudgetRange | None:
    """The budgets with which a proven answer stays the same; ``None``: time ended."""
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import Status

    request, catalog = problem.request, problem.world.catalog
    charges = request.charges
    cost = charges.to_pay(answer.cost_cents or 0)

    def within(cents: int | None) -> Problem:
        other = Problem.of(request.replace(budget_cents=cents), catalog)
        return replace(other, given=problem.given)

    less = None
    if cost > 0:
        poorer = within(cost - 1)
        found = Hunt(poorer, clock).answer()
        if found.status not in (Status.OPTIMAL, Status.INFEASIBLE):
            return None
        if found.build is not None:
            less = rival_of(poorer, found.build, found.score or 0, answer)
    most, more = None, None
    budget = request.budget_cents
    while budget is not None:
        budget = budget * RAISE_PCT // 100 + 1
        richer = within(budget if budget < DEAREST_CENTS else None)
        hunt = Hunt(richer, clock)
        found = hunt.best(at_least=score + 1)
        if found.status is Status.INFEASIBLE and budget < DEAREST_CENTS:
            continue
        if found.status is Status.INFEASIBLE:
            break
        if found.status is Status.OPTIMAL:
            found = hunt.cheapest(found, score + 1)
        if found.status is not Status.OPTIMAL or found.build is None:
            return None
        most = charges.to_pay(found.build.cost_cents or 0) - 1
        more = rival_of(richer, found.build, found.score or 0, answer)
        break
    return BudgetRange(least_cents=cost, most_cents=most, less=less, more=more)


def sensitivity_of(
    request: Request | None = None,
    parts: Sequence[str] | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Sensitivity:
    """Over which budgets, and over which prices of parts, the answer to a request stays the same.

    Args:
        request: as for :func:`rigopt.solve`.
        parts: ids of the parts or chips whose price moves; default: those that the answer buys.
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        tell: called with the name of each step as it begins.

    The request's time limit holds for the answer and for every range by itself.

    Raises:
        InputError: if the request names something that is not known, or asks for less than the
            best (``within_bp``), or a part is not sold.
    """
    from rigopt.cpsat.search import Clock

    request, catalog = request or Request(), catalog or Catalog.load()
    if request.within_bp:
        raise InputError(
            "is about the best answer, not one near it", where="sensitivity", mend="drop --within"
        )
    problem = Problem.of(request, catalog)
    named = []
    for part in parts or ():
        name = sold_as(part, problem)
        if name is None:
            where = problem.world.market.info.title
            raise InputError(
                f"{part} is not sold {request.condition} in {where}",
                where="sensitivity",
                mend="name a part that is",
            )
        named.append(name)
    tell("the answer")
    answer = solve(request, catalog=catalog, tell=tell)
    if not isinstance(answer, Optimal):
        return Sensitivity(answer=answer, budget=None, prices=(), complete=False)
    build = build_again(problem, answer)
    tell("the budget")
    clock = Clock(request.time_limit_s)
    budget = budget_range(problem, build, answer.build.score or 0, clock)
    asked = named or bought(answer)
    found = []
    for part in asked:
        tell(f"the price of {catalog.parts[part].name}")
        found.append(price_range(problem, part, build, Clock(request.time_limit_s)))
    prices = tuple(item for item in found if item is not None)
    complete = budget is not None and len(prices) == len(asked)
    return Sensitivity(answer=answer, budget=budget, prices=prices, complete=complete)


def sold_as(part: str, problem: Problem, first: Collection[str] = ()) -> str | None:
    """The id of the part whose price is asked about: of a chip, one of the ``first`` cards with it,
    or the cheapest on offer; ``None``: nobody sells it here."""
    lines = [x for lines in problem.options.values() for x in lines if is_named(part, x)]
    prices = {x.part.id: x.price.price_cents for x in lines if x.price is not None}
    return min(prices, key=lambda name: (name not in first, prices[name], name), default=None)


def bought(answer: Optimal) -> tuple[str, ...]:
    """The parts that an answer buys."""
    lines = answer.build.parts
    return tuple(dict.fromkeys(x.part for x in lines if x.quantity > x.owned))


def build_again(problem: Problem, answer: Optimal) -> Build:
    """The build of an answer, of the lines of its problem."""
    wanted = {(x.part, x.quantity, x.power_limit_w) for x in answer.build.parts}
    return Build.of(
        line
        for lines in problem.options.values()
        for line in lines
        if (line.part.id, line.quantity, line.power_limit_w) in wanted
    )
