"""Parts that are owned, named one by one or by the file of the build that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from rigopt.buildfile import build_from, read_build
from rigopt.catalog import Catalog
from rigopt.errors import InputError

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
        InputError: if a file cannot be read, a part of it is not known, or one that it describes
            goes by the name of another.
    """
    named = written.get("own")
    values = named if isinstance(named, list | tuple) else [named]
    if not any(map(_is_file, values)):
        return written, catalog
    own: list[Any] = []
    for value in values:
        if not _is_file(value):
            own.append(value)
            continue
        file = read_build((folder or Path()) / value.strip())
        build, grown = build_from(file.lines, catalog, None, (), where=file.where)
        for line in build.lines:
            if catalog.parts.get(line.part.id, line.part) != line.part:
                raise InputError(
                    f"another part is called {line.part.name[:60]!r}",
                    where=file.where,
                    mend="rename the one that is described here",
                )
        catalog = grown
        own += [f"{line.quantity}x {line.part.id}" for line in build.lines]
    return {**written, "own": own}, catalog


def _is_file(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.strip().endswith(SUFFIXES)
