"""Plugs: a power cable for every socket of cards, board and drives."""

from __future__ import annotations

from typing import NamedTuple

from rigopt.build import Line
from rigopt.draw import card_limit_w
from rigopt.parts import GpuCard, Motherboard, PowerSupply
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.operands import Operand, joint
from rigopt.rules.seats import cabled_sata
from rigopt.rules.shapes import Balance, Relation, Term, each
from rigopt.world import World

UNKNOWN_ADAPTER = -1


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
        psu = line.part
        assert isinstance(psu, PowerSupply)
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


PLUG_RULES = (PSU_CONNECTORS, PSU_SATA)
