"""What every row of the catalogue has in common."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Count = Annotated[int, Field(ge=0, le=1000)]
Millimetres = Annotated[int, Field(ge=0, le=2000)]
Watts = Annotated[int, Field(ge=0, le=10_000)]
Gigabytes = Annotated[int, Field(ge=0, le=1_000_000)]


def first_problem(error: ValidationError) -> str:
    """The first thing that a model refused: "field watts: Input should be ..."."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"field {field}: {said}" if field else said


class Fact(BaseModel):
    """A frozen, strict value: unknown keys and loose types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Row(Fact):
    """A row of facts with its provenance. A field that is ``None`` is unknown."""

    id: Slug
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Where the facts were read: addresses or names of documents."""
    checked: date
    """The day on which the facts were read from the sources."""
    estimated: dict[str, Text] = Field(default_factory=dict)
    """Fields whose value is an estimate, each with its reasoning."""
    note: Text | None = None


class Part(Row):
    """Something that can be bought: one row of one kind."""

    name: Text
    """The name on the box, brand first."""
    brand: Text
    part_numbers: tuple[Text, ...] = ()
    released: Annotated[int, Field(ge=2005, le=2030)] | None = None
    """Year in which it was first sold."""
    unverified: bool = False
    """Whether its facts come from an import, and nobody has checked them."""
