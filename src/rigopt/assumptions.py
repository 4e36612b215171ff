"""What rigopt assumes of rigs in general (``models/*.toml``): profiles, power, frameworks."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import lru_cache
from math import ceil
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
    gpu_peak_pct: dict[str, int]
    """Peaks of a card in per cent of its limit, by architecture; "other": of all the rest."""
    ride_out_pct: dict[str, int]
    efficiency_pct: dict[str, tuple[int, int, int]]
    """Per 80 PLUS class at 20, 50 and 100 % load, at 115 V."""
    efficiency_230v_pct: dict[str, tuple[int, int, int]]
    circuits: dict[str, Circuit]

    def peak_pct(self, architecture: str) -> int:
        """Peak of a card in per cent of its power limit."""
        return self.gpu_peak_pct.get(architecture, self.gpu_peak_pct["other"])

    def wall_w(self, label: str, volts: int, draw_w: int, rating_w: int) -> int:
        """Watts at the wall, rounded up, of a supply of an 80 PLUS class at its actual load."""
        return ceil(100 * draw_w / self._efficiency_pct(label, volts, draw_w, rating_w))

    def most_draw_w(self, label: str, volts: int, rating_w: int, wall_w: int) -> int:
        """The largest draw, whole watts, for which a supply takes no more than ``wall_w``."""
        return _most_draw(self._curve(label, volts), rating_w, wall_w)

    def _curve(self, label: str, volts: int) -> tuple[int, int, int]:
        return (self.efficiency_pct if volts < 200 else self.efficiency_230v_pct)[label]

    def _efficiency_pct(self, label: str, volts: int, draw_w: int, rating_w: int) -> Fraction:
        return _efficiency(self._curve(label, volts), Fraction(100 * draw_w, rating_w))


def _efficiency(curve: tuple[int, int, int], load_pct: Fraction) -> Fraction:
    """Straight lines between the points at 20, 50 and 100 % load; flat outside them."""
    low, half, full = curve
    if load_pct <= 20:
        return Fraction(low)
    if load_pct <= 50:
        return low + (half - low) * (load_pct - 20) / 30
    if load_pct <= 100:
        return half + (full - half) * (load_pct - 50) / 50
    return Fraction(full)


@lru_cache(maxsize=4096)
def _most_draw(curve: tuple[int, int, int], rating_w: int, wall_w: int) -> int:
    low, high = 0, wall_w  # a supply gives less than it takes
    while low < high:
        middle = (low + high + 1) // 2
        if 100 * middle <= wall_w * _efficiency(curve, Fraction(100 * middle, rating_w)):
            low = middle
        else:
            high = middle - 1
    return low


class OfficialBuild(Fact):
    """One official build of a framework release, and the cards that it runs on."""

    name: str
    oldest_compute_capability: str | None = None
    """Of CUDA; ``None``: it is no CUDA build."""
    newest_compute_capability: str | None = None
    """The newest that its binaries hold; ``None``: it holds PTX, which newer cards run too."""
    amd: tuple[str, ...] = ()
    intel: tuple[str, ...] = ()
    except_chips: tuple[str, ...] = ()
    """Chips of these architectures that it does not name."""

    @property
    def is_cuda(self) -> bool:
        """Whether it is a CUDA build."""
        return self.oldest_compute_capability is not None

    def runs(self, vendor: str, platform: str, chip: str) -> bool:
        """Whether it runs on a card; ``platform``: its compute capability or architecture."""
        if chip in self.except_chips:
            return False
        if vendor != "NVIDIA":
            return platform in (self.amd if vendor == "AMD" else self.intel)
        if self.oldest_compute_capability is None:
            return False
        mine, newest = version_of(platform), self.newest_compute_capability
        return version_of(self.oldest_compute_capability) <= mine and (
            newest is None or mine[0] <= version_of(newest)[0]
        )


def version_of(text: str) -> tuple[int, ...]:
    """A compute capability as numbers that compare."""
    return tuple(map(int, text.split(".")))


class Framework(Fact):
    """A release of a framework, or something that software asks of a card."""

    title: str
    builds: Annotated[tuple[OfficialBuild, ...], Field(min_length=1)]
    source: str


class MemorySpeed(Fact):
    """What a CPU generation guarantees of memory, by modules a channel; MT/s."""

    generation: str
    memory_type: str
    module_kind: str
    one_per_channel_mt_s: int
    two_per_channel_mt_s: int | None = None
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
    raw["efficiency_230v"].pop("source")
    raw["transient"].pop("source")
    raw["peaks"].pop("source")
    return validated(
        "power.toml",
        Power,
        {
            "draw": raw["draw"],
            "gpu_peak_pct": raw["peaks"],
            "ride_out_pct": raw["transient"],
            "efficiency_pct": raw["efficiency"],
            "efficiency_230v_pct": raw["efficiency_230v"],
            "circuits": raw["circuits"],
        },
    )


@lru_cache(maxsize=1)
def frameworks() -> dict[str, Framework]:
    """The framework releases of ``models/frameworks.toml`` by name."""
    name = "frameworks.toml"
    return {key: validated(name, Framework, value) for key, value in read_toml(name).items()}


@lru_cache(maxsize=1)
def memory_speeds() -> tuple[MemorySpeed, ...]:
    """The rows of ``models/memory.toml``."""
    name = "memory.toml"
    return validated(name, tuple[MemorySpeed, ...], read_toml(name)["limit"])


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
