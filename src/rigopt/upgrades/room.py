"""Room for more: what a rig that is bought now must be able to become, and the answer to that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.outcome import About, Assessment
from rigopt.parts import Drive, Fact, GpuCard
from rigopt.request import Gb, Request
from rigopt.requestfile import named_part
from rigopt.units import parse_count, parse_gigabytes

FIXED = ("motherboard", "psu", "case", "cooler", "cpu", "network", "paste", "os")
"""Kinds that stay as they are."""
GROWING = ("memory", "storage", "fan", "riser")
"""Kinds of which all parts stay, and more may come. NVLink bridges come and go with cards."""
MOST_CARDS = 8


class Room(Fact):
    """Wishes for later: the rig must take these parts with board, supply, case, cooler and CPU
    unchanged."""

    cards: Annotated[int, Field(ge=0, le=7)] = 0
    """More cards of the model that is chosen, or of ``chip``."""
    chip: str | None = None
    """The later cards' chip; cards of another chip make way for them. ``None``: as chosen."""
    ram_gb: Gb | None = None
    """Memory in all: more kits of the model that is chosen."""
    storage_gb: Gb | None = None
    """On solid-state drives in all, beside what is there."""
    m2_drives: Annotated[int, Field(ge=0, le=8)] = 0
    """More M.2 drives."""

    @model_validator(mode="after")
    def _something(self) -> Room:
        if self == Room.model_construct():
            raise ValueError("asks for no room")
        return self

    @property
    def text(self) -> str:
        """The room in words."""
        what = []
        if self.cards:
            one = f"{self.chip}" if self.chip else "card of the same model"
            many = f"{self.chip}" if self.chip else "cards of the same model"
            what.append(f"{self.cards} more {one if self.cards == 1 else many}")
        if self.ram_gb is not None:
            what.append(f"{self.ram_gb:,} GB of memory")
        if self.storage_gb is not None:
            what.append(f"{self.storage_gb:,} GB of solid-state storage")
        if self.m2_drives:
            what.append(f"{self.m2_drives} more M.2 drive" + "s" * (self.m2_drives > 1))
        return ", ".join(what)

    def later(self, request: Request) -> Request:
        """The wishes for the later rig: those for now and the room's, at any price."""
        return request.replace(
            budget_cents=None,
            max_gpus=min(MOST_CARDS, request.max_gpus + self.cards),
            min_ram_gb=_larger(request.min_ram_gb, self.ram_gb),
            min_storage_gb=max(request.min_storage_gb, self.storage_gb or 0),
        )

    def cards_in(self, catalog: Catalog) -> frozenset[str]:
        """The cards that the room is for."""
        return frozenset(
            part.id
            for part in catalog.of_kind("gpu")
            if isinstance(part, GpuCard) and self.chip in (None, part.chip)
        )

    def unmet(self, now: Build, later: Build) -> list[str]:
        """What is wrong with a later build for one of now: nothing, if it only adds the room."""
        found = [f"{kind} changes" for kind in FIXED if _counts(now, kind) != _counts(later, kind)]
        for kind in GROWING:
            before, after = _counts(now, kind), _counts(later, kind)
            if any(after.get(part, 0) < number for part, number in before.items()):
                found.append(f"{kind} is taken out")
        before, after = _counts(now, "gpu"), _counts(later, "gpu")
        if self.chip is None:
            want = {part: number + self.cards for part, number in before.items()}
        else:
            lines = [line for line in later.of_kind("gpu") if _chip(line) == self.chip]
            want = {line.part.id: self.cards + before.get(line.part.id, 0) for line in lines[:1]}
        if after != want or not after:
            found.append(f"the cards are {after}, not {want}")
        if m2_count(later) < m2_count(now) + self.m2_drives:
            found.append("too few M.2 drives")
        return found


def is_m2(part: object) -> bool:
    """Whether a part is an M.2 drive."""
    return isinstance(part, Drive) and part.form == "m2"


def m2_count(build: Build) -> int:
    """M.2 drives of a build."""
    return sum(line.quantity for line in build.of_kind("storage") if is_m2(line.part))


def _chip(line: Line) -> str:
    assert isinstance(line.part, GpuCard)
    return line.part.chip


def _counts(build: Build, kind: str) -> dict[str, int]:
    return {line.part.id: line.quantity for line in build.of_kind(kind)}


def _larger(one: int | None, other: int | None) -> int | None:
    known = [size for size in (one, other) if size is not None]
    return max(known, default=None)


def parse_room(text: str, catalog: Catalog, *, where: str = "--room-for") -> Room:
    """Room as people write it: ``1``, or ``"rtx-5090:1,ram:128,storage:2TB,m2:1"``.

    Raises:
        InputError: if it is not of that form, or names no chip that is known.
    """
    mend = "write for example 1, or rtx-5090:1,ram:128,storage:4TB,m2:1"
    fields: dict[str, int | str] = {}
    for item in str(text).split(","):
        name, colon, amount = item.strip().rpartition(":")
        key, value = (name.strip(), amount.strip()) if colon else ("gpu", item.strip())
        if not key or not value:
            raise InputError(
                f"{item[:40]!r} is not of the form WHAT:AMOUNT", where=where, mend=mend
            )
        given: dict[str, int | str] = {}
        match key.casefold():
            case "ram" | "memory":
                given["ram_gb"] = parse_gigabytes(value, where=f"{where}, {key}")
            case "storage":
                given["storage_gb"] = parse_gigabytes(value, where=f"{where}, {key}")
            case "m2":
                given["m2_drives"] = parse_count(value, where=f"{where}, {key}", least=1, most=8)
            case word:
                given["cards"] = parse_count(value, where=f"{where}, {key}"[:60], least=1, most=7)
                if word not in ("gpu", "card", "cards"):
                    given["chip"] = _chip_named(key, catalog, where)
        for field in given:
            if field in fields:
                raise InputError(
                    f"{item.strip()[:40]!r} says a second time what is wanted",
                    where=where,
                    mend="keep one of the two",
                )
        fields |= given
    return Room(**fields)  # type: ignore[arg-type]


def _chip_named(name: str, catalog: Catalog, where: str) -> str:
    found = named_part(name, where, catalog)
    if found in catalog.chips:
        return found
    part = catalog.parts[found]
    if isinstance(part, GpuCard):
        return part.chip
    raise InputError(
        f"{part.name} is no GPU", where=where, mend="name a GPU chip, gpu, ram, storage or m2"
    )


class Addition(Fact):
    """Pieces that the later build has and the one of now has not."""

    kind: str
    part: str
    name: str
    quantity: int
    price_cents: int | None
    """Of one piece, as the market has it now."""


class Roomed(Fact):
    """The best build that leaves room, what it becomes, and the best build without that wish."""

    schema_version: Literal[1] = 1
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    room: Room
    build: Assessment | None
    """What to buy now: of all builds with room none scores more, nor as much for less money
    (``feasible``: the best found in time)."""
    later: Assessment | None
    """One that it can become, with every rule holding: the cheapest. Its total is what has to be
    bought for it, at the prices of now."""
    additions: tuple[Addition, ...]
    score_bound: int | None
    """No build with room scores more."""
    without: Assessment | None
    """The best build that need not leave room."""
    text: tuple[str, ...]
    """What the room costs, in sentences; or why there is no answer."""
    least_cents: int | None
    """Where no build leaves the room within the budget: what the cheapest that does costs."""
    about: About
