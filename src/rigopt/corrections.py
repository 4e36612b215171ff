"""Facts that open part databases have wrong, each with who says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rigopt.csvtable import read_table
from rigopt.parts import Fact
from rigopt.parts.base import Slug, Text

COLUMNS = ("part", "field", "value", "instead_of", "database", "source", "date")


class Correction(Fact):
    """A fact of one of our parts that a database states otherwise."""

    part: Slug
    """A part, or a GPU chip."""
    field: str
    value: Text
    """What is right."""
    instead_of: Text
    """What the database says."""
    database: Slug
    source: Text
    date: date


def load_corrections(path: Path) -> tuple[Correction, ...]:
    """The corrections in a CSV file; none if there is no such file.

    Raises:
        InputError: if the file cannot be used.
    """
    return tuple(read_table(path, Correction, COLUMNS) if path.is_file() else ())
