"""The commands on cards by themselves: rigopt throughput, rigopt compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.terminal import AsJson, Folder, catalog_in, console

if TYPE_CHECKING:
    from rigopt.comparing import Comparison

Count = Annotated[str, typer.Option("--count", metavar="N", help="How many of a kind together.")]
LinkText = Annotated[
    str | None, typer.Option("--link", metavar="LINK", help="Of several: 4x8, 5x16, 4x16+nvlink.")
]
WorkloadName = Annotated[str, typer.Option("--workload", metavar="NAME", help="Workload or mix.")]
MarketName = Annotated[str, typer.Option("--market", metavar="NAME", help="Price list.")]
Used = Annotated[bool, typer.Option("--used", help="Also take used cards' prices.")]
Cap = Annotated[
    str | None, typer.Option("--power-limit", metavar="PCT", help="Cap of each card: 80%.")
]


def _compared(
    names: list[str],
    count: str,
    link: str | None,
    folder: str | None,
    **wishes: Any,
) -> Comparison:
    from rigopt.comparing import compare_cards, parse_link
    from rigopt.requestfile import request_from
    from rigopt.units import parse_count

    catalog = catalog_in(folder)
    given = {name.replace("_", "-"): value for name, value in wishes.items() if value}
    request, _ = request_from(given, catalog)
    return compare_cards(
        names,
        request,
        catalog=catalog,
        count=parse_count(count, where="--count", least=1, most=8),
        link=None if link is None else parse_link(link, where="--link"),
    )


def throughput_command(
    gpu: Annotated[str, typer.Argument(metavar="GPU", help="Card or chip.")],
    count: Count = "1",
    link: LinkText = None,
    workload: WorkloadName = "balanced",
    power_limit: Cap = None,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """What a card does of every workload: rigopt throughput 4090 --count 2 --link 4x8"""
    found = _compared([gpu], count, link, folder, workload=workload, power_limit=power_limit)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rigopt.render.cards import print_card

    print_card(console(), found.cards[0])


def compare_command(
    gpus: Annotated[list[str], typer.Argument(metavar="GPU...", help="Cards or chips.")],
    count: Count = "1",
    link: LinkText = None,
    workload: WorkloadName = "balanced",
    market: MarketName = "us-2026",
    used: Used = False,
    power_limit: Cap = None,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Cards side by side: speed, memory, watts, price: rigopt compare 3090 4090 5090 --used"""
    wishes = {"workload": workload, "market": market, "used": used, "power_limit": power_limit}
    found = _compared(gpus, count, link, folder, **wishes)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rigopt.render.cards import print_comparison

    print_comparison(console(), found)
