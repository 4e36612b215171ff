"""The two ways in which rigopt fails: the input is wrong, or rigopt is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RigoptError(Exception):
    """Base of everything rigopt raises on purpose."""


class InputError(RigoptError):
    """Something given to rigopt cannot be used: one sentence with what, where and the mend."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        place = f"{where}: " if where else ""
        repair = f"; {mend}" if mend else ""
        text = f"{place}{what}{repair}"
        super().__init__(text if text.endswith("?") else f"{text}.")


class InternalError(RigoptError):
    """A broken promise inside rigopt, such as a build that its own checker refuses."""


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """A mend that offers the known names closest to ``name``."""
    pool = sorted(set(known))
    folded = {item.casefold(): item for item in pool}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=most, cutoff=0.45)
    if close:
        return "did you mean " + " or ".join(folded[item] for item in close) + "?"
    shown = ", ".join(pool[:12]) + (", ..." if len(pool) > 12 else "")
    return f"known: {shown}" if pool else "there are none"
