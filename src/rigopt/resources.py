"""Where the shipped ``catalogs`` and ``models`` lie."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def data_dir(name: str) -> Path:
    """The folder ``catalogs`` or ``models``: inside the installed package, or, when the
    package runs from a source checkout, at its top level."""
    packaged = Path(str(files("rigopt"))) / name
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[2] / name
