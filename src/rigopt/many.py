"""Many questions at once, on the local cores or on any ``concurrent.futures.Executor``.

The catalogue goes to a process once: a task names it by a token, and a process that does not hold
it says so and is sent it with the next task. Nothing else is asked of an executor but to run a
function of this module on arguments that can be pickled, so a cluster of somebody else's will do.
On the local cores, questions that share searches go to the same process, as far as none is idle.
"""

from __future__ import annotations

import pickle
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from rigopt.budgets import Desk, family
from rigopt.catalog import Catalog
from rigopt.errors import InputError, InternalError
from rigopt.outcome import OUTCOME, Feasible, Infeasible, Optimal, Unknown
from rigopt.pools import cores, local_pool
from rigopt.request import Request

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Tasks for each worker that are handed over before the first of them is done."""
WAITING = 64
"""Items for each worker that are looked at beforehand, to find those that share searches."""
LATE = 4
"""How many times that may be taken before the oldest of them must be handed over."""
TRIES = 3
"""How often a task is begun whose worker dies."""
POLL_S = 0.05
HELD = 2
"""Catalogues that a worker process holds."""


class Done(NamedTuple, Generic[R]):
    """A task that is finished."""

    number: int
    result: R
    seconds: float
    """What it took in its process."""


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
            cores, ended with the iteration.
        catalog: what to choose from; default: the catalogue that comes with rigopt.
        workers: how many searches run at once; default: as many as there are cores, or as the
            executor says. 1 without an executor: in this process.
        deadline_s: seconds after which no more answers are given, whatever is still searched.
        cancelled: asked now and then; once it says yes no more answers are given.
        on_done: called with the place of a request (from 0) and its answer, as they come.

    Raises:
        InputError: at the place of a request that names something that is not known.
    """
    finished = spread(
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
    for group in finished:
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

    if executor is None and workers == 1:
        desk = Desk(catalog)
        for number, item in items:
            if stopped():
                return
            yield [_kept(number, *_timed(work, desk, item))]
        return
    look_s = None if end is None and cancelled is None else POLL_S
    with _Queue(work, _Backlog(items, family_of), catalog, executor, workers) as queue:
        while not stopped() and queue.fill():
            group = queue.get(look_s)
            if group:
                yield group


# --- in a worker --------------------------------------------------------------------------------


class _Failure(NamedTuple):
    """What a task raised: a value, to be told from what befell its worker."""

    error: BaseException


class _NoCatalog:
    """What a process answers that does not hold the catalogue."""


def _kept(number: int, seconds: float, result: Any) -> Done[Any]:
    if isinstance(result, _Failure):
        raise result.error
    return Done(number, result, seconds)


def _timed(work: Callable[[Desk, T], R], desk: Desk, item: T) -> tuple[float, Any]:
    begun = time.perf_counter()
    try:
        result: Any = work(desk, item)
    except Exception as error:  # noqa: BLE001 (raised where the answers are taken)
        result = _Failure(error)
    return time.perf_counter() - begun, result


_CATALOGS: OrderedDict[str, Catalog] = OrderedDict()
"""What this process holds, by token."""
_TOKENS: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()


class _Desks(threading.local):
    """The desk of every thread that works here, with the token of its catalogue."""

    def __init__(self) -> None:
        self.token = ""
        self.desk: Desk | None = None

    def of(self, token: str, catalog: Catalog) -> Desk:
        if self.desk is None or self.token != token:
            self.token, self.desk = token, Desk(catalog)
        return self.desk


_DESKS = _Desks()


def _task(
    work: Callable[[Desk, Any], Any],
    release: str,
    token: str,
    packed: bytes | None,
    item: Any,
) -> tuple[float, Any]:
    """What a worker does; at the other end of whatever the executor is."""
    if release != _release():
        error = InputError(
            f"a worker has {_release()}, this process {release}",
            where="executor",
            mend="install the same versions on both",
        )
        return 0.0, _Failure(error)
    catalog = _CATALOGS.get(token)
    if catalog is None:
        if packed is None:
            return 0.0, _NoCatalog()
        catalog = _CATALOGS[token] = pickle.loads(packed)
        while len(_CATALOGS) > HELD:
            _CATALOGS.popitem(last=False)
    return _timed(work, _DESKS.of(token, catalog), item)


@lru_cache(maxsize=1)
def _release() -> str:
    """What must be the same at both ends."""
    try:
        return f"rigopt {version('rigopt')} with OR-tools {version('ortools')}"
    except PackageNotFoundError as error:
        return f"no {error.name}"


# --- where the tasks are handed out -------------------------------------------------------------


@dataclass
class _Task:
    number: int
    item: Any
    family: Hashable = None
    tries: int = 0
    with_catalog: bool = False


class _Backlog:
    """Items that wait to be handed over, by family."""

    def __init__(
        self, items: Iterable[tuple[int, Any]], family_of: Callable[[Any], Hashable]
    ) -> None:
        self._source, self._family_of = enumerate(items), family_of
        self._families: dict[Hashable, deque[tuple[int, _Task]]] = {}
        self._waiting = self._taken = 0

    def fill(self, most: int) -> None:
        """Take items until so many wait; none while the oldest one is overdue."""
        oldest = min((queue[0][0] for queue in self._families.values()), default=self._taken)
        while self._waiting < most and self._taken - oldest < LATE * most:
            entry = next(self._source, None)
            if entry is None:
                return
            self._taken, (number, item) = entry[0] + 1, entry[1]
            task = _Task(number, item, self._family_of(item))
            self._families.setdefault(task.family, deque()).append((entry[0], task))
            self._waiting += 1

    def take(self, own: Hashable, others: set[Hashable]) -> _Task | None:
        """The next of one's own family; else of one that is nobody's; else the last of the longest
        one, from which its owner is furthest away."""
        if own in self._families:
            return self._pop(own, 0)
        free = next((name for name in self._families if name not in others), None)
        if free is not None:
            return self._pop(free, 0)
        if not self._families:
            return None
        return self._pop(max(self._families, key=lambda name: len(self._families[name])), -1)

    def _pop(self, name: Hashable, end: int) -> _Task:
        queue = self._families[name]
        task = (queue.pop() if end else queue.popleft())[1]
        if not queue:
            del self._families[name]
        self._waiting -= 1
        return task


@dataclass
class _Lane:
    """A worker, or several that cannot be told apart, with the tasks handed over to it."""

    room: int
    executor: Executor
    close: Callable[[], None]
    revive: Callable[[], tuple[Executor, Callable[[], None]]] | None = None
    """Makes a new pool in place of one that a dead process has broken."""
    family: Hashable = None
    pending: dict[Future[Any], _Task] = field(default_factory=dict)
    again: deque[_Task] = field(default_factory=deque)
    """Tasks whose worker died, or had no catalogue."""
    broken: bool = False

    @property
    def has_room(self) -> bool:
        """Whether it takes another task now."""
        return not self.broken and not self.alone and len(self.pending) < self.room

    @property
    def alone(self) -> bool:
        """Whether it tries a task again whose worker died: by itself, to tell whose fault it is."""
        return self.revive is not None and any(task.tries for task in self.pending.values())

    def mend(self) -> None:
        """Take a new pool in place of a broken one, once all that it had has come back."""
        if self.broken and not self.pending:
            if self.revive is None:
                raise InternalError("the executor is broken: one of its processes died")
            self.close()
            self.executor, self.close = self.revive()
            self.broken = False


class _Queue(AbstractContextManager["_Queue"]):
    """Tasks handed to executors, and what comes back."""

    def __init__(
        self,
        work: Callable[[Desk, Any], Any],
        backlog: _Backlog,
        catalog: Catalog,
        executor: Executor | None,
        workers: int | None,
    ) -> None:
        self._work, self._backlog, self._catalog = work, backlog, catalog
        self._executor = executor
        self._workers = workers or getattr(executor, "_max_workers", None) or cores()
        self._lanes: list[_Lane] = []
        self._ended: SimpleQueue[tuple[_Lane, Future[Any]]] = SimpleQueue()
        self._token = _TOKENS.setdefault(catalog, uuid.uuid4().hex)

    def __enter__(self) -> _Queue:
        _CATALOGS[self._token] = self._catalog
        if self._executor is not None:
            self._lanes = [_Lane(AHEAD * self._workers, self._executor, lambda: None)]
        else:
            self._lanes = [
                _Lane(AHEAD, *local_pool(), revive=local_pool) for _ in range(self._workers)
            ]
        return self

    def __exit__(self, *_exc: object) -> None:
        for lane in self._lanes:
            for future in lane.pending:
                future.cancel()
            lane.close()
        _CATALOGS.pop(self._token, None)

    @cached_property
    def _packed(self) -> bytes:
        return pickle.dumps(self._catalog, protocol=pickle.HIGHEST_PROTOCOL)

    def fill(self) -> bool:
        """Hand over what there is room for; whether anything is under way then."""
        self._backlog.fill(WAITING * self._workers)
        for _ in range(AHEAD):
            for lane in self._lanes:
                lane.mend()
                self._fill(lane)
        return any(lane.pending for lane in self._lanes)

    def _fill(self, lane: _Lane) -> None:
        """A few tasks for a lane: one for a worker at a time, that none takes all."""
        for _ in range(max(1, lane.room // AHEAD)):
            if not lane.has_room:
                return
            if lane.again:
                if lane.revive is not None and lane.again[0].tries and lane.pending:
                    return
                self._submit(lane, lane.again.popleft())
                continue
            others = {other.family for other in self._lanes if other is not lane}
            task = self._backlog.take(lane.family, others)
            if task is None:
                return
            lane.family = task.family
            self._submit(lane, task)

    def _submit(self, lane: _Lane, task: _Task) -> None:
        packed = self._packed if task.with_catalog else None
        arguments = (self._work, _release(), self._token, packed, task.item)
        try:
            future = lane.executor.submit(_task, *arguments)
        except BrokenExecutor:
            lane.broken = True
            lane.again.appendleft(task)
            lane.mend()
            return
        lane.pending[future] = task
        future.add_done_callback(lambda ended: self._ended.put((lane, ended)))

    def get(self, timeout_s: float | None) -> list[Done[Any]]:
        """What is done by now; waits for the first."""
        try:
            ended = [self._ended.get(timeout=timeout_s)]
        except Empty:
            return []
        while not self._ended.empty():
            ended.append(self._ended.get())
        found = []
        for lane, future in ended:
            task = lane.pending.pop(future)
            done = self._taken(lane, future, task)
            if done is not None:
                found.append(done)
        return found

    def _taken(self, lane: _Lane, future: Future[Any], task: _Task) -> Done[Any] | None:
        """The end of a task; ``None``: it is to be handed over again."""
        try:
            seconds, result = future.result()
        except Exception as error:
            task.tries += 1
            if task.tries >= TRIES:
                raise InternalError(
                    f"the worker of scenario {task.number:,} died {TRIES} times ({error!r})"
                ) from error
            lane.broken = isinstance(error, BrokenExecutor)
            lane.again.append(task)
            return None
        if isinstance(result, _NoCatalog):
            task.with_catalog = True
            lane.again.append(task)
            return None
        return _kept(task.number, seconds, result)
