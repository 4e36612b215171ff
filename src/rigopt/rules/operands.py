"""What rules read: facts of parts, sums over parts, and values derived from several of them.

Two of them are the same only if they are one object: what is known of them is looked up often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from rigopt.build import Build, Line
from rigopt.rules.base import ABSENT, Key
from rigopt.units import known_sum

if TYPE_CHECKING:
    from rigopt.world import World

KeyOf = Callable[[Line, "World"], Key]
Value = Callable[[Line, "World"], int | None]

_NOBODY: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Operand:
    """One side of a relation: a fact of the parts of one kind.

    ``key`` reads the fact from a line. ``absent`` is the value when the build has no part of the
    kind; without it the relation is not applicable then. ``group`` reads all lines of the kind
    together (for kinds of which a solved build has one line, but a checked one may mix).
    """

    kind: str
    key: KeyOf
    fact: str = ""
    absent: Key = None
    optional: bool = False
    group: Callable[[tuple[Line, ...], World], Key] | None = None

    def values(self, build: Build, world: World) -> list[tuple[Key, tuple[Line, ...]]]:
        """The value (or values, one a line) in a build, each with the lines it comes from."""
        lines = build.of_kind(self.kind)
        if not lines:
            return [(self.absent, _NOBODY)] if self.optional else []
        if self.group is not None:
            return [(self.group(lines, world), lines)]
        return [(self.key(line, world), (line,)) for line in lines]

    def of_option(self, line: Line, world: World) -> Key:
        """The value of a single option of the solver."""
        return self.group((line,), world) if self.group is not None else self.key(line, world)

    @property
    def of_none(self) -> Key:
        """The value when no part of the kind is chosen."""
        return self.absent if self.optional else ABSENT


def joint(
    kind: str,
    read: Callable[[tuple[Line, ...], World], Key],
    fact: str = "",
    *,
    absent: Key = None,
    optional: bool = False,
) -> Operand:
    """An operand that reads all lines of a kind together."""
    return Operand(
        kind, lambda line, world: read((line,), world), fact, absent, optional, group=read
    )


@dataclass(frozen=True, eq=False, slots=True)
class Total:
    """A relation operand that counts: the sum of a small integer over all lines of a kind."""

    kind: str
    value: Value
    most: Callable[[World], int]
    """The largest sum that matters: the encoder takes all above it for one more."""
    fact: str = ""
    limit: Callable[[World], int] = lambda _world: 1_000_000
    """The largest sum that a build can have at all."""

    def last(self, world: World) -> int:
        """The value that stands for itself and all sums above it."""
        return min(self.most(world) + 1, self.limit(world))

    def values(self, build: Build, world: World) -> list[tuple[Key, tuple[Line, ...]]]:
        """The one sum, with every line of the kind; ``None`` if a line's value is unknown."""
        lines = build.of_kind(self.kind)
        return [(known_sum(self.value(line, world) for line in lines), lines)]


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """A relation operand that is computed from others: one value per combination of theirs.

    Unknown if one of them is, and absent if one is absent, unless ``alone`` gives the value that
    the first of them has whatever the others are.
    """

    sources: tuple[Operand | Total | Derived, ...]
    derive: Callable[..., Key]
    """``derive(*keys)`` of known keys."""
    alone: Callable[[Key], Key] | None = None
    """Of the first key; ``None``: the others matter."""
    never: Callable[[World, tuple[Key, ...]], bool] | None = None
    """Whether no build has these first keys together."""

    @property
    def kind(self) -> str:
        """The kind of its first source: what it is a fact of."""
        return self.sources[0].kind

    @property
    def fact(self) -> str:
        """What may be unknown."""
        facts = [source.fact for source in self.sources if source.fact]
        return " or ".join(dict.fromkeys(facts))

    def settled(self, keys: tuple[Key, ...]) -> Key:
        """The value that the first keys settle by themselves; ``None``: they do not."""
        first = keys[0]
        if len(keys) == 1 and self.alone is not None and first is not None and first is not ABSENT:
            return self.alone(first)
        return None

    def of_keys(self, keys: tuple[Key, ...]) -> Key:
        """The value of a combination of keys."""
        value = self.settled(keys[:1])
        if value is not None:
            return value
        if ABSENT in keys:
            return ABSENT
        return None if None in keys else self.derive(*keys)

    def values(self, build: Build, world: World) -> list[tuple[Key, tuple[Line, ...]]]:
        """Every value in a build, each with the lines it comes from."""
        return [
            (
                self.of_keys(tuple(key for key, _ in combo)),
                tuple(line for _, lines in combo for line in lines),
            )
            for combo in product(*(source.values(build, world) for source in self.sources))
        ]


AnyOperand = Operand | Total | Derived


def missing(operand: AnyOperand, build: Build, world: World) -> list[tuple[str, str]]:
    """The facts that an operand lacks in a build, each with the names of the parts (or the kind)
    that it is missing of."""
    if isinstance(operand, Derived):
        return [item for source in operand.sources for item in missing(source, build, world)]
    return [
        (operand.fact or "a fact", " and ".join(line.part.name for line in lines) or operand.kind)
        for key, lines in operand.values(build, world)
        if key is None
    ]


def fact(kind: str, name: str, *, label: str = "", optional: bool = False) -> Operand:
    """An operand that reads one field of a part."""
    return Operand(
        kind, lambda line, world: getattr(line.part, name), label or name, optional=optional
    )
