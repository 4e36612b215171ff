"""Processes on this machine that work for this one, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Pool(ProcessPoolExecutor):
    """One process. If it ends while it sends a result, the pool is broken, and does not hang."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Hand over a task.

        Raises:
            BrokenProcessPool: if the process has ended.
        """
        future = super().submit(fn, *args, **kwargs)
        # The standard library keeps the writing end of the results open here, too, so that half a
        # result would be waited for forever. By now the process has its own.
        self._result_queue._writer.close()  # type: ignore[attr-defined]
        return future


def local_pool() -> tuple[Pool, Callable[[], None]]:
    """A process on this machine, and what ends it at once.

    It is spawned, not forked: threads of the caller (and of libraries) do no harm then. It ends
    when the other end of a pipe closes, which it does however this process ends.
    """
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    pool = Pool(1, context, initializer=_begin, initargs=(reader,))

    def close() -> None:
        writer.close()
        pool.shutdown(wait=True, cancel_futures=True)
        reader.close()

    return pool, close


def _begin(owner: Connection) -> None:
    """In the process: leave Ctrl-C to the owner, and end when it ends."""
    if hasattr(signal, "pthread_sigmask"):  # searches set a handler of their own, and unset it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        try:
            owner.poll(None)
        finally:
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
