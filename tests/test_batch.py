"""``rigopt batch`` as people run it: the same rows whatever happens, and nothing lost."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import rigopt
from rigopt.catalog import Catalog
from rigopt.outcome import OUTCOME
from rigopt.request import Request
from rigopt.resources import data_dir
from rigopt.solving import solve
from rigopt.whatif.shocks import Shock, shocked
from tests.batches import (
    COUNT,
    GRID,
    Done,
    batch,
    begin,
    command,
    environment,
    numbers,
    wait_for,
)

RUN = ("s.yaml", "--no-seconds", "--out")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the scenarios."""
    (tmp_path / "s.yaml").write_text(GRID, "utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small_folder: Path) -> Path:
    """A folder with the results of one run that nothing disturbed, by one worker."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "s.yaml").write_text(GRID, "utf-8")
    done = batch(folder, small_folder, *RUN, "r.csv", "--workers", "1", "--json", "--plot", "p.svg")
    assert done.returncode == 0, done.stderr
    (folder / "summary.json").write_text(done.stdout, "utf-8")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- what a row says ----------------------------------------------------------------------------


def test_rows_say_what_solve_says(whole: Path, small: Catalog) -> None:
    """One row for each scenario, in order, with its inputs and what ``solve`` answers to them."""
    found = rows(whole / "r.csv")
    assert [int(row["scenario"]) for row in found] == list(range(1, COUNT + 1))
    statuses = Counter(row["status"] for row in found)
    assert statuses["optimal"] > 100
    assert statuses["infeasible"] > 20
    for row in found[::37]:
        shocks = (Shock("gpu", round(float(row["shock_gpu"]) * 10_000)),)
        request = Request(budget_cents=int(row["budget_cents"]), workload=row["workload"])
        answer = solve(request, catalog=shocked(small, request.market, shocks))
        assert row["status"] == answer.status
        if answer.status == "infeasible":
            assert row["explanation"] == answer.explanation.summary
            assert row["binding"] == "; ".join(r.id for r in answer.explanation.reasons)
            assert row["score"] == row["part_gpu"] == ""
            continue
        assert answer.status == "optimal"
        build = answer.build
        assert int(row["total_cents"]) == build.total_cents
        assert int(row["score"]) == int(row["score_bound"]) == build.score
        for rate in build.throughput:
            column = f"per_second_{rate.workload.replace('-', '_')}"
            assert float(row[column]) == rate.per_second_milli / 1000
        for line in build.parts:
            assert f"{line.quantity}x {line.part}" in row[f"part_{line.kind}"]
        assert row["binding"] == "; ".join(b.flag for b in answer.binding if b.score is not None)


def test_formats_hold_the_same(whole: Path, folder: Path, small_folder: Path) -> None:
    """CSV, JSON Lines and Parquet tell the same cells, with their types in the last two."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    for name in ("r.jsonl", "r.parquet"):
        done = batch(folder, small_folder, *RUN, name)
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (folder / "r.jsonl").read_text("utf-8").splitlines()]
    table = parquet.read_table(folder / "r.parquet")
    assert table.to_pylist() == lines
    assert str(table.schema.field("budget_cents").type) == "int64"
    assert str(table.schema.field("part_riser").type) == "string"
    found = rows(whole / "r.csv")
    assert [
        {name: "" if value is None else str(value) for name, value in line.items()}
        for line in lines
    ] == found


def test_seconds_are_told_unless_not_wanted(folder: Path, small_folder: Path) -> None:
    """The last column is what a scenario took; without it files of two runs are the same."""
    done = batch(folder, small_folder, "s.yaml", "--out", "r.csv")
    assert done.returncode == 0
    found = rows(folder / "r.csv")
    assert list(found[0])[-1] == "seconds"
    assert all(float(row["seconds"]) >= 0 for row in found)
    assert sum(float(row["seconds"]) for row in found) > 0


def test_the_whole_answer_on_demand(whole: Path, small_folder: Path, small: Catalog) -> None:
    """--show N gives the answer to scenario N as ``solve`` gives it."""
    done = batch(whole, small_folder, "s.yaml", "--show", "302", "--json")
    assert done.returncode == 0, done.stderr
    row = rows(whole / "r.csv")[301]
    request = Request(budget_cents=int(row["budget_cents"]), workload=row["workload"])
    catalog = shocked(small, request.market, (Shock("gpu", round(float(row["shock_gpu"]) * 1e4)),))
    assert OUTCOME.validate_json(done.stdout) == solve(request, catalog=catalog)


# --- what rows say together ---------------------------------------------------------------------


def shares(cells: Iterable[str]) -> dict[str, int]:
    return dict(Counter(e.partition("x ")[2] for cell in cells for e in cell.split("; ") if e))


def test_the_summary_counts_what_the_rows_say(whole: Path) -> None:
    """Shares of parts, of infeasible scenarios and of flips are those counted from the rows."""
    told: dict[str, Any] = json.loads((whole / "summary.json").read_text("utf-8"))
    found = rows(whole / "r.csv")
    built = [row for row in found if row["status"] == "optimal"]
    assert told["scenarios"] == COUNT
    assert told["by_status"] == dict(Counter(row["status"] for row in found))
    infeasible = 100 * (COUNT - len(built)) / COUNT
    assert told["infeasible_pct"] == pytest.approx(infeasible, abs=0.05)
    for part in told["robust"]:
        number = shares(row[f"part_{part['kind']}"] for row in built)[part["part"]]
        assert part["scenarios"] == number
        assert part["share_pct"] == pytest.approx(100 * number / len(built), abs=0.05)
    cards = {(r["budget_cents"], r["workload"], r["shock_gpu"]): r["part_gpu"] for r in found}
    budgets = sorted({row["budget_cents"] for row in found}, key=int)
    changed = Counter[str]()
    for low, high in pairwise(budgets):
        for key, card in cards.items():
            if key[0] == high and card and cards[low, key[1], key[2]]:
                changed[high] += card != cards[low, key[1], key[2]]
    flips = {f["after"]: f["changed"] for f in told["flips"] if f["axis"] == "budget"}
    assert flips == {str(int(cents) // 100): n for cents, n in changed.items() if n}
    assert flips


def test_curves_rise_with_the_budget(whole: Path) -> None:
    """One curve for each workload with a point for each budget; its median is that of the rows."""
    told: dict[str, Any] = json.loads((whole / "summary.json").read_text("utf-8"))
    curve = next(c for c in told["curves"] if c["workload"] == "cnn-train")
    found = rows(whole / "r.csv")
    for point in curve["points"]:
        rates = [
            float(row["per_second_cnn_train"])
            for row in found
            if int(row["budget_cents"]) == point["budget_cents"] and row["status"] == "optimal"
        ]
        assert (point["lowest"], point["highest"]) == (min(rates), max(rates))
        assert point["scenarios"] == len(rates)
    drawing = ET.fromstring((whole / "p.svg").read_text("utf-8"))
    assert len(drawing.findall(".//{*}polyline")) == len(told["curves"])
    circles = sum(len(c["points"]) for c in told["curves"])
    assert len(drawing.findall(".//{*}circle")) == circles


def test_the_summary_is_readable(whole: Path, small_folder: Path) -> None:
    """Asked again, nothing is computed, and a person reads shares, flips and curves."""
    before = (whole / "r.csv").read_bytes()
    done = batch(whole, small_folder, *RUN, "r.csv")
    assert done.returncode == 0
    assert f"{COUNT} of {COUNT} scenarios are done already" in done.stderr
    assert (whole / "r.csv").read_bytes() == before
    for word in ("have no build", "Stays best", "Flips", "What binds", "Throughput", "█"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


# --- nothing lost -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blow", "workers"),
    [
        (signal.SIGKILL, "1"),
        (signal.SIGKILL, "3"),
        (signal.SIGINT, "1"),
        (signal.SIGINT, "2"),
        (signal.SIGTERM, "2"),
    ],
)
def test_an_ended_run_goes_on(
    blow: signal.Signals, workers: str, whole: Path, folder: Path, small_folder: Path
) -> None:
    """Killed or stopped twice in mid-run, the third one ends with the bytes of one undisturbed
    run, and no scenario was finished twice; the killed ones leave no process behind."""
    journal = folder / "r.csv.journal"
    for least in (40, 150):
        run = begin(folder, small_folder, *RUN, "r.csv", "--workers", workers)
        wait_for(journal, least, run)
        run.send_signal(blow)
        told = run.communicate(timeout=60)[1]
        assert run.returncode == (130 if blow is signal.SIGINT else -blow)
        if blow is signal.SIGINT:
            assert "the same command goes on" in told
        assert not (folder / "r.csv").exists()
        assert len(numbers(journal)) < COUNT
    done = batch(folder, small_folder, *RUN, "r.csv", "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert (folder / "r.csv").read_bytes() == (whole / "r.csv").read_bytes()
    assert sorted(numbers(journal)) == list(range(1, COUNT + 1))


def test_a_full_disk_keeps_what_there_was(whole: Path, folder: Path, small_folder: Path) -> None:
    """Where no more can be written the run ends with a sentence; with room again it goes on."""

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    full = batch(folder, small_folder, *RUN, "r.csv", preexec_fn=small_disk)
    assert full.returncode == 2
    assert full.stderr.startswith("rigopt: ")
    assert "scenarios are kept" in full.stderr
    assert full.stderr.count("\n") == 1
    kept = numbers(folder / "r.csv.journal")
    assert 20 < len(kept) < COUNT
    again = batch(folder, small_folder, *RUN, "r.csv")
    assert again.returncode == 0, again.stderr
    assert (folder / "r.csv").read_bytes() == (whole / "r.csv").read_bytes()
    assert sorted(numbers(folder / "r.csv.journal")) == list(range(1, COUNT + 1))


def test_two_runs_into_one_file(whole: Path, folder: Path, small_folder: Path) -> None:
    """The second is refused while the first is at it, which ends as if alone."""
    first = begin(folder, small_folder, *RUN, "r.csv", "--workers", "1")
    wait_for(folder / "r.csv.journal", 5, first)
    first.send_signal(signal.SIGSTOP)
    assert "in use by another run" in refusal(batch(folder, small_folder, *RUN, "r.csv"))
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=300)
    assert first.returncode == 0
    assert (folder / "r.csv").read_bytes() == (whole / "r.csv").read_bytes()


def test_stop_after_goes_on(whole: Path, folder: Path, small_folder: Path) -> None:
    """A run that is given a second ends with exit code 4 and what it has; the next finishes it."""
    first = batch(folder, small_folder, *RUN, "r.csv", "--workers", "1", "--stop-after", "1")
    assert first.returncode == 4
    assert "the same command goes on" in first.stderr
    assert len(numbers(folder / "r.csv.journal")) < COUNT
    assert not (folder / "r.csv").exists()
    assert batch(folder, small_folder, *RUN, "r.csv").returncode == 0
    assert sorted(numbers(folder / "r.csv.journal")) == list(range(1, COUNT + 1))
    assert (folder / "r.csv").read_bytes() == (whole / "r.csv").read_bytes()


def test_a_dry_run_writes_nothing(folder: Path, small_folder: Path) -> None:
    """It tells the count and an estimate."""
    done = batch(folder, small_folder, *RUN, "r.csv", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{COUNT} scenarios, about ")
    assert [path.name for path in folder.iterdir()] == ["s.yaml"]


def test_a_terminal_sees_rate_and_time_left(folder: Path, small_folder: Path) -> None:
    """At a terminal the count and an estimate come first, then a bar with rate and time left."""
    ours, theirs = os.openpty()
    run = subprocess.Popen(
        command(small_folder, *RUN, "r.csv", "--workers", "1"),
        cwd=folder,
        env={**environment(), "TERM": "xterm", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    told = b""
    with suppress(OSError):  # how a terminal ends
        while piece := os.read(ours, 4096):
            told += piece
    os.close(ours)
    assert run.wait(60) == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told.decode())
    assert re.search(rf"{COUNT} scenarios, about \d+ \w+ with 1 at once", shown)
    assert re.search(rf"[1-9]\d*/{COUNT} .*?\d+\.\d/s .*?0:\d\d:\d\d left", shown)


# --- refused ------------------------------------------------------------------------------------

OTHERS = {
    "another set": (GRID.replace("step 20", "step 10"), (), "begun with other scenarios"),
    "other prices": (GRID, ("--prices", "p.csv"), "begun with other prices"),
    "another catalogue": (GRID, (), "begun with other catalogue"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_results_of_something_else_are_left_alone(
    name: str, whole: Path, folder: Path, small_folder: Path
) -> None:
    """A file of another set, price list or catalogue is refused, and not a byte changes."""
    text, more, word = OTHERS[name]
    (folder / "s.yaml").write_text(text, "utf-8")
    (folder / "p.csv").write_text("part,price\namd-ryzen-5-3600,99\n", "utf-8")
    if name == "another catalogue":
        small_folder = Path(shutil.copytree(small_folder, folder / "more"))
        drives = small_folder / "parts" / "storage" / "sata.jsonl"
        drives.write_text(drives.read_text("utf-8").replace("BX500 1TB", "BX500"), "utf-8")
    before = {file: (whole / file).read_bytes() for file in ("r.csv", "r.csv.journal")}
    for file, content in before.items():
        (folder / file).write_bytes(content)
    assert word in refusal(batch(folder, small_folder, *RUN, "r.csv", *more))
    assert {file: (folder / file).read_bytes() for file in before} == before


OWNED = "base: {own: BUILD}\naxes: {budget: [1200, 2000]}\n"
MINE = """
parts:
- amd-ryzen-5-3600
- {part: crucial-bx500-1tb, quantity: 2}
- {kind: case, name: My box, gpu_length_max_mm: 330}
"""
SAME = "[amd-ryzen-5-3600, 2x crucial-bx500-1tb]"


def test_a_build_that_is_owned(folder: Path, small_folder: Path) -> None:
    """A file of it gives the rows of its parts named one by one."""
    (folder / "rigs").mkdir()
    (folder / "rigs" / "mine.yaml").write_text(MINE.rpartition("- ")[0], "utf-8")
    found = []
    for number, owned in enumerate(("rigs/mine.yaml", SAME)):
        (folder / "s.yaml").write_text(OWNED.replace("BUILD", owned), "utf-8")
        done = batch(folder, small_folder, *RUN, f"{number}.csv")
        assert done.returncode == 0, done.stderr
        found.append(rows(folder / f"{number}.csv"))
    assert [row["status"] for row in found[0]] == ["optimal", "optimal"]
    assert found[0] == found[1]


def test_a_build_that_has_changed(folder: Path, small_folder: Path) -> None:
    """What was computed with the file as it was is refused and left alone: one drive more, or
    another size of a case that it describes."""
    (folder / "s.yaml").write_text(OWNED.replace("BUILD", "mine.yaml"), "utf-8")
    (folder / "mine.yaml").write_text(MINE, "utf-8")
    assert batch(folder, small_folder, *RUN, "r.csv").returncode == 0
    before = {path: path.read_bytes() for path in folder.glob("r.*")}
    assert len(before) > 1
    for old, new in (("quantity: 2", "quantity: 3"), ("330", "340")):
        (folder / "mine.yaml").write_text(MINE.replace(old, new), "utf-8")
        assert "begun with other" in refusal(batch(folder, small_folder, *RUN, "r.csv"))
    assert {path: path.read_bytes() for path in folder.glob("r.*")} == before


def copied(folder: Path) -> Path:
    """A folder with a copy of rigopt that has models of its own, as an installed one has."""
    package = Path(rigopt.__file__).parent
    shutil.copytree(package, folder / "rigopt", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(data_dir("models"), folder / "rigopt" / "models", dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("power.toml", "board_w = 70", "board_w = 71"),
        ("workloads/cnn-train.toml", 'unit = "images/s"', 'unit = "pictures/s"'),
        ("measurements/single.csv", ",1,", ",2,"),
    ],
)
def test_other_models(
    file: str, old: str, new: str, folder: Path, small_folder: Path, tmp_path_factory: Any
) -> None:
    """Once a model has changed, rows that it gave are not mixed with others: they are refused and
    left alone, and go on with the model as it was."""
    ahead = copied(tmp_path_factory.mktemp("copy"))
    (folder / "s.yaml").write_text("axes: {budget: [1200, 2000]}", "utf-8")
    assert batch(folder, small_folder, *RUN, "r.csv", ahead=ahead).returncode == 0
    before = {path: path.read_bytes() for path in folder.glob("r.*")}
    model = ahead / "rigopt" / "models" / file
    text = model.read_text("utf-8")
    model.write_text(text.replace(old, new, 1), "utf-8")
    assert model.read_text("utf-8") != text
    run = batch(folder, small_folder, *RUN, "r.csv", ahead=ahead)
    assert "begun with other models" in refusal(run)
    assert {path: path.read_bytes() for path in folder.glob("r.*")} == before
    model.write_text(text, "utf-8")
    done = batch(folder, small_folder, *RUN, "r.csv", ahead=ahead)
    assert "2 of 2 scenarios are done already" in done.stderr


def test_another_price_index(folder: Path, small_folder: Path) -> None:
    """Prices of another day rest on the index, so another index is other prices."""
    (folder / "s.yaml").write_text("base: {as-of: 2025-01-15}\naxes: {budget: [1200]}", "utf-8")
    other = Path(shutil.copytree(small_folder, folder / "more"))
    assert batch(folder, other, *RUN, "r.csv").returncode == 0
    index = other / "price_index" / "us.csv"
    rows = index.read_text("utf-8").splitlines()
    index.write_text("\n".join(row for row in rows if not row.startswith("gpu,")), "utf-8")
    assert "begun with other prices" in refusal(batch(folder, other, *RUN, "r.csv"))


def refusal(done: Done) -> str:
    """The one line with which a run is refused."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("rigopt: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


MILLIONS = "axes: {budget: 1..100000 step 1, shock: {gpu: 0%..+99% step 1%}}"
REFUSED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "no output": (GRID, (), "--out"),
    "no such format": (GRID, ("--out", "r.xlsx"), ".csv, .jsonl, .parquet"),
    "no such folder": (GRID, ("--out", "no/r.csv"), "cannot be written"),
    "a folder": (GRID, ("--out", "."), "cannot be written"),
    "a results file of nobody": (GRID, ("--out", "notes.csv"), "is there already"),
    "ten million by accident": (MILLIONS, ("--out", "r.csv"), "10,000,000 scenarios"),
    "no such axis": ("axes: {bugdet: [1]}", ("--out", "r.csv"), "did you mean"),
    "an empty grid": ("axes: {}", ("--out", "r.csv"), "varies nothing"),
    "no such file": ("", ("--out", "r.csv"), "s.yaml"),
    "no such cluster": (GRID, ("--out", "r.csv", "--executor", "ray://x"), "dask://HOST:PORT"),
    "no workers": (GRID, ("--out", "r.csv", "--workers", "0"), "--workers"),
    "no such scenario": (GRID, ("--show", "401"), "--show"),
    "nothing to plot over": (
        "axes: {used: [true, false]}\nbase: {budget: 2000}",
        ("--out", "r.csv", "--plot", "p.svg"),
        "budget axis",
    ),
    "prices of two markets": (
        "axes: {market: [us-2026, us-2024-01]}",
        ("--out", "r.csv", "--prices", "p.csv"),
        "one market",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_sentence(name: str, folder: Path, small_folder: Path) -> None:
    """Exit code 2, one sentence with the mend, and nothing is written."""
    text, arguments, word = REFUSED[name]
    (folder / "s.yaml").write_text(text, "utf-8")
    (folder / "notes.csv").write_text("mine", "utf-8")
    (folder / "p.csv").write_text("part,price\n", "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert word in refusal(batch(folder, small_folder, "s.yaml", *arguments))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_must_not_be_written(folder: Path, small_folder: Path) -> None:
    """An output whose folder refuses new files is told before anything runs."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    folder.chmod(0o555)
    try:
        assert "cannot be written" in refusal(batch(folder, small_folder, *RUN, "r.csv"))
    finally:
        folder.chmod(0o755)


def test_parquet_without_pyarrow(folder: Path, small_folder: Path) -> None:
    """Where pyarrow is missing, one sentence says what to install, before anything runs."""
    (folder / "pyarrow.py").write_text("raise ImportError\n", "utf-8")
    run = batch(folder, small_folder, *RUN, "r.parquet", ahead=folder)
    assert "pip install 'rigopt[parquet]'" in refusal(run)
