"""The search for a plan, in steps that each leave less to try.

What each stage could reach with all the money until then bounds every plan. Buying stage by stage,
and plans of few parts, are good plans found at once; with them most cards are ruled out, and what
is left is one model of all stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rigopt.build import Build
from rigopt.problem import Problem
from rigopt.request import OwnedPart
from rigopt.rules.shapes import Relation
from rigopt.upgrades.joint_options import Options, joint_options
from rigopt.upgrades.ledger import Ledger, Life, counts, most_cents

if TYPE_CHECKING:
    from rigopt.cpsat.paths import Path, Rests
    from rigopt.cpsat.search import Clock

Tell = Callable[[str], None]


class Greedy(NamedTuple):
    """A plan made stage by stage, without a look ahead."""

    builds: tuple[Build, ...]
    scores: tuple[int, ...]
    proven: bool


def options_of(ledger: Ledger) -> tuple[Options, ...]:
    """What the rigs of each stage may need, and all the money can buy."""
    asked = ledger.asked
    same = asked.sell and not asked.carry
    every = joint_options(ledger.problems, same_price=same, ranked=False)
    every = tuple(map(_allowed, every, ledger.problems))
    return tuple(
        _affordable(options, problem, most_cents(ledger, stage))
        for stage, (options, problem) in enumerate(zip(every, ledger.problems, strict=True))
    )


def _allowed(options: Options, problem: Problem) -> Options:
    """Options that no rule refuses by themselves."""
    alone = [
        statement
        for rule in problem.rules
        if rule.hard
        for statement in rule.statements
        if isinstance(statement, Relation)
    ]
    return {
        kind: tuple(
            line for line in lines if not any(s.refuses(line, problem.world) for s in alone)
        )
        for kind, lines in options.items()
    }


def _affordable(options: Options, problem: Problem, money: int) -> Options:
    """Options that leave enough for the cheapest of every other kind. Prices may have been lower
    at an earlier stage: then all stay."""
    least = {
        kind: min((line.cost_cents or 0 for line in lines), default=0)
        if kind in problem.required
        else 0
        for kind, lines in options.items()
    }
    rest = money - sum(least.values())
    return {
        kind: tuple(line for line in lines if (line.cost_cents or 0) - least[kind] <= rest)
        for kind, lines in options.items()
    }


def stage_by_stage(ledger: Ledger, clock: Clock) -> Greedy | None:
    """The best upgrade at every stage for the money of that day, nothing sold; ``None``: at some
    stage there is none, or a wish about changes forbids it, or time ended."""
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.search import Status

    asked, left, proven = ledger.asked, 0, True
    owned = dict(ledger.owned)
    builds: list[Build] = []
    lives = [Life(part, None, None, count) for part, count in owned.items()]
    for stage, problem in enumerate(ledger.problems):
        money = asked.stages[stage].budget_cents + (left if asked.carry else 0)
        request = problem.request.replace(
            budget_cents=money,
            own=tuple(OwnedPart(part=part, quantity=count) for part, count in owned.items()),
        )
        found = Hunt(Problem.of(request, problem.world.catalog), clock).answer()
        if found.build is None:
            return None
        proven = proven and found.status is Status.OPTIMAL
        for part, number in counts(found.build).items():
            more = number - owned.get(part, 0)
            if more > 0:
                lives.append(Life(part, stage, None, more))
                owned[part] = number
        builds.append(found.build)
        left = ledger.sums(lives)[stage].left
    if ledger.wrong(builds, lives):
        return None
    scores = [p.score_of(b) or 0 for p, b in zip(ledger.problems, builds, strict=True)]
    return Greedy(tuple(builds), tuple(scores), proven)


def search(
    ledger: Ledger,
    options: Sequence[Options],
    clock: Clock,
    greedy: Greedy | None,
    tell: Tell = lambda _step: None,
) -> Path | None:
    """The best plan with these options; ``None``: none was found in time.

    What each stage could reach with all the money until then bounds which cards are worth a try.
    A plan with the parts of rigs that are good at some stage is found at once; what is left is to
    show that there is no better one, or to find it.
    """
    from rigopt.cpsat.hunt import Hunt
    from rigopt.cpsat.paths import Path, Paths, rests
    from rigopt.cpsat.search import Status

    tell("what each stage could reach")
    most: list[int] = []
    known = [] if greedy is None else list(greedy.builds)
    for stage, problem in enumerate(ledger.problems):
        if stage == 0 and greedy is not None and greedy.proven and not ledger.owned:
            most.append(greedy.scores[0])
            continue
        found = Hunt(problem, clock).best(most_cents=most_cents(ledger, stage))
        if found.status is Status.INFEASIBLE:
            return Path(None, (), 0, 0, True)
        if found.score_bound is None or found.build is None:
            return None
        most.append(found.score_bound)
        known.append(found.build)
    best = None
    if greedy is not None:
        best = Path(greedy.builds, (), ledger.points(greedy.scores), ledger.points(most), False)
    tell("a first plan")
    names = {line.part.id for build in known for line in build.lines}
    best = _better(ledger, [_only(o, names) for o in options], most, best, clock, None)
    tell("what cards need beside them")
    worth = _worth(ledger, options, most, best.points if best else 0)
    needs = rests(ledger, worth, clock)
    tell("a better plan")
    names |= {part for need in needs for rest in need.values() if rest for part in rest.parts}
    names |= _cheap(worth)
    best = _better(ledger, [_only(o, names) for o in worth], most, best, clock, needs)
    worth = _worth(ledger, options, most, best.points if best else 0)
    tell("all stages together")
    paths = Paths(ledger, worth, clock)
    paths.tighten(needs)
    if best is not None and best.builds is not None:
        paths.hint(best.builds)
    more = best.points + 1 if best is not None and best.lives else 0
    last = paths.best(more, most)
    if last is not None and last.builds is None and more and best is not None:
        last = best._replace(bound=best.points, proven=True)
    if last is None:
        return best if more else None
    if last.builds is None or not last.proven:
        return last
    tell("the money")
    return paths.cheapest(last)


def _better(
    ledger: Ledger,
    options: Sequence[Options],
    most: Sequence[int],
    known: Path | None,
    clock: Clock,
    needs: Sequence[Rests] | None,
) -> Path | None:
    """The best plan with these options where it is no worse than the one that is known."""
    from rigopt.cpsat.paths import Paths

    least = 0 if known is None else known.points
    paths = Paths(ledger, _worth(ledger, options, most, least), clock)
    if needs is not None:
        paths.tighten(needs)
    if known is not None and known.builds is not None:
        paths.hint(known.builds)
    found = paths.best(least, most)
    if found is None or found.builds is None:
        return known
    return found._replace(bound=ledger.points(most), proven=False)


CHEAP = 16
"""Of each kind so many of the cheapest parts are tried first."""


def _cheap(options: Sequence[Options]) -> set[str]:
    """The cheapest parts of every kind but cards, at any stage."""
    found: set[str] = set()
    for stage in options:
        for lines in stage.values():
            prices = {line.part.id: line.cost_cents or 0 for line in lines if line.quantity == 1}
            found |= set(sorted(prices, key=lambda part: (prices[part], part))[:CHEAP])
    return found


def _worth(
    ledger: Ledger, options: Sequence[Options], most: Sequence[int], least: int
) -> list[Options]:
    """Options without cards with which a plan has fewer points than ``least``, even if every other
    stage reaches the most that it can."""
    spare = ledger.points(most) - least
    return [
        {
            **lines,
            "gpu": tuple(
                line
                for line in lines["gpu"]
                if stage.months * (score - problem.most_points(line)) <= spare
            ),
        }
        for stage, score, lines, problem in zip(
            ledger.asked.stages, most, options, ledger.problems, strict=True
        )
    ]


def _only(options: Options, names: set[str]) -> Options:
    """All cards, of other kinds just some parts."""
    return {
        kind: tuple(line for line in lines if kind == "gpu" or line.part.id in names)
        for kind, lines in options.items()
    }
