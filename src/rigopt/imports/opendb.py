"""BuildCores OpenDB: a folder of JSON records, one file a part, in a folder for each kind.

Open Data Commons Attribution License 1.0, https://github.com/buildcores/buildcores-open-db.
It writes 0, false and null for what it does not know, and is wrong in places: what comes from it
is unverified, and whatever it does not state stays unknown.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rigopt.catalog import Catalog, is_folder
from rigopt.errors import InputError
from rigopt.imports.base import (
    BrokenRecordError,
    Disagreement,
    Report,
    Skipped,
    chips_by_name,
    compare,
    flag,
    items,
    named,
    number,
    part_numbers,
    plain,
    slug,
    text,
    whole,
)
from rigopt.parts import PART_MODELS, Part, first_problem
from rigopt.plausible import doubts

SOURCE = "BuildCores OpenDB"
FOLDERS = {
    "CPU": "cpu",
    "CPUCooler": "cooler",
    "CaseFan": "fan",
    "GPU": "gpu",
    "Motherboard": "motherboard",
    "NetworkCard": "network",
    "PCCase": "case",
    "PSU": "psu",
    "RAM": "memory",
    "Storage": "storage",
}
"""Our kind for each of its folders; prebuilt machines are no parts."""

Fields = dict[str, Any]

_GENERATIONS: Mapping[str, str | None] = {
    "Summit Ridge": "Zen",
    "Raven Ridge": "Zen APU",
    "Pinnacle Ridge": "Zen+",
    "Picasso": "Zen+ APU",
    "Matisse": "Zen 2",
    "Matisse 2": "Zen 2",
    "Renoir": "Zen 2 APU",
    "Vermeer": "Zen 3",
    "Vermeer-X": "Zen 3",
    "Cezanne": "Zen 3 APU",
    "Raphael": "Zen 4",
    "Phoenix": "Zen 4 APU",
    "Granite Ridge": "Zen 5",
    "Whitehaven": "Threadripper 1000",
    "Colfax": "Threadripper 2000",
    "Castle Peak": "Threadripper 3000",
    "Storm Peak": None,
    "Shimada Peak": None,
}
"""Generations by the names of cores; ``None``: the name stands for several."""
_BOARDS = {
    "atx": "ATX",
    "micro atx": "Micro-ATX",
    "mini-itx": "Mini-ITX",
    "thin mini-itx": "Mini-ITX",
    "eatx": "E-ATX",
    "ssi eeb": "SSI-EEB",
    "ssi ceb": "SSI-CEB",
    "xl atx": "XL-ATX",
}
_SUPPLIES = {
    "atx": "ATX",
    "atx/eps": "ATX",
    "sfx": "SFX",
    "sfx-l": "SFX-L",
    "tfx": "TFX",
    "flex atx": "Flex-ATX",
}
_COOLING = {
    "blower": "blower",
    "passive": "passive",
    "hybrid": "liquid",
    "water cooled": "liquid",
    "2 fans": "open-air",
    "3 fans": "open-air",
    "4 fans": "open-air",
}
"""One fan is a blower as often as not: it stays unknown."""


def import_opendb(
    folder: Path,
    catalog: Catalog,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[list[Part], Report]:
    """Every record of a copy of the database as a part, and what became of the records.

    Args:
        folder: the folder that holds ``CPU``, ``GPU``, ... (or ``open-db`` with them).
        catalog: what is known already; chips and sockets are looked up in it.
        tell: called with the number of records done and of all.

    Raises:
        InputError: if the folder holds no such records.
    """
    root = root_of(folder)
    reader = _Reader(catalog)
    files = [(path, kind) for name, kind in FOLDERS.items() for path in _records(root / name)]
    for done, (path, kind) in enumerate(files):
        if done % 500 == 0:
            tell(done, len(files))
        reader.take(path, kind)
    tell(len(files), len(files))
    return reader.parts, reader.report(len(files))


def root_of(folder: Path) -> Path:
    """The folder that holds the kinds' folders.

    Raises:
        InputError: if there is none.
    """
    for root in (folder, folder / "open-db"):
        if any(is_folder(root / name) for name in FOLDERS):
            return root
    raise InputError(
        "holds no copy of BuildCores OpenDB",
        where=str(folder)[:200],
        mend=f"name the folder with {', '.join(FOLDERS)}",
    )


def _records(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


class _Reader:
    """Takes records one by one."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.parts: list[Part] = []
        self.skipped: list[Skipped] = []
        self.disagreements: list[Disagreement] = []
        self.known = 0
        self.ids: set[str] = set()
        self.facts: Mapping[str, Callable[[Fields, str], Fields]] = {
            "gpu": self._gpu,
            "cpu": self._cpu,
            "motherboard": self._motherboard,
            "memory": self._memory,
            "storage": self._storage,
            "psu": self._psu,
            "cooler": self._cooler,
            "case": self._case,
            "fan": self._fan,
            "network": self._network,
        }
        self.numbers = part_numbers(catalog)
        self.chips = chips_by_name(catalog)
        self.corrected = {(c.part, c.field) for c in catalog.corrections if c.database == "opendb"}

    def report(self, records: int) -> Report:
        counts = Counter(str(part.kind) for part in self.parts)  # type: ignore[attr-defined]
        return Report(
            source=SOURCE,
            records=records,
            imported={kind: counts[kind] for kind in PART_MODELS if counts[kind]},
            known=self.known,
            skipped=tuple(self.skipped),
            disagreements=tuple(self.disagreements),
        )

    def take(self, path: Path, kind: str) -> None:
        """One record: imported, compared with the part that is there already, or left out."""
        name = f"{path.parent.name}/{path.name}"
        try:
            record = json.loads(path.read_bytes())
            if not isinstance(record, dict):
                raise BrokenRecordError("not a record: no fields")
            fields = self._fields(record, kind, path)
            twin = self._twin(kind, fields)
            if twin is None:
                part = PART_MODELS[kind].model_validate(fields)
                for doubt in doubts(part, self.catalog.chips):
                    raise BrokenRecordError(f"not usable: field {doubt.field}: {doubt.what}")
                if part.id in self.ids:
                    raise BrokenRecordError(
                        "twice: a record of the same id and name was read before"
                    )
                self.ids.add(part.id)
                self.parts.append(part)
            else:
                self.known += 1
                self.disagreements += compare(twin, fields, name, self.corrected)
        except BrokenRecordError as why:
            self.skipped.append(Skipped(record=name, why=str(why)))
        except ValidationError as error:
            self.skipped.append(Skipped(record=name, why=f"not usable: {first_problem(error)}"))
        except (OSError, ValueError, RecursionError) as error:
            self.skipped.append(Skipped(record=name, why=f"not readable: {error}"[:200]))

    def _twin(self, kind: str, fields: Fields) -> Part | None:
        return next(
            (
                self.numbers[kind, number.casefold()]
                for number in fields["part_numbers"]
                if (kind, number.casefold()) in self.numbers
            ),
            None,
        )

    def _fields(self, record: Fields, kind: str, path: Path) -> Fields:
        name, brand = text(record, "metadata", "name"), text(record, "metadata", "manufacturer")
        key = text(record, "opendb_id") or path.stem
        if not name or not brand:
            raise BrokenRecordError("no name or no manufacturer")
        year = whole(record, "metadata", "releaseYear")
        checked = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        return {
            "id": f"{slug(name, most=60)}-{slug(key, most=8)}",
            "name": name,
            "brand": brand,
            "part_numbers": tuple(_numbers(record)),
            "released": year if year is None or 2005 <= year <= 2030 else None,
            "sources": (f"{SOURCE}, record {key}",),
            "checked": _verified(record) or checked,
            "unverified": True,
            **self.facts[kind](record, name),
        }

    @cached_property
    def _sockets(self) -> dict[str, str]:
        return {
            name: row.name
            for row in self.catalog.sockets.values()
            for name in (row.name, *row.aliases)
        }

    @cached_property
    def _sockets_of(self) -> dict[str, set[str]]:
        """The sockets in which a CPU generation is found."""
        found: dict[str, set[str]] = {}
        for chipset in self.catalog.chipsets.values():
            for generation in chipset.cpu_support:
                found.setdefault(generation, set()).update(chipset.sockets)
        return found

    def _socket(self, stated: str, possible: set[str]) -> str | None:
        """A socket by its one name. The database does not tell the two LGA1151 apart: then what
        else is known of the part decides."""
        name = self._sockets.get(stated, stated) or None
        if name is None or name != "LGA1151":
            return name
        fitting = {socket for socket in possible if socket.startswith(name)}
        return fitting.pop() if len(fitting) == 1 else None

    def _cpu(self, r: Fields, _name: str) -> Fields:
        family, architecture = text(r, "coreFamily"), text(r, "microarchitecture")
        generation = _GENERATIONS.get(family, family)
        if family not in _GENERATIONS and generation not in self._sockets_of:
            generation = architecture
        if generation not in self._sockets_of:
            generation = None
        graphics = text(r, "specifications", "integratedGraphics", "model")
        types = set(map(str, items(r, "specifications", "memory", "types")))
        ecc = flag(r, "specifications", "eccSupport")
        possible = self._sockets_of.get(generation or "", set())
        return {
            "socket": self._socket(text(r, "socket"), possible),
            "generation": generation,
            "cores": whole(r, "cores", "total"),
            "threads": whole(r, "cores", "threads"),
            "base_mhz": _mhz(number(r, "clocks", "performance", "base")),
            "boost_mhz": _mhz(number(r, "clocks", "performance", "boost")),
            "tdp_w": whole(r, "specifications", "tdp"),
            "package_power_w": whole(r, "specifications", "ppt"),
            "memory_types": tuple(t for t in ("DDR3", "DDR4", "DDR5") if t in types) or None,
            "memory_channels": whole(r, "specifications", "memory", "channels"),
            "memory_max_gb": whole(r, "specifications", "memory", "maxSupport"),
            "ecc": ecc or None,
            "display": None if not graphics else graphics != "None",
            "cooler_included": flag(r, "specifications", "includesCooler"),
        }

    def _gpu(self, r: Fields, _name: str) -> Fields:
        chip = self._chip(text(r, "chipset"), whole(r, "memory"))
        width, tdp = number(r, "total_slot_width"), whole(r, "tdp")
        sockets = {
            "pcie_6pin": number(r, "power_connectors", "pcie_6_pin"),
            "pcie_8pin": number(r, "power_connectors", "pcie_8_pin"),
            "pcie_16pin": sum(
                number(r, "power_connectors", name) or 0
                for name in ("pcie_12VHPWR", "pcie_12V_2x6")
            ),
        }
        stated = any(sockets.values()) or (tdp is not None and tdp <= 75)
        outputs = named(r, "video_outputs")
        cooling = _COOLING.get(text(r, "cooling").casefold())
        return {
            "chip": chip,
            "length_mm": whole(r, "length"),
            "slots_covered": None if width is None else int(-(-width // 1)),
            "cooling": cooling,
            "tdp_w": tdp,
            **{name: int(value or 0) if stated else None for name, value in sockets.items()},
            "display_outputs": int(sum(number(outputs, port) or 0 for port in outputs)) or None,
            "radiator_mm": whole(r, "radiator_size") or 0,
        }

    def _chip(self, name: str, memory_gb: int | None) -> str:
        wanted = plain(name).removesuffix("lhr").removesuffix(f"{memory_gb}gb")
        sizes = {size for form, size in self.chips if form == wanted}
        if memory_gb is None and len(sizes) == 1:
            memory_gb = next(iter(sizes))
        chip = self.chips.get((wanted, memory_gb or 0))
        if chip is None:
            raise BrokenRecordError(f"a chip that the catalogue lacks: {name} with {memory_gb} GB")
        return chip.id

    def _motherboard(self, r: Fields, _name: str) -> Fields:
        stated = text(r, "socket")
        double = stated.startswith("2 x ")
        name = text(r, "chipset").rpartition(" ")[2]
        chipset = self.catalog.chipsets.get(name)
        sata = sum(
            number(r, "storage_devices", port) or 0 for port in ("sata_6_gb_s", "sata_3_gb_s")
        )
        plugs = Counter(
            str(plug).strip().replace(" ", "-")
            for plug in items(r, "power_connectors", "cpu_power")
        )
        radio = text(r, "wireless_networking")
        return {
            "socket": self._socket(
                stated.removeprefix("2 x "), set(chipset.sockets) if chipset else set()
            ),
            "cpu_sockets": 2 if double else 1,
            "chipset": chipset.name if chipset else None,
            "form_factor": _BOARDS.get(text(r, "form_factor").casefold()),
            "memory_type": _one_of(text(r, "memory", "ram_type"), "DDR3", "DDR4", "DDR5"),
            "memory_slots": whole(r, "memory", "slots"),
            "memory_max_gb": whole(r, "memory", "max"),
            "ecc": flag(r, "ecc_support") or None,
            "sata_ports": int(sata) or None,
            "u2_ports": whole(r, "storage_devices", "u2"),
            "eps_8pin": plugs["8-pin"] if plugs else None,
            "eps_4pin": plugs["4-pin"] if plugs else None,
            "wifi": None if not radio else radio != "None",
            "bios_flashback": flag(r, "bios_features", "flashback") or None,
        }

    def _memory(self, r: Fields, name: str) -> Fields:
        form = text(r, "form_factor")
        kind = _one_of(text(r, "ram_type"), "DDR3", "DDR4", "DDR5")
        if "SO-DIMM" in form or kind is None:
            raise BrokenRecordError(f"memory of another sort: {text(r, 'ram_type')} {form}")
        told = re.search(r"\b(ECC|RDIMM|LRDIMM|Registered)\b", name, re.IGNORECASE)
        stated = (text(r, "ecc"), text(r, "registered"))
        plain_module = stated == ("Non-ECC", "Unbuffered") and told is None
        return {
            "memory_type": kind,
            "module_kind": "UDIMM" if plain_module else None,
            "ecc": False if plain_module else None,
            "modules": whole(r, "modules", "quantity"),
            "module_gb": whole(r, "modules", "capacity_gb"),
            "speed_mt_s": whole(r, "speed"),
            "cas_latency": whole(r, "cas_latency"),
            "height_mm": whole(r, "height"),
        }

    def _psu(self, r: Fields, _name: str) -> Fields:
        eight = whole(r, "connectors", "pcie_6_plus_2_pin")
        sixteen = whole(r, "connectors", "pcie_12vhpwr")
        label = text(r, "efficiency_rating").removeprefix("80+").strip().casefold()
        modular = text(r, "modular").casefold()
        rating = text(r, "efficiency_rating")
        return {
            "watts": whole(r, "wattage"),
            "form_factor": _SUPPLIES.get(text(r, "form_factor").casefold()),
            "length_mm": whole(r, "length"),
            "efficiency": None if not rating else "white" if label in ("", "standard") else label,
            "modular": {"full": "full", "semi-modular": "semi", "non-modular": "no"}.get(modular),
            "eps_8pin": whole(r, "connectors", "eps_8_pin"),
            "pcie_8pin": eight,
            "pcie_16pin": 0 if sixteen is None and eight is not None else sixteen,
            "sata_plugs": whole(r, "connectors", "sata"),
            "molex_plugs": whole(r, "connectors", "molex_4_pin"),
        }

    def _case(self, r: Fields, _name: str) -> Fields:
        boards = {
            _BOARDS.get(str(item).casefold())
            for item in items(r, "supported_motherboard_form_factors")
        } - {None}
        supplies = {
            _SUPPLIES.get(str(item).casefold())
            for item in items(r, "supported_power_supply_form_factors")
        } - {None}
        return {
            "board_form_factors": tuple(sorted(map(str, boards))) or None,
            "expansion_slots": whole(r, "expansion_slots"),
            "gpu_length_max_mm": _floor(number(r, "max_video_card_length")),
            "cooler_height_max_mm": _floor(number(r, "max_cpu_cooler_height")),
            "psu_form_factors": tuple(sorted(map(str, supplies))) or None,
            "psu_length_max_mm": _floor(number(r, "max_psu_length")),
            "bays_35": whole(r, "internal_3_5_bays"),
            "bays_25": whole(r, "internal_2_5_bays"),
        }

    def _cooler(self, r: Fields, _name: str) -> Fields:
        liquid = flag(r, "water_cooled")
        radiator = whole(r, "radiator_size")
        names = [str(item) for item in items(r, "cpu_sockets")]
        known = dict.fromkeys(self._sockets[name] for name in names if name in self._sockets)
        if "LGA1151" in known:
            known["LGA1151-2"] = None
        sizes = (120, 140, 240, 280, 360, 420, 480)
        return {
            "medium": None if liquid is None else "liquid" if liquid else "air",
            "height_mm": None if liquid else whole(r, "height"),
            "sockets": tuple(known) or None,
            "radiator_mm": 0 if liquid is False else radiator if radiator in sizes else None,
        }

    def _storage(self, r: Fields, _name: str) -> Fields:
        form, interface = text(r, "form_factor"), text(r, "interface")
        kind = text(r, "type") or text(r, "storage_type")
        shape, _, length = form.partition("-")
        forms = {"M.2": "m2", '2.5"': "2.5", '3.5"': "3.5"}
        serial = "SATA" in interface
        nvme = (flag(r, "nvme") or interface == "U.2") and not serial
        if shape not in forms or not (serial or nvme):
            raise BrokenRecordError(f"a drive of another sort: {form} {interface}")
        lengths = {"2230": 30, "2242": 42, "2260": 60, "2280": 80, "22110": 110}
        gen = re.search(r"PCIe (\d)\.0", interface)
        return {
            "form": "u2" if shape == '2.5"' and nvme else forms[shape],
            "protocol": "nvme" if nvme else "sata",
            "capacity_gb": whole(r, "capacity"),
            "pcie_gen": int(gen[1]) if gen and nvme else None,
            "m2_length_mm": lengths.get(length),
            "spinning": None if not kind else kind in ("HDD", "SSHD"),
        }

    def _fan(self, r: Fields, _name: str) -> Fields:
        airflow = number(r, "max_airflow") or number(r, "min_airflow")
        noise = number(r, "max_noise_level") or number(r, "min_noise_level")
        return {
            "size_mm": whole(r, "size"),
            "pack": whole(r, "quantity") or 1,
            "airflow_m3_h": None if airflow is None else round(airflow * 1.699),
            "noise_dba_tenths": None if noise is None else round(noise * 10),
        }

    def _network(self, _r: Fields, name: str) -> Fields:
        words = name.casefold()
        slot = re.search(r"pcie x(\d+)", words)
        bus = "usb" if "usb" in words else "pcie" if "pcie" in words else None
        radio = "802.11" in words or "wi-fi" in words or "wifi" in words
        return {
            "bus": bus,
            "wifi": True if radio else False if "ethernet" in words else None,
            "slot_size": 0 if bus == "usb" else int(slot[1]) if slot else None,
        }


def _numbers(record: Fields) -> Iterator[str]:
    """Part numbers, without the shreds that the database has among them."""
    for item in dict.fromkeys(map(str, items(record, "metadata", "part_numbers"))):
        word = item.strip()
        if 5 <= len(word) <= 60 and any(c.isdigit() for c in word) and word.isprintable():
            yield word


def _verified(record: Fields) -> date | None:
    """The day on which somebody of the database looked at the record."""
    try:
        return date.fromisoformat(text(record, "metadata", "last_manually_spec_verified_at")[:10])
    except ValueError:
        return None


def _mhz(ghz: float | None) -> int | None:
    return None if ghz is None else round(ghz * 1000)


def _floor(value: float | None) -> int | None:
    """Room is not made larger."""
    return None if value is None else int(value)


def _one_of(word: str, *known: str) -> str | None:
    return word if word in known else None
