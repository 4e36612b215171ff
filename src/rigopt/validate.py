"""Check a catalogue: every row against its schema, and rows against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rigopt.catalog import TABLES, is_folder, part_files, try_rows
from rigopt.corrections import load_corrections
from rigopt.errors import InputError, nearest
from rigopt.markets import Market, load_market
from rigopt.parts import (
    PART_MODELS,
    Cpu,
    CpuCooler,
    GpuCard,
    GpuChip,
    Motherboard,
    NvlinkBridge,
    PowerSupply,
)
from rigopt.parts.base import Part, Row
from rigopt.parts.platform import Chipset, SocketRow
from rigopt.plausible import doubts, twins
from rigopt.priceindex import load_index
from rigopt.resources import data_dir

LEAST_CENTS, MOST_CENTS = 100, 10_000_000
"""No part of a rig costs less (but nothing), or more."""


def validate(folder: Path | None = None) -> tuple[list[InputError], int]:
    """Every problem of a catalogue, and how many rows it has.

    A problem names file, row, field and repair. An empty list means: no problem.
    """
    root = folder or data_dir("catalogs")
    problems: list[InputError] = []
    rows: dict[str, list[tuple[Path, Row]]] = {}
    if not is_folder(root / "parts"):
        return [InputError("is no catalogue", where=str(root), mend="add a folder parts/")], 0
    for name, model in TABLES.items():
        found, wrong = try_rows(root / name, model)
        problems += wrong
        rows[name] = [(root / name, row) for row in found]
    parts: list[tuple[Path, Part]] = []
    for path, model in part_files(root):
        found_parts, wrong = try_rows(path, model)
        problems += wrong
        parts += [(path, row) for row in found_parts]
    tables = {name: [row for _, row in found] for name, found in rows.items()}
    problems += _unique([item for found in rows.values() for item in found], parts)
    problems += _references(parts, tables)
    chips = {row.id: row for found in rows.values() for _, row in found if isinstance(row, GpuChip)}
    for path, part in parts:
        problems += [
            InputError(
                f"{part.id}: field {doubt.field}: {doubt.what}", where=str(path), mend=doubt.mend
            )
            for doubt in doubts(part, chips)
        ]
    where = {part.id: path for path, part in parts}
    problems += [
        InputError(
            f"{second.id}: field part_numbers: {number} is that of {first.id} too",
            where=str(where[second.id]),
            mend="remove it from the one that does not have it, or the row that is there twice",
        )
        for first, second, number in twins(part for _, part in parts)
    ]
    known = {part.id: part for _, part in parts}
    priced = 0
    for head in sorted((root / "markets").glob("*/market.json")):
        try:
            market = load_market(head.parent)
        except InputError as error:
            problems.append(error)
            continue
        priced += len(market.rows())
        problems += _prices(market, head.parent, known)
    listed, wrong = _side_tables(root, known.keys() | chips.keys())
    problems += wrong
    return problems, len(parts) + sum(len(found) for found in tables.values()) + priced + listed


def _prices(market: Market, folder: Path, known: Mapping[str, Part]) -> Iterator[InputError]:
    """What is wrong with a market's prices."""

    def wrong(what: str, mend: str) -> InputError:
        return InputError(what, where=str(folder), mend=mend)

    day = market.info.as_of
    for price in market.rows():
        part = known.get(price.part)
        if part is None:
            yield wrong(f"prices {price.part}, which is no part", nearest(price.part, known))
        elif part.released is not None and part.released > day.year:
            yield wrong(
                f"prices {price.part}, first sold in {part.released}, after the market's day {day}",
                "remove the price, or correct the part's released",
            )
        if price.date > day:
            yield wrong(
                f"the price of {price.part} is of {price.date}, after the market's day {day}",
                "date an estimate at the market's day and name the evidence in its note",
            )
        if 0 < price.price_cents < LEAST_CENTS or price.price_cents > MOST_CENTS:
            yield wrong(
                f"the price of {price.part}, {price.price_cents} cents, cannot be right",
                "give it in cents, or remove it",
            )
        if price.basis == "estimate" and not price.note:
            yield wrong(f"the estimate of {price.part} has no note", "say how it was derived")


def _side_tables(root: Path, known: Collection[str]) -> tuple[int, list[InputError]]:
    """How many corrections and index points there are, and what is wrong with them."""
    problems: list[InputError] = []
    rows = 0
    path = root / "corrections.csv"
    try:
        for correction in load_corrections(path):
            rows += 1
            if correction.part not in known:
                what = f"corrects {correction.part}, which is no part"
                problems.append(
                    InputError(what, where=str(path), mend=nearest(correction.part, known))
                )
    except InputError as error:
        problems.append(error)
    for path in sorted((root / "price_index").glob("*.csv")):
        try:
            index = load_index(path)
        except InputError as error:
            problems.append(error)
            continue
        rows += len(index)
        problems += [
            InputError(f"{kind} is no kind", where=str(path), mend=nearest(kind, PART_MODELS))
            for kind in index.kinds
            if kind not in PART_MODELS
        ]
    return rows, problems


def _unique(tables: list[tuple[Path, Row]], parts: list[tuple[Path, Part]]) -> Iterator[InputError]:
    seen: dict[tuple[str, str], Path] = {}
    for path, row in [*tables, *parts]:
        scope = "part" if isinstance(row, Part) else path.name
        if (scope, row.id) in seen:
            yield InputError(
                f"{row.id} stands in {seen[scope, row.id].name} too",
                where=str(path),
                mend="rename or remove one",
            )
        seen[scope, row.id] = path
        for field in row.estimated:
            if field not in type(row).model_fields:
                yield InputError(
                    f"{row.id}: estimated names {field}, which is no field",
                    where=str(path),
                    mend=nearest(field, type(row).model_fields),
                )


def _references(
    parts: list[tuple[Path, Part]], tables: dict[str, list[Row]]
) -> Iterator[InputError]:
    chips = {row.id for row in tables["gpu_chips.jsonl"] if isinstance(row, GpuChip)}
    chipsets = {row.name: row for row in tables["chipsets.jsonl"] if isinstance(row, Chipset)}
    sockets = {
        name
        for row in tables["sockets.jsonl"]
        if isinstance(row, SocketRow)
        for name in (row.name, *row.aliases)
    }
    generations = {name for row in chipsets.values() for name in row.cpu_support}

    def wrong(path: Path, row: Part, field: str, value: object, known: set[str]) -> InputError:
        return InputError(
            f"{row.id}: field {field}: {value} is not known",
            where=str(path),
            mend=nearest(str(value), known),
        )

    for path, part in parts:
        match part:
            case GpuCard() if part.chip not in chips:
                yield wrong(path, part, "chip", part.chip, chips)
            case NvlinkBridge():
                for chip in set(part.chips or ()) - chips:
                    yield wrong(path, part, "chips", chip, chips)
            case Motherboard():
                if part.chipset is not None and part.chipset not in chipsets:
                    yield wrong(path, part, "chipset", part.chipset, set(chipsets))
                if part.socket is not None and part.socket not in sockets:
                    yield wrong(path, part, "socket", part.socket, sockets)
            case Cpu():
                if part.socket is not None and part.socket not in sockets:
                    yield wrong(path, part, "socket", part.socket, sockets)
                if part.generation is not None and part.generation not in generations:
                    yield wrong(path, part, "generation", part.generation, generations)
            case CpuCooler():
                for socket in set(part.sockets or ()) - sockets:
                    yield wrong(path, part, "sockets", socket, sockets)
            case PowerSupply() if part.watts == 0:
                yield InputError(
                    f"{part.id}: field watts: 0 W", where=str(path), mend="leave it out if unknown"
                )
            case _:
                pass
