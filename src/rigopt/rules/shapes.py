"""The shapes of rules, each written once.

* :class:`Relation`: facts of some kinds, taken together, are allowed, forbidden or unknown.
  :func:`match` and :func:`within` make the two commonest ones.
* :class:`Balance`: what the parts ask for, summed, is at most what the parts supply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from rigopt.build import Build, Line
from rigopt.parts import REQUIRED_KINDS
from rigopt.rules.base import ABSENT, Encoder, Finding, Key, Literal, Verdict
from rigopt.rules.facets import Domain, Facet, Least, Widest, leaves
from rigopt.rules.operands import AnyOperand, Operand, Value, missing
from rigopt.units import known_sum

if TYPE_CHECKING:
    from rigopt.world import World

_REQUIRED = frozenset(REQUIRED_KINDS)
_UNCONCERNED = Finding(Verdict.NOT_APPLICABLE, "nothing in the build is concerned")

MOST_COMPARED = 5_000
"""Combinations of values that are judged to compare parts; beyond, only equal parts compare."""

Judge = Callable[..., Verdict]
Words = Callable[..., str]
Test = Callable[[Key, Key], bool]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between facts.

    ``judge(world, *keys)`` is the whole rule. A key of ``None`` is unknown and gives the verdict
    unknown by itself, unless ``sees_unknown``. ``words(world, *keys)`` tells it with the values;
    the names of the parts are put before it where ``{kind}`` stands in the returned text.
    """

    operands: tuple[AnyOperand, ...]
    judge: Judge
    words: Words
    sees_unknown: bool = False
    numbers: Callable[..., tuple[int, int]] | None = None
    """Of known keys, the two numbers that are compared; both are reported, in ``unit``."""
    unit: str = ""
    tight: bool = False
    """A warning says that it only fits with care: ``solve`` offers that only on request."""
    kept: bool = False
    """Whether it is a rule of thumb: a violation is a warning, but ``solve`` keeps it."""
    irrelevant: tuple[tuple[int, int, Test], ...] = ()
    """Pairs of operands (by place, the earlier first) whose known values make the relation moot:
    it is not applicable then, ``judge`` is not asked, and the encoder need not enumerate them."""

    def verdict(self, world: World, keys: Sequence[Key]) -> Verdict:
        """The verdict on one tuple of values."""
        if ABSENT in keys or self._moot(keys):
            return Verdict.NOT_APPLICABLE
        return self.ruling(world, keys)

    def ruling(self, world: World, keys: Sequence[Key]) -> Verdict:
        """The verdict on values that all are there and make nothing moot."""
        if not self.sees_unknown and None in keys:
            return Verdict.UNKNOWN
        verdict = self.judge(world, *keys)
        return Verdict.WARNING if self.kept and verdict is Verdict.VIOLATED else verdict

    def _moot(self, keys: Sequence[Key]) -> bool:
        """Whether a pair of values makes the relation moot."""
        return any(_applies(test, keys[a], keys[b]) for a, b, test in self.irrelevant)

    def admits(self, verdict: Verdict, world: World) -> bool:
        """Whether ``solve`` may offer a build of which this says so."""
        if verdict is Verdict.WARNING and (self.tight or self.kept):
            return self.tight and world.request.allow_tight
        return world.admits(verdict)

    def check(self, build: Build, world: World) -> Finding:
        """The worst verdict over all combinations of lines."""
        values = [operand.values(build, world) for operand in self.operands]
        worst: Finding | None = None
        for combo in product(*values):
            keys = [key for key, _ in combo]
            verdict = self.verdict(world, keys)
            if worst is None or verdict.badness > worst.verdict.badness:
                worst = self._finding(build, world, verdict, combo)
        return worst or _UNCONCERNED

    def _finding(
        self,
        build: Build,
        world: World,
        verdict: Verdict,
        combo: Sequence[tuple[Key, tuple[Line, ...]]],
    ) -> Finding:
        keys = [key for key, _ in combo]
        if ABSENT in keys or (None in keys and verdict is Verdict.NOT_APPLICABLE):
            return _UNCONCERNED
        lines = {id(line): line for _, of_key in combo for line in of_key}.values()
        names: dict[str, str] = {}
        for line in lines:
            before = f"{names[line.kind]} and " if line.kind in names else ""
            names[line.kind] = before + line.part.name
        for operand in self.operands:
            names.setdefault(operand.kind, f"the {operand.kind}")
        parts = tuple(line.part.id for line in lines)
        if verdict is Verdict.UNKNOWN and not self.sees_unknown and None in keys:
            lacking = [
                f"{fact} of {name}"
                for operand, key in zip(self.operands, keys, strict=True)
                if key is None
                for fact, name in missing(operand, build, world)
            ]
            told = ", ".join(dict.fromkeys(lacking))
            return Finding(verdict, f"not known: {told}", parts=parts)
        text = _put_names(self.words(world, *keys), names)
        demand, supply = None, None
        if self.numbers is not None and None not in keys:
            demand, supply = self.numbers(*keys)
        return Finding(verdict, text, demand, supply, self.unit, parts)

    def encode(self, encoder: Encoder) -> None:
        """One clause per combination of all operands but the last: the values it leaves."""
        world = encoder.world
        *front, last = (encoder.classes(operand) for operand in self.operands)
        tests: list[list[tuple[int, Test]]] = [[] for _ in self.operands]
        for a, b, test in self.irrelevant:
            tests[b].append((a, test))

        def moot(keys: Sequence[Key]) -> bool:
            key = keys[-1]
            return any(_applies(test, keys[a], key) for a, test in tests[len(keys) - 1])

        concerned = [
            key is not ABSENT
            and not any(_applies(test, key, key) for a, test in tests[-1] if a == len(front))
            for key, _ in last
        ]
        masks: dict[tuple[int, Key], list[bool]] = {}

        def mask(place: int, test: Test, value: Key) -> list[bool]:
            """Which of the last values a value of another operand is judged with."""
            if (place, value) not in masks:
                masks[place, value] = [not _applies(test, value, key) for key, _ in last]
            return masks[place, value]

        pairs = [(number, a, test) for number, (a, test) in enumerate(tests[-1]) if a < len(front)]
        for keys, literals in _combinations(front, moot):
            judged = [concerned, *(mask(number, test, keys[a]) for number, a, test in pairs)]
            allowed = [
                literal
                for (key, literal), *judge in zip(last, *judged, strict=True)
                if not all(judge) or self.admits(self.ruling(world, (*keys, key)), world)
            ]
            if len(allowed) < len(last):
                encoder.imply(literals, allowed)

    def facets(self, world: World, domain: Domain) -> Iterable[Facet]:
        """Of few values of plain facts, what each of them goes with; otherwise the facts."""
        plain = [operand for operand in self.operands if isinstance(operand, Operand)]
        kinds = {operand.kind for operand in plain}
        if len(plain) == len(self.operands) == len(kinds):
            domains = [domain(operand) for operand in plain]
            if prod(map(len, domains)) <= MOST_COMPARED:
                yield from self._partners(world, plain, domains)
                return
        for operand in self.operands:
            yield from leaves(operand, world)

    def refuses(self, line: Line, world: World) -> bool:
        """Whether it refuses an option by what it reads of its kind alone."""
        operand = self.operands[0]
        if len(self.operands) > 1 or not isinstance(operand, Operand) or operand.kind != line.kind:
            return False
        return not self.admits(self.verdict(world, (operand.of_option(line, world),)), world)

    def _partners(
        self, world: World, operands: Sequence[Operand], domains: Sequence[Sequence[Key]]
    ) -> Iterable[Facet]:
        """For every operand the combinations of the others that each of its values goes with."""
        masks: list[dict[Key, int]] = [dict.fromkeys(domain, 0) for domain in domains]
        places: list[dict[tuple[Key, ...], int]] = [{} for _ in domains]
        for keys in product(*domains):
            if self.admits(self.verdict(world, keys), world):
                for number, key in enumerate(keys):
                    others = (*keys[:number], *keys[number + 1 :])
                    place = places[number].setdefault(others, len(places[number]))
                    masks[number][key] |= 1 << place
        for operand, mask in zip(operands, masks, strict=True):
            yield Widest(
                operand.kind,
                lambda line, operand=operand, mask=mask: mask[operand.of_option(line, world)],  # type: ignore[misc]
            )


def _applies(test: Test, a: Key, b: Key) -> bool:
    return a is not None and b is not None and test(a, b)


def _combinations(
    domains: Sequence[Sequence[tuple[Key, Literal]]], moot: Callable[[Sequence[Key]], bool]
) -> Iterable[tuple[tuple[Key, ...], tuple[Literal, ...]]]:
    """Every combination of values about which a relation says anything."""
    found: list[tuple[tuple[Key, ...], tuple[Literal, ...]]] = [((), ())]
    for domain in domains:
        found = [
            ((*keys, key), (*literals, literal))
            for keys, literals in found
            for key, literal in domain
            if key is not ABSENT and not moot((*keys, key))
        ]
    return found


def show(key: Key) -> str:
    """A value in words: "unknown", "A or B", or itself."""
    if key is None:
        return "unknown"
    if isinstance(key, tuple | list | frozenset):
        return " or ".join(map(str, sorted(key) if isinstance(key, frozenset) else key)) or "none"
    return str(key)


def _put_names(text: str, names: dict[str, str]) -> str:
    for kind, name in names.items():
        text = text.replace("{" + kind + "}", name)
    return text


def decide(holds: bool | None) -> Verdict:
    """ok, violated, or unknown for ``None``."""
    if holds is None:
        return Verdict.UNKNOWN
    return Verdict.OK if holds else Verdict.VIOLATED


def match(left: Operand, right: Operand, holds: Callable[[Key, Key], bool], words: str) -> Relation:
    """A relation of two facts; in ``words``, ``{0}`` and ``{1}`` stand for the values."""
    return Relation(
        (left, right),
        lambda _world, a, b: decide(holds(a, b)),
        lambda _world, a, b: _fill(words, a, b),
    )


def within(size: Operand, room: Operand, what: str, where: str, unit: str = "mm") -> Relation:
    """``size`` of every piece is at most ``room``; told as "what 54 mm > 32 mm where"."""
    return Relation(
        (size, room),
        lambda _world, a, b: decide(a <= b),
        lambda _world, a, b: f"{what} {a:,} {unit} {'≤' if a <= b else '>'} {b:,} {unit} {where}",
        numbers=lambda a, b: (a, b),
        unit=unit,
    )


def _fill(words: str, *keys: Key) -> str:
    for place, key in enumerate(keys):
        words = words.replace("{" + str(place) + "}", show(key))
    return words


@dataclass(frozen=True, slots=True)
class Term:
    """What lines of one kind add to a side of a balance; ``None`` is unknown (but at least 0)."""

    kind: str
    value: Value
    fact: str = ""
    group: Callable[[tuple[Line, ...], World], int | None] | None = None
    """Reads all lines of the kind together, where their sum is not the sum of each."""


Constant = Callable[["World"], int]


def _nothing(_world: World) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of what is asked for is at most the sum of what is supplied.

    An unknown term may be anything from 0 up, so the verdict is *violated* only if known demand
    exceeds every possible supply, *ok* only if every possible demand is covered by known supply,
    and *unknown* between. ``scale`` divides both sums when they are shown.
    """

    what: str
    unit: str
    demand: tuple[Term, ...] = ()
    supply: tuple[Term, ...] = ()
    demand_base: Constant = _nothing
    supply_base: Constant = _nothing
    words: str = "{what}: {demand} {unit} {sign} {supply} {unit}"
    scale: int = 1
    applies: Callable[[World], bool] = lambda _world: True
    beside: str = ""
    """A kind that every rig has: a list without it is a draft, and nothing is said of it."""
    kept: bool = False
    """Whether it is a rule of thumb: falling short is a warning, but ``solve`` keeps it."""

    def check(self, build: Build, world: World) -> Finding:
        """Compare both sums of a build; without any part that could supply, nothing is said."""
        if not self.applies(world):
            return Finding(Verdict.NOT_APPLICABLE, f"{self.what}: nothing asked for")
        if self.beside and not build.of_kind(self.beside):
            return Finding(Verdict.NOT_APPLICABLE, f"{self.what}: the list is not complete")
        suppliers = {term.kind for term in self.supply}
        if suppliers and suppliers <= _REQUIRED and not any(map(build.of_kind, suppliers)):
            return Finding(
                Verdict.NOT_APPLICABLE, f"{self.what}: the list has nothing to supply it"
            )
        asked, asked_unknown, askers = self._sum(self.demand, build, world)
        given, given_unknown, givers = self._sum(self.supply, build, world)
        asked += self.demand_base(world)
        given += self.supply_base(world)
        parts = tuple(line.part.id for line in (*askers, *givers))
        if asked > given and not given_unknown:
            verdict = Verdict.WARNING if self.kept else Verdict.VIOLATED
        elif asked_unknown or (given_unknown and asked > given):
            missing = ", ".join((*asked_unknown, *given_unknown))
            return Finding(
                Verdict.UNKNOWN, f"{self.what}: not known: {missing}", unit=self.unit, parts=parts
            )
        elif asked == 0:
            verdict = Verdict.NOT_APPLICABLE
        else:
            verdict = Verdict.OK
        demand, supply = -(-asked // self.scale), given // self.scale
        kinds = {term.kind for term in (*self.demand, *self.supply)}
        names = {
            kind: " and ".join(line.part.name for line in build.of_kind(kind)) or f"no {kind}"
            for kind in kinds
        }
        text = _put_names(self.words, names)
        for name, value in (
            ("what", self.what),
            ("demand", f"{demand:,}"),
            ("supply", f"{supply:,}"),
            ("unit", self.unit),
            ("sign", "≤" if asked <= given else ">"),
        ):
            text = text.replace("{" + name + "}", value)
        return Finding(verdict, text, demand, supply, self.unit, parts)

    def admits(self, verdict: Verdict, world: World) -> bool:
        """Whether ``solve`` may offer a build of which this says so."""
        return verdict is not Verdict.WARNING and world.admits(verdict)

    def _sum(
        self, terms: Iterable[Term], build: Build, world: World
    ) -> tuple[int, list[str], list[Line]]:
        total = 0
        unknown: list[str] = []
        lines: list[Line] = []
        for term in terms:
            for group, value in _values(term, build.of_kind(term.kind), world):
                if value is None:
                    names = " and ".join(line.part.name for line in group)
                    unknown.append(f"{term.fact or 'a fact'} of {names}")
                    lines += group
                elif value:
                    total += value
                    lines += group
        return total, unknown, lines

    def encode(self, encoder: Encoder) -> None:
        """One linear row over the options; unknown demand is refused or left out as admitted."""
        world = encoder.world
        if not self.applies(world):
            return
        bound = self.supply_base(world) - self.demand_base(world)
        row: list[tuple[int, Literal]] = []
        unknown_supply: list[Literal] = []
        most = 0
        for term in self.demand:
            for line, literal in encoder.options(term.kind):
                value = term.value(line, world)
                if value is None:
                    if not world.admits(Verdict.UNKNOWN):
                        encoder.imply([literal], [])
                elif value:
                    row.append((value, literal))
                    most += value
        for term in self.supply:
            for line, literal in encoder.options(term.kind):
                value = term.value(line, world)
                if value is None:
                    unknown_supply.append(literal)
                elif value:
                    row.append((-value, literal))
        if world.admits(Verdict.UNKNOWN):
            row.extend((-(most + max(0, -bound)), literal) for literal in unknown_supply)
        if row or bound < 0:
            encoder.at_most(row, bound)

    def facets(self, world: World, domain: Domain) -> Iterable[Facet]:
        """The less a part asks for beyond what it supplies, the better."""
        del domain
        if not self.applies(world):
            return

        def beyond(line: Line) -> int | None:
            asked = [term.value(line, world) for term in self.demand if term.kind == line.kind]
            given = [term.value(line, world) for term in self.supply if term.kind == line.kind]
            demand, supply = known_sum(asked), known_sum(given)
            return None if demand is None or supply is None else demand - supply

        for kind in dict.fromkeys(term.kind for term in (*self.demand, *self.supply)):
            yield Least(kind, beyond)


def _values(
    term: Term, lines: tuple[Line, ...], world: World
) -> Iterable[tuple[tuple[Line, ...], int | None]]:
    if term.group is not None and len(lines) > 1:
        return [(lines, term.group(lines, world))]
    return [((line,), term.value(line, world)) for line in lines]


def each(read: Callable[..., int | None]) -> Value:
    """A value per piece: the fact times the quantity."""

    def value(line: Line, world: World) -> int | None:
        one = read(line.part)
        return None if one is None else one * line.quantity

    return value


def scaled(value: Value, by: Callable[[World], int]) -> Value:
    """A value times a whole number that the world gives."""

    def product_of(line: Line, world: World) -> int | None:
        one = value(line, world)
        return None if one is None else one * by(world)

    return product_of


def hundredfold(value: Value) -> Value:
    """A value in hundredths, for a balance of ``scale=100``."""
    return scaled(value, lambda _world: 100)
