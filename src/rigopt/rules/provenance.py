"""Whether anybody has checked the facts that the other rules rest on."""

from __future__ import annotations

from rigopt.build import Line
from rigopt.parts import KINDS
from rigopt.rules.base import Key, Rule
from rigopt.rules.operands import Operand
from rigopt.rules.shapes import Relation, decide
from rigopt.world import World


def _checked(line: Line, _world: World) -> Key:
    return not line.part.unverified


def _words(kind: str, checked: Key) -> str:
    if checked:
        return f"the facts of {{{kind}}} were read in their sources"
    return f"nobody has checked the facts of {{{kind}}}, which come from an import"


FACTS_CHECKED = Rule(
    "facts-checked",
    "somebody has read the facts of every part in their sources",
    tuple(
        Relation(
            (Operand(kind, _checked),),
            lambda _w, checked: decide(checked),
            lambda _w, checked, kind=kind: _words(kind, checked),
        )
        for kind in KINDS
    ),
    "look the part up at its maker's before you buy",
    hard=False,
)
