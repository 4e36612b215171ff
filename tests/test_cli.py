"""The program as people and programs run it: exit codes, JSON, saved builds, tables, pipes.

Each answer of ``solve`` takes seconds, so tests share answers through fixtures of the module.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import rigopt
from rigopt.catalog import Catalog
from rigopt.flags import BY_NAME, FLAGS
from rigopt.outcome import OUTCOME, Infeasible, Optimal, Report

BUDGET = ("--budget", "3000")
IMPOSSIBLE = ("--budget", "600", "--min-vram", "48")
CARD = "nvidia-rtx-4090-founders"
UPGRADE = (
    ("--own", f"2x {CARD}"),
    ("--brand", "psu=corsair,Seasonic"),
    ("--min-storage", "2TB"),
    ("--without", "amd-ryzen-threadripper-pro-5955wx"),
    ("--condition", "any"),
    ("--max-gpus", "1"),
    ("--budget", "1500.50"),
)
Done = subprocess.CompletedProcess[bytes]


def _environment(**changed: str) -> dict[str, str]:
    dropped = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "PYTHONUTF8")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    own = {
        "COLUMNS": "80",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(Path(rigopt.__file__).parents[1]),
    }
    return kept | own | changed


def _run(*arguments: str, folder: Path, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "rigopt", *arguments],
        cwd=folder,
        env=_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )


def _ok(done: Done, code: int = 0) -> str:
    """The output of a run that must end well: with this code and a silent error stream."""
    assert done.stderr == b"", done.stderr.decode()[-2000:]
    assert done.returncode == code
    return done.stdout.decode()


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def _flat(text: str) -> str:
    """Text without the line breaks of a terminal."""
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program runs; holds the build that ``solved`` saves."""
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def solved(folder: Path) -> str:
    """``solve --json`` of a small budget, which also saves ``build.yaml``."""
    return _ok(_run("solve", *BUDGET, "--json", "--save", "build.yaml", folder=folder))


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """The same for people, with every rule."""
    return _ok(_run("solve", *BUDGET, "-v", folder=folder, NO_COLOR="1"))


@pytest.fixture(scope="module")
def impossible(folder: Path) -> str:
    """``solve --json`` of wishes that no build meets."""
    return _ok(_run("solve", *IMPOSSIBLE, "--json", folder=folder), code=3)


@pytest.fixture(scope="module")
def checked(folder: Path, solved: str) -> str:
    """``check -v`` of the saved build."""
    return _ok(_run("check", "build.yaml", "-v", folder=folder))


# --- exit codes and JSON ----------------------------------------------------------------------


def test_solve_answers_with_the_published_json(solved: str) -> None:
    """Exit code 0; the JSON is an outcome, and writing that outcome gives the same bytes."""
    outcome = OUTCOME.validate_json(solved)
    assert isinstance(outcome, Optimal)
    assert outcome.model_dump_json(indent=2) + "\n" == solved
    assert outcome.build.total_cents is not None
    assert outcome.build.total_cents <= 300_000
    assert outcome.about.versions.rigopt == version("rigopt")


def test_json_is_the_same_twice(folder: Path, solved: str) -> None:
    """The same question gives the same bytes, with or without --save."""
    assert _ok(_run("solve", *BUDGET, "--json", folder=folder)) == solved


def test_json_knows_no_path_of_the_machine(folder: Path, solved: str) -> None:
    """An answer can be passed on: it names no folder of the machine."""
    assert str(folder) not in solved
    assert str(Path(rigopt.__file__).parent) not in solved


def test_impossible_wishes_exit_with_3(impossible: str) -> None:
    """Exit code 3; the JSON explains, and re-serialises to the same bytes."""
    outcome = OUTCOME.validate_json(impossible)
    assert isinstance(outcome, Infeasible)
    assert outcome.model_dump_json(indent=2) + "\n" == impossible
    assert outcome.explanation.reasons
    assert {reason.flag for reason in outcome.explanation.reasons if reason.flag} <= {
        "--budget 600",
        "--min-vram 48",
    }


def test_way_out_leads_out(folder: Path, impossible: str) -> None:
    """The flag of a way out can be pasted over the one that was given, and gives a build."""
    ways = json.loads(impossible)["explanation"]["ways_out"]
    flags = [way["flag"] for way in ways if way["flag"].startswith("--budget ")]
    assert flags
    answer = _run("solve", *IMPOSSIBLE, *flags[0].split(), "--json", folder=folder)
    assert OUTCOME.validate_json(_ok(answer)).status == "optimal"


def test_default_is_not_called_a_wish(folder: Path) -> None:
    """A default that takes part in a clash is told as such: nobody asked for it."""
    owned = (
        "amd-radeon-pro-w7900",
        "intel-core-i5-12400f",
        "asus-proart-b760-creator-d4",
        "2x kingston-fury-beast-32gb-2x16gb-ddr4-3200",
        "corsair-cx550m-2021",
        "lian-li-lancool-207",
        "samsung-970-evo-plus-500gb",
    )
    own = [word for part in owned for word in ("--own", part)]
    answer = _ok(_run("solve", "--budget", "0", *own, "--json", folder=folder), code=3)
    told = json.loads(answer)["explanation"]
    for reason in told["reasons"]:
        if reason["flag"].startswith("--min-storage"):
            assert "you ask for" not in reason["text"]
    for way in told["ways_out"]:
        assert not way["flag"].startswith("drop --min-storage")


def test_violated_build_exits_with_1(folder: Path, catalog: Catalog) -> None:
    """A CPU on a board with another socket: exit code 1 and a repair."""
    board = catalog.of_kind("motherboard")[0]
    cpu = next(
        part
        for part in catalog.of_kind("cpu")
        if part.socket != board.socket  # type: ignore[attr-defined]
    )
    (folder / "wrong.yaml").write_text(f"parts: [{board.id}, {cpu.id}]\n", encoding="utf-8")
    text = _ok(_run("check", "wrong.yaml", folder=folder), code=1)
    assert "This build does not work as listed." in text
    assert "✗" in text
    report = Report.model_validate_json(
        _ok(_run("check", "wrong.yaml", "--json", folder=folder), code=1)
    )
    assert report.status == "violated"
    assert all(v.repair for v in report.build.verdicts if v.verdict == "violated")


def test_check_answers_with_the_published_json(folder: Path, solved: str) -> None:
    """The JSON of a check is a report, and writing that report gives the same bytes."""
    text = _ok(_run("check", "build.yaml", "--json", folder=folder))
    report = Report.model_validate_json(text)
    assert report.status != "violated"
    assert report.missing == ()
    assert report.model_dump_json(indent=2) + "\n" == text
    again = _ok(_run("check", "build.yaml", "--json", folder=folder))
    assert again == text


# --- files ------------------------------------------------------------------------------------


def _identity(answer: dict[str, Any]) -> tuple[list[tuple[Any, ...]], int]:
    keys = ("part", "quantity", "owned", "total_cents", "condition")
    build = answer["build"]
    lines = [tuple(line[key] for key in keys) for line in build["parts"]]
    return lines, build["total_cents"]


def test_saved_build_reads_back(folder: Path, solved: str) -> None:
    """``check`` of a saved build: the same parts, quantities and total, the same score."""
    report = json.loads(_ok(_run("check", "build.yaml", "--json", folder=folder)))
    answer = json.loads(solved)
    assert _identity(report) == _identity(answer)
    assert report["build"]["score"] == answer["build"]["score"]
    assert report["about"]["request"]["budget_cents"] == 300_000


def test_upgrade_reads_back_with_its_wishes(folder: Path) -> None:
    """A build with owned parts, brands and other wishes reads back with all of them."""
    flags = [word for pair in UPGRADE for word in pair]
    answer = json.loads(
        _ok(_run("solve", *flags, "--json", "--save", "upgrade.yaml", folder=folder))
    )
    card = next(line for line in answer["build"]["parts"] if line["kind"] == "gpu")
    assert (card["part"], card["owned"], card["total_cents"]) == (CARD, 1, 0)
    report = json.loads(_ok(_run("check", "upgrade.yaml", "--json", folder=folder)))
    assert _identity(report) == _identity(answer)
    before, after = answer["about"]["request"], report["about"]["request"]
    assert {key: after[key] for key in after if after[key] != before[key]} == {}


def test_flags_override_a_request_file(folder: Path) -> None:
    """A request file is read, and a flag wins over it; what no flag names, stays."""
    (folder / "request.yaml").write_text(
        "# wishes\nbudget: $4,999.99\nmin_ram: 64GB\nvendor: [amd]\nseed: 7\necc: true\n",
        encoding="utf-8",
    )
    text = _ok(
        _run(
            *("solve", "request.yaml", "--budget", "20", "--vendor", "nvidia", "--json"),
            folder=folder,
        ),
        code=3,
    )
    request = OUTCOME.validate_json(text).about.request
    assert request.budget_cents == 2000
    assert request.vendors == ("NVIDIA",)
    assert request.min_ram_gb == 64
    assert request.seed == 7
    assert request.ecc is True


def test_flags_override_the_request_of_a_build(folder: Path, solved: str) -> None:
    """``check`` holds a build against the flags: a budget that it breaks gives exit code 1."""
    report = json.loads(
        _ok(_run("check", "build.yaml", "--budget", "100", "--json", folder=folder), code=1)
    )
    assert report["about"]["request"]["budget_cents"] == 10_000
    broken = [v["rule"] for v in report["build"]["verdicts"] if v["verdict"] == "violated"]
    assert broken == ["wish-budget"]


# --- for people -------------------------------------------------------------------------------


def test_answer_tells_build_proof_and_rules(told: str, solved: str) -> None:
    """The answer for people names every part, the total, the proof and every rule."""
    answer, text = json.loads(solved), _flat(told)
    assert "Proven best" in text
    assert f"{answer['build']['total_cents'] / 100:,.2f}".removesuffix(".00") in text
    for verdict in answer["build"]["verdicts"]:
        assert verdict["rule"] in text


def test_every_assumption_is_told_with_its_flag(told: str, solved: str) -> None:
    """What the person did not say is told in full, each with a flag that exists."""
    text = _flat(told)
    assumptions = json.loads(solved)["about"]["assumptions"]
    flags = {item["flag"].removeprefix("--") for item in assumptions}
    assert {"market", "used", "workload", "framework", "profile", "circuit", "os"} <= flags
    assert flags <= set(BY_NAME)
    assert "budget" not in flags
    for item in assumptions:
        assert f"{item['text']} ({item['flag']})" in text


def test_markdown(folder: Path, solved: str) -> None:
    """Markdown: a table with every part and the total, the assumptions, the versions."""
    answer = json.loads(solved)
    for arguments in (("solve", *BUDGET, "--markdown"), ("check", "build.yaml", "--markdown")):
        text = _ok(_run(*arguments, folder=folder))
        lines = text.splitlines()
        assert lines[1] == "|---|---|---:|---|"
        table = [line for line in lines if line.startswith("|")]
        assert len(table) == 3 + len(answer["build"]["parts"])
        assert all(line.count("|") == 5 for line in table)
        for line in answer["build"]["parts"]:
            assert line["name"] in text
        assert "**Total**" in text
        assert "- assumed: " in text
        assert answer["about"]["versions"]["catalog"] in text


def test_catalog_json(folder: Path) -> None:
    """The catalogue as JSON: parts with prices, and a single part."""
    rows = json.loads(_ok(_run("catalog", "list", "--kind", "psu", "--json", folder=folder)))
    assert {row["part"]["kind"] for row in rows} == {"psu"}
    part = json.loads(_ok(_run("catalog", "show", CARD, "--json", folder=folder)))
    assert part["id"] == CARD


def test_shipped_catalogue_is_valid(folder: Path) -> None:
    """``catalog validate`` finds nothing wrong with what is shipped, and something elsewhere."""
    assert "no problems" in _ok(_run("catalog", "validate", folder=folder))
    done = _run("catalog", "validate", "nowhere", folder=folder)
    assert done.returncode == 2
    assert b"nowhere" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


LOOKS = (
    ("throughput", "4090", "--count", "2", "--link", "4x8"),
    ("compare", "3090", "4090", "rtx 6000 ada", "--used"),
    ("model", "report"),
    ("frontier", "--budget", "1500"),
    ("frontier", "--budget", "1500", "--axes", "vram,watts"),
    ("solve", "--budget", "1500", "--top", "2"),
    ("why-not", "RTX 5090", "--budget", "1500"),
    ("limits", "--budget", "1500"),
    ("sensitivity", "--budget", "1500", "--part", "Crucial BX500 1TB"),
    ("catalog", "stats"),
    ("catalog", "list"),
    ("catalog", "show", "asus-proart-b760-creator-d4"),
    ("catalog", "show", "geforce-rtx-4090"),
    ("catalog", "search", "nvidia"),
)


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_what_is_looked_at_fits_80_columns(folder: Path, arguments: tuple[str, ...]) -> None:
    """No line is longer than 80 columns; no escape sequences in a pipe."""
    text = _ok(_run(*arguments, folder=folder))
    assert [line for line in _lines(text) if len(line) > 80] == []
    assert "\x1b" not in text


def test_answers_fit_80_columns(told: str, checked: str) -> None:
    """No line of an answer is longer than 80 columns; no escape sequences in a pipe."""
    for text in (told, checked):
        assert [line for line in _lines(text) if len(line) > 80] == []
        assert "\x1b" not in text


def test_impossible_wishes_are_told(folder: Path) -> None:
    """For people too: why there is no build, and a flag to try. No file, and no spinner."""
    done = _run("solve", *IMPOSSIBLE, "--save", "none.yaml", folder=folder)
    text = _ok(done, code=3)
    assert text.startswith("No build: ")
    assert "because " in text
    assert "(try: --budget " in _flat(text)
    assert "\r" not in text
    assert not (folder / "none.yaml").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_colour_on_a_terminal_when_asked(folder: Path, solved: str) -> None:
    """On a terminal there are colours; NO_COLOR turns them off."""
    assert re.search(
        r"\x1b\[(?:\d+;)*3\d(?:;\d+)*m", _on_terminal("check", "build.yaml", at=folder)
    )
    plain = _on_terminal("check", "build.yaml", at=folder, NO_COLOR="1")
    assert "Rules:" in plain
    assert not re.search(r"\x1b\[(?:\d+;)*(?:[349]\d|10\d)(?:;\d+)*m", plain)


def _on_terminal(*arguments: str, at: Path, **environment: str) -> str:
    import pty

    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "rigopt", *arguments],
        cwd=at,
        env=_environment(TERM="xterm-256color", **environment),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.DEVNULL,
    ):
        os.close(writer)
        found = b""
        while True:
            try:
                block = os.read(reader, 65536)
            except OSError:  # Linux: the program closed the terminal
                break
            if not block:
                break
            found += block
    os.close(reader)
    return found.decode()


# --- help -------------------------------------------------------------------------------------


def test_version(folder: Path) -> None:
    """``--version`` prints name and version."""
    assert _ok(_run("--version", folder=folder)) == f"rigopt {version('rigopt')}\n"


@pytest.mark.parametrize("command", ["solve", "check"])
def test_help_names_every_wish(folder: Path, command: str) -> None:
    """The help of a command that takes wishes names every flag and says what it does."""
    text = _ok(_run(command, "--help", folder=folder, COLUMNS="120"))
    for flag in FLAGS:
        assert re.search(rf"--{flag.name}\s", text), flag.name
    for line in ("--json", "--markdown", "--verbose", "--catalog"):
        assert line in text


@pytest.mark.parametrize(
    "command",
    [
        "",
        "catalog",
        "catalog list",
        "catalog search",
        "catalog import",
        "prices import",
        "throughput",
        "compare",
        "frontier",
        "why",
        "why-not",
        "limits",
        "sensitivity",
        "upgrade",
        "plan",
        "model",
        "model report",
    ],
)
def test_help(folder: Path, command: str) -> None:
    """Every command has help that fits 80 columns."""
    text = _ok(_run(*command.split(), "-h", folder=folder))
    assert "Usage: " in text
    assert [line for line in _lines(text) if len(line) > 80] == []


@pytest.mark.parametrize("command", ["limits", "sensitivity"])
def test_questions_about_no_answer(folder: Path, command: str) -> None:
    """They tell why there is none, and leave with the exit code of ``solve``; as JSON too."""
    done = _run(command, "--budget", "50", folder=folder)
    assert done.returncode == 3
    assert b"No build:" in done.stdout and b"hint:" in done.stdout
    told = json.loads(_run(command, "--budget", "50", "--json", folder=folder).stdout)
    assert told["answer"]["status"] == "infeasible"
    assert told["answer"]["explanation"]["reasons"][0]["id"] == "wish-budget"
    assert told["complete"] is False


# --- pipes, encodings, full disks -------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [("check", "build.yaml"), ("check", "build.yaml", "--json"), ("catalog", "list")],
    ids=" ".join,
)
def test_reader_that_leaves(folder: Path, solved: str, arguments: tuple[str, ...]) -> None:
    """``rigopt ... | head -1``: no traceback, and not the exit code of a violated build."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "rigopt", *arguments],
            cwd=folder,
            env=_environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == b"", done.stderr.decode()[-1000:]
    assert done.returncode != 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("options", ["", "--json"])
def test_no_output_stream(folder: Path, solved: str, options: str) -> None:
    """``rigopt ... >&-``, as some supervisors start programs: no traceback."""
    program = shlex.join([sys.executable, "-m", "rigopt", "check", "build.yaml", *options.split()])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{program} >&-"],
        cwd=folder,
        env=_environment(),
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-1000:]


def _full() -> Path | None:
    path = Path("/dev/full")
    return path if path.exists() and stat.S_ISCHR(path.stat().st_mode) else None


@pytest.mark.skipif(_full() is None, reason="no device that is always full")
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_full_disk(folder: Path, solved: str, options: tuple[str, ...]) -> None:
    """An answer that cannot be written is one sentence and a failure, not a traceback."""
    path = _full()
    assert path is not None
    with path.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rigopt", "check", "build.yaml", *options],
            cwd=folder,
            env=_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-1000:]
    assert done.stderr.startswith(b"rigopt: ")
    assert done.returncode not in (0, 1)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_output_that_is_not_utf8(folder: Path, solved: str, encoding: str) -> None:
    """A C locale, or a pipe on Windows: every answer can be written, the JSON stays JSON."""

    def text(*options: str) -> str:
        done = _run("check", "build.yaml", *options, folder=folder, PYTHONIOENCODING=encoding)
        assert b"Traceback" not in done.stderr, done.stderr.decode()[-500:]
        assert done.returncode == 0
        return done.stdout.decode(errors="replace")

    assert "Rules:" in text("-v")
    assert json.loads(text("--json"))["status"] != "violated"
    assert "**Total**" in text("--markdown")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_save_through_a_link(folder: Path) -> None:
    """--save to a link to a file writes that file and keeps the link."""
    (folder / "real.yaml").write_text("old\n", encoding="utf-8")
    (folder / "link.yaml").symlink_to("real.yaml")
    _ok(_run("solve", *BUDGET, "--save", "link.yaml", folder=folder))
    assert (folder / "link.yaml").is_symlink()
    assert "parts:" in (folder / "real.yaml").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_stopped_by_the_user(folder: Path) -> None:
    """Ctrl-C in the middle of a search: one line, exit code 130, nothing half-written."""
    wide = ("--used", "--open-frame", "--max-gpus", "8", "--power-limit", "auto")
    command = [sys.executable, "-m", "rigopt", "solve", *wide, "--save", "never.yaml"]
    run = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(2)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (130, "", "rigopt: stopped\n")
    assert not (folder / "never.yaml").exists()


# --- databases and price lists of others ------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of OpenDB with a drive that nobody sells for less, and a record that is torn."""
    root = tmp_path_factory.mktemp("open-db")
    (root / "Storage").mkdir()
    record = {
        "opendb_id": "0a1b2c3d",
        "metadata": {"name": "Some SSD 2TB", "manufacturer": "Some", "part_numbers": ["SSD-2000X"]},
        "capacity": 2000,
        "form_factor": "M.2-2280",
        "interface": "M.2 PCIe 4.0 x4",
        "nvme": True,
        "type": "SSD",
    }
    (root / "Storage" / "one.json").write_text(json.dumps(record), encoding="utf-8")
    (root / "Storage" / "two.json").write_text('{"capacity": ', encoding="utf-8")
    return root


def test_imported_parts_are_bought_on_request(folder: Path, database: Path) -> None:
    """Import, price, solve, check: the whole way of a part that nobody has checked."""
    own = {"RIGOPT_DATA": str(database / "data")}
    told = _ok(_run("catalog", "import", "opendb", str(database), folder=folder, **own))
    assert "2 records, 1 imported as unverified parts" in _flat(told)
    assert "1 left out: not readable" in told
    (folder / "shop.csv").write_text("Item,USD\nSSD-2000X,5\nNo such thing,5\n", encoding="utf-8")
    columns = ("--map", "part=Item", "--map", "price=USD", "--out", "mine.csv")
    done = _run("prices", "import", "shop.csv", *columns, "--unverified", folder=folder, **own)
    assert done.returncode == 0
    assert b"row 3: no part is called 'No such thing'" in done.stderr
    assert b"1 of 2 rows taken" in done.stderr
    request = ("--budget", "3000", "--prices", "mine.csv", "--unverified", "--save", "it.yaml")
    answer = _ok(_run("solve", *request, folder=folder, **own))
    assert "Some SSD 2TB" in answer
    assert "facts-checked" in answer
    checked = _ok(_run("check", "it.yaml", folder=folder, **own))
    assert "nobody has checked the facts of Some SSD 2TB" in _flat(checked)


def test_what_is_paid_in_all_keeps_to_the_budget(folder: Path) -> None:
    """Tax and shipping are lines of the list, and the budget covers them."""
    charges = ("--tax", "8.25%", "--shipping", "50")
    text = _ok(_run("solve", "--budget", "3000", *charges, "--json", folder=folder))
    build = json.loads(text)["build"]
    parts = sum(line["total_cents"] for line in build["parts"])
    assert build["total_cents"] == parts + build["tax_cents"] + 5000 <= 300_000
    shown = _ok(_run("solve", "--budget", "3000", *charges, folder=folder))
    assert "Shipping" in shown
    assert "(before tax and shipping)" not in _flat(shown)
