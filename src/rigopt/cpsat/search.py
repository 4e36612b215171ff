"""Solve a problem: throughput first, then price with a fixed rank; each step proven."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version

from ortools.sat.python.cp_model_helper import (
    CpModelProto,
    CpSatHelper,
    CpSolverResponse,
    CpSolverStatus,
    SatParameters,
    SolveWrapper,
)

from rigopt.build import Build
from rigopt.cpsat.model import Model, Terms
from rigopt.encoding import Encoding
from rigopt.errors import InternalError

SOLVER = f"OR-tools CP-SAT {version('ortools')}"


class Status(Enum):
    """What a search showed."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


_STATUS = {
    CpSolverStatus.OPTIMAL: Status.OPTIMAL,
    CpSolverStatus.FEASIBLE: Status.FEASIBLE,
    CpSolverStatus.INFEASIBLE: Status.INFEASIBLE,
    CpSolverStatus.UNKNOWN: Status.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The end of a search: a build unless infeasible or unknown."""

    status: Status
    build: Build | None = None
    score: int | None = None
    score_bound: int | None = None


EARLY_S = 0.5
"""A search that ends unproven with more than these seconds left was stopped by the user."""


class Clock:
    """One time limit over several searches."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; never negative."""
        return max(0.0, self._end - time.monotonic())


def tuned(*, relaxed: bool = False) -> SatParameters:
    """Parameters for models of this size and shape; ``relaxed``: whether the search goes by a
    linear relaxation of the whole model.

    One worker: the same search each time. Presolve is on, but without its costly optional steps,
    and no cuts are added: they take longer than they save here (``benchmarks/parameters.py``).
    """
    parameters = SatParameters()
    parameters.num_workers = 1
    parameters.cp_model_probing_level = 0
    parameters.symmetry_level = 0
    parameters.max_presolve_iterations = 1
    parameters.merge_at_most_one_work_limit = 0
    parameters.merge_no_overlap_work_limit = 0
    parameters.presolve_inclusion_work_limit = 0
    parameters.find_big_linear_overlap = False
    parameters.cut_level = 0
    if relaxed:
        parameters.linearization_level = 2
    return parameters


def run(
    model: Model, clock: Clock, seed: int, *, relaxed: bool = False
) -> tuple[Status, CpSolverResponse]:
    """Search until proven or out of time.

    What a build costs at least a linear relaxation knows best, and whether drives that hold enough
    are to be had for the money (``relaxed``, in small models).

    Raises:
        KeyboardInterrupt: if the solver was stopped by the user: it ends early with time left.
    """
    return solved(model.proto, clock, seed, tuned(relaxed=relaxed or model.minimises))


def solved(
    proto: CpModelProto, clock: Clock, seed: int, parameters: SatParameters
) -> tuple[Status, CpSolverResponse]:
    """As ``run``, of any message and with other parameters."""
    parameters.random_seed = seed
    parameters.max_time_in_seconds = max(0.001, clock.left)
    solver = SolveWrapper()
    solver.set_parameters(parameters)
    handler = signal.getsignal(signal.SIGINT)
    answer = solver.solve(proto)  # type: ignore[no-untyped-call]
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)  # the solver takes it away
    if answer.status not in _STATUS:
        raise InternalError(f"the model is not valid: {CpSatHelper.validate_model(proto)}")
    status = _STATUS[answer.status]
    if status in (Status.FEASIBLE, Status.UNKNOWN) and clock.left > EARLY_S:
        raise KeyboardInterrupt
    return status, answer


def feasible(encoding: Encoding, dropped: Sequence[str], clock: Clock, seed: int) -> Status:
    """Whether a build exists with some rules dropped: OPTIMAL, INFEASIBLE or UNKNOWN."""
    status, _ = run(Model(encoding, dropped=dropped), clock, seed)
    return status


def best(
    encoding: Encoding,
    terms: Terms,
    clock: Clock,
    seed: int,
    *,
    dropped: Sequence[str] = (),
    minimise: bool = False,
    most_cents: int | None = None,
    at_least: int | None = None,
) -> tuple[Status, int | None]:
    """The proven optimum of one linear objective with some rules dropped, or ``None``.

    ``most_cents`` bounds the price, ``at_least`` the points from below.
    """
    model = Model(encoding, dropped=dropped)
    if most_cents is not None:
        model.at_most(encoding.price, most_cents)
    if at_least is not None:
        model.any_of(encoding.scoring(at_least))
    (model.minimise if minimise else model.maximise)(terms)
    status, answer = run(model, clock, seed)
    return status, round(answer.objective_value) if status is Status.OPTIMAL else None


def search(
    encoding: Encoding,
    clock: Clock,
    seed: int,
    *,
    dropped: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _step: None,
) -> Found:
    """The lexicographic optimum: most points, then fewest cents, then lowest rank."""
    model = Model(encoding, dropped=dropped)
    tell("throughput")
    model.maximise(encoding.score)
    status, answer = run(model, clock, seed)
    if status in (Status.INFEASIBLE, Status.UNKNOWN):
        return Found(status)
    score = round(answer.objective_value)
    bound = int(answer.best_objective_bound)
    build = model.build(answer)
    if status is Status.FEASIBLE:
        return Found(status, build, score, bound)
    if score > 0:
        model.any_of(encoding.scoring(score))
    tell("price")
    model.hint(answer)
    model.forget_objective()
    model.minimise(encoding.cost)
    status, answer = run(model, clock, seed)
    if status is Status.INFEASIBLE:
        raise InternalError("the search for the price lost the build of the one before it")
    if status in (Status.OPTIMAL, Status.FEASIBLE):
        build = model.build(answer)
    return Found(
        Status.OPTIMAL if status is Status.OPTIMAL else Status.FEASIBLE, build, score, score
    )
