"""Where the time of a call goes: functions are wrapped, and each second is counted once, for the
innermost of them that is running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Parts = Mapping[str, tuple[str, ...]]
"""For every part of the work the functions that do it: "module:Class.method"."""


class Stopwatch:
    """CPU seconds by part of the work; what no part does is "rest"."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: list[str] = []
        self._since = 0.0

    def enter(self, part: str) -> None:
        """Count for a part from now on."""
        self._count()
        self._running.append(part)

    def leave(self) -> None:
        """Count for the part before again."""
        self._count()
        self._running.pop()

    def _count(self) -> None:
        now = time.process_time()
        if self._running:
            part = self._running[-1]
            self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted for a part."""

        def counted(*args: Any, **named: Any) -> Any:
            self.enter(part)
            try:
                return function(*args, **named)
            finally:
                self.leave()

        return counted


@contextmanager
def watched(parts: Parts) -> Iterator[Stopwatch]:
    """A stopwatch for what is done inside."""
    watch = Stopwatch()
    before: list[tuple[Any, str, Any]] = []
    for part, places in parts.items():
        for place in places:
            module, _, path = place.partition(":")
            owner: Any = import_module(module)
            *outer, name = path.split(".")
            for step in outer:
                owner = getattr(owner, step)
            before.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, watch.wrap(part, getattr(owner, name)))
    watch.enter("rest")
    try:
        yield watch
    finally:
        watch.leave()
        for owner, name, function in reversed(before):
            setattr(owner, name, function)
