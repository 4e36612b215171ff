"""Explanations and ranges on random small worlds, replayed in models of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.cpsat import probe
from rigopt.cpsat.hunt import Hunt
from rigopt.cpsat.model import Model
from rigopt.cpsat.probe import Probe
from rigopt.cpsat.search import Clock, Status, best, run
from rigopt.encoding import Encoding
from rigopt.narrowing import dive
from rigopt.outcome import Explanation
from rigopt.problem import Problem
from rigopt.reasons.cores import minimal_core, near
from rigopt.reasons.sensitivity import price_range
from rigopt.reasons.waysout import explain
from rigopt.request import Request
from rigopt.rules.base import Rule
from rigopt.rules.gaps import gap_of
from tests.explaining import exists, of_parts, replayed, witnessed
from tests.strategies import worlds
from tests.test_oracle import EXAMPLES, SMALL, pose

ONE_MORE = {
    "wish-min-vram": "min_vram_gb",
    "wish-min-total-vram": "min_total_vram_gb",
    "wish-min-ram": "min_ram_gb",
    "wish-min-cores": "min_cores",
    "wish-min-threads": "min_threads",
    "wish-min-storage": "min_storage_gb",
}
"""Wishes for more, and their fields."""

World = tuple[Request, Catalog, tuple[Line, ...]]


def explained(problem: Problem) -> Explanation:
    """Why a problem has no build."""

    def again(request: Request) -> Probe:
        other = Problem.of(request, problem.world.catalog)
        return Probe(replace(other, given=problem.given), Clock(60))

    return explain(problem, Probe(problem, Clock(60)), again)


def clashing(world: World) -> Problem | None:
    """The problem of a world, if it has no build."""
    problem = pose(world)
    found = Hunt(problem, Clock(60)).answer()
    return problem if found.status is Status.INFEASIBLE else None


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 2)
def test_every_clash_is_one_and_minimal(world: World) -> None:
    """Replayed in one model of everything; each witness breaks what it shows, and nothing else
    that is cited."""
    problem = clashing(world)
    if problem is None:
        return
    explanation = explained(problem)
    for clash in (explanation, *explanation.further):
        if clash.reasons:
            replayed(problem, clash)
            witnessed(problem, clash)


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 2)
def test_the_numbers_of_wishes_are_the_nearest_there_are(world: World) -> None:
    """The budget that is named is the price of the cheapest rig beside the other wishes; of
    another number, one more has no rig. The witness of a wish is such a rig."""
    problem = clashing(world)
    if problem is None:
        return
    explanation = explained(problem)
    hard = {rule.id for rule in problem.rules if rule.hard and not rule.flag}
    encoding = Encoding(problem, problem.options)
    for clash in (explanation, *explanation.further):
        wishes = {reason.id for reason in clash.reasons if reason.flag}
        for reason in clash.reasons:
            others = (hard | wishes) - {reason.id}
            if not reason.flag or reason.witness is None:
                continue
            shown = of_parts(problem, reason.witness.parts)
            broken = {r.id for r in problem.rules if not r.admits(shown, problem.world)}
            assert not others & broken
            if reason.id == "wish-budget":
                dropped = [owner for owner in encoding.owners() if owner not in others]
                status, least = best(
                    encoding, encoding.price, Clock(60), 0, dropped=dropped, minimise=True
                )
                assert (status, least) == (Status.OPTIMAL, reason.reached)
            elif reason.reached is not None and reason.id in ONE_MORE:
                more = {ONE_MORE[reason.id]: reason.reached + 1}
                asked = Problem.of(problem.request.replace(**more), problem.world.catalog)
                assert not exists(replace(asked, given=problem.given), others | {reason.id})


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 4)
def test_every_way_out_leads_out(world: World) -> None:
    """A build that it was solved with is there: no way names a price below the cheapest."""
    request, catalog, lines = world
    problem = clashing(world)
    if problem is None:
        return
    for way in explained(problem).ways_out:
        if not way.flag.startswith("--budget"):
            continue
        cents = 100 * int(way.flag.split()[1])
        richer = Problem.of(request.replace(budget_cents=cents), catalog)
        assert exists(replace(richer, given=lines), [rule.id for rule in richer.rules])
        assert way.total_cents <= cents < way.total_cents + 100


@given(worlds(), st.sampled_from([1, 2, 16]), st.sampled_from([0, 1, 40]))
@settings(SMALL, max_examples=EXAMPLES // 2)
def test_however_it_is_looked_for(world: World, first: int, patience: int) -> None:
    """Asked whether there is a build, then for the cheapest: the same as one model of all says,
    however many cards are looked at first, and whether or not a build is found before that."""
    problem = pose(world)
    encoding = Encoding(problem, problem.options)
    status, least = best(encoding, encoding.price, Clock(60), 0, minimise=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "FIRST", first)
        patch.setattr(dive, "PATIENCE", patience)
        asked = Probe(problem, Clock(60))
        assert asked.possible(asked.everything) is (status is Status.OPTIMAL)
        build = asked.cheapest(asked.everything)
    assert (None if build is None else build.cost_cents) == least


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 4)
def test_the_nearest_miss_is_the_nearest(world: World) -> None:
    """Of the builds that keep all other rules none comes nearer to what a statement asks, and of
    those as near none costs less: as one model of everything says."""
    problem = pose(world)
    asked = Probe(problem, Clock(60))
    whole = Encoding(problem, problem.options, scored=False)
    statements = [(rule, s) for rule in problem.rules if rule.hard for s in rule.statements]
    for rule, statement in statements:
        gap = gap_of(statement, whole)
        if gap is None:
            continue
        kept = asked.everything - {rule.id}
        model = Model(whole, dropped={rule.id})
        model.forbid(gap.never)
        model.minimise(gap.terms)
        status, answer = run(model, Clock(60), 0)
        build = asked.nearest(kept, statement)
        assert (build is None) == (status is Status.INFEASIBLE)
        if build is not None:
            model.at_most(gap.terms, round(answer.objective_value))
            model.forget_objective()
            model.minimise(whole.cost)
            assert same(build, model.build(run(model, Clock(60), 0)[1]))


@given(worlds())
@settings(SMALL, max_examples=EXAMPLES // 2)
def test_of_several_clashes_the_one_with_the_former_rules_is_told(world: World) -> None:
    """The rules beside the wishes of a clash are those that dropping one after the other leaves,
    the last first."""
    problem = clashing(world)
    if problem is None:
        return
    asked = Probe(problem, Clock(60))

    def left(base: list[Rule], rest: list[Rule]) -> list[Rule]:
        """Of ``rest`` what is left, dropping whatever is not needed, the last first."""
        for rule in reversed(rest):
            fewer = [other for other in rest if other is not rule]
            if not asked.possible(frozenset(other.id for other in (*base, *fewer))):
                rest = fewer
        return rest

    rules = [rule for rule in problem.rules if rule.hard]
    core = minimal_core(rules, asked)
    physics = [rule for rule in rules if not rule.flag]
    found = left(list(core.wishes), near(physics, core.wishes))
    assert set(core.physics) == set(found)


def same(build: Build, other: Build) -> bool:
    """Whether two builds are of the same parts, whatever these cost."""
    keys = [[(x.part.id, x.quantity, x.power_limit_w) for x in b.lines] for b in (build, other)]
    return keys[0] == keys[1]


def at_price(problem: Problem, part: str, cents: int) -> Problem:
    """The problem with another price of a part."""
    lines = []
    for line in problem.given or ():
        if line.part.id == part and line.price is not None:
            line = replace(line, price=line.price.model_copy(update={"price_cents": cents}))
        lines.append(line)
    return replace(problem, given=tuple(lines))


def test_price_ranges_end_where_they_say() -> None:
    """At both ends the answer is the same, a cent beyond it is another (or there is none)."""
    seen: Counter[str] = Counter()

    @given(worlds(), st.data())
    @settings(SMALL, max_examples=120, derandomize=True)
    def look(world: World, data: st.DataObject) -> None:
        problem = pose(world)
        build = Hunt(problem, Clock(60)).answer().build
        if build is None:
            return
        seen["answered"] += 1
        inside = {line.part.id for line in build.lines}
        outside = {line.part.id for line in problem.given or ()} - inside
        for part in [data.draw(st.sampled_from(sorted(ids))) for ids in (inside, outside) if ids]:
            found = price_range(problem, part, build, Clock(60))
            assert found is not None
            assert found.least_cents <= found.price_cents
            assert found.most_cents is None or found.price_cents <= found.most_cents

            def answered(cents: int, part: str = part) -> Build | None:
                return Hunt(at_price(problem, part, cents), Clock(60)).answer().build

            most = 10**8 if found.most_cents is None else found.most_cents
            for cents in {found.least_cents, most}:
                there = answered(cents)
                assert there is not None
                assert same(there, build)
            if found.least_cents:
                below = answered(found.least_cents - 1)
                assert below is not None and found.cheaper is not None
                assert not same(below, build)
                assert found.cheaper.score == (problem.score_of(below) or 0)
                seen["cheaper"] += 1
            if found.most_cents is not None:
                above = answered(found.most_cents + 1)
                assert (above is None) == (found.dearer is None)
                assert above is None or not same(above, build)
                seen["dearer"] += 1

    look()
    assert seen["cheaper"] and seen["dearer"], seen
