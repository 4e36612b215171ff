"""Results of scenarios as a table: one row for each, the same in CSV, JSON Lines and Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rigopt.errors import InputError
from rigopt.outcome import Assessment, Feasible, Infeasible, Optimal, PartLine, Unknown
from rigopt.parts import KINDS
from rigopt.whatif.durable import replacing
from rigopt.whatif.scenarios import Column
from rigopt.workloads import Workload

Row = Mapping[str, Any]
"""Cells by column; what is left out is ``None``."""

SCENARIO = Column("scenario", int)
SECONDS = Column("seconds", float)
FORMATS = (".csv", ".jsonl", ".parquet")
ROWS_AT_ONCE = 10_000


def rate_column(workload: str) -> Column:
    """The column of a workload's units per second."""
    return Column("per_second_" + workload.replace("-", "_").replace(".", "_"), float)


def part_column(kind: str) -> Column:
    """The column of the parts of a kind: "2x ID", several models with "; " between them."""
    return Column(f"part_{kind}", str)


def result_columns(workloads: Iterable[Workload]) -> tuple[Column, ...]:
    """The columns of results; ``workloads``: those of the mixes that are asked for."""
    return (
        Column("status", str),
        Column("currency", str),
        Column("total_cents", int),
        Column("score", int),
        Column("score_bound", int),
        *(rate_column(workload.name) for workload in workloads),
        *(part_column(kind) for kind in KINDS),
        Column("gpus", int),
        Column("power_limit_w", int),
        Column("sustained_w", int),
        Column("wall_w", int),
        Column("binding", str),
        Column("explanation", str),
    )


def row_of(outcome: Optimal | Feasible | Infeasible | Unknown) -> dict[str, Any]:
    """The cells of an outcome; those that it has not are left out.

    ``binding`` names the wishes without which (or, of the budget, with a little more) the score
    would be higher; where no build exists, the wishes and rules that clash.
    """
    row: dict[str, Any] = {"status": outcome.status}
    match outcome:
        case Optimal() | Feasible():
            row |= _built(outcome.build)
            row["score_bound"] = outcome.score_bound
            row["binding"] = "; ".join(b.flag for b in outcome.binding if b.score is not None)
        case Infeasible():
            row["binding"] = "; ".join(reason.id for reason in outcome.explanation.reasons)
            row["explanation"] = outcome.explanation.summary
    if isinstance(outcome, Feasible | Unknown):
        row["explanation"] = outcome.limit
    return {name: value for name, value in row.items() if value not in (None, "")}


def _built(build: Assessment) -> dict[str, Any]:
    cards = [line for line in build.parts if line.kind == "gpu"]
    return {
        "currency": build.currency,
        "total_cents": build.total_cents,
        "score": build.score,
        **{
            rate_column(rate.workload).name: rate.per_second_milli / 1000
            for rate in build.throughput
        },
        **{part_column(kind).name: _named(build.parts, kind) for kind in KINDS},
        "gpus": sum(line.quantity for line in cards),
        "power_limit_w": next((line.power_limit_w for line in cards), None),
        "sustained_w": build.power.sustained_w,
        "wall_w": build.power.wall_w,
    }


def _named(parts: Sequence[PartLine], kind: str) -> str:
    return "; ".join(f"{line.quantity}x {line.part}" for line in parts if line.kind == kind)


def writer_for(target: Path, *, where: str) -> Callable[[Path, Sequence[Column], Rows], None]:
    """What writes the format that a file's name asks for.

    Raises:
        InputError: if there is none, or what it needs is not installed.
    """
    ending = target.suffix.lower()
    if ending == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise InputError(
                "Parquet needs pyarrow, which is not installed",
                where=where,
                mend="pip install 'rigopt[parquet]', or name a .csv or .jsonl file",
            ) from None
    writers = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}
    if ending not in writers:
        raise InputError(
            f"{target.name[:60]!r} is of no format that can be written",
            where=where,
            mend=f"name a file that ends in {', '.join(FORMATS)}",
        )
    return writers[ending]


Rows = Iterable[Row]


def write_rows(target: Path, columns: Sequence[Column], rows: Rows) -> None:
    """Write a table whole or not at all, in the format of the file's name.

    Raises:
        InputError: if the format is not known.
        OSError: if the file cannot be written.
    """
    write = writer_for(target, where=str(target))
    with replacing(target) as draft:
        write(draft, columns, rows)


def _write_csv(draft: Path, columns: Sequence[Column], rows: Rows) -> None:
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in columns)
        for row in rows:
            writer.writerow(_written(row.get(column.name)) for column in columns)


def _written(value: Any) -> Any:
    return ("false", "true")[value] if isinstance(value, bool) else value


def _write_jsonl(draft: Path, columns: Sequence[Column], rows: Rows) -> None:
    with draft.open("w", encoding="utf-8") as file:
        for row in rows:
            cells = {column.name: row.get(column.name) for column in columns}
            file.write(json.dumps(cells, ensure_ascii=False) + "\n")


def _write_parquet(draft: Path, columns: Sequence[Column], rows: Rows) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    with parquet.ParquetWriter(draft, schema) as writer:
        for group in _grouped(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _grouped(rows: Rows) -> Iterator[list[Row]]:
    left = iter(rows)
    while group := list(islice(left, ROWS_AT_ONCE)):
        yield group
