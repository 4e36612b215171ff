"""Why a part is in the answer, and why not: each by solving what would be otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from rigopt.catalog import Catalog
from rigopt.outcome import Assessment, Explanation, Feasible, Infeasible, Optimal, PartLine
from rigopt.parts import Fact, GpuCard
from rigopt.problem import Problem
from rigopt.reasons.explain import changes, joined
from rigopt.reasons.findings import PriceRange
from rigopt.reasons.sensitivity import build_again, price_range, sold_as
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.units import format_money

Tell = Callable[[str], None]


Verdict = Literal["chosen", "worse", "impossible", "not decided"]


class Why(Fact):
    """What a part of the answer is there for, or what a part outside it would cost."""

    part: str
    """A part, or a chip that stands for every card with it."""
    verdict: Verdict
    text: tuple[str, ...]
    """Sentences."""
    changes: tuple[str, ...] = ()
    """What the other build has instead of what the answer has."""
    answer: Assessment | None
    """The answer; ``None``: there is none."""
    other: Assessment | None
    """Of a part in the answer, the best build without it; of another, the best with it."""
    explanation: Explanation | None
    """Why there is no such build."""
    enters_at_cents: int | None
    """The highest price of one piece at which it would be in the answer; ``None``: at none, or
    not found in time."""
    leaves_above_cents: int | None = None
    """Of a part in the answer, the highest price of one piece at which it stays; ``None``: at any,
    or not found in time."""


def why_not(
    part: str,
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Why:
    """Why a part is not in the answer to a request.

    Args:
        part: the id of a part or of a GPU chip.
        tell: called with the name of each step as it begins.

    Raises:
        InputError: if the request or the part is not known.
    """
    request, catalog = request or Request(), catalog or Catalog.load()
    tell("the answer")
    answer = solve(request, catalog=catalog)
    if not isinstance(answer, Optimal | Feasible):
        told = answer.explanation if isinstance(answer, Infeasible) else None
        said = "there is no build at all" if told else "no answer was found in time"
        verdict: Verdict = "impossible" if told else "not decided"
        return _why(part, verdict, [said], answer=None, explanation=told)
    if _has(part, answer.build, catalog):
        return _chosen(part, request, catalog, answer, tell)
    return _left_out(part, request, catalog, answer, tell)


def why(
    part: str,
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Why:
    """What the answer to a request would lose without one of its parts; of a part that is not in
    it, why not.

    Raises:
        InputError: if the request or the part is not known.
    """
    return why_not(part, request, catalog=catalog, tell=tell)


def _left_out(
    part: str, request: Request, catalog: Catalog, answer: Optimal | Feasible, tell: Tell
) -> Why:
    tell("the best build with it")
    asked = request.replace(with_parts=(*request.with_parts, part))
    with_it = solve(asked, catalog=catalog)
    if isinstance(with_it, Infeasible):
        explanation = _without_itself(part, with_it.explanation)
        priced = None
        if any(reason.id == "wish-budget" for reason in explanation.reasons):
            priced = _range(part, request, catalog, answer, None, tell)
        enters, told = _entering(priced, answer.build.currency)
        text = [*_impossible(part, _name(part, catalog), explanation), *told]
        return _why(part, "impossible", text, answer.build, explanation=explanation, enters=enters)
    if not isinstance(with_it, Optimal):
        return _why(part, "not decided", ["no answer was found in time"], answer.build)
    other = with_it.build
    text = [f"the best build with {_name(part, catalog)} {_against(other, answer.build)}"]
    priced = _range(part, request, catalog, answer, other, tell)
    enters, told = _entering(priced, answer.build.currency)
    return _why(part, "worse", [*text, *told], answer.build, other, enters=enters)


def _without_itself(part: str, explanation: Explanation) -> Explanation:
    """An explanation without the ways out that give up the part that is asked about."""
    ways = [way for way in explanation.ways_out if f"--with {part}" not in way.leave_out]
    return explanation.model_copy(update={"ways_out": tuple(ways)})


def _impossible(part: str, name: str, explanation: Explanation) -> list[str]:
    """Against what a part stands, and the reasons: not that it was asked for."""

    def said(text: str) -> str:
        flag = f"--with {part}"
        return text.replace(f"with {flag}", f"with {name}").replace(flag, name)

    text = []
    for clash in (explanation, *explanation.further):
        mine = [r for r in clash.reasons if r.id.startswith("wish-with-") and r.witness is None]
        others = [r for r in clash.reasons if not r.id.startswith("wish-with-")]
        flags = [reason.flag for reason in others if reason.flag]
        rules = [reason.id for reason in others if not reason.flag]
        against = joined([*flags, *(f"the rule {rule}" for rule in rules)]) if others else ""
        text.append(f"no build has {name}" + (f" beside {against}" if against else ""))
        text += [said(reason.text) for reason in (*(mine if not others else ()), *others)]
    return text


def _chosen(
    part: str, request: Request, catalog: Catalog, answer: Optimal | Feasible, tell: Tell
) -> Why:
    tell("the best build without it")
    name = _name(part, catalog)
    asked = request.replace(
        with_parts=tuple(wish for wish in request.with_parts if wish != part),
        without_parts=(*request.without_parts, part),
    )
    without = solve(asked, catalog=catalog)
    text, other, explanation = [], None, None
    match without:
        case Infeasible():
            explanation = without.explanation
            text = [f"without {name} there is no build: {explanation.summary}"]
        case Optimal():
            other = without.build
            text = [f"the best build without {name} {_against(other, answer.build)}"]
        case _:
            return _why(part, "not decided", ["no answer was found in time"], answer.build)
    priced = _range(part, request, catalog, answer, answer.build, tell)
    leaves, told = _leaving(priced, answer.build.currency)
    return _why(
        part,
        "chosen",
        [*text, *told],
        answer.build,
        other,
        explanation=explanation,
        leaves=leaves,
    )


def _why(
    part: str,
    verdict: Verdict,
    text: Sequence[str],
    answer: Assessment | None,
    other: Assessment | None = None,
    *,
    explanation: Explanation | None = None,
    enters: int | None = None,
    leaves: int | None = None,
) -> Why:
    return Why(
        part=part,
        verdict=verdict,
        text=tuple(text),
        changes=() if answer is None or other is None else changes(answer.parts, other.parts),
        answer=answer,
        other=other,
        explanation=explanation,
        enters_at_cents=enters,
        leaves_above_cents=leaves,
    )


def _name(part: str, catalog: Catalog) -> str:
    known = catalog.parts.get(part) or catalog.chips.get(part)
    return part if known is None else known.name


def _lines(part: str, build: Assessment, catalog: Catalog) -> list[PartLine]:
    """The lines of a build that are a part, or carry a chip."""

    def is_it(line: PartLine) -> bool:
        card = catalog.parts.get(line.part)
        return line.part == part or (isinstance(card, GpuCard) and card.chip == part)

    return [line for line in build.parts if is_it(line)]


def _has(part: str, build: Assessment, catalog: Catalog) -> bool:
    return bool(_lines(part, build, catalog))


def _against(build: Assessment, answer: Assessment) -> str:
    """How a build compares with the answer in score and price."""
    score, best = build.score or 0, answer.score or 0
    cost = (build.total_cents or 0) - (answer.total_cents or 0)
    parts = []
    if score != best:
        share = abs(100 - 100 * score / best) if best else 0
        parts.append(f"scores {share:.0f} % {'less' if score < best else 'more'}")
    if cost:
        money = format_money(abs(cost), answer.currency)
        parts.append(f"costs {money} {'more' if cost > 0 else 'less'}")
    return " and ".join(parts) or "scores as much and costs as much; a fixed rank decides"


def _range(
    part: str,
    request: Request,
    catalog: Catalog,
    answer: Optimal | Feasible,
    other: Assessment | None,
    tell: Tell,
) -> PriceRange | None:
    """The prices of a part with which the answer stays as it is; ``None``: it is not sold, the
    answer is not proven or not the best, or time ended."""
    from rigopt.cpsat.search import Clock

    tell("the price that would change the answer")
    problem = Problem.of(request, catalog)
    used = () if other is None else [line.part for line in other.parts]
    name = sold_as(part, problem, used)
    if name is None or request.within_bp or not isinstance(answer, Optimal):
        return None
    build = build_again(problem, answer)
    return price_range(problem, name, build, Clock(request.time_limit_s))


def _entering(found: PriceRange | None, currency: str) -> tuple[int | None, list[str]]:
    """The highest price at which a part would be in the answer, and in words."""
    if found is None:
        return None, []
    if not found.least_cents or found.cheaper is None:
        return None, [f"not even for nothing would {found.name} be in the answer"]
    cents = found.least_cents - 1
    money, now = format_money(cents, currency), format_money(found.price_cents, currency)
    text = f"at {money} a piece instead of {now} {found.name} would be in the answer"
    return cents, [f"{text}: {found.cheaper.text}"]


def _leaving(found: PriceRange | None, currency: str) -> tuple[int | None, list[str]]:
    """The highest price at which a part stays in the answer as it is, and in words."""
    if found is None or found.pieces == 0:
        return None, []
    if found.most_cents is None:
        return None, ["it stays whatever it costs"]
    money, now = (format_money(c, currency) for c in (found.most_cents, found.price_cents))
    after = "there would be no build" if found.dearer is None else found.dearer.text
    return found.most_cents, [f"up to {money} a piece (now {now}) it stays; above: {after}"]
