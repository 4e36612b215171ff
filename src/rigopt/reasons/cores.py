"""Minimal clashes of rules. Solver-free: what a set of rules allows is asked through a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rigopt.rules.base import Rule
from rigopt.rules.shapes import Balance, Relation

Possible = Callable[[frozenset[str]], bool | None]
"""Whether a build exists when just these rules are in force; ``None``: not decided in time."""

Broken = Callable[[], Iterable[frozenset[str]]]
"""Of every build that is known so far the rules that it breaks."""


MOST_TOLD = 5
"""Rules that are told one by one, if they were not shown to be needed."""


@dataclass(frozen=True, slots=True)
class Core:
    """Rules that clash. ``minimal``: dropping any one of them was shown to give a build."""

    rules: tuple[Rule, ...]
    minimal: bool

    @property
    def wishes(self) -> tuple[Rule, ...]:
        """What the person asked for, or what is asked for by default."""
        return tuple(rule for rule in self.rules if rule.flag)

    @property
    def physics(self) -> tuple[Rule, ...]:
        """The rules of a working rig."""
        return tuple(rule for rule in self.rules if not rule.flag)

    @property
    def untold(self) -> bool:
        """Whether time ended with so many rules left that they say nothing."""
        return not self.minimal and len(self.physics) > MOST_TOLD


def minimal_core(rules: Sequence[Rule], possible: Possible, broken_by: Broken = lambda: ()) -> Core:
    """A subset of clashing rules that clash by themselves, from which none can be dropped.

    Wishes are told apart from physics: first a minimal set of wishes that no working rig meets,
    since a person can change a wish, then the physics that those wishes need to clash. Every wish
    of the result can be met by a working rig beside the others of it. What is not decided in time
    counts as possible, and is not dropped.
    """
    undecided = False

    def clash(subset: Sequence[Rule]) -> bool:
        nonlocal undecided
        answer = possible(frozenset(rule.id for rule in subset))
        undecided = undecided or answer is None
        return answer is False

    def reach(base: Sequence[Rule], rest: Sequence[Rule]) -> int:
        """How many of ``rest``, from the first on, some build is known to keep beside ``base``."""
        ids, most = {rule.id for rule in base}, 0
        for broken in broken_by():
            if ids.isdisjoint(broken):
                kept = (place for place, rule in enumerate(rest) if rule.id in broken)
                most = max(most, next(kept, len(rest)))
        return most

    def smallest(base: Sequence[Rule], rest: Sequence[Rule]) -> list[Rule]:
        """A minimal part of ``rest`` that clashes together with ``base``: of several the one with
        the former rules. To show that rules clash takes longer than to find a build: so one rule
        after the other is added, until a build keeps them no more."""
        core: list[Rule] = []
        while rest and not clash([*base, *core]):
            kept = reach([*base, *core], rest)
            while kept < len(rest) - 1 and not clash([*base, *core, *rest[: kept + 1]]):
                kept = max(kept + 1, reach([*base, *core], rest))
            kept = min(kept, len(rest) - 1)
            core.append(rest[kept])
            rest = rest[:kept]
        return core

    wishes = [rule for rule in rules if rule.flag]
    physics = [rule for rule in rules if not rule.flag]
    needed = [w for w in wishes if not clash([*(o for o in wishes if o is not w), *physics])]
    asked = needed + smallest([*physics, *needed], [w for w in wishes if w not in needed])
    core = asked + smallest(asked, near(physics, asked))
    order = {rule.id: place for place, rule in enumerate(rules)}
    return Core(tuple(sorted(core, key=lambda rule: order[rule.id])), not undecided)


def near(rules: Sequence[Rule], wishes: Sequence[Rule]) -> list[Rule]:
    """Rules about the kinds that some wishes are about before the others: of several minimal
    clashes the one with the former is found."""
    if not wishes:
        return list(rules)
    wished = {kind for wish in wishes for kind in kinds_of(wish)}
    return sorted(rules, key=lambda rule: wished.isdisjoint(kinds_of(rule)))


def kinds_of(rule: Rule) -> frozenset[str]:
    """The kinds of parts that a rule is about."""
    kinds: set[str] = set()
    for statement in rule.statements:
        match statement:
            case Relation():
                kinds |= {operand.kind for operand in statement.operands}
            case Balance():
                kinds |= {term.kind for term in (*statement.demand, *statement.supply)}
    return frozenset(kinds)
