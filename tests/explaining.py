"""What must hold of every explanation, whatever the world: shared by gallery and random worlds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.cpsat.search import Clock, Status, feasible
from rigopt.encoding import Encoding
from rigopt.flags import BY_NAME
from rigopt.outcome import Clash, Explanation, PartLine
from rigopt.problem import Problem
from rigopt.requestfile import request_from


def exists(problem: Problem, kept: Iterable[str]) -> bool:
    """Whether a build keeps these rules, by one model of everything."""
    encoding = Encoding(problem, problem.options)
    wanted = set(kept)
    dropped = [owner for owner in encoding.owners() if owner not in wanted]
    status = feasible(encoding, dropped, Clock(60), 0)
    assert status is not Status.UNKNOWN
    return status is Status.OPTIMAL


def replayed(problem: Problem, clash: Clash) -> None:
    """Keeping only the cited rules fails; dropping any one of them gives a build."""
    cited = [reason.id for reason in clash.reasons]
    assert clash.minimal
    assert not exists(problem, cited), clash.summary
    for rule in cited:
        assert exists(problem, (other for other in cited if other != rule)), (rule, cited)


def of_parts(problem: Problem, parts: Iterable[PartLine]) -> Build:
    """The build of a published part list, of the options of a problem."""
    by_key = {
        (line.part.id, line.quantity, line.power_limit_w): line
        for lines in problem.options.values()
        for line in lines
    }
    return Build.of(by_key[x.part, x.quantity, x.power_limit_w] for x in parts)


def witnessed(problem: Problem, clash: Clash) -> None:
    """Every witness is a build of these options that breaks the reason and keeps the others."""
    rules = {rule.id: rule for rule in problem.rules}
    cited = [reason.id for reason in clash.reasons]
    for reason in clash.reasons:
        if reason.witness is None:
            continue
        build = of_parts(problem, reason.witness.parts)
        broken = {name for name in cited if not rules[name].admits(build, problem.world)}
        assert broken == {reason.id}, reason.text
        cost = build.cost_cents
        assert cost is not None
        assert problem.request.charges.to_pay(cost) == reason.witness.total_cents


def pasted(given: dict[str, Any], flags: str, leave_out: tuple[str, ...]) -> dict[str, Any]:
    """A request as flags, after a way out was followed."""
    now = {name: list(value) if isinstance(value, list) else value for name, value in given.items()}
    for text in leave_out:
        for flag in f" {text}".split(" --")[1:]:
            name, *values = shlex.split(flag)
            if isinstance(now.get(name), list):
                wanted = {value.casefold().replace(" ", "-") for value in values}
                now[name] = [x for x in now[name] if x.casefold().replace(" ", "-") not in wanted]
                if not now[name]:
                    del now[name]
            elif name == "min-storage":
                now[name] = 0
            else:
                now.pop(name, None)
    words = shlex.split(flags)
    while words:
        name = words.pop(0).removeprefix("--")
        now[name] = True if BY_NAME[name].switch else words.pop(0)
    return now


def ways_work(
    given: dict[str, Any], catalog: Catalog, explanation: Explanation, problem: Problem
) -> None:
    """Every way out, pasted, gives a build for the price it names, if no other is cheaper."""
    for way in explanation.ways_out:
        now = pasted(given, way.flag, way.leave_out)
        request, _ = request_from(now, catalog)
        other = Problem.of(request, catalog)
        if problem.given is not None:
            other = replace(other, given=problem.given)
        encoding = Encoding(other, other.options)
        status = feasible(encoding, [], Clock(60), 0)
        assert status is Status.OPTIMAL, (way.text, now)
