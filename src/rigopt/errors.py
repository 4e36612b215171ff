"""The two ways in which rigopt fails: the input is wrong, or rigopt is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


class RigoptError(Exception):
    """Base of everything rigopt raises on purpose."""


class InputError(RigoptError):
    """Something given to rigopt cannot be used: one sentence with what, where and the mend."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        what, where, mend = _printable(what), _printable(where), _printable(mend)
        self.what, self.where, self.mend = what, where, mend
        place = f"{where}: " if where else ""
        repair = f"; {mend}" if mend else ""
        text = f"{place}{what}{repair}"
        super().__init__(text if text.endswith(("?", "...")) else f"{text}.")

    def __reduce__(self) -> tuple[Callable[..., InputError], tuple[str, str, str]]:
        """Pickled by its pieces, to come from another process as it was."""
        return _input_error, (self.what, self.where, self.mend)


def _input_error(what: str, where: str, mend: str) -> InputError:
    return InputError(what, where=where, mend=mend)


class InternalError(RigoptError):
    """A broken promise inside rigopt, such as a build that its own checker refuses."""


_LONGEST = 300
"""Characters of each piece of a sentence that are shown."""


def _printable(text: str) -> str:
    """One line without control characters, cut to what a person reads."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """A mend that offers the known names closest to ``name``."""
    pool = sorted(set(known))
    folded = {item.casefold(): item for item in pool}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=most, cutoff=0.45)
    if close:
        return "did you mean " + " or ".join(folded[item] for item in close) + "?"
    if len(pool) > 40:
        return "rigopt catalog search finds parts by words of their names"
    shown = ", ".join(pool)
    return f"known: {shown}" if pool else "there are none"
