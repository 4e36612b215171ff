"""A run of many scenarios into one file, which survives whatever ends it.

What is done stands in the journal beside the file; the file itself is written when all is done,
from the journal, and so is the same whoever did what, when, and in how many runs.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from math import prod
from pathlib import Path
from statistics import mean
from typing import Self

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.request import Request
from rigopt.whatif.budgets import MONEY, Desk, family
from rigopt.whatif.journal import Journal
from rigopt.whatif.many import spread
from rigopt.whatif.results import (
    SCENARIO,
    SECONDS,
    Row,
    result_columns,
    row_of,
    write_rows,
    writer_for,
)
from rigopt.whatif.scenarios import Column, Scenario, ScenarioSet
from rigopt.whatif.summary import Summary, summarise
from rigopt.whatif.worker import release
from rigopt.workloads import mix_named
from rigopt.world import market_of

MANY = 100_000
"""More scenarios than that are hardly meant."""
PROBE_S = 5.0
"""No estimate takes much longer."""


def not_too_many(scenarios: ScenarioSet, *, meant: bool) -> None:
    """Refuse a set that is so large by accident.

    Raises:
        InputError: if it is, and was not said to be meant.
    """
    if scenarios.count > MANY and not meant:
        raise InputError(
            f"makes {scenarios.count:,} scenarios",
            where="axes",
            mend="take larger steps or a sample, or add --yes if that is meant",
        )


def estimate(scenarios: ScenarioSet, catalog: Catalog, workers: int) -> float:
    """The seconds that all scenarios may take: judged by solving a few of them.

    Scenarios that differ in money alone share their searches: of two such families the first
    scenario and one more are solved.
    """
    size = prod(len(axis.values) for axis in scenarios.axes if set(axis.keys) <= set(MONEY))
    size = max(1, size * scenarios.count // scenarios.grid)
    middle = scenarios.count // size // 2 * size
    starts = {place: place % size == 0 for place in (0, size // 2, middle, middle + size // 2)}
    desk, end = Desk(catalog), time.perf_counter() + PROBE_S
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for place, number in enumerate(islice(scenarios.ordered(MONEY), max(starts) + 1)):
        if place in starts and time.perf_counter() < end:
            begun, scenario = time.perf_counter(), scenarios.scenario(number)
            desk.solve(scenario.request, scenario.shocks, near=False)
            seconds[starts[place]].append(time.perf_counter() - begun)
    first = mean(seconds[True])
    families = -(-scenarios.count // size)
    later = mean(seconds[False] or [first])
    total = families * first + (scenarios.count - families) * later
    return total / min(workers, scenarios.count)


class Batch:
    """The scenarios of a set with what is done of them; open until it is closed."""

    def __init__(
        self,
        scenarios: ScenarioSet,
        catalog: Catalog,
        out: Path,
        looked_up: Sequence[Request],
        *,
        timed: bool = True,
    ) -> None:
        """Open a run, or begin it.

        Args:
            scenarios: validated ones.
            catalog: what to choose from.
            out: the file to write: ``.csv``, ``.jsonl`` or ``.parquet``.
            looked_up: what ``scenarios.validate`` gave.
            timed: whether the file tells the seconds that each took: no two runs agree on them.

        Raises:
            InputError: if the file cannot be written, or holds results of something else; it is
                left as it was.
        """
        writer_for(out, where=str(out))
        self.scenarios, self.out, self.timed = scenarios, out, timed
        self._catalog = catalog
        mixes = dict.fromkeys(request.workload for request in looked_up)
        self.workloads = tuple(
            {work.name: work for mix in mixes for work, _ in mix_named(mix).workloads}.values()
        )
        path = out.with_name(f"{out.name}.journal")
        if out.exists() and not path.exists():
            raise InputError(
                "is there already, and no journal tells what it holds",
                where=str(out),
                mend="name another --out, or remove it",
            )
        head: dict[str, str | int] = {
            "scenarios": scenarios.digest,
            "catalogue": catalog.digest,
            "prices": _digest_of_prices(catalog, looked_up),
            **release(),
        }
        self._journal = Journal(path, head, scenarios.count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave it to the next run."""
        self._journal.close()

    @property
    def done(self) -> int:
        """How many scenarios are finished, by this run and those before it."""
        return self._journal.done

    @property
    def is_complete(self) -> bool:
        """Whether all are."""
        return self.done == self.scenarios.count

    @property
    def journal(self) -> Path:
        """The file that tells what is done."""
        return self._journal.path

    def run(
        self,
        executor: Executor | None = None,
        *,
        workers: int | None = None,
        deadline_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
        tell: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        """Do what is not done yet, and write the file once all is.

        The arguments are those of :func:`rigopt.whatif.many.solve_many`; ``tell`` is called with
        how many scenarios are done, and how many there are.

        Raises:
            InputError: if the disk is full, or the like; all but what was under way is kept.
        """
        tell(self.done, self.scenarios.count)
        left = (n for n in self.scenarios.ordered(MONEY) if not self._journal.has(n))
        if not self.is_complete:
            for group in spread(
                row_text,
                ((number, self.scenarios.scenario(number)) for number in left),
                family_of,
                catalog=self._catalog,
                executor=executor,
                workers=workers,
                deadline_s=deadline_s,
                cancelled=cancelled,
            ):
                entries = [
                    (d.number, f'"{SECONDS.name}":{d.seconds:.3f},{d.result}') for d in group
                ]
                with self._kept():
                    self._journal.append(entries)
                tell(self.done, self.scenarios.count)
        if self.is_complete:
            with self._kept():
                write_rows(self.out, self.columns, self.rows())

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """A full disk or the like, told as what to do about it."""
        try:
            yield
        except OSError as error:
            raise InputError(
                f"cannot be written ({(error.strerror or 'error').lower()}), "
                f"{self.done:,} of {self.scenarios.count:,} scenarios are kept",
                where=str(self.out),
                mend="make room and give the same command again",
            ) from None

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Of the results."""
        inputs, results = self.scenarios.columns, result_columns(self.workloads)
        return (SCENARIO, *inputs, *results, *((SECONDS,) if self.timed else ()))

    def rows(self) -> Iterator[Row]:
        """The results of all scenarios that are done, in their order."""
        names = [column.name for column in self.scenarios.columns]
        for number in range(1, self.scenarios.count + 1):
            if self._journal.has(number):
                inputs = dict(zip(names, self.scenarios.cells(number), strict=True))
                yield inputs | self._journal.entry(number)

    def summary(self) -> Summary:
        """What the results say together, as far as they are there."""
        return summarise(self.scenarios, self.rows(), self.workloads)


def row_text(desk: Desk, scenario: Scenario) -> str:
    """The inside of a JSON object with the cells of a scenario's answer."""
    outcome = desk.solve(scenario.request, scenario.shocks, near=False)
    return json.dumps(row_of(outcome), ensure_ascii=False)[1:-1]


def family_of(scenario: Scenario) -> Hashable:
    """What scenarios have in common that share their searches."""
    return family(scenario.request), scenario.shocks


def _digest_of_prices(catalog: Catalog, looked_up: Sequence[Request]) -> str:
    """Twelve hex digits that change when any price does, on the days that are asked about."""
    hasher = hashlib.sha256()
    for market in dict.fromkeys(market_of(request, catalog) for request in looked_up):
        for row in (market.info, *market.rows()):
            hasher.update(row.model_dump_json().encode())
    return hasher.hexdigest()[:12]
