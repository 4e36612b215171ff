"""Parts that are owned, named one by one or by the file of the build that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rigopt.buildfile import build_from, read_build
from rigopt.catalog import Catalog

SUFFIXES = (".yaml", ".yml", ".json")


def with_owned_builds(
    written: Mapping[str, Any], catalog: Catalog, folder: Path | None = None
) -> tuple[Mapping[str, Any], Catalog]:
    """Wishes in which every build file under ``own`` is replaced by its parts, and the catalogue
    with the parts added that the files describe in place.

    Args:
        written: wishes by flag name, as written.
        folder: where relative paths start; default: the current folder.

    Raises:
        InputError: if a file cannot be read, or a part of it is not known.
    """
    named = written.get("own")
    values = named if isinstance(named, list | tuple) else [named]
    own: list[Any] = []
    for value in values:
        if not isinstance(value, str) or not value.strip().endswith(SUFFIXES):
            own.append(value)
            continue
        file = read_build((folder or Path()) / value.strip())
        build, catalog = build_from(file.lines, catalog, None, (), where=file.where)
        own += [f"{line.quantity}x {line.part.id}" for line in build.lines]
    return ({**written, "own": own} if "own" in written else written), catalog
