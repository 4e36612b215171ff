"""What a rule can say of a build."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a rule says of a build, from best to worst."""

    NOT_APPLICABLE = "not applicable"
    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    VIOLATED = "violated"

    @property
    def badness(self) -> int:
        """0 for the best verdict; grows with what should worry the reader."""
        return _BADNESS[self]


_BADNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}
