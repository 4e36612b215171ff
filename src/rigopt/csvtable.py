"""CSV tables of the catalogue: a fixed header, one typed row a line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from rigopt.errors import InputError
from rigopt.parts import Fact, first_problem

F = TypeVar("F", bound=Fact)


def read_table(path: Path, model: type[F], columns: Sequence[str]) -> list[F]:
    """The rows of a CSV file as values of a model. An empty field counts as not given.

    Raises:
        InputError: naming file, row and field of the first row that cannot be used.
    """
    adapter = TypeAdapter(model)
    rows: list[F] = []
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if tuple(reader.fieldnames or ()) != tuple(columns):
                raise InputError(
                    "the first line is not the expected header",
                    where=str(path),
                    mend=f"begin with {','.join(columns)}",
                )
            for row in reader:
                where = f"{path}, row {reader.line_num}"
                if None in row or None in row.values():
                    raise InputError(
                        f"has not {len(columns)} columns",
                        where=where,
                        mend="quote fields that hold commas",
                    )
                rows.append(_typed(adapter, row, where))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"cannot be read as UTF-8 CSV ({error})", where=str(path), mend="mend or remove it"
        ) from None
    return rows


def _typed(adapter: TypeAdapter[F], row: dict[str, str], where: str) -> F:
    try:
        return adapter.validate_strings({key: value for key, value in row.items() if value})
    except ValidationError as error:
        mend = "write it as 2026-09-01" if "date" in error.errors()[0]["type"] else "correct it"
        raise InputError(first_problem(error), where=where, mend=mend) from None
