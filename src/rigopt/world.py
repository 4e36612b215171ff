"""All that rules may look at beside the build: the request and what it refers to."""

from __future__ import annotations

from dataclasses import dataclass

from rigopt import assumptions
from rigopt.assumptions import Circuit, Framework, MemorySpeed, Power, Profile, choose
from rigopt.catalog import Catalog
from rigopt.errors import InputError, nearest
from rigopt.markets import Market
from rigopt.parts import Drive, GpuCard, GpuChip
from rigopt.request import Request
from rigopt.verdict import Verdict
from rigopt.workloads import Mix, mix_named, reference_chip_id

DRIVES = 4
"""Drives that a rig is given at most, if the wishes do not want more."""


@dataclass(frozen=True, slots=True)
class World:
    """A request with everything its names stand for. Immutable, solver-free."""

    catalog: Catalog
    request: Request
    market: Market
    profile: Profile
    power: Power
    framework: Framework
    circuit: Circuit
    mix: Mix
    memory_speeds: tuple[MemorySpeed, ...]
    most_drives: int
    """Drives in one rig at most: a handful, or as many as are owned or the wishes want."""

    @staticmethod
    def of(request: Request, catalog: Catalog) -> World:
        """Look up every name of a request.

        Raises:
            InputError: if one is not known, with the nearest names.
        """
        market = market_of(request, catalog)
        power = assumptions.power()
        return World(
            catalog=catalog,
            request=request,
            market=market,
            profile=choose(assumptions.profiles(), request.profile, where="profile"),
            power=power,
            framework=choose(
                assumptions.frameworks(),
                request.framework or market.info.framework,
                where="framework",
            ),
            circuit=choose(power.circuits, request.circuit or market.info.circuit, where="circuit"),
            mix=mix_named(request.workload),
            memory_speeds=assumptions.memory_speeds(),
            most_drives=_most_drives(request, catalog),
        )

    def chip(self, card: GpuCard) -> GpuChip:
        """The chip on a card."""
        return self.catalog.chip_of(card)

    @property
    def reference(self) -> GpuChip:
        """The chip one card of which scores 1,000."""
        name = reference_chip_id()
        try:
            return self.catalog.chips[name]
        except KeyError:
            raise InputError(
                f"the reference chip {name} is not in the catalogue",
                where="models/mixes.toml",
                mend=nearest(name, self.catalog.chips),
            ) from None

    def tdp_w(self, card: GpuCard) -> int:
        """The card's power limit: its own, or its chip's."""
        return card.tdp_w if card.tdp_w is not None else self.chip(card).tdp_w

    @property
    def min_gpu_lanes(self) -> int:
        """PCIe lanes that every card must get."""
        return self.request.min_gpu_lanes or self.mix.min_gpu_lanes

    def admits(self, verdict: Verdict) -> bool:
        """Whether a build with this verdict may be offered."""
        if verdict is Verdict.UNKNOWN:
            return self.request.allow_unknown
        return verdict is not Verdict.VIOLATED


def _most_drives(request: Request, catalog: Catalog) -> int:
    drives = [part for part in catalog.of_kind("storage") if isinstance(part, Drive)]
    largest = max((drive.capacity_gb or 1 for drive in drives), default=1)
    wanted = request.min_storage_gb + (request.min_bulk_gb or 0) + (request.dataset_gb or 0)
    ids = {drive.id for drive in drives}
    owned = sum(item.quantity for item in request.own if item.part in ids)
    return max(DRIVES, owned, 1 - (-wanted // largest))


def market_of(request: Request, catalog: Catalog) -> Market:
    """The prices that hold for a request: of its day, in its currency.

    Raises:
        InputError: if the market is not known, or its prices cannot be put so.
    """
    market = catalog.market(request.market)
    if request.tax_bp and market.info.prices_include_tax:
        raise InputError(
            f"the prices of {market.info.title} include tax", where="--tax", mend="leave it out"
        )
    return catalog.market_on(request.market, request.as_of, request.exchange)
