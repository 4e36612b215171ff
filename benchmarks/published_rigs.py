"""Five published rigs beside what rigopt answers to their authors' own questions.

    python benchmarks/published_rigs.py

Each request (``tests/questions``) has the author's wishes, the market of the time, and
the author's budget, or what the author's own list cost in that market.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rigopt import Catalog, check, solve
from rigopt.buildfile import load_build
from rigopt.outcome import Assessment, Optimal
from rigopt.requestfile import request_from
from rigopt.units import format_money

TESTS = Path(__file__).resolve().parents[1] / "tests"
FOLDER, QUESTIONS = TESTS / "published", TESTS / "questions"


def told(who: str, build: Assessment) -> str:
    """One line on a build: its cards, score and price."""
    cards = [f"{p.quantity} x {p.name}" for p in build.parts if p.kind == "gpu"]
    cost = "price not known" if build.total_cents is None else format_money(build.total_cents)
    score = "score not known" if build.score is None else f"score {build.score:,}"
    return f"  {who:8} {score:>16}  {cost:>12}  {', '.join(cards)}"


def main() -> int:
    """Print every rig; 1 if an author's own build scores more for no more money."""
    catalog, worse = Catalog.load(), 0
    for path in sorted(FOLDER.glob("*.yaml")):
        request, _ = request_from({}, catalog, file=QUESTIONS / path.name)
        build, asked, wider = load_build(path, catalog, {"market": request.market})
        theirs = check(build, asked, catalog=wider).build
        if request.budget_cents is None:
            request = request.replace(budget_cents=theirs.total_cents)
        started = time.perf_counter()
        answer = solve(request, catalog=catalog)
        seconds = time.perf_counter() - started
        print(f"{path.stem}, market {request.market}, {seconds:.1f} s")
        print(told("author", theirs))
        if not isinstance(answer, Optimal):
            print(f"  {answer.status}")
            worse += 1
            continue
        print(told("rigopt", answer.build))
        worse += (theirs.score or 0) > (answer.build.score or 0)
    return int(worse > 0)


if __name__ == "__main__":
    sys.exit(main())
