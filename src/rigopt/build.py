"""A build: which parts, how many of each, and what of them is already owned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rigopt.catalog import kind_of
from rigopt.markets import Price
from rigopt.parts import KINDS, Part
from rigopt.units import known_sum

_ORDER = {kind: position for position, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a part list: a part, how many, how many of those are owned, the price.

    ``power_limit_w`` caps each of a line of GPUs; ``None``: the limit it is sold with.
    """

    part: Part
    quantity: int = 1
    owned: int = 0
    price: Price | None = None
    power_limit_w: int | None = None

    @property
    def kind(self) -> str:
        """The kind of the part."""
        return kind_of(self.part)

    @property
    def cost_cents(self) -> int | None:
        """What has to be paid for this line; ``None`` when a piece to buy has no price."""
        to_buy = max(0, self.quantity - self.owned)
        if to_buy == 0:
            return 0
        return None if self.price is None else to_buy * self.price.price_cents


@dataclass(frozen=True, slots=True)
class Build:
    """Lines in the order of kinds, then ids: equal builds compare equal."""

    lines: tuple[Line, ...]
    _by_kind: dict[str, tuple[Line, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, tuple[Line, ...]] = {}
        for line in self.lines:
            found[line.kind] = (*found.get(line.kind, ()), line)
        object.__setattr__(self, "_by_kind", found)

    @staticmethod
    def of(lines: Iterable[Line]) -> Build:
        """A build from lines in any order."""
        ordered = sorted(lines, key=lambda line: (_ORDER[line.kind], line.part.id))
        return Build(tuple(ordered))

    def of_kind(self, kind: str) -> tuple[Line, ...]:
        """The lines of one kind."""
        return self._by_kind.get(kind, ())

    @property
    def cost_cents(self) -> int | None:
        """The sum to pay; ``None`` when some part to buy has no price."""
        return known_sum(line.cost_cents for line in self.lines)
