"""What runs at the other end of an executor: a function of this module, on a catalogue kept there.

The catalogue goes to a process once: a task names it by a token, and a process that does not hold
it says so and is sent it with the next task.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, NamedTuple, TypeVar

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.resources import models_digest
from rigopt.whatif.budgets import Desk

T = TypeVar("T")
R = TypeVar("R")

HELD = 2
"""Catalogues that a process holds."""


class Failure(NamedTuple):
    """What a task raised: a value, to be told from what befell its worker."""

    error: BaseException


class NoCatalog:
    """What a process answers that does not hold the catalogue."""


class Done(NamedTuple, Generic[R]):
    """A task that is finished."""

    number: int
    result: R
    seconds: float
    """What it took in its process."""


def finished(number: int, seconds: float, result: Any) -> Done[Any]:
    """The end of a task.

    Raises:
        Exception: what the task raised.
    """
    if isinstance(result, Failure):
        raise result.error
    return Done(number, result, seconds)


def timed(work: Callable[[Desk, T], R], desk: Desk, item: T) -> tuple[float, Any]:
    """The seconds that some work took, and what it gave, or its failure."""
    begun = time.perf_counter()
    try:
        result: Any = work(desk, item)
    except Exception as error:  # noqa: BLE001 (raised where the answers are taken)
        result = Failure(error)
    return time.perf_counter() - begun, result


CATALOGS: OrderedDict[str, Catalog] = OrderedDict()
"""What this process holds, by token."""


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


def run_task(
    work: Callable[[Desk, Any], Any],
    wanted: Mapping[str, str],
    token: str,
    packed: bytes | None,
    item: Any,
) -> tuple[float, Any]:
    """What a worker does; at the other end of whatever the executor is."""
    if wanted != release():
        error = InputError(
            f"a worker has {_told(release())}, this process {_told(wanted)}",
            where="executor",
            mend="install the same on both",
        )
        return 0.0, Failure(error)
    catalog = CATALOGS.get(token)
    if catalog is None:
        if packed is None:
            return 0.0, NoCatalog()
        catalog = CATALOGS[token] = pickle.loads(packed)
        while len(CATALOGS) > HELD:
            CATALOGS.popitem(last=False)
    return timed(work, _DESKS.of(token, catalog), item)


@lru_cache(maxsize=1)
def release() -> Mapping[str, str]:
    """What answers rest on beside the catalogue: it must be the same at both ends."""
    found = {"models": models_digest()}
    for name, package in (("rigopt", "rigopt"), ("OR-tools", "ortools")):
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def _told(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in found.items())
