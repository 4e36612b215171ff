"""The shipped catalogue is sound, and a broken one is told apart with file, row, field, repair."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from rigopt.catalog import Catalog, kind_of
from rigopt.errors import InputError
from rigopt.parts import FIT_CRITICAL, REQUIRED_KINDS, GpuCard, Motherboard
from rigopt.resources import data_dir
from rigopt.survey import Difference, compare, survey
from rigopt.validate import validate


def test_the_shipped_catalogue_has_no_problem() -> None:
    """Schema, references, uniqueness and prices are in order."""
    problems, rows = validate()
    assert [str(problem) for problem in problems] == []
    assert rows > 5000


def test_no_fit_critical_fact_is_missing(catalog: Catalog) -> None:
    """Every rule can be decided on every shipped part."""
    missing = [
        (part.id, field)
        for part in catalog.parts.values()
        for field in FIT_CRITICAL[kind_of(part)]
        if getattr(part, field) is None
    ]
    assert missing == []


LEAST = {
    "gpu": 200,
    "cpu": 110,
    "motherboard": 150,
    "memory": 120,
    "storage": 90,
    "psu": 100,
    "case": 90,
    "cooler": 80,
    "fan": 20,
    "nvlink_bridge": 15,
    "riser": 20,
}


def test_the_catalogue_is_broad(catalog: Catalog) -> None:
    """A thousand parts and more of every kind, for every platform that a rig is built on."""
    counts = Counter(kind_of(part) for part in catalog.parts.values())
    assert sum(counts.values()) >= 1000
    assert {kind: counts[kind] for kind, least in LEAST.items() if counts[kind] < least} == {}
    cards = [part for part in catalog.of_kind("gpu") if isinstance(part, GpuCard)]
    assert len({card.chip for card in cards}) >= 120
    assert {card.cooling for card in cards} == {"open-air", "blower", "liquid", "passive"}
    boards = [part for part in catalog.of_kind("motherboard") if isinstance(part, Motherboard)]
    sockets = {board.socket for board in boards}
    wanted = {"AM4", "AM5", "LGA1151", "LGA1151-2", "LGA1200", "LGA1700", "LGA1851", "LGA2066"}
    assert wanted | {"sTR4", "sTRX4", "sWRX8", "sTR5", "SP3", "SP5", "LGA4677"} <= sockets
    assert sum(seats(board) >= 2 for board in boards) >= 60


def seats(board: Motherboard) -> int:
    """Cards of two slots that a board seats, each with eight lanes or more, in a large case."""
    lanes = max((table.min_cpu_lanes for table in board.populations or ()), default=0)
    slots = [slot for slot in board.slots or () if slot.size == 16]
    most = 0
    for table in board.populations or ():
        if table.min_cpu_lanes <= lanes:
            wired = zip(board.slots or (), table.lanes, strict=True)
            rows = [slot.position for slot, n in wired if slot in slots and n >= 8]
            count, free = 0, 0
            for row in rows:
                if row >= free:
                    count, free = count + 1, row + 2
            most = max(most, count)
    return most


def test_every_kind_that_a_rig_needs_can_be_bought_new(catalog: Catalog) -> None:
    """The market has new parts of every required kind, each price dated and sourced."""
    market = catalog.market("us-2026")
    new = {kind_of(catalog.parts[row.part]) for row in market.rows() if row.condition == "new"}
    assert set(REQUIRED_KINDS) <= new
    assert all(row.source for row in market.rows())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped catalogue to break."""
    target = tmp_path / "catalogs"
    shutil.copytree(data_dir("catalogs"), target)
    return target


def append(path: Path, row: dict[str, object]) -> None:
    with path.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(row) + "\n")


PSU = {"id": "x", "name": "X 1", "brand": "X", "sources": ["s"], "checked": "2026-01-01"}


@pytest.mark.parametrize(
    ("row", "field", "mend"),
    [
        (PSU | {"watts": "750"}, "watts", "without quotes"),
        (PSU | {"wattage": 750}, "wattage", "remove it or correct its name"),
        (PSU | {"form_factor": "ATX12V"}, "form_factor", "one of the values"),
        ({k: v for k, v in PSU.items() if k != "sources"}, "sources", "add it"),
        (PSU | {"id": "Not A Slug"}, "id", "correct the value"),
        (PSU | {"watts": -5}, "watts", "correct the value"),
    ],
)
def test_a_wrong_row_is_named(copy: Path, row: dict[str, object], field: str, mend: str) -> None:
    """File, row, field and repair of a row that breaks the schema."""
    path = copy / "parts" / "psu" / "atx.jsonl"
    number = len(path.read_text(encoding="utf-8").splitlines()) + 1
    append(path, row)
    problems, _ = validate(copy)
    text = str(problems[0])
    assert len(problems) == 1
    assert f"atx.jsonl, row {number}: field {field}" in text
    assert mend in text
    with pytest.raises(InputError, match=field):
        Catalog.load(copy)


def test_rows_are_held_against_each_other(copy: Path) -> None:
    """A duplicate id, a chip, chipset or socket that is not there, a price of no part."""
    gpu = copy / "parts" / "gpu" / "geforce.jsonl"
    first = json.loads(
        next(line for line in gpu.read_text(encoding="utf-8").splitlines() if line[0] == "{")
    )
    append(gpu, first)
    append(gpu, first | {"id": "another", "chip": "geforce-rtx-9999"})
    board = copy / "parts" / "motherboard" / "am4.jsonl"
    row = json.loads(
        next(line for line in board.read_text(encoding="utf-8").splitlines() if line[0] == "{")
    )
    append(board, row | {"id": "b1", "chipset": "X571"})
    append(board, row | {"id": "b2", "populations": [{"lanes": [16]}]})
    prices = copy / "markets" / "us-2026" / "prices" / "psu.csv"
    with prices.open("a", encoding="utf-8") as handle:
        handle.write("no-such-part,100,new,quote,2026-01-01,somebody,\n")
    texts = [t for t in map(str, validate(copy)[0]) if "part_numbers" not in t]
    for words in (f"{first['id']} stands in", "geforce-rtx-9999", "X571", "entries for", "no-such"):
        assert any(words in text for text in texts), (words, texts)
    assert len(texts) == 5


IMPOSSIBLE: dict[str, tuple[str, dict[str, object], str]] = {
    "a case of 77 slots": ("case", {"expansion_slots": 77}, "77 slots is not between"),
    "PCIe 4.0 on a board of 2017": ("motherboard", {"released": 2017}, "before the first boards"),
    "1,200 W without a PCIe plug": (
        "psu",
        {"watts": 1200, "pcie_8pin": 0, "pcie_16pin": 0},
        "no PCIe plug",
    ),
    "2 GB of memory at most": ("motherboard", {"memory_max_gb": 2}, "2 GB is not between"),
    "a card of another memory": ("gpu", {"name": "Acme RTX 3090 96GB"}, "the name says 96 GB"),
    "more threads than two a core": ("cpu", {"threads": 500}, "500 threads"),
    "memory of no size": ("memory", {"module_gb": 20}, "no module has 20 GB"),
    "a hard disk that speaks NVMe": ("storage", {"spinning": True, "protocol": "nvme"}, "NVMe"),
    "a liquid cooler without a radiator": (
        "cooler",
        {"medium": "liquid", "radiator_mm": 0},
        "without a radiator",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_is_named(name: str, copy: Path) -> None:
    """A fact that no real part has is reported with file, row, field and repair."""
    kind, wrong, words = IMPOSSIBLE[name]
    path = next(
        path
        for path in sorted((copy / "parts" / kind).glob("*.jsonl"))
        if name != "PCIe 4.0 on a board of 2017" or path.name == "am5.jsonl"
    )
    row = json.loads(next(x for x in path.read_text(encoding="utf-8").splitlines() if x[0] == "{"))
    append(path, {**row, **wrong, "id": "impossible", "part_numbers": []})
    problems = [str(p) for p in validate(copy)[0]]
    assert problems
    for problem in problems:
        assert "impossible: field" in problem
        assert path.name in problem
    assert any(words in problem for problem in problems)


def test_two_rows_of_one_part_number(copy: Path) -> None:
    """One number on two supplies: one of the rows is wrong, or there twice."""
    path = copy / "parts" / "psu" / "atx.jsonl"
    rows = [json.loads(x) for x in path.read_text(encoding="utf-8").splitlines() if x[0] == "{"]
    numbered = next(row for row in rows if row.get("part_numbers"))
    append(path, numbered | {"id": "again"})
    problems = [str(problem) for problem in validate(copy)[0]]
    assert len(problems) == len(numbered["part_numbers"])
    for number, problem in zip(numbered["part_numbers"], problems, strict=True):
        assert number in problem
        assert {"again", numbered["id"]} <= set(problem.replace(":", " ").split())


def test_survey_counts_what_there_is(catalog: Catalog) -> None:
    """Counts, completeness and ages add up; a fact taken away is a gap."""
    market = catalog.market("us-2026")
    found = survey(catalog, market)
    assert sum(row.parts for row in found.kinds) == len(catalog.parts)
    assert found.gaps == ()
    prices = found.prices
    assert prices.rows == prices.quotes + prices.list_prices + prices.estimates
    card = catalog.parts["nvidia-rtx-3090-founders"]
    vague = catalog.with_parts([card.model_copy(update={"length_mm": None})])
    (gap,) = survey(vague, market).gaps
    assert (gap.kind, gap.field, gap.parts) == ("gpu", "length_mm", (card.id,))


def test_difference_names_what_changed(copy: Path, catalog: Catalog) -> None:
    """A part added, one removed, a fact and a price changed; nothing else."""
    path = copy / "parts" / "psu" / "atx.jsonl"
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if x[:1] == "{"]
    first, second, *rest = map(json.loads, lines)
    changed = [first | {"length_mm": 199}, second | {"id": "renamed", "part_numbers": []}, *rest]
    path.write_text("".join(json.dumps(row) + "\n" for row in changed), encoding="utf-8")
    prices = copy / "markets" / "us-2026" / "prices" / "psu.csv"
    with prices.open("a", encoding="utf-8") as handle:
        handle.write(f"{first['id']},12345,new,quote,2026-11-21,somebody,\n")
    found = compare(catalog, Catalog.load(copy))
    assert found.added == ("renamed",)
    assert found.removed == (second["id"],)
    assert [(c.row, c.field, c.after) for c in found.changed] == [(first["id"], "length_mm", "199")]
    assert [(c.row, c.field, c.after) for c in found.prices] == [
        (first["id"], "us-2026 new", "123.45")
    ]
    assert compare(catalog, catalog) == Difference(added=(), removed=(), changed=(), prices=())


def test_a_broken_price_file_is_named(copy: Path) -> None:
    """A price that is no number, a day that is no day, a header that is not the header."""
    prices = copy / "markets" / "us-2026" / "prices" / "psu.csv"
    good = prices.read_text(encoding="utf-8")
    for line, words in (
        ("x,12.5,new,quote,2026-01-01,s,", "price_cents"),
        ("x,1250,mint,quote,2026-01-01,s,", "condition"),
        ("x,1250,new,quote,yesterday,s,", "date"),
        ("x,1250,new", "columns"),
    ):
        prices.write_text(good + line + "\n", encoding="utf-8")
        with pytest.raises(InputError, match=words):
            Catalog.load(copy).market("us-2026")
    prices.write_text("part,price\n", encoding="utf-8")
    with pytest.raises(InputError, match="header"):
        Catalog.load(copy).market("us-2026")


def test_aliases_become_the_one_name(catalog: Catalog) -> None:
    """TR4 and sTR4 are one socket wherever they are written."""
    cooler = catalog.of_kind("cooler")[0]
    renamed = cooler.model_copy(update={"id": "alias", "sockets": ("TR4", "LGA 1700")})
    added = catalog.with_parts([renamed])
    assert added.parts["alias"].sockets == ("sTR4", "LGA1700")  # type: ignore[attr-defined]


def test_names_are_found(catalog: Catalog) -> None:
    """By id, name, part number, chip or words; what is not there is refused with the nearest."""
    assert catalog.resolve("Intel Core i7-13700K", where="test").id == "intel-core-i7-13700k"
    assert catalog.resolve("220-G2-0750-XR", where="test").id == "evga-supernova-750-g2"
    assert len(catalog.find("geforce-rtx-3090")) >= 3
    with pytest.raises(InputError, match="did you mean"):
        catalog.resolve("Intel Core i7-13700KX", where="test")
    with pytest.raises(InputError, match="name one"):
        catalog.resolve("corsair", where="test")
