"""What the commands share: exit codes, common options, the console."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rigopt.catalog import Catalog

DONE, VIOLATED, BAD_INPUT, NO_BUILD, LIMIT = 0, 1, 2, 3, 4
"""Exit codes of answers and of bad input."""
FAULT, NOT_WRITTEN, STOPPED, PIPE_CLOSED = 70, 74, 130, 141
"""Exit codes of what ends a run from outside."""

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
