"""The command on many scenarios: rigopt batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rigopt.cli_request import Prices, with_imports_of
from rigopt.errors import InputError
from rigopt.terminal import (
    LIMIT,
    AsJson,
    Folder,
    catalog_in,
    console,
    drawing,
    progress_bar,
    writable,
    write_drawing,
)

if TYPE_CHECKING:
    from rigopt.catalog import Catalog
    from rigopt.request import Request
    from rigopt.whatif.batch import Batch
    from rigopt.whatif.scenarios import ScenarioSet
    from rigopt.whatif.summary import Summary

Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Results: .csv, .jsonl or .parquet.")
]
Workers = Annotated[
    str | None, typer.Option("--workers", metavar="N", help="Searches at once; default: cores.")
]
Cluster = Annotated[
    str | None, typer.Option("--executor", metavar="URL", help="A cluster: dask://HOST:8786.")
]
StopAfter = Annotated[
    str | None, typer.Option("--stop-after", metavar="S", help="Seconds; go on another time.")
]
Yes = Annotated[bool, typer.Option("--yes", help="So many scenarios are meant.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only validate, count and estimate.")]
Show = Annotated[
    str | None, typer.Option("--show", metavar="N", help="The whole answer to scenario N.")
]
Plot = Annotated[
    str | None,
    typer.Option("--plot", metavar="FILE", help="Draw throughput over budget (SVG, PNG)."),
]
NoSeconds = Annotated[
    bool, typer.Option("--no-seconds", help="Leave out what differs from run to run.")
]


def batch_command(
    scenario_file: Annotated[str, typer.Argument(metavar="SCENARIOS.yaml", help="What varies.")],
    out: Out = None,
    workers: Workers = None,
    executor: Cluster = None,
    stop_after: StopAfter = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    show: Show = None,
    plot_file: Plot = None,
    no_seconds: NoSeconds = False,
    as_json: AsJson = False,
    prices: Prices = None,
    folder: Folder = None,
) -> None:
    """Many what-if scenarios, one row each: rigopt batch scenarios.yaml --out results.csv

    Ctrl-C, a crash or a full disk loses at most what is under way: the same command goes on.
    """
    from rigopt.units import parse_count
    from rigopt.whatif.batch import Batch
    from rigopt.whatif.pools import cores

    target, plot_target = writable(out, "--out"), drawing(plot_file)
    if target is None and not dry_run and show is None:
        raise InputError("is missing", where="--out", mend="name a .csv, .jsonl or .parquet file")
    at_once = (
        None if workers is None else parse_count(workers, where="--workers", least=1, most=512)
    )
    limit = (
        None
        if stop_after is None
        else parse_count(stop_after, where="--stop-after", least=1, most=10**7)
    )
    scenarios, catalog, asked = _read(scenario_file, folder, prices, yes=yes)
    if plot_target is not None and "budget_cents" not in scenarios.keys:
        raise InputError("needs budgets to plot over", where="--plot", mend="add a budget axis")
    if show is not None:
        _show(scenarios, catalog, show, as_json=as_json)
        return
    if dry_run or target is None:
        typer.echo(_told(scenarios, catalog, at_once or cores()))
        return
    with ExitStack() as stack:
        engine = None
        if executor is not None:
            from rigopt.whatif.clusters import cluster

            engine, threads = stack.enter_context(cluster(executor, where="--executor"))
            at_once = at_once or threads
        batch = stack.enter_context(Batch(scenarios, catalog, target, asked, timed=not no_seconds))
        if batch.done:
            _say(f"{batch.done:,} of {scenarios.count:,} scenarios are done already")
        elif sys.stderr is not None and sys.stderr.isatty():
            _say(_told(scenarios, catalog, at_once or cores()))
        _run(batch, engine, at_once, limit)
        summary = batch.summary()
    _tell(summary, plot_target, as_json=as_json)
    if not batch.is_complete:
        _say(f"{_left(batch)} (--stop-after)")
        raise typer.Exit(LIMIT)


def _read(
    scenario_file: str, folder: str | None, prices: str | None, *, yes: bool
) -> tuple[ScenarioSet, Catalog, tuple[Request, ...]]:
    """The scenarios of a file, validated, with the catalogue to answer them from."""
    from rigopt.upgrades.owning import with_owned_builds
    from rigopt.whatif.batch import not_too_many
    from rigopt.whatif.scenarios import read_scenarios

    scenarios, catalog = read_scenarios(
        Path(scenario_file), catalog_in(folder), grow=with_imports_of, own=with_owned_builds
    )
    not_too_many(scenarios, meant=yes)
    with progress_bar("validating") as tell:
        asked = scenarios.validate(catalog, tell)
    if prices is not None:
        from rigopt.userprices import with_prices

        if len({(request.market, request.exchange) for request in asked}) > 1:
            raise InputError(
                "goes with one market and currency", where="--prices", mend="vary neither"
            )
        catalog = with_prices(catalog, asked[0], Path(prices))
    return scenarios, catalog, asked


def _told(scenarios: ScenarioSet, catalog: Catalog, workers: int) -> str:
    """How many scenarios there are, and how long they may take."""
    from rigopt.whatif.batch import estimate

    seconds = estimate(scenarios, catalog, workers)
    return f"{scenarios.count:,} scenarios, about {_duration(seconds)} with {workers} at once"


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


def _run(batch: Batch, engine: Any, workers: int | None, limit: int | None) -> None:
    """Do what is left; Ctrl-C says how far it came."""
    try:
        with _rate_bar() as tell:
            batch.run(engine, workers=workers, deadline_s=limit, tell=tell)
    except KeyboardInterrupt:
        _say(_left(batch))
        raise


def _left(batch: Batch) -> str:
    return (
        f"{batch.done:,} of {batch.scenarios.count:,} scenarios are done and kept in "
        f"{batch.journal.name}: the same command goes on"
    )


def _say(text: str) -> None:
    typer.echo(text, err=True)


@contextmanager
def _rate_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar with the rate and the time left; silent when the error stream is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task: TaskID | None = None

        def tell(done: int, of: int) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task("", total=of, completed=done, rate="")
                return
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate="" if speed is None else f"{speed:.1f}/s")

        yield tell


def _show(scenarios: ScenarioSet, catalog: Catalog, show: str, *, as_json: bool) -> None:
    """The whole answer to one scenario, solved now."""
    from rigopt.solving import solve
    from rigopt.units import parse_count

    number = parse_count(show, where="--show", least=1, most=scenarios.count)
    scenario = scenarios.scenario(number)
    outcome = solve(scenario.request, catalog=scenario.catalog(catalog))
    if as_json:
        typer.echo(outcome.model_dump_json(indent=2))
    else:
        from rigopt.render.text import print_outcome

        print_outcome(console(), outcome, verbose=False)


def _tell(summary: Summary, plot: Path | None, *, as_json: bool) -> None:
    from rigopt.render.batch import print_summary, svg

    if plot is not None:
        write_drawing(plot, svg(summary))
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        print_summary(console(), summary)
