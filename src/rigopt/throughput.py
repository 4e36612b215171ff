"""Predicted throughput of cards in a rig, what limits it, and the score made of it.

One card's speed is that of ``rates`` (physics, fitted), several cards' that of ``scaling``; what a
workload needs of memory is that of ``need``. Here they meet: how many cards hold a copy of the
work, whether the CPU feeds them, and the one number that is maximised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from typing import Literal, NamedTuple

from rigopt.parts import GpuChip
from rigopt.rates import error, rates
from rigopt.scaling import Exchange, Link, kept, scaling_model
from rigopt.workloads import Mix, Workload

SCORE_OF_REFERENCE = 1000
Held = Literal["each", "together", "outside"]
"""Where the work lies: on each card, on several together, or outside, in the system's memory."""


class Speed(NamedTuple):
    """What equal cards do of a workload in a second."""

    per_second: float
    held: Held
    copy_cards: int = 1
    """Cards that hold one copy of the work."""


class ChipSpeed:
    """One workload on one chip: everything that does not depend on the number of cards."""

    def __init__(self, workload: Workload, chip: GpuChip) -> None:
        self.workload = workload
        self.chip = chip

    @cached_property
    def unit_seconds(self) -> float:
        """Seconds that one card takes for a unit of work that its memory holds."""
        return rates().seconds(self.workload.rate.cost, self.chip)

    @cached_property
    def _step_units(self) -> float:
        return self.workload.units_in_step(self.chip.vram_gb)

    @cached_property
    def _copies(self) -> dict[int, tuple[Held, int]]:
        return {}

    def copy_of(self, count: int) -> tuple[Held, int]:
        """Where ``count`` cards hold the work, and how many of them one copy takes."""
        if count not in self._copies:
            self._copies[count] = self._copy(count)
        return self._copies[count]

    def _copy(self, count: int) -> tuple[Held, int]:
        need, size = self.workload.need, self.chip.vram_gb
        if need.fits([size]):
            return "each", 1
        for cards in range(2, count + 1):
            if need.sharding != "replicated" and need.fits([size] * cards):
                return "together", count if need.sharding == "sharded" else cards
        return "outside", 1

    def speed(self, count: int, link: Link | None, limit_w: int | None = None) -> Speed | None:
        """What ``count`` equal cards do together; ``None``: their link is not known.

        ``limit_w`` caps each card; ``None``: the chip's usual limit.
        """
        if count > 1 and link is None:
            return None
        seconds = self.unit_seconds
        if limit_w is not None:
            seconds /= kept(self.workload.limited_by, limit_w / self.chip.tdp_w)
        held, cards = self.copy_of(count)
        if held == "outside":
            seconds *= scaling_model().offload_slowdown
        if count == 1 or link is None:
            return Speed(1 / seconds, held)
        if held == "together" and self.workload.need.sharding == "split":
            return self._split(seconds, count, cards, link)
        exchange = self._exchange(cards)
        share = scaling_model().efficiency(exchange, count, link, self.chip, seconds)
        return Speed(count * share / seconds, held, cards)

    def _exchange(self, cards: int) -> Exchange:
        stated = self.workload.cards
        if stated.kind != "data-parallel":
            return Exchange(kind="replicas")
        if cards == 1:
            return Exchange(kind="data-parallel", units=self._step_units, mb=stated.mb)
        units = self.workload.units_in_step(self.chip.vram_gb, cards)
        gathered = stated.mb if stated.sharded_mb is None else stated.sharded_mb
        return Exchange(kind="data-parallel", units=units, mb=gathered)

    def _split(self, seconds: float, count: int, cards: int, link: Link) -> Speed:
        """As many groups of cards as there are copies, each with its layers on several cards."""
        model, groups = scaling_model(), count // cards
        layers = Exchange(kind="layer-split")
        share = model.efficiency(layers, cards, link, self.chip, seconds)
        copies = Exchange(kind="replicas")
        among = model.efficiency(copies, groups, link, self.chip, seconds) if groups > 1 else 1.0
        return Speed(groups * among * cards * share / seconds, "together", cards)


def fed(workload: Workload, cores: int | None) -> float:
    """The most units per second that so many CPU cores prepare; infinite where that takes no time
    to speak of. ``None`` for the cores: as many as it takes."""
    if workload.input is None or workload.input.cpu_core_us is None or cores is None:
        return math.inf
    return cores * 1e6 / workload.input.cpu_core_us


def read_in(workload: Workload, read_mb_s: int | None) -> float:
    """The most units per second that drives deliver from a data set on them; infinite where next
    to nothing is read. ``None`` for the drives: the data are in memory."""
    if workload.input is None or not workload.input.read_bytes or read_mb_s is None:
        return math.inf
    return read_mb_s * 1e6 / workload.input.read_bytes


class Scorer:
    """The score of cards in a mix: the weighted geometric mean of throughput relative to one
    reference card that gets all the data it can take, times 1,000."""

    def __init__(self, mix: Mix, reference: GpuChip) -> None:
        self._mix = mix
        self._reference = reference
        self._chips: dict[str, tuple[ChipSpeed, ...]] = {}

    @cached_property
    def _weights(self) -> tuple[tuple[Workload, int], ...]:
        return self._mix.workloads

    @cached_property
    def _base(self) -> tuple[float, ...]:
        """What the reference card does of each workload."""
        speeds = (speed.speed(1, None) for speed in self.chip(self._reference))
        return tuple(speed.per_second for speed in speeds if speed is not None)

    def chip(self, chip: GpuChip) -> tuple[ChipSpeed, ...]:
        """Every workload of the mix on a chip."""
        if chip.id not in self._chips:
            self._chips[chip.id] = tuple(ChipSpeed(workload, chip) for workload, _ in self._weights)
        return self._chips[chip.id]

    def speeds(
        self, chip: GpuChip, count: int, link: Link | None, limit_w: int | None = None
    ) -> tuple[Speed, ...] | None:
        """What equal cards do of every workload, with all the data they can take; ``None``: the
        link is not known."""
        found = tuple(speed.speed(count, link, limit_w) for speed in self.chip(chip))
        return None if None in found else found  # type: ignore[return-value]

    def score(self, rates: Iterable[float], cores: int | None = None) -> int:
        """The score of units per second of every workload, with so many CPU cores."""
        total, log_sum = 0, 0.0
        for (workload, weight), rate, base in zip(self._weights, rates, self._base, strict=True):
            log_sum += weight * math.log(min(rate, fed(workload, cores)) / base)
            total += weight
        return round(SCORE_OF_REFERENCE * math.exp(log_sum / total))

    def feeds(self, rates: Iterable[float], cores: int) -> bool:
        """Whether so many CPU cores prepare the data for these rates of every workload."""
        return all(
            rate <= fed(workload, cores)
            for (workload, _), rate in zip(self._weights, rates, strict=True)
        )

    @cached_property
    def fed_by_cpu(self) -> bool:
        """Whether the CPU's cores may limit any workload of the mix."""
        return any(workload.input and workload.input.cpu_core_us for workload, _ in self._weights)


def error_median_pct(workload: Workload, cards: int) -> int:
    """Median error in per cent of a prediction for cards that the model was not fitted to; of
    several cards, with the error of their scaling beside it."""
    alone = error(workload.rate.group).median_pct
    several = scaling_model().errors.get(workload.cards.kind) if cards > 1 else None
    return round(math.hypot(alone, several.median_pct if several else 0))
