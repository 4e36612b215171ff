"""``check`` has an answer to any list of parts, however odd, in every form."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.outcome import Report
from rigopt.render.markdown import markdown
from rigopt.render.text import print_report
from rigopt.request import Request
from tests.strategies import worlds

World = tuple[Request, Catalog, tuple[Line, ...]]


@given(worlds(), st.data())
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_list_has_a_report(world: World, data: st.DataObject) -> None:
    """Several boards, no case, eight mixed cards, a bridge alone: verdicts, never a failure."""
    request, catalog, lines = world
    some = data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=8))
    amounts = st.sampled_from((1, 1, 2, 3, 8))
    build = Build.of(replace(line, quantity=data.draw(amounts), owned=0) for line in some)
    report = check(build, request, catalog=catalog)
    assert Report.model_validate_json(report.model_dump_json()) == report
    console = Console(file=StringIO(), width=80)
    print_report(console, report, verbose=True)
    assert markdown(report)
    for verdict in report.build.verdicts:
        assert "{" not in verdict.text, verdict.text
        assert verdict.text, verdict.rule


def test_a_part_that_is_not_listed_is_named_by_its_kind(catalog: Catalog) -> None:
    """Tall memory under a cooler whose fan can be raised, and no case yet to judge by."""
    names = ("noctua-nh-d15", "gskill-trident-z-rgb-32gb-2x16gb-ddr4-3600")
    build = Build.of(Line(catalog.parts[name]) for name in names)
    report = check(build, Request(), catalog=catalog)
    (verdict,) = (v for v in report.build.verdicts if v.rule == "cooler-ram")
    assert verdict.text.endswith("; whether the raised fan fits the case is not known")
