"""Imports on disk: parts read from a database once, and again whenever it changes.

A file is a header line and one line of rows for each kind, all JSON, checked by a hash before use
and replaced as a whole: a reader sees the old import or the new one, whoever else starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.imports.base import Report
from rigopt.imports.opendb import import_opendb, root_of
from rigopt.parts import PART_MODELS, Fact, Part
from rigopt.resources import user_dir

Progress = Callable[[int, int], None]


class Head(Fact):
    """What an import was made from."""

    format: Literal[1]
    importer: Literal["opendb"]
    source: str
    """The folder that was read."""
    fingerprint: str
    """Of the names, sizes and times of its files."""
    catalog: str
    """Digest of the catalogue it was held against."""
    sha256: str
    """Of the lines that follow."""


def import_folder(
    folder: Path, catalog: Catalog, tell: Progress = lambda _done, _all: None
) -> Report:
    """Read a copy of OpenDB and keep its parts for ``--unverified``.

    Raises:
        InputError: if the folder holds none, or the import cannot be kept.
    """
    root = root_of(folder).resolve()
    parts, report = import_opendb(root, catalog, tell)
    _write(parts, root, catalog)
    return report


def with_imports(catalog: Catalog, tell: Progress = lambda _done, _all: None) -> Catalog:
    """The catalogue with the parts of every import, read again where its source has changed.

    Raises:
        InputError: if there is no import, or it can neither be used nor made again.
    """
    path = _path()
    try:
        head, body = _read(path)
    except FileNotFoundError:
        raise InputError(
            "nothing has been imported yet",
            where="--unverified",
            mend="run rigopt catalog import opendb FOLDER first",
        ) from None
    source = Path(head.source)
    whole = hashlib.sha256(body).hexdigest() == head.sha256
    same = whole and head.catalog == catalog.digest
    if source.is_dir() and not (same and head.fingerprint == fingerprint(source)):
        parts, _ = import_opendb(source, catalog, tell)
        _write(parts, source, catalog)
    elif whole:
        parts = _parts(body, path)
    else:
        raise _damaged(path)
    return catalog.with_parts(part for part in parts if part.id not in catalog.parts)


def fingerprint(root: Path) -> str:
    """A hash of the names, sizes and times of the files of a database."""
    hasher = hashlib.sha256()
    for folder in sorted(entry.path for entry in os.scandir(root) if entry.is_dir()):
        for entry in sorted(os.scandir(folder), key=lambda item: item.name):
            told = entry.stat()
            hasher.update(f"{entry.path}\0{told.st_size}\0{told.st_mtime_ns}\n".encode())
    return hasher.hexdigest()


def _path() -> Path:
    return user_dir() / "imports" / "opendb.jsonl"


def _damaged(path: Path) -> InputError:
    return InputError(
        "is damaged", where=str(path), mend="run rigopt catalog import opendb FOLDER again"
    )


def _read(path: Path) -> tuple[Head, bytes]:
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        return Head.model_validate_json(head), body
    except FileNotFoundError:
        raise
    except (OSError, ValidationError):
        raise _damaged(path) from None


def _parts(body: bytes, path: Path) -> list[Part]:
    parts: list[Part] = []
    try:
        for line in body.splitlines():
            kind, _, rows = line.partition(b"\t")
            parts += _rows_of(kind.decode()).validate_json(rows)
    except (KeyError, ValueError):
        raise _damaged(path) from None
    return parts


def _rows_of(kind: str) -> TypeAdapter[list[Part]]:
    model: Any = PART_MODELS[kind]
    return TypeAdapter(list[model])


def _write(parts: Iterable[Part], root: Path, catalog: Catalog) -> None:
    """Replace the import as a whole."""
    by_kind: dict[str, list[Part]] = {kind: [] for kind in PART_MODELS}
    for part in parts:
        by_kind[str(part.kind)].append(part)  # type: ignore[attr-defined]
    body = b"".join(
        kind.encode() + b"\t" + _rows_of(kind).dump_json(rows, exclude_defaults=True) + b"\n"
        for kind, rows in by_kind.items()
    )
    head = Head(
        format=1,
        importer="opendb",
        source=str(root),
        fingerprint=fingerprint(root),
        catalog=catalog.digest,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    path, draft = _path(), ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, delete=False) as handle:
            draft = handle.name
            handle.write(json.dumps(head.model_dump()).encode() + b"\n" + body)
        Path(draft).replace(path)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        raise InputError(
            f"cannot be written ({(error.strerror or 'error').lower()})",
            where=str(path),
            mend="set RIGOPT_DATA to a folder of yours",
        ) from None
