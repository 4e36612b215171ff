"""That a build differs from others: what makes alternatives to an answer worth looking at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rigopt.build import Build, Line
from rigopt.errors import InputError
from rigopt.parts import KINDS, Cpu, GpuCard
from rigopt.problem import MANY_MODELS
from rigopt.rules.base import Key, Rule
from rigopt.rules.operands import Operand
from rigopt.rules.shapes import Relation, decide

PLATFORM = "platform"
"""The CPU's socket: with another one, board and CPU are others too."""
_NONE = "none"

KeyOf = Callable[[Line], Key]


def _cards(line: Line) -> Key:
    assert isinstance(line.part, GpuCard)
    return f"{line.quantity} x {line.part.chip}"


def _socket(line: Line) -> Key:
    assert isinstance(line.part, Cpu)
    return line.part.socket or _NONE


def _part(line: Line) -> Key:
    return f"{line.quantity} x {line.part.id}"


def parse_differences(text: str, *, where: str) -> tuple[str, ...]:
    """Kinds of parts as people list them (``cpu,motherboard``), or ``platform``.

    Raises:
        InputError: if one is no kind of which a build has one model.
    """
    known = [PLATFORM, *(kind for kind in KINDS if kind not in MANY_MODELS)]
    names = tuple(dict.fromkeys(name.strip().casefold() for name in text.split(",")))
    for name in names:
        if name not in known:
            raise InputError(
                f"{name[:40]!r} is nothing to differ in",
                where=where,
                mend=f"list some of {', '.join(known)}",
            )
    return names


def other_than(build: Build, features: Sequence[str], number: int) -> Rule:
    """A rule that admits builds which differ from one in at least one of some features."""
    readers = [_reader(feature) for feature in features]
    mine = tuple(
        next((read(line) for line in build.of_kind(kind)), _NONE) for kind, read in readers
    )
    operands = tuple(
        Operand(
            kind,
            # only what the build has is told apart: all else is alike
            lambda line, _world, read=read, key=key: key if read(line) == key else "other",  # type: ignore[misc]
            kind,
            absent=_NONE,
            optional=True,
        )
        for (kind, read), key in zip(readers, mine, strict=True)
    )
    name = " and ".join(features)
    return Rule(
        f"other-than-{number}",
        f"another {name} than that of build {number}",
        (
            Relation(
                operands,
                lambda _world, *keys: decide(keys != mine),
                lambda _world, *keys: (
                    f"the {name} of build {number}" if keys == mine else f"another {name}"
                ),
            ),
        ),
        "ask for fewer alternatives",
    )


def _reader(feature: str) -> tuple[str, KeyOf]:
    if feature == PLATFORM:
        return "cpu", _socket
    return feature, _cards if feature == "gpu" else _part
