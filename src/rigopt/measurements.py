"""Measured throughput of published machines: ``models/measurements``.

``single.csv`` holds one card at its usual power, ``multi.csv`` several cards, ``power.csv`` cards
under a power limit. ``sources.csv`` says where each row was read, ``left_out.csv`` which rows of
the collection were not taken and why, ``groups.csv`` which groups of rows the model is fitted to
and why not to the others, ``chips.csv`` the die and the launch price of each measured chip.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rigopt.csvtable import read_table
from rigopt.errors import InputError
from rigopt.parts import Fact
from rigopt.resources import data_dir

MEASUREMENT_COLUMNS = (
    "chip", "count", "link", "workload", "phase", "precision", "batch", "metric", "value", "unit",
    "power_limit_w", "observations", "provenance", "group", "source", "note",
)  # fmt: skip
SOURCE_COLUMNS = ("key", "source", "as_of", "software")
GROUP_COLUMNS = ("group", "work", "arithmetic", "batch", "noise", "min_vram_gb", "not_fitted")
CHIP_COLUMNS = ("chip", "die", "launch_usd", "die_source", "price_source")
LEFT_OUT_COLUMNS = ("line", "gpu", "count", "group", "value", "unit", "source", "reason")

Table = Literal["single", "multi", "power"]


class Measurement(Fact):
    """One published measurement of ``count`` equal cards, as its source prints it."""

    chip: str
    """Id of a chip of the catalogue."""
    count: Annotated[int, Field(ge=1)]
    link: str = ""
    """How the cards reach each other, as far as the source says; empty for one card."""
    workload: str
    phase: Literal["train", "infer", "decode", "prefill", "micro"]
    precision: str = ""
    batch: str = ""
    metric: str
    value: Annotated[float, Field(gt=0)]
    unit: str
    power_limit_w: Annotated[float, Field(gt=0)] | None = None
    """Limit of each card in watts; ``None``: the usual one."""
    observations: Annotated[int, Field(ge=1)] = 1
    """How many runs or users the value is the median of."""
    provenance: Literal["primary", "transcribed", "chart-read"]
    group: str
    """Rows of a group differ in the card only: same workload, source and software."""
    source: str
    """Key of a row of ``sources.csv``."""
    note: str = ""


class Source(Fact):
    """Where and when rows were published, and what software ran."""

    key: str
    source: str
    as_of: str = ""
    software: str = ""


class LeftOut(Fact):
    """A row of the collection that was not taken."""

    line: int
    """Its line in the collection."""
    gpu: str
    count: int
    group: str
    value: float
    unit: str
    source: str
    reason: str


class Group(Fact):
    """Rows that differ in the card only, and how the model reads them."""

    group: str
    work: str = ""
    """The kind of work, such as cnn-train; empty: not fitted."""
    arithmetic: Literal["amp", "fp16", "fp32", "int8"] | None = None
    batch: Literal["fixed", "fits"] | None = None
    """Whether every card ran the same batch, or each the largest that its memory takes."""
    noise: Literal["runs", "users"] | None = None
    """Whether one author measured them, or each row is the median of that many users."""
    min_vram_gb: Annotated[int, Field(ge=1)] | None = None
    """Smaller cards spilled into system memory, which no smooth formula describes."""
    not_fitted: str = ""
    """Why the model is not fitted to the group; empty: it is."""


class ChipFacts(Fact):
    """What is told of a measured chip for judging the model: never used by the formula."""

    chip: str
    die: str
    launch_usd: Annotated[int, Field(gt=0)] | None = None
    """List price at launch; ``None``: none was found."""
    die_source: str
    price_source: str = ""


@lru_cache(maxsize=3)
def measurements(table: Table) -> tuple[Measurement, ...]:
    """The rows of ``single.csv``, ``multi.csv`` or ``power.csv``, in file order.

    Raises:
        InputError: naming file, row and field of what cannot be used.
    """
    path = _folder() / f"{table}.csv"
    rows = tuple(read_table(path, Measurement, MEASUREMENT_COLUMNS))
    known = sources()
    for number, row in enumerate(rows, start=2):
        if row.source not in known:
            raise InputError(
                f"source {row.source!r} is not in sources.csv",
                where=f"{path}, row {number}",
                mend="add it there",
            )
    return rows


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """The sources by key.

    Raises:
        InputError: naming file, row and field of what cannot be used.
    """
    rows = read_table(_folder() / "sources.csv", Source, SOURCE_COLUMNS)
    return {row.key: row for row in rows}


@lru_cache(maxsize=1)
def left_out() -> tuple[LeftOut, ...]:
    """The rows that were not taken, with reasons.

    Raises:
        InputError: naming file, row and field of what cannot be used.
    """
    return tuple(read_table(_folder() / "left_out.csv", LeftOut, LEFT_OUT_COLUMNS))


@lru_cache(maxsize=1)
def groups() -> dict[str, Group]:
    """Every group of rows of one card, by name.

    Raises:
        InputError: naming file, row and field of what cannot be used.
    """
    rows = read_table(_folder() / "groups.csv", Group, GROUP_COLUMNS)
    return {row.group: row for row in rows}


@lru_cache(maxsize=1)
def chip_facts() -> dict[str, ChipFacts]:
    """Die and launch price by chip.

    Raises:
        InputError: naming file, row and field of what cannot be used.
    """
    rows = read_table(_folder() / "chips.csv", ChipFacts, CHIP_COLUMNS)
    return {row.chip: row for row in rows}


def _folder() -> Path:
    return data_dir("models") / "measurements"
