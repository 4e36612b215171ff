"""The model that one would write first: a Boolean for every part, a clause for every two parts
that do not go together.

What is no matter of two parts (sums, the seating of cards, the score) is stated as rigopt states
it; no part is left out beforehand.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from rigopt.encoding import Encoding
from rigopt.problem import Problem
from rigopt.rules.base import Key, Rule, Statement
from rigopt.rules.operands import Operand
from rigopt.rules.shapes import Relation

MOST_PAIRS = 3_000_000
"""Beyond, the model does not fit the memory of an ordinary machine."""


class TooLargeError(Exception):
    """The model has too many pairs to be made."""


def naive(problem: Problem) -> Encoding:
    """An encoding with forbidden pairs of parts.

    Raises:
        TooLargeError: if there are more than ``MOST_PAIRS`` of them.
    """
    rest, pairwise = _parted(problem)
    encoding = Encoding(replace(problem, rules=rest), problem.options)
    refused = [pair for relation in pairwise for pair in _refused(relation, encoding)]
    pairs = sum(len(first) * len(second) for first, second in refused)
    if pairs > MOST_PAIRS:
        raise TooLargeError(f"{pairs:,} pairs")
    for first, second in refused:
        for a, b in product(first, second):
            encoding.imply([a, b], [])
    return encoding


def _parted(problem: Problem) -> tuple[tuple[Rule, ...], list[Relation]]:
    """The rules without their statements about two parts, and those statements."""
    pairwise: list[Relation] = []
    rest: list[Rule] = []
    for rule in problem.rules:
        mine = [s for s in rule.statements if rule.hard and _of_two_parts(s, problem)]
        pairwise += [s for s in mine if isinstance(s, Relation)]
        others = tuple(s for s in rule.statements if s not in mine)
        rest.append(replace(rule, statements=others))
    return tuple(rest), pairwise


def _of_two_parts(statement: Statement, problem: Problem) -> bool:
    """Whether it says of two parts, one of each kind, whether they go together."""
    return (
        isinstance(statement, Relation)
        and len(statement.operands) == 2
        and all(
            isinstance(operand, Operand) and operand.kind in problem.required
            for operand in statement.operands
        )
    )


def _refused(relation: Relation, encoding: Encoding) -> list[tuple[list[int], list[int]]]:
    """The literals of options that do not go together, those alike taken together."""
    by_key: list[dict[Key, list[int]]] = []
    for operand in relation.operands:
        assert isinstance(operand, Operand)
        members: dict[Key, list[int]] = {}
        for line, literal in encoding.options(operand.kind):
            members.setdefault(operand.of_option(line, encoding.world), []).append(literal)
        by_key.append(members)
    world = encoding.world
    return [
        (first, second)
        for (a, first), (b, second) in product(by_key[0].items(), by_key[1].items())
        if not relation.admits(relation.verdict(world, (a, b)), world)
    ]
