"""The commands that question an answer: why, why-not, sensitivity, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.cli_request import Prices, RequestFile, asked, progress
from rigopt.terminal import LIMIT, NO_BUILD, AsJson, Folder, console

if TYPE_CHECKING:
    from rigopt.reasons.findings import Limits, Sensitivity

PartName = Annotated[str, typer.Argument(metavar="PART", help="Part or GPU chip.")]


def _asked_why(
    part: str, given: dict[str, Any], request_file: str | None, folder: str | None, **options: Any
) -> None:
    from rigopt.reasons import questions
    from rigopt.requestfile import named_part

    request, catalog = asked(given, request_file, options["prices"], folder)
    ask = questions.why_not if options["negated"] else questions.why
    named = named_part(part, "PART", catalog)
    with progress() as tell:
        found = ask(named, request, catalog=catalog, tell=tell)
    if options["as_json"]:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rigopt.render.questions import print_why

    print_why(console(), found)


def why_command(
    given: dict[str, Any],
    part: PartName,
    request_file: RequestFile = None,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """What the answer would lose without a part: rigopt why "RTX 4090" --budget 5000"""
    _asked_why(part, given, request_file, folder, prices=prices, as_json=as_json, negated=False)


def why_not_command(
    given: dict[str, Any],
    part: PartName,
    request_file: RequestFile = None,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Why a part is not in the answer: rigopt why-not "RTX 5090" --budget 5000"""
    _asked_why(part, given, request_file, folder, prices=prices, as_json=as_json, negated=True)


def sensitivity_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    part: Annotated[
        list[str] | None, typer.Option("--part", metavar="PART", help="Only these prices.")
    ] = None,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Which prices and budgets leave the answer as it is: rigopt sensitivity --budget 5000"""
    from rigopt.reasons.sensitivity import sensitivity_of
    from rigopt.requestfile import named_part

    request, catalog = asked(given, request_file, prices, folder)
    named = None if not part else [named_part(name, "--part", catalog) for name in part]
    with progress() as tell:
        found = sensitivity_of(request, named, catalog=catalog, tell=tell)
    _told(found, as_json)


def limits_command(
    given: dict[str, Any],
    request_file: RequestFile = None,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """What holds the answer back, and the gain from relaxing it: rigopt limits --budget 5000"""
    from rigopt.reasons.limits import limits_of

    request, catalog = asked(given, request_file, prices, folder)
    with progress() as tell:
        found = limits_of(request, catalog=catalog, tell=tell)
    _told(found, as_json)


def _told(found: Sensitivity | Limits, as_json: bool) -> None:
    """Show what was found beside an answer, or that there is none."""
    from rigopt.outcome import Infeasible, Optimal
    from rigopt.reasons.findings import Sensitivity

    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    elif not isinstance(found.answer, Optimal):
        from rigopt.render.text import print_outcome

        print_outcome(console(), found.answer, verbose=False)
    else:
        from rigopt.render.questions import print_limits, print_sensitivity

        if isinstance(found, Sensitivity):
            print_sensitivity(console(), found, found.answer.build)
        else:
            print_limits(console(), found, found.answer.build)
    if not isinstance(found.answer, Optimal):
        raise typer.Exit(NO_BUILD if isinstance(found.answer, Infeasible) else LIMIT)
