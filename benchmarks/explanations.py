"""How long it takes to say why no build exists.

    python -m benchmarks.explanations [NAME ...]

The requests are those of impossible.yaml. Every time is CPU time: of a catalogue of which nothing
is kept yet, and of the same request once more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.speed import cpu, fresh
from benchmarks.stopwatch import watched
from rigopt import Catalog, Request, solve
from rigopt.outcome import Infeasible
from rigopt.request import make_request
from rigopt.requestfile import fields_of
from rigopt.userfiles import read_mapping

REQUESTS = Path(__file__).parent / "impossible.yaml"
PARTS = {"explanation": ("rigopt.solving:explained",)}
PATIENCE_S = 600


def impossible_requests(catalog: Catalog) -> dict[str, Request]:
    """Every request by its name.

    Raises:
        InputError: if one cannot be read.
    """
    return {
        name: make_request(fields_of(written, catalog, where=name), where=name).replace(
            time_limit_s=PATIENCE_S
        )
        for name, written in read_mapping(REQUESTS).items()
    }


def explained(request: Request, catalog: Catalog) -> tuple[float, float]:
    """CPU seconds of an answer, and of the explanation in it.

    Raises:
        ValueError: if there is a build.
    """
    with watched(PARTS) as watch:
        seconds, outcome = cpu(lambda: solve(request, catalog=catalog))
    if not isinstance(outcome, Infeasible):
        raise ValueError(f"the request is not shown to be impossible: {outcome.status}")
    return seconds, watch.seconds["explanation"]


def main() -> None:
    """Print a row for every request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="requests to ask (default: all)")
    names = parser.parse_args().names
    catalog = Catalog.load()
    print(f"{'seconds of CPU time':42} {'first':>6}  {'why':>6}  {'again':>6}  {'why':>6}")
    for name, request in impossible_requests(catalog).items():
        if not names or name in names:
            kept = fresh(catalog)
            times = [*explained(request, kept), *explained(request, kept)]
            print(f"{name:42} " + "  ".join(f"{seconds:6.2f}" for seconds in times), flush=True)


if __name__ == "__main__":
    main()
