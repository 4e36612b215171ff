"""The same encoding as a mixed-integer program, in HiGHS and in SCIP.

A clause becomes a row: the true literals before the arrow, less those after it, are fewer than all
of the former. Points are maximised first, then the price is minimised with the points kept. The
last step, a fixed rank among equal prices, is left out in favour of these solvers.

Each search runs in a process of its own (``python -m benchmarks.milp``): HiGHS and OR-tools export
the same symbols and cannot share one.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rigopt.encoding import STRUCTURE, Encoding, Row

Terms = list[tuple[int, int]]
INFINITE = float("inf")
ERRORS = {
    "ImportError": ImportError,
    "ModuleNotFoundError": ImportError,
    "TimeoutError": TimeoutError,
}


class Program(NamedTuple):
    """Binary variables, rows, and two objectives."""

    variables: int
    rows: list[Row]
    score: Terms
    price: Terms


class Optimum(NamedTuple):
    """Points and price of a proven best build (``None`` twice: there is none), and what it took."""

    score: int | None
    cents: int | None
    cpu_s: float


def program_of(encoding: Encoding) -> Program:
    """An encoding as a program."""
    return Program(
        len(encoding.names), list(rows_of(encoding)), list(encoding.score), list(encoding.price)
    )


def solved(program: Program, solver: str, limit_s: float) -> Optimum:
    """The optimum that "highs" or "scip" proves: the time is that of the search and of handing the
    program over, without imports.

    Raises:
        TimeoutError: if the proof takes longer than ``limit_s`` seconds.
        ImportError: if the solver is not installed.
    """
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.milp", solver, str(limit_s)],
        input=pickle.dumps(program),
        capture_output=True,
        cwd=Path(__file__).parent.parent,
        check=True,
    )
    answer = json.loads(run.stdout)
    if answer["error"] is not None:
        raise ERRORS[answer["error"]](solver)
    return Optimum(answer["score"], answer["cents"], answer["cpu_s"])


def rows_of(encoding: Encoding) -> Iterator[Row]:
    """Every constraint of an encoding as a row."""
    for owner in (STRUCTURE, *encoding.owners()):
        for given, then in encoding.clauses.get(owner, ()):
            weights: dict[int, int] = {}
            for literal in given:
                weights[literal] = 1
            for literal in then:
                weights[literal] = weights.get(literal, 0) - 1
            yield Row(tuple((w, literal) for literal, w in weights.items()), None, len(given) - 1)
        for row in encoding.rows.get(owner, ()):
            weights = {}
            for weight, literal in row.terms:
                weights[literal] = weights.get(literal, 0) + weight
            yield Row(tuple((w, literal) for literal, w in weights.items()), row.low, row.high)


def highs(program: Program, limit_s: float) -> tuple[int | None, int | None]:
    """Points and price that HiGHS proves."""
    import highspy

    made: Any = highspy.Highs
    solver = made()
    solver.silent()
    for name, value in (
        ("threads", 1),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 0.5),
        ("time_limit", limit_s),
    ):
        solver.setOptionValue(name, value)
    count = program.variables
    solver.addVars(count, [0.0] * count, [1.0] * count)
    solver.changeColsIntegrality(count, list(range(count)), [highspy.HighsVarType.kInteger] * count)
    for row in program.rows:
        low = -INFINITE if row.low is None else float(row.low)
        high = INFINITE if row.high is None else float(row.high)
        columns = [literal for _, literal in row.terms]
        solver.addRow(low, high, len(columns), columns, [float(w) for w, _ in row.terms])

    def optimise(terms: Terms, *, maximise: bool) -> int | None:
        costs = [0.0] * count
        for weight, literal in terms:
            costs[literal] += weight
        solver.changeColsCost(count, list(range(count)), costs)
        sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        solver.changeObjectiveSense(sense)
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise TimeoutError(solver.modelStatusToString(status))
        value: float = solver.getInfo().objective_function_value
        return round(value)

    def keep(literals: list[int]) -> None:
        solver.addRow(1.0, INFINITE, len(literals), literals, [1.0] * len(literals))

    return _both(program, optimise, keep)


def scip(program: Program, limit_s: float) -> tuple[int | None, int | None]:
    """Points and price that SCIP proves."""
    import pyscipopt

    model = pyscipopt.Model()
    model.hideOutput()
    model.setParam("limits/time", limit_s)
    model.setParam("parallel/maxnthreads", 1)
    variables = [model.addVar(vtype="B") for _ in range(program.variables)]

    def total(terms: Any) -> Any:
        return pyscipopt.quicksum(weight * variables[literal] for weight, literal in terms)

    for row in program.rows:
        if not row.terms:
            if (row.low or 0) > 0 or (row.high is not None and row.high < 0):
                return None, None
            continue
        expression = total(row.terms)
        if row.low is not None and row.low == row.high:
            model.addCons(expression == row.low)
            continue
        if row.low is not None:
            model.addCons(expression >= row.low)
        if row.high is not None:
            model.addCons(expression <= row.high)

    def optimise(terms: Terms, *, maximise: bool) -> int | None:
        model.freeTransform()
        model.setObjective(total(terms), "maximize" if maximise else "minimize")
        model.optimize()
        if model.getStatus() == "infeasible":
            return None
        if model.getStatus() != "optimal":
            raise TimeoutError(model.getStatus())
        return round(model.getObjVal())

    def keep(literals: list[int]) -> None:
        model.freeTransform()
        model.addCons(total((1, literal) for literal in literals) >= 1)

    return _both(program, optimise, keep)


def _both(
    program: Program,
    optimise: Callable[..., int | None],
    keep: Callable[[list[int]], None],
) -> tuple[int | None, int | None]:
    score = optimise(program.score, maximise=True)
    if score is None:
        return None, None
    if score > 0:
        keep([literal for points, literal in program.score if points >= score])
    return score, optimise(program.price, maximise=False)


def main(solver: str, limit_s: str) -> None:
    """Solve the program on standard input; the answer, or the error, goes to standard output."""
    program: Program = pickle.load(sys.stdin.buffer)
    search = {"highs": highs, "scip": scip}[solver]
    score = cents = error = None
    start = time.process_time()
    try:
        search(Program(1, [], [(1, 0)], [(1, 0)]), 1.0)  # imports
        start = time.process_time()
        score, cents = search(program, float(limit_s))
    except (ImportError, TimeoutError) as raised:
        error = type(raised).__name__
    seconds = time.process_time() - start
    print(json.dumps({"score": score, "cents": cents, "cpu_s": seconds, "error": error}))


if __name__ == "__main__":
    main(*sys.argv[1:])
