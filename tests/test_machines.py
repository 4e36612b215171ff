"""Machines that people built, ran and published, from one card to eight: no false alarm.

The files in ``tests/machines`` name their source in the first lines. What their authors accepted
although a rule objects stands in the table below, with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rigopt.build import Build
from rigopt.buildfile import load_build
from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.outcome import Report

FOLDER = Path(__file__).parent / "machines"
MACHINES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ACCEPTED: dict[str, set[str]] = {
    # a laboratory's machine: cards of two vendors, used one at a time
    "2023-excl-zenith": {"gpu-software"},
    # software forks for cards that no release runs on
    "2025-eight-mi50-romed8": {"gpu-software"},
}
"""Rules that a machine breaks in truth, knowingly."""
STATED_W = {
    "2024-seven-4090-four-supplies": 3_500,
    "2025-five-cards-romed8": 2_335,
    "2025-eight-5090-genoa": 5_100,
    "2026-four-pro6000-one-supply": 1_320,
    "2023-au2000": 580,
}
"""Sustained watts that the sources state."""


def report(name: str, catalog: Catalog) -> Report:
    build, request, wider = load_build(FOLDER / f"{name}.yaml", catalog, {})
    return check(build, request, catalog=wider)


def test_there_are_machines_of_every_size(catalog: Catalog) -> None:
    """At least 25, from one card to eight."""
    assert len(MACHINES) >= 25
    sizes = {
        sum(line.quantity for line in report(name, catalog).build.parts if line.kind == "gpu")
        for name in MACHINES
    }
    assert {1, 2, 3, 4, 6, 7, 8} <= sizes


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_names_its_source(name: str) -> None:
    """The first comment lines say where it was published."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    head = text[: text.index("rigopt-build")]
    assert head.startswith("#")
    assert any(mark in head for mark in ("http", "github:", "index id"))


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_runs_breaks_no_rule(name: str, catalog: Catalog) -> None:
    """What works is not called impossible, beside what its author knew and accepted."""
    verdicts = report(name, catalog).build.verdicts
    violated = {v.rule: v.text for v in verdicts if v.verdict == "violated"}
    assert set(violated) == ACCEPTED.get(name, set()), violated


@pytest.mark.parametrize(("name", "watts"), sorted(STATED_W.items()))
def test_draw_is_near_what_the_source_states(name: str, watts: int, catalog: Catalog) -> None:
    """Within 5 % of the stated figure, which is itself rounded or calculated."""
    assert report(name, catalog).build.power.sustained_w == pytest.approx(watts, rel=0.05)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("2023-iva", "PCIe 4.0 x8"),
        ("2026-amelai", "PCIe 4.0 x8 and NVLink"),
        ("2017-four-1080ti", "PCIe 3.0 x16"),
    ],
)
def test_links_are_those_that_the_authors_report(name: str, link: str, catalog: Catalog) -> None:
    """Generation and lanes as the posts say, whatever the caps and the case."""
    assert report(name, catalog).build.link == link


def test_a_card_less_breaks_nothing(catalog: Catalog) -> None:
    """Whoever takes a card out of a machine that works has one that works. (Cards that a bridge
    joins go in pairs, and a bridge for one card is refused in truth.)"""
    tried = 0
    for name in MACHINES:
        build, request, wider = load_build(FOLDER / f"{name}.yaml", catalog, {})
        for line in build.of_kind("gpu"):
            if line.quantity < 2 or build.of_kind("nvlink_bridge"):
                continue
            tried += 1
            fewer = replace(line, quantity=line.quantity - 1)
            less = Build.of(fewer if other is line else other for other in build.lines)
            verdicts = check(less, request, catalog=wider).build.verdicts
            violated = {v.rule for v in verdicts if v.verdict == "violated"}
            assert violated <= ACCEPTED.get(name, set()), name
    assert tried >= 15


def test_maps_show_every_card(catalog: Catalog) -> None:
    """Where a machine's cards can be placed, each of them is on the map: plugged, or on a riser."""
    seen = 0
    for name in MACHINES:
        build = report(name, catalog).build
        if build.board is None:
            continue
        seen += 1
        cards = {line.part: line.quantity for line in build.parts if line.kind == "gpu"}
        plugged = [row for row in build.board.rows if row.plugged and row.part in cards]
        assert plugged, name
        if not any(row.riser for row in plugged):
            assert len(plugged) == sum(cards.values()), name
    assert seen >= 20
