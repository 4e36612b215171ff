"""Where the shipped ``catalogs`` and ``models`` lie, and what a person's imports are kept in."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from importlib.resources import files
from pathlib import Path


def data_dir(name: str) -> Path:
    """The folder ``catalogs`` or ``models``: inside the installed package, or, when the
    package runs from a source checkout, at its top level."""
    packaged = Path(str(files("rigopt"))) / name
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[2] / name


@lru_cache(maxsize=1)
def models_digest() -> str:
    """Twelve hex digits that change when any file of ``models`` does."""
    folder, hasher = data_dir("models"), hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = path.read_bytes()
        hasher.update(f"{path.relative_to(folder).as_posix()} {len(text)}\n".encode())
        hasher.update(text)
    return hasher.hexdigest()[:12]


def user_dir() -> Path:
    """The folder for a person's own data: ``RIGOPT_DATA``, or where the system keeps such."""
    given = os.environ.get("RIGOPT_DATA", "")
    if given.strip():
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("rigopt", appauthor=False)
