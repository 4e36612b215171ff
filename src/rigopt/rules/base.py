"""What a rule is: an id, a sentence, and statements that check, encode and word themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rigopt.build import Build, Line
from rigopt.verdict import Verdict as Verdict

if TYPE_CHECKING:
    from rigopt.rules.facets import Domain, Facet
    from rigopt.world import World

Key = Any
"""A hashable attribute value; ``None`` is an unknown fact."""
Literal = int
"""A solver literal as the encoder numbers them: rules never look inside."""


class _Absent:
    """The value of an operand whose kind has no part in the build."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Key = _Absent()
"""Also what a key gives for a part to which its fact does not apply."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one statement found, with both numbers where it compares numbers."""

    verdict: Verdict
    text: str
    demand: int | None = None
    supply: int | None = None
    unit: str = ""
    parts: tuple[str, ...] = ()
    """Ids of the parts it is about."""


@dataclass(frozen=True, slots=True)
class RuleReport:
    """A rule's verdict on a build: the worst of its findings, and all of them."""

    rule: str
    title: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    repair: str
    flag: str = ""

    @property
    def text(self) -> str:
        """The findings that carry the verdict, as one line."""
        texts = [f.text for f in self.findings if f.verdict is self.verdict]
        return "; ".join(dict.fromkeys(texts))


class Encoder(Protocol):
    """What a statement may ask of a solver model. Nothing here names a solver."""

    world: World

    def options(self, kind: str) -> Sequence[tuple[Line, Literal]]:
        """Every part and quantity that can be chosen for a kind, with its literal."""

    def classes(self, operand: Any) -> Sequence[tuple[Key, Literal]]:
        """The values an operand can take, each with a literal that is true when it does."""

    def imply(self, given: Sequence[Literal], any_of: Sequence[Literal]) -> None:
        """If all of ``given`` hold, at least one of ``any_of`` does (none: forbidden)."""

    def at_most(self, terms: Sequence[tuple[int, Literal]], bound: int) -> None:
        """The weighted sum of the true literals is at most ``bound``."""


class Statement(Protocol):
    """One comparison of facts. Its check, its encoding and its words are one."""

    def check(self, build: Build, world: World) -> Finding:
        """The verdict on a build, with words."""

    def encode(self, encoder: Encoder) -> None:
        """Constrain a solver model to builds whose verdict is admitted."""

    def admits(self, verdict: Verdict, world: World) -> bool:
        """Whether ``solve`` may offer a build of which the statement says this."""

    def facets(self, world: World, domain: Domain) -> Iterable[Facet]:
        """In which ways it looks at the parts of each kind."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a working rig, or a wish of the person who asks.

    ``hard`` rules bind the solver; advice only warns. A wish carries the ``flag`` that set it.
    """

    id: str
    title: str
    statements: tuple[Statement, ...]
    repair: str
    hard: bool = True
    flag: str = ""

    def check(self, build: Build, world: World) -> RuleReport:
        """Every statement's finding and the worst of their verdicts."""
        findings = tuple(statement.check(build, world) for statement in self.statements)
        if not self.hard:
            findings = tuple(map(_soften, findings))
        worst = max((f.verdict for f in findings), key=lambda v: v.badness)
        return RuleReport(self.id, self.title, worst, findings, self.repair, self.flag)

    def admits(self, build: Build, world: World) -> bool:
        """Whether ``solve`` may offer the build, as far as this rule goes; advice admits all."""
        return not self.hard or self.passes(self.check(build, world), world)

    def passes(self, report: RuleReport, world: World) -> bool:
        """Whether ``solve`` may offer a build of which the rule's check says this."""
        return not self.hard or all(
            statement.admits(finding.verdict, world)
            for statement, finding in zip(self.statements, report.findings, strict=True)
        )


def _soften(finding: Finding) -> Finding:
    if finding.verdict is not Verdict.VIOLATED:
        return finding
    return Finding(
        Verdict.WARNING, finding.text, finding.demand, finding.supply, finding.unit, finding.parts
    )
