"""Several encodings in one message, with CP-SAT's modelling layer for what is between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model_helper import CpModelProto, SatParameters

from rigopt.cpsat.model import Model, Terms
from rigopt.encoding import Encoding
from rigopt.rules.base import Literal


def thorough() -> SatParameters:
    """Parameters for several rigs in one model, with money between them: all of presolve, but once,
    and the linear relaxation of everything, without which the money says nothing, but no cuts."""
    parameters = SatParameters()
    parameters.num_workers = 1
    parameters.linearization_level = 2
    parameters.max_presolve_iterations = 1
    parameters.cut_level = 0
    return parameters


class StageModel(Model):
    """The model of one of several encodings; its literals are terms of linear expressions."""

    def __init__(
        self, encoding: Encoding, shared: cp_model.CpModel, *, dropped: Iterable[str] = ()
    ) -> None:
        """``shared``: has the others in it."""
        super().__init__(encoding, dropped=dropped, within=shared.proto)
        self.shared = shared

    def sum(self, terms: Terms) -> cp_model.LinearExprT:
        """A linear expression of weighted literals."""
        variables = [self._variable(literal) for _, literal in terms]
        return cp_model.LinearExpr.weighted_sum(variables, [weight for weight, _ in terms])

    def _variable(self, literal: Literal) -> cp_model.IntVar:
        return self.shared.get_bool_var_from_proto_index(self.index(literal))

    def suggest(self, literal: Literal, value: bool) -> None:
        """Offer the value of a literal to the search."""
        self.shared.add_hint(self._variable(literal), value)


def with_any_of(proto: CpModelProto, variables: Sequence[int]) -> CpModelProto:
    """A copy in which at least one of some variables holds."""
    copy = CpModelProto()
    copy.copy_from(proto)
    copy.constraints.add().bool_or.literals.extend(list(variables))
    return copy
