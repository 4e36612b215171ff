"""Requests from flags and from request files (YAML or JSON with flag names as keys)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from rigopt.assumptions import frameworks, power, profiles
from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.flags import BY_NAME, FLAGS, Flag
from rigopt.llms import model_shape, parse_context, parse_quant
from rigopt.markets import Exchange
from rigopt.parts import KINDS
from rigopt.request import BrandWish, OwnedPart, Request, make_request
from rigopt.units import (
    parse_count,
    parse_day,
    parse_gigabytes,
    parse_money,
    parse_percent,
    parse_rate,
)
from rigopt.userfiles import read_mapping
from rigopt.workloads import mix_named


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{str(value)[:40]!r} is not a name", where=where, mend="give a name")
    return value.strip()


def _choices(field: str) -> tuple[str, ...]:
    """The words that a field of a request takes, read from its type."""
    found: list[str] = []

    def look(annotation: Any) -> None:
        for item in get_args(annotation):
            if isinstance(item, str):
                found.append(item)
            else:
                look(item)

    look(Request.model_fields[field].annotation)
    return tuple(found)


def _choice(value: Any, where: str, field: str) -> str:
    known = _choices(field)
    for item in known:
        if str(value).strip().casefold() == item.casefold():
            return item
    raise InputError(
        f"{str(value)[:40]!r} is not known", where=where, mend=nearest(str(value), known)
    )


def named_part(value: Any, where: str, catalog: Catalog) -> str:
    """The id of a part or a chip; a chip may be named without its vendor and family.

    Raises:
        InputError: if there is none, or several fit, with the nearest names.
    """
    name = _text(value, where)
    wanted = name.casefold().replace(" ", "-")
    for chip in catalog.chips.values():
        if wanted in (chip.id, chip.name.casefold().replace(" ", "-")):
            return chip.id
    exact = [part for part in catalog.find(name) if part.id == name or part.name == name]
    if exact:
        return exact[0].id
    families = [chip for chip in catalog.chips if chip.endswith(f"-{wanted}")]
    if len(families) == 1:
        return families[0]
    found = catalog.find(name)
    if not found:
        known = [*catalog.chips, *catalog.parts]
        raise InputError(
            f"no part or chip is called {name[:60]!r}", where=where, mend=nearest(wanted, known)
        )
    return catalog.resolve(name, where=where).id


def _known(value: Any, where: str, names: Iterable[str]) -> str:
    name = _text(value, where)
    if name not in names:
        raise InputError(f"{name[:60]!r} is not known", where=where, mend=nearest(name, names))
    return name


def _mix(value: Any, where: str) -> str:
    name = _text(value, where)
    mix_named(name, where=where)
    return name


def _owned(value: Any, where: str, catalog: Catalog) -> OwnedPart:
    name, quantity = _text(value, where), 1
    head, times, tail = name.partition("x ")
    if times and head.strip().isascii() and head.strip().isdigit():
        name, quantity = tail, parse_count(head, where=where, least=1, most=64)
    return OwnedPart(part=catalog.resolve(name, where=where).id, quantity=quantity)


def _brand(value: Any, where: str, catalog: Catalog) -> BrandWish:
    kind, equals, brands = str(value).partition("=")
    kind = kind.strip().casefold()
    names = tuple(brand.strip() for brand in brands.split(",") if brand.strip())
    if not equals or kind not in KINDS or not names:
        raise InputError(
            f"{str(value)[:40]!r} is not of the form KIND=BRAND",
            where=where,
            mend=f"write for example psu=Corsair; kinds: {', '.join(KINDS)}",
        )
    known = {part.brand for part in catalog.of_kind(kind)}
    folded = {brand.casefold() for brand in known}
    for name in names:
        if name.casefold() not in folded:
            raise InputError(
                f"no {kind} is by {name[:40]!r}", where=where, mend=nearest(name, known)
            )
    return BrandWish(kind=kind, brands=names)


def _cap(value: Any, where: str) -> int | str:
    text = str(value).strip().casefold()
    if text == "auto":
        return text
    try:
        return parse_count(text.removesuffix("%").strip(), where=where, least=50, most=100)
    except InputError:
        raise InputError(
            f"{text[:40]!r} is no power limit", where=where, mend="give 50% to 100%, or auto"
        ) from None


def _exchange(value: Any, where: str) -> Exchange:
    currency, millionths = parse_rate(value, where=where)
    return Exchange(currency=currency, rate_millionths=millionths)


def _model(value: Any, where: str) -> str:
    model_shape(str(value), where=where)
    return str(value).strip()


READERS: Mapping[str, Callable[[Any, str, Flag, Catalog], Any]] = {
    "money": lambda value, where, _flag, _catalog: parse_money(value, where=where),
    "gigabytes": lambda value, where, _flag, _catalog: parse_gigabytes(value, where=where),
    "count": lambda value, where, flag, _catalog: parse_count(
        value, where=where, least=flag.least, most=flag.most
    ),
    "model": lambda value, where, _flag, _catalog: _model(value, where),
    "quant": lambda value, where, _flag, _catalog: parse_quant(str(value), where=where),
    "context": lambda value, where, _flag, _catalog: parse_context(value, where=where),
    "percent": lambda value, where, _flag, _catalog: parse_percent(value, where=where),
    "exchange": lambda value, where, _flag, _catalog: _exchange(value, where),
    "day": lambda value, where, _flag, _catalog: parse_day(value, where=where),
    "cap": lambda value, where, _flag, _catalog: _cap(value, where),
    "choice": lambda value, where, flag, _catalog: _choice(value, where, flag.field),
    "part": lambda value, where, _flag, catalog: named_part(value, where, catalog),
    "owned": lambda value, where, _flag, catalog: _owned(value, where, catalog),
    "brand": lambda value, where, _flag, catalog: _brand(value, where, catalog),
    "market": lambda value, where, _flag, catalog: _known(value, where, catalog.market_names),
    "workload": lambda value, where, _flag, _catalog: _mix(value, where),
    "profile": lambda value, where, _flag, _catalog: _known(value, where, profiles()),
    "framework": lambda value, where, _flag, _catalog: _known(value, where, frameworks()),
    "circuit": lambda value, where, _flag, _catalog: _known(value, where, power().circuits),
}
"""Each takes the written value, where it stands, its flag and the catalogue."""


WRITERS: Mapping[str, Callable[[Any], str]] = {
    "money": lambda cents: f"{cents // 100}.{cents % 100:02d}",
    "percent": lambda hundredths: f"{hundredths // 100}.{hundredths % 100:02d}%",
    "exchange": lambda exchange: f"{exchange.currency}={exchange.rate}",
    "day": str,
}
"""How values are written that are not written as they are."""


Expand = Callable[[Mapping[str, Any], Catalog, Path | None], tuple[Mapping[str, Any], Catalog]]
"""Puts parts in the place of build files that are owned; their paths start at the folder."""


def as_written(
    written: Mapping[str, Any], catalog: Catalog, folder: Path | None
) -> tuple[Mapping[str, Any], Catalog]:
    """Wishes in which no build file is looked for."""
    del folder
    return written, catalog


def request_from(
    given: Mapping[str, Any],
    catalog: Catalog,
    *,
    file: Path | None = None,
    grow: Callable[[Catalog], Catalog] = lambda catalog: catalog,
    own: Expand = as_written,
) -> tuple[Request, Catalog]:
    """A request from flags, on top of a request file, and the catalogue it speaks of.

    Args:
        given: written values by flag name; flags that were not given are absent.
        file: a request file; its keys are flag names, and ``given`` overrides it.
        grow: adds imported parts to the catalogue, where the request asks for them.
        own: puts parts in the place of build files that are owned.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    written: Mapping[str, Any] = {} if file is None else read_mapping(file)
    if asks_for_imports(written, given):
        catalog = grow(catalog)
    written, catalog = own(written, catalog, None if file is None else file.parent)
    given, catalog = own(given, catalog, None)
    fields = _fields(written, catalog, lambda name: f"{file}, {name}", strict=True)
    fields |= fields_of_flags(given, catalog)
    return make_request(fields, where="request"), catalog


def asks_for_imports(*written: Mapping[str, Any]) -> bool:
    """Whether imported parts are asked for; what is written later overrides."""
    merged = {key: value for wishes in written for key, value in wishes.items()}
    return merged.get("unverified") is True


def fields_of_flags(given: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Fields of a request from command-line flags.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    return _fields(given, catalog, lambda name: f"--{name}", strict=False)


def fields_of(written: Mapping[str, Any], catalog: Catalog, *, where: str) -> dict[str, Any]:
    """Fields of a request from the ``request`` part of a file.

    Raises:
        InputError: one sentence with what, where and the mend.
    """
    return _fields(written, catalog, lambda name: f"{where}, {name}", strict=True)


def _fields(
    written: Mapping[str, Any],
    catalog: Catalog,
    place: Callable[[str], str],
    *,
    strict: bool,
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    set_by: dict[str, str] = {}
    for key, value in written.items():
        name = str(key).replace("_", "-")
        flag = BY_NAME.get(name)
        where = place(name[:80])
        if flag is None:
            raise InputError("is not a wish", where=where, mend=nearest(name, BY_NAME))
        if flag.field in set_by and value is not False:
            raise InputError(
                f"and {set_by[flag.field]} say the same thing", where=where, mend="keep one of them"
            )
        if value is not False:
            set_by[flag.field] = str(key)
        if flag.switch:
            if not isinstance(value, bool):
                raise InputError(
                    f"{str(value)[:40]!r} is not true or false", where=where, mend="use one of them"
                )
            if value:
                fields[flag.field] = flag.means
            elif flag.means is not True and strict and flag.field != "condition":
                fields[flag.field] = True
        elif flag.many:
            values = value if isinstance(value, list | tuple) else [value]
            fields[flag.field] = tuple(
                READERS[flag.reads](item, where, flag, catalog) for item in values
            )
        else:
            if isinstance(value, bool | list | dict) or value is None:
                raise InputError(
                    f"{str(value)[:40]!r} is not usable here", where=where, mend="give one value"
                )
            fields[flag.field] = READERS[flag.reads](value, where, flag, catalog)
    return fields


def written_request(request: Request) -> dict[str, Any]:
    """The wishes of a request that differ from the defaults, as a file would say them."""
    defaults = Request()
    written: dict[str, Any] = {}
    for flag in FLAGS:
        value = getattr(request, flag.field)
        if value == getattr(defaults, flag.field) or flag.name == "used":
            continue
        if flag.switch:
            written[flag.name] = True
        elif flag.reads in WRITERS:
            written[flag.name] = WRITERS[flag.reads](value)
        elif flag.field == "own":
            written[flag.name] = [f"{item.quantity}x {item.part}" for item in value]
        elif flag.field == "brands":
            written[flag.name] = [f"{item.kind}={','.join(item.brands)}" for item in value]
        else:
            written[flag.name] = list(value) if flag.many else value
    return written
