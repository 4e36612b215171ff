"""Why no build exists: the wishes and rules that clash, each with both numbers and a witness.

Solver-free: what is possible is asked through a :class:`Prober`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rigopt.build import Build
from rigopt.checking import part_line
from rigopt.outcome import PartLine, Reason, Witness
from rigopt.parts import KINDS
from rigopt.problem import Problem
from rigopt.reasons.cores import Asked, Core
from rigopt.reasons.nearest import UPWARDS, nearest_value, numbers_of
from rigopt.request import Request
from rigopt.rules.base import Rule, Statement, Verdict
from rigopt.rules.wishes import ids_by_default, is_named
from rigopt.units import format_money


class Prober(Asked, Protocol):
    """What can be asked about subsets of a problem's rules, given by id."""

    problem: Problem

    @property
    def everything(self) -> frozenset[str]:
        """Ids of all rules in force."""

    def cheapest(self, kept: frozenset[str]) -> Build | None:
        """The cheapest build that keeps these rules; ``None``: none, or not proven in time."""

    def nearest(self, kept: frozenset[str], statement: Statement) -> Build | None:
        """Of the builds that come nearest to what a statement asks the cheapest; ``None`` as
        above, or it compares no amounts."""


def reasons_of(core: Core, prober: Prober) -> tuple[Reason, ...]:
    """Every member of a clash in words, the wishes first."""
    rules = [rule.id for rule in prober.problem.rules if rule.hard and not rule.flag]
    working = frozenset(rules) | {rule.id for rule in core.wishes}
    told = [_wish(rule, core, working, prober) for rule in core.wishes]
    physics = () if core.untold else core.physics
    return (*told, *(_physics(rule, core, working, prober) for rule in physics))


def nearest_to(rule: Rule, kept: frozenset[str], prober: Prober) -> tuple[Build | None, bool]:
    """The build nearest to what a rule asks among those that keep other rules, and whether it is
    the best there is by the one amount that the rule compares."""
    if rule.id == "wish-budget" or names_a_part(rule):
        return prober.cheapest(kept), rule.id == "wish-budget"
    if compares_one_sum(rule):
        best = prober.nearest(kept, rule.statements[0])
        if best is not None:
            return best, True
    cheap, world = prober.cheapest(kept), prober.problem.world
    if cheap is None or rule.flag or len(rule.statements) == 1:
        return cheap, False
    for statement in rule.statements:
        if not statement.admits(statement.check(cheap, world).verdict, world):
            nearer = prober.nearest(kept, statement)
            if nearer is not None:
                return nearer, False
    return cheap, False


def compares_one_sum(rule: Rule) -> bool:
    """Whether a rule is one comparison, so that a build may come nearest to it."""
    return len(rule.statements) == 1


def names_a_part(rule: Rule) -> bool:
    """Whether a wish is for or against one part."""
    return rule.id.startswith(("wish-with-", "wish-without-"))


def is_default(rule: Rule, request: Request) -> bool:
    """Whether a wish is in force although nobody gave it."""
    return rule.id in ids_by_default() and all(
        getattr(request, flag.field) == Request.model_fields[flag.field].default
        for flag in numbers_of(rule, request)
    )


def offers_of(rule: Rule, problem: Problem) -> bool:
    """Whether any option is the part or has the chip that a wish names."""
    name = rule.id.removeprefix("wish-with-")
    return any(is_named(name, line) for lines in problem.options.values() for line in lines)


def witness_of(build: Build, problem: Problem) -> Witness:
    """A build as evidence."""
    cents = total_of(build, problem)
    money = format_money(cents, problem.world.market.info.currency)
    return Witness(
        text=f"{brief(build)}, {money}",
        parts=tuple(part_line(line) for line in build.lines),
        total_cents=cents,
    )


def total_of(build: Build, problem: Problem) -> int:
    """What a build costs in all, in cents."""
    return problem.request.charges.to_pay(build.cost_cents or 0)


def brief(build: Build, kinds: Sequence[str] = ("gpu", "cpu")) -> str:
    """The parts of some kinds in a build, by name."""
    return ", ".join(
        (f"{line.quantity} x " if line.quantity > 1 or kind == "gpu" else "") + line.part.name
        for kind in kinds
        for line in build.of_kind(kind)
    )


def changes(before: Sequence[PartLine], after: Sequence[PartLine]) -> tuple[str, ...]:
    """What one build has instead of what another has, kind by kind."""
    found = []
    for kind in KINDS:
        old, new = named_of(before, kind), named_of(after, kind)
        if old != new:
            found.append(f"{old or 'no ' + kind} to {new or 'no ' + kind}")
    return tuple(found)


def named_of(parts: Sequence[PartLine], kind: str) -> str:
    """The parts of a kind in a part list, by name."""
    return " + ".join(
        (f"{line.quantity} x " if line.quantity > 1 else "") + line.name
        for line in parts
        if line.kind == kind
    )


def joined(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def _wish(rule: Rule, core: Core, working: frozenset[str], prober: Prober) -> Reason:
    problem = prober.problem
    request, currency = problem.request, problem.world.market.info.currency
    default = is_default(rule, request)
    others = [other.flag for other in core.wishes if other is not rule]
    beside = f" with {joined(others)}" if others else ""
    numbers = numbers_of(rule, request)
    asked = getattr(request, numbers[0].field) if len(numbers) == 1 else None
    reached = None
    head = f"by default {rule.flag} is asked for" if default else f"you ask for {rule.flag}"
    if rule.id == "wish-budget":
        head = f"you allow {format_money(asked or 0, currency)} ({rule.flag})"
    elif not names_a_part(rule):
        head += f" ({rule.title})"
    elif rule.id.removeprefix("wish-with-") in {item.part for item in request.own}:
        head += " (which you own)"
    build, best = nearest_to(rule, working - {rule.id}, prober)
    seen = None if build is None else witness_of(build, problem)
    if rule.id.startswith("wish-with-") and not offers_of(rule, problem):
        text, seen = f"{head}, {not_sold(rule, problem)}", None
    elif build is None or seen is None:
        text = head
    elif rule.id == "wish-budget":
        reached = seen.total_cents
        text = (
            f"{head}, but the cheapest rig{beside or ' there is'} costs "
            f"{format_money(reached, currency)}: {brief(build)}"
        )
    elif best and len(numbers) == 1 and numbers[0].name not in UPWARDS:
        reached = nearest_value(numbers[0], rule, build, problem.world)
        unit = "".join(f.unit for f in rule.check(build, problem.world).findings[:1])
        most = f"at most {reached:,} {_counted(unit, reached)}" if reached else "none"
        text = f"{head}, but{beside or ' in a working rig'} there can be {most}: {seen.text}"
    elif best:
        least = rule.check(build, problem.world).text
        text = f"{head}, but at best{beside}: {least} ({brief(build)})"
    else:
        text = f"{head}; without it there is a rig{beside}: {seen.text}"
    return Reason(
        id=rule.id,
        kind="default" if default else "wish",
        text=text,
        flag=rule.flag,
        asked=asked,
        reached=reached,
        witness=seen,
    )


def _counted(unit: str, number: int) -> str:
    """A unit as one says it of a number."""
    return unit.removesuffix("s") if number == 1 and unit.islower() else unit


def not_sold(rule: Rule, problem: Problem) -> str:
    """That no option is what a wish names, and where it is sold."""
    market, condition = problem.world.market.info.title, problem.request.condition
    sold = "sold" if condition == "any" else f"sold {condition}"
    return f"which is not {sold} in {market}"


def _physics(rule: Rule, core: Core, working: frozenset[str], prober: Prober) -> Reason:
    """A rule with the nearest miss: a build that breaks it and keeps all others and all wishes; or
    the wishes of the clash; or, where other rules would be broken too, the rest of the clash."""
    world = prober.problem.world
    cited = frozenset(r.id for r in core.rules)
    build, best = None, False
    for kept in (prober.everything, working, cited):
        if build is None:
            build, best = nearest_to(rule, kept - {rule.id}, prober)
    head = f"{rule.title} (rule {rule.id})"
    found = None if build is None else rule.check(build, world)
    if found is None or build is None:
        text = head
    elif found.verdict is Verdict.UNKNOWN:
        text = f"{head}, which cannot be told: {found.text}"
    elif best:
        text = f"{head}; at best: {found.text}"
    else:
        text = f"{head}; for example: {found.text}"
    return Reason(
        id=rule.id,
        kind="rule",
        text=text,
        flag="",
        asked=None,
        reached=None,
        witness=None if build is None else witness_of(build, prober.problem),
    )
