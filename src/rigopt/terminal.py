"""What the commands share: exit codes, common options, the console, files they write."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rigopt.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from rigopt.catalog import Catalog

DONE, VIOLATED, BAD_INPUT, NO_BUILD, LIMIT = 0, 1, 2, 3, 4
"""Exit codes of answers and of bad input."""
FAULT, NOT_WRITTEN, STOPPED, PIPE_CLOSED = 70, 74, 130, 141
"""Exit codes of what ends a run from outside."""

PNG = ".png"

AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
Folder = Annotated[
    str | None, typer.Option("--catalog", metavar="DIR", help="Another catalogue folder.")
]


def console() -> Console:
    from rich.console import Console

    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    width = None if at_terminal or "COLUMNS" in os.environ else 80
    return Console(width=width, soft_wrap=False)


def catalog_in(folder: str | None) -> Catalog:
    from rigopt.catalog import Catalog

    return Catalog.load(None if folder is None else Path(folder))


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of what is done; silent when the error stream is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def writable(path: str | None, flag: str) -> Path | None:
    """The file to write, links followed. Only files are replaced, never devices or folders."""
    if path is None:
        return None
    mend = "name a file in a folder that is there"
    try:
        target = Path(path).resolve()
        fits = target.parent.is_dir() and (target.is_file() or not target.exists())
    except (OSError, ValueError, RuntimeError):
        fits = False
    if not fits or not path.strip() or path.endswith(("/", os.sep)):
        raise InputError(f"{path!r} cannot be written", where=flag, mend=mend)
    return target


def drawing(path: str | None) -> Path | None:
    """The file of ``--plot`` to write: an SVG drawing, or a PNG if that can be made here."""
    target = writable(path, "--plot")
    ending = "" if target is None else target.suffix.lower()
    if ending == PNG:
        from rigopt.drawing import can_be_png

        can_be_png()
    elif ending not in ("", ".svg"):
        mend = "give it a name that ends in .svg or .png"
        raise InputError(f"{path!r} would be a drawing", where="--plot", mend=mend)
    return target


def write_drawing(target: Path, drawing: str) -> None:
    """Write a drawing as what its file's name says."""
    from rigopt.drawing import png

    whole = png(drawing) if target.suffix.lower() == PNG else drawing
    write_whole(target, whole, "--plot")


def write_whole(target: Path, content: str | bytes, flag: str) -> None:
    """Write a file whole or not at all."""
    import tempfile

    draft = ""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as handle:
            draft = handle.name
            handle.write(content.encode() if isinstance(content, str) else content)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        raise InputError(
            f"{str(target)[:80]!r} cannot be written ({(error.strerror or 'error').lower()})",
            where=flag,
            mend="choose another place",
        ) from None
