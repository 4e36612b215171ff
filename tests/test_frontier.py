"""Curves on any two axes: against every build that there is, and against plain CP-SAT."""

from __future__ import annotations

import csv
import re
from itertools import pairwise, permutations
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.cpsat.curves import curve
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, run
from rigopt.draw import draw_w
from rigopt.encoding import Encoding
from rigopt.errors import InputError
from rigopt.outcome import AxisName, Frontier
from rigopt.problem import Problem
from rigopt.render.frontier import changes, csv_text, plot, print_frontier, svg
from rigopt.request import Request
from rigopt.rules.gaps import gap_of
from rigopt.solving import frontier
from rigopt.tradeoffs import AMOUNTS, AXES, Axes, better, value_of
from tests.smallworld import small_world
from tests.strategies import worlds
from tests.test_alternatives import FEWER, every_value
from tests.test_oracle import Value, World, pose

PAIRS: list[Axes] = list(permutations(AXES, 2))  # type: ignore[arg-type]


def gains(problem: Problem, build: Build, value: Value) -> dict[str, int | None]:
    """What a build has on every axis, more always better; ``None``: not known."""
    draw = draw_w(build, problem.world)
    cards = build.of_kind("gpu")
    return {
        "price": value[1],
        "throughput": value[0],
        "vram": sum(problem.world.chip(c.part).vram_gb * c.quantity for c in cards),  # type: ignore[arg-type]
        "watts": None if draw is None else -draw,
    }


def unbeaten(problem: Problem, axes: Axes) -> list[Build]:
    """The curve by brute force: of all builds at each place that none beats, the best."""
    best: dict[tuple[int, int], tuple[Value, Build]] = {}
    for value, build in every_value(problem):
        here = gains(problem, build, value)
        first, second = here[axes[0]], here[axes[1]]
        if first is None or second is None:
            continue
        place = first, second
        if place not in best or value > best[place][0]:
            best[place] = value, build
    return [
        build
        for place, (_, build) in best.items()
        if not any(
            other != place and other[0] >= place[0] and other[1] >= place[1] for other in best
        )
    ]


@given(worlds(), st.sampled_from(PAIRS))
@FEWER
def test_the_curve_is_the_whole_curve(world: World, axes: Axes) -> None:
    """Each point of the curve, and nothing else, none missing; of several builds at one point the
    best by score, price and rank."""
    problem = pose(world)
    found = list(curve(problem, axes, Clock(600)))
    if found[-1].status is not Status.OPTIMAL:
        assert found.pop().status is Status.INFEASIBLE
    builds = [one.build for one in found if one.build is not None]
    assert len(builds) == len(found)
    assert sorted(map(repr, builds)) == sorted(map(repr, unbeaten(problem, axes)))


class Everything:
    """Plain CP-SAT of all options of a request, with bounds on the axes."""

    def __init__(self, request: Request, catalog: Catalog) -> None:
        self.problem = Problem.of(request, catalog)
        self.encoding = Encoding(self.problem, self.problem.options)

    def better_than(self, bounds: dict[AxisName, int]) -> Status:
        """Whether a build is strictly better than this on every one of some axes."""
        model = Model(self.encoding)
        for axis, value in bounds.items():
            if axis == "price":
                model.at_most(self.encoding.price, value - 1)
            elif axis == "throughput":
                model.any_of(self.encoding.scoring(value + 1))
            else:
                gap = gap_of(AMOUNTS[axis].balance, self.encoding)
                assert gap is not None
                model.at_most(gap.terms, (-value if axis == "vram" else value) - 1)
        return run(model, Clock(600), 0)[0]


REQUEST = Request(budget_cents=150_000, max_gpus=2, time_limit_s=600)


@pytest.mark.parametrize("axes", [("price", "vram"), ("watts", "price"), ("throughput", "watts")])
def test_the_shipped_catalogue_has_nothing_between(catalog: Catalog, axes: Axes) -> None:
    """No build is better than any two neighbours where they are worse, nor beyond the ends: so
    says one model of everything, with no reduction and no search of ours around it."""
    found = frontier(REQUEST, axes=axes, catalog=catalog)
    assert found.complete
    assert len(found.points) > 2
    everything = Everything(REQUEST, catalog)
    first, second = axes
    places = [(value_of(p, first), value_of(p, second)) for p in found.points]
    if better(first, places[-1][0], places[0][0]):
        places.reverse()
    assert everything.better_than({first: places[0][0]}) is Status.INFEASIBLE
    for (_, beaten), (to_beat, _) in pairwise(places):
        assert everything.better_than({first: to_beat, second: beaten}) is Status.INFEASIBLE
    assert everything.better_than({second: places[-1][1]}) is Status.INFEASIBLE


class Ending(Clock):
    """A clock of which time ends when it was asked so many times."""

    def __init__(self, asks: int) -> None:
        super().__init__(600)
        self.asks = asks

    @property
    def left(self) -> float:
        self.asks -= 1
        return 600 if self.asks >= 0 else 0


@pytest.mark.parametrize("axes", [("price", "vram"), ("throughput", "watts"), ("vram", "watts")])
def test_what_is_there_when_time_ends_is_proven(catalog: Catalog, axes: Axes) -> None:
    """The same points as without a limit, as far as they go; it is not said that there is no more
    unless they are all there."""
    problem = Problem.of(REQUEST, catalog)
    *whole, last = curve(problem, axes, Clock(600))
    assert last.status is Status.INFEASIBLE
    cut = []
    for asks in (0, 3, 6):
        *points, end = curve(problem, axes, Ending(asks))
        assert points == whole[: len(points)]
        if end.status is Status.INFEASIBLE:
            assert points == whole
        else:
            assert end.status in (Status.UNKNOWN, Status.FEASIBLE)
            cut.append(len(points))
    assert 0 in cut


def test_no_time_at_all_is_no_proof() -> None:
    """A curve without a point says whether that is proven."""
    catalog = small_world()
    request = Request(market="small", budget_cents=100)
    none = frontier(request, axes=("price", "watts"), catalog=catalog)
    assert (none.complete, none.points) == (True, ())
    cut = none.model_copy(update={"complete": False})
    assert "within the budget" in printed(none)
    assert "time limit" in printed(cut)
    assert "budget" not in printed(cut)


SMALL = Request(market="small", max_gpus=2, min_storage_gb=0)


def test_a_part_of_unknown_draw_has_no_place_on_a_curve_of_watts() -> None:
    """Where unknown facts are admitted it is on the curve of price and memory, but not there."""
    catalog = small_world(change={"Octa": {"package_power_w": None}})
    request = SMALL.replace(allow_unknown=True)

    def cpus(axes: Axes) -> set[str]:
        found = frontier(request, axes=axes, catalog=catalog)
        assert found.points
        return {line.name for point in found.points for line in point.parts if line.kind == "cpu"}

    assert "Octa" in cpus(("price", "vram"))
    for other in ("price", "throughput", "vram"):
        assert "Octa" not in cpus((other, "watts"))


def test_a_score_that_cannot_be_predicted_is_no_zero() -> None:
    """A CPU of unknown cores leaves the score of what it feeds unknown, on every face."""
    catalog = small_world(change={"Octa": {"cores": None}})
    request = SMALL.replace(allow_unknown=True, workload="cnn-train")
    found = frontier(request, axes=("price", "vram"), catalog=catalog)
    unknown = [point for point in found.points if point.score is None]
    assert unknown
    assert all("Octa" in {line.name for line in point.parts} for point in unknown)
    assert "unknown" in printed(found)
    scores = [row["score"] for row in csv.DictReader(csv_text(found).splitlines())]
    assert scores == ["" if p.score is None else str(p.score) for p in found.points]


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        (("price",), "two different"),
        (("price", "price"), "two different"),
        (("price", "vram", "watts"), "two different"),
        (("price", "noise"), "no part in the catalogue states its noise"),
        (("price", "wats"), "did you mean watts"),
        (("", "price"), "known: price"),
    ],
)
def test_axes_that_are_none(axes: tuple[str, ...], told: str) -> None:
    """One sentence that says what is wrong."""
    with pytest.raises(InputError, match=re.escape(told)):
        frontier(SMALL, axes=axes, catalog=small_world())


# --- how it is shown -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> dict[Axes, Frontier]:
    catalog = small_world()
    return {axes: frontier(SMALL, axes=axes, catalog=catalog) for axes in PAIRS}


def printed(found: Frontier) -> str:
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        print_frontier(console, found)
    return captured.get()


UNITS = {"price": r"\$[\d,.]+", "throughput": r"[\d,]+", "vram": r"[\d,]+ GB", "watts": r"[\d,]+ W"}


@pytest.mark.parametrize("axes", PAIRS)
def test_every_face_has_the_axes(curves: dict[Axes, Frontier], axes: Axes) -> None:
    """In order, with units: the table, the plot, CSV and the drawing."""
    found = curves[axes]
    assert found.axes == axes
    text = printed(found)
    cells = r"\s+".join(UNITS[axis] for axis in axes)
    assert len(re.findall(rf"^\s*{cells} ", text, re.MULTILINE)) >= len(found.points)
    assert all(len(line) <= 80 for line in text.splitlines())
    rows = list(csv.DictReader(csv_text(found).splitlines()))
    columns = {
        "price": "total", "throughput": "score", "vram": "vram_gb", "watts": "sustained_w"
    }  # fmt: skip
    assert list(rows[0])[:2] == [columns[axis] for axis in axes]
    values = [
        round(float(row[columns[axes[0]]]) * (100 if axes[0] == "price" else 1)) for row in rows
    ]
    assert values == sorted({value_of(point, axes[0]) for point in found.points})
    assert len(ElementTree.fromstring(svg(found)).findall(".//{*}circle")) == len(found.points)


@pytest.mark.parametrize("axes", PAIRS)
def test_the_plot_is_a_staircase(curves: dict[Axes, Frontier], axes: Axes) -> None:
    """One mark a column; to the right it rises or falls as the second axis does, and the ends are
    those of the curve."""
    found = curves[axes]
    rows = [line[line.index("|") + 1 :] for line in plot(found) if "|" in line]
    heights = []
    for cells in zip(*rows, strict=True):
        assert cells.count("▬") == 1
        heights.append(len(rows) - cells.index("▬"))
    rises = value_of(found.points[-1], axes[1]) > value_of(found.points[0], axes[1])
    assert heights == sorted(heights, reverse=not rises)
    corners = [(float(x), float(y)) for x, y in _corners(svg(found))]
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))


def _corners(drawing: str) -> list[Any]:
    path = re.search(r'<path d="(M[^"]*)" fill="none" stroke="#1f6feb"', drawing)
    assert path
    return [point.split(",") for point in path[1].replace("M", "").replace("L", "").split()]


def test_a_cap_is_news() -> None:
    """Where neighbours differ in the cap of their cards alone, the table and CSV say so."""
    request = SMALL.replace(power_limit="auto")
    found = frontier(request, axes=("watts", "throughput"), catalog=small_world())
    alike = [
        (one, other)
        for one, other in pairwise(found.points)
        if [(p.part, p.quantity) for p in one.parts] == [(p.part, p.quantity) for p in other.parts]
    ]
    assert alike
    assert all(changes(one, other) for one, other in alike)
    assert ", capped at" in printed(found)
    assert ", capped at" in csv_text(found)
