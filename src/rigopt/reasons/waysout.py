"""Ways out of a clash: changes of a request after which there is a build, each one solved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rigopt.build import Build
from rigopt.errors import InputError
from rigopt.flags import Flag
from rigopt.llms import parse_quant, quantisations
from rigopt.outcome import Clash, Explanation, WayOut
from rigopt.problem import Problem
from rigopt.reasons.cores import Core, minimal_core
from rigopt.reasons.easing import TIGHT, WIDER, Change, easier
from rigopt.reasons.explain import (
    Prober,
    brief,
    compares_one_sum,
    is_default,
    joined,
    nearest_to,
    offers_of,
    reasons_of,
    total_of,
)
from rigopt.reasons.nearest import UPWARDS, nearest_value, numbers_of, written
from rigopt.request import Request
from rigopt.rules.base import Rule, Verdict
from rigopt.rules.shapes import Relation
from rigopt.rules.wishes import is_named, wishes_of
from rigopt.units import format_money
from rigopt.world import World

Again = Callable[[Request], Prober]
"""What can be asked about another request."""


FURTHER = 2
"""Further clashes that are told at most."""


def explain(problem: Problem, prober: Prober, again: Again) -> Explanation:
    """The clash of an infeasible problem in words, with ways out that were solved, not guessed."""
    empty = [kind for kind in problem.required if not problem.options[kind]]
    if empty:
        market, condition = problem.world.market.info.title, problem.request.condition
        sold = "sold" if condition == "any" else f"sold {condition}"
        return Explanation(
            summary=f"no {empty[0]} is {sold} in {market}",
            reasons=(),
            minimal=True,
            ways_out=tuple(_used(problem, again)),
        )
    rules = [rule for rule in problem.rules if rule.hard]
    first, *further = _cores(rules, prober)
    return Explanation(
        **dict(_clash(first, prober)),
        further=tuple(_clash(core, prober) for core in further),
        ways_out=_ways_out(first, prober, again),
    )


def _cores(rules: Sequence[Rule], prober: Prober) -> list[Core]:
    """A clash, and others that stay when one of its wishes is given up, the smallest first."""
    cores = [minimal_core(rules, prober)]
    for wish in cores[0].wishes:
        others = [rule for rule in rules if rule is not wish]
        if len(cores) <= FURTHER and prober.possible(frozenset(r.id for r in others)) is False:
            core = minimal_core(others, prober)
            if core not in cores:
                cores.append(core)
    return sorted(cores, key=lambda core: len(core.rules))


def _clash(core: Core, prober: Prober) -> Clash:
    return Clash(summary=_summary(core), reasons=reasons_of(core, prober), minimal=core.minimal)


def _summary(core: Core) -> str:
    if not core.rules:
        return "no build exists even with no rule in force: the catalogue has no options"
    flags = [rule.flag for rule in core.wishes]
    physics = [rule.id for rule in core.physics]
    ruled = f"the rule{'s' * (len(physics) > 1)} {joined(physics)}" if physics else ""
    if core.untold:
        ruled = "the rules of a working rig"
    if not flags:
        return f"no build keeps {ruled}"
    wished = " together with ".join(flags)
    return f"no build satisfies {wished}" + (f" under {ruled}" if ruled else "")


def _ways_out(core: Core, prober: Prober, again: Again) -> tuple[WayOut, ...]:
    problem = prober.problem
    ways: list[WayOut] = []
    for rule in core.wishes:
        ways += _without(rule, prober, again)
    if not ways:
        ways += _without_several(core, prober)
    ways.sort(key=lambda way: (bool(way.leave_out), way.total_cents if way.leave_out else 0))
    ways += _loosened(core, prober)
    asked = {rule.id for rule in core.rules}
    if "wish-model" in asked:
        ways += _smaller(problem, again)
    ways += _wider(asked, problem, again)
    enough_new = {way.flag for way in ways}
    ways += [w for w in _used(problem, again) if w.flag.removeprefix("--used ") not in enough_new]
    for rule in core.wishes:
        if rule.id.startswith("wish-with-") and not offers_of(rule, problem):
            ways += _elsewhere(rule, problem, again)
    return tuple({(way.flag, way.leave_out): way for way in reversed(ways)}.values())[::-1]


def _way(
    problem: Problem, build: Build, text: str, flag: str, leave_out: tuple[str, ...] = ()
) -> WayOut:
    cents = total_of(build, problem)
    money = format_money(cents, problem.world.market.info.currency)
    return WayOut(
        text=f"{text} all is met for {money}: {brief(build)}",
        flag=flag,
        leave_out=leave_out,
        total_cents=cents,
    )


def _without(rule: Rule, prober: Prober, again: Again, before: str = "") -> Iterator[WayOut]:
    """A wish met as far as possible beside all others, or left out. ``before``: flags that the
    prober's request has and the person's has not."""
    problem = prober.problem
    request, kept = problem.request, prober.everything - {rule.id}
    if not prober.possible(kept):
        return
    numbers, gentle = numbers_of(rule, request), False
    for flag in numbers:
        found = _nearest_number(flag, rule, prober, again)
        if found is None or (found[0] <= flag.least and not is_default(rule, request)):
            continue
        gentle = True
        change = written(flag, found[0])
        yield _way(problem, found[1], f"with {change}", before + change)
    build = None if gentle else prober.cheapest(kept)
    if build is not None:
        yield _way(problem, build, f"without {rule.flag}", before.strip(), (rule.flag,))


def _nearest_number(
    flag: Flag, rule: Rule, prober: Prober, again: Again
) -> tuple[int, Build] | None:
    """The nearest value to the one asked for with which there is a build, and the cheapest."""
    problem = prober.problem

    def built(value: int) -> Build | None:
        try:
            other = again(problem.request.replace(**{flag.field: value}))
        except InputError:
            return None
        return other.cheapest(other.everything)

    if compares_one_sum(rule):
        build, best = nearest_to(rule, prober.everything - {rule.id}, prober)
        value = None if build is None else nearest_value(flag, rule, build, problem.world)
        if rule.id == "wish-budget" or flag.name not in UPWARDS:
            return None if build is None or value is None or not best else (value, build)
        cheapest = built(value) if best and value is not None else None
        if cheapest is not None and value is not None:
            return value, cheapest

    asked: int = getattr(problem.request, flag.field)
    good = far = flag.most if flag.name in UPWARDS else flag.least
    bad, found = asked, None
    step = 1 if flag.name in UPWARDS else -1
    while found is None and abs(good - bad) > 0:
        near = min(2 * bad, far) if step > 0 else far
        found = built(near)
        if found is not None:
            good = near
        elif near == far:
            return None
        else:
            bad = near
    while found is not None and abs(good - bad) > 1:
        middle = (good + bad) // 2
        build = built(middle)
        if build is None:
            bad = middle
        else:
            good, found = middle, build
    return None if found is None else (good, found)


def _without_several(core: Core, prober: Prober) -> Iterator[WayOut]:
    """The wishes to leave out where no single one of them is enough: as many others as possible
    stay, those first that were given first."""
    problem = prober.problem
    wishes = [rule for rule in problem.rules if rule.flag]
    kept = prober.everything - {rule.id for rule in wishes}
    if not core.wishes or not prober.possible(kept):
        return
    left: list[Rule] = []
    for rule in wishes:
        if prober.possible(kept | {rule.id}):
            kept |= {rule.id}
        else:
            left.append(rule)
    build = prober.cheapest(kept)
    if build is not None and not any(is_default(rule, problem.request) for rule in left):
        flags = tuple(rule.flag for rule in left)
        yield _way(problem, build, f"without {joined(flags)}", "", flags)


def _smaller(problem: Problem, again: Again) -> Iterator[WayOut]:
    """The language model in the largest quantisation that the cards hold."""
    bits = {name: row.millibits for name, row in quantisations().items()}
    now = bits[parse_quant(problem.request.quant or "4bit", where="quant")]
    for name in sorted(bits, key=lambda name: (-bits[name], name)):
        if bits[name] < now:
            change = Change(f"with the model in {name}", f"--quant {name}", {"quant": name})
            way = next(_changed(change, problem, again), None)
            if way is not None:
                yield way
                return


def _wider(asked: set[str], problem: Problem, again: Again) -> Iterator[WayOut]:
    """More to choose from, where that may help: each by itself, or as many as it takes."""
    changes = [
        wider.change
        for wider in WIDER
        if asked & wider.rules
        and any(getattr(problem.request, f) != v for f, v in wider.change.fields.items())
    ]
    found = [way for change in changes for way in _changed(change, problem, again)]
    yield from found
    if found or len(changes) < 2:
        return
    every = changes
    if next(_changed(_all(every), problem, again), None) is None:
        return
    for change in changes:
        fewer = [other for other in every if other is not change]
        if fewer and next(_changed(_all(fewer), problem, again), None) is not None:
            every = fewer
    yield from _changed(_all(every), problem, again)


def _all(changes: Sequence[Change]) -> Change:
    """Several changes as one."""
    flags = dict.fromkeys(f"--{flag}" for c in changes for flag in c.flag.split("--") if flag)
    return Change(
        joined([change.text for change in changes]),
        " ".join(flag.strip() for flag in flags),
        {field: value for change in changes for field, value in change.fields.items()},
    )


def _changed(change: Change, problem: Problem, again: Again) -> Iterator[WayOut]:
    """A change of the request, if there is a build then."""
    try:
        prober = again(problem.request.replace(**change.fields))
    except InputError:
        return
    build = prober.cheapest(prober.everything)
    if build is not None:
        yield _way(prober.problem, build, change.text, change.flag, change.leave_out)


def _used(problem: Problem, again: Again) -> Iterator[WayOut]:
    """Used parts too, if need be with a number nearest to the one asked for."""
    if problem.request.condition == "any":
        return

    def again_used(request: Request) -> Prober:
        return again(request.replace(condition="any"))

    prober = again_used(problem.request)
    build = prober.cheapest(prober.everything)
    if build is not None:
        yield _way(prober.problem, build, "with used parts too", "--used")
        return
    for rule in prober.problem.rules:
        if rule.flag and numbers_of(rule, problem.request):
            for way in _without(rule, prober, again_used, "--used "):
                if not way.leave_out:
                    yield way.model_copy(update={"text": f"with used parts too, {way.text}"})


def _elsewhere(rule: Rule, problem: Problem, again: Again) -> Iterator[WayOut]:
    """Other markets that sell what a wish names, if there is a build then."""
    name, catalog = rule.id.removeprefix("wish-with-"), problem.world.catalog
    for market in catalog.market_names:
        if market == problem.request.market:
            continue
        info = catalog.market(market).info
        change = Change(f"at the prices of {info.title}", f"--market {market}", {"market": market})
        try:
            other = Problem.of(problem.request.replace(market=market), catalog)
        except InputError:
            continue
        if any(is_named(name, line) for lines in other.options.values() for line in lines):
            yield from _changed(change, problem, again)


def _loosened(core: Core, prober: Prober) -> Iterator[WayOut]:
    """Changes under which the nearest miss of a rule is no miss: the check alone shows it."""
    problem = prober.problem
    for rule in () if core.untold else core.physics:
        build, _ = nearest_to(rule, prober.everything - {rule.id}, prober)
        if build is None:
            continue
        for choices in _looser(rule, build, problem):
            for change in choices:
                if _admitted(build, change, problem):
                    yield _way(problem, build, change.text, change.flag, change.leave_out)
                    break


def _looser(rule: Rule, build: Build, problem: Problem) -> Iterator[Sequence[Change]]:
    """Choices of changes, of each of which the first that helps is enough."""
    if rule.check(build, problem.world).verdict is Verdict.UNKNOWN:
        yield [Change("with facts left to verify", "--allow-unknown", {"allow_unknown": True})]
    if any(isinstance(s, Relation) and s.tight for s in rule.statements):
        yield [TIGHT]
    yield from easier(problem)


def _admitted(build: Build, change: Change, problem: Problem) -> bool:
    """Whether every rule admits a build after a change that leaves the same parts on offer."""
    changed = problem.request.replace(**change.fields)
    world = World.of(changed, problem.world.catalog)
    wishes = {rule.id for rule in wishes_of(problem.request)}
    rules = (*wishes_of(changed), *(rule for rule in problem.rules if rule.id not in wishes))
    return all(rule.admits(build, world) for rule in rules)
