"""Tasks handed to executors: those that share searches to the same process, as far as none is idle.

Nothing is asked of an executor but to run a function of a module on arguments that can be pickled,
so a cluster of somebody else's will do.
"""

from __future__ import annotations

import pickle
import uuid
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any, Self
from weakref import WeakKeyDictionary

from rigopt.budgets import Desk
from rigopt.catalog import Catalog
from rigopt.errors import InputError, InternalError
from rigopt.pools import cores, local_pool
from rigopt.worker import CATALOGS, Done, NoCatalog, finished, release, run_task

AHEAD = 2
"""Tasks for each worker that are handed over before the first of them is done."""
WAITING = 64
"""Items for each worker that are looked at beforehand, to find those that share searches."""
LATE = 4
"""How many times that may be taken before the oldest of them must be handed over."""
TRIES = 3
"""How often a task is begun whose worker dies."""


_TOKENS: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()


@dataclass
class Task:
    number: int
    item: Any
    family: Hashable = None
    tries: int = 0
    with_catalog: bool = False


class Backlog:
    """Items that wait to be handed over, by family."""

    def __init__(
        self, items: Iterable[tuple[int, Any]], family_of: Callable[[Any], Hashable]
    ) -> None:
        self._source, self._family_of = enumerate(items), family_of
        self._families: dict[Hashable, deque[tuple[int, Task]]] = {}
        self._waiting = self._taken = 0

    def fill(self, most: int) -> None:
        """Take items until so many wait; none while the oldest one is overdue."""
        oldest = min((queue[0][0] for queue in self._families.values()), default=self._taken)
        while self._waiting < most and self._taken - oldest < LATE * most:
            entry = next(self._source, None)
            if entry is None:
                return
            self._taken, (number, item) = entry[0] + 1, entry[1]
            task = Task(number, item, self._family_of(item))
            self._families.setdefault(task.family, deque()).append((entry[0], task))
            self._waiting += 1

    def take(self, own: Hashable, others: set[Hashable]) -> Task | None:
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

    def _pop(self, name: Hashable, end: int) -> Task:
        queue = self._families[name]
        task = (queue.pop() if end else queue.popleft())[1]
        if not queue:
            del self._families[name]
        self._waiting -= 1
        return task


@dataclass
class Lane:
    """A worker, or several that cannot be told apart, with the tasks handed over to it."""

    room: int
    executor: Executor
    close: Callable[[], None]
    revive: Callable[[], tuple[Executor, Callable[[], None]]] | None = None
    """Makes a new pool in place of one that a dead process has broken."""
    family: Hashable = None
    pending: dict[Future[Any], Task] = field(default_factory=dict)
    again: deque[Task] = field(default_factory=deque)
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


class Lanes(AbstractContextManager["Lanes"]):
    """Tasks handed to executors, and what comes back."""

    def __init__(
        self,
        work: Callable[[Desk, Any], Any],
        backlog: Backlog,
        catalog: Catalog,
        executor: Executor | None,
        workers: int | None,
    ) -> None:
        self._work, self._backlog, self._catalog = work, backlog, catalog
        self._executor = executor
        self._workers = workers or getattr(executor, "_max_workers", None) or cores()
        self._lanes: list[Lane] = []
        self._ended: SimpleQueue[tuple[Lane, Future[Any]]] = SimpleQueue()
        self._token = _TOKENS.setdefault(catalog, uuid.uuid4().hex)

    def __enter__(self) -> Self:
        CATALOGS[self._token] = self._catalog
        if self._executor is not None:
            self._lanes = [Lane(AHEAD * self._workers, self._executor, lambda: None)]
        else:
            self._lanes = [
                Lane(AHEAD, *local_pool(), revive=local_pool) for _ in range(self._workers)
            ]
        return self

    def __exit__(self, *_exc: object) -> None:
        for lane in self._lanes:
            for future in lane.pending:
                future.cancel()
            lane.close()
        CATALOGS.pop(self._token, None)

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

    def _fill(self, lane: Lane) -> None:
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

    def _submit(self, lane: Lane, task: Task) -> None:
        packed = self._packed if task.with_catalog else None
        arguments = (self._work, release(), self._token, packed, task.item)
        try:
            future = lane.executor.submit(run_task, *arguments)
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

    def _taken(self, lane: Lane, future: Future[Any], task: Task) -> Done[Any] | None:
        """The end of a task; ``None``: it is to be handed over again."""
        try:
            seconds, result = future.result()
        except CancelledError:
            raise InputError(
                "gave up its tasks", where="executor", mend="see that it runs, and go on"
            ) from None
        except Exception as error:
            task.tries += 1
            if task.tries >= TRIES:
                raise InternalError(
                    f"the worker of scenario {task.number:,} died {TRIES} times ({error!r})"
                ) from error
            lane.broken = lane.broken or isinstance(error, BrokenExecutor)
            lane.again.append(task)
            return None
        if isinstance(result, NoCatalog):
            task.with_catalog = True
            lane.again.append(task)
            return None
        return finished(task.number, seconds, result)
