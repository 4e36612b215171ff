"""What cards do by themselves, side by side: throughput, memory, watts, price."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rigopt.catalog import Catalog
from rigopt.checking import link_text, rate_of
from rigopt.errors import InputError, nearest
from rigopt.markets import Condition, Price
from rigopt.outcome import WorkloadRate
from rigopt.parts import Fact, GpuCard, GpuChip
from rigopt.request import Request
from rigopt.scaling import Link
from rigopt.throughput import Scorer
from rigopt.units import format_money
from rigopt.world import World


class CardFigures(Fact):
    """One card or several equal ones, with as many CPU cores as they want."""

    name: str
    chip: str
    count: int
    link: str | None
    """How several cards reach each other."""
    vram_gb: int
    """Of each card."""
    watts: int
    """Power limits of all of them."""
    score: int
    """Throughput of the mix relative to the reference card, which has 1,000."""
    throughput: tuple[WorkloadRate, ...]
    price_cents: int | None
    """Of all of them; ``None``: none of them is sold in this market."""
    condition: Condition | None
    price_of: str | None
    """The card that is the cheapest with this chip."""
    score_per_1000: int | None
    """Points for 1,000 units of the currency."""


class Comparison(Fact):
    """Several cards under the same request."""

    mix: str
    market: str
    currency: str
    cards: tuple[CardFigures, ...]


_LINK = re.compile(r"(?:pcie)?\s*([2-6])(?:\.0)?\s*x\s*(16|8|4|2|1)", re.IGNORECASE | re.ASCII)


def parse_link(text: str, *, where: str) -> Link:
    """A link such as ``"4x8"``, ``"PCIe 4.0 x16"``, ``"4x16+nvlink"``.

    Raises:
        InputError: if it is none.
    """
    wire, plus, bridge = text.partition("+")
    match = _LINK.fullmatch(wire.strip())
    if match is None or (plus and bridge.strip().casefold() != "nvlink"):
        raise InputError(
            f"{text[:40]!r} is no link", where=where, mend="write 4x8, PCIe 5.0 x16 or 4x16+nvlink"
        )
    return Link(pcie_gen=int(match[1]), lanes=int(match[2]), nvlink=bool(plus))


def compare_cards(
    names: Sequence[str],
    request: Request | None = None,
    *,
    catalog: Catalog | None = None,
    count: int = 1,
    link: Link | None = None,
) -> Comparison:
    """What cards do, each by itself or ``count`` of a kind together.

    Args:
        names: cards or chips, by id, name or part number.
        request: its market, condition, workload and power limit count; default: the usual ones.
        link: how several cards reach each other; default: 16 lanes of the chip's generation.

    Raises:
        InputError: if a name is not known, or NVLink is asked for where there is none.
    """
    request, catalog = request or Request(), catalog or Catalog.load()
    world = World.of(request, catalog)
    scorer = Scorer(world.mix, world.reference)
    cards = [_figures(name, world, scorer, count, link) for name in names]
    info = world.market.info
    return Comparison(
        mix=world.mix.name, market=info.id, currency=info.currency, cards=tuple(cards)
    )


def _figures(name: str, world: World, scorer: Scorer, count: int, link: Link | None) -> CardFigures:
    card, chip = _named(name, world.catalog)
    if link is not None and link.nvlink and chip.nvlink == "none":
        raise InputError(f"{chip.name} has no NVLink", where="--link", mend="leave +nvlink out")
    used = None
    if count > 1:
        used = link or Link(pcie_gen=chip.pcie_gen, lanes=chip.pcie_lanes)
    limit = world.request.power_limit
    tdp = chip.tdp_w if card is None else world.tdp_w(card)
    watts = (
        tdp if not isinstance(limit, int) else max(tdp * limit // 100, chip.power_limit_min_w or 0)
    )
    capped = watts if watts < tdp else None
    speeds = scorer.speeds(chip, count, used, capped)
    assert speeds is not None
    score = scorer.score(speed.per_second for speed in speeds)
    offer, sold = _cheapest(card, chip, world)
    price = None if offer is None else count * offer.price_cents
    return CardFigures(
        name=chip.name if card is None else card.name,
        chip=chip.id,
        count=count,
        link=link_text(used),
        vram_gb=chip.vram_gb,
        watts=count * watts,
        score=score,
        throughput=tuple(
            rate_of(workload, (speed,), count)
            for (workload, _), speed in zip(world.mix.workloads, speeds, strict=True)
        ),
        price_cents=price,
        condition=None if offer is None else offer.condition,
        price_of=None if sold is None else sold.name,
        score_per_1000=None if not price else round(score * 100_000 / price),
    )


def _named(name: str, catalog: Catalog) -> tuple[GpuCard | None, GpuChip]:
    """A card with its chip, or a chip alone; a chip may be named without vendor and family."""
    wanted = name.strip().casefold().replace(" ", "-")
    for chip in catalog.chips.values():
        if wanted in (chip.id, chip.name.casefold().replace(" ", "-")):
            return None, chip
    families = [chip for key, chip in catalog.chips.items() if key.endswith(f"-{wanted}")]
    if len(families) == 1:
        return None, families[0]
    found = catalog.find(name, kinds=("gpu",))
    if not found:
        known = [*catalog.chips, *(card.id for card in catalog.of_kind("gpu"))]
        raise InputError(
            f"no GPU is called {name[:60]!r}", where="GPU", mend=nearest(wanted, known)
        )
    card = catalog.resolve(name, kinds=("gpu",), where="GPU")
    assert isinstance(card, GpuCard)
    return card, catalog.chip_of(card)


def _cheapest(
    card: GpuCard | None, chip: GpuChip, world: World
) -> tuple[Price | None, GpuCard | None]:
    """The cheapest offer of a card, or of any card with a chip."""
    cards = [card] if card is not None else world.catalog.of_kind("gpu")
    offers = [
        (offer, sold)
        for sold in cards
        if isinstance(sold, GpuCard) and sold.chip == chip.id
        if (offer := world.market.offer(sold.id, world.request.conditions)) is not None
    ]
    return min(offers, key=lambda o: (o[0].price_cents, o[1].id), default=(None, None))


def price_words(figures: CardFigures, currency: str) -> str:
    """A price with its condition, or that there is none."""
    if figures.price_cents is None:
        return "not sold"
    return f"{format_money(figures.price_cents, currency)} {figures.condition}"
