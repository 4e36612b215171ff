"""Why no build exists: a minimal set of wishes and rules that clash, and the ways out.

Solver-free: what a subset of rules allows is asked through functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rigopt.outcome import Explanation, Reason, WayOut
from rigopt.problem import Problem
from rigopt.rules.base import Rule
from rigopt.rules.wishes import ids_by_default, is_named
from rigopt.units import format_money

Possible = Callable[[frozenset[str]], bool | None]
"""Whether a build exists when just these rules are in force; ``None``: not decided in time."""
Cheapest = Callable[[frozenset[str]], int | None]
"""The least price in cents with just these rules in force; ``None``: not found."""


@dataclass(frozen=True, slots=True)
class Core:
    """Rules that clash. ``minimal``: dropping any one of them was shown to give a build."""

    rules: tuple[Rule, ...]
    minimal: bool


def minimal_core(rules: Sequence[Rule], possible: Possible) -> Core:
    """A subset of rules that still admits no build, from which none can be dropped.

    QuickXplain with the wishes kept longest: physics is dropped first, since a person can change
    a wish, but not a rule. What is not decided in time counts as possible, and is not dropped.
    """
    undecided = False

    def clash(subset: Sequence[Rule]) -> bool:
        nonlocal undecided
        answer = possible(frozenset(rule.id for rule in subset))
        undecided = undecided or answer is None
        return answer is False

    def narrow(base: list[Rule], grown: bool, rest: list[Rule]) -> list[Rule]:
        if grown and clash(base):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        late = narrow(base + first, bool(first), second)
        early = narrow(base + late, bool(late), first)
        return early + late

    wishes = [rule for rule in rules if rule.flag]
    physics = [rule for rule in rules if not rule.flag]
    if clash([]):
        return Core((), True)
    core = narrow([], False, [*wishes, *physics])
    order = {rule.id: place for place, rule in enumerate(rules)}
    return Core(tuple(sorted(core, key=lambda rule: order[rule.id])), not undecided)


def explain(problem: Problem, possible: Possible, cheapest: Cheapest) -> Explanation:
    """The clash of an infeasible problem in words, with ways out that were solved, not guessed."""
    rules = [rule for rule in problem.rules if rule.hard]
    empty = [kind for kind in problem.required if not problem.options[kind]]
    if empty:
        market = problem.world.market.info.title
        condition = problem.request.condition
        return Explanation(
            summary=f"no {empty[0]} is sold in {market} in condition {condition}",
            reasons=(),
            minimal=True,
            ways_out=(WayOut(text="also look at used parts", flag="--used"),)
            if condition == "new"
            else (),
        )
    core = minimal_core(rules, possible)
    least = _least_price(core, rules, cheapest)
    reasons = tuple(
        Reason(id=rule.id, text=_reason(problem, rule, least), flag=rule.flag)
        for rule in core.rules
    )
    ways = _ways_out(problem, core, rules, possible, cheapest)
    return Explanation(summary=_summary(core), reasons=reasons, minimal=core.minimal, ways_out=ways)


def _least_price(core: Core, rules: Sequence[Rule], cheapest: Cheapest) -> int | None:
    """What the cheapest working rig costs under the other wishes of the clash."""
    if all(rule.id != "wish-budget" for rule in core.rules):
        return None
    clashing = {rule.id for rule in core.rules}
    kept = {rule.id for rule in rules if not rule.flag or rule.id in clashing}
    return cheapest(frozenset(kept - {"wish-budget"}))


def _reason(problem: Problem, rule: Rule, least: int | None) -> str:
    if rule.id == "wish-budget" and least is not None:
        money = format_money(least, problem.world.market.info.currency)
        return f"you ask for {rule.flag}, but the cheapest rig that could do costs {money}"
    if rule.id.startswith("wish-with-") and not _offered(problem, rule):
        market, condition = problem.world.market.info.title, problem.request.condition
        sold = "sold" if condition == "any" else f"sold {condition}"
        return f"you ask for {rule.flag}, which is not {sold} in {market}"
    if rule.flag and rule.id in ids_by_default():
        return f"by default {rule.flag} is asked for ({rule.title})"
    if rule.flag:
        return f"you ask for {rule.flag} ({rule.title})"
    return f"the rule {rule.id}: {rule.title}"


def _offered(problem: Problem, rule: Rule) -> bool:
    """Whether any option is the part or has the chip that a wish names."""
    name = rule.id.removeprefix("wish-with-")
    return any(is_named(name, line) for lines in problem.options.values() for line in lines)


def _summary(core: Core) -> str:
    if not core.rules:
        return "no build exists even with no rule in force: the catalogue has no options"
    flags = [rule.flag for rule in core.rules if rule.flag]
    physics = [rule.id for rule in core.rules if not rule.flag]
    wished = " together with ".join(flags) or "the rules"
    ruled = f" under the rule{'s' * (len(physics) > 1)} {', '.join(physics)}" if physics else ""
    return f"no build satisfies {wished}{ruled}"


def _ways_out(
    problem: Problem,
    core: Core,
    rules: Sequence[Rule],
    possible: Possible,
    cheapest: Cheapest,
) -> tuple[WayOut, ...]:
    everything = frozenset(rule.id for rule in rules)
    currency = problem.world.market.info.currency
    ways = []
    for rule in core.rules:
        if not rule.flag:
            continue
        rest = everything - {rule.id}
        if rule.id == "wish-budget":
            price = cheapest(rest)
            if price is not None:
                whole = -(-price // 100)
                ways.append(
                    WayOut(
                        text="the cheapest build that meets all else costs "
                        + format_money(price, currency),
                        flag=f"--budget {whole}",
                    )
                )
        elif possible(rest):
            name = rule.flag.split()[0]
            change = f"{name} 0" if rule.id in ids_by_default() else f"drop {rule.flag}"
            ways.append(WayOut(text=f"without {rule.flag} there is a build", flag=change))
    return tuple(ways)
