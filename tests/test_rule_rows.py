"""Every rule against rows from outside sources, through its check and through its encoding.

The rows lie in ``tests/rule_rows/*.yaml``; each names the rule, the parts (catalogue ids or inline
facts), the verdict, and where the claim was read. Facts that a row depends on are given inline, so
that it stays a test of the rule when the catalogue changes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rigopt.build import Build
from rigopt.buildfile import build_from
from rigopt.catalog import Catalog
from rigopt.cpsat.model import Model
from rigopt.cpsat.search import Clock, Status, run
from rigopt.encoding import Encoding
from rigopt.problem import MANY_MODELS, Problem
from rigopt.request import make_request
from rigopt.rules.base import Rule
from rigopt.rules.standard import RULES
from rigopt.rules.wishes import wishes_of
from rigopt.world import World

ROWS: list[dict[str, Any]] = [
    row | {"file": path.name}
    for path in sorted((Path(__file__).parent / "rule_rows").glob("*.yaml"))
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))
]
THUMB = {
    rule.id
    for rule in RULES
    if not rule.hard or any(getattr(statement, "kept", False) for statement in rule.statements)
}
"""Rules that only warn in part, as rules of thumb do."""


def row_name(row: dict[str, Any]) -> str:
    return f"{row['rule']}: {row['name']}"


def pose(row: dict[str, Any], catalog: Catalog) -> tuple[Build, World, Rule]:
    """The build, the world and the rule that a row speaks of."""
    request = make_request(row.get("request", {}))
    items = tuple(p if isinstance(p, dict) else {"part": p} for p in row["parts"])
    market = catalog.market(request.market)
    build, with_inline = build_from(items, catalog, market, ("new", "used"), where=row["name"])
    world = World.of(request, with_inline)
    rule = next(r for r in (*RULES, *wishes_of(request)) if r.id == row["rule"])
    return build, world, rule


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_check_gives_the_verdict_of_the_source(row: dict[str, Any], catalog: Catalog) -> None:
    """The solver-free check says what the outside source says, with its numbers."""
    build, world, rule = pose(row, catalog)
    report = rule.check(build, world)
    assert report.verdict.value == row["verdict"], report.text
    for side in ("demand", "supply"):
        if side in row:
            assert row[side] in [getattr(f, side) for f in report.findings], report.text
    for words in row.get("says", ()):
        assert words in report.text


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_encoding_admits_exactly_what_check_admits(row: dict[str, Any], catalog: Catalog) -> None:
    """With the build fixed, the model of the one rule is feasible if the verdict is admitted."""
    build, world, rule = pose(row, catalog)
    kinds = [line.kind for line in build.lines]
    if any(kinds.count(kind) > 1 for kind in set(kinds) - MANY_MODELS):
        pytest.skip("the solver chooses one model of this kind, the check also knows mixtures")
    fixed = Problem(world, (rule,), tuple(dict.fromkeys(kinds)), given=build.lines)
    for lenient in (False, True):
        asked = world.request.replace(allow_unknown=lenient, allow_tight=lenient)
        posed = replace(fixed, world=replace(world, request=asked, most_drives=100))
        encoding = Encoding(posed, posed.options)
        model = Model(encoding)
        model.fix(literal for kind in set(kinds) for _, literal in encoding.options(kind))
        status, _ = run(model, Clock(60), seed=0)
        admitted = rule.admits(build, replace(world, request=asked))
        assert (status is Status.OPTIMAL) == admitted, status


def test_every_rule_has_two_rows_on_each_side() -> None:
    """A rule is tested if outside sources give two builds that it admits and two that it refuses
    (or, of rules of thumb, warns about)."""
    sides = Counter(
        (row["rule"], row["verdict"] in ("violated", "warning"))
        if row["rule"] in THUMB
        else (row["rule"], row["verdict"] == "violated")
        for row in ROWS
        if row["verdict"] in ("ok", "warning", "violated", "not applicable")
    )
    missing = [
        (rule.id, "bad" if side else "good", sides[rule.id, side])
        for rule in RULES
        for side in (True, False)
        if sides[rule.id, side] < 2
    ]
    assert missing == []


def test_sourced_incompatibilities_are_many() -> None:
    """What the rules refuse comes from hundreds of published cases, not from a few."""
    assert sum(row["verdict"] == "violated" for row in ROWS) >= 200


def test_every_row_names_its_source() -> None:
    """No row is without a source, and no two have one name."""
    assert [row["name"] for row in ROWS if not str(row.get("source", "")).strip()] == []
    names = Counter(row_name(row) for row in ROWS)
    assert [name for name, count in names.items() if count > 1] == []
