"""How far a build is from what a statement asks, as a sum over its options: a search that makes it
small finds the nearest miss, and with it the best that the parts can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from rigopt.build import Line
from rigopt.parts import KINDS
from rigopt.rules.base import ABSENT, Encoder, Key, Literal, Statement
from rigopt.rules.operands import AnyOperand, Operand
from rigopt.rules.shapes import Balance, Relation
from rigopt.units import known_sum

if TYPE_CHECKING:
    from rigopt.world import World

MANY = frozenset({"storage"})
"""Kinds of which several lines may be chosen, so that more than one value holds at once."""
MOST = 2_000
"""Combinations of values that are looked at."""


class Gap(NamedTuple):
    """What is asked for beyond what is there: the weighted sum of the true literals, and a
    constant. Options with literals in ``never`` are of unknown size."""

    terms: tuple[tuple[int, Literal], ...]
    never: tuple[Literal, ...]


class Gaps(NamedTuple):
    """How far each option of one kind is from what is asked, but for a constant; ``None``: not
    known, or not concerned."""

    kind: str
    of_line: tuple[int | None, ...]


def gap_of(statement: Statement, encoder: Encoder) -> Gap | None:
    """The gap of a statement; ``None`` if it does not compare amounts."""
    match statement:
        case Balance():
            return _of_balance(statement, encoder)
        case Relation():
            return _of_relation(statement, encoder)
    return None


def gaps_of(statement: Statement, lines: Mapping[str, Sequence[Line]], world: World) -> Gaps | None:
    """The gap of a statement that compares one fact of one kind, for each of its options; ``None``
    if it is another, or the kind may have several lines."""
    match statement:
        case Relation(operands=(Operand() as operand,), numbers=numbers) if numbers is not None:
            if operand.kind in MANY:
                return None

            def of_line(line: Line) -> int | None:
                key = operand.of_option(line, world)
                if key is None or key is ABSENT:
                    return None
                asked, given = numbers(key)
                return int(asked - given)

            return Gaps(operand.kind, tuple(map(of_line, lines[operand.kind])))
        case Balance():
            kinds = {term.kind for term in (*statement.demand, *statement.supply)}
            if len(kinds) != 1 or kinds <= MANY or not statement.applies(world):
                return None
            (kind,) = kinds
            return Gaps(kind, tuple(_beyond(statement, line, world) for line in lines[kind]))
    return None


def _beyond(balance: Balance, line: Line, world: World) -> int | None:
    """What a line asks for beyond what it supplies; ``None``: not known."""
    asked = known_sum(term.value(line, world) for term in balance.demand)
    given = known_sum(term.value(line, world) for term in balance.supply)
    return None if asked is None or given is None else asked - given


def _of_balance(balance: Balance, encoder: Encoder) -> Gap | None:
    if not balance.applies(encoder.world):
        return None
    terms: list[tuple[int, Literal]] = []
    never: list[Literal] = []
    for sign, side in ((1, balance.demand), (-1, balance.supply)):
        for term in side:
            for line, literal in encoder.options(term.kind):
                value = term.value(line, encoder.world)
                if value is None:
                    never.append(literal)
                elif value:
                    terms.append((sign * value, literal))
    return Gap(tuple(terms), tuple(never))


def _of_relation(relation: Relation, encoder: Encoder) -> Gap | None:
    """Of one or two facts whose numbers do not depend on each other."""
    numbers = relation.numbers
    if numbers is None or len(relation.operands) > 2 or not all(map(_single, relation.operands)):
        return None
    domains = [encoder.classes(operand) for operand in relation.operands]
    never = [t for domain in domains for key, t in domain if key is None or key is ABSENT]
    known = [[(k, t) for k, t in domain if t not in never] for domain in domains]
    if not all(known) or sum(map(len, known)) > MOST:
        return None

    def gap(*keys: Key) -> int:
        asked, given = numbers(*keys)
        return asked - given

    first = [key for (key, _), *_ in known]
    base = gap(*first)
    weights = [
        {key: gap(*first[:place], key, *first[place + 1 :]) - base for key, _ in domain}
        for place, domain in enumerate(known)
    ]
    if len(known) == 2 and any(
        gap(a, b) != base + weights[0][a] + weights[1][b] for (a, _), (b, _) in product(*known)
    ):
        return None
    terms = [
        (weight[key] + (base if place == 0 else 0), literal)
        for place, (weight, domain) in enumerate(zip(weights, known, strict=True))
        for key, literal in domain
    ]
    return Gap(tuple((w, literal) for w, literal in terms if w), tuple(never))


def _single(operand: AnyOperand) -> bool:
    """Whether one value of it holds in every build."""
    assert operand.kind in KINDS
    return not (isinstance(operand, Operand) and operand.kind in MANY)
