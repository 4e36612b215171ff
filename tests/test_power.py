"""Watts: at the wall, under a cap, over several supplies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigopt.assumptions import power
from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.draw import draw_w, wall_w
from rigopt.outcome import Infeasible, Optimal
from rigopt.parts import GpuCard
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.throughput import ChipSpeed
from rigopt.workloads import workloads
from rigopt.world import World

LABELS = sorted(power().efficiency_pct)


@pytest.mark.parametrize(
    ("label", "volts", "load_pct", "efficiency_pct"),
    [
        ("gold", 115, 20, 87),
        ("gold", 115, 50, 90),
        ("gold", 115, 100, 87),
        ("titanium", 230, 50, 96),
        ("platinum", 230, 100, 90),
        ("gold", 115, 35, 88.5),  # half-way between two points
    ],
)
def test_efficiency_at_the_published_points(
    label: str, volts: int, load_pct: int, efficiency_pct: float
) -> None:
    """1,000 W supplies at the loads that the 80 PLUS programme certifies."""
    draw = load_pct * 10
    assert power().wall_w(label, volts, draw, 1000) == -(-draw * 100 // efficiency_pct)


@given(
    st.sampled_from(LABELS),
    st.sampled_from((115, 230)),
    st.integers(300, 3000),
    st.integers(100, 4000),
)
def test_most_draw_is_the_edge(label: str, volts: int, rating: int, limit: int) -> None:
    """So much draw stays within the limit at the wall, a watt more does not."""
    most = power().most_draw_w(label, volts, rating, limit)
    assert power().wall_w(label, volts, most, rating) <= limit
    assert power().wall_w(label, volts, most + 1, rating) > limit


@given(
    st.sampled_from(LABELS),
    st.sampled_from((115, 230)),
    st.integers(300, 3000),
    st.integers(1, 3000),
)
def test_more_draw_is_never_less_at_the_wall(
    label: str, volts: int, rating: int, draw: int
) -> None:
    """The wall sees more when the rig draws more, whatever the efficiency does between."""
    less, more = (power().wall_w(label, volts, w, rating) for w in (draw, draw + 1))
    assert draw <= less <= more


def rig(catalog: Catalog, supplies: int, cap: int | None) -> tuple[Build, World]:
    parts = catalog.parts
    lines = [
        Line(parts["nvidia-rtx-3090-founders"], 2, power_limit_w=cap),
        Line(parts["amd-ryzen-9-7900x"]),
        Line(parts["corsair-ax1600i"], supplies),
    ]
    return Build.of(lines), World.of(Request(), catalog)


def test_a_cap_is_what_the_cards_draw(catalog: Catalog) -> None:
    """Two cards of 350 W at 280 W: 140 W less."""
    plain, world = rig(catalog, 1, None)
    capped, _ = rig(catalog, 1, 280)
    assert (draw_w(plain, world) or 0) - (draw_w(capped, world) or 0) == 140


def test_two_supplies_share_the_load(catalog: Catalog) -> None:
    """Each runs at half the load, where this class is more efficient than near its end."""
    one, world = rig(catalog, 1, None)
    two, _ = rig(catalog, 2, None)
    assert draw_w(one, world) == draw_w(two, world)
    assert wall_w(one, world) != wall_w(two, world)


@pytest.mark.parametrize("name", ["cnn-train", "llm-decode-7b"])
def test_throughput_under_a_cap(name: str, catalog: Catalog) -> None:
    """Never more with less power; decoding, bound by memory, loses less than training."""
    card = ChipSpeed(workloads()[name], catalog.chips["geforce-rtx-3090"])
    speeds = [card.speed(1, None, watts) for watts in (175, 245, 280, 315, 350)]
    kept = [speed.per_second * card.unit_seconds for speed in speeds if speed is not None]
    assert kept == sorted(kept)
    assert kept[-1] == pytest.approx(1)
    assert kept[2] > 0.9  # Puget Systems, 2020: over 95 % at 280 of 350 W


def test_a_cap_is_chosen_where_it_pays(catalog: Catalog) -> None:
    """A card too thirsty for 600 W at the wall is possible capped, and as little as will do."""
    request = Request(with_parts=("geforce-rtx-4090",), max_gpus=1, max_wall_w=600)
    assert isinstance(solve(request, catalog=catalog), Infeasible)
    auto = solve(request.replace(power_limit="auto"), catalog=catalog)
    assert isinstance(auto, Optimal)
    (gpu,) = (line for line in auto.build.parts if line.kind == "gpu")
    assert gpu.power_limit_w is not None
    assert (auto.build.power.wall_w or 0) <= 600
    lower = solve(request.replace(power_limit=50), catalog=catalog)
    assert isinstance(lower, Optimal)
    assert (lower.build.score or 0) <= (auto.build.score or 0)


def test_a_fixed_cap_is_never_below_what_a_card_takes(catalog: Catalog) -> None:
    """An RTX 5090 refuses less than 400 W: half of its 575 W becomes 400."""
    from rigopt.problem import Problem

    problem = Problem.of(Request(power_limit=50), catalog)
    for line in problem.options["gpu"]:
        assert isinstance(line.part, GpuCard)
        least = problem.world.chip(line.part).power_limit_min_w
        if line.part.chip == "geforce-rtx-5090":
            assert line.power_limit_w == least == 400
        elif least is None:
            assert line.power_limit_w == problem.world.tdp_w(line.part) // 2


def test_the_same_build_with_a_cap_scores_no_more(catalog: Catalog) -> None:
    """Two caps on one build: the lower never scores higher."""
    from rigopt.problem import Problem

    build, _ = rig(catalog, 1, 280)
    problem = Problem.of(Request(), catalog)
    (gpu,) = build.of_kind("gpu")
    one = [problem.score(replace(gpu, quantity=1, power_limit_w=w), None) for w in (175, 280, None)]
    assert one == sorted(one, key=lambda value: value or 0)
