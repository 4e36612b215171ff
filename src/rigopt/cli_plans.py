"""The commands that look beyond one machine bought once: room for later parts, upgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.cli_wishes import Prices, RequestFile, asked, progress, with_wishes
from rigopt.errors import InputError
from rigopt.terminal import (
    LIMIT,
    NO_BUILD,
    AsJson,
    Folder,
    console,
    writable,
    write_whole,
)

if TYPE_CHECKING:
    from rigopt.outcome import Assessment
    from rigopt.request import Request


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
    from rigopt.expanding import solve_with_room
    from rigopt.room import parse_room

    target = writable(save, "--save")
    request, catalog = asked(given, request_file, prices, folder)
    room = parse_room(room_for, catalog)
    with progress() as tell:
        found = solve_with_room(request, room, catalog=catalog, tell=tell)
    if target is not None and found.build is not None:
        write_whole(target, _build_text(found.build, request), "--save")
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
    from rigopt.teaming import solve_team
    from rigopt.units import parse_count

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


@with_wishes
def upgrade_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    as_json: AsJson = False,
    save: Save = None,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """The best upgrade for a sum: rigopt upgrade --own rig.yaml --budget 1500"""
    from rigopt.upgrading import upgrade

    target = writable(save, "--save")
    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        found = upgrade(request, catalog=catalog, tell=tell)
    if target is not None and found.build is not None:
        write_whole(target, _build_text(found.build, request), "--save")
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        from rigopt.render.upgrade import print_upgrade

        print_upgrade(console(), found)
    if found.build is None:
        raise typer.Exit(NO_BUILD if found.status == "infeasible" else LIMIT)


def _build_text(build: Assessment, request: Request) -> str:
    from rigopt.buildfile import write_build
    from rigopt.requestfile import written_request

    return write_build(build, request=written_request(request), title="rigopt build")
