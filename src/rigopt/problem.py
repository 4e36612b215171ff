"""A request made ready for a solver: options per kind, rules in force, the score of GPU sets.

Solver-free: the oracle of the tests enumerates the same problem with the checker alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.parts import (
    KINDS,
    REQUIRED_KINDS,
    Case,
    Cpu,
    Drive,
    GpuCard,
    MemoryKit,
    Motherboard,
    NvlinkBridge,
    Part,
)
from rigopt.placement import Topology, topology_of
from rigopt.request import Request
from rigopt.rules.base import Rule
from rigopt.rules.nvlink import span_of
from rigopt.rules.standard import RULES
from rigopt.rules.wishes import wishes_of
from rigopt.seating import Cards, CpuLanes, cards_of, cooled, crowded, lanes_of
from rigopt.throughput import Link, score
from rigopt.world import World

MANY_MODELS = frozenset({"storage"})
"""Kinds of which a build may mix models; of the others it has one model (or none)."""
MAX_DRIVES_OF_A_MODEL = 4


class Wiring(NamedTuple):
    """How the slots of several cards are wired, whatever the cards."""

    ways: tuple[tuple[int, int], ...]
    """PCIe generation and lanes of every card's slot, sorted."""
    crowded: bool
    """Whether open-air cards sit with no free row between them."""
    nvlink: bool
    """Whether a bridge joins them: then there are two."""


@dataclass(frozen=True)
class Problem:
    """What to choose from and what must hold."""

    world: World
    rules: tuple[Rule, ...]
    required: tuple[str, ...] = REQUIRED_KINDS
    given: tuple[Line, ...] | None = None
    """The only options there are; ``None``: whatever the market and the owned parts offer."""

    @staticmethod
    def of(request: Request, catalog: Catalog) -> Problem:
        """The problem that a request poses.

        Raises:
            InputError: if the request names something that is not known.
        """
        request = _with_ids(request, catalog)
        world = World.of(request, catalog)
        return Problem(world, (*wishes_of(request), *RULES))

    @property
    def request(self) -> Request:
        """The request behind it."""
        return self.world.request

    @cached_property
    def options(self) -> dict[str, tuple[Line, ...]]:
        """Per kind every part and quantity that may be chosen, sorted by id and quantity.

        A part is an option if it can be bought in a condition asked for, or is owned.
        """
        if self.given is not None:
            return {kind: tuple(line for line in self.given if line.kind == kind) for kind in KINDS}
        return {kind: tuple(self._options(kind)) for kind in KINDS}

    def _options(self, kind: str) -> Iterator[Line]:
        owned = {item.part: item.quantity for item in self.request.own}
        for part in self.world.catalog.of_kind(kind):
            price = self.world.market.offer(part.id, self.request.conditions)
            mine = owned.get(part.id, 0)
            most = self._most(part, mine)
            if price is None:
                most = min(most, mine)
            for quantity in range(1, most + 1):
                yield Line(part, quantity, min(mine, quantity), price)

    def _most(self, part: Part, owned: int) -> int:
        match part:
            case GpuCard():
                return self.request.max_gpus
            case MemoryKit():
                modules = part.modules or 1
                return max(1, self._memory_slots // modules)
            case Drive():
                return max(MAX_DRIVES_OF_A_MODEL, owned)
            case NvlinkBridge():
                return self.request.max_gpus // 2 * part.per_pair
            case _:
                return self._cpu_sockets if isinstance(part, Cpu) else 1

    @cached_property
    def _memory_slots(self) -> int:
        return max((b.memory_slots or 0 for b in self.world.catalog.boards), default=0)

    @cached_property
    def _cpu_sockets(self) -> int:
        return max((b.cpu_sockets for b in self.world.catalog.boards), default=1)

    # --- the objective ----------------------------------------------------------------------

    def wiring(
        self, board: Topology, cpu: CpuLanes, cpu_gen: int, cards: Cards, rows: int, span: int
    ) -> Wiring | None:
        """How several cards are wired as a builder would seat them.

        ``span``: the slots that a bridge joins, if two cards have one; else 0. ``None`` for one
        card (nothing to wire), or when they cannot be seated so.
        """
        count = len(cards.bodies)
        if count == 1 or board.socket != cpu.socket:
            return None
        bridged = span > 0 and count == 2
        fits = [
            placement
            for placement in cooled(board, cpu, cards, rows, self.world.min_gpu_lanes)
            if not bridged or placement.distances == (span,)
        ]
        if not fits:
            return None
        ways = sorted(zip(fits[0].gens(cpu_gen), fits[0].lanes, strict=True))
        return Wiring(tuple(ways), crowded(fits[0], cards) > 1, bridged)

    def link(self, gpu: Line, wiring: Wiring | None) -> Link | None:
        """The link of equal cards under a wiring; ``None`` without one."""
        if wiring is None:
            return None
        assert isinstance(gpu.part, GpuCard)
        most = self.world.chip(gpu.part).pcie_gen
        gen, lanes = min(
            ((min(gen, most), lanes) for gen, lanes in wiring.ways), key=lambda w: w[1] << w[0]
        )
        return Link(pcie_gen=gen, lanes=lanes, nvlink=wiring.nvlink, crowded=wiring.crowded)

    def score(self, gpu: Line, link: Link | None) -> int | None:
        """The score of a line of cards, 1,000 being the reference; ``None``: not predictable."""
        assert isinstance(gpu.part, GpuCard)
        key = gpu.part.chip, gpu.quantity, link
        if key not in self._scores:
            chip = self.world.chip(gpu.part)
            self._scores[key] = score(
                self.world.mix, chip, gpu.quantity, link, self.world.reference
            )
        return self._scores[key]

    @cached_property
    def _scores(self) -> dict[tuple[str, int, Link | None], int | None]:
        return {}

    def wiring_of(self, build: Build) -> Wiring | None:
        """The wiring of a build with one board, CPU model and case; ``None`` if there is none."""
        lines = [build.of_kind(kind) for kind in ("motherboard", "cpu", "case")]
        if any(len(found) != 1 for found in lines):
            return None
        (board,), (cpu,), (case,) = lines
        assert isinstance(board.part, Motherboard) and isinstance(case.part, Case)
        assert isinstance(cpu.part, Cpu)
        topology = topology_of(board.part)
        lanes = lanes_of(cpu, self.world.catalog.lane_thresholds)
        cards = cards_of(build.of_kind("gpu"), self.world.chip)
        gen, rows = cpu.part.pcie_gen, case.part.expansion_slots
        if topology is None or lanes is None or not cards or gen is None or rows is None:
            return None
        spans = [span_of(line, self.world) for line in build.of_kind("nvlink_bridge")]
        return self.wiring(topology, lanes, gen, cards, rows, max(spans, default=0))

    def link_of(self, build: Build) -> Link | None:
        """The link of the first model of cards in a build."""
        gpus = build.of_kind("gpu")
        if not gpus:
            return None
        return self.link(gpus[0], self.wiring_of(build))

    def score_of(self, build: Build) -> int | None:
        """The score of a build; of mixed cards, the sum of their scores.

        ``None`` when there is no card or one of them cannot be predicted.
        """
        wiring = self.wiring_of(build)
        points = [self.score(gpu, self.link(gpu, wiring)) for gpu in build.of_kind("gpu")]
        return None if not points or None in points else sum(p for p in points if p is not None)


def _with_ids(request: Request, catalog: Catalog) -> Request:
    """The request with every part called by its id, whatever it was called."""

    def named(name: str, where: str) -> str:
        if name in catalog.parts or name in catalog.chips:
            return name
        return catalog.resolve(name, where=where).id

    changes = {
        "with_parts": tuple(named(name, "with_parts") for name in request.with_parts),
        "without_parts": tuple(named(name, "without_parts") for name in request.without_parts),
        "own": tuple(
            owned.model_copy(update={"part": named(owned.part, "own")}) for owned in request.own
        ),
    }
    if all(getattr(request, field) == value for field, value in changes.items()):
        return request
    return request.replace(**changes)


def rank_of(line: Line) -> int:
    """A fixed number below 2^30 for a part and quantity: it breaks ties the same way whatever
    the order of rows and whatever parts are added."""
    digest = hashlib.sha256(f"{line.part.id}\0{line.quantity}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 2
