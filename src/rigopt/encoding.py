"""A problem as Boolean variables, clauses and linear rows: solver-free, so that it can be read.

* Exactly one option (a part and a quantity) per required kind, at most one per optional kind;
  of drives, any set with one quantity each.
* The values of a fact that a rule reads become class literals:
  ``sum(options with the value) == literal``.
* Relations are clauses over class literals, balances are linear rows over options.

Every constraint belongs to a rule (or to the structure), so that a model can be made of any
subset of the rules without evaluating them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rigopt.build import Build, Line
from rigopt.narrowing import Judged, needed
from rigopt.parts import KINDS, GpuCard
from rigopt.problem import LINKS, MANY_MODELS, RANK_BITS, Problem, ScoreKey, Wiring, rank_of
from rigopt.rules.base import ABSENT, Key, Literal, Statement
from rigopt.rules.nvlink import SPAN
from rigopt.rules.operands import AnyOperand, Derived, Operand, Total
from rigopt.rules.seats import CARDS, GPUS, LAYOUT, ROOM, foreign
from rigopt.rules.shapes import Relation
from rigopt.rules.sizing import CORES
from rigopt.scaling import Link
from rigopt.seating import alone, cramped

_SHIFT = RANK_BITS + 5
"""A cent outweighs the ranks of 32 lines together."""

STRUCTURE = ""
"""The owner of constraints that no rule can be dropped to remove."""

Clause = tuple[tuple[Literal, ...], tuple[Literal, ...]]
"""If all of the first hold, so does one of the second."""


@dataclass(frozen=True, slots=True)
class Row:
    """``low <= sum(weight * literal) <= high``; ``None`` is no bound."""

    terms: tuple[tuple[int, Literal], ...]
    low: int | None
    high: int | None


class Encoding:
    """The constraints of a problem by owner. Rules talk to it through ``rules.base.Encoder``."""

    def __init__(
        self,
        problem: Problem,
        lines: Mapping[str, Sequence[Line]] | None = None,
        *,
        scored: bool = True,
        only: Mapping[int, Judged | None] | None = None,
    ) -> None:
        """``lines``: the options by kind; default: those that a best build may need. Without
        ``scored`` no points are counted: enough to ask what is possible, and what it costs.
        ``only``: the statements (by ``id``) to encode, where the others are known to hold; of
        relations what they say of all values, if that is known."""
        self.problem = problem
        self._lines = needed(problem) if lines is None else lines
        self.world = problem.world
        self.names: list[str] = []
        """One a literal: what it means."""
        self.clauses: dict[str, list[Clause]] = {}
        self.rows: dict[str, list[Row]] = {}
        self._owner = STRUCTURE
        self._options: dict[str, list[tuple[Line, Literal]]] = {}
        self._none: dict[str, Literal] = {}
        self._classes: dict[AnyOperand, list[tuple[Key, Literal]]] = {}
        for kind in KINDS:
            self._add_kind(kind)
        for rule in problem.rules:
            self._owner = rule.id
            for statement in rule.statements if rule.hard else ():
                if only is None or id(statement) in only:
                    judged = None if only is None else only[id(statement)]
                    if judged is None or not self._judged(statement, judged):
                        statement.encode(self)
        self._owner = STRUCTURE
        self.score = self._score() if scored else []
        """What to maximise first: weighted literals, of which at most one holds, since a build has
        one model of cards."""
        self._row(((1, literal) for _, literal in self.score), None, 1)
        self.price = self._weights(lambda line: line.cost_cents or 0)
        """What is paid for the parts, in cents."""
        self.cost = self._weights(lambda line: ((line.cost_cents or 0) << _SHIFT) + rank_of(line))
        """What to minimise then: the price, and among equal prices a fixed rank that makes the
        answer unique. One number for both: a search for the rank alone is slow, as nothing guides
        it."""

    # --- what rules may ask -------------------------------------------------------------------

    def options(self, kind: str) -> Sequence[tuple[Line, Literal]]:
        """Every option of a kind with its literal."""
        return self._options[kind]

    def classes(self, operand: AnyOperand) -> Sequence[tuple[Key, Literal]]:
        """The values of an operand with their literals, made on first use."""
        if operand not in self._classes:
            owner, self._owner = self._owner, STRUCTURE
            match operand:
                case Total():
                    made = self._total_classes(operand)
                case Derived():
                    made = self._derived_classes(operand)
                case Operand():
                    made = self._operand_classes(operand)
            self._classes[operand] = made
            self._owner = owner
        return self._classes[operand]

    def imply(self, given: Sequence[Literal], any_of: Sequence[Literal]) -> None:
        """If all of ``given`` hold, at least one of ``any_of`` does (none: forbidden)."""
        self.clauses.setdefault(self._owner, []).append((tuple(given), tuple(any_of)))

    def at_most(self, terms: Sequence[tuple[int, Literal]], bound: int) -> None:
        """The weighted sum of the true literals is at most ``bound``."""
        self._row(terms, None, bound)

    def _judged(self, statement: Statement, judged: Judged) -> bool:
        """Encode a relation by what is known of it, as its own ``encode`` would: a clause for every
        combination of all values but the last that leaves not all of those. Whether all values are
        known."""
        assert isinstance(statement, Relation)
        classes = [self.classes(operand) for operand in statement.operands]
        places = [{key: place for place, key in enumerate(keys)} for keys in judged.keys]
        chosen = [
            [place.get(key, -1) for key, _ in of] for place, of in zip(places, classes, strict=True)
        ]
        if any(-1 in axis for axis in chosen):
            return False
        admitted = judged.admitted[np.ix_(*chosen)]
        *front, last = ([literal for _, literal in of] for of in classes)
        for where in np.argwhere(~admitted.all(axis=-1)):
            given = [literals[place] for literals, place in zip(front, where, strict=True)]
            row = admitted[tuple(where)]
            self.imply(given, [literal for literal, good in zip(last, row, strict=True) if good])
        return True

    # --- how it is built ----------------------------------------------------------------------

    def _row(self, terms: Iterable[tuple[int, Literal]], low: int | None, high: int | None) -> None:
        self.rows.setdefault(self._owner, []).append(Row(tuple(terms), low, high))

    def _new(self, name: str) -> Literal:
        self.names.append(name)
        return len(self.names) - 1

    def _add_kind(self, kind: str) -> None:
        options = [
            (line, self._new(f"{line.part.id} x{line.quantity}")) for line in self._lines[kind]
        ]
        self._options[kind] = options
        literals = [literal for _, literal in options]
        required = kind in self.problem.required
        if kind in MANY_MODELS:
            by_part: dict[str, list[Literal]] = {}
            for line, literal in options:
                by_part.setdefault(line.part.id, []).append(literal)
            for quantities in by_part.values():
                if len(quantities) > 1:
                    self._row(((1, literal) for literal in quantities), None, 1)
            most = self.world.most_drives
            self._row(((line.quantity, literal) for line, literal in options), None, most)
            if required:
                self.imply([], literals)
            return
        if not required:
            self._none[kind] = self._new(f"no {kind}")
            literals.append(self._none[kind])
        self._row(((1, literal) for literal in literals), 1, 1)

    def _operand_classes(self, operand: Operand) -> list[tuple[Key, Literal]]:
        members: dict[Key, list[Literal]] = {}
        for line, literal in self._options[operand.kind]:
            members.setdefault(operand.of_option(line, self.world), []).append(literal)
        if operand.kind in self._none:
            members.setdefault(operand.of_none, []).append(self._none[operand.kind])
        classes = []
        for number, (key, literals) in enumerate(members.items()):
            if len(literals) == 1:
                classes.append((key, literals[0]))
                continue
            literal = self._new(f"{operand.kind} {operand.fact} class {number}")
            if operand.kind in MANY_MODELS:
                for option in literals:
                    self.imply([option], [literal])
            else:
                self._row([*((1, option) for option in literals), (-1, literal)], 0, 0)
            classes.append((key, literal))
        return classes

    def _total_classes(self, total: Total) -> list[tuple[Key, Literal]]:
        if len(self._options[total.kind]) == 1 and total.kind in self.problem.required:
            ((line, literal),) = self._options[total.kind]
            value = total.value(line, self.world)
            return [(None if value is None else min(value, total.last(self.world)), literal)]
        counted: list[tuple[int, Literal]] = []
        unknown: list[Literal] = []
        for line, literal in self._options[total.kind]:
            value = total.value(line, self.world)
            if value is None:
                unknown.append(literal)
            elif value:
                counted.append((value, literal))
        every = sum(value for value, _ in counted)
        last = min(total.last(self.world), every)
        classes: list[tuple[Key, Literal]] = [
            (value, self._new(f"{total.kind} {total.fact} total {value}"))
            for value in range(last + 1)
        ]
        if unknown:
            some = self._new(f"{total.kind} {total.fact} total unknown")
            for option in unknown:
                self.imply([option], [some])
            self.imply([some], unknown)
            classes.append((None, some))
        self._row(((1, literal) for _, literal in classes), 1, 1)
        # the last class stands for "so many or more", an unknown total for any
        least = [(-value, literal) for value, literal in classes if value]
        most = [
            (-(every if value in (last, None) else value), literal)
            for value, literal in classes
            if value != 0
        ]
        self._row([*counted, *most], None, 0)
        self._row([*counted, *least], 0, None)
        return classes

    def _derived_classes(self, derived: Derived) -> list[tuple[Key, Literal]]:
        """The value follows from those of the sources; where some of them do not matter, from the
        others alone."""
        domains = [self.classes(source) for source in derived.sources]

        def leaves(keys: tuple[Key, ...]) -> list[tuple[tuple[Literal, ...], Key]]:
            if derived.never is not None and derived.never(self.world, keys):
                return []
            value = derived.settled(keys) if keys else None
            if value is not None:
                return [((), value)]
            if len(keys) == len(domains):
                return [((), derived.of_keys(keys))]
            found = [
                ((literal, *premise), value)
                for key, literal in domains[len(keys)]
                for premise, value in leaves((*keys, key))
            ]
            same = bool(found) and all(value is found[0][1] for _, value in found)
            return [((), found[0][1])] if same else found

        literals: dict[Key, Literal] = {}
        for premise, value in leaves(()):
            if value not in literals:
                literals[value] = self._new(f"{derived.kind} {derived.fact} way {len(literals)}")
            if value is not ABSENT:  # what is left when no other value is forced
                self.imply(premise, [literals[value]])
        if literals:
            self._row(((1, literal) for literal in literals.values()), 1, 1)
        return list(literals.items())

    def _weights(self, weight: Callable[[Line], int]) -> list[tuple[int, Literal]]:
        return [
            (weight(line), literal)
            for options in self._options.values()
            for line, literal in options
            if weight(line)
        ]

    # --- the objective ------------------------------------------------------------------------

    def _score(self) -> list[tuple[int, Literal]]:
        """Points of the chosen cards; of several cards, by the link that board and CPU give.

        Cards whose throughput cannot be predicted, or whose wiring is not known, get none.
        """
        points: list[tuple[int, Literal]] = []
        several: dict[ScoreKey, list[tuple[Line, Literal]]] = {}
        for line, literal in self._options["gpu"]:
            assert isinstance(line.part, GpuCard)
            if line.quantity > 1:
                key = line.part.chip, line.quantity, line.power_limit_w
                several.setdefault(key, []).append((line, literal))
                continue
            points += self._fed(line, None, literal)
        reach = self._wirings() if several else {}
        for (chip, count, _), members in several.items():
            links: dict[Link, dict[Wiring, Literal]] = {}
            for line, _ in members:
                for wiring, literal in reach.get(GPUS.of_option(line, self.world), {}).items():
                    link = self.problem.link(line, wiring)
                    if link is not None:
                        links.setdefault(link, {})[wiring] = literal
            ways = []
            for link, wirings in links.items():
                way = self._new(f"{count} x {chip} over {link}")
                self.imply([way], list(wirings.values()))
                ways.append(way)
                points += self._fed(members[0][0], link, way)
            chosen = [(-1, literal) for _, literal in members]
            self._row([*((1, way) for way in ways), *chosen], None, 0)
        return points

    def _fed(self, gpu: Line, link: Link | None, way: Literal) -> list[tuple[int, Literal]]:
        """The points of a way of having cards: one literal for every number of points that the
        CPU's cores leave of them, of which the highest that the CPU allows is taken."""
        if not self.problem.scorer.fed_by_cpu:
            return [(self.problem.score(gpu, link) or 0, way)]
        by_points: dict[int, list[Literal]] = {}
        for count, literal in self.classes(CORES):
            if count is not None and count is not ABSENT:
                value = self.problem.score(gpu, link, count) or 0
                by_points.setdefault(value, []).append(literal)
        points: list[tuple[int, Literal]] = []
        enough: list[Literal] = []
        for value in sorted(by_points, reverse=True):
            enough += by_points[value]
            fed = self._new(f"{self.names[way]} with {value} points")
            self.imply([fed], [way])
            self.imply([fed], list(enough))
            points.append((value, fed))
        return points

    def _wirings(self) -> dict[Key, dict[Wiring, Literal]]:
        """For every set of several cards the wirings it can get, each with a literal.

        At most one wiring holds.
        """
        literals: dict[Wiring, Literal] = {}
        reach: dict[Key, dict[Wiring, Literal]] = {}
        pairs = [
            (board, lanes, gen, [board_literal, cpu_literal])
            for board, board_literal in self._known(LAYOUT)
            for (lanes, gen), cpu_literal in self._known(LINKS)
            if not foreign(board, lanes)
        ]
        rooms = self._known(ROOM)
        for cards, cards_literal in self._known(CARDS):
            if len(cards.bodies) == 1:
                continue
            mine = reach.setdefault(alone(cards), {})
            here = [(room, literal) for room, literal in rooms if not cramped(cards, room)]
            bridges = self.classes(SPAN) if len(cards.bodies) == 2 else [(0, None)]
            for (board, lanes, gen, given), (span, bridge) in product(pairs, bridges):
                ways: dict[Wiring, list[Literal]] = {}
                for room, literal in here:
                    wiring = self.problem.wiring(board, lanes, gen, cards, room, span)
                    if wiring is not None:
                        ways.setdefault(wiring, []).append(literal)
                known = [*given, cards_literal, *([] if bridge is None else [bridge])]
                for wiring, where in ways.items():
                    if wiring not in literals:
                        literals[wiring] = self._new(f"cards wired by {wiring}")
                    mine[wiring] = literals[wiring]
                    tails = [[literal] for literal in where] if len(ways) > 1 else [[]]
                    for tail in tails:
                        self.imply([*known, *tail], [literals[wiring]])
        self._row(((1, literal) for literal in literals.values()), None, 1)
        unknown = [
            literal
            for operand in (LAYOUT, LINKS, CARDS, ROOM)
            for key, literal in self.classes(operand)
            if _unknown(key)
        ]
        for wired in literals.values():
            for literal in unknown:
                self.imply([wired, literal], [])
        return reach

    def _known(self, operand: AnyOperand) -> list[tuple[Key, Literal]]:
        classes = self.classes(operand)
        return [(k, literal) for k, literal in classes if k is not ABSENT and not _unknown(k)]

    def scoring(self, points: int) -> list[Literal]:
        """The literals one of which holds in every build with so many points or more."""
        return [literal for value, literal in self.score if value >= points]

    # --- reading it ---------------------------------------------------------------------------

    def build(self, true: Callable[[Literal], bool]) -> Build:
        """The build of an assignment."""
        return Build.of(
            line for options in self._options.values() for line, literal in options if true(literal)
        )

    def owners(self) -> tuple[str, ...]:
        """Rules that constrain anything, in order."""
        return tuple(r.id for r in self.problem.rules if r.id in self.clauses or r.id in self.rows)

    def text(self) -> str:
        """The whole encoding, a constraint a line, for review."""
        name = [f"[{text}]" for text in self.names]
        lines = []
        for owner in (STRUCTURE, *self.owners()):
            lines.append(f"# {owner or 'structure'}")
            for given, then in self.clauses.get(owner, ()):
                left = " & ".join(name[g] for g in given) or "true"
                lines.append(f"{left} => {' | '.join(name[t] for t in then) or 'false'}")
            for row in self.rows.get(owner, ()):
                total = " + ".join(f"{w} {name[t]}" for w, t in row.terms)
                low = "" if row.low is None else f"{row.low} <= "
                high = "" if row.high is None else f" <= {row.high}"
                lines.append(f"{low}{total or 0}{high}")
        return "\n".join(lines) + "\n"


def _unknown(key: Key) -> bool:
    return key is None or (isinstance(key, tuple) and None in key)
