"""Options of several builds with parts in common, without those that none of them needs.

Like the reduction of a single problem, what may be left out is derived from the rules and the
objective (``rules.facets``). A part is left out if another of its kind can take its place in all of
the builds at once: it shows the same or better to every statement of every problem, in every number
and under every cap, and costs no more on any day.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from rigopt.build import Line
from rigopt.parts import KINDS
from rigopt.problem import MANY_MODELS, SCORED, Problem, rank_of
from rigopt.rules.facets import Facet, Least, Same, Widest, leaves
from rigopt.rules.operands import AnyOperand, Operand
from rigopt.rules.sizing import cores

Options = Mapping[str, tuple[Line, ...]]


class _Seen(NamedTuple):
    """A line as all statements of a problem see it."""

    line: Line
    alike: tuple[Hashable, ...]
    amounts: tuple[int, ...]
    masks: tuple[int, ...]

    def covers(self, other: _Seen) -> bool:
        """Whether it can stand for the other."""
        return (
            self.alike == other.alike
            and all(a <= b for a, b in zip(self.amounts, other.amounts, strict=True))
            and all(a & b == b for a, b in zip(self.masks, other.masks, strict=True))
        )


class _Part(NamedTuple):
    """A part in every number, under every cap, in every problem."""

    price: tuple[int, ...]
    """Of a piece, problem by problem."""
    seen: Mapping[tuple[int, int, int | None], _Seen]
    """By problem, number and cap."""
    any_number: bool
    """Whether it comes in every number that a build may have."""

    @property
    def alike(self) -> Hashable:
        """The same for parts that may stand for each other."""
        first = min(self.seen, key=str)
        return first, self.seen[first].alike

    def takes_place_of(self, other: _Part, *, pieces: bool, ranked: bool) -> bool:
        """Whether it may stand for the other everywhere. ``pieces``: also for some pieces of it,
        beside others that stay."""
        pairs = list(zip(self.price, other.price, strict=True))
        if any(mine > its for mine, its in pairs) or not other.seen.keys() <= self.seen.keys():
            return False
        cheaper = not ranked or all(mine < its for mine, its in pairs)
        if pieces and not (cheaper and self.any_number and self._adds_up and other._adds_up):
            return False
        return all(
            (cheaper or rank_of(self.seen[key].line) < rank_of(seen.line))
            and self.seen[key].covers(seen)
            for key, seen in other.seen.items()
        )

    @property
    def _adds_up(self) -> bool:
        """Whether n pieces are n times one in every way."""
        return all(
            seen.masks == self.seen[stage, 1, cap].masks
            and seen.amounts == tuple(number * a for a in self.seen[stage, 1, cap].amounts)
            for (stage, number, cap), seen in self.seen.items()
        )


def joint_options(
    problems: Sequence[Problem], *, same_price: bool = False, ranked: bool = True
) -> tuple[Options, ...]:
    """Per problem the options that builds with parts in common may need.

    Parts that are owned stay, and so do those without a price.

    Args:
        same_price: leave a part out only for another of just its price: where what a part fetches
            later counts for more than what it costs.
        ranked: hold to the fixed rank of parts that cost the same; otherwise the one whose name
            comes first stays.
    """
    facets = [_facets(problem) for problem in problems]
    left = set()
    for kind in KINDS:
        parts = _parts(problems, facets, kind)
        needed: dict[Hashable, list[_Part]] = {}
        for name in sorted(parts, key=lambda name: (parts[name].price, name)):
            part = parts[name]
            rivals = needed.setdefault((part.alike, part.price if same_price else ()), [])
            pieces = kind in MANY_MODELS
            if not any(
                rival.takes_place_of(part, pieces=pieces, ranked=ranked) for rival in rivals
            ):
                rivals.append(part)
                left.add(name)
        left |= {
            line.part.id
            for problem in problems
            for line in problem.options[kind]
            if line.part.id not in parts
        }
    return tuple(
        {
            kind: tuple(line for line in lines if line.part.id in left)
            for kind, lines in problem.options.items()
        }
        for problem in problems
    )


def _parts(
    problems: Sequence[Problem], facets: Sequence[Mapping[str, Sequence[Facet]]], kind: str
) -> dict[str, _Part]:
    """The parts of a kind that are bought in every problem, and owned in none."""
    seen: dict[str, dict[tuple[int, int, int | None], _Seen]] = {}
    prices: dict[str, dict[int, int]] = {}
    kept: set[str] = set()
    for stage, problem in enumerate(problems):
        for line in problem.options[kind]:
            name = line.part.id
            if line.owned or line.price is None:
                kept.add(name)
                continue
            prices.setdefault(name, {})[stage] = line.price.price_cents
            key = stage, line.quantity, line.power_limit_w
            seen.setdefault(name, {})[key] = _seen(line, facets[stage].get(kind, ()))
    every = {
        (stage, number)
        for stage, problem in enumerate(problems)
        for number in range(1, problem.world.most_drives + 1)
    }
    return {
        name: _Part(
            tuple(price.values()),
            seen[name],
            every <= {(stage, number) for stage, number, _ in seen[name]},
        )
        for name, price in prices.items()
        if name not in kept and len(price) == len(problems)
        if all((stage, 1, cap) in seen[name] for stage, _, cap in seen[name])
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
    """What the score reads."""
    yield Same("gpu", problem.score_key)
    if problem.scorer.fed_by_cpu:
        yield Least("cpu", lambda line: _negative(cores(line, problem.world)))
    scored: Sequence[AnyOperand] = SCORED
    for operand in scored:
        yield from leaves(operand, problem.world)


def _negative(amount: int | None) -> int | None:
    return None if amount is None else -amount


def _seen(line: Line, facets: Sequence[Facet]) -> _Seen:
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
