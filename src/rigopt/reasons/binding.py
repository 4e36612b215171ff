"""What in every answer could be given up for a higher score: the wishes of the person."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from rigopt.build import Build
from rigopt.outcome import Assessment, Binding, Slack
from rigopt.problem import Problem
from rigopt.reasons.nearest import nearest_value, numbers_of, written
from rigopt.rules.base import Rule
from rigopt.rules.wishes import ids_by_default
from rigopt.units import format_money

if TYPE_CHECKING:
    from rigopt.cpsat.search import Found

NEXT_CENTS = 10_000
"""How much more money "what would more buy" looks at."""


class BestBuilds(Protocol):
    """What can be asked for better builds: a hunt, or what stands for one."""

    @property
    def problem(self) -> Problem: ...

    def best(self, *, dropped: Collection[str], most_cents: int | None, at_least: int) -> Found: ...


def binding(hunt: BestBuilds, score: int) -> tuple[Binding, ...]:
    """What a little more money would buy, and wishes of the person (not mere defaults) that keep
    the score down: each with how far it would have to be relaxed for the best build without it."""
    from rigopt.cpsat.search import Status

    problem, found = hunt.problem, []
    budget, charges = problem.request.budget_cents, problem.request.charges
    more_cents = None if budget is None else charges.affordable(budget + NEXT_CENTS)
    defaults = ids_by_default()
    for rule in problem.rules:
        if not rule.flag or rule.id in defaults:
            continue
        money = rule.id == "wish-budget" and budget is not None
        more = hunt.best(
            dropped=[rule.id], most_cents=more_cents if money else None, at_least=score + 1
        )
        if more.status is Status.UNKNOWN or (more.status is Status.INFEASIBLE and not money):
            continue
        text, change = _more_money(problem) if money else relaxed(rule, more.build, problem)
        effect = (
            "not raise the score" if more.score is None else f"raise the score to {more.score:,}"
        )
        found.append(
            Binding(flag=rule.flag, text=f"{text} would {effect}", change=change, score=more.score)
        )
    return tuple(found)


def _more_money(problem: Problem) -> tuple[str, str]:
    more = (problem.request.budget_cents or 0) + NEXT_CENTS
    money = format_money(NEXT_CENTS, problem.world.market.info.currency)
    return f"{money} more", f"--budget {more / 100:.2f}".removesuffix(".00")


def relaxed(rule: Rule, build: Build | None, problem: Problem) -> tuple[str, str]:
    """How far a wish has to be relaxed for a build, in words and as a flag to paste; "": it is to
    be left out."""
    numbers = numbers_of(rule, problem.request)
    if build is not None and len(numbers) == 1:
        value = nearest_value(numbers[0], rule, build, problem.world)
        if value is not None and value > numbers[0].least:
            change = written(numbers[0], value)
            return f"{change} instead of {rule.flag}", change
    return f"without {rule.flag}", ""


def no_slack(build: Assessment) -> tuple[Slack, ...]:
    """The comparisons that a build meets with nothing to spare; of one piece there is no less."""
    return tuple(
        Slack(rule=verdict.rule, title=verdict.title, flag=verdict.flag, numbers=numbers)
        for verdict in build.verdicts
        if verdict.verdict in ("ok", "warning")
        for numbers in verdict.numbers
        if numbers.demand == numbers.supply > 1
    )
