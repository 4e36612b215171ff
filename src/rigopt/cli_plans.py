"""The commands that look beyond one machine bought once: room for later parts, upgrades,
teams, plans in stages."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from rigopt.cli_request import (
    Prices,
    RequestFile,
    asked,
    path_of,
    priced,
    progress,
    save_build,
)
from rigopt.errors import InputError
from rigopt.terminal import (
    LIMIT,
    NO_BUILD,
    AsJson,
    Folder,
    catalog_in,
    console,
    drawing,
    writable,
    write_drawing,
)

Save = Annotated[str | None, typer.Option("--save", metavar="FILE", help="Write the build.")]


def show_room(
    given: dict[str, Any],
    request_file: str | None,
    room_for: str,
    as_json: bool,
    save: str | None,
    prices: str | None,
    folder: str | None,
) -> None:
    """The best build that leaves room, beside the best that need not."""
    from rigopt.upgrades.expanding import solve_with_room
    from rigopt.upgrades.room import parse_room

    target = writable(save, "--save")
    request, catalog = asked(given, request_file, prices, folder)
    room = parse_room(room_for, catalog)
    with progress() as tell:
        found = solve_with_room(request, room, catalog=catalog, tell=tell)
    save_build(target, found.build, request)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        from rigopt.render.room import print_room

        print_room(console(), found)
    if found.build is None:
        raise typer.Exit(NO_BUILD if found.status == "infeasible" else LIMIT)


def show_team(
    given: dict[str, Any],
    request_file: str | None,
    people: str,
    as_json: bool,
    prices: str | None,
    folder: str | None,
) -> None:
    """How many equal rigs of which size serve a team."""
    from rigopt.units import parse_count
    from rigopt.upgrades.teaming import solve_team

    count = parse_count(people, where="--team", least=1, most=500)
    if "users" in given:
        raise InputError("exclude each other", where="--team and --users", mend="keep one")
    request, catalog = asked({**given, "users": "1"}, request_file, prices, folder)
    with progress() as tell:
        found = solve_team(request, count, catalog=catalog, tell=tell)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        from rigopt.render.team import print_team

        print_team(console(), found)
    if found.best is None:
        raise typer.Exit(NO_BUILD if found.status == "infeasible" else LIMIT)


def upgrade_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    as_json: AsJson = False,
    save: Save = None,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """The best upgrade for a sum: rigopt upgrade --own rig.yaml --budget 1500"""
    from rigopt.upgrades.upgrading import upgrade

    target = writable(save, "--save")
    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        found = upgrade(request, catalog=catalog, tell=tell)
    save_build(target, found.build, request)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        from rigopt.render.upgrade import print_upgrade

        print_upgrade(console(), found)
    if found.build is None:
        raise typer.Exit(NO_BUILD if found.status == "infeasible" else LIMIT)


def plan_command(
    given: dict[str, Any],
    plan_file: Annotated[
        str | None, typer.Argument(metavar="[PLAN.yaml]", help="Stages; flags override them.")
    ] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", metavar="DATE:MONEY", help="A stage: 2026-11:3000."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="MONTH", help="End of the last stage.")
    ] = None,
    no_carry: Annotated[
        bool, typer.Option("--no-carry", help="Money left at a stage is lost.")
    ] = False,
    no_resale: Annotated[bool, typer.Option("--no-resale", help="Nothing is sold.")] = False,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="KIND", help="Kind of part that stays.")
    ] = None,
    same_board: Annotated[
        bool, typer.Option("--same-board", help="The board stays: no change of platform.")
    ] = False,
    max_changes: Annotated[
        str | None,
        typer.Option("--max-changes", metavar="K", help="Pieces taken out at a stage, at most."),
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect", metavar="KIND=PCT", help="Price change a year, or an index (CSV)."
        ),
    ] = None,
    plot_file: Annotated[
        str | None,
        typer.Option("--plot", metavar="FILE", help="Draw score and money (SVG, PNG)."),
    ] = None,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Buy in stages, all planned together: rigopt plan --stage 2026-11:3000 --stage 2027-06:2000"""
    from rigopt.upgrades.owning import with_owned_builds
    from rigopt.upgrades.planning import plan
    from rigopt.upgrades.stages import plan_from
    from rigopt.userfiles import read_mapping

    target, path = drawing(plot_file), path_of(plan_file)
    flags: dict[str, Any] = {
        "stages": stage,
        "until": until,
        "carry": False if no_carry else None,
        "resale": False if no_resale else None,
        "keep": keep,
        "same-board": same_board or None,
        "max-changes": max_changes,
        "expect": expect,
    }
    flags = {name: value for name, value in flags.items() if value is not None}
    catalog = catalog_in(folder)
    written: Any = {} if path is None else read_mapping(path)
    written, catalog = with_owned_builds(written, catalog, None if path is None else path.parent)
    wishes, catalog = with_owned_builds(given, catalog)
    posed = plan_from(written, {**wishes, **flags}, catalog, where=plan_file or "plan")
    catalog = priced(catalog, posed.stages[0].request, prices)
    with progress() as tell:
        found = plan(posed, catalog=catalog, tell=tell)
    from rigopt.render.plan import print_plan, svg

    if target is not None and found.steps:
        write_drawing(target, svg(found))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        print_plan(console(), found)
    if not found.steps:
        raise typer.Exit(NO_BUILD if found.status == "infeasible" else LIMIT)
