"""Watts, plugs and the wall."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rigopt.build import Line
from rigopt.draw import card_limit_w, line_draw_w, line_peak_w, supply_w
from rigopt.parts import KINDS, GpuCard, Motherboard, PowerSupply
from rigopt.rules.base import ABSENT, Key, Rule, Verdict
from rigopt.rules.chassis import beside_the_cage
from rigopt.rules.operands import Operand, fact, joint
from rigopt.rules.seats import cabled_sata
from rigopt.rules.shapes import (
    Balance,
    Relation,
    Term,
    decide,
    each,
    hundredfold,
    match,
    scaled,
    within,
)
from rigopt.world import World

POWERED = tuple(kind for kind in KINDS if kind != "psu")


def _psu(line: Line) -> PowerSupply:
    assert isinstance(line.part, PowerSupply)
    return line.part


_DRAW_WITH_MARGIN = scaled(line_draw_w, lambda world: world.profile.psu_margin_pct)

PSU_WATTAGE = Rule(
    "psu-wattage",
    "the supply delivers the sustained draw with the profile's margin",
    (
        Balance(
            "power with margin",
            "W",
            demand=tuple(Term(kind, _DRAW_WITH_MARGIN, "power draw") for kind in POWERED),
            supply=(Term("psu", hundredfold(supply_w), "watts"),),
            words="draw with margin {demand} W {sign} {supply} W of {psu} on this circuit",
            scale=100,
        ),
    ),
    "choose a stronger supply, or a profile with less margin",
)


def ride_out_w(line: Line, world: World) -> int | None:
    """Watts that a line of supplies rides out in a peak; ``None``: a fact is unknown."""
    psu, watts = _psu(line), supply_w(line, world)
    if watts is None or psu.atx_version is None:
        return None
    version: str = psu.atx_version
    if version != "2.x" and psu.pcie_16pin == 0:
        version = "3.x without 16-pin"
    return watts * world.power.ride_out_pct[version] // 100


PSU_TRANSIENT = Rule(
    "psu-transient",
    "the supply rides out the peaks of the cards",
    (
        Balance(
            "transient peak",
            "W",
            demand=tuple(Term(kind, line_peak_w, "power draw") for kind in POWERED),
            supply=(Term("psu", ride_out_w, "watts or atx_version"),),
            words="peaks of {demand} W {sign} {supply} W that {psu} rides out",
        ),
    ),
    "choose a stronger supply or one made to ATX 3.x",
)

UNKNOWN_ADAPTER = -1

# --- plugs ------------------------------------------------------------------------------------


SLOT_POWER_FROM = 3
"""Cards from which a board's own power sockets are wanted: 75 W a slot is more than the two 12 V
pins of the 24-pin plug carry for three."""


def _sockets(lines: tuple[Line, ...], world: World) -> Key:
    """What the cards ask for: (8-pin, 6-pin, (shape, 8-pin plugs of its adapter, class of cable),
    ..., whether they are so many that the slots want power of their own)."""
    eight = six = 0
    special: list[tuple[str, int, int]] = []
    for line in lines:
        card = line.part
        assert isinstance(card, GpuCard)
        wanted = (card.pcie_8pin, card.pcie_6pin, card.pcie_16pin, card.eps_8pin)
        if any(count is None for count in wanted):
            return None
        n8, n6, n16, n_eps = (count or 0 for count in wanted)
        adapter = card.adapter_8pin if card.adapter_8pin is not None else UNKNOWN_ADAPTER
        eight += n8 * line.quantity
        six += n6 * line.quantity
        for shape, count in (("16-pin", n16), ("12-pin", card.pcie_12pin), ("EPS", n_eps)):
            cable = _class_of(line, world) if shape == "16-pin" else 0
            special += [(shape, adapter, cable)] * (count * line.quantity)
    many = sum(line.quantity for line in lines) >= SLOT_POWER_FROM
    return eight, six, tuple(sorted(special)), many


CABLES_W = (150, 300, 450, 600)
"""Classes of 16-pin cables."""


def _class_of(line: Line, world: World) -> int:
    """The class of cable that each 16-pin socket of a card wants."""
    card = line.part
    assert isinstance(card, GpuCard)
    watts = card_limit_w(line, world) / (card.pcie_16pin or 1)
    return next((cable for cable in CABLES_W if cable >= watts), CABLES_W[-1])


def _plugs(lines: tuple[Line, ...], _world: World) -> Key:
    """(8-pin, 16-pin, EPS, class of the 16-pin plugs)."""
    total, cable = [0, 0, 0], CABLES_W[-1]
    for line in lines:
        psu = _psu(line)
        cable = min(cable, psu.pcie_16pin_w or cable) if psu.pcie_16pin else cable
        plugs = (psu.pcie_8pin, psu.pcie_16pin, psu.eps_8pin)
        for place, count in enumerate(plugs):
            if count is None:
                return None
            total[place] += count * line.quantity
    return (*total, cable)


def _board_eps(line: Line, _world: World) -> Key:
    board = line.part
    assert isinstance(board, Motherboard)
    if board.eps_8pin is None:
        return None
    required = board.eps_8pin_required
    return BoardPlugs(
        eps=board.eps_8pin,
        eps_required=board.eps_8pin if required is None else required,
        slot_power=board.slot_power_8pin + board.slot_power_6pin,
    )


class BoardPlugs(NamedTuple):
    """The power sockets of a board, beside the 24-pin one."""

    eps: int = 0
    eps_required: int = 0
    slot_power: int = 0
    """PCIe sockets for the slots, 8-pin and 6-pin."""


class Feed(NamedTuple):
    """How the sockets of the cards are fed: native plugs first, adapters for the rest."""

    needed_8: int
    """8-pin plugs that are needed for sure."""
    adapted: int
    """Sockets fed by an adapter."""
    unfed: int
    """Sockets that no plug and no adapter feeds."""
    unknown: int
    """Sockets whose adapter is not known."""


def _feed(world: World, sockets: Key, plugs: Key, board: BoardPlugs) -> Feed:
    eight, six, special, many = sockets
    _, plugs_16, plugs_eps, cable = plugs
    free = {"16-pin": plugs_16, "12-pin": 0, "EPS": max(0, plugs_eps - board.eps_required)}
    needed, adapted, unfed, unknown = eight + six, 0, 0, 0
    if many:
        needed += board.slot_power
    for shape, adapter, wants in sorted(special, key=lambda item: -item[1]):
        if free[shape] > 0 and wants <= cable:
            free[shape] -= 1
        elif adapter == 0 or not world.request.adapters:
            unfed += 1
        elif adapter == UNKNOWN_ADAPTER:
            unknown += 1
        else:
            needed += adapter
            adapted += 1
    return Feed(needed, adapted, unfed, unknown)


def _plug_verdict(world: World, sockets: Key, plugs: Key, board: BoardPlugs) -> Verdict:
    if sockets[:3] == (0, 0, ()) and not (sockets[3] and board.slot_power):
        return Verdict.NOT_APPLICABLE
    feed = _feed(world, sockets, plugs, board)
    if feed.unfed or feed.needed_8 > plugs[0]:
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if feed.unknown else Verdict.OK


def _plug_words(world: World, sockets: Key, plugs: Key, board: BoardPlugs) -> str:
    eight, six, special, many = sockets
    shapes = ("16-pin", "12-pin", "EPS")
    asked = [
        f"{count} {name}"
        for name, count in (
            ("8-pin", eight),
            ("6-pin", six),
            *((shape, sum(s == shape for s, _, _ in special)) for shape in shapes),
        )
        if count
    ]
    slots = board.slot_power if many else 0
    if not asked and not slots:
        return "the cards need no power plug"
    feed = _feed(world, sockets, plugs, board)
    text = f"the cards have {' + '.join(asked) or 'no'} sockets"
    text += f", {{motherboard}} has {slots} for its slots" if slots else ""
    rated = f" of {plugs[3]} W" if plugs[1] and plugs[3] < CABLES_W[-1] else ""
    spare = max(0, plugs[2] - board.eps_required)
    have = f"{plugs[0]} 8-pin, {plugs[1]} 16-pin{rated}, {spare} spare EPS"
    if feed.unfed:
        why = "no adapter" if world.request.adapters else "adapters are not allowed"
        return f"{text}, {feed.unfed} of them without a plug ({why}); {{psu}} has {have}"
    if feed.unknown:
        return f"{text}; not known: the adapter in the box of {{gpu}}; {{psu}} has {have}"
    sign = "≤" if feed.needed_8 <= plugs[0] else ">"
    through = f" ({feed.adapted} by adapter)" if feed.adapted else ""
    return f"{text}{through}: {feed.needed_8} 8-pin plugs {sign} {plugs[0]}; {{psu}} has {have}"


def _eps_verdict(_world: World, board: BoardPlugs, plugs: Key) -> Verdict:
    if plugs[2] < board.eps_required:
        return Verdict.VIOLATED
    return Verdict.OK if plugs[2] >= board.eps else Verdict.WARNING


PLUGS = joint("psu", _plugs, "plugs")


PSU_CONNECTORS = Rule(
    "psu-connectors",
    "there is a plug for every power socket of the cards and the board",
    (
        Relation(
            (
                joint("gpu", _sockets, "power sockets"),
                PLUGS,
                Operand("motherboard", _board_eps, "eps_8pin", absent=BoardPlugs(), optional=True),
            ),
            _plug_verdict,
            _plug_words,
        ),
        Relation(
            (Operand("motherboard", _board_eps, "eps_8pin"), PLUGS),
            _eps_verdict,
            lambda _world, board, plugs: (
                f"{{motherboard}} has {board.eps} EPS sockets, {board.eps_required} of them "
                f"required; {{psu}} has {plugs[2]} EPS plugs"
            ),
        ),
    ),
    "choose a supply with more plugs, or allow adapters",
)


PSU_SATA = Rule(
    "psu-sata",
    "there is a SATA power plug for every SATA drive",
    (
        Balance(
            "SATA power plugs",
            "plugs",
            demand=(Term("storage", cabled_sata, "form or protocol"),),
            supply=(Term("psu", each(lambda psu: psu.sata_plugs), "sata_plugs"),),
            words="{demand} SATA drives {sign} {supply} SATA power plugs of {psu}",
        ),
    ),
    "choose a supply with more SATA plugs or fewer SATA drives",
)


PSU_FIT = Rule(
    "psu-fit",
    "the case takes a supply of that form and length",
    (
        match(
            fact("psu", "form_factor"),
            fact("case", "psu_form_factors"),
            lambda form, forms: form in forms,
            "{psu} is {0}; {case} takes {1}",
        ),
        within(
            fact("psu", "length_mm"),
            fact("case", "psu_length_max_mm"),
            "supply length",
            "in {case}",
        ),
        beside_the_cage("psu", "psu_length_caged_mm", "supply length"),
        Balance(
            "supplies",
            "supplies",
            demand=(Term("psu", lambda line, _w: line.quantity),),
            supply=(Term("case", each(lambda case: case.psu_count)),),
            words="{demand} supplies {sign} {supply} places in {case}",
        ),
    ),
    "choose a smaller supply or another case",
)


def at_the_wall(limit_w: Callable[[World, int], int], words: str) -> Balance:
    """The sustained draw, through the supplies at their actual load, is at most a limit.

    ``limit_w(world, supplies)``: watts at the wall. Several supplies share the load by rating.
    """

    def room(lines: tuple[Line, ...], world: World) -> int | None:
        ratings = [supply_w(line, world) for line in lines]
        labels = [_psu(line).efficiency for line in lines]
        if None in ratings or None in labels:
            return None
        total = sum(rating or 0 for rating in ratings)
        limit = limit_w(world, sum(line.quantity for line in lines))
        return sum(
            world.power.most_draw_w(label, world.circuit.volts, rating, limit * rating // total)
            for rating, label in zip(ratings, labels, strict=True)
            if rating and label
        )

    return Balance(
        "draw",
        "W",
        demand=tuple(Term(kind, line_draw_w, "power draw") for kind in POWERED),
        supply=(
            Term("psu", lambda line, world: room((line,), world), "watts or efficiency", room),
        ),
        words=f"sustained draw {{demand}} W {{sign}} {{supply}} W {words} through {{psu}}",
    )


def _circuits_w(world: World, supplies: int) -> int:
    """Watts that equal supplies may take together: the fullest circuit sets the limit."""
    circuits = min(world.request.circuits, supplies)
    on_the_fullest = -(-supplies // circuits)
    return world.circuit.continuous_w * supplies // on_the_fullest


WALL_CIRCUIT = Rule(
    "wall-circuit",
    "the wall circuit carries the rig at full load without end",
    (at_the_wall(_circuits_w, "that the wall gives"),),
    "choose fewer or thriftier cards, a --power-limit, or a stronger --circuit",
)


def _count(lines: tuple[Line, ...], _world: World) -> int:
    return sum(line.quantity for line in lines)


def _cap(line: Line, world: World) -> Key:
    """(cap, lowest that the card takes); absent without a cap."""
    assert isinstance(line.part, GpuCard)
    if line.power_limit_w is None:
        return ABSENT
    least = world.chip(line.part).power_limit_min_w
    return None if least is None else (line.power_limit_w, least)


POWER_CAP = Rule(
    "power-cap",
    "a card takes the power limit that is chosen for it",
    (
        Relation(
            (Operand("gpu", _cap, "lowest power limit"),),
            lambda _world, cap: Verdict.WARNING if cap is None else decide(cap[0] >= cap[1]),
            lambda _world, cap: (
                "the lowest power limit of {gpu} is not known: try it"
                if cap is None
                else f"{cap[0]} W {'≥' if cap[0] >= cap[1] else '<'} {cap[1]} W, the lowest limit "
                "that {gpu} takes"
            ),
            sees_unknown=True,
        ),
    ),
    "choose a higher power limit",
)


PSU_PAIR = Rule(
    "psu-pair",
    "several supplies start and stop together",
    (
        Relation(
            (joint("psu", _count),),
            lambda _world, count: Verdict.NOT_APPLICABLE if count == 1 else Verdict.VIOLATED,
            lambda _world, count: (
                f"{count} supplies want an adapter that starts them together, and each card its "
                "cables and its riser from one of them"
                if count > 1
                else "one supply"
            ),
        ),
    ),
    "add an adapter that starts the second supply with the first",
    hard=False,
)

POWER_RULES = (
    PSU_WATTAGE,
    PSU_TRANSIENT,
    PSU_CONNECTORS,
    PSU_SATA,
    PSU_FIT,
    PSU_PAIR,
    POWER_CAP,
    WALL_CIRCUIT,
)
