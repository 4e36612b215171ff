"""The money of a plan: what parts cost and fetch at each stage, and what is left. Solver-free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from rigopt.build import Build
from rigopt.catalog import kind_of
from rigopt.problem import Problem
from rigopt.upgrades.resale import fetches
from rigopt.upgrades.stages import FLAT, PlanRequest


class Life(NamedTuple):
    """Pieces of a part with the same history."""

    part: str
    bought: int | None
    """The stage; ``None``: owned before."""
    sold: int | None
    """The stage, from which on they are gone; ``None``: never."""
    pieces: int

    def there(self, stage: int) -> bool:
        """Whether they are there at a stage, after its buying and selling."""
        return (self.bought is None or self.bought <= stage) and (
            self.sold is None or stage < self.sold
        )


class Sums(NamedTuple):
    """The money of a stage, in cents."""

    parts: int
    """For the parts alone."""
    paid: int
    """With tax and shipping."""
    fetched: int
    left: int
    """Below 0: the stage cannot be paid."""


class Ledger:
    """The prices of a plan."""

    def __init__(self, asked: PlanRequest, problems: Sequence[Problem]) -> None:
        self.asked = asked
        self.problems = tuple(problems)
        self.owned = {item.part: 0 for item in problems[0].request.own}
        for item in problems[0].request.own:
            self.owned[item.part] += item.quantity
        self._charges = problems[0].request.charges

    @cached_property
    def _kinds(self) -> dict[str, str]:
        parts = self.problems[0].world.catalog.parts
        return {name: kind_of(part) for name, part in parts.items()}

    def points(self, scores: Sequence[int]) -> int:
        """Score times months, summed over the stages."""
        stages = self.asked.stages
        return sum(stage.months * score for stage, score in zip(stages, scores, strict=True))

    def kind(self, part: str) -> str:
        """The kind of a part."""
        return self._kinds[part]

    def price(self, part: str, stage: int) -> int | None:
        """What a piece costs at a stage; ``None``: it is not sold as asked for."""
        world = self.problems[stage].world
        found = world.market.offer(part, world.request.conditions)
        return None if found is None else found.price_cents

    def fetched(self, part: str, bought: int | None, sold: int) -> int:
        """What a piece is sold for. One that was owned before counts as bought at the first stage
        for the least that one costs there in any condition."""
        if not self.asked.sell:
            return 0
        since = bought or 0
        if bought is None:
            offers = self.problems[0].world.market.offers(part)
            paid = offers[0].price_cents if offers else None
        else:
            paid = self.price(part, bought)
        if paid is None:
            return 0
        kind, stages = self._kinds[part], self.asked.stages
        before = stages[since].levels.get(kind, FLAT)
        after = stages[sold].levels.get(kind, FLAT)
        months = self.asked.held_months(since, sold)
        return fetches(kind, paid, months, 100 * after // before)

    def sums(self, lives: Iterable[Life]) -> list[Sums]:
        """The money of every stage.

        Raises:
            ValueError: if something is bought that is not sold at that stage.
        """
        lives = tuple(lives)
        found: list[Sums] = []
        left = 0
        for stage, asked in enumerate(self.asked.stages):
            parts = fetched = 0
            for life in lives:
                if life.bought == stage:
                    price = self.price(life.part, stage)
                    if price is None:
                        raise ValueError(f"{life.part} cannot be bought at stage {stage + 1}")
                    parts += life.pieces * price
                if life.sold == stage:
                    fetched += life.pieces * self.fetched(life.part, life.bought, stage)
            paid = self._charges.to_pay(parts)
            before = left if self.asked.carry else 0
            left = before + asked.budget_cents + fetched - paid
            found.append(Sums(parts, paid, fetched, left))
        return found

    def wrong(self, builds: Sequence[Build], lives: Sequence[Life]) -> list[str]:
        """What does not add up in a plan: pieces that are not there, money that is not."""
        found = []
        for stage, build in enumerate(builds):
            for line in build.lines:
                there = sum(
                    life.pieces for life in lives if life.part == line.part.id and life.there(stage)
                )
                if there < line.quantity:
                    found.append(f"stage {stage + 1} has no {line.quantity} x {line.part.id}")
        for part, count in self.owned.items():
            mine = sum(life.pieces for life in lives if life.part == part and life.bought is None)
            if mine != count:
                found.append(f"{mine} of {count} x {part} that are owned")
        found += [
            f"{life.part} is owned before"
            for life in lives
            if life.bought is None and life.part not in self.owned
        ]
        found += [
            f"stage {stage + 1} lacks {-sums.left} cents"
            for stage, sums in enumerate(self.sums(lives))
            if sums.left < 0
        ]
        return found + self.changed_too_much(builds)

    def changed_too_much(self, builds: Sequence[Build]) -> list[str]:
        """What is taken out although it is to stay, or beyond the number that may go. What is
        owned before counts as the first rig."""
        asked, found = self.asked, []
        rigs = [self.owned, *map(counts, builds)]
        for stage, (before, after) in enumerate(pairwise(rigs), start=1):
            gone = removed(before, after)
            if asked.max_changes is not None and sum(gone.values()) > asked.max_changes:
                found.append(f"stage {stage} takes out {sum(gone.values())} pieces")
            found += [
                f"stage {stage} takes out {part}"
                for part in gone
                if self._kinds[part] in asked.keep
            ]
        return found


def most_cents(ledger: Ledger, stage: int) -> int:
    """All the money that there can be until a stage, with everything sold that was owned."""
    money = sum(s.budget_cents for s in ledger.asked.stages[: stage + 1])
    for part, count in ledger.owned.items():
        money += count * max(ledger.fetched(part, None, s) for s in range(stage + 1))
    return money


def counts(build: Build) -> dict[str, int]:
    """Pieces of every part in a build."""
    found: dict[str, int] = {}
    for line in build.lines:
        found[line.part.id] = found.get(line.part.id, 0) + line.quantity
    return found


def removed(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Pieces by part that are there no more."""
    gone = {part: number - after.get(part, 0) for part, number in before.items()}
    return {part: number for part, number in gone.items() if number > 0}
