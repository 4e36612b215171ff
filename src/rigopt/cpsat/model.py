"""An encoding as a CP-SAT model: the only translation between the two.

The model is written as CP-SAT's own message: its modelling layer (``cp_model``) imports pandas,
which takes longer than everything else that a solve imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ortools.sat.python.cp_model_helper import CpModelProto, CpSolverResponse

from rigopt.build import Build
from rigopt.encoding import STRUCTURE, Encoding
from rigopt.rules.base import Literal

Terms = Sequence[tuple[int, Literal]]
"""Weighted literals."""
_LEAST, _MOST = -(2**63), 2**63 - 1


class Model:
    """The CP-SAT model of an encoding with some of its rules in force."""

    def __init__(
        self,
        encoding: Encoding,
        *,
        dropped: Iterable[str] = (),
        within: CpModelProto | None = None,
    ) -> None:
        """``within``: a message that has other models in it already; default: one of its own."""
        self.encoding = encoding
        self.minimises = False
        """Whether a sum is to be made small."""
        self.proto = CpModelProto() if within is None else within
        self._first = len(self.proto.variables)
        for _ in encoding.names:
            self.proto.variables.add().domain.extend((0, 1))
        without = frozenset(dropped)
        for owner in (STRUCTURE, *encoding.owners()):
            if owner not in without:
                self._add(owner)

    def index(self, literal: Literal) -> int:
        """The variable of a literal among all of the message."""
        return self._first + literal

    def _indices(self, literals: Iterable[Literal]) -> list[int]:
        return [self._first + literal for literal in literals]

    def _add(self, owner: str) -> None:
        constraints, first = self.proto.constraints, self._first
        for given, then in self.encoding.clauses.get(owner, ()):
            constraints.add().bool_or.literals.extend(
                [*(-first - g - 1 for g in given), *(first + t for t in then)]
            )
        for row in self.encoding.rows.get(owner, ()):
            if row.low == row.high == 1 and all(weight == 1 for weight, _ in row.terms):
                constraints.add().exactly_one.literals.extend(
                    self._indices(literal for _, literal in row.terms)
                )
            else:
                self._between(row.terms, row.low, row.high)

    def _between(self, terms: Terms, low: int | None, high: int | None) -> None:
        linear = self.proto.constraints.add().linear
        linear.vars.extend(self._indices(literal for _, literal in terms))
        linear.coeffs.extend([weight for weight, _ in terms])
        linear.domain.extend((_LEAST if low is None else low, _MOST if high is None else high))

    def at_most(self, terms: Terms, bound: int) -> None:
        """Demand that a sum is no more than a bound."""
        self._between(terms, None, bound)

    def any_of(self, literals: Iterable[Literal]) -> None:
        """Demand that at least one of some literals holds (of none: the model has no build)."""
        self.proto.constraints.add().bool_or.literals.extend(self._indices(literals))

    def fix(self, literals: Iterable[Literal]) -> None:
        """Make literals true."""
        for literal in literals:
            self.any_of([literal])

    def forbid(self, literals: Iterable[Literal]) -> None:
        """Make literals false."""
        for literal in literals:
            self.proto.constraints.add().bool_or.literals.append(-self.index(literal) - 1)

    def maximise(self, terms: Terms) -> None:
        """Look for the largest sum."""
        self.minimises = False
        self._objective([(-weight, literal) for weight, literal in terms], -1.0)

    def minimise(self, terms: Terms) -> None:
        """Look for the smallest sum."""
        self.minimises = True
        self._objective(terms, 1.0)

    def _objective(self, terms: Terms, scale: float) -> None:
        objective = self.proto.objective
        objective.vars.extend(self._indices(literal for _, literal in terms))
        objective.coeffs.extend([weight for weight, _ in terms])
        objective.scaling_factor = scale

    def forget_objective(self) -> None:
        """Look for any build again."""
        self.minimises = False
        self.proto.clear_objective()

    def hint(self, answer: CpSolverResponse) -> None:
        """Offer the last answer to the next search."""
        self.proto.clear_solution_hint()
        self.proto.solution_hint.vars.extend(range(len(self.proto.variables)))
        self.proto.solution_hint.values.extend(list(answer.solution))

    def value(self, terms: Terms, answer: CpSolverResponse) -> int:
        """A sum in an answer, to the last digit: the solver tells its objective as a float."""
        values = list(answer.solution)
        return sum(weight for weight, literal in terms if values[self._first + literal] == 1)

    def build(self, answer: CpSolverResponse) -> Build:
        """The build of an answer."""
        values = list(answer.solution)
        return self.encoding.build(lambda literal: values[self._first + literal] == 1)
