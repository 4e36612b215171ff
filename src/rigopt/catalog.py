"""The catalogue: every part, chip, chipset and socket rigopt knows, and where markets lie."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from rigopt.corrections import Correction, load_corrections
from rigopt.errors import InputError, nearest
from rigopt.markets import Exchange, Market, load_market
from rigopt.parts import (
    KINDS,
    PART_MODELS,
    Chipset,
    CpuCooler,
    GpuCard,
    GpuChip,
    Motherboard,
    Part,
    Row,
    SocketRow,
)
from rigopt.priceindex import PriceIndex, load_index
from rigopt.resources import data_dir

R = TypeVar("R", bound=Row)


class Catalog:
    """An immutable set of parts with the tables they refer to.

    Socket aliases are replaced by the socket's one name on the way in.
    """

    def __init__(
        self,
        parts: Iterable[Part],
        *,
        chips: Iterable[GpuChip] = (),
        chipsets: Iterable[Chipset] = (),
        sockets: Iterable[SocketRow] = (),
        markets: Mapping[str, Market] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder
        self.sockets = _index(sockets)
        canonical = {a: s.name for s in self.sockets.values() for a in (s.name, *s.aliases)}
        self.chips = _index(chips)
        self.chipsets = MappingProxyType({c.name: c for c in _index(chipsets).values()})
        self.parts = _index(_with_canonical_sockets(part, canonical) for part in parts)
        self._markets = dict(markets or {})
        self._indexes: dict[str, PriceIndex] = {}
        self._views: dict[tuple[str, date | None, Exchange | None], Market] = {}
        self.kept: OrderedDict[str, object] = OrderedDict()
        """What was worked out for problems of it (``common``)."""
        by_kind: dict[str, list[Part]] = {kind: [] for kind in KINDS}
        for part in self.parts.values():
            by_kind[kind_of(part)].append(part)
        self._by_kind = {kind: tuple(rows) for kind, rows in by_kind.items()}

    @staticmethod
    def load(folder: Path | str | None = None) -> Catalog:
        """The catalogue in a folder; without one, the catalogue that comes with rigopt.

        Raises:
            InputError: naming file, row, field and repair of the first row that cannot be used.
        """
        if folder is None:
            return _shipped()
        return _load(Path(folder))

    def with_parts(self, extra: Iterable[Part]) -> Catalog:
        """A catalogue with more parts; one of the same id takes the place of the old one."""
        added = {part.id: part for part in extra}
        kept = [part for part in self.parts.values() if part.id not in added]
        return Catalog(
            [*kept, *added.values()],
            chips=self.chips.values(),
            chipsets=self.chipsets.values(),
            sockets=self.sockets.values(),
            markets=self._markets,
            folder=self.folder,
        )

    def with_market(self, market: Market) -> Catalog:
        """The same catalogue with a market in the place of the one of that name."""
        other = copy(self)
        other._markets = {**self._markets, market.info.id: market}
        other._views, other.kept = {}, OrderedDict()
        return other

    def __getstate__(self) -> dict[str, Any]:
        """For another process, on a machine that need not have the folder: with every market."""
        for name in self.market_names:
            self.price_index(self.market(name).info.region)
        state = {**vars(self), "_views": {}, "kept": OrderedDict()}
        for name in ("_by_name", "_search_texts"):
            state.pop(name, None)
        return {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tables = ("sockets", "chips", "chipsets", "parts")
        vars(self).update({k: MappingProxyType(v) if k in tables else v for k, v in state.items()})

    def of_kind(self, kind: str) -> tuple[Part, ...]:
        """The parts of a kind, sorted by id."""
        return self._by_kind[kind]

    def chip_of(self, card: GpuCard) -> GpuChip:
        """The chip on a card.

        Raises:
            InputError: if the catalogue has no such chip.
        """
        try:
            return self.chips[card.chip]
        except KeyError:
            raise InputError(
                f"chip {card.chip} is not in the catalogue",
                where=card.id,
                mend=nearest(card.chip, self.chips),
            ) from None

    def market(self, name: str) -> Market:
        """A market by name, read on first use.

        Raises:
            InputError: if there is no such market, or its files cannot be used.
        """
        if name not in self._markets:
            if name not in self.market_names or self.folder is None:
                raise InputError(
                    f"there is no market {name!r}",
                    where="market",
                    mend=nearest(name, self.market_names),
                )
            self._markets[name] = load_market(self.folder / "markets" / name)
        return self._markets[name]

    def market_on(self, name: str, day: date | None, exchange: Exchange | None) -> Market:
        """A market with its prices carried to a day, in one currency; made once.

        Raises:
            InputError: if there is no such market, or its prices cannot be put so.
        """
        key = (name, day, exchange)
        if key not in self._views:
            market = self.market(name)
            if day is not None:
                kinds = {part.id: kind_of(part) for part in self.parts.values()}
                market = market.carried(day, kinds, self.price_index(market.info.region))
            self._views[key] = market.in_currency(exchange)
        return self._views[key]

    @property
    def market_names(self) -> tuple[str, ...]:
        """Markets that can be chosen, sorted."""
        found = set(self._markets)
        if self.folder is not None:
            found |= {p.parent.name for p in (self.folder / "markets").glob("*/market.json")}
        return tuple(sorted(found))

    def find(self, text: str, *, kinds: Iterable[str] = KINDS) -> tuple[Part, ...]:
        """The parts a person may mean by an id, a name, a part number, a chip, or words of them.

        An exact id, name or part number wins over words; nothing found gives ``()``.
        """
        wanted, among = text.strip().casefold(), tuple(kinds)
        named = self._by_name.get(wanted, ())
        exact = tuple(part for kind in among for part in named if kind_of(part) == kind)
        if exact or not wanted:
            return exact
        words = wanted.replace("-", " ").split()
        pool = (part for kind in among for part in self.of_kind(kind))
        return tuple(part for part in pool if all(w in self._search_texts[part.id] for w in words))

    @staticmethod
    def is_exact(text: str, part: Part) -> bool:
        """Whether a text is a part's very id, name or part number (or a card's chip)."""
        return text.strip().casefold() in _exact_names(part)

    def resolve(self, text: str, *, kinds: Iterable[str] = KINDS, where: str) -> Part:
        """The one part a person means.

        Raises:
            InputError: if no part or more than one fits, with the nearest names.
        """
        kinds = tuple(kinds)
        found = self.find(text, kinds=kinds)
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(part.id for part in found[:4]) + (", ..." if len(found) > 4 else "")
            raise InputError(
                f"{text[:60]!r} fits {len(found)} parts", where=where, mend=f"name one: {shown}"
            )
        ids = [part.id for kind in kinds for part in self.of_kind(kind)]
        raise InputError(
            f"no part is called {text[:60]!r}",
            where=where,
            mend=nearest(text.replace(" ", "-"), ids),
        )

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Part, ...]]:
        """The parts that a name, an id, a part number or a chip says exactly."""
        found: dict[str, list[Part]] = {}
        for part in self.parts.values():
            for name in dict.fromkeys(_exact_names(part)):
                found.setdefault(name, []).append(part)
        return {name: tuple(parts) for name, parts in found.items()}

    @cached_property
    def _search_texts(self) -> Mapping[str, str]:
        return {
            part.id: " ".join((part.id.replace("-", " "), *_exact_names(part))).casefold()
            for part in self.parts.values()
        }

    def price_index(self, region: str) -> PriceIndex:
        """The price index of a region; an empty one if the catalogue has none.

        Raises:
            InputError: if its file cannot be used.
        """
        if region not in self._indexes:
            folder = self.folder or Path()
            path = folder / "price_index" / f"{region.casefold()}.csv"
            self._indexes[region] = PriceIndex() if self.folder is None else load_index(path)
        return self._indexes[region]

    @cached_property
    def corrections(self) -> tuple[Correction, ...]:
        """Facts that open databases have wrong."""
        return () if self.folder is None else load_corrections(self.folder / "corrections.csv")

    @cached_property
    def boards(self) -> tuple[Motherboard, ...]:
        """Every main board, sorted by id."""
        found = self.of_kind("motherboard")
        return tuple(board for board in found if isinstance(board, Motherboard))

    @cached_property
    def m2_generations(self) -> frozenset[str]:
        """CPU generations that some board's M.2 slot is restricted to."""
        return frozenset(
            generation
            for board in self.boards
            for slot in board.m2 or ()
            for generation in slot.cpu_generations or ()
        )

    @cached_property
    def lane_thresholds(self) -> Mapping[str, tuple[int, ...]]:
        """Per socket the numbers of CPU lanes that some board's lane table asks for."""
        found: dict[str, set[int]] = {}
        for board in self.boards:
            for population in board.populations or ():
                if board.socket is not None:
                    found.setdefault(board.socket, set()).add(population.min_cpu_lanes)
        return {socket: tuple(sorted(least)) for socket, least in found.items()}

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits that change when any fact changes; the order of rows does not count."""
        hasher = hashlib.sha256()
        for table in (self.sockets, self.chips, self.chipsets, self.parts):
            for key in sorted(table):
                hasher.update(table[key].model_dump_json().encode())
        return hasher.hexdigest()[:12]


def kind_of(part: Part) -> str:
    """The kind of a part: a key of ``PART_MODELS``."""
    return str(part.kind)  # type: ignore[attr-defined]


def _exact_names(part: Part) -> tuple[str, ...]:
    names = (part.id, part.name, *part.part_numbers)
    chip = (part.chip,) if isinstance(part, GpuCard) else ()
    return tuple(name.casefold() for name in (*names, *chip))


def _index(rows: Iterable[R]) -> Mapping[str, R]:
    table: dict[str, R] = {}
    for row in sorted(rows, key=lambda r: r.id):
        if row.id in table:
            raise InputError(
                f"two rows are called {row.id}", where="catalogue", mend="rename or remove one"
            )
        table[row.id] = row
    return MappingProxyType(table)


def _with_canonical_sockets(part: Part, canonical: Mapping[str, str]) -> Part:
    if isinstance(part, CpuCooler) and part.sockets is not None:
        names = tuple(canonical.get(s, s) for s in part.sockets)
        return part if names == part.sockets else part.model_copy(update={"sockets": names})
    socket = getattr(part, "socket", None)
    if socket is not None and canonical.get(socket, socket) != socket:
        return part.model_copy(update={"socket": canonical[socket]})
    return part


def read_rows(path: Path, model: type[R]) -> list[R]:
    """The rows of one JSON Lines file; empty lines and lines starting with ``#`` are skipped.

    Raises:
        InputError: naming file, row, field and repair of the first row that cannot be used.
    """
    rows, problems = try_rows(path, model)
    if problems:
        raise problems[0]
    return rows


def try_rows(path: Path, model: type[R]) -> tuple[list[R], list[InputError]]:
    """Like :func:`read_rows`, but with every problem instead of the first."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [], [InputError("is missing", where=str(path), mend="add it")]
    except (OSError, UnicodeDecodeError) as error:
        return [], [
            InputError(f"cannot be read as UTF-8 ({error})", where=str(path), mend="mend it")
        ]
    adapter = TypeAdapter(model)
    rows: list[R] = []
    problems: list[InputError] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            rows.append(adapter.validate_json(line))
        except ValidationError as error:
            problems.extend(_row_problems(error, f"{path}, row {number}"))
    return rows, problems


_MENDS = {
    "json_invalid": "write one JSON object on one line",
    "missing": "add it",
    "extra_forbidden": "remove it or correct its name",
    "int_type": "write a whole number without quotes, or leave the field out if unknown",
    "string_type": "write it in double quotes",
    "bool_type": "write true or false",
    "literal_error": "use one of the values named",
}


def _row_problems(error: ValidationError, where: str) -> list[InputError]:
    problems = []
    for item in error.errors():
        field = ".".join(map(str, item["loc"])) or "the row"
        said, _, mend = item["msg"].removeprefix("Value error, ").partition("; ")
        problems.append(
            InputError(
                f"field {field}: {said}" if item["loc"] else f"field {said}",
                where=where,
                mend=mend or _MENDS.get(item["type"], "correct the value"),
            )
        )
    return problems


def part_files(folder: Path) -> list[tuple[Path, type[Part]]]:
    """Every file of part rows under a catalogue folder with the model of its rows."""
    return [
        (path, model)
        for kind, model in PART_MODELS.items()
        for path in sorted((folder / "parts" / kind).glob("*.jsonl"))
    ]


TABLES: Mapping[str, type[Row]] = MappingProxyType(
    {"gpu_chips.jsonl": GpuChip, "chipsets.jsonl": Chipset, "sockets.jsonl": SocketRow}
)


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; a path that cannot be is not."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _load(folder: Path) -> Catalog:
    if not is_folder(folder / "parts"):
        raise InputError(
            "is no catalogue", where=str(folder), mend="give a folder that holds parts/"
        )
    parts = [row for path, model in part_files(folder) for row in read_rows(path, model)]
    return Catalog(
        parts,
        chips=read_rows(folder / "gpu_chips.jsonl", GpuChip),
        chipsets=read_rows(folder / "chipsets.jsonl", Chipset),
        sockets=read_rows(folder / "sockets.jsonl", SocketRow),
        folder=folder,
    )


@lru_cache(maxsize=1)
def _shipped() -> Catalog:
    return _load(data_dir("catalogs"))
