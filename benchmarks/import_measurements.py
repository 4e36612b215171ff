"""Take measured rows of a CSV into ``models/measurements``, each with its source.

    python benchmarks/import_measurements.py ROWS.csv

ROWS.csv has the columns gpu, gpu_count, interconnect, workload, phase, precision, batch, metric,
value, unit, source, as_of, software, power_limit_w, n_obs, provenance, notes, group. Rows go,
unaltered and in their order, to single.csv (one card at its usual power), multi.csv (several cards)
and power.csv (a power limit); their source, date and software are kept once in sources.csv. What is
not taken goes to left_out.csv with the reason.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

from rigopt import Catalog
from rigopt.measurements import LEFT_OUT_COLUMNS, MEASUREMENT_COLUMNS, SOURCE_COLUMNS
from rigopt.resources import data_dir

OTHER_NAMES = {
    "Arc A770": "arc-a770-16gb",
    "Tesla P100 SXM2": "tesla-p100-sxm2-16gb",
}
"""Names of cards that differ from the catalogue's; the Arc A770 of the rows has 16 GB."""


def main(rows_path: str) -> None:
    chips = {
        chip.name.removeprefix(f"{chip.vendor} ").casefold(): chip.id
        for chip in Catalog.load().chips.values()
    }
    tables: dict[str, list[dict[str, str]]] = {"single": [], "multi": [], "power": []}
    keys: dict[tuple[str, str, str], str] = {}
    left_out: list[dict[str, str]] = []
    with Path(rows_path).open(encoding="utf-8", newline="") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            chip = OTHER_NAMES.get(row["gpu"]) or chips.get(row["gpu"].casefold())
            reason = why_not(row, chip)
            if reason or chip is None:
                told = {"line": str(line), "gpu": row["gpu"], "count": row["gpu_count"]}
                kept = {name: row[name] for name in ("group", "value", "unit", "source")}
                left_out.append(told | kept | {"reason": reason})
                continue
            origin = (row["source"], row["as_of"], row["software"])
            key = keys.setdefault(origin, f"s{len(keys) + 1:04d}")
            kind = "power" if row["power_limit_w"] else "single"
            tables[kind if row["gpu_count"] == "1" or kind == "power" else "multi"].append(
                {
                    "chip": chip,
                    "count": row["gpu_count"],
                    "link": row["interconnect"],
                    "observations": row["n_obs"],
                    "source": key,
                    "note": row["notes"],
                }
                | {
                    name: row[name]
                    for name in MEASUREMENT_COLUMNS
                    if name in row and name != "source"
                }
            )
    folder = data_dir("models") / "measurements"
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        write(folder / f"{name}.csv", MEASUREMENT_COLUMNS, rows)
    sources = [
        {"key": key, "source": source, "as_of": as_of, "software": software}
        for (source, as_of, software), key in keys.items()
    ]
    write(folder / "sources.csv", SOURCE_COLUMNS, sources)
    write(folder / "left_out.csv", LEFT_OUT_COLUMNS, left_out)
    print({name: len(rows) for name, rows in tables.items()}, "left out:", len(left_out))


def why_not(row: dict[str, str], chip: str | None) -> str:
    """Why a row is not taken; empty: it is."""
    if "SUSPECT" in row["notes"]:
        return row["notes"][row["notes"].index("SUSPECT") :]
    if chip is None:
        return "the catalogue has no such chip: its specifications could not be sourced"
    return ""


def write(path: Path, columns: Iterable[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
