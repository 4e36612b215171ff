"""A gallery of requests that no build meets: what is told, and that all of it is true.

After a change of wording, ``python -m tests.test_gallery`` writes the texts anew: read the diff.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from rigopt.catalog import Catalog
from rigopt.outcome import OUTCOME, Explanation, Infeasible
from rigopt.problem import Problem
from rigopt.render.text import print_explanation
from rigopt.requestfile import request_from
from rigopt.solving import solve
from tests.explaining import pasted, replayed, ways_work, witnessed
from tests.smallworld import small_world

FOLDER = Path(__file__).parent / "gallery"
CASES: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "cases.yaml").read_text("utf-8"))


def posed(name: str) -> tuple[dict[str, Any], Catalog]:
    """The flags and the world of a case."""
    case = dict(CASES[name])
    given = {"market": "small", **case.pop("request")}
    return given, small_world(**case)


def explained(name: str) -> tuple[Problem, Explanation]:
    """The problem of a case and why it has no build."""
    given, catalog = posed(name)
    request, _ = request_from(given, catalog)
    outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Infeasible), outcome.status
    assert OUTCOME.validate_json(outcome.model_dump_json()) == outcome
    return Problem.of(request, catalog), outcome.explanation


def text_of(name: str) -> str:
    """The explanation of a case as a terminal of 100 columns shows it."""
    _, explanation = explained(name)
    stream = StringIO()
    print_explanation(Console(file=stream, width=100), explanation)
    flags = " ".join(f"{flag}={value}" for flag, value in CASES[name]["request"].items())
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "\n".join([f"$ {flags}", *lines]) + "\n"


def test_the_gallery_is_large_and_whole() -> None:
    """Thirty worlds at least, each with its text, and no text without a world."""
    assert len(CASES) >= 30
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_the_golden_one(name: str) -> None:
    """Word for word."""
    assert text_of(name) == (FOLDER / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_the_explanation_is_true(name: str) -> None:
    """Each clash is one, and minimal; witnesses break what they show; ways out lead out."""
    problem, explanation = explained(name)
    for clash in (explanation, *explanation.further):
        if clash.reasons:
            replayed(problem, clash)
            witnessed(problem, clash)
    given, catalog = posed(name)
    ways_work(given, catalog, explanation, problem)


@pytest.mark.parametrize(
    "name", ["budget-too-small", "much-memory-for-little-money", "cores-for-little-money"]
)
def test_the_smallest_budget_is_the_smallest(name: str) -> None:
    """A dollar less than the way out names is not enough."""
    given, catalog = posed(name)
    _, explanation = explained(name)
    (way,) = (way for way in explanation.ways_out if way.flag.startswith("--budget"))
    dollars = int(way.flag.split()[1])
    request, _ = request_from({**given, "budget": str(dollars - 1)}, catalog)
    assert isinstance(solve(request, catalog=catalog), Infeasible)


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("much-memory-used", "min-vram"),
        ("memory-in-two-slots", "min-ram"),
        ("more-cores-than-sold", "min-cores"),
        ("memory-of-all-cards", "min-total-vram"),
    ],
)
def test_the_most_is_the_most(name: str, flag: str) -> None:
    """One more than the way out names is too much."""
    given, catalog = posed(name)
    _, explanation = explained(name)
    (way,) = (way for way in explanation.ways_out if way.flag.startswith(f"--{flag} "))
    most = int(way.flag.split()[1])
    beyond = pasted(given, f"--{flag} {most + 1}", ())
    request, _ = request_from(beyond, catalog)
    assert isinstance(solve(request, catalog=catalog), Infeasible)


def write() -> None:
    """Write all texts anew."""
    for name in CASES:
        (FOLDER / f"{name}.txt").write_text(text_of(name), "utf-8")


if __name__ == "__main__":
    write()
