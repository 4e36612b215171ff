"""An encoding as a CP-SAT model: the only translation between the two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ortools.sat.python import cp_model

from rigopt.encoding import STRUCTURE, Encoding
from rigopt.rules.base import Literal


class Model:
    """The CP-SAT model of an encoding with some of its rules in force."""

    def __init__(
        self,
        encoding: Encoding,
        *,
        dropped: Iterable[str] = (),
        within: cp_model.CpModel | None = None,
    ) -> None:
        """``within``: a model that has others in it already; default: one of its own."""
        self.encoding = encoding
        self.model = cp_model.CpModel() if within is None else within
        self._variables = [self.model.new_bool_var(name) for name in encoding.names]
        without = frozenset(dropped)
        for owner in (STRUCTURE, *encoding.owners()):
            if owner not in without:
                self._add(owner)

    def _add(self, owner: str) -> None:
        variables, model = self._variables, self.model
        for given, then in self.encoding.clauses.get(owner, ()):
            model.add_bool_or(
                [variables[g].negated() for g in given] + [variables[t] for t in then]
            )
        for row in self.encoding.rows.get(owner, ()):
            if row.low == row.high == 1 and all(weight == 1 for weight, _ in row.terms):
                model.add_exactly_one([variables[literal] for _, literal in row.terms])
                continue
            total = self.sum(row.terms)
            if row.low == row.high:
                model.add(total == row.low)
            elif row.high is not None:
                model.add(total <= row.high)
            if row.low is not None and row.low != row.high:
                model.add(total >= row.low)

    def sum(self, terms: Sequence[tuple[int, Literal]]) -> cp_model.LinearExprT:
        """A linear expression of weighted literals."""
        return cp_model.LinearExpr.weighted_sum(
            [self._variables[literal] for _, literal in terms], [weight for weight, _ in terms]
        )

    def fix(self, literals: Iterable[Literal]) -> None:
        """Make literals true."""
        for literal in literals:
            self.model.add_bool_or([self._variables[literal]])

    def forbid(self, literals: Iterable[Literal]) -> None:
        """Make literals false."""
        for literal in literals:
            self.model.add_bool_or([self._variables[literal].negated()])

    def any_of(self, literals: Iterable[Literal]) -> None:
        """Demand that at least one of some literals holds (of none: the model has no build)."""
        self.model.add_bool_or([self._variables[literal] for literal in literals])

    def hint(self, solver: cp_model.CpSolver) -> None:
        """Offer the last answer to the next search."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for variable in self._variables:
            self.model.add_hint(variable, solver.boolean_value(variable))

    def suggest(self, literal: Literal, value: bool) -> None:
        """Offer the value of a literal to the search."""
        self.model.add_hint(self._variables[literal], value)

    def with_any_of(self, literals: Iterable[Literal]) -> cp_model.CpModel:
        """A copy in which at least one of some literals holds."""
        copy = self.model.clone()
        copy.add_bool_or(
            [copy.get_bool_var_from_proto_index(self._variables[lit].index) for lit in literals]
        )
        return copy

    def true_in(self, solver: cp_model.CpSolver, literal: Literal) -> bool:
        """Whether a literal holds in the last answer."""
        return bool(solver.boolean_value(self._variables[literal]))
