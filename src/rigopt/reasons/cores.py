"""Minimal clashes of rules. Solver-free: what a set of rules allows is asked of somebody else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rigopt.rules.base import Rule
from rigopt.rules.shapes import Balance, Relation


class Asked(Protocol):
    """What can be asked about subsets of rules, given by id."""

    def possible(self, kept: frozenset[str]) -> bool | None:
        """Whether a build keeps these rules; ``None``: not decided in time."""

    def refuted(self, kept: frozenset[str]) -> bool:
        """Whether it takes no search to see that no build keeps these rules."""

    def broken(self) -> Iterable[frozenset[str]]:
        """Of every build that was found so far the rules that it breaks."""


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


def minimal_core(rules: Sequence[Rule], asked: Asked) -> Core:
    """A subset of clashing rules that clash by themselves, from which none can be dropped.

    Wishes are told apart from physics: first a minimal set of wishes that no working rig meets,
    since a person can change a wish, then the physics that those wishes need to clash. Every wish
    of the result can be met by a working rig beside the others of it. What is not decided in time
    counts as possible, and is not dropped.
    """
    undecided = False

    def clash(subset: Sequence[Rule]) -> bool:
        nonlocal undecided
        answer = asked.possible(ids_of(subset))
        undecided = undecided or answer is None
        return answer is False

    def reach(base: Sequence[Rule], rest: Sequence[Rule]) -> int:
        """How many of ``rest``, from the first on, some build is known to keep beside ``base``."""
        ids, most = ids_of(base), 0
        for broken in asked.broken():
            if ids.isdisjoint(broken):
                kept = (place for place, rule in enumerate(rest) if rule.id in broken)
                most = max(most, next(kept, len(rest)))
        return most

    def refuted(base: Sequence[Rule], rest: Sequence[Rule]) -> int | None:
        """How many of ``rest``, from the first on, it takes at least to see without a search that
        they clash with ``base``; ``None``: all of them are too few."""
        if not asked.refuted(ids_of([*base, *rest])):
            return None
        enough = range(1, len(rest) + 1)
        return 1 + bisect_left(
            enough, True, key=lambda many: asked.refuted(ids_of([*base, *rest[:many]]))
        )

    def smallest(base: Sequence[Rule], rest: Sequence[Rule]) -> list[Rule]:
        """A minimal part of ``rest`` that clashes together with ``base``: of several the one with
        the former rules. To show that rules clash takes longer than to find a build: so where it
        takes a search, one rule after the other is added, until a build keeps them no more."""
        core: list[Rule] = []
        while rest and not clash([*base, *core]):
            mine = [*base, *core]
            few = refuted(mine, rest)
            rest = rest[:few]
            last = len(rest) - 1
            kept = reach(mine, rest)
            if few is not None and kept < last and not clash([*mine, *rest[:last]]):
                kept = last
            while kept < last and not clash([*mine, *rest[: kept + 1]]):
                kept = max(kept + 1, reach(mine, rest))
            core.append(rest[min(kept, last)])
            rest = rest[: min(kept, last)]
        return core

    wishes = [rule for rule in rules if rule.flag]
    physics = [rule for rule in rules if not rule.flag]
    needed = [w for w in wishes if not clash([*(o for o in wishes if o is not w), *physics])]
    wanted = needed + smallest([*physics, *needed], [w for w in wishes if w not in needed])
    core = wanted + smallest(wanted, near(physics, wanted))
    order = {rule.id: place for place, rule in enumerate(rules)}
    return Core(tuple(sorted(core, key=lambda rule: order[rule.id])), not undecided)


def ids_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The ids of some rules."""
    return frozenset(rule.id for rule in rules)


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
