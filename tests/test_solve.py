"""Solving on the shipped catalogue: what must hold whatever the prices are."""

from __future__ import annotations

import pytest

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.cpsat.search import Clock, Status, feasible
from rigopt.encoding import Encoding
from rigopt.errors import InputError
from rigopt.markets import Market
from rigopt.outcome import OUTCOME, Feasible, Infeasible, Optimal, Unknown
from rigopt.problem import Problem
from rigopt.request import BrandWish, OwnedPart, Request
from rigopt.solving import solve

MAIN = Request(budget_cents=500_000, min_vram_gb=24)


def optimal(request: Request, catalog: Catalog) -> Optimal:
    """The answer, which must be a proven one."""
    outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Optimal), outcome
    return outcome


def again(outcome: Optimal, catalog: Catalog) -> Build:
    """The build of an answer, made from the catalogue again."""
    lines = []
    for line in outcome.build.parts:
        price = None
        if line.condition is not None:
            market = catalog.market(outcome.about.request.market)
            price = market.offer(line.part, [line.condition])
        lines.append(Line(catalog.parts[line.part], line.quantity, line.owned, price))
    return Build.of(lines)


@pytest.fixture(scope="module")
def main_answer(catalog: Catalog) -> Optimal:
    return optimal(MAIN, catalog)


def test_the_main_job(main_answer: Optimal) -> None:
    """A full build within the budget, with enough memory on every card, proven."""
    kinds = {line.kind for line in main_answer.build.parts}
    assert {"gpu", "cpu", "motherboard", "memory", "storage", "psu", "case"} <= kinds
    assert main_answer.build.total_cents is not None
    assert main_answer.build.total_cents <= 500_000
    assert main_answer.score_bound == main_answer.build.score
    assert all(line.price_date for line in main_answer.build.parts if not line.owned)


def test_the_answer_stands_before_the_checker(main_answer: Optimal, catalog: Catalog) -> None:
    """Solver-free code gives the same price, score and no violation."""
    report = check(again(main_answer, catalog), MAIN, catalog=catalog)
    assert report.status in ("ok", "warning")
    assert report.build == main_answer.build
    assert report.missing == ()


def test_same_request_same_bytes(main_answer: Optimal, catalog: Catalog) -> None:
    """Row order and repetition do not change a byte of the answer."""
    market = catalog.market("us-2026")
    turned = Catalog(
        reversed(catalog.parts.values()),
        chips=reversed(catalog.chips.values()),
        chipsets=catalog.chipsets.values(),
        sockets=catalog.sockets.values(),
        markets={"us-2026": Market(market.info, reversed(market.rows()))},
    )
    assert solve(MAIN, catalog=turned).model_dump_json() == main_answer.model_dump_json()


def test_another_seed_gives_the_same_build(main_answer: Optimal, catalog: Catalog) -> None:
    """The optimum is unique, so the seed cannot matter."""
    other = optimal(MAIN.replace(seed=12345), catalog)
    assert other.build == main_answer.build


def test_json_reads_back(main_answer: Optimal) -> None:
    """The published JSON validates and says the same."""
    assert OUTCOME.validate_json(main_answer.model_dump_json()) == main_answer


def test_more_money_never_hurts(catalog: Catalog) -> None:
    """Scores do not fall as the budget rises."""
    budgets = (150_000, 250_000, 400_000, 700_000)
    scores = [optimal(Request(budget_cents=b), catalog).build.score for b in budgets]
    assert scores == sorted(scores)  # type: ignore[type-var]
    assert scores[0] < scores[-1]  # type: ignore[operator]


def test_more_wishes_never_help(main_answer: Optimal, catalog: Catalog) -> None:
    """Each further wish leaves the score as it is or lowers it, and is obeyed."""
    wished = optimal(
        MAIN.replace(
            min_ram_gb=64,
            wifi=True,
            os="linux",
            efficiency="gold",
            brands=(BrandWish(kind="psu", brands=("corsair", "Seasonic")),),
        ),
        catalog,
    )
    assert wished.build.score is not None and main_answer.build.score is not None
    assert wished.build.score <= main_answer.build.score
    by_kind = {line.kind: catalog.parts[line.part] for line in wished.build.parts}
    assert by_kind["psu"].brand.casefold() in ("corsair", "seasonic")
    assert "os" in by_kind
    by_rule = {v.rule: v for v in wished.build.verdicts}
    for rule in ("wish-min-ram", "wish-wifi", "wish-os", "psu-efficiency", "wish-brand-psu"):
        assert by_rule[rule].verdict == "ok"


def test_removing_a_part_that_was_not_chosen_changes_nothing(
    main_answer: Optimal, catalog: Catalog
) -> None:
    """Every loser may go."""
    chosen = {line.part for line in main_answer.build.parts}
    losers = [part.id for kind in ("psu", "case", "cpu") for part in catalog.of_kind(kind)]
    without = tuple(name for name in losers if name not in chosen)[::7]
    other = optimal(MAIN.replace(without_parts=without), catalog)
    assert other.build.parts == main_answer.build.parts


def test_a_part_that_is_banned_or_asked_for(main_answer: Optimal, catalog: Catalog) -> None:
    """A banned part is out, a required one is in, a chip may be named too."""
    gpu = next(line.part for line in main_answer.build.parts if line.kind == "gpu")
    without = optimal(MAIN.replace(without_parts=(gpu,)), catalog)
    assert gpu not in {line.part for line in without.build.parts}
    with_chip = optimal(Request(budget_cents=400_000, with_parts=("geforce-rtx-5070-ti",)), catalog)
    cards = [line.part for line in with_chip.build.parts if line.kind == "gpu"]
    assert [catalog.parts[card].chip for card in cards] == ["geforce-rtx-5070-ti"]  # type: ignore[attr-defined]


def test_owned_parts_are_free_and_not_forced(main_answer: Optimal, catalog: Catalog) -> None:
    """Owning what was chosen lowers the price by what it cost; owning junk changes nothing."""
    gpu = next(line for line in main_answer.build.parts if line.kind == "gpu")
    owned = optimal(
        MAIN.replace(own=(OwnedPart(part=gpu.part, quantity=gpu.quantity),), min_vram_gb=24),
        catalog,
    )
    assert owned.build.score is not None and main_answer.build.score is not None
    assert owned.build.score >= main_answer.build.score
    junk = optimal(MAIN.replace(own=(OwnedPart(part="evga-supernova-750-g2"),)), catalog)
    assert junk.build.score is not None
    assert junk.build.score >= main_answer.build.score


def test_used_parts_never_hurt(main_answer: Optimal, catalog: Catalog) -> None:
    """Admitting used parts can only raise the score."""
    used = optimal(MAIN.replace(condition="any"), catalog)
    assert used.build.score is not None and main_answer.build.score is not None
    assert used.build.score >= main_answer.build.score


def test_an_impossible_request_is_explained(catalog: Catalog) -> None:
    """The clash is minimal when replayed, and the way out it names works."""
    request = Request(budget_cents=200_000, min_vram_gb=32)
    outcome = solve(request, catalog=catalog)
    assert isinstance(outcome, Infeasible)
    told = outcome.explanation
    assert told.minimal
    core = {reason.id for reason in told.reasons}
    assert {"wish-budget", "wish-min-vram"} <= core
    encoding = Encoding(Problem.of(request, catalog))
    others = set(encoding.owners()) - core

    def status(dropped: set[str]) -> Status:
        return feasible(encoding, sorted(dropped), Clock(60), 0)

    assert status(others) is Status.INFEASIBLE
    assert {name: status(others | {name}) for name in core} == dict.fromkeys(core, Status.OPTIMAL)
    enough = next(way.flag for way in told.ways_out if way.flag.startswith("--budget"))
    cents = int(enough.split()[1]) * 100
    assert isinstance(solve(request.replace(budget_cents=cents), catalog=catalog), Optimal)
    less = request.replace(budget_cents=cents - 200)
    assert isinstance(solve(less, catalog=catalog), Infeasible)


def test_what_binds_is_true(main_answer: Optimal, catalog: Catalog) -> None:
    """The gain named for 100 more is what solving with 100 more gives."""
    told = {item.flag: item for item in main_answer.binding}
    budget = told["--budget 5000"]
    richer = optimal(MAIN.replace(budget_cents=510_000), catalog)
    expected = richer.build.score if richer.build.score != main_answer.build.score else None
    assert budget.score == expected


def test_a_limit_that_is_too_short_is_no_proof(catalog: Catalog, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With no time at all nothing is proven: at most a build that was found at once is told."""
    from rigopt.cpsat import search

    monkeypatch.setattr(search.Clock, "left", property(lambda _self: 0.0))
    outcome = solve(Request(budget_cents=500_000, min_vram_gb=24), catalog=catalog)
    assert isinstance(outcome, Feasible)
    assert outcome.build.score <= outcome.score_bound
    several = solve(Request(budget_cents=300_000, min_gpus=2), catalog=catalog)
    assert isinstance(several, Unknown)


def test_unknown_names_are_refused_with_the_nearest(catalog: Catalog) -> None:
    """Every name in a request is looked up before anything runs."""
    for field, value, near in (
        ("market", "us-2025", "us-2026"),
        ("workload", "balance", "balanced"),
        ("profile", "dettmer", "dettmers"),
        ("circuit", "120v-16a", "120v-15a"),
        ("framework", "pytorch-2.11-cud", "pytorch-2.11-cuda"),
    ):
        with pytest.raises(InputError, match=near):
            solve(Request(**{field: value}), catalog=catalog)  # type: ignore[arg-type]


def test_a_part_that_is_not_sold_is_named(catalog: Catalog) -> None:
    """A wish for a part without a price in the market says so."""
    outcome = solve(Request(with_parts=("nvidia-rtx-3090-founders",)), catalog=catalog)
    assert isinstance(outcome, Infeasible)
    assert [reason.text for reason in outcome.explanation.reasons] == [
        "you ask for --with nvidia-rtx-3090-founders, "
        "which is not sold new in United States, autumn 2026"
    ]


def test_parts_may_be_called_as_people_call_them(catalog: Catalog) -> None:
    """A name or part number in a request means the part with that id."""
    by_name = Request(
        budget_cents=400_000,
        with_parts=("Intel Core i5-13600K",),
        without_parts=("Noctua NH-D15 chromax.black",),
    )
    by_id = by_name.replace(
        with_parts=("intel-core-i5-13600k",), without_parts=("noctua-nh-d15-chromax-black",)
    )
    first, second = optimal(by_name, catalog), optimal(by_id, catalog)
    assert first.build == second.build
    assert "intel-core-i5-13600k" in {line.part for line in first.build.parts}
