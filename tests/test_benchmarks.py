"""The benchmarks measure what they say: catalogues that are made up load and say so, every way to
solve finds the same, and the report tells a slow-down."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks.floor import program
from benchmarks.large import MARKET, SYNTHETIC, generate, requests_for_large
from benchmarks.named import named_requests
from benchmarks.report import report
from benchmarks.solvers import WAYS, Question, asked
from benchmarks.speed import PARTS, exponent
from benchmarks.stopwatch import watched
from rigopt import Catalog, Request, solve
from rigopt.outcome import Optimal
from rigopt.parts import FIT_CRITICAL
from rigopt.problem import Problem

SUPPLY = {
    "opendb_id": "0a1b2c3d-0000",
    "metadata": {"name": "Some Supply 850W", "manufacturer": "Some", "part_numbers": ["SS-850-1"]},
    "wattage": 850,
    "form_factor": "ATX",
    "length": 160,
}


def generated(folder: Path) -> Catalog:
    """A catalogue of 400 parts, one of them from a database of one record."""
    records = folder / "db" / "PSU"
    records.mkdir(parents=True, exist_ok=True)
    (records / "1.json").write_text(json.dumps(SUPPLY))
    os.utime(records / "1.json", (1_700_000_000, 1_700_000_000))  # the import dates records by it
    generate(folder / "db", folder / "out", sizes=(100, 400))
    return Catalog.load(folder / "out" / "400")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Catalog]:
    """A folder of catalogues, and the larger one."""
    folder = tmp_path_factory.mktemp("large")
    return folder, generated(folder)


def test_sizes_are_as_asked_and_nested(made: tuple[Path, Catalog]) -> None:
    """So many parts, and the smaller catalogue is in the larger."""
    folder, large = made
    small = Catalog.load(folder / "out" / "100")
    assert (len(small.parts), len(large.parts)) == (100, 400)
    assert small.parts.keys() <= large.parts.keys()


def test_the_same_seed_gives_the_same_bytes(made: tuple[Path, Catalog], tmp_path: Path) -> None:
    """Every file again."""
    folder, _ = made
    generated(tmp_path)
    files = [p.relative_to(folder) for p in sorted((folder / "out").rglob("*")) if p.is_file()]
    assert len(files) > 20
    for path in files:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_what_is_made_up_says_so(tmp_path: Path) -> None:
    """Filled facts, prices and the market."""
    records = tmp_path / "db" / "PSU"
    records.mkdir(parents=True)
    (records / "1.json").write_text(json.dumps(SUPPLY))
    shipped = Catalog.load()
    generate(tmp_path / "db", tmp_path / "out", sizes=(len(shipped.parts) + 1,))
    catalog = Catalog.load(tmp_path / "out" / str(len(shipped.parts) + 1))
    (supply,) = (p for i, p in catalog.parts.items() if i not in shipped.parts)
    assert supply.sources[-1] == SYNTHETIC
    assert {"watts", "length_mm"}.isdisjoint(supply.estimated)
    assert {"eps_8pin", "pcie_8pin", "sata_plugs"} <= supply.estimated.keys()
    assert all(text.startswith("synthetic") for text in supply.estimated.values())
    assert all(getattr(supply, name) is not None for name in FIT_CRITICAL["psu"])
    market = catalog.market(MARKET)
    assert "synthetic" in market.info.title
    assert {offer.source for offer in market.offers(supply.id)} == {SYNTHETIC}
    real = shipped.market(MARKET)
    assert all(market.offers(p) == real.offers(p) for p in real.priced_parts)


def test_the_requests_can_be_asked_of_it(made: tuple[Path, Catalog]) -> None:
    """The parts that they name are there."""
    _, large = made
    for request in requests_for_large().values():
        Problem.of(request, large)


@pytest.mark.parametrize("name", ["images-of-2019"])
def test_every_way_finds_the_same(name: str, catalog: Catalog) -> None:
    """Those whose solver is installed."""
    problem = Problem.of(named_requests(catalog)[name], catalog)
    question = Question.of(problem, 120)
    found = {way: asked(ask, question) for way, ask in WAYS.items()}
    optima = {answer.optimum for answer in found.values() if not isinstance(answer, str)}
    assert len(optima) == 1
    assert None not in optima
    failed = {way for way, answer in found.items() if isinstance(answer, str)}
    assert failed <= {"HiGHS, reduced", "SCIP, reduced", "search by hand, reduced"}
    assert ("search by hand, reduced" in failed) == (program() is None)


def test_a_stopwatch_counts_each_second_once(catalog: Catalog) -> None:
    """The innermost part that runs is counted, and everything is put back."""
    request = named_requests(catalog)["images-of-2019"]
    before = Problem.__dict__["of"]
    with watched(
        {"whole": ("rigopt.solving:solve",), "problem": ("rigopt.problem:Problem.of",)}
    ) as w:
        outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Optimal)
    assert Problem.__dict__["of"] is before
    assert set(w.seconds) >= {"rest", "problem"}
    assert min(w.seconds.values()) >= 0


def test_the_parts_of_a_solve_are_there() -> None:
    """Every function that is timed exists, and the parts cost something."""
    with watched(PARTS) as watch:
        solve(Request(market="us-2018-06", budget_cents=200_000))
    assert {"consistency", "dominance", "encoding", "search", "re-check"} <= watch.seconds.keys()


def test_the_report_tells_slow_downs_only() -> None:
    """A machine that is half as fast slows nothing down."""
    before = {"calibration": 1.0, "a": 1.0, "b": 2.0, "c": 0.001}
    now = {"calibration": 2.0, "a": 2.0, "b": 8.0, "c": 1.0}
    text = report(before, now)
    assert text.splitlines()[0] == "2 times compared with the last table, 1 slower by a quarter"
    assert "2.00 x  b: 8,000.0 ms, was 2,000.0" in text


def test_the_exponent_of_a_power_is_found() -> None:
    """Time that grows as the square root."""
    assert exponent([(100, 1.0), (400, 2.0), (1600, 4.0)]) == pytest.approx(0.5)
