"""Plans in stages, against every pair of builds and every way to buy and sell their pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.cpsat.search import Clock
from rigopt.errors import InputError
from rigopt.render.plan import svg
from rigopt.request import OwnedPart
from rigopt.upgrades.ledger import Ledger, Life, counts
from rigopt.upgrades.pathfinding import options_of as tried_of
from rigopt.upgrades.pathfinding import search
from rigopt.upgrades.planning import Plan, graph_of, plan, problems_of
from rigopt.upgrades.stages import PlanRequest, Stage, plan_from
from tests.strategies import worlds
from tests.test_oracle import SMALL, World, admitted, every_build

FEWER = settings(SMALL, max_examples=SMALL.max_examples // 4)
PAIRS = 30_000
Money = tuple[int, int]
"""What the buying and selling of two stages adds to the money, in cents."""


@st.composite
def plans(draw: st.DrawFn) -> tuple[Ledger, World]:
    """Two stages in a small world, with money that is sometimes enough."""
    world = draw(worlds())
    request, _, lines = world
    own = tuple(
        OwnedPart(part=name, quantity=count)
        for name, count in sorted({line.part.id: line.owned for line in lines}.items())
        if count
    )
    wishes = request.replace(budget_cents=None, own=own)
    budgets = draw(st.sampled_from(((60_000, 40_000), (100_000, 50_000), (150_000, 0))))
    level = draw(st.sampled_from((1000, 1000, 700, 1300)))
    starts = (date(2026, 11, 1), date(2027, 6, 1))
    asked = PlanRequest(
        stages=tuple(
            Stage(
                start=start,
                months=months,
                budget_cents=cents,
                request=wishes,
                levels={"gpu": level, "psu": level} if number else {},
            )
            for number, (start, months, cents) in enumerate(
                zip(starts, (7, 12), budgets, strict=True)
            )
        ),
        carry=draw(st.sampled_from((True, True, False))),
        sell=draw(st.sampled_from((True, True, False))),
        keep=draw(st.sampled_from(((), (), ("gpu",), ("motherboard", "psu")))),
        max_changes=draw(st.sampled_from((None, None, 0, 1, 2))),
    )
    return ledger_of(asked, world), world


def ledger_of(asked: PlanRequest, world: World) -> Ledger:
    """The problems of the stages with the options of a small world, at the prices of each."""
    _, catalog, lines = world
    problems = [
        replace(
            problem,
            given=tuple(
                replace(line, price=problem.world.market.offer(line.part.id, ("new",)))
                for line in lines
            ),
        )
        for problem in problems_of(asked, catalog)
    ]
    return Ledger(asked, problems)


def lives_of(ledger: Ledger, part: str, need: Sequence[int]) -> Iterator[list[Life]]:
    """Every way to have so many pieces of a part at two stages."""
    owned, most = ledger.owned.get(part, 0), max(need)
    for sold_first, sold_later in product(range(owned + 1), repeat=2):
        if sold_first + sold_later > owned:
            continue
        kept = owned - sold_first - sold_later
        for early_sold, early_kept, late in product(range(most + 1), repeat=3):
            first = sold_later + kept + early_sold + early_kept
            second = kept + early_kept + late
            if first >= need[0] and second >= need[1]:
                found = (
                    Life(part, None, 0, sold_first),
                    Life(part, None, 1, sold_later),
                    Life(part, None, None, kept),
                    Life(part, 0, 1, early_sold),
                    Life(part, 0, None, early_kept),
                    Life(part, 1, None, late),
                )
                yield [life for life in found if life.pieces]


def effect(ledger: Ledger, lives: Sequence[Life]) -> Money:
    """What some lives add to the money of each stage."""
    sums = ledger.sums(lives)
    first, second = (s.fetched - s.paid for s in sums)
    return first, second


def undominated(found: set[Money]) -> set[Money]:
    return {a for a in found if not any(b != a and b[0] >= a[0] and b[1] >= a[1] for b in found)}


def least_net(ledger: Ledger, builds: tuple[Build, Build]) -> int | None:
    """What two rigs cost in the end, by the best way to buy and sell; ``None``: too much."""
    if ledger.changed_too_much(builds):
        return None
    first, second = map(counts, builds)
    found: set[Money] = {(0, 0)}
    for part in {*first, *second, *ledger.owned}:
        need = first.get(part, 0), second.get(part, 0)
        ways = undominated({effect(ledger, lives) for lives in lives_of(ledger, part, need)})
        found = undominated({(a + c, b + d) for a, b in found for c, d in ways})
    have = [stage.budget_cents for stage in ledger.asked.stages]
    fit = []
    for one, two in found:
        left = have[0] + one
        if left >= 0 and (left if ledger.asked.carry else 0) + have[1] + two >= 0:
            fit.append(-one - two)
    return min(fit, default=None)


def oracle(ledger: Ledger) -> tuple[int, int] | None:
    """The most points, and what they cost least; ``None``: there is no plan."""
    builds = [
        [build for build in every_build(problem) if admitted(problem, build)]
        for problem in ledger.problems
    ]
    assume(len(builds[0]) * len(builds[1]) <= PAIRS)
    months = [stage.months for stage in ledger.asked.stages]
    scored = [
        [(month * (problem.score_of(build) or 0), build) for build in some]
        for month, problem, some in zip(months, ledger.problems, builds, strict=True)
    ]
    pairs = sorted(product(*scored), key=lambda pair: -pair[0][0] - pair[1][0])
    best: tuple[int, int] | None = None
    for (one, a), (two, b) in pairs:
        if best is not None and one + two < best[0]:
            break
        net = least_net(ledger, (a, b))
        if net is not None and (best is None or net < best[1]):
            best = one + two, net
    return best


@given(plans())
@FEWER
def test_a_plan_against_every_pair_of_builds(drawn: tuple[Ledger, World]) -> None:
    """The same points, the same money in the end; every piece and every cent accounted for."""
    ledger, _ = drawn
    best = oracle(ledger)
    found = search(ledger, tried_of(ledger), Clock(60), None)
    assert found is not None
    assert found.proven
    if found.builds is None:
        assert best is None
        return
    assert best is not None
    assert ledger.wrong(found.builds, found.lives) == []
    for problem, build in zip(ledger.problems, found.builds, strict=True):
        assert admitted(problem, build)
    net = sum(sums.paid - sums.fetched for sums in ledger.sums(found.lives))
    assert (found.points, net) == best


def test_the_plans_are_of_every_sort() -> None:
    """The generator gives plans and none, with things sold, kept on the shelf, changed."""
    seen: Counter[str] = Counter()

    @given(plans())
    @settings(SMALL, max_examples=60, database=None, derandomize=True)
    def look(drawn: tuple[Ledger, World]) -> None:
        ledger, _ = drawn
        found = search(ledger, tried_of(ledger), Clock(60), None)
        assert found is not None
        seen["plan" if found.builds else "none"] += 1
        seen["sold"] += any(life.sold is not None for life in found.lives)
        seen["changed"] += found.builds is not None and found.builds[0] != found.builds[1]

    look()
    assert seen["plan"] >= 5, seen
    assert seen["none"] >= 5, seen
    assert seen["sold"] >= 2, seen
    assert seen["changed"] >= 2, seen


@given(plans(), st.sampled_from((0, 1)), st.sampled_from((5_000, 30_000)))
@FEWER
def test_more_money_never_hurts(drawn: tuple[Ledger, World], stage: int, more: int) -> None:
    """At any stage: as many points or more, and never no plan where there was one."""
    ledger, world = drawn
    before = search(ledger, tried_of(ledger), Clock(60), None)
    stages = list(ledger.asked.stages)
    stages[stage] = stages[stage].model_copy(
        update={"budget_cents": stages[stage].budget_cents + more}
    )
    richer = ledger_of(ledger.asked.model_copy(update={"stages": tuple(stages)}), world)
    after = search(richer, tried_of(richer), Clock(60), None)
    assert before is not None
    assert after is not None
    if before.builds is not None:
        assert after.builds is not None
        assert after.points >= before.points


MARKET = {"market": "us-2019-06", "workload": "cnn-train", "max-gpus": 2}


def planned(catalog: Catalog, *stages: str, **wishes: object) -> Plan:
    written = {name.replace("_", "-"): value for name, value in wishes.items()}
    asked = plan_from({"stages": list(stages), **MARKET, **written}, {}, catalog, where="test")
    return plan(asked, catalog=catalog)


@pytest.fixture(scope="module")
def two(catalog: Catalog) -> Plan:
    return planned(catalog, "2019-06:1200", "2020-01:700")


def test_a_plan_adds_up(two: Plan, catalog: Catalog) -> None:
    """Money stage by stage, the rigs and the changes between them, months and points."""
    assert two.status == "optimal"
    left = 0
    have: Counter[str] = Counter()
    for step in two.steps:
        bought = sum(c.cents for c in step.changes if c.what == "buy")
        assert step.paid_cents == bought == step.build.total_cents
        assert step.fetched_cents == sum(c.cents for c in step.changes if c.what == "sell")
        left += step.budget_cents + step.fetched_cents - step.paid_cents
        assert step.left_cents == left >= 0
        assert {v.verdict for v in step.build.verdicts} <= {"ok", "warning", "not applicable"}
        for change in step.changes:
            have[change.part] += {"buy": 1, "put in": 1}.get(change.what, -1) * change.quantity
        assert {p.part: p.quantity for p in step.build.parts} == {
            part: number for part, number in have.items() if number
        }
    assert two.points == sum(s.months * (s.build.score or 0) for s in two.steps)
    assert two.points == two.points_bound
    assert [s.months for s in two.steps] == [7, 12]


def test_three_stages_of_the_present(catalog: Catalog) -> None:
    """Proven on the whole catalogue of today, and better than buying stage by stage."""
    written = {
        "stages": ["2026-11:3000", "2027-06:2000", "2028-01:2000"],
        "workload": "llm-decode-7b",
        "time-limit": 600,
    }
    found = plan(plan_from(written, {}, catalog, where="test"), catalog=catalog)
    assert found.status == "optimal"
    assert (found.points or 0) >= sum(
        step.months * score for step, score in zip(found.steps, found.by_stage, strict=True)
    )


def test_a_plan_is_never_worse_than_stage_by_stage(two: Plan) -> None:
    """Looking ahead never costs throughput."""
    assert len(two.by_stage) == 2
    alone = sum(s.months * score for s, score in zip(two.steps, two.by_stage, strict=True))
    assert (two.points or 0) >= alone


def test_the_plan_is_a_path(two: Plan) -> None:
    """From the start over every stage, with what changes on the way; it can be drawn."""
    graph = graph_of(two)
    assert list(graph.edges) == [("start", "2019-06"), ("2019-06", "2020-01")]
    assert [edge["changes"] for _, _, edge in graph.edges(data=True)] == [
        step.changes for step in two.steps
    ]
    drawing = svg(two)
    assert drawing.count("<circle") == 2
    assert "2020-01" in drawing


def test_what_must_stay_stays(catalog: Catalog, two: Plan) -> None:
    """With the board, the supply and all but one piece kept, the plan is no better, and they are
    there; what is named by part is there at every stage."""
    found = planned(
        catalog,
        "2019-06:1200",
        "2020-01:700",
        keep=["psu"],
        same_board=True,
        max_changes=1,
        **{"with": ["nzxt-h500"]},
    )
    assert found.status == "optimal"
    assert (found.points or 0) <= (two.points or 0)
    first, second = ({p.part: p.quantity for p in s.build.parts} for s in found.steps)
    kinds = {p.part: p.kind for s in found.steps for p in s.build.parts}
    gone = {part: n - second.get(part, 0) for part, n in first.items() if n > second.get(part, 0)}
    assert sum(gone.values()) <= 1
    assert not {kinds[part] for part in gone} & {"psu", "motherboard"}
    assert first["nzxt-h500"] == second["nzxt-h500"] == 1


def test_selling_and_carrying_never_hurt(catalog: Catalog, two: Plan) -> None:
    """Without either no plan is better; without selling nothing is sold."""
    poor = planned(catalog, "2019-06:1200", "2020-01:700", resale=False)
    assert (poor.points or 0) <= (two.points or 0)
    assert all(c.what != "sell" for s in poor.steps for c in s.changes)
    lost = planned(catalog, "2019-06:1200", "2020-01:700", carry=False)
    assert (lost.points or 0) <= (two.points or 0)
    for step in lost.steps:
        assert step.paid_cents - step.fetched_cents <= step.budget_cents


def test_an_owned_part_never_hurts_a_plan(catalog: Catalog, two: Plan) -> None:
    """It may be used, sold or left on the shelf; tax is paid on what is bought."""
    found = planned(catalog, "2019-06:1200", "2020-01:700", own=["evga-rtx-2070-black"])
    assert found.status == "optimal"
    assert (found.points or 0) >= (two.points or 0)
    taxed = planned(catalog, "2019-06:1200", "2020-01:700", tax="8%", shipping=20)
    assert (taxed.points or 0) <= (two.points or 0)
    for step in taxed.steps:
        bought = sum(c.cents for c in step.changes if c.what == "buy")
        assert step.paid_cents == (bought + (bought * 8 + 50) // 100 + 2_000 if bought else 0)


def test_no_plan_says_at_which_stage(catalog: Catalog) -> None:
    """Which money is too little, and for what."""
    found = planned(catalog, "2019-06:200", "2020-01:3000")
    assert found.status == "infeasible"
    assert found.text[0].startswith("stage 1: ")
    assert "--budget 200" in found.text[0]


def test_prices_are_expected_by_kind_or_by_an_index(catalog: Catalog, tmp_path: Path) -> None:
    """A change a year, straight within a year; or the levels of a file, as ratios."""
    asked = plan_from(
        {"stages": ["2026-11:3000", "2027-05:1", "2028-11:1"], "expect": ["memory=-20%"]},
        {},
        catalog,
        where="test",
    )
    assert [stage.levels["memory"] for stage in asked.stages] == [1000, 900, 640]
    index = tmp_path / "index.csv"
    index.write_text(
        "kind,month,index,source,note\ngpu,2026-11,500,made,\ngpu,2027-11,750,made,\n",
        encoding="utf-8",
    )
    asked = plan_from(
        {"stages": ["2026-11:3000", "2027-11:1"], "expect": str(index)}, {}, catalog, where="test"
    )
    assert [stage.levels["gpu"] for stage in asked.stages] == [1000, 1500]
    assert asked.until == date(2028, 11, 1)


def test_a_plan_file_has_stages_with_wishes(catalog: Catalog) -> None:
    """Common wishes, wishes of a stage, flags above both."""
    written = {
        "stages": [
            {"date": "2026-11", "budget": 3000},
            {"date": "2027-06-15", "budget": "2,000", "min-gpus": 2},
        ],
        "until": "2029-01",
        "max-changes": 3,
        "min-vram": 16,
    }
    asked = plan_from(written, {"min-vram": "24", "until": "2028-01"}, catalog, where="plan.yaml")
    assert [stage.request.min_gpus for stage in asked.stages] == [1, 2]
    assert [stage.request.min_vram_gb for stage in asked.stages] == [24, 24]
    assert [stage.months for stage in asked.stages] == [7, 7]
    assert [stage.budget_cents for stage in asked.stages] == [300_000, 200_000]
    assert asked.max_changes == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "1 to 6 stages"),
        ({"stages": ["2026-11"]}, "DATE:MONEY"),
        ({"stages": ["soon:3000"]}, "no month"),
        ({"stages": ["2027-06:1", "2026-11:1"]}, "does not follow"),
        ({"stages": ["2026-11:1"], "budget": 5}, "for each stage"),
        ({"stages": ["2026-11:1"], "keep": ["gpus"]}, "no kind of part"),
        ({"stages": ["2026-11:1"], "expect": ["gpu"]}, "KIND=PCT"),
        ({"stages": ["2026-11:1"], "expect": ["no.csv"]}, "no file"),
        ({"stages": ["2026-11:1"], "carry": "no"}, "not true or false"),
        ({"stages": ["2026-11:1"], "max-changes": -1}, "max-changes"),
        ({"stages": [{"date": "2026-11"}]}, "no budget"),
        ({"stages": ["2026-11:1"], "colour": "red"}, "not a wish"),
    ],
)
def test_a_bad_plan_is_refused(written: dict[str, object], message: str, catalog: Catalog) -> None:
    """In one sentence that says how to mend it."""
    with pytest.raises(InputError, match=message):
        plan_from(written, {}, catalog, where="plan.yaml")
