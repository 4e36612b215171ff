"""Options that no best build needs, left out before the search.

What may be left out is derived from the rules and the objective themselves: each statement says in
which way it looks at the parts of a kind (``rules.facets``). An option is left out if another of
its kind is at least as good in every such way and comes first in price and rank: whatever build
has the one is no worse with the other. That holds for every subset of the rules too, so the rules
may be dropped afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

from rigopt.build import Line
from rigopt.parts import KINDS
from rigopt.problem import MANY_MODELS, SCORED, Problem, rank_of
from rigopt.rules.facets import Facet, Least, Same, Widest, leaves
from rigopt.rules.operands import AnyOperand, Operand
from rigopt.rules.sizing import cores


class _Seen(NamedTuple):
    """An option as all statements see it."""

    line: Line
    alike: tuple[Hashable, ...]
    amounts: tuple[int, ...]
    masks: tuple[int, ...]

    def covers(self, other: _Seen) -> bool:
        """Whether it is at least as good; both are alike in what must be equal."""
        return all(a <= b for a, b in zip(self.amounts, other.amounts, strict=True)) and all(
            a & b == b for a, b in zip(self.masks, other.masks, strict=True)
        )


def reduced(problem: Problem) -> dict[str, tuple[Line, ...]]:
    """Per kind the options that a best build may need, in the order of the problem."""
    facets = _facets(problem)
    return {
        kind: _needed(problem, kind, facets.get(kind, ())) if len(lines) > 1 else lines
        for kind, lines in problem.options.items()
    }


def _facets(problem: Problem) -> dict[str, list[Facet]]:
    """Every way in which a rule or the objective looks at a kind."""
    values: dict[Operand, list[Hashable]] = {}

    def domain(operand: Operand) -> list[Hashable]:
        """The values that an operand can take."""
        if operand not in values:
            world, options = problem.world, problem.options[operand.kind]
            found = dict.fromkeys(operand.of_option(line, world) for line in options)
            if operand.kind not in problem.required:
                found.setdefault(operand.of_none)
            values[operand] = list(found)
        return values[operand]

    found: dict[str, list[Facet]] = {kind: [] for kind in KINDS}
    for rule in problem.rules:
        if rule.hard:
            for statement in rule.statements:
                for facet in statement.facets(problem.world, domain):
                    found[facet.kind].append(facet)
    for facet in _objective(problem):
        found[facet.kind].append(facet)
    return found


def _objective(problem: Problem) -> Iterable[Facet]:
    """What the score reads: the cards' chip, number and cap; of several, how they are wired."""
    yield Same("gpu", problem.score_key)
    if problem.scorer.fed_by_cpu:
        yield Least("cpu", lambda line: _negative(cores(line, problem.world)))
    if any(line.quantity > 1 for line in problem.options["gpu"]):
        scored: Sequence[AnyOperand] = SCORED
        for operand in scored:
            yield from leaves(operand, problem.world)


def _negative(amount: int | None) -> int | None:
    return None if amount is None else -amount


def _needed(problem: Problem, kind: str, facets: Sequence[Facet]) -> tuple[Line, ...]:
    lines = problem.options[kind]
    seen = [_seen(line, problem, facets) for line in lines]
    if kind in MANY_MODELS:
        kept = _models(seen, problem)
        return tuple(line for line in lines if line.part.id in kept)
    order = sorted(seen, key=lambda option: (option.line.cost_cents or 0, rank_of(option.line)))
    left = _undominated(order, lambda _first, _second: True)
    chosen = {id(option.line) for option in left}
    return tuple(line for line in lines if id(line) in chosen)


def _models(seen: Sequence[_Seen], problem: Problem) -> set[str]:
    """Parts of a kind of which a build may mix models: a part is left out if another, strictly
    cheaper one can take its place piece by piece, beside whatever number of it is there already.

    That needs every amount to grow with the number of pieces, and as many to be had as a rig may
    hold; parts that are owned in part, or sold in another way, stay.
    """
    by_part: dict[str, list[_Seen]] = {}
    for option in seen:
        by_part.setdefault(option.line.part.id, []).append(option)
    most = problem.world.most_drives
    plain = {part: options[0] for part, options in by_part.items() if _additive(options, most)}
    order = sorted(plain.values(), key=lambda option: option.line.cost_cents or 0)
    left = _undominated(
        order, lambda first, second: (first.line.cost_cents or 0) < (second.line.cost_cents or 0)
    )
    return {option.line.part.id for option in left} | (by_part.keys() - plain.keys())


def _additive(options: Sequence[_Seen], most: int) -> bool:
    """Whether so many pieces can be bought, and n of them are n times one in every way."""
    one = options[0]
    return len(options) == most and all(
        option.line.quantity == number
        and option.line.owned == 0
        and option.line.cost_cents == number * (one.line.cost_cents or 0)
        and option.amounts == tuple(number * amount for amount in one.amounts)
        and option.masks == one.masks
        for number, option in enumerate(options, start=1)
    )


def _undominated(order: Sequence[_Seen], before: Callable[[_Seen, _Seen], bool]) -> list[_Seen]:
    """Options that none before them covers; of each sort of options that are alike by itself."""
    kept: dict[tuple[Hashable, ...], list[_Seen]] = {}
    for option in order:
        alike = kept.setdefault(option.alike, [])
        if not any(before(other, option) and other.covers(option) for other in alike):
            alike.append(option)
    return [option for alike in kept.values() for option in alike]


def _seen(line: Line, problem: Problem, facets: Sequence[Facet]) -> _Seen:
    alike: list[Hashable] = []
    amounts: list[int] = []
    masks: list[int] = []
    for facet in facets:
        match facet:
            case Same():
                alike.append(facet.key(line))
            case Least():
                amount = facet.amount(line)
                alike.append(amount is None)
                amounts.append(amount or 0)
            case Widest():
                masks.append(facet.mask(line))
    return _Seen(line, tuple(alike), tuple(amounts), tuple(masks))
