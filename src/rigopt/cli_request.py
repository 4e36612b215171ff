"""What the commands share that answer a request: its wishes as options, prices, progress."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.errors import InputError
from rigopt.flags import FLAGS, Flag
from rigopt.terminal import catalog_in, progress_bar, write_whole

if TYPE_CHECKING:
    from rigopt.catalog import Catalog
    from rigopt.outcome import Assessment
    from rigopt.request import Request

AsMarkdown = Annotated[bool, typer.Option("--markdown", help="The answer as Markdown.")]
Prices = Annotated[
    str | None, typer.Option("--prices", metavar="FILE", help="Prices of your own (CSV).")
]
RequestFile = Annotated[
    str | None, typer.Argument(metavar="[REQUEST.yaml]", help="Wishes; flags override it.")
]


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A spinner that names the step; silent when the error stream is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda step: status.update(step)


def with_wishes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command every wish as an option; it receives the ones that were given by name."""

    def wrapped(**arguments: Any) -> None:
        given = {}
        for flag in FLAGS:
            value = arguments.pop(flag.field_key)
            if value is not None and value is not False and value != []:
                given[flag.name] = value
        command(given=given, **arguments)

    own = inspect.signature(command, eval_str=True).parameters
    parameters = [p for name, p in own.items() if name != "given"]
    parameters += map(_parameter, FLAGS)
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    return wrapped


@cache
def _parameter(flag: Flag) -> inspect.Parameter:
    """The option of a wish, the same of every command."""
    kind: Any = bool if flag.switch else list[str] if flag.many else str
    option = typer.Option(f"--{flag.name}", metavar=flag.metavar or None, help=flag.help)
    return inspect.Parameter(
        flag.field_key,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if flag.switch else None,
        annotation=Annotated[kind if flag.switch else kind | None, option],
    )


def asked(
    given: dict[str, Any], request_file: str | None, prices: str | None, folder: str | None
) -> tuple[Request, Catalog]:
    """The request of flags and file, with the catalogue and prices to answer it from."""
    from rigopt.requestfile import request_from
    from rigopt.upgrades.owning import with_owned_builds

    request, catalog = request_from(
        given,
        catalog_in(folder),
        file=path_of(request_file),
        grow=with_imports_of,
        own=with_owned_builds,
    )
    return request, priced(catalog, request, prices)


def with_imports_of(catalog: Catalog) -> Catalog:
    """A catalogue with what was imported, read again if need be."""
    from rigopt.imports.store import with_imports

    with progress_bar("reading the imports again") as tell:
        return with_imports(catalog, tell)


def priced(catalog: Catalog, request: Request, path: str | None) -> Catalog:
    """A catalogue with the prices of a file, if one is named."""
    if path is None:
        return catalog
    from rigopt.userprices import with_prices

    return with_prices(catalog, request, Path(path))


def path_of(text: str | None) -> Path | None:
    """The path of a file that may be named."""
    if text is not None and not text.strip():
        raise InputError("is empty", where="request file", mend="name a file or leave it out")
    return None if text is None else Path(text)


def one_form(as_json: bool, as_markdown: bool) -> None:
    """Refuse two forms of one answer."""
    if as_json and as_markdown:
        raise InputError("exclude each other", where="--json and --markdown", mend="keep one")


def save_build(target: Path | None, build: Assessment | None, request: Request) -> None:
    """Write a build with its request where ``--save`` says, if there are both."""
    if target is None or build is None:
        return
    from rigopt.buildfile import write_build
    from rigopt.requestfile import written_request

    text = write_build(build, request=written_request(request), title="rigopt build")
    write_whole(target, text, "--save")
