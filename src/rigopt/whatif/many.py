"""Many questions at once, on the local cores or on any ``concurrent.futures.Executor``."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Executor
from typing import TypeVar

from rigopt.catalog import Catalog
from rigopt.outcome import OUTCOME, Feasible, Infeasible, Optimal, Unknown
from rigopt.request import Request
from rigopt.whatif.budgets import Desk, family
from rigopt.whatif.lanes import Backlog, Lanes
from rigopt.whatif.worker import Done, finished, timed

T = TypeVar("T")
R = TypeVar("R")

POLL_S = 0.05
"""How often it is asked whether to stop, at least."""


def solve_many(
    requests: Iterable[Request],
    executor: Executor | None = None,
    *,
    catalog: Catalog | None = None,
    workers: int | None = None,
    deadline_s: float | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_done: Callable[[int, Optimal | Feasible | Infeasible | Unknown], None] | None = None,
) -> Iterator[Optimal | Feasible | Infeasible | Unknown]:
    """The answers to many requests, in their order: to each the one that ``solve`` gives.

    Requests are taken as they are needed, and answers given as soon as those before them are
    there, so neither need end. Every request has its own time limit (``time_limit_s``). Those that
    differ in money alone (budget, tax, shipping) share their searches: of equal ones the larger
    budget first is the fastest order.

    Args:
        requests: what is asked.
        executor: what runs the searches; it is left running. Default: processes on the local
            cores, ended with the iteration. They import the calling program, so that keeps its own
            start under ``if __name__ == "__main__"``.
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        workers: how many searches run at once; default: as many as there are cores, or as the
            executor says. 0: one after the other in this process.
        deadline_s: seconds after which no more answers are given, whatever is still searched.
        cancelled: asked now and then; once it says yes no more answers are given.
        on_done: called with the place of a request (from 0) and its answer, as they come.

    Raises:
        InputError: at the place of a request that names something that is not known.
    """
    groups = spread(
        _solved,
        enumerate(requests),
        family,
        catalog=catalog or Catalog.load(),
        executor=executor,
        workers=workers,
        deadline_s=deadline_s,
        cancelled=cancelled,
    )
    waiting: dict[int, Optimal | Feasible | Infeasible | Unknown] = {}
    place = 0
    for group in groups:
        for done in group:
            waiting[done.number] = OUTCOME.validate_json(done.result)
            if on_done is not None:
                on_done(done.number, waiting[done.number])
        while place in waiting:
            yield waiting.pop(place)
            place += 1


def _solved(desk: Desk, request: Request) -> bytes:
    """An answer as it travels: JSON is read and written faster than a pickle of it."""
    return desk.solve(request).model_dump_json().encode()


def spread(
    work: Callable[[Desk, T], R],
    items: Iterable[tuple[int, T]],
    family_of: Callable[[T], Hashable],
    *,
    catalog: Catalog,
    executor: Executor | None = None,
    workers: int | None = None,
    deadline_s: float | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[list[Done[R]]]:
    """Do something with every numbered item, in whatever order it gets done.

    ``work`` is a function of a module, which an executor's processes import; ``family_of`` tells
    which items share searches. Yields what is done, at once for all that is there. The other
    arguments are those of :func:`solve_many`.

    Raises:
        RigoptError: whatever ``work`` raises.
        InternalError: if the workers die again and again.
    """
    end = None if deadline_s is None else time.monotonic() + deadline_s

    def stopped() -> bool:
        late = end is not None and time.monotonic() >= end
        return late or (cancelled is not None and cancelled())

    if executor is None and workers == 0:
        desk = Desk(catalog)
        for number, item in items:
            if stopped():
                return
            yield [finished(number, *timed(work, desk, item))]
        return
    look_s = None if end is None and cancelled is None else POLL_S
    with Lanes(work, Backlog(items, family_of), catalog, executor, workers) as lanes:
        while not stopped() and lanes.fill():
            group = lanes.get(look_s)
            if group:
                yield group
