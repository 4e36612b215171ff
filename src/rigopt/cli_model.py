"""The commands on the throughput model: fit, report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rigopt.errors import InputError
from rigopt.terminal import (
    AsJson,
    console,
    drawing,
    progress_bar,
    writable,
    write_drawing,
    write_whole,
)

model_app = typer.Typer(help="Fit the throughput model and show its errors.", no_args_is_help=True)

RATES_FILE, REPORT_FILE = "throughput.json", "throughput_report.json"


def _one_thread() -> None:
    """Before numpy is imported: small matrices gain nothing by threads, and sums keep their
    order from machine to machine."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@model_app.command("fit")
def fit_command(
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="DIR", help="Write here; default: the shipped models."),
    ] = None,
) -> None:
    """Fit the model to the measurements and judge it: the same files for the same rows."""
    _one_thread()
    from rigopt.calibration.report import as_json
    from rigopt.calibration.run import calibrate
    from rigopt.catalog import Catalog
    from rigopt.resources import data_dir

    folder = data_dir("models") if out is None else Path(out)
    if not folder.is_dir():
        raise InputError(
            f"{str(folder)[:80]!r} is no folder", where="--out", mend="name one that is there"
        )
    with progress_bar("refitting without one card after the other") as tell:
        fitted, report = calibrate(Catalog.load(), tell)
    for name, value in ((RATES_FILE, fitted), (REPORT_FILE, report)):
        target = writable(str(folder / name), "--out")
        if target is not None:
            write_whole(target, as_json(value), "--out")
            typer.echo(f"wrote {target}")
    errors = report.errors("chip")
    typer.echo(
        f"{len(fitted.groups)} groups, {report.cells:,} rates; on cards left out: median error "
        f"{errors.median_pct:.1f} %, 90th percentile {errors.p90_pct:.1f} %"
    )


@model_app.command("report")
def report_command(
    as_json: AsJson = False,
    refit: Annotated[
        bool, typer.Option("--refit", help="Judge anew instead of showing what is stored.")
    ] = False,
    plot: Annotated[
        str | None,
        typer.Option("--plot", metavar="FILE", help="Draw predicted against measured (SVG, PNG)."),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="Also every group of rows.")] = False,
) -> None:
    """How far predictions are from measurements of cards that the fit had not seen."""
    _one_thread()
    from rigopt.calibration.report import stored_report
    from rigopt.calibration.run import calibrate
    from rigopt.catalog import Catalog

    target = drawing(plot)
    if refit:
        with progress_bar("refitting without one card after the other") as tell:
            report = calibrate(Catalog.load(), tell)[1]
    else:
        report = stored_report()
    if target is not None:
        from rigopt.calibration.plot import svg
        from rigopt.measurements import groups as all_groups

        works = {name: group.work for name, group in all_groups().items()}
        write_drawing(target, svg(report, works))
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    from rigopt.render.model import print_report

    print_report(console(), report, groups=groups)
    if target is not None:
        typer.echo(f"wrote {target}")
