"""Why a part is in the answer, and why not: each by solving what would be otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from rigopt.catalog import Catalog
from rigopt.outcome import Assessment, Explanation, Feasible, Infeasible, Optimal, PartLine
from rigopt.parts import KINDS, Fact, GpuCard
from rigopt.request import Request
from rigopt.solving import solve
from rigopt.units import format_money
from rigopt.world import market_of

Tell = Callable[[str], None]


class Why(Fact):
    """What a part of the answer is there for, or what a part outside it would cost."""

    part: str
    """A part, or a chip that stands for every card with it."""
    verdict: Literal["chosen", "worse", "impossible", "not decided"]
    text: tuple[str, ...]
    """Sentences."""
    answer: Assessment | None
    """The answer; ``None``: there is none."""
    other: Assessment | None
    """Of a part in the answer, the best build without it; of another, the best with it."""
    explanation: Explanation | None
    """Why there is no such build."""
    enters_at_cents: int | None
    """A price of one piece at which it would be in the answer; ``None``: at none, or not asked."""


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
        return _said(part, "impossible" if told else "not decided", [said], explanation=told)
    if _has(part, answer.build, catalog):
        return why(part, request, catalog=catalog, tell=tell)
    tell("the best build with it")
    with_it = solve(request.replace(with_parts=(*request.with_parts, part)), catalog=catalog)
    if isinstance(with_it, Infeasible):
        reasons = [reason.text for reason in with_it.explanation.reasons]
        text = [f"no build has {part}: {with_it.explanation.summary}", *reasons]
        return _said(part, "impossible", text, answer.build, explanation=with_it.explanation)
    if not isinstance(with_it, Optimal):
        return _said(part, "not decided", ["no answer was found in time"], answer.build)
    tell("the price at which it would be in")
    enters = _enters_at(part, request, catalog, answer.build, with_it.build)
    currency = answer.build.currency
    text = [f"the best build with {part} {_against(with_it.build, answer.build)}"]
    text += [f"it changes {change}" for change in changes(answer.build, with_it.build)]
    if enters is None:
        text.append("at no price would it be in the answer")
    else:
        text.append(f"at {format_money(enters, currency)} a piece it would be in the answer")
    return _said(part, "worse", text, answer.build, with_it.build, enters=enters)


def why(
    part: str,
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    tell: Tell = lambda _step: None,
) -> Why:
    """What the answer to a request would lose without one of its parts.

    Raises:
        InputError: if the request or the part is not known.
    """
    request, catalog = request or Request(), catalog or Catalog.load()
    tell("the answer")
    answer = solve(request, catalog=catalog)
    if not isinstance(answer, Optimal | Feasible) or not _has(part, answer.build, catalog):
        return why_not(part, request, catalog=catalog, tell=tell)
    tell("the best build without it")
    without = solve(request.replace(without_parts=(*request.without_parts, part)), catalog=catalog)
    if isinstance(without, Infeasible):
        text = [f"without {part} there is no build: {without.explanation.summary}"]
        return _said(part, "chosen", text, answer.build, explanation=without.explanation)
    if not isinstance(without, Optimal):
        return _said(part, "not decided", ["no answer was found in time"], answer.build)
    text = [f"the best build without {part} {_against(without.build, answer.build)}"]
    text += [f"it changes {change}" for change in changes(answer.build, without.build)]
    return _said(part, "chosen", text, answer.build, without.build)


def _said(
    part: str,
    verdict: Literal["chosen", "worse", "impossible", "not decided"],
    text: Sequence[str],
    answer: Assessment | None = None,
    other: Assessment | None = None,
    *,
    explanation: Explanation | None = None,
    enters: int | None = None,
) -> Why:
    return Why(
        part=part,
        verdict=verdict,
        text=tuple(text),
        answer=answer,
        other=other,
        explanation=explanation,
        enters_at_cents=enters,
    )


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


def _named(build: Assessment, kind: str) -> str:
    return " + ".join(
        (f"{line.quantity} x " if line.quantity > 1 else "") + line.name
        for line in build.parts
        if line.kind == kind
    )


def changes(before: Assessment, after: Assessment) -> list[str]:
    """What one build has instead of what another has, kind by kind."""
    found = []
    for kind in KINDS:
        old, new = _named(before, kind), _named(after, kind)
        if old != new:
            found.append(f"{old or 'no ' + kind} to {new or 'no ' + kind}")
    return found


def _enters_at(
    part: str, request: Request, catalog: Catalog, answer: Assessment, with_it: Assessment
) -> int | None:
    """A price of one piece at which the part would be in the answer, confirmed by solving."""
    line = _lines(part, with_it, catalog)[0]
    bought = line.quantity - line.owned
    market = market_of(request.replace(exchange=None), catalog)
    offers = market.offers(line.part)
    if bought <= 0 or not offers or line.price_cents is None or request.exchange is not None:
        return None

    def priced(cents: int) -> Catalog:
        rows = [row.model_copy(update={"price_cents": cents}) for row in offers]
        return catalog.with_market(market.with_prices(rows))

    asked = request.replace(with_parts=(*request.with_parts, part), as_of=None)
    free = solve(asked, catalog=priced(0))
    if not isinstance(free, Optimal) or (free.build.score or 0) < (answer.score or 0):
        return None
    room = request.charges.affordable(
        request.budget_cents
        if request.budget_cents is not None and (free.build.score or 0) > (answer.score or 0)
        else (answer.total_cents or 0) - 1
    )
    pieces = sum(p.quantity - p.owned for p in free.build.parts if p.part == line.part) or 1
    rest = sum(p.total_cents or 0 for p in free.build.parts)
    cents = min((room - rest) // pieces, line.price_cents)
    if cents < 0:
        return None
    now = solve(request.replace(as_of=None), catalog=priced(cents))
    return cents if isinstance(now, Optimal) and _has(part, now.build, catalog) else None
