"""Tasks handed to executors: those that share searches to the same process, as far as none is idle.

Nothing is asked of an executor but to run a function of a module on arguments that can be pickled,
so a cluster of somebody else's will do.
"""

from __future__ import annotations

import pickle
import uuid
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any, Self
from weakref import WeakKeyDictionary

from rigopt.catalog import Catalog
from rigopt.errors import InputError, InternalError
from rigopt.whatif.budgets import Desk
from rigopt.whatif.pools import cores, local_pool
from rigopt.whatif.worker import CATALOGS, Done, NoCatalog, finished, release, run_task

AHEAD = 2
"""Tasks for each worker that are handed over before the first of them is done."""
WAITING = 256
"""Items for each worker that are looked at beforehand, to find those that share searches."""
LATE = 4
"""How many times that may be taken before the oldest of them must be handed over."""
TRIES = 3
"""How often a task is begun whose worker dies."""


_TOKENS: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()


@dataclass
class Task:
    """An item on its way."""

    number: int
    item: Any
    family: Hashable
    tries: int = 0
    with_catalog: bool = False


RunKey = tuple[Hashable, int]
"""A family, and which part of it."""


class Backlog:
    """Items that wait to be handed over: runs of those that share searches, in their order."""

    def __init__(
        self, items: Iterable[tuple[int, Any]], family_of: Callable[[Any], Hashable]
    ) -> None:
        self._source, self._family_of = enumerate(items), family_of
        self._runs: dict[RunKey, deque[tuple[int, Task]]] = {}
        self._parts: dict[Hashable, int] = {}
        """Of every family that waits, the run that grows."""
        self._waiting = self._taken = 0

    def fill(self, most: int) -> None:
        """Take items until so many wait; none while the oldest one is overdue."""
        oldest = min((run[0][0] for run in self._runs.values()), default=self._taken)
        while self._waiting < most and self._taken - oldest < LATE * most:
            entry = next(self._source, None)
            if entry is None:
                return
            self._taken, (number, item) = entry[0] + 1, entry[1]
            task = Task(number, item, self._family_of(item))
            key = task.family, self._parts.setdefault(task.family, 0)
            self._runs.setdefault(key, deque()).append((entry[0], task))
            self._waiting += 1

    def take(self, own: RunKey | None, others: Collection[RunKey | None]) -> RunKey | None:
        """The run to go on with: one's own; else one that is nobody's; else half of the longest."""
        if own in self._runs:
            return own
        free = next((key for key in self._runs if key not in others), None)
        if free is not None or not self._runs:
            return free
        longest, run = max(self._runs.items(), key=lambda item: len(item[1]))
        half = [run.pop() for _ in range(len(run) // 2)]
        if not half:
            return longest
        family = longest[0]
        self._parts[family] += 1
        key = family, self._parts[family]
        self._runs[key] = deque(reversed(half))
        return key

    def pop(self, key: RunKey) -> Task:
        """The next item of a run."""
        run = self._runs[key]
        task = run.popleft()[1]
        self._waiting -= 1
        if not run:
            del self._runs[key]
            grows = self._parts[task.family]
            if grows == 0 or not any(
                (task.family, part) in self._runs for part in range(grows + 1)
            ):
                del self._parts[task.family]
        return task


@dataclass
class Lane:
    """A worker, or several that cannot be told apart, with the tasks handed over to it."""

    room: int
    executor: Executor
    close: Callable[[], None]
    revive: Callable[[], tuple[Executor, Callable[[], None]]] | None = None
    """Makes a new pool in place of one that a dead process has broken."""
    run: RunKey | None = None
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
                raise InputError(
                    "is broken: one of its processes died", where="executor", mend="make a new one"
                )
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
            others = {other.run for other in self._lanes if other is not lane}
            lane.run = self._backlog.take(lane.run, others)
            if lane.run is None:
                return
            self._submit(lane, self._backlog.pop(lane.run))

    def _submit(self, lane: Lane, task: Task) -> None:
        packed = self._packed if task.with_catalog else None
        arguments = (self._work, release(), self._token, packed, task.item)
        try:
            future = lane.executor.submit(run_task, *arguments)
        except BrokenExecutor as error:
            lane.broken = True
            if lane.pending:
                lane.again.appendleft(task)
                return
            _note_death(task, error)
            lane.mend()
            self._submit(lane, task)
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
        except Exception as error:  # noqa: BLE001 (whatever befell the worker)
            _note_death(task, error)
            lane.broken = lane.broken or isinstance(error, BrokenExecutor)
            lane.again.append(task)
            return None
        if isinstance(result, NoCatalog):
            task.with_catalog = True
            lane.again.append(task)
            return None
        return finished(task.number, seconds, result)


def _note_death(task: Task, error: Exception) -> None:
    """Count a try whose worker died.

    Raises:
        InternalError: if that was the last.
    """
    task.tries += 1
    if task.tries >= TRIES:
        raise InternalError(
            f"the worker of scenario {task.number:,} died {TRIES} times ({error!r})"
        ) from error
