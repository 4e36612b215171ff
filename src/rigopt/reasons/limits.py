"""What holds an answer back: budget, wishes, options and rules, and the gain from relaxing each.

Every gain is the best build without what is relaxed, solved and proven like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.outcome import Optimal
from rigopt.problem import Problem
from rigopt.reasons.binding import relaxed
from rigopt.reasons.easing import TIGHT, USED, WIDER, Change, easier
from rigopt.reasons.explain import is_default
from rigopt.reasons.findings import Limit, Limits, Rival
from rigopt.reasons.sensitivity import budget_range, build_again, rival_of
from rigopt.request import Request
from rigopt.rules.base import Rule
from rigopt.solving import solve

if TYPE_CHECKING:
    from rigopt.cpsat.hunt import Hunt

Tell = Callable[[str], None]


class _Answer(NamedTuple):
    """A build as the best of a problem."""

    build: Build
    score: int

    @property
    def worth(self) -> tuple[int, int]:
        """The more the better."""
        return self.score, -(self.build.cost_cents or 0)


def limits_of(
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Limits:
    """What holds the answer to a request back, and what relaxing it would give.

    Of the budget the least that buys a higher score; of every wish how far it has to be relaxed
    for the best build without it; of the options (lanes, circuit, used parts, ...) the next step;
    of the rules of a working rig those without which the score would be higher.

    The request's time limit holds for the answer and for every step by itself.

    Raises:
        InputError: if the request names something that is not known, or asks for less than the
            best (``within_bp``).
    """
    request, catalog = request or Request(), catalog or Catalog.load()
    if request.within_bp:
        raise InputError(
            "are those of the best answer, not of one near it", where="limits", mend="drop --within"
        )
    tell("the answer")
    outcome = solve(request, catalog=catalog, tell=tell)
    if not isinstance(outcome, Optimal):
        return Limits(answer=outcome, limits=(), complete=False)
    problem = Problem.of(request, catalog)
    search = _Search(problem, _Answer(build_again(problem, outcome), outcome.build.score or 0))
    found = [*search.budget(tell), *search.wishes(tell), *search.options(tell)]
    found += search.rules(tell)
    return Limits(
        answer=outcome,
        limits=tuple(found),
        complete=search.complete,
    )


class _Search:
    """The answers to changed problems, as far as they are better than the one of now."""

    def __init__(self, problem: Problem, answer: _Answer) -> None:
        self.problem = problem
        self.answer = answer
        self.complete = True

    def budget(self, tell: Tell) -> Iterator[Limit]:
        """The least budget that buys a higher score."""
        from rigopt.cpsat.search import Clock

        if self.problem.request.budget_cents is None:
            return
        tell("the budget")
        clock = Clock(self.problem.request.time_limit_s)
        found = budget_range(self.problem, self.answer.build, self.answer.score, clock)
        if found is None:
            self.complete = False
        elif found.more is not None and found.most_cents is not None:
            change = f"--budget {-(-(found.most_cents + 1) // 100)}"
            yield _limit("wish-budget", "budget", f"with {change}", change, found.more)

    def wishes(self, tell: Tell) -> Iterator[Limit]:
        """Every wish, left out."""
        for rule in self.problem.rules:
            if not rule.flag or rule.id == "wish-budget":
                continue
            tell(rule.flag)
            others = tuple(other for other in self.problem.rules if other is not rule)
            changed = replace(self.problem, rules=others)
            found = self._better(changed)
            if found is not None:
                text, change = relaxed(rule, found.build, self.problem)
                default = is_default(rule, self.problem.request)
                gain = self._rival(changed, found)
                yield _limit(rule.id, "default" if default else "wish", text, change, gain)

    def options(self, tell: Tell) -> Iterator[Limit]:
        """The next step of everything that may be chosen beside the wishes."""
        request = self.problem.request
        steps = [steps[0] for steps in easier(self.problem) if steps]
        for change in (*steps, TIGHT, USED, *(wider.change for wider in WIDER)):
            if all(getattr(request, name) == value for name, value in change.fields.items()):
                continue
            tell(change.flag or change.text)
            changed = self._changed(change)
            found = None if changed is None else self._better(changed)
            if changed is not None and found is not None:
                left = "".join(f" (leave out: {flag})" for flag in change.leave_out)
                name = change.flag.split()[0].removeprefix("--") if change.flag else change.text
                gain = self._rival(changed, found)
                yield _limit(name, "option", change.text + left, change.flag, gain)

    def _changed(self, change: Change) -> Problem | None:
        try:
            request = self.problem.request.replace(**change.fields)
        except InputError:
            return None
        return Problem.of(request, self.problem.world.catalog)

    def rules(self, tell: Tell) -> Iterator[Limit]:
        """The rules that builds with a higher score break, each by itself: halves of all rules are
        dropped together first. Cards without seats score nothing, so seats are never among them.
        """
        from rigopt.cpsat.hunt import Hunt
        from rigopt.cpsat.search import Clock

        physics = [rule for rule in self.problem.rules if rule.hard and not rule.flag]
        tell("the rules")
        hunt = Hunt(self.problem, Clock(self.problem.request.time_limit_s))
        for rule, found in self._breaking(hunt, physics):
            others = tuple(other for other in self.problem.rules if other is not rule)
            text = f"{rule.title} (rule {rule.id}): {self._broken(rule, found.build)}"
            gain = self._rival(replace(self.problem, rules=others), found)
            yield _limit(rule.id, "rule", text, "", gain)

    def _breaking(self, hunt: Hunt, rules: Sequence[Rule]) -> Iterator[tuple[Rule, _Answer]]:
        from rigopt.cpsat.search import Status

        if not rules:
            return
        dropped = [rule.id for rule in rules]
        found = hunt.best(dropped=dropped, at_least=self.answer.score + 1)
        if found.status is Status.INFEASIBLE:
            return
        if found.status is not Status.OPTIMAL or found.build is None:
            self.complete = False
        elif len(rules) == 1:
            yield rules[0], _Answer(found.build, found.score or 0)
        else:
            half = len(rules) // 2
            yield from self._breaking(hunt, rules[:half])
            yield from self._breaking(hunt, rules[half:])

    def _broken(self, rule: Rule, build: Build) -> str:
        return rule.check(build, self.problem.world).text

    def _better(self, problem: Problem) -> _Answer | None:
        """The answer to a problem if it is better than that of now."""
        from rigopt.cpsat.hunt import Hunt
        from rigopt.cpsat.search import Clock, Status

        found = Hunt(problem, Clock(problem.request.time_limit_s)).answer()
        if found.status is not Status.OPTIMAL or found.build is None:
            self.complete = False
            return None
        better = _Answer(found.build, found.score or 0)
        return better if better.worth > self.answer.worth else None

    def _rival(self, problem: Problem, found: _Answer) -> Rival:
        return rival_of(problem, found.build, found.score, self.answer.build)


def _limit(name: str, kind: str, text: str, change: str, gain: Rival) -> Limit:
    return Limit(id=name, kind=kind, text=text, change=change, gain=gain)  # type: ignore[arg-type]
