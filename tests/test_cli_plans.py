"""The commands that look beyond one machine: exit codes, files, JSON, flags that exclude each
other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SMALL = ("--market", "us-2019-06", "--workload", "cnn-train", "--max-gpus", "1")
RIG = str(ROOT / "tests" / "published" / "s2-2019-desktop.yaml")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rigopt", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_room_as_text_with_the_build_saved(tmp_path: Path) -> None:
    """Side by side, the cost of the room, and a file that ``check`` reads."""
    done = run(
        "solve", *SMALL, "--budget", "1300", "--room-for", "1", "--save", "b.yaml", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "with room" in done.stdout
    assert "The room costs" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    checked = run("check", "b.yaml", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_no_room_within_the_budget(tmp_path: Path) -> None:
    """Exit code 3, and the budget that would do."""
    done = run("solve", *SMALL, "--budget", "600", "--room-for", "gpu:2", folder=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "--budget" in done.stdout


def test_an_upgrade_as_json(tmp_path: Path) -> None:
    """What stays, comes and goes."""
    done = run("upgrade", *SMALL, "--own", RIG, "--budget", "700", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "optimal"
    assert found["added"]
    assert found["build"]["total_cents"] <= 70_000


def test_a_team_as_text(tmp_path: Path) -> None:
    """A line for every number of rigs."""
    wishes = ("--vram-per-user", "6", "--budget", "4000", "--team", "3")
    done = run("solve", *SMALL, *wishes, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Proven best" in done.stdout
    assert "3 equal rigs for 1 user each" in " ".join(done.stdout.split())


def test_a_plan_with_its_drawing(tmp_path: Path) -> None:
    """From a file and flags; the drawing is written."""
    file = tmp_path / "plan.yaml"
    file.write_text(
        "market: us-2019-06\nworkload: cnn-train\nmax-gpus: 1\n"
        "stages:\n  - {date: 2019-06, budget: 900}\n  - {date: 2020-01, budget: 500}\n",
        encoding="utf-8",
    )
    done = run("plan", "plan.yaml", "--no-resale", "--plot", "p.svg", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2020-01" in done.stdout
    assert "nothing is sold (--no-resale)" in done.stdout
    assert (tmp_path / "p.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("solve", "--room-for", "ford-t:1"), "--room-for"),
        (("solve", "--room-for", "1", "--top", "3"), "exclude each other"),
        (("solve", "--room-for", "1", "--team", "3"), "exclude each other"),
        (("solve", "--team", "0"), "--team"),
        (("solve", "--team", "3", "--users", "2"), "exclude each other"),
        (("upgrade", "--budget", "500"), "--own"),
        (("upgrade", "--own", "no.yaml"), "no.yaml"),
        (("plan",), "--stage"),
        (("plan", "--stage", "2026-11"), "DATE:MONEY"),
        (("plan", "--stage", "2026-11:1", "--budget", "5"), "--budget"),
        (("solve", "--users-per-gpu", "2"), "--users"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Exit code 2, no traceback, nothing on the output."""
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
