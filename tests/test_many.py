"""Many requests at once: the answers of ``solve``, in order, whoever computes them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import struct
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path

import pytest

from rigopt.catalog import Catalog
from rigopt.errors import InputError, InternalError
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.whatif.budgets import Desk
from rigopt.whatif.many import solve_many, spread
from rigopt.whatif.pools import local_pool
from rigopt.whatif.worker import finished, release, run_task

ASKED = tuple(
    Request(budget_cents=100 * dollars, min_vram_gb=vram)
    for dollars in (1_500, 2_500, 900, 1_900)
    for vram in (None, 16, 48)
)
"""Families alternate, and budgets rise and fall."""


@pytest.fixture(scope="module")
def answers(small: Catalog) -> list[str]:
    """What each request gives alone."""
    return [solve(request, catalog=small).model_dump_json() for request in ASKED]


@contextmanager
def executor(name: str) -> Iterator[Executor | None]:
    """Engines that callers may bring along."""
    spawn = multiprocessing.get_context("spawn")
    made = {
        "own": lambda: nullcontext(),
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(2, spawn),
    }[name]()
    with made as engine:
        yield engine


@pytest.mark.parametrize(
    ("name", "workers"),
    [("own", 0), ("own", 1), ("own", 3), ("threads", None), ("processes", None)],
)
def test_answers_come_in_order_and_are_those_of_solve(
    name: str, workers: int | None, small: Catalog, answers: list[str]
) -> None:
    """In this process, on local ones or on somebody's: the same bytes in the same order."""
    with executor(name) as engine:
        found = solve_many(ASKED, engine, catalog=small, workers=workers)
        assert [answer.model_dump_json() for answer in found] == answers


def test_an_executor_of_the_caller_is_left_running(small: Catalog) -> None:
    """What the caller brought along works on afterwards."""
    with ThreadPoolExecutor(1) as engine:
        list(solve_many(ASKED[:2], engine, catalog=small))
        assert engine.submit(sum, (1, 2)).result() == 3


def test_requests_need_not_end(small: Catalog, answers: list[str]) -> None:
    """Of an endless stream the first answers come, and leaving it ends the processes."""
    stream = solve_many(itertools.cycle(ASKED), catalog=small, workers=2)
    found = [answer.model_dump_json() for answer in itertools.islice(stream, 2 * len(ASKED))]
    assert found == answers * 2
    stream.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_an_endless_family_starves_nobody(small: Catalog) -> None:
    """One request of another kind amid an endless stream of one kind is answered in its turn."""
    other = Request(budget_cents=250_000, min_vram_gb=16)
    many = (Request(budget_cents=300_000 - number) for number in itertools.count())
    stream = solve_many(itertools.chain([next(many)], [other], many), catalog=small, workers=2)
    second = list(itertools.islice(stream, 2))[1]
    stream.close()  # type: ignore[attr-defined]
    assert second == solve(other, catalog=small)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_request_that_cannot_be_read_is_told(workers: int, small: Catalog) -> None:
    """A name that is not known raises in the caller what it raises alone."""
    wrong = Request(with_parts=("no-such-part",))
    with pytest.raises(InputError) as alone:
        solve(wrong, catalog=small)
    with pytest.raises(InputError) as many:
        list(solve_many([ASKED[0], wrong], catalog=small, workers=workers))
    assert str(many.value) == str(alone.value)


@pytest.mark.parametrize("workers", [0, 2])
def test_cancelled_gives_what_there_is(workers: int, small: Catalog, answers: list[str]) -> None:
    """Once the caller says stop, no more answers come; those before are whole."""
    found: list[str] = []
    stream = solve_many(ASKED, catalog=small, workers=workers, cancelled=lambda: bool(found))
    found.extend(answer.model_dump_json() for answer in stream)
    assert 1 <= len(found) < len(ASKED)
    assert found == answers[: len(found)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_deadline_ends_an_endless_stream(workers: int, small: Catalog) -> None:
    """After the deadline the iteration ends, although requests are left."""
    found = list(solve_many(itertools.cycle(ASKED), catalog=small, workers=workers, deadline_s=1.5))
    whole = [solve(request, catalog=small) for request in ASKED]
    assert all(a == whole[n % len(whole)] for n, a in enumerate(found[: 2 * len(whole)]))


def test_each_request_has_its_own_deadline(catalog: Catalog, small: Catalog) -> None:
    """A request keeps its own time limit: a search that hits it is not called proven, and the
    one after it is answered as if alone."""
    hard = Request(budget_cents=800_000, time_limit_s=1)
    easy = Request(budget_cents=60_000, min_vram_gb=48)
    first, second = solve_many([hard, easy], catalog=catalog, workers=0)
    assert first.status == "optimal" or "1 s" in first.limit  # type: ignore[union-attr]
    assert second == solve(easy, catalog=catalog)


def test_finished_ones_are_told_as_they_come(small: Catalog) -> None:
    """Every place is told once, with the answer that the iteration gives there."""
    told: dict[int, object] = {}

    def note(place: int, answer: object) -> None:
        assert place not in told
        told[place] = answer

    found = list(solve_many(ASKED, catalog=small, workers=2, on_done=note))
    assert told == dict(enumerate(found))


def _doubled(_desk: Desk, number: int) -> int:
    """Work for the tests below."""
    time.sleep(0.02)
    return 2 * number


def _deadly(_desk: Desk, number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def _even(number: int) -> int:
    return number % 2


def test_a_killed_process_loses_nothing(small: Catalog) -> None:
    """Processes that are killed in mid-run are replaced, and every item is done exactly once."""
    done: list[int] = []
    killed = 0
    items = [(number, number) for number in range(60)]
    for group in spread(_doubled, items, _even, catalog=small, workers=2):
        done += [entry.number for entry in group]
        assert all(entry.result == 2 * entry.number for entry in group)
        if killed < 2 and len(done) > 10 * (killed + 1):
            os.kill(multiprocessing.active_children()[killed].pid or 0, signal.SIGKILL)
            killed += 1
    assert killed == 2
    assert sorted(done) == list(range(60))


def test_an_item_that_kills_every_process_is_named(small: Catalog) -> None:
    """What kills three processes is given up and named; its neighbours are not blamed."""
    items = [(number, number) for number in range(20)]
    with pytest.raises(InternalError, match="scenario 7 died 3 times"):
        list(spread(_deadly, items, _even, catalog=small, workers=2))
    assert multiprocessing.active_children() == []


def _half_sent(owner: int) -> None:
    """Begin to send a result, and die of it."""
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    results = frame.f_locals["result_queue"]._writer
    os.write(results.fileno(), struct.pack("!i", 30_000) + b"half")
    os.kill(owner, signal.SIGKILL)


def test_a_process_that_dies_while_it_sends_is_not_waited_for() -> None:
    """Half a result breaks the pool: nobody waits for the other half."""
    pool, close = local_pool()
    try:
        owner = pool.submit(os.getpid).result(timeout=60)
        with pytest.raises(BrokenExecutor):
            pool.submit(_half_sent, owner).result(timeout=60)
    finally:
        pool._result_queue._writer.close()  # or the failing test would wait, too
        close()


def test_a_catalogue_goes_where_its_folder_is_not(small: Catalog, tmp_path: Path) -> None:
    """A process elsewhere answers from the catalogue that it is sent, markets and all."""
    sent = pickle.loads(pickle.dumps(small))
    sent.folder = tmp_path / "not-there"
    request = Request(budget_cents=250_000, market="us-2026", as_of=date(2026, 2, 1))
    assert sent.digest == small.digest
    assert solve(request, catalog=sent) == solve(request, catalog=small)


def test_a_broken_executor_of_the_caller_is_told(small: Catalog) -> None:
    """An executor whose process dies cannot be mended here: one sentence says so."""
    items = [(number, number) for number in range(20)]
    with (
        executor("processes") as engine,
        pytest.raises(InputError, match="executor: is broken"),
    ):
        list(spread(_deadly, items, _even, catalog=small, executor=engine))


@pytest.mark.parametrize("name", release())
def test_a_worker_of_another_release_is_refused(name: str, small: Catalog) -> None:
    """Versions or models differ: nothing is computed, and the sentence names both."""
    other = {**release(), name: "0.0.0"}
    _, result = run_task(_doubled, other, "token", pickle.dumps(small), 1)
    with pytest.raises(InputError, match=rf"a worker has .*, this process .*{name} 0\.0\.0"):
        finished(1, 0.0, result)
