"""The shipped catalogue is sound, and a broken one is told apart with file, row, field, repair."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from rigopt.catalog import Catalog, kind_of
from rigopt.errors import InputError
from rigopt.parts import REQUIRED_KINDS, GpuCard, Motherboard
from rigopt.resources import data_dir
from rigopt.validate import validate

FIT_CRITICAL = {
    "gpu": "length_mm height_mm slots_covered cooling pcie_8pin pcie_6pin pcie_16pin eps_8pin "
    "adapter_8pin display_outputs",
    "cpu": "socket generation cores threads tdp_w package_power_w memory_types module_kinds "
    "memory_channels memory_max_gb ecc pcie_gen pcie_lanes display cooler_included",
    "motherboard": "socket chipset form_factor width_mm memory_type module_kinds memory_slots "
    "memory_channels memory_max_gb memory_module_max_gb slots populations m2 sata_ports u2_ports "
    "eps_8pin eps_8pin_required wifi",
    "memory": "memory_type module_kind ecc modules module_gb speed_mt_s height_mm",
    "storage": "form protocol capacity_gb spinning",
    "psu": "watts form_factor length_mm efficiency atx_version eps_8pin pcie_8pin pcie_16pin "
    "sata_plugs",
    "cooler": "medium height_mm sockets overhangs_memory radiator_mm paste_included",
    "case": "board_form_factors expansion_slots gpu_length_max_mm cooler_height_max_mm "
    "psu_form_factors psu_length_max_mm radiator_mounts bays_35 bays_25 fan_mounts",
    "fan": "size_mm",
    "nvlink_bridge": "family span_slots",
    "riser": "gen lanes",
    "network": "bus wifi",
    "paste": "name",
    "os": "family",
}
"""Facts without which a rule would have to say unknown."""


def test_the_shipped_catalogue_has_no_problem() -> None:
    """Schema, references, uniqueness and prices are in order."""
    problems, rows = validate()
    assert [str(problem) for problem in problems] == []
    assert rows > 1000


def test_no_fit_critical_fact_is_missing(catalog: Catalog) -> None:
    """Every rule can be decided on every shipped part."""
    missing = [
        (part.id, field)
        for part in catalog.parts.values()
        for field in FIT_CRITICAL[kind_of(part)].split()
        if getattr(part, field) is None
    ]
    assert missing == []


def test_the_catalogue_is_broad(catalog: Catalog) -> None:
    """As many parts, chips, boards and platforms as a first catalogue needs."""
    counts = Counter(kind_of(part) for part in catalog.parts.values())
    assert sum(counts.values()) >= 250
    assert counts["gpu"] >= 60
    assert counts["motherboard"] >= 25
    cards = [part for part in catalog.of_kind("gpu") if isinstance(part, GpuCard)]
    assert len({card.chip for card in cards}) >= 25
    boards = [part for part in catalog.of_kind("motherboard") if isinstance(part, Motherboard)]
    sockets = {board.socket for board in boards}
    wanted = {"AM4", "AM5", "LGA1200", "LGA1700", "LGA1851", "LGA2066"}
    assert wanted | {"sTR4", "sTRX4", "sWRX8", "sTR5"} <= sockets


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
    texts = [str(problem) for problem in validate(copy)[0]]
    for words in (f"{first['id']} stands in", "geforce-rtx-9999", "X571", "entries for", "no-such"):
        assert any(words in text for text in texts), (words, texts)
    assert len(texts) == 5


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
