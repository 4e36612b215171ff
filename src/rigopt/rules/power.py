"""Watts, plugs and the wall."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rigopt.build import Line
from rigopt.draw import line_draw_w, line_peak_w, supply_w
from rigopt.parts import KINDS, GpuCard, Motherboard, PowerSupply
from rigopt.rules.base import Key, Rule, Verdict
from rigopt.rules.shapes import (
    Balance,
    Operand,
    Relation,
    Term,
    each,
    fact,
    hundredfold,
    match,
    scaled,
    within,
)
from rigopt.rules.storage import cabled_sata
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


def _ride_out(line: Line, world: World) -> int | None:
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
            supply=(Term("psu", _ride_out, "watts or atx_version"),),
            words="peaks of {demand} W {sign} {supply} W that {psu} rides out",
        ),
    ),
    "choose a stronger supply or one made to ATX 3.x",
)

UNKNOWN_ADAPTER = -1

# --- plugs ------------------------------------------------------------------------------------


def _sockets(lines: tuple[Line, ...], _world: World) -> Key:
    """What the cards ask for: (8-pin, 6-pin, (shape, 8-pin plugs of its adapter), ...)."""
    eight = six = 0
    special: list[tuple[str, int]] = []
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
            special += [(shape, adapter)] * (count * line.quantity)
    return eight, six, tuple(sorted(special))


def _plugs(lines: tuple[Line, ...], _world: World) -> Key:
    total = [0, 0, 0]
    for line in lines:
        psu = _psu(line)
        plugs = (psu.pcie_8pin, psu.pcie_16pin, psu.eps_8pin)
        for place, count in enumerate(plugs):
            if count is None:
                return None
            total[place] += count * line.quantity
    return tuple(total)


def _board_eps(line: Line, _world: World) -> Key:
    board = line.part
    assert isinstance(board, Motherboard)
    if board.eps_8pin is None:
        return None
    required = board.eps_8pin_required
    return board.eps_8pin, board.eps_8pin if required is None else required


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


def _feed(world: World, sockets: Key, plugs: Key, board: Key) -> Feed:
    eight, six, special = sockets
    _, plugs_16, plugs_eps = plugs
    free = {"16-pin": plugs_16, "12-pin": 0, "EPS": max(0, plugs_eps - board[1])}
    needed, adapted, unfed, unknown = eight + six, 0, 0, 0
    for shape, adapter in sorted(special, key=lambda item: -item[1]):
        if free[shape] > 0:
            free[shape] -= 1
        elif adapter == 0 or not world.request.adapters:
            unfed += 1
        elif adapter == UNKNOWN_ADAPTER:
            unknown += 1
        else:
            needed += adapter
            adapted += 1
    return Feed(needed, adapted, unfed, unknown)


def _plug_verdict(world: World, sockets: Key, plugs: Key, board: Key) -> Verdict:
    if sockets == (0, 0, ()):
        return Verdict.NOT_APPLICABLE
    feed = _feed(world, sockets, plugs, board)
    if feed.unfed or feed.needed_8 > plugs[0]:
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if feed.unknown else Verdict.OK


def _plug_words(world: World, sockets: Key, plugs: Key, board: Key) -> str:
    eight, six, special = sockets
    shapes = ("16-pin", "12-pin", "EPS")
    asked = [
        f"{count} {name}"
        for name, count in (
            ("8-pin", eight),
            ("6-pin", six),
            *((shape, sum(s == shape for s, _ in special)) for shape in shapes),
        )
        if count
    ]
    if not asked:
        return "the cards need no power plug"
    feed = _feed(world, sockets, plugs, board)
    text = f"the cards have {' + '.join(asked)} sockets"
    have = f"{plugs[0]} 8-pin, {plugs[1]} 16-pin, {max(0, plugs[2] - board[1])} spare EPS"
    if feed.unfed:
        why = "no adapter" if world.request.adapters else "adapters are not allowed"
        return f"{text}, {feed.unfed} of them without a plug ({why}); {{psu}} has {have}"
    if feed.unknown:
        return f"{text}; not known: the adapter in the box of {{gpu}}; {{psu}} has {have}"
    sign = "≤" if feed.needed_8 <= plugs[0] else ">"
    through = f" ({feed.adapted} by adapter)" if feed.adapted else ""
    return f"{text}{through}: {feed.needed_8} 8-pin plugs {sign} {plugs[0]}; {{psu}} has {have}"


def _eps_verdict(_world: World, board: Key, plugs: Key) -> Verdict:
    most, required = board
    if plugs[2] < required:
        return Verdict.VIOLATED
    return Verdict.OK if plugs[2] >= most else Verdict.WARNING


PLUGS = Operand("psu", lambda line, world: _plugs((line,), world), "plugs", group=_plugs)


PSU_CONNECTORS = Rule(
    "psu-connectors",
    "there is a plug for every power socket of the cards and the board",
    (
        Relation(
            (
                Operand(
                    "gpu",
                    lambda line, world: _sockets((line,), world),
                    "power sockets",
                    group=_sockets,
                ),
                PLUGS,
                Operand("motherboard", _board_eps, "eps_8pin", absent=(0, 0), optional=True),
            ),
            _plug_verdict,
            _plug_words,
        ),
        Relation(
            (Operand("motherboard", _board_eps, "eps_8pin"), PLUGS),
            _eps_verdict,
            lambda _world, board, plugs: (
                f"{{motherboard}} has {board[0]} EPS sockets, {board[1]} of them required; "
                f"{{psu}} has {plugs[2]} EPS plugs"
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


def at_the_wall(limit_w: Callable[[World], int], words: str) -> Balance:
    """The sustained draw, through the supply, is at most a limit at the wall.

    Conservative: the supply's efficiency at half or full load counts, whichever is worse.
    """

    def room(line: Line, world: World) -> int | None:
        label = _psu(line).efficiency
        return (
            None if label is None else limit_w(world) * min(world.power.efficiency_pct[label][1:])
        )

    return Balance(
        "draw",
        "W",
        demand=tuple(Term(kind, hundredfold(line_draw_w), "power draw") for kind in POWERED),
        supply=(Term("psu", room, "efficiency"),),
        words=f"sustained draw {{demand}} W {{sign}} {{supply}} W {words} through {{psu}}",
        scale=100,
    )


WALL_CIRCUIT = Rule(
    "wall-circuit",
    "the wall circuit carries the rig at full load without end",
    (at_the_wall(lambda world: world.circuit.continuous_w, "that the circuit gives"),),
    "choose fewer or thriftier cards, or a stronger --circuit",
)

POWER_RULES = (PSU_WATTAGE, PSU_TRANSIENT, PSU_CONNECTORS, PSU_SATA, PSU_FIT, WALL_CIRCUIT)
