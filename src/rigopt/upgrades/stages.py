"""A plan in stages as people ask for it: when there is how much money, and what must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from rigopt.catalog import Catalog, kind_of
from rigopt.errors import InputError, nearest
from rigopt.parts import KINDS, Fact
from rigopt.priceindex import PriceIndex, load_index
from rigopt.request import Cents, Request, make_request
from rigopt.requestfile import fields_of, fields_of_flags
from rigopt.units import parse_count, parse_money, parse_percent

MOST_STAGES, MOST_MONTHS = 6, 240
FLAT = 1000
"""A price level: prices as they are at the first stage."""


class Stage(Fact):
    """A day on which parts may be bought and sold, and the time until the next one."""

    start: date
    """The first of a month."""
    months: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    budget_cents: Cents
    request: Request
    """The wishes for the rig from now on; its budget is not read."""
    levels: dict[str, int] = Field(default_factory=dict)
    """Prices of a kind in thousandths of those at the first stage; not listed: as they are."""


class PlanRequest(Fact):
    """One question to :func:`rigopt.plan`."""

    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_STAGES)]
    carry: bool = True
    """Whether money that a stage leaves is there at the next."""
    sell: bool = True
    """Whether parts that are not needed any more are sold (``models/resale.toml``)."""
    keep: tuple[str, ...] = ()
    """Kinds of parts that stay: what is in the rig is never taken out. What is owned counts as the
    rig before the first stage."""
    max_changes: Annotated[int, Field(ge=0, le=64)] | None = None
    """Pieces taken out from one stage to the next, at most."""

    @model_validator(mode="after")
    def _consistent(self) -> PlanRequest:
        for kind in self.keep:
            if kind not in KINDS:
                raise ValueError(f"{kind} is no kind of part")
        first = self.stages[0].request
        for stage in self.stages:
            for field in ("market", "own", "exchange", "tax_bp", "shipping_cents"):
                if getattr(stage.request, field) != getattr(first, field):
                    raise ValueError(f"{field} is not the same in all stages")
        return self

    @property
    def until(self) -> date:
        """The end of the last stage."""
        last = self.stages[-1]
        return _months_on(last.start, last.months)

    def held_months(self, since: int, to: int) -> int:
        """Months from one stage to another."""
        return sum(stage.months for stage in self.stages[since:to])


def _number(day: date) -> int:
    return 12 * day.year + day.month - 1


def _months_on(day: date, months: int) -> date:
    year, month = divmod(_number(day) + months, 12)
    return date(year, month + 1, 1)


def parse_month(text: object, *, where: str) -> date:
    """A month as people write it: 2026-11; a day stands for its month.

    Raises:
        InputError: if it is none.
    """
    year, _, rest = str(text).strip().partition("-")
    try:
        return date(int(year), int(rest.split("-")[0]), 1)
    except ValueError:
        raise InputError(
            f"{str(text)[:40]!r} is no month", where=where, mend="write for example 2026-11"
        ) from None


def catalog_of(stage: Stage, catalog: Catalog) -> Catalog:
    """The catalogue with the prices that are expected at a stage."""
    if all(level == FLAT for level in stage.levels.values()):
        return catalog
    market = catalog.market(stage.request.market)
    rows = []
    for row in market.rows():
        level = stage.levels.get(kind_of(catalog.parts[row.part]), FLAT)
        if level != FLAT:
            note = f"{row.basis} of {row.date}, expected at {level / 10:g} % of it"
            row = row.model_copy(
                update={
                    "price_cents": (row.price_cents * level + FLAT // 2) // FLAT,
                    "basis": "estimate",
                    "note": note,
                }
            )
        rows.append(row)
    return catalog.with_market(market.with_prices(rows))


PLAN_KEYS = ("stages", "until", "carry", "resale", "keep", "same-board", "max-changes", "expect")


def plan_from(
    written: Mapping[str, Any],
    given: Mapping[str, Any],
    catalog: Catalog,
    *,
    where: str,
) -> PlanRequest:
    """A plan from a file and flags.

    Args:
        written: a plan file: the keys of ``PLAN_KEYS``, beside them wishes for all stages; a
            stage has ``date``, ``budget`` and wishes of its own.
        given: the same by flags; a stage is ``DATE:MONEY``. They override the file.
        where: the name of the file.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    plan = {key: written[key] for key in PLAN_KEYS if key in written}
    plan |= {key: given[key] for key in PLAN_KEYS if key in given}
    fields = fields_of(_rest(written), catalog, where=where)
    fields |= fields_of_flags(_rest(given), catalog)
    if "budget_cents" in fields:
        raise InputError(
            "a plan has a budget for each stage", where="--budget", mend="write --stage DATE:MONEY"
        )
    rows = plan.get("stages") or []
    if not isinstance(rows, list | tuple) or not rows or len(rows) > MOST_STAGES:
        raise InputError(
            f"a plan has 1 to {MOST_STAGES} stages",
            where="--stage" if "stages" in given else where,
            mend="add for example --stage 2026-11:3000",
        )
    read = [_stage(row, fields, catalog, f"stage {number}") for number, row in enumerate(rows, 1)]
    end = plan.get("until")
    last = _months_on(read[-1][0], 12) if end is None else parse_month(end, where="--until")
    days = [*(day for day, _, _ in read), last]
    levels = _levels(_listed(plan.get("expect")), days)
    stages = []
    for number, (day, budget, request) in enumerate(read):
        months = _number(days[number + 1]) - _number(day)
        if not 1 <= months <= MOST_MONTHS:
            raise InputError(
                f"{days[number + 1]:%Y-%m} does not follow {day:%Y-%m}",
                where=f"stage {number + 1}",
                mend="put the stages in the order of their months, the end after them",
            )
        stages.append(
            Stage(
                start=day,
                months=months,
                budget_cents=budget,
                request=request,
                levels=levels[number],
            )
        )
    keep = _listed(plan.get("keep"))
    for kind in keep:
        if kind not in KINDS:
            raise InputError(
                f"{str(kind)[:40]!r} is no kind of part",
                where="--keep",
                mend=nearest(str(kind), KINDS) + "; a part by name stays with --with",
            )
    if _switch(plan, "same-board", default=False):
        keep.append("motherboard")
    changes = plan.get("max-changes")
    return PlanRequest(
        stages=tuple(stages),
        carry=_switch(plan, "carry"),
        sell=_switch(plan, "resale"),
        keep=tuple(dict.fromkeys(keep)),
        max_changes=None
        if changes is None
        else parse_count(changes, where="--max-changes", most=64),
    )


def _rest(written: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in written.items() if key not in PLAN_KEYS}


def _switch(plan: Mapping[str, Any], key: str, *, default: bool = True) -> bool:
    value = plan.get(key, default)
    if not isinstance(value, bool):
        raise InputError(
            f"{str(value)[:40]!r} is not true or false", where=key, mend="use one of them"
        )
    return value


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _stage(
    row: Any, common: Mapping[str, Any], catalog: Catalog, where: str
) -> tuple[date, int, Request]:
    """Month, money and wishes of a stage."""
    if isinstance(row, Mapping):
        rest = {key: value for key, value in row.items() if key not in ("date", "budget")}
        fields = {**common, **fields_of(rest, catalog, where=where)}
        if "date" not in row or "budget" not in row:
            raise InputError("has no date or no budget", where=where, mend="give both")
        day, money = row["date"], row["budget"]
    else:
        day, colon, money = str(row).partition(":")
        if not colon:
            raise InputError(
                f"{str(row)[:40]!r} is not of the form DATE:MONEY",
                where=where,
                mend="write for example 2026-11:3000",
            )
        fields = dict(common)
    return (
        parse_month(day, where=where),
        parse_money(money, where=where),
        make_request(fields, where=where),
    )


def _levels(expected: Sequence[Any], days: Sequence[date]) -> list[dict[str, int]]:
    """The price levels at every stage: from ``KIND=PCT`` a year, or files of a price index."""
    levels: list[dict[str, int]] = [{} for _ in days]
    for item in expected:
        text = str(item).strip()
        if text.endswith(".csv"):
            index = _index(text)
            for kind in index.kinds:
                for level, day in zip(levels, days, strict=True):
                    ratio = index.ratio(kind, days[0], day)
                    if ratio is not None:
                        level[kind] = ratio.of(FLAT)
            continue
        kind, equals, change = text.partition("=")
        if not equals or kind not in KINDS:
            raise InputError(
                f"{text[:40]!r} is not of the form KIND=PCT",
                where="--expect",
                mend="write for example memory=-20% (a year), or name a CSV file of an index",
            )
        sign = -1 if change.strip().startswith("-") else 1
        basis = sign * parse_percent(change.strip().lstrip("+-"), where="--expect")
        for level, day in zip(levels, days, strict=True):
            level[kind] = _yearly(basis, _number(day) - _number(days[0]))
    return levels


def _index(path: str) -> PriceIndex:
    if not Path(path).is_file():
        raise InputError(f"{path[:60]!r} is no file", where="--expect", mend="check the path")
    return load_index(Path(path))


def _yearly(change_bp: int, months: int) -> int:
    """The level after some months of so much change a year, straight within a year."""
    years, rest = divmod(months, 12)
    level = FLAT
    for _ in range(years):
        level = level * (10_000 + change_bp) // 10_000
    return max(1, level + level * change_bp * rest // 120_000)
