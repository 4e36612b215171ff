"""What rigopt assumes about rigs in general: profiles, power, frameworks (``models/*.toml``)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from rigopt.errors import InputError, nearest
from rigopt.parts import Fact, first_problem
from rigopt.resources import data_dir

Percent = Annotated[int, Field(ge=0, le=1000)]


class Profile(Fact):
    """A named set of rules of thumb."""

    title: str
    psu_margin_pct: Annotated[int, Field(ge=100, le=300)]
    ram_per_total_vram_pct: Percent
    ram_per_card_vram_pct: Percent
    threads_per_gpu: int
    cores_per_gpu: int
    min_cores: int
    source: str


class Draw(Fact):
    """What parts draw when no row says so."""

    board_w: int
    memory_module_w: int
    case_fan_w: int
    air_cooler_w: int
    liquid_cooler_w: int
    drive_default_w: int
    source: str


class Circuit(Fact):
    """A wall circuit."""

    continuous_w: int
    volts: int
    title: str


class Power(Fact):
    """The tables of ``models/power.toml``."""

    draw: Draw
    gpu_peak_pct: int
    ride_out_pct: dict[str, int]
    efficiency_pct: dict[str, tuple[int, int, int]]
    circuits: dict[str, Circuit]

    def efficiency_at(self, label: str, load_pct: int) -> int:
        """Efficiency in per cent of an 80 PLUS class at a load, rounded down.

        Straight lines between the points at 20, 50 and 100 %; flat outside them.
        """
        low, half, full = self.efficiency_pct[label]
        if load_pct <= 20:
            return low
        if load_pct <= 50:
            return (low * (50 - load_pct) + half * (load_pct - 20)) // 30
        if load_pct <= 100:
            return (half * (100 - load_pct) + full * (load_pct - 50)) // 50
        return full


class Framework(Fact):
    """Which GPUs a framework release runs on."""

    title: str
    oldest_compute_capability: str
    amd: tuple[str, ...]
    intel: tuple[str, ...]
    except_chips: tuple[str, ...] = ()
    """Chips of these architectures that its builds do not name."""
    source: str


T = TypeVar("T")


def read_toml(name: str) -> dict[str, Any]:
    """A file of ``models/``.

    Raises:
        InputError: if it cannot be read.
    """
    path = data_dir("models") / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot be read ({error})", where=str(path), mend="mend it") from None


def validated(name: str, model: type[T], value: object) -> T:
    """A value of a file of ``models/`` as a model; TOML's arrays serve as tuples.

    Raises:
        InputError: naming file and field.
    """
    try:
        return TypeAdapter(model).validate_python(value, strict=False)
    except ValidationError as error:
        raise InputError(first_problem(error), where=f"models/{name}", mend="correct it") from None


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """The profiles of ``models/profiles.toml`` by name."""
    name = "profiles.toml"
    return {key: validated(name, Profile, value) for key, value in read_toml(name).items()}


@lru_cache(maxsize=1)
def power() -> Power:
    """The tables of ``models/power.toml``."""
    raw = read_toml("power.toml")
    raw["circuits"].pop("source")
    raw["efficiency"].pop("source")
    raw["transient"].pop("source")
    peak = raw["transient"].pop("gpu_peak_pct")
    return validated(
        "power.toml",
        Power,
        {
            "draw": raw["draw"],
            "gpu_peak_pct": peak,
            "ride_out_pct": raw["transient"],
            "efficiency_pct": raw["efficiency"],
            "circuits": raw["circuits"],
        },
    )


@lru_cache(maxsize=1)
def frameworks() -> dict[str, Framework]:
    """The framework releases of ``models/frameworks.toml`` by name."""
    name = "frameworks.toml"
    return {key: validated(name, Framework, value) for key, value in read_toml(name).items()}


def choose(table: dict[str, T], name: str, *, where: str) -> T:
    """The entry of a name.

    Raises:
        InputError: with the nearest names, if there is none.
    """
    try:
        return table[name]
    except KeyError:
        raise InputError(
            f"{name[:60]!r} is not known", where=where, mend=nearest(name, table)
        ) from None
