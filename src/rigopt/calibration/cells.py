"""What is fitted: one cell for each group and chip that was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Annotated, Literal

from pydantic import Field

from rigopt.errors import InputError
from rigopt.measurements import Group, Measurement
from rigopt.parts import Fact, GpuChip
from rigopt.rates import Arithmetic, architecture_key


class Cell(Fact):
    """The median of a chip's measurements in a group."""

    group: str
    work: str
    arithmetic: Arithmetic
    unit: str
    fills_memory: bool
    """Whether the batch was the largest that fits."""
    chip: GpuChip
    seconds: Annotated[float, Field(gt=0)]
    """Per unit."""
    users: int | None
    """Of how many users the value is the median; ``None``: one author's run."""

    @property
    def judged(self) -> bool:
        """Whether errors count it: a single user's value is taken into the fit, at its low
        weight, but repeats of such values differ by 10 to 26 % (half the interquartile range)."""
        return self.users is None or self.users > 1


class Unused(Fact):
    """Rows of one card that are not fitted."""

    reason: str
    rows: int


Level = Literal["chip", "die", "architecture"]


def make_cells(
    rows: Iterable[Measurement], groups: Mapping[str, Group], chips: Mapping[str, GpuChip]
) -> tuple[tuple[Cell, ...], tuple[Unused, ...]]:
    """The cells sorted by group and chip, and how many rows are not in them by reason.

    Raises:
        InputError: if a row's group or chip is not known.
    """
    found: dict[tuple[str, str], list[Measurement]] = {}
    unused: dict[str, int] = {}
    for row in rows:
        try:
            group, chip = groups[row.group], chips[row.chip]
        except KeyError as missing:
            raise InputError(
                f"{missing.args[0]!r} of a measured row is not known",
                where="models/measurements",
                mend="add it to groups.csv or to the catalogue",
            ) from None
        reason = _why_not(group, chip)
        if reason:
            unused[reason] = unused.get(reason, 0) + 1
        else:
            found.setdefault((row.group, row.chip), []).append(row)
    cells = tuple(_cell(groups[g], chips[c], found[g, c]) for g, c in sorted(found))
    return cells, tuple(Unused(reason=why, rows=unused[why]) for why in sorted(unused))


def _why_not(group: Group, chip: GpuChip) -> str:
    if group.not_fitted:
        return group.not_fitted
    if group.min_vram_gb is not None and chip.vram_gb < group.min_vram_gb:
        return f"the card has less than {group.min_vram_gb} GB and spilled into system memory"
    return ""


def _cell(group: Group, chip: GpuChip, rows: list[Measurement]) -> Cell:
    if group.arithmetic is None:
        raise InputError(
            f"group {group.group!r} has no arithmetic",
            where="models/measurements/groups.csv",
            mend="give it one or say why it is not fitted",
        )
    return Cell(
        group=group.group,
        work=group.work,
        arithmetic=group.arithmetic,
        unit=rows[0].unit,
        fills_memory=group.batch == "fits",
        chip=chip,
        seconds=1 / median(row.value for row in rows),
        users=max(row.observations for row in rows) if group.noise == "users" else None,
    )


def gflops_per_watt(chips: Iterable[GpuChip]) -> dict[str, float]:
    """Median fp32 rate by TDP of each architecture and of each vendor."""
    found: dict[str, list[float]] = {}
    for chip in {chip.id: chip for chip in chips}.values():
        for name in (chip.architecture, chip.vendor):
            found.setdefault(name, []).append(chip.fp32_gflops / chip.tdp_w)
    return {name: _significant(median(found[name])) for name in sorted(found)}


def _significant(value: float, digits: int = 6) -> float:
    return float(f"{value:.{digits - 1}e}")


def family(cell: Cell, level: Level, dies: Mapping[str, str]) -> str:
    """What is left out of a fit together: a chip, a die, an architecture."""
    if level == "architecture":
        return cell.chip.architecture
    return cell.chip.id if level == "chip" else dies.get(cell.chip.id, cell.chip.id)


def log_seconds(cells: Iterable[Cell]) -> list[float]:
    """Natural logarithms of the measured seconds."""
    return [math.log(cell.seconds) for cell in cells]


def factor_key(cell: Cell) -> str:
    """What shares the factors of compute and traffic."""
    return architecture_key(cell.chip)
