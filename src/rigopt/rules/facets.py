"""In which ways a statement looks at the parts of a kind, so that parts can be compared.

A facet says when one part may stand in for another without a statement noticing: if it shows the
same, or asks for no more, or goes with everything that the other goes with.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rigopt.build import Line
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total

if TYPE_CHECKING:
    from rigopt.world import World

Domain = Callable[[Operand], list[Hashable]]
"""The values that an operand can take among the options of a problem."""


@dataclass(frozen=True, slots=True)
class Same:
    """A part may stand in for another that shows the same value."""

    kind: str
    key: Callable[[Line], Hashable]


@dataclass(frozen=True, slots=True)
class Least:
    """A part may stand in for another whose amount is no smaller; ``None`` only for ``None``."""

    kind: str
    amount: Callable[[Line], int | None]


@dataclass(frozen=True, slots=True)
class Widest:
    """A part may stand in for another if its bits include the other's."""

    kind: str
    mask: Callable[[Line], int]


Facet = Same | Least | Widest


def leaves(operand: AnyOperand, world: World) -> Iterator[Same]:
    """Every fact that an operand is computed from, each to be the same."""
    match operand:
        case Derived():
            for source in operand.sources:
                yield from leaves(source, world)
        case Total():
            yield Same(operand.kind, lambda line: operand.value(line, world))
        case Operand():
            yield Same(operand.kind, lambda line: operand.of_option(line, world))
