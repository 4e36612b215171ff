"""A request made ready for a solver: options per kind, rules in force, the score of GPU sets.

Solver-free: the oracle of the tests enumerates the same problem with the checker alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rigopt.build import Build, Line
from rigopt.catalog import Catalog
from rigopt.common import Common, common_to
from rigopt.draw import capped
from rigopt.layout import Layout
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
    PowerSupply,
    Riser,
)
from rigopt.request import Request
from rigopt.rules.base import Rule
from rigopt.rules.nvlink import SPAN, span_of
from rigopt.rules.operands import Operand
from rigopt.rules.seats import CARDS, LANES, LAYOUT, ROOM, chosen, seats_of
from rigopt.rules.shapes import Balance
from rigopt.rules.sizing import cores
from rigopt.rules.standard import RULES
from rigopt.rules.wishes import wishes_of
from rigopt.scaling import Link
from rigopt.seating import Cards, CpuLanes, Room, crowded
from rigopt.throughput import Scorer, Speed
from rigopt.units import known_sum
from rigopt.world import World

MANY_MODELS = frozenset({"storage"})
"""Kinds of which a build may mix models; of the others it has one model (or none)."""
ON_REQUEST = frozenset({"fan", "network", "riser", "os"})
"""Kinds that no rule of a working rig asks for: they are options only where a wish does."""
BEST_LINK = Link(pcie_gen=6, lanes=16, nvlink=True)
"""No rig joins its cards better."""
POWER_LIMITS_PCT = (100, 90, 80, 70, 60, 50)
"""Caps to choose from, in per cent of a card's limit."""


LINKS = Operand(
    "cpu",
    lambda line, world: (LANES.key(line, world), getattr(line.part, "pcie_gen", None)),
    "pcie_lanes or pcie_gen",
)
"""What of a CPU decides how cards are wired: its lanes and its PCIe generation."""
SCORED = (LAYOUT, LINKS, CARDS, ROOM, SPAN)
"""What the score of several cards reads beside their chip."""


ScoreKey = tuple[str, int, int | None]
"""What the score reads of a line of cards: chip, number and cap."""


class Wiring(NamedTuple):
    """How the slots of several cards are wired, whatever the cards."""

    ways: tuple[tuple[int, int], ...]
    """PCIe generation and lanes of every card's slot, sorted."""
    crowded: bool
    """Whether open-air cards sit with no free row between them."""
    nvlink: bool
    """Whether a bridge joins them: then there are two."""
    through_cpu: bool
    """Whether no card hangs on the chipset."""


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
        with self.common.lock:
            if not self.common.options:
                self.common.options = {kind: tuple(self._options(kind)) for kind in KINDS}
            return self.common.options

    @cached_property
    def common(self) -> Common:
        """What it has in common with problems that differ in wishes only; if its options are
        given, with none."""
        if self.given is not None or self.required != REQUIRED_KINDS:
            return Common()
        beside = self.world.most_drives, sorted(self._kinds_asked_for)
        return common_to(self.request, self.world.catalog, beside)

    def _options(self, kind: str) -> Iterator[Line]:
        owned = {item.part: item.quantity for item in self.request.own}
        if kind in ON_REQUEST and kind not in self._kinds_asked_for:
            return
        for part in self.world.catalog.of_kind(kind):
            if not self._offered(part, owned):
                continue
            price = self.world.market.offer(part.id, self.request.conditions)
            mine = owned.get(part.id, 0)
            most = self._most(part, mine)
            if price is None:
                most = min(most, mine)
            for quantity in range(1, most + 1):
                line = Line(part, quantity, min(mine, quantity), price)
                yield from self._capped(line) if isinstance(part, GpuCard) else (line,)

    @cached_property
    def _kinds_asked_for(self) -> frozenset[str]:
        """Kinds of which some part would help with a wish (or an open frame)."""
        statements = [s for rule in self.rules if rule.flag for s in rule.statements]
        asked = {
            term.kind
            for statement in statements
            if isinstance(statement, Balance)
            for term in statement.supply
            if term.kind in ON_REQUEST
            and any(
                term.value(Line(part), self.world) != 0
                for part in self.world.catalog.of_kind(term.kind)
            )
        }
        return frozenset(asked | ({"riser"} if self.request.open_frame else set()))

    def _offered(self, part: Part, owned: Collection[str]) -> bool:
        """Whether a part may be an option at all: open frames and parts whose facts nobody has
        checked only where they are asked for."""
        frame = isinstance(part, Case) and part.open_frame and not self.request.open_frame
        if not frame and (self.request.unverified or not part.unverified):
            return True
        return part.id in owned or part.id in self.request.with_parts

    def _capped(self, line: Line) -> Iterator[Line]:
        """A line of cards under every power limit that may be chosen."""
        asked = self.request.power_limit
        offered: set[int | None] = set()
        for pct in POWER_LIMITS_PCT if asked == "auto" else (asked or 100,):
            option = capped(line, pct, self.world)
            if option.power_limit_w not in offered:
                offered.add(option.power_limit_w)
                yield option

    def _most(self, part: Part, owned: int) -> int:
        match part:
            case GpuCard():
                return self.request.max_gpus
            case MemoryKit():
                modules = part.modules or 1
                return max(1, self._memory_slots // modules)
            case Drive():
                return self.world.most_drives
            case NvlinkBridge():
                return self.request.max_gpus // 2 * part.per_pair
            case PowerSupply():
                return self.request.max_psus
            case Riser():
                return self.request.max_gpus
            case Cpu():
                return min(self._cpu_sockets, part.max_sockets or 1)
            case _:
                return 1

    @cached_property
    def _boards(self) -> tuple[Motherboard, ...]:
        """The boards that can be bought or are owned."""
        owned = {item.part for item in self.request.own}
        return tuple(
            board
            for board in self.world.catalog.boards
            if board.id in owned
            or self.world.market.offer(board.id, self.request.conditions) is not None
        )

    @cached_property
    def _memory_slots(self) -> int:
        return max((board.memory_slots or 0 for board in self._boards), default=0)

    @cached_property
    def _cpu_sockets(self) -> int:
        return max((board.cpu_sockets for board in self._boards), default=1)

    # --- the objective ----------------------------------------------------------------------

    def wiring(
        self, board: Layout, cpu: CpuLanes, cpu_gen: int, cards: Cards, room: Room, span: int
    ) -> Wiring | None:
        """How several cards are wired as a builder would seat them.

        ``span``: the slots that a bridge joins, if two cards have one; else 0. ``None`` for one
        card (nothing to wire), or when they cannot be seated so.
        """
        count = len(cards.bodies)
        if count == 1:
            return None
        found = chosen(board, cpu, cards, room, self.world.min_gpu_lanes, span)
        if found is None:
            return None
        ways = sorted(zip(found.gens(cpu_gen), found.lanes, strict=True))
        bridged = span > 0 and count == 2
        return Wiring(tuple(ways), crowded(found, cards) > 1, bridged, found.through_cpu)

    def link(self, gpu: Line, wiring: Wiring | None) -> Link | None:
        """The link of equal cards under a wiring; ``None`` without one."""
        if wiring is None:
            return None
        assert isinstance(gpu.part, GpuCard)
        most = self.world.chip(gpu.part).pcie_gen
        links, key = self.common.links, (most, wiring)
        if key not in links:
            gen, lanes = min(
                ((min(gen, most), lanes) for gen, lanes in wiring.ways), key=lambda w: w[1] << w[0]
            )
            links[key] = Link(
                pcie_gen=gen,
                lanes=lanes,
                nvlink=wiring.nvlink,
                through_cpu=wiring.through_cpu,
                crowded=wiring.crowded,
            )
        return links[key]

    @cached_property
    def scorer(self) -> Scorer:
        """What makes one number of the throughput of every workload."""
        return Scorer(self.world.mix, self.world.reference)

    def speeds(self, gpu: Line, link: Link | None) -> tuple[Speed, ...] | None:
        """What a line of cards does of every workload; ``None``: its link is not known."""
        assert isinstance(gpu.part, GpuCard)
        key = *self.score_key(gpu), link
        speeds = self.common.speeds
        if key not in speeds:
            chip = self.world.chip(gpu.part)
            speeds[key] = self.scorer.speeds(chip, gpu.quantity, link, gpu.power_limit_w)
        return speeds[key]

    def score(self, gpu: Line, link: Link | None, cores: int | None = None) -> int | None:
        """The score of a line of cards, 1,000 being the reference, fed by so many CPU cores;
        ``None``: not predictable."""
        speeds = self.speeds(gpu, link)
        if speeds is None:
            return None
        return self.scorer.score((speed.per_second for speed in speeds), cores)

    def most_points(self, gpu: Line, cores: int | None = None) -> int:
        """No build with this line of cards and so many CPU cores scores more: with the best link
        that there could be; ``None``: as many cores as it wants."""
        return self.score(gpu, None if gpu.quantity == 1 else BEST_LINK, cores) or 0

    def feeds(self, gpu: Line, cores: int) -> bool:
        """Whether more cores would give a line of cards nothing, whatever its link."""
        speeds = self.speeds(gpu, None if gpu.quantity == 1 else BEST_LINK)
        return speeds is None or self.scorer.feeds((s.per_second for s in speeds), cores)

    def broken(self, build: Build) -> Iterator[str]:
        """Ids of the rules of the search that a build does not keep, as the check says."""
        return (rule.id for rule in self.rules if rule.hard and not rule.admits(build, self.world))

    @staticmethod
    def score_key(gpu: Line) -> ScoreKey:
        """What the score reads of a line of cards."""
        assert isinstance(gpu.part, GpuCard)
        return gpu.part.chip, gpu.quantity, gpu.power_limit_w

    def wiring_of(self, build: Build) -> Wiring | None:
        """The wiring of a build with one board, CPU model and case; ``None`` if there is none."""
        keys, cpus = seats_of(build, self.world), build.of_kind("cpu")
        gen = cpus[0].part.pcie_gen if len(cpus) == 1 else None  # type: ignore[attr-defined]
        if keys is None or gen is None:
            return None
        board, lanes, cards, room = keys
        spans = [span_of(line, self.world) for line in build.of_kind("nvlink_bridge")]
        return self.wiring(board, lanes, gen, cards, room, max(spans, default=0))

    def link_of(self, build: Build) -> Link | None:
        """The link of the first model of cards in a build."""
        gpus = build.of_kind("gpu")
        if not gpus:
            return None
        return self.link(gpus[0], self.wiring_of(build))

    def score_of(self, build: Build) -> int | None:
        """The score of a build; mixed cards work side by side.

        ``None`` when there is no card, or one of them or the CPU's part cannot be predicted.
        """
        found = self.speeds_of(build)
        count = self.cores_of(build)
        if found is None or (self.scorer.fed_by_cpu and build.of_kind("cpu") and count is None):
            return None
        return self.scorer.score(map(sum, zip(*found_rates(found), strict=True)), count)

    def speeds_of(self, build: Build) -> list[tuple[Speed, ...]] | None:
        """For every line of cards what it does of every workload; ``None`` as for the score."""
        wiring = self.wiring_of(build)
        found = [self.speeds(gpu, self.link(gpu, wiring)) for gpu in build.of_kind("gpu")]
        return None if not found or None in found else found  # type: ignore[return-value]

    def cores_of(self, build: Build) -> int | None:
        """Cores of a build's CPUs; ``None``: not known, or no CPU is listed."""
        lines = build.of_kind("cpu")
        return known_sum(cores(line, self.world) for line in lines) if lines else None


def found_rates(found: Iterable[tuple[Speed, ...]]) -> list[list[float]]:
    """Units per second of every line and workload."""
    return [[speed.per_second for speed in speeds] for speeds in found]


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


RANK_BITS = 20


def rank_of(line: Line) -> int:
    """A fixed number of ``RANK_BITS`` bits for a part, a quantity and a power limit: it breaks ties
    the same way whatever the order of rows and whatever parts are added. Cards without a cap come
    first."""
    name = f"{line.part.id}\0{line.quantity}"
    if line.power_limit_w is not None:
        name += f"\0{line.power_limit_w}"
    half = 1 << (RANK_BITS - 1)
    rank = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % half
    return rank if line.power_limit_w is None else rank + half
