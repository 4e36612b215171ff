"""Catalogues of 100 to 30,000 parts, so that growth can be measured.

    python -m benchmarks.large OPENDB OUT [--sizes 100 1000 10000 30000] [--seed 0]

``OPENDB`` is a copy of BuildCores OpenDB, a folder or a tar archive. Every size becomes a
catalogue folder ``OUT/SIZE`` for ``Catalog.load`` and ``--catalog``. The parts are those that come
with rigopt and those of the database, read by rigopt's own importer. To make ten thousand of them
*solvable*, what nobody knows is made up:

* **Facts.** A field that the import leaves unknown is copied from a donor: a part of the catalogue
  of the same sort (chip; socket and generation; board size; ...) with about the same size, drawn
  among the nearest. All fields of a part come from one donor, so they agree with each other. Each
  stands in ``estimated`` as synthetic, with the donor's id.
* **Prices.** A part that the market does not price gets the median price of its sort by its measure
  (a gigabyte, a core, a watt), times its measure, times a factor of 0.75 to 1.5. Each is an
  ``estimate`` whose source says synthetic; the market's title says so too.
* **Parts.** Boards and CPUs of sockets, chipsets or generations that the catalogue does not know
  are left out. Where parts are too few for a size, imported ones stand in it again under another
  id, at another price: their source says variant.

What is made up is drawn with a seed for each part, so a part is the same in every size. A larger
size holds the smaller ones. Every size holds the parts that the named requests name.
Nothing of it says anything about real parts; such a catalogue is for measuring time only. Its parts
are not marked as unverified, so that every request is offered them.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.named import named_requests
from rigopt.catalog import Catalog, kind_of
from rigopt.imports.opendb import import_opendb
from rigopt.markets import COLUMNS, Condition, Market, Price
from rigopt.parts import FIT_CRITICAL, PART_MODELS, REQUIRED_KINDS, Cpu, Motherboard, Part
from rigopt.plausible import doubts
from rigopt.request import Request
from rigopt.resources import data_dir

SIZES = (100, 1_000, 10_000, 30_000)
MARKET = "us-2026"
LEAST_OF_A_KIND = 6
NEAREST = 5
SYNTHETIC = "synthetic (benchmarks/large.py)"
NOT_FILLED = frozenset({"id", "part_numbers", "released", "note"})

SORTS: Mapping[str, tuple[str, ...]] = {
    "gpu": ("chip",),
    "cpu": ("socket", "generation"),
    "motherboard": ("socket", "form_factor", "memory_slots"),
    "memory": ("memory_type", "module_kind"),
    "storage": ("form", "protocol", "spinning"),
    "psu": ("form_factor", "efficiency"),
    "cooler": ("medium", "radiator_mm"),
    "case": ("board_form_factors",),
    "fan": ("size_mm",),
    "network": ("bus", "wifi"),
}
"""Per kind the fields that tell its sort, the most telling first."""
MEASURES: Mapping[str, Callable[[Any], int | None]] = {
    "cpu": lambda cpu: cpu.cores,
    "memory": lambda kit: (kit.modules or 0) * (kit.module_gb or 0),
    "storage": lambda drive: drive.capacity_gb,
    "psu": lambda psu: psu.watts,
    "fan": lambda fan: fan.pack,
}
"""What the price of a part of the kind grows with."""
SIZES_OF: Mapping[str, Callable[[Any], int | None]] = {
    "gpu": lambda card: card.length_mm,
    "cpu": lambda cpu: cpu.tdp_w,
    "memory": lambda kit: kit.speed_mt_s,
    "storage": lambda drive: drive.capacity_gb,
    "psu": lambda psu: psu.watts,
    "cooler": lambda cooler: cooler.height_mm,
    "case": lambda case: case.gpu_length_max_mm,
}
"""What makes two parts of one sort near each other."""


def sort_of(part: Part) -> tuple[Hashable, ...]:
    """The fields that tell a part's sort."""
    return tuple(getattr(part, name) for name in SORTS.get(kind_of(part), ()))


class Donors:
    """Parts with every fact, by kind and by as much of their sort as a part asks for."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._by_sort: dict[tuple[Hashable, ...], list[Part]] = defaultdict(list)
        for part in parts:
            kind = kind_of(part)
            if all(getattr(part, name) is not None for name in FIT_CRITICAL[kind]):
                sort = sort_of(part)
                for length in range(len(sort) + 1):
                    self._by_sort[kind, *sort[:length]].append(part)

    def for_(self, part: Part, draw: Random) -> Part | None:
        """A donor of the part's sort and about its size; ``None`` if the kind has none."""
        kind, sort = kind_of(part), sort_of(part)
        for length in range(len(sort), -1, -1):
            among = self._by_sort.get((kind, *sort[:length]))
            if among:
                size = SIZES_OF.get(kind, lambda _part: None)
                mine = size(part) or 0
                near = sorted(among, key=lambda donor: (abs((size(donor) or 0) - mine), donor.id))
                return draw.choice(near[:NEAREST])
        return None


def filled(part: Part, donors: Donors, seed: int) -> Part:
    """A part with its unknown fields as a donor has them, each marked as synthetic."""
    donor = donors.for_(part, Random(f"{seed} donor {part.id}"))
    lent = {
        name: getattr(donor, name)
        for name in type(part).model_fields
        if donor is not None
        and name not in NOT_FILLED
        and getattr(part, name) is None
        and getattr(donor, name) is not None
    }
    marks = {name: f"synthetic, as {donor.id} has it" for name in lent if donor is not None}
    return part.model_copy(
        update={
            **lent,
            "estimated": {**part.estimated, **marks},
            "sources": (*part.sources, SYNTHETIC),
            "unverified": False,
        }
    )


def usable(part: Part, catalog: Catalog) -> bool:
    """Whether rules can tell what the part goes with, once its unknown fields are filled."""
    match part:
        case Motherboard():
            chipset = catalog.chipsets.get(part.chipset or "")
            return chipset is not None and part.socket in chipset.sockets
        case Cpu():
            return any(
                part.generation in chipset.cpu_support and part.socket in chipset.sockets
                for chipset in catalog.chipsets.values()
            )
        case _:
            return True


class Prices:
    """Made-up prices by the level of a sort in a real market."""

    def __init__(self, catalog: Catalog, market: Market, seed: int) -> None:
        self._seed, self._info = seed, market.info
        found: dict[tuple[Hashable, ...], list[float]] = defaultdict(list)
        for part in catalog.parts.values():
            for offer in market.offers(part.id):
                measured = offer.price_cents / measure(part)
                sort = sort_of(part)
                for length in range(len(sort) + 1):
                    found[offer.condition, kind_of(part), *sort[:length]].append(measured)
        self._levels = {sort: median(prices) for sort, prices in found.items()}

    def of(self, part: Part) -> Iterator[Price]:
        """Prices of a part: new and used, as its sort is sold."""
        conditions: tuple[Condition, ...] = ("new", "used")
        sort = sort_of(part)
        for length in range(len(sort), -1, -1):
            keys = {c: (c, kind_of(part), *sort[:length]) for c in conditions}
            if any(key in self._levels for key in keys.values()):
                for condition, key in keys.items():
                    if key in self._levels:
                        yield self._price(part, condition, self._levels[key])
                return

    def _price(self, part: Part, condition: Condition, level: float) -> Price:
        draw = Random(f"{self._seed} price {condition} {part.id}")
        return Price(
            part=part.id,
            price_cents=max(100, round(level * measure(part) * 0.75 * 2 ** draw.random())),
            condition=condition,
            basis="estimate",
            date=self._info.as_of,
            source=SYNTHETIC,
            note="the median of its sort times a random factor",
        )


def measure(part: Part) -> int:
    """What a part's price grows with; 1 where it is the sort alone."""
    of_kind = MEASURES.get(kind_of(part))
    return (of_kind(part) if of_kind else None) or 1


def every_part(opendb: Path, catalog: Catalog, seed: int, most: int) -> list[Part]:
    """The catalogue's parts, the filled imported ones, and variants up to a number."""
    imported, _ = import_opendb(opendb, catalog)
    donors = Donors(catalog.parts.values())
    made = [
        part
        for part in (filled(part, donors, seed) for part in imported)
        if usable(part, catalog) and not list(doubts(part, catalog.chips))
    ]
    missing = max(0, most - len(catalog.parts) - len(made))
    again = Random(seed).sample(made, missing)
    return [*catalog.parts.values(), *made, *map(variant, again)]


def variant(part: Part) -> Part:
    """The same part again under another id."""
    return part.model_copy(
        update={
            "id": f"{part.id[:71]}-variant",
            "name": f"{part.name[:280]} (variant)",
            "part_numbers": (),
            "sources": (*part.sources, f"a variant of {part.id}"),
        }
    )


def shares(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """How many parts of each kind a catalogue of a size has: in proportion to all there are, but a
    few at least of what every rig has."""
    every = sum(counts.values())
    least = {kind: LEAST_OF_A_KIND if kind in REQUIRED_KINDS else 1 for kind in counts}
    wanted = {kind: max(least[kind], count * size // every) for kind, count in counts.items()}
    largest = max(wanted, key=lambda kind: wanted[kind])
    wanted[largest] += size - sum(wanted.values())
    return wanted


def sample(parts: Sequence[Part], size: int, first: frozenset[str], seed: int) -> list[Part]:
    """So many parts, those with an id in ``first`` among them; larger samples hold smaller ones."""
    wanted = shares(Counter(map(kind_of, parts)), size)
    order = sorted(
        parts, key=lambda part: (part.id not in first, Random(f"{seed} {part.id}").random())
    )
    by_kind: dict[str, list[Part]] = defaultdict(list)
    for part in order:
        by_kind[kind_of(part)].append(part)
    return [part for kind, count in wanted.items() for part in by_kind[kind][:count]]


def write(parts: Sequence[Part], prices: Prices, market: Market, folder: Path) -> None:
    """A catalogue folder of these parts with one market."""
    shipped = data_dir("catalogs")
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "markets" / MARKET / "prices").mkdir(parents=True)
    for name in ("gpu_chips.jsonl", "chipsets.jsonl", "sockets.jsonl", "corrections.csv"):
        shutil.copy(shipped / name, folder)
    shutil.copytree(shipped / "price_index", folder / "price_index")
    for kind in PART_MODELS:
        rows = [p.model_dump_json(exclude_defaults=True) for p in parts if kind_of(p) == kind]
        (folder / "parts" / kind).mkdir(parents=True)
        path = folder / "parts" / kind / "large.jsonl"
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    info = market.info.model_copy(
        update={"title": f"{market.info.title}, most prices synthetic (for measuring time only)"}
    )
    head = folder / "markets" / MARKET / "market.json"
    head.write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
    with (folder / "markets" / MARKET / "prices" / "large.csv").open(
        "w", encoding="utf-8", newline=""
    ) as handle:
        table = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        table.writeheader()
        for part in parts:
            for price in market.offers(part.id) or prices.of(part):
                row = json.loads(price.model_dump_json())
                table.writerow({name: row[name] for name in COLUMNS})


def requests_for_large() -> dict[str, Request]:
    """The named requests, all asked of the one market that a large catalogue has."""
    return {
        name: request.replace(market=MARKET)
        for name, request in named_requests(Catalog.load()).items()
    }


def named_parts(catalog: Catalog) -> frozenset[str]:
    """Ids of the parts that the named requests name (of a chip, every card of it)."""
    found: set[str] = set()
    for request in named_requests(catalog).values():
        names = {*request.with_parts, *request.without_parts, *(own.part for own in request.own)}
        found |= {part.id for name in names for part in catalog.find(name)}
    return frozenset(found)


def generate(opendb: Path, out: Path, sizes: Iterable[int] = SIZES, seed: int = 0) -> None:
    """Write a catalogue folder of every size."""
    catalog = Catalog.load()
    market = catalog.market(MARKET)
    prices = Prices(catalog, market, seed)
    sizes = sorted(sizes)
    parts = every_part(opendb, catalog, seed, sizes[-1])
    first = named_parts(catalog)
    for size in sizes:
        chosen = sample(parts, size, first, seed)
        write(chosen, prices, market, out / str(size))
        counts = Counter(map(kind_of, chosen))
        told = ", ".join(f"{counts[kind]:,} {kind}" for kind in PART_MODELS if counts[kind])
        print(f"{out / str(size)}: {len(chosen):,} parts ({told})", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Write the catalogues."""
    reader = argparse.ArgumentParser(prog="benchmarks.large", description=__doc__)
    reader.add_argument("opendb", type=Path, help="a copy of OpenDB: a folder or a tar archive")
    reader.add_argument("out", type=Path, help="where the catalogue folders are written")
    reader.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    reader.add_argument("--seed", type=int, default=0)
    given = reader.parse_args(arguments)
    if given.opendb.is_dir():
        generate(given.opendb, given.out, given.sizes, given.seed)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(given.opendb) as archive:
            archive.extractall(folder, filter="data")
        generate(Path(folder), given.out, given.sizes, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
