"""A real Dask scheduler with two worker processes on this machine: the same rows as without."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.batches import COUNT, GRID, batch, begin, environment, numbers, wait_for

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'rigopt[dask]'")
RUN = ("s.yaml", "--no-seconds", "--out", "r.csv")


class Cluster(NamedTuple):
    """A scheduler and what works for it."""

    url: str
    workers: list[subprocess.Popen[bytes]]


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def address(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """Where a scheduler listens, once it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert scheduler.poll() is None, "the scheduler ended"
        try:
            return str(json.loads(file.read_text("utf-8"))["address"])
        except (OSError, ValueError):
            time.sleep(0.05)
    pytest.fail("the scheduler tells no address")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers of one thread, on the loopback."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    local = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = start(folder, "scheduler", *local, "--port", "0", "--scheduler-file", "at.json")
    started = [scheduler]
    try:
        at = address(folder / "at.json", scheduler)
        workers = [
            start(folder, "worker", at, *local, "--nthreads", "1", "--no-nanny") for _ in range(2)
        ]
        started += workers
        yield Cluster(at.replace("tcp://", "dask://"), workers)
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(GRID, "utf-8")
    return tmp_path


def test_a_killed_worker_loses_nothing(
    cluster: Cluster, folder: Path, small_folder: Path, tmp_path: Path
) -> None:
    """One of two workers is killed in mid-run: every scenario is finished exactly once, and the
    rows are those of a run on the local cores."""
    run = begin(folder, small_folder, *RUN, "--executor", cluster.url)
    wait_for(folder / "r.csv.journal", 60, run)
    cluster.workers[0].send_signal(signal.SIGKILL)
    told = run.communicate(timeout=300)
    assert run.returncode == 0, told
    assert sorted(numbers(folder / "r.csv.journal")) == list(range(1, COUNT + 1))
    assert cluster.workers[1].poll() is None
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "s.yaml").write_text(GRID, "utf-8")
    assert batch(alone, small_folder, *RUN).returncode == 0
    assert (alone / "r.csv").read_bytes() == (folder / "r.csv").read_bytes()


def test_a_stopped_run_goes_on_elsewhere(
    cluster: Cluster, folder: Path, small_folder: Path
) -> None:
    """What a cluster began, and Ctrl-C ended, the local cores finish."""
    run = begin(folder, small_folder, *RUN, "--executor", cluster.url)
    wait_for(folder / "r.csv.journal", 30, run)
    run.send_signal(signal.SIGINT)
    told = run.communicate(timeout=60)[1]
    assert run.returncode == 130, told
    assert "the same command goes on" in told
    done = batch(folder, small_folder, *RUN)
    assert done.returncode == 0, done.stderr
    assert sorted(numbers(folder / "r.csv.journal")) == list(range(1, COUNT + 1))


def test_nobody_there(folder: Path, small_folder: Path) -> None:
    """Where no scheduler listens, one sentence says so, and nothing is written."""
    done = batch(folder, small_folder, *RUN, "--executor", "dask://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("rigopt: ")
    assert done.stderr.count("\n") == 1
    assert "no Dask scheduler answers at 127.0.0.1:9" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["s.yaml"]


def test_without_dask(folder: Path, small_folder: Path) -> None:
    """Where Dask is not installed, one sentence says what to install."""
    (folder / "distributed.py").write_text("raise ImportError\n", "utf-8")
    done = batch(folder, small_folder, *RUN, "--executor", "dask://127.0.0.1:9", ahead=folder)
    assert done.returncode == 2
    assert "pip install 'rigopt[dask]'" in done.stderr
