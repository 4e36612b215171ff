"""Check a build: every rule's verdict, price, draw and throughput, without a solver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from rigopt.boardmap import board_map
from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.draw import draw_w, line_draw_w, line_peak_w, supply_w, wall_w
from rigopt.errors import InternalError
from rigopt.outcome import (
    About,
    Assessment,
    Assumption,
    Clearance,
    Numbers,
    PartLine,
    PowerBudget,
    PowerLine,
    Report,
    RuleVerdict,
    Versions,
    WorkloadRate,
)
from rigopt.parts import REQUIRED_KINDS
from rigopt.problem import Problem
from rigopt.request import Request
from rigopt.rules.base import RuleReport, Verdict
from rigopt.rules.power import circuits_w, ride_out_w
from rigopt.rules.standard import RULES
from rigopt.rules.storage import read_mb_s
from rigopt.rules.wishes import wishes_of
from rigopt.scaling import Link
from rigopt.throughput import Speed, error_median_pct, fed, read_in
from rigopt.units import known_sum
from rigopt.workloads import Workload
from rigopt.world import World


def check(
    build: Build, request: Request | None = None, *, catalog: Catalog | None = None
) -> Report:
    """Every rule's verdict on a build.

    Args:
        build: what to check; it may be incomplete, then the rules on the missing kinds do not
            apply.
        request: market, profile, workload and further wishes; defaults as for ``solve``, but a
            wish that only has a default (such as the storage asked for) is not held against it.
        catalog: where chips, chipsets and markets are looked up; default: the shipped one.

    Raises:
        InputError: if the request names something that is not known.
    """
    catalog = catalog or Catalog.load()
    request = request or Request(min_storage_gb=0)
    world = World.of(request, catalog)
    problem = Problem(world, (*wishes_of(request), *RULES))
    found = assess(build, problem)
    worst = max((Verdict(v.verdict) for v in found.verdicts), key=lambda v: v.badness)
    return Report(
        status=_STATUS[worst],
        build=found,
        missing=missing_kinds(build),
        about=About(
            assumptions=assumptions_of(world, checking=True),
            versions=versions_of(world),
            request=request,
        ),
    )


_STATUS: Mapping[Verdict, Literal["ok", "warning", "unknown", "violated"]] = {
    Verdict.NOT_APPLICABLE: "ok",
    Verdict.OK: "ok",
    Verdict.WARNING: "warning",
    Verdict.UNKNOWN: "unknown",
    Verdict.VIOLATED: "violated",
}


def assess(build: Build, problem: Problem) -> Assessment:
    """All that solver-free code says of a build under the rules of a problem."""
    return _assessed(build, problem, [rule.check(build, problem.world) for rule in problem.rules])


def _assessed(build: Build, problem: Problem, reports: Iterable[RuleReport]) -> Assessment:
    world = problem.world
    link = problem.link_of(build)
    verdicts = tuple(map(_verdict, reports))
    cost, charges = build.cost_cents, world.request.charges
    return Assessment(
        parts=tuple(part_line(line) for line in build.lines),
        currency=world.market.info.currency,
        tax_cents=None if cost is None else charges.tax_of(cost),
        shipping_cents=None if cost is None else charges.shipping_of(cost),
        total_cents=None if cost is None else charges.to_pay(cost),
        score=problem.score_of(build),
        link=link_text(link),
        throughput=_rates(build, problem),
        power=power_budget(build, world),
        board=board_map(build, problem),
        clearances=tuple(
            Clearance(rule=verdict.rule, text=n.text, needs_mm=n.demand, has_mm=n.supply)
            for verdict in verdicts
            for n in verdict.numbers
            if n.unit == "mm"
        ),
        verdicts=verdicts,
    )


def verified(problem: Problem, build: Build, score: int) -> Assessment:
    """What solver-free code says of a build that a solver found, with which it must agree.

    Raises:
        InternalError: if it does not.
    """
    world = problem.world
    reports = [rule.check(build, world) for rule in problem.rules]
    ruled = zip(problem.rules, reports, strict=True)
    refused = [rule.id for rule, report in ruled if not rule.passes(report, world)]
    if refused:
        raise InternalError(f"the solver chose a build that {', '.join(refused)} refuses: {build}")
    assessment = _assessed(build, problem, reports)
    if (assessment.score or 0) != score:
        raise InternalError(f"the solver counts {score} points, the model {assessment.score}")
    if assessment.total_cents is None:
        raise InternalError("the solver chose a part that has no price")
    return assessment


def power_budget(build: Build, world: World) -> PowerBudget:
    """Where the watts of a build go, and what carries them."""
    supplies = build.of_kind("psu")
    draw, wall = draw_w(build, world), wall_w(build, world)
    rating = known_sum(supply_w(line, world) for line in supplies) if supplies else None
    count = sum(line.quantity for line in supplies) or 1
    circuits = min(world.request.circuits, count)
    return PowerBudget(
        lines=tuple(
            PowerLine(kind=line.kind, part=line.part.id, watts=line_draw_w(line, world))
            for line in build.lines
            if line_draw_w(line, world) != 0
        ),
        sustained_w=draw,
        peak_w=known_sum(line_peak_w(line, world) for line in build.lines),
        supply_w=rating,
        wanted_w=None if draw is None else -(-draw * world.profile.psu_margin_pct // 100),
        rides_out_w=known_sum(ride_out_w(line, world) for line in supplies) if supplies else None,
        load_pct=100 * draw // rating if draw is not None and rating else None,
        efficiency_pct=100 * draw // wall if draw is not None and wall else None,
        wall_w=wall,
        circuit=world.circuit.title if circuits == 1 else f"{circuits} x {world.circuit.title}",
        circuit_w=circuits_w(world, count),
    )


def missing_kinds(build: Build) -> tuple[str, ...]:
    """Kinds that a working rig needs and the build does not have."""
    return tuple(kind for kind in REQUIRED_KINDS if not build.of_kind(kind))


def link_text(link: Link | None) -> str | None:
    """A link in words."""
    if link is None:
        return None
    bridge = " and NVLink" if link.nvlink else ""
    way = "" if link.through_cpu else " through the chipset"
    return f"PCIe {link.pcie_gen}.0 x{link.lanes}{way}{bridge}"


def part_line(line: Line) -> PartLine:
    """A line as it is published."""
    price = line.price
    return PartLine(
        kind=line.kind,
        part=line.part.id,
        name=line.part.name,
        quantity=line.quantity,
        owned=line.owned,
        price_cents=None if price is None else price.price_cents,
        total_cents=line.cost_cents,
        condition=None if price is None else price.condition,
        basis=None if price is None else price.basis,
        price_date=None if price is None else price.date,
        price_source=None if price is None else price.source,
        power_limit_w=line.power_limit_w,
    )


def _verdict(report: RuleReport) -> RuleVerdict:
    return RuleVerdict(
        rule=report.rule,
        title=report.title,
        verdict=report.verdict.value,
        text=report.text,
        repair=report.repair,
        flag=report.flag,
        numbers=tuple(
            Numbers(text=f.text, demand=f.demand, supply=f.supply, unit=f.unit)
            for f in report.findings
            if f.demand is not None and f.supply is not None
        ),
    )


def _rates(build: Build, problem: Problem) -> tuple[WorkloadRate, ...]:
    """What the cards of a build do of every workload, as far as the CPU feeds them."""
    found, count = problem.speeds_of(build), problem.cores_of(build)
    if found is None:
        return ()
    cards, world = sum(line.quantity for line in build.of_kind("gpu")), problem.world
    read = None
    if world.request.dataset_gb is not None:
        read = known_sum(read_mb_s(line, world) for line in build.of_kind("storage"))
    return tuple(
        rate_of(workload, speeds, cards, count, read)
        for (workload, _), *speeds in zip(problem.world.mix.workloads, *found, strict=True)
    )


def rate_of(
    workload: Workload,
    speeds: Sequence[Speed],
    cards: int,
    cores: int | None = None,
    drives_mb_s: int | None = None,
) -> WorkloadRate:
    """What lines of cards do of a workload together, as far as so many CPU cores and drives of
    that rate feed them; ``None``: they do."""
    limits: dict[Literal["GPU", "CPU cores", "storage"], float] = {
        "GPU": sum(speed.per_second for speed in speeds),
        "CPU cores": fed(workload, cores),
        "storage": read_in(workload, drives_mb_s),
    }
    limit = min(limits, key=lambda name: limits[name])
    return WorkloadRate(
        workload=workload.name,
        title=workload.title,
        per_second_milli=round(limits[limit] * 1000),
        unit=workload.unit,
        fits_memory=all(speed.held != "outside" for speed in speeds),
        copy_cards=max(speed.copy_cards for speed in speeds),
        limited_by=limit,
        error_median_pct=error_median_pct(workload, cards),
        estimate=workload.is_estimate,
    )


def versions_of(world: World, solver: str | None = None) -> Versions:
    """What an answer was made with."""
    return Versions(
        rigopt=_release(),
        catalog=world.catalog.digest,
        market=world.market.info.id,
        market_as_of=world.market.info.as_of,
        solver=solver,
    )


@lru_cache(maxsize=1)
def _release() -> str:
    try:
        return version("rigopt")
    except PackageNotFoundError:
        return "unknown"


def assumptions_of(world: World, *, checking: bool = False) -> tuple[Assumption, ...]:
    """Every default that shaped an answer. What the person set is no assumption."""
    r = world.request
    defaults: Mapping[str, Any] = {name: f.default for name, f in Request.model_fields.items()}

    def assumed(field: str) -> bool:
        return bool(getattr(r, field) == defaults[field])

    found: list[Assumption] = []

    def add(text: str, flag: str) -> None:
        found.append(Assumption(text=text, flag=flag))

    info = world.market.info
    if assumed("market"):
        before = "" if r.charges else " (before tax and shipping)"
        add(f"prices of {info.title}{before}", "--market")
    if assumed("condition") and not checking:
        add("new parts only", "--used")
    if assumed("workload"):
        weights = ", ".join(world.mix.weights)
        add(f"workload mix {world.mix.name}: {weights}", "--workload")
    if assumed("framework"):
        add(f"framework: {world.framework.title}", "--framework")
    if assumed("profile"):
        add(f"profile {r.profile}: {world.profile.title}", "--profile")
    if r.min_gpu_lanes is None:
        add(f"at least x{world.min_gpu_lanes} PCIe lanes for every card", "--min-gpu-lanes")
    if assumed("max_gpus") and not checking:
        add(f"at most {r.max_gpus} cards, all of one model", "--max-gpus")
    if assumed("min_storage_gb") and not checking:
        add(f"at least {r.min_storage_gb:,} GB on solid-state drives", "--min-storage")
    if r.circuit is None:
        add(f"wall circuit: {world.circuit.title}", "--circuit")
    if assumed("adapters"):
        add("power adapters that come with a card may be used", "--no-adapters")
    if assumed("allow_tight") and not checking:
        add("room left for front fans, the 16-pin cable, memory under the cooler", "--allow-tight")
    if assumed("open_frame") and not checking:
        add("a case with walls, cards on the board", "--open-frame")
    if assumed("power_limit") and not checking:
        add("cards run at the power limit they are sold with", "--power-limit")
    if assumed("os") and not checking:
        add("no operating-system licence", "--os")
    return tuple(found)
