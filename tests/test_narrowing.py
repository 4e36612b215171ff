"""What is left out before the search is never missed: the same answer with it and without."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from itertools import product
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Line
from rigopt.catalog import Catalog
from rigopt.common import WISHED
from rigopt.cpsat import hunt
from rigopt.cpsat.search import Clock, search
from rigopt.encoding import Encoding
from rigopt.narrowing import ahead, left, narrow, needed, sets, views
from rigopt.narrowing.columns import Columns, is_plain
from rigopt.parts import MemoryKit, Part
from rigopt.problem import Problem, rank_of
from rigopt.request import OwnedPart, Request
from rigopt.rules.base import Rule
from rigopt.rules.operands import fact
from rigopt.rules.shapes import Balance, Relation, Term, decide
from rigopt.rules.standard import RULES
from rigopt.rules.wishes import wishes_of
from rigopt.solving import solve
from rigopt.world import World
from tests.strategies import worlds
from tests.test_oracle import SMALL, pose
from tests.test_oracle import World as Small


@given(worlds())
@settings(SMALL)
def test_the_reduced_problem_has_the_same_answer(world: Small) -> None:
    """Status, build, score and bound on small random worlds."""
    problem = pose(world)
    whole = search(Encoding(problem, problem.options), Clock(60), seed=0)
    assert search(Encoding(problem), Clock(60), seed=0) == whole


@given(worlds(), st.integers(1, 3))
@settings(SMALL)
def test_cards_first_has_the_same_answer(world: Small, first: int) -> None:
    """The search by bounds, a few configurations at a time, ends where one whole model does."""
    problem = pose(world)
    whole = search(Encoding(problem, problem.options), Clock(60), seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hunt, "FIRST", first)
        patch.setattr(hunt, "GROWTH", 1)
        patch.setattr(ahead, "ENOUGH_PCT", 100)
        assert hunt.Hunt(problem, Clock(60)).answer() == whole


@given(
    worlds(),
    st.fixed_dictionaries(
        {
            (left, "MOST_JUDGED"): st.sampled_from([0, 1, 10, 100, 40_000]),
            (left, "MOST_SEEN"): st.sampled_from([0, 100, 400_000]),
            (views, "MANY"): st.sampled_from([0, 12]),
            (views, "AT_ONCE"): st.sampled_from([1, 10, 1_000_000]),
            (narrow, "FEW"): st.sampled_from([0, 0, 2, 60]),
            (sets, "MOST_COMPARED"): st.sampled_from([0, 1, 200]),
        }
    ),
)
@settings(SMALL)
def test_however_much_is_looked_into(
    world: Small, limits: dict[tuple[ModuleType, str], int]
) -> None:
    """What is too large to be judged, or too small for it to be worth while to look at sets of
    drives, leaves more options, and the same answer."""
    problem = pose(world)
    whole = search(Encoding(problem, problem.options), Clock(60), seed=0)
    with pytest.MonkeyPatch.context() as patch:
        for (module, limit), number in limits.items():
            patch.setattr(module, limit, number)
        assert hunt.Hunt(problem, Clock(60)).answer() == whole


@given(worlds())
@settings(SMALL, max_examples=SMALL.max_examples // 12)
def test_cards_first_answers_what_if(world: Small) -> None:
    """Without a wish it finds what the whole model finds. (Without a rule on seats there is no
    telling how cards are wired: points are only asked for with all of them in force.)"""
    problem = pose(world)
    whole = Encoding(problem, problem.options)
    tried = hunt.Hunt(problem, Clock(60))
    for owner in [rule.id for rule in problem.rules if rule.flag]:
        want = search(whole, Clock(60), seed=0, dropped=[owner])
        assert tried.best(dropped=[owner]) == want
        assert tried.answer() == hunt.Hunt(problem, Clock(60)).answer()


@given(worlds())
@settings(SMALL, max_examples=SMALL.max_examples // 12)
def test_it_stays_so_with_any_rule_dropped(world: Small) -> None:
    """Explanations drop rules of the reduced problem."""
    problem = pose(world)
    whole, less = Encoding(problem, problem.options), Encoding(problem)
    for owner in whole.owners():
        want = search(whole, Clock(60), seed=0, dropped=[owner])
        assert search(less, Clock(60), seed=0, dropped=[owner]) == want


REQUESTS = {
    "usual": Request(budget_cents=500_000, min_vram_gb=24),
    "cheap": Request(budget_cents=150_000),
    "owned": Request(
        budget_cents=300_000,
        own=(
            OwnedPart(part="corsair-vengeance-lpx-32gb-2x16gb-ddr4-3200", quantity=2),
            OwnedPart(part="samsung-970-evo-plus-1tb"),
        ),
    ),
    "brand and bans": Request(
        budget_cents=600_000,
        with_parts=("noctua-nh-d15",),
        without_parts=("crucial-bx500-1tb",),
        min_ram_gb=96,
    ),
    "several cards": Request(market="us-2020-08", budget_cents=700_000, min_gpus=2, nvlink=True),
    "unknown admitted": Request(market="us-2018-06", budget_cents=400_000, allow_unknown=True),
    "much storage": Request(market="us-2024-01", budget_cents=400_000, min_bulk_gb=12_000),
    "no such build": Request(budget_cents=60_000, min_vram_gb=48),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_shipped_catalogue_reduced_has_the_same_answer(name: str, catalog: Catalog) -> None:
    """The same build to the last screw, out of fewer options."""
    problem = Problem.of(REQUESTS[name], catalog)
    whole, less = Encoding(problem, problem.options), Encoding(problem)
    counts = [sum(map(len, options.values())) for options in (needed(problem), problem.options)]
    assert counts[0] < 0.8 * counts[1]
    want = search(whole, Clock(300), seed=0)
    assert search(less, Clock(300), seed=0) == want
    assert hunt.Hunt(problem, Clock(300)).answer() == want


def colour_rule(wanted: int) -> Rule:
    """A rule that nobody has written yet: the memory's latency must be one in particular."""
    return Rule(
        "colour",
        "a rule of these tests",
        (
            Relation(
                (fact("memory", "cas_latency"),),
                lambda _w, latency: decide(latency == wanted),
                lambda _w, latency: f"{latency}",
            ),
        ),
        "",
    )


def latencies(lines: tuple[Line, ...]) -> set[int | None]:
    return {line.part.cas_latency for line in lines if isinstance(line.part, MemoryKit)}


def test_a_new_rule_is_taken_into_account(catalog: Catalog) -> None:
    """With a rule that reads a fact which no other rule reads, parts that differ in it stay."""
    request = Request(budget_cents=300_000)
    problem = Problem.of(request, catalog)
    before = latencies(needed(problem)["memory"])
    every = latencies(problem.options["memory"])
    wanted = min(latency for latency in every - before if latency is not None)
    ruled = replace(problem, rules=(*problem.rules, colour_rule(wanted)))
    assert wanted in latencies(needed(ruled)["memory"])
    want = search(Encoding(ruled, ruled.options), Clock(60), seed=0)
    assert search(Encoding(ruled), Clock(60), seed=0) == want
    assert want.build is not None
    assert latencies(want.build.of_kind("memory")) == {wanted}


def test_a_new_balance_is_taken_into_account(catalog: Catalog) -> None:
    """A sum over a fact that no other rule sums keeps the parts that are best in it."""
    problem = Problem.of(Request(budget_cents=300_000), catalog)
    fastest = max(
        (line for line in problem.options["memory"] if isinstance(line.part, MemoryKit)),
        key=lambda line: line.part.speed_mt_s or 0,  # type: ignore[attr-defined]
    )
    assert isinstance(fastest.part, MemoryKit)
    speed = fastest.part.speed_mt_s or 0

    def fast(line: Line, _world: object) -> int | None:
        assert isinstance(line.part, MemoryKit)
        return line.part.speed_mt_s

    rule = Rule(
        "fast",
        "a rule of these tests",
        (Balance("speed", "MT/s", demand_base=lambda _w: speed, supply=(Term("memory", fast),)),),
        "",
    )
    ruled = replace(problem, rules=(*problem.rules, rule))
    left = needed(ruled)["memory"]
    assert any(isinstance(line.part, MemoryKit) and line.part.speed_mt_s == speed for line in left)


class Guarded(Request):
    """A request that does not tell what only wishes may read."""

    def __getattribute__(self, name: str) -> object:
        if name in WISHED:
            raise AssertionError(f"{name} is read by more than wishes")
        return super().__getattribute__(name)


def test_a_refused_part_takes_no_other_part_s_place(catalog: Catalog) -> None:
    """A CPU whose draw nobody knows is no cheaper on power than one whose draw is known."""
    problem = Problem.of(Request(), catalog)
    known = next(line for line in problem.options["cpu"] if line.part.package_power_w)  # type: ignore[attr-defined]
    unknown = next(
        line
        for number in range(100)
        if rank_of(line := Line(_without_draw(known, number), 1, 0, known.price)) < rank_of(known)
    )
    few = {kind: lines[::40] for kind, lines in problem.options.items()} | {"cpu": (known, unknown)}
    given_lines = tuple(line for lines in few.values() for line in lines)
    kept = needed(replace(problem, given=given_lines))["cpu"]
    assert known in kept


def _without_draw(line: Line, number: int) -> Part:
    return line.part.model_copy(
        update={"id": f"cpu-{number}", "package_power_w": None, "tdp_w": None}
    )


def test_what_is_shared_reads_no_wish(catalog: Catalog) -> None:
    """Options, standing rules and points of problems that differ in wishes only are the same."""
    asked = Request(max_gpus=2, condition="any", max_psus=2, dataset_gb=500, power_limit="auto")
    world = World.of(asked, catalog)
    guarded = Guarded.model_construct(**dict(asked))
    problem = Problem(replace(world, request=guarded), RULES)
    few = {kind: lines[::40] for kind, lines in problem.options.items()}
    assert sum(map(len, few.values())) > 20
    encoding = Encoding(problem, few)
    assert encoding.owners()
    assert set(WISHED) <= set(Request.model_fields)
    plain = [term for term in _terms(_WISHES) if is_plain(term.value)]
    assert {term.value.__name__ for term in plain} >= {"_cost", "ram_gb", "cores", "drive_gb"}
    for term in plain:
        for line in few[term.kind]:
            term.value(line, problem.world)


_WISHES = Request(
    budget_cents=10**6,
    min_total_vram_gb=48,
    min_ram_gb=64,
    min_storage_gb=1000,
    min_bulk_gb=4000,
    min_cores=8,
    min_threads=16,
    max_wall_w=1500,
    wifi=True,
    nvlink=True,
)


def _terms(request: Request) -> list[Term]:
    """What the standing rules and the wishes of a request add up."""
    return [
        term
        for rule in (*wishes_of(request), *RULES)
        for statement in rule.statements
        if isinstance(statement, Balance)
        for term in (*statement.demand, *statement.supply)
    ]


def test_problems_that_differ_in_wishes_share_their_options(catalog: Catalog) -> None:
    """And others do not."""
    one = Problem.of(Request(budget_cents=100_000), catalog)
    other = Problem.of(Request(budget_cents=900_000, min_vram_gb=24), catalog)
    used = Problem.of(Request(budget_cents=100_000, condition="any"), catalog)
    assert one.options is other.options
    assert one.options is not used.options


def test_what_was_worked_out_for_one_request_serves_another() -> None:
    """With more money or less, more wishes or fewer: the answer is that of a catalogue which was
    asked nothing before, and what the standing rules leave is worked out less often."""
    asked = [
        Request(budget_cents=cents, min_vram_gb=vram, min_bulk_gb=bulk)
        for cents, vram, bulk in product((620_000, 600_000, 430_000), (None, 24), (None, 8_000))
    ]
    served = Catalog.load()
    for request in asked:
        assert solve(request, catalog=served) == solve(request, catalog=Catalog.load())
    problem = Problem.of(asked[0], served)
    assert 1 < len(Columns(problem).ahead) < len(asked)


def test_what_is_kept_of_a_catalogue_goes_with_it(catalog: Catalog) -> None:
    """A catalogue with supposed prices is not held by the problems that it was asked about."""
    supposed = catalog.with_market(catalog.market("us-2019-06"))
    problem = Problem.of(Request(market="us-2019-06", budget_cents=140_000), supposed)
    assert hunt.Hunt(problem, Clock(60)).answer().build is not None
    assert supposed.kept and supposed.kept is not catalog.kept
    seen = weakref.ref(supposed)
    del supposed, problem
    gc.collect()
    assert seen() is None
