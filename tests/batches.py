"""Runs of ``rigopt batch`` in processes of their own, for several test modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import rigopt

GRID = """
base: {min-storage: 1000}
axes:
  budget: 1000..2980 step 20
  workload: [balanced, cnn-train]
  shock: {gpu: [none, +30%]}
"""
"""400 scenarios, of which the cheap ones have no build."""
COUNT = 400
Done = subprocess.CompletedProcess[str]


def environment(ahead: Path | None = None) -> dict[str, str]:
    """As of a program that is not at a terminal; modules in the folder ``ahead`` come first."""
    folders = [ahead, Path(rigopt.__file__).parents[1]]
    path = os.pathsep.join(str(folder) for folder in folders if folder is not None)
    return {**os.environ, "COLUMNS": "80", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}


def command(small: Path, *arguments: str) -> list[str]:
    """A batch on the small catalogue."""
    return [sys.executable, "-m", "rigopt", "batch", *arguments, "--catalog", str(small)]


def batch(
    folder: Path, small: Path, *arguments: str, ahead: Path | None = None, **options: Any
) -> Done:
    """Run it to its end."""
    return subprocess.run(
        command(small, *arguments),
        cwd=folder,
        env=environment(ahead),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def begin(folder: Path, small: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start it in a group of its own."""
    return subprocess.Popen(
        command(small, *arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def numbers(journal: Path) -> list[int]:
    """The scenarios that are finished, as often as they were."""
    lines = journal.read_text("utf-8").splitlines()[1:] if journal.exists() else []
    return [json.loads(line)["scenario"] for line in lines if line.endswith("}")]


def wait_for(journal: Path, least: int, run: subprocess.Popen[str]) -> None:
    """Until so many scenarios are finished."""
    end = time.monotonic() + 120
    while len(numbers(journal)) < least:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
