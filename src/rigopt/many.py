"""Many questions at once, on the local cores or on any ``concurrent.futures.Executor``.

The catalogue goes to a process once: a task names it by a token, and a process that does not hold
it says so and is sent it with the next task. Nothing else is asked of an executor but to run a
function of this module on arguments that can be pickled, so a cluster of somebody else's will do.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from rigopt.catalog import Catalog
from rigopt.errors import InputError, InternalError
from rigopt.outcome import OUTCOME, Feasible, Infeasible, Optimal, Unknown
from rigopt.request import Request
from rigopt.solving import solve

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Tasks for each worker that are handed over before the first of them is done."""
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
    there, so neither may end. Every request has its own time limit (``time_limit_s``).

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


def _solved(catalog: Catalog, request: Request) -> bytes:
    """An answer as it travels: JSON is read and written faster than a pickle of it."""
    return solve(request, catalog=catalog).model_dump_json().encode()


def spread(
    work: Callable[[Catalog, T], R],
    items: Iterable[tuple[int, T]],
    *,
    catalog: Catalog,
    executor: Executor | None = None,
    workers: int | None = None,
    deadline_s: float | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[list[Done[R]]]:
    """Do something with every numbered item, in whatever order it gets done.

    ``work`` is a function of a module, which an executor's processes import. Yields what is done,
    at once for all that is there. The other arguments are those of :func:`solve_many`.

    Raises:
        RigoptError: whatever ``work`` raises.
        InternalError: if the workers die again and again.
    """
    end = None if deadline_s is None else time.monotonic() + deadline_s

    def stopped() -> bool:
        late = end is not None and time.monotonic() >= end
        return late or (cancelled is not None and cancelled())

    look_s = None if end is None and cancelled is None else POLL_S
    if executor is None and workers == 1:
        for number, item in items:
            if stopped():
                return
            yield [_kept(number, *_timed(work, catalog, item))]
        return
    with _Queue(work, catalog, executor, workers) as queue:
        source, left = iter(items), True
        while left or queue.pending:
            while left and queue.wants_more and not stopped():
                entry = next(source, None)
                left = entry is not None
                if entry is not None:
                    queue.put(*entry)
            if stopped():
                return
            group = queue.get(look_s)
            if group:
                yield group


class _Failure(NamedTuple):
    """What a task raised: a value, to be told from what befell its worker."""

    error: BaseException


class _NoCatalog:
    """What a process answers that does not hold the catalogue."""


def _kept(number: int, seconds: float, result: Any) -> Done[Any]:
    if isinstance(result, _Failure):
        raise result.error
    return Done(number, result, seconds)


def _timed(work: Callable[[Catalog, T], R], catalog: Catalog, item: T) -> tuple[float, Any]:
    begun = time.perf_counter()
    try:
        result: Any = work(catalog, item)
    except Exception as error:  # noqa: BLE001 (raised where the answers are taken)
        result = _Failure(error)
    return time.perf_counter() - begun, result


_CATALOGS: OrderedDict[str, Catalog] = OrderedDict()
"""What this process holds, by token."""
_TOKENS: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()


def _task(
    work: Callable[[Catalog, Any], Any],
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
    return _timed(work, catalog, item)


@lru_cache(maxsize=1)
def _release() -> str:
    """What must be the same at both ends."""
    try:
        return f"rigopt {version('rigopt')} with OR-tools {version('ortools')}"
    except PackageNotFoundError as error:
        return f"no {error.name}"


@dataclass
class _Task:
    number: int
    item: Any
    tries: int = 0
    with_catalog: bool = False
    executor: Executor | None = None
    """The one that it was handed to."""


class _Queue(AbstractContextManager["_Queue"]):
    """Tasks handed to an executor, and what comes back."""

    def __init__(
        self,
        work: Callable[[Catalog, Any], Any],
        catalog: Catalog,
        executor: Executor | None,
        workers: int | None,
    ) -> None:
        self._work, self._catalog = work, catalog
        self._own = executor is None
        self._workers = workers or getattr(executor, "_max_workers", None) or cores()
        self._executor = executor
        self._close: Callable[[], None] = lambda: None
        self.pending: dict[Future[Any], _Task] = {}
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._token = _TOKENS.setdefault(catalog, uuid.uuid4().hex)

    def __enter__(self) -> _Queue:
        _CATALOGS[self._token] = self._catalog
        if self._own:
            self._executor, self._close = _local_pool(self._workers)
        return self

    def __exit__(self, *_exc: object) -> None:
        for future in self.pending:
            future.cancel()
        self._close()
        _CATALOGS.pop(self._token, None)

    @property
    def wants_more(self) -> bool:
        return len(self.pending) < AHEAD * self._workers

    @cached_property
    def _packed(self) -> bytes:
        return pickle.dumps(self._catalog, protocol=pickle.HIGHEST_PROTOCOL)

    def put(self, number: int, item: Any) -> None:
        self._submit(_Task(number, item))

    def _submit(self, task: _Task) -> None:
        packed = self._packed if task.with_catalog else None
        arguments = (self._work, _release(), self._token, packed, task.item)
        assert self._executor is not None
        try:
            future = self._executor.submit(_task, *arguments)
        except BrokenExecutor:
            task.executor = self._executor
            self._revive(task)
            future = self._executor.submit(_task, *arguments)
        task.executor = self._executor
        self.pending[future] = task
        future.add_done_callback(self._ended.put)

    def get(self, timeout_s: float | None) -> list[Done[Any]]:
        """What is done by now; waits for the first."""
        try:
            ended = [self._ended.get(timeout=timeout_s)]
        except Empty:
            return []
        while not self._ended.empty():
            ended.append(self._ended.get())
        found = []
        for future in ended:
            task = self.pending.pop(future, None)
            if task is None:
                continue
            done = self._taken(future, task)
            if done is not None:
                found.append(done)
        return found

    def _taken(self, future: Future[Any], task: _Task) -> Done[Any] | None:
        """The end of a task; ``None``: it was handed over again."""
        try:
            seconds, result = future.result()
        except Exception as error:
            task.tries += 1
            if task.tries >= TRIES:
                raise InternalError(
                    f"the worker of scenario {task.number:,} died {TRIES} times ({error!r})"
                ) from error
            if isinstance(error, BrokenExecutor):
                self._revive(task)
            self._submit(task)
            return None
        if isinstance(result, _NoCatalog):
            task.with_catalog = True
            self._submit(task)
            return None
        return _kept(task.number, seconds, result)

    def _revive(self, task: _Task) -> None:
        """A new pool in place of the one that a dead process has broken, unless it is there."""
        if not self._own:
            raise InternalError("the executor is broken: one of its processes died")
        if task.executor is self._executor:
            self._close()
            self._executor, self._close = _local_pool(self._workers)


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _local_pool(workers: int) -> tuple[ProcessPoolExecutor, Callable[[], None]]:
    """Processes on this machine, and what ends them at once.

    They are spawned, not forked: threads of the caller (and of libraries) do no harm then. They
    end when the other end of a pipe closes, which it does however this process ends.
    """
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(reader,))

    def close() -> None:
        writer.close()
        pool.shutdown(wait=True, cancel_futures=True)
        reader.close()

    return pool, close


def _begin(owner: Connection) -> None:
    """In a process of the pool: leave Ctrl-C to the owner, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        try:
            owner.poll(None)
        finally:
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
