"""The command line: reads flags, calls the library, renders. Heavy imports happen in commands."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from rigopt.cli_batch import batch_command
from rigopt.cli_cards import compare_command, throughput_command
from rigopt.cli_catalog import catalog_app, prices_app
from rigopt.cli_model import model_app
from rigopt.cli_plans import Save, plan_command, show_room, show_team, upgrade_command
from rigopt.cli_questions import (
    limits_command,
    sensitivity_command,
    why_command,
    why_not_command,
)
from rigopt.cli_request import (
    AsMarkdown,
    Prices,
    RequestFile,
    asked,
    one_form,
    priced,
    progress,
    save_build,
    with_imports_of,
    with_wishes,
)
from rigopt.errors import InputError, InternalError
from rigopt.terminal import (
    BAD_INPUT,
    DONE,
    FAULT,
    LIMIT,
    NO_BUILD,
    NOT_WRITTEN,
    PIPE_CLOSED,
    STOPPED,
    VIOLATED,
    AsJson,
    Folder,
    catalog_in,
    console,
    drawing,
    writable,
    write_drawing,
    write_whole,
)

SELDOM = 50_000, 20, 100
"""When to look for garbage: what a command makes mostly stays till its end."""

app = typer.Typer(
    name="rigopt",
    help="Which parts should a deep-learning machine be made of? Real parts, every compatibility "
    "rule checked, the best throughput a budget can buy, proven.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(catalog_app, name="catalog")
app.add_typer(prices_app, name="prices")
app.add_typer(model_app, name="model")
app.command("throughput")(throughput_command)
app.command("compare")(compare_command)
app.command("batch")(batch_command)
app.command("why")(with_wishes(why_command))
app.command("why-not")(with_wishes(why_not_command))
app.command("limits")(with_wishes(limits_command))
app.command("sensitivity")(with_wishes(sensitivity_command))
app.command("upgrade")(with_wishes(upgrade_command))
app.command("plan")(with_wishes(plan_command))

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every rule with its numbers.")]
TeamOf = Annotated[
    str | None, typer.Option("--team", metavar="N", help="Equal rigs for N people: how many.")
]
RoomFor = Annotated[
    str | None, typer.Option("--room-for", metavar="WHAT", help="Later parts to leave room for: 1.")
]


def _version(shown: bool) -> None:
    if shown:
        from importlib.metadata import version

        typer.echo(f"rigopt {version('rigopt')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show version.")
    ] = False,
) -> None:
    del version


@app.command("solve")
@with_wishes
def solve_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    top: Annotated[
        str | None, typer.Option("--top", metavar="K", help="The K best with different cards.")
    ] = None,
    differ_in: Annotated[
        str | None,
        typer.Option("--differ-in", metavar="KINDS", help="What the K best differ in: platform."),
    ] = None,
    room_for: RoomFor = None,
    team: TeamOf = None,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    save: Save = None,
    verbose: Verbose = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """The best build for a budget, proven: rigopt solve --budget 5000 --min-vram 24"""
    from rigopt.outcome import Feasible, Infeasible, Optimal
    from rigopt.solving import solve

    if differ_in is not None and top is None:
        raise InputError("is nothing without --top", where="--differ-in", mend="add --top 3")
    one_form(as_json, as_markdown)
    if room_for is not None:
        _no_other("--room-for", ("--top", top), ("--team", team), ("--markdown", as_markdown))
        show_room(given, request_file, room_for, as_json, save, prices, folder)
        return
    if team is not None:
        _no_other("--team", ("--top", top), ("--save", save), ("--markdown", as_markdown))
        show_team(given, request_file, team, as_json, prices, folder)
        return
    if top is not None:
        _solve_top(given, request_file, top, differ_in, as_json, prices, folder)
        return
    target = writable(save, "--save")
    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        outcome = solve(request, catalog=catalog, tell=tell)
    save_build(target, getattr(outcome, "build", None), request)
    _show(outcome, as_json=as_json, as_markdown=as_markdown, verbose=verbose)
    if isinstance(outcome, Infeasible):
        raise typer.Exit(NO_BUILD)
    if not isinstance(outcome, Optimal | Feasible):
        raise typer.Exit(LIMIT)


def _no_other(flag: str, *others: tuple[str, object]) -> None:
    """Refuse flags that give the answer another form."""
    for name, value in others:
        if value:
            raise InputError("exclude each other", where=f"{flag} and {name}", mend="keep one")


def _solve_top(
    given: dict[str, Any],
    request_file: str | None,
    top: str,
    differ_in: str | None,
    as_json: bool,
    prices: str | None,
    folder: str | None,
) -> None:
    """The best builds that differ, in their cards if nothing else is said."""
    from rigopt.difference import parse_differences
    from rigopt.solving import solve_top
    from rigopt.units import parse_count

    count = parse_count(top, where="--top", least=1, most=50)
    features = parse_differences(differ_in, where="--differ-in") if differ_in else ()
    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        answers = solve_top(request, count, differ_in=features, catalog=catalog, tell=tell)
    if as_json:
        typer.echo("[" + ",\n".join(a.model_dump_json(indent=2) for a in answers) + "]")
    else:
        from rigopt.render.text import print_top

        print_top(console(), answers, features)
    if not answers:
        raise typer.Exit(NO_BUILD)


@app.command("frontier")
@with_wishes
def frontier_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    axes: Annotated[
        str | None,
        typer.Option(
            "--axes", metavar="X,Y", help="Of price, throughput, vram (of all cards), watts."
        ),
    ] = None,
    as_json: AsJson = False,
    csv_file: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write the curve as CSV.")
    ] = None,
    plot_file: Annotated[
        str | None, typer.Option("--plot", metavar="FILE", help="Draw the curve (SVG, PNG).")
    ] = None,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Price against throughput, or what --axes says: rigopt frontier --budget 10000"""
    from rigopt.solving import frontier
    from rigopt.tradeoffs import DEFAULT, parse_axes

    chosen = DEFAULT if axes is None else parse_axes(axes, where="--axes")
    csv_target, plot_target = writable(csv_file, "--csv"), drawing(plot_file)
    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        found = frontier(request, axes=chosen, catalog=catalog, tell=tell)
    from rigopt.render.frontier import csv_text, print_frontier, svg

    if csv_target is not None:
        write_whole(csv_target, csv_text(found), "--csv")
    if plot_target is not None:
        write_drawing(plot_target, svg(found))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        print_frontier(console(), found)
    if not found.points:
        raise typer.Exit(NO_BUILD if found.complete else LIMIT)


@app.command("check")
@with_wishes
def check_command(
    given: dict[str, Any],
    build_file: Annotated[str, typer.Argument(metavar="BUILD.yaml", help="The parts.")],
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    verbose: Verbose = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Every rule's verdict on a build that somebody made."""
    from rigopt.buildfile import load_build
    from rigopt.checking import check

    one_form(as_json, as_markdown)
    catalog = catalog_in(folder)
    build, request, catalog = load_build(
        Path(build_file),
        catalog,
        given,
        grow=with_imports_of,
        prices=lambda c, request: priced(c, request, prices),
    )
    report = check(build, request, catalog=catalog)
    _show(report, as_json=as_json, as_markdown=as_markdown, verbose=verbose)
    if report.status == "violated":
        raise typer.Exit(VIOLATED)


def _show(answer: Any, *, as_json: bool, as_markdown: bool, verbose: bool) -> None:
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    elif as_markdown:
        from rigopt.render.markdown import markdown

        typer.echo(markdown(answer), nl=False)
    else:
        from rigopt.outcome import Report
        from rigopt.render.text import print_outcome, print_report

        if isinstance(answer, Report):
            print_report(console(), answer, verbose=verbose)
        else:
            print_outcome(console(), answer, verbose=verbose)


def main() -> None:
    """The console script. Errors of input are one sentence and exit code 2."""
    gc.set_threshold(*SELDOM)
    atexit.register(gc.freeze)  # nor is it looked through as it goes with the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except InputError as error:
        _end(f"rigopt: {error}", BAD_INPUT)
    except InternalError as error:
        _end(f"rigopt: a fault of rigopt itself, please report it: {error}", FAULT)
    except (KeyboardInterrupt, typer.Abort):
        _end("rigopt: stopped", STOPPED)
    except (BrokenPipeError, SystemExit):  # rich and typer exit when the reader has left
        _end("", PIPE_CLOSED)
    except OSError as error:
        _end(f"rigopt: the answer cannot be written ({error.strerror})", NOT_WRITTEN)
    except Exception as error:
        if _stopped(error):
            _end("rigopt: stopped", STOPPED)
        show = getattr(error, "show", None)  # how typer tells a wrong use of flags
        if show is None:
            raise
        show()
        _end("", int(getattr(error, "exit_code", BAD_INPUT)))
    if code == STOPPED:  # typer turns Ctrl-C into this
        _end("rigopt: stopped", STOPPED)
    sys.exit(code if isinstance(code, int) else DONE)


def _stopped(error: BaseException) -> bool:
    """Whether Ctrl-C is at the bottom of an error, such as of an import that it cut short."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__cause__ or seen.__context__
    return seen is not None


def _end(text: str, code: int) -> NoReturn:
    """Leave with a last line, whatever state the streams are in."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if text and sys.stderr is not None:
        print(text, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
