"""Builds as people write them down: a list of names, ids, part numbers or inline parts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.draw import capped
from rigopt.errors import InputError, nearest
from rigopt.markets import Condition, Market
from rigopt.outcome import Assessment
from rigopt.parts import PART_MODELS, GpuCard, Part, first_problem
from rigopt.request import Request, make_request
from rigopt.requestfile import asks_for_imports, fields_of, fields_of_flags
from rigopt.units import format_money, parse_count
from rigopt.userfiles import read_mapping
from rigopt.world import World, market_of

FORMAT = 1
_LINE_KEYS = {"part", "quantity", "owned", "condition", "power_limit_w"}


@dataclass(frozen=True, slots=True)
class BuildFile:
    """What a build file says: its lines, and the assumptions it was made under."""

    lines: tuple[Mapping[str, Any], ...]
    request: Mapping[str, Any]
    """Flags as in a request file: market, profile, framework and so on."""
    where: str


def read_build(path: Path) -> BuildFile:
    """A build file.

    Raises:
        InputError: if it cannot be read or is not of the form.
    """
    value = read_mapping(path)
    where = str(path)
    unknown = set(value) - {"rigopt-build", "name", "parts", "request", "note"}
    if unknown:
        name = sorted(unknown)[0]
        raise InputError(
            f"key {name[:40]!r} is not known",
            where=where,
            mend=nearest(name, ("name", "parts", "request", "note")),
        )
    if value.get("rigopt-build", FORMAT) != FORMAT:
        raise InputError(
            f"format {str(value['rigopt-build'])[:40]!r} is not known",
            where=where,
            mend=f"use {FORMAT}",
        )
    parts = value.get("parts")
    if not isinstance(parts, list) or not parts:
        raise InputError("has no list of parts", where=where, mend="add 'parts:' with a list")
    request = value.get("request") or {}
    if not isinstance(request, dict):
        raise InputError("'request' is no mapping", where=where, mend="write flag: value lines")
    lines = [item if isinstance(item, dict) else {"part": item} for item in parts]
    return BuildFile(tuple(lines), request, where)


def build_from(
    items: tuple[Mapping[str, Any], ...],
    catalog: Catalog,
    market: Market | None,
    conditions: tuple[Condition, ...],
    *,
    where: str,
) -> tuple[Build, Catalog]:
    """A build from written lines, and the catalogue with the inline parts added.

    Raises:
        InputError: naming the line that cannot be understood.
    """
    lines: list[Line] = []
    extra: list[Part] = []
    for number, item in enumerate(items, start=1):
        place = f"{where}, part {number}"
        if "kind" in item:
            part = _inline(item, place)
            if isinstance(part, GpuCard) and part.chip not in catalog.chips:
                raise InputError(
                    f"field chip: {part.chip} is not known",
                    where=place,
                    mend=nearest(part.chip, catalog.chips),
                )
            if any(part.id == other.id for other in extra):
                raise InputError(
                    f"two inline parts are called {part.name[:60]!r}",
                    where=place,
                    mend="rename one, or give its quantity",
                )
            extra.append(part)
        else:
            part = _named(item, catalog, place)
        quantity = parse_count(
            item.get("quantity", 1), where=f"{place}, quantity", least=1, most=64
        )
        owned = parse_count(item.get("owned", 0), where=f"{place}, owned", most=quantity)
        asked = item.get("condition")
        if asked not in (None, "new", "used", "refurbished"):
            raise InputError(
                f"condition {str(asked)[:40]!r} is not known",
                where=place,
                mend="use new, used or refurbished",
            )
        wanted: tuple[Condition, ...] = (asked,) if asked else conditions
        price = market.offer(part.id, wanted) if market is not None else None
        lines.append(Line(part, quantity, owned, price, _power_limit(item, part, place)))
    if extra:
        catalog = catalog.with_parts(extra)
        lines = [replace(line, part=catalog.parts[line.part.id]) for line in lines]
    return Build.of(_merged(lines)), catalog


def _power_limit(item: Mapping[str, Any], part: Part, place: str) -> int | None:
    if "power_limit_w" not in item:
        return None
    where = f"{place}, power_limit_w"
    if not isinstance(part, GpuCard):
        raise InputError("caps a part that is no GPU", where=where, mend="move it to a GPU")
    return parse_count(item["power_limit_w"], where=where, least=50, most=2000)


def _merged(lines: list[Line]) -> list[Line]:
    merged: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        key = (line.part.id, line.price, line.power_limit_w)
        if key in merged:
            before = merged[key]
            line = replace(
                line, quantity=before.quantity + line.quantity, owned=before.owned + line.owned
            )
        merged[key] = line
    return list(merged.values())


def _named(item: Mapping[str, Any], catalog: Catalog, place: str) -> Part:
    unknown = sorted(set(map(str, item)) - _LINE_KEYS)
    if unknown:
        raise InputError(
            f"key {unknown[0][:40]!r} is not known",
            where=place,
            mend=nearest(unknown[0], _LINE_KEYS),
        )
    name = item.get("part")
    if not isinstance(name, str) or not name.strip():
        raise InputError("does not name a part", where=place, mend="write 'part: NAME or id'")
    return catalog.resolve(name, where=place)


def _inline(item: Mapping[str, Any], place: str) -> Part:
    model = PART_MODELS.get(str(item["kind"]))
    if model is None:
        raise InputError(
            f"kind {str(item['kind'])[:40]!r} is not known",
            where=place,
            mend=nearest(str(item["kind"]), PART_MODELS),
        )
    if "part" in item:
        raise InputError("has both kind and part", where=place, mend="keep one of the two")
    fields = {k: v for k, v in item.items() if k not in _LINE_KEYS}
    name = str(fields.get("name") or "").strip()
    if not name:
        raise InputError("an inline part has no name", where=place, mend="add 'name:'")
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "part"
    fields = {
        "id": f"inline-{slug}"[:80].rstrip("-"),
        "brand": name.split()[0],
        "sources": ["given with the build"],
        "checked": date(2026, 1, 1).isoformat(),
    } | fields
    try:
        return model.model_validate_json(json.dumps(fields, default=str))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
            raise InputError(
                f"{field[:40]!r} is no field of a {item['kind']}",
                where=place,
                mend=nearest(field, model.model_fields),
            ) from None
        said, _, mend = first_problem(error).partition("; ")
        raise InputError(said, where=place, mend=mend or "correct or remove it") from None


def load_build(
    path: Path,
    catalog: Catalog,
    given: Mapping[str, Any],
    *,
    grow: Callable[[Catalog], Catalog] = lambda catalog: catalog,
    prices: Callable[[Catalog, Request], Catalog] = lambda catalog, _request: catalog,
) -> tuple[Build, Request, Catalog]:
    """A build with the request it is to be checked under: the file's, overridden by flags.

    The catalogue returned has the inline parts of the file added. ``grow`` adds imported parts
    where the request asks for them; ``prices`` may put other prices into its market.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    file = read_build(path)
    if asks_for_imports(file.request, given):
        catalog = grow(catalog)
    fields: dict[str, Any] = {"min_storage_gb": 0, "condition": "any"}
    fields |= fields_of(file.request, catalog, where=f"{file.where}, request")
    fields |= fields_of_flags(given, catalog)
    request = make_request(fields, where=file.where)
    catalog = prices(catalog, request)
    market = market_of(request, catalog)
    build, catalog = build_from(file.lines, catalog, market, request.conditions, where=file.where)
    if isinstance(request.power_limit, int):
        world = World.of(request, catalog)
        build = Build.of(
            capped(line, request.power_limit, world)
            if isinstance(line.part, GpuCard) and line.power_limit_w is None
            else line
            for line in build.lines
        )
    return build, request, catalog


def write_build(build: Assessment, *, request: Mapping[str, Any], title: str) -> str:
    """The text of a build file that :func:`load_build` reads back to the same build."""
    rows = [f"# {title}", f"rigopt-build: {FORMAT}"]
    if request:
        rows.append("request:")
        rows += [f"  {key}: {json.dumps(value)}" for key, value in request.items()]
    rows.append("parts:")
    for line in build.parts:
        comment = line.name
        if line.price_cents is not None:
            each = format_money(line.price_cents, build.currency)
            comment += f", {each} each, {line.condition} {line.basis} of {line.price_date}"
        rows.append(f"  - part: {line.part}  # {comment}")
        if line.quantity > 1:
            rows.append(f"    quantity: {line.quantity}")
        if line.owned:
            rows.append(f"    owned: {line.owned}")
        if line.power_limit_w is not None:
            rows.append(f"    power_limit_w: {line.power_limit_w}")
        if line.condition is not None:
            rows.append(f"    condition: {line.condition}")
    return "\n".join(rows) + "\n"
