"""What results of scenarios say together: what stays best, where the answer flips, what binds."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from rigopt.parts import KINDS, Fact
from rigopt.whatif.axes import Axis
from rigopt.whatif.results import Row, part_column, rate_column
from rigopt.whatif.scenarios import ScenarioSet
from rigopt.workloads import Workload

BUDGET = "budget_cents"
BUILT = ("optimal", "feasible")
MANY_VALUES = 1_000
"""An axis with more of them is not searched for flips."""
_NO_BUILD = 0


class Robust(Fact):
    """A part that is in the answers to so many scenarios."""

    kind: str
    part: str
    scenarios: int
    share_pct: float
    """Of the scenarios that have a build."""


class Flip(Fact):
    """A step along an axis that changes the cards of answers."""

    axis: str
    before: str
    after: str
    changed: int
    compared: int
    """Pairs of scenarios that differ in this step alone, and have a build."""

    @property
    def share(self) -> float:
        return self.changed / self.compared


class RateAt(Fact):
    """Throughput of a workload at one budget, over all else that varies."""

    budget_cents: int
    lowest: float
    median: float
    highest: float
    """Units per second."""
    scenarios: int


class RateCurve(Fact):
    """Throughput of a workload over the budget."""

    workload: str
    title: str
    unit: str
    points: tuple[RateAt, ...]


class Summary(Fact):
    """What the results of a set of scenarios say together."""

    scenarios: int
    by_status: dict[str, int]
    infeasible_pct: float
    robust: tuple[Robust, ...]
    """Of every kind the parts that are in most answers, the most first."""
    flips: tuple[Flip, ...]
    """Those that change most first; of a sample none is told."""
    binding: dict[str, int]
    """Wishes that bind (or clash, where no build exists), by the number of scenarios."""
    curves: tuple[RateCurve, ...]
    """One for each workload; none where the budget does not vary."""
    currency: str | None
    """Of the money; ``None``: there are several, or no build."""


MOST_PARTS = 3
"""Parts of a kind that are told."""


def summarise(
    scenarios: ScenarioSet, rows: Iterable[Row], workloads: Sequence[Workload]
) -> Summary:
    """The summary of the rows of all scenarios, in their order, as they go by."""
    statuses: Counter[str] = Counter()
    parts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    binding: Counter[str] = Counter()
    rates: dict[str, dict[int, array[float]]] = {work.name: {} for work in workloads}
    currencies: set[str] = set()
    cards, codes = array("q"), {"": _NO_BUILD}
    for row in rows:
        statuses[row["status"]] += 1
        binding.update(_wish(flag) for flag in (row.get("binding") or "").split("; ") if flag)
        for kind, counter in parts.items():
            cell = row.get(part_column(kind).name) or ""
            counter.update({entry.partition("x ")[2] for entry in cell.split("; ") if entry})
        cards.append(codes.setdefault(row.get(part_column("gpu").name) or "", len(codes)))
        if row.get(BUDGET) is not None and row["status"] in BUILT:
            _note_rates(rates, row)
        if row.get("currency"):
            currencies.add(row["currency"])
    built = sum(statuses[status] for status in BUILT)
    total = sum(statuses.values())
    return Summary(
        scenarios=total,
        by_status=dict(sorted(statuses.items())),
        infeasible_pct=_pct(statuses["infeasible"], total),
        robust=tuple(
            Robust(kind=kind, part=part, scenarios=number, share_pct=_pct(number, built))
            for kind, counter in parts.items()
            for part, number in _most(counter)
        ),
        flips=tuple(_flips(scenarios, cards)),
        binding=dict(_most(binding, len(binding))),
        curves=tuple(_curves(rates, workloads)),
        currency=currencies.pop() if len(currencies) == 1 else None,
    )


def _wish(flag: str) -> str:
    """What binds without its value: "--budget 5000" is "--budget"."""
    return flag.split()[0]


def _pct(number: int, of: int) -> float:
    return round(100 * number / of, 1) if of else 0.0


def _most(counter: Counter[str], number: int = MOST_PARTS) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:number]


def _note_rates(rates: Mapping[str, dict[int, array[float]]], row: Row) -> None:
    for name, by_budget in rates.items():
        rate = row.get(rate_column(name).name)
        if rate is not None:
            by_budget.setdefault(row[BUDGET], array("d")).append(rate)


def _curves(
    rates: Mapping[str, Mapping[int, array[float]]], workloads: Sequence[Workload]
) -> Iterator[RateCurve]:
    for workload in workloads:
        by_budget = rates[workload.name]
        points = tuple(
            RateAt(
                budget_cents=budget,
                lowest=min(found),
                median=median(found),
                highest=max(found),
                scenarios=len(found),
            )
            for budget, found in sorted(by_budget.items())
        )
        if points:
            yield RateCurve(
                workload=workload.name, title=workload.title, unit=workload.unit, points=points
            )


def _flips(scenarios: ScenarioSet, cards: array[int]) -> list[Flip]:
    """Steps that change the cards: of numbers from one to the next, else from the first value."""
    if scenarios.drawn is not None or len(cards) != scenarios.count:
        return []
    found: list[Flip] = []
    stride = scenarios.count
    for axis in scenarios.axes:
        stride //= len(axis.values)
        if len(axis.values) <= MANY_VALUES:
            found += _flips_along(scenarios, axis, stride, cards)
    return sorted(found, key=lambda flip: -flip.share)


def _flips_along(
    scenarios: ScenarioSet, axis: Axis, stride: int, cards: array[int]
) -> Iterator[Flip]:
    """``stride``: how far apart the scenarios of neighbouring values are."""
    size, ordered = len(axis.values), all(type(value) is int for value in axis.values)
    changed: dict[int, int] = defaultdict(int)
    compared: dict[int, int] = defaultdict(int)
    for place, mine in enumerate(cards):
        at = place // stride % size
        if at == 0:
            continue
        other = cards[place - (1 if ordered else at) * stride]
        if _NO_BUILD not in (mine, other):
            compared[at] += 1
            changed[at] += mine != other
    for at in range(1, size):
        if changed[at]:
            yield Flip(
                axis=axis.name,
                before=scenarios.label(axis, at - 1 if ordered else 0),
                after=scenarios.label(axis, at),
                changed=changed[at],
                compared=compared[at],
            )
