"""Seconds that a unit of work takes on one GPU, from the chip's specifications alone.

The time of a unit is a roofline whose terms partly overlap, (sum of term ** bend) ** (1 / bend):

    compute    compute_gflop * u / (geometric mean of the chip's two matrix rates)
    traffic    traffic_mb * v / memory bandwidth
    overhead   overhead_us, of host and launches
    power      power_gflop / (TDP * GFLOPS per watt of the architecture)
    batch      batch_us_gb / memory: overhead spread over the batch that fits

u and v say how well software uses an architecture, for all of its chips alike. What ``rigopt model
fit`` fits to ``models/measurements`` stands in ``models/throughput.json``. No figure belongs to a
single GPU, so a new one is predicted from its row of the catalogue.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from rigopt.errors import InputError, nearest
from rigopt.parts import Fact, GpuChip, first_problem
from rigopt.resources import data_dir

Arithmetic = Literal["amp", "fp16", "fp32", "int8"]
"""Mixed-precision training; half-precision inference; single precision (TF32 where there is); the
8-bit products of quantised language models."""
TERMS = ("compute", "traffic", "overhead", "power", "batch")
RESERVED_GB = 1
"""Memory of a card that no batch gets: driver and context."""
_TF32_SINCE = 8.0

Positive = Annotated[float, Field(ge=0)]
Factor = Annotated[float, Field(gt=0)]


class Error(Fact):
    """How far predictions are from measurements of chips that the fit had not seen, per cent."""

    median_pct: Positive
    p90_pct: Positive
    cells: int
    """How many pairs of a group and a chip were compared."""


class GroupRate(Fact):
    """What one unit of a kind of work costs."""

    work: str
    arithmetic: Arithmetic
    unit: str
    compute_gflop: Positive
    traffic_mb: Positive
    overhead_us: Positive
    power_gflop: Positive
    batch_us_gb: Positive
    chips: int = 0
    """How many chips it was fitted to."""
    error: Error | None = None

    def scaled(self, *, compute: float = 1, traffic: float = 1, overhead: float = 1) -> GroupRate:
        """The same software on work with other amounts of arithmetic, bytes and calls a unit."""
        return self.model_copy(
            update={
                "compute_gflop": self.compute_gflop * compute,
                "power_gflop": self.power_gflop * compute,
                "traffic_mb": self.traffic_mb * traffic,
                "overhead_us": self.overhead_us * overhead,
                "batch_us_gb": self.batch_us_gb * overhead,
                "error": None,
            }
        )


class Rates(Fact):
    """The fitted model. Architectures are named as ``architecture_key`` does."""

    bend: Annotated[float, Field(ge=1)]
    gflops_per_watt: dict[str, Factor]
    """Median fp32 rate by TDP of an architecture's chips, and of a vendor's."""
    compute_factor: dict[str, dict[Arithmetic, Factor]]
    """u by architecture and arithmetic; under a vendor's name for architectures without one."""
    traffic_factor: dict[str, Factor]
    """v by architecture; 1 for those not named."""
    groups: dict[str, GroupRate]
    works: dict[str, Error]
    """Errors by kind of work."""

    def seconds(self, rate: GroupRate, chip: GpuChip) -> float:
        """Seconds a unit; finite and above zero, and never more with any better specification."""
        key = architecture_key(chip)
        loads = unit_loads(rate.arithmetic, chip, self._watt_rate(chip))
        factors = self.compute_factor.get(key) or self.compute_factor.get(chip.vendor) or {}
        compute = rate.compute_gflop * loads[0] * factors.get(rate.arithmetic, 1.0)
        traffic = rate.traffic_mb * loads[1] * self.traffic_factor.get(key, 1.0)
        rest = (rate.overhead_us, rate.power_gflop, rate.batch_us_gb)
        terms = (compute, traffic, *(a * b for a, b in zip(rest, loads[2:], strict=True)))
        return float(math.pow(sum(math.pow(term, self.bend) for term in terms), 1 / self.bend))

    def _watt_rate(self, chip: GpuChip) -> float:
        known = self.gflops_per_watt
        return (
            known.get(chip.architecture) or known.get(chip.vendor) or chip.fp32_gflops / chip.tdp_w
        )


def architecture_key(chip: GpuChip) -> str:
    """What chips share u and v: an architecture, told apart by CUDA compute capability."""
    capability = chip.compute_capability
    return f"{chip.architecture} {capability}" if capability else chip.architecture


def unit_loads(
    arithmetic: Arithmetic, chip: GpuChip, gflops_per_watt: float
) -> tuple[float, float, float, float, float]:
    """Seconds that a chip needs for one GFLOP, one MB, one microsecond, one GFLOP within its
    power, and one microsecond spread over a batch of its memory: the order of ``TERMS``."""
    return (
        1 / matrix_gflops(arithmetic, chip),
        1 / (1000 * chip.mem_bandwidth_gb_s),
        1e-6,
        1 / (chip.tdp_w * gflops_per_watt),
        1e-6 / max(1, chip.vram_gb - RESERVED_GB),
    )


def matrix_gflops(arithmetic: Arithmetic, chip: GpuChip) -> float:
    """The rate of the matrix units in 10^9 operations/s, or of the ordinary units without them.

    Half precision: geometric mean of the rates with fp32 and with fp16 accumulation, since
    consumer cards that halve the former lose less than half. Quantised: of int8 and fp16.
    """
    full = chip.tensor_fp16_gflops or chip.tensor_fp16_fp32acc_gflops
    careful = chip.tensor_fp16_fp32acc_gflops or chip.tensor_fp16_gflops
    vector = float(max(chip.fp32_gflops, chip.fp16_gflops or 0))
    if arithmetic == "fp32":
        tf32 = chip.compute_capability and float(chip.compute_capability) >= _TF32_SINCE
        return max(float(chip.fp32_gflops), (careful or 0) / 2 if tf32 else 0.0)
    if not chip.tensor_cores or full is None or careful is None:
        return vector
    other = careful if arithmetic != "int8" else chip.tensor_int8_gops or 2 * careful
    return math.sqrt(float(full) * other)


@lru_cache(maxsize=1)
def rates() -> Rates:
    """The fitted model of ``models/throughput.json``.

    Raises:
        InputError: if it cannot be used.
    """
    return read_rates(data_dir("models") / "throughput.json")


def read_rates(path: Path) -> Rates:
    """A fitted model from a file.

    Raises:
        InputError: if it cannot be used.
    """
    mend = "rigopt model fit makes it anew"
    try:
        return Rates.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        told = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise InputError(f"cannot be used ({told})", where=str(path), mend=mend) from None


def group_rate(group: str) -> GroupRate:
    """What a unit of a fitted group costs.

    Raises:
        InputError: with the nearest names, if it was not fitted.
    """
    known = rates().groups
    if group not in known:
        raise InputError(
            f"{group[:80]!r} is no fitted group", where="models", mend=nearest(group, known)
        )
    return known[group]


def seconds_per_unit(group: str, chip: GpuChip) -> float:
    """Seconds a unit of a fitted group on one card at its usual power.

    Raises:
        InputError: if the group was not fitted.
    """
    return rates().seconds(group_rate(group), chip)


def error(group: str) -> Error:
    """The error of a group on chips left out of the fit; of its kind of work if it has none.

    Raises:
        InputError: if the group was not fitted.
    """
    found = group_rate(group)
    return found.error or rates().works[found.work]
