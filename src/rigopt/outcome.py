"""What rigopt answers with: frozen values, one type per kind of answer. No solver needed.

``model_dump_json()`` of any of them is the published JSON; ``json_schema()`` gives its schema.
No value depends on the clock or the machine: the same request, catalogue and versions give the
same bytes.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from rigopt.markets import Basis, Condition
from rigopt.parts import Fact
from rigopt.request import Request


class PartLine(Fact):
    """One line of a part list."""

    kind: str
    part: str
    name: str
    quantity: int
    owned: int
    """How many of them are there already and cost nothing."""
    price_cents: int | None
    """Of one piece; ``None``: not needed, or not known in this market."""
    total_cents: int | None
    condition: Condition | None
    basis: Basis | None
    price_date: date | None
    price_source: str | None
    power_limit_w: int | None = None
    """Cap of each card, if one is chosen below what it is sold with."""


class Numbers(Fact):
    """One comparison: what is asked for against what is there."""

    text: str
    demand: int
    supply: int
    unit: str


class RuleVerdict(Fact):
    """One rule's verdict with both numbers where it compares numbers."""

    rule: str
    title: str
    verdict: Literal["ok", "violated", "warning", "unknown", "not applicable"]
    text: str
    repair: str
    flag: str
    """The flag that set it, if it is a wish."""
    numbers: tuple[Numbers, ...]


class WorkloadRate(Fact):
    """Predicted throughput of one workload."""

    workload: str
    title: str
    per_second_milli: int
    """Units per 1,000 seconds."""
    unit: str
    fits_memory: bool
    """Whether it runs in the cards' memory; otherwise from system memory, far slower."""
    copy_cards: int
    """Cards that hold one copy of the work together."""
    limited_by: Literal["GPU", "CPU cores", "storage"]
    """What the rate would rise with."""
    error_median_pct: int
    """Of the model on cards that it was not fitted to."""
    estimate: bool
    """Whether the work itself was not measured, but scaled from work that was."""


class PowerLine(Fact):
    """What one line of the part list draws at full load."""

    kind: str
    part: str
    watts: int | None


class PowerBudget(Fact):
    """Where the watts go, and what carries them; ``None``: a fact is unknown."""

    lines: tuple[PowerLine, ...]
    sustained_w: int | None
    peak_w: int | None
    """For less than a millisecond."""
    supply_w: int | None
    """What the supplies deliver on this circuit."""
    wanted_w: int | None
    """The sustained draw with the profile's margin."""
    rides_out_w: int | None
    """What the supplies ride out in a peak."""
    load_pct: int | None
    """Sustained draw in per cent of the supplies' rating."""
    efficiency_pct: int | None
    """Of the supplies at that load."""
    wall_w: int | None
    circuit: str
    circuit_w: int
    """What the circuits in use give without end."""


class SlotRow(Fact):
    """One row of the case's expansion slots, from the CPU down."""

    row: int
    slot: str | None
    """The slot of the board that lines up with it, as its manual calls it."""
    size: int | None
    gen: int | None
    lanes: int | None
    """PCIe generation and lanes as the board is populated; of a card's slot, those of its link."""
    root: Literal["cpu", "cpu2", "chipset"] | None
    part: str | None
    """The card that covers the row."""
    plugged: bool
    """Whether a card or a riser sits in the slot of this very row."""
    riser: bool
    """Whether it is a riser; then ``part`` hangs elsewhere."""
    limited_by: str | None
    """The M.2 slot whose drive takes lanes from this slot."""


class DriveSeating(Fact):
    """An M.2 slot in use."""

    slot: str
    gen: int
    lanes: int
    sata_drive: bool
    """Whether a SATA drive sits there."""


class BoardMap(Fact):
    """Where everything goes on the board, as a builder would seat it."""

    rows: tuple[SlotRow, ...]
    case_rows: int
    """Expansion slots of the case."""
    gaps: tuple[int, ...]
    """Free rows between each card on the board and the next."""
    route: str | None
    """The way from card to card."""
    drives: tuple[DriveSeating, ...]
    sata_used: int
    sata_left: int | None


class Clearance(Fact):
    """Something that must fit somewhere, in mm."""

    rule: str
    text: str
    needs_mm: int
    has_mm: int


class Assumption(Fact):
    """Something the person did not say that shaped the answer, and the flag that changes it."""

    text: str
    flag: str


class Versions(Fact):
    """What the answer was made with."""

    rigopt: str
    catalog: str
    market: str
    market_as_of: date
    solver: str | None = None


class Assessment(Fact):
    """All that solver-free code says of a build."""

    parts: tuple[PartLine, ...]
    currency: str
    tax_cents: int | None
    shipping_cents: int | None
    total_cents: int | None
    """To pay in all; ``None``: some part to buy has no price in this market."""
    score: int | None
    """Throughput of the mix relative to the reference rig, which has 1,000."""
    link: str | None
    """How several cards reach each other."""
    throughput: tuple[WorkloadRate, ...]
    power: PowerBudget
    board: BoardMap | None
    """``None``: the build has no board, or cards and board do not go together."""
    clearances: tuple[Clearance, ...]
    verdicts: tuple[RuleVerdict, ...]


class About(Fact):
    """What an answer rests on."""

    assumptions: tuple[Assumption, ...]
    versions: Versions
    request: Request


class Report(Fact):
    """The answer of :func:`rigopt.check`."""

    schema_version: Literal[4] = 4
    status: Literal["ok", "warning", "unknown", "violated"]
    """The worst verdict of any rule."""
    build: Assessment
    missing: tuple[str, ...]
    """Kinds of parts that a working rig needs and the build lacks."""
    about: About


class Binding(Fact):
    """A wish, and what changing it would give: asking for less, or a little more budget."""

    flag: str
    text: str
    change: str
    """The flag to paste; "": the wish is to be left out."""
    score: int | None
    """The best score after the change; ``None``: no higher than now."""


class Slack(Fact):
    """A comparison of a rule or wish that the answer meets with nothing to spare."""

    rule: str
    title: str
    flag: str
    numbers: Numbers


class NearTie(Fact):
    """A cheaper build whose score is within the model's error of the best."""

    text: str
    flag: str
    """The flag that chooses it."""
    score: int
    total_cents: int


class Optimal(Fact):
    """The best build there is: no other has a higher score, nor this score for less money; or,
    where the request lets the score fall (``within_bp``), the cheapest with a score so close."""

    schema_version: Literal[4] = 4
    status: Literal["optimal"] = "optimal"
    build: Assessment
    score_bound: int
    """No build has a higher score: equal to the build's, but for ``within_bp``."""
    near: NearTie | None
    binding: tuple[Binding, ...]
    no_slack: tuple[Slack, ...]
    about: About


class Feasible(Fact):
    """The best build found in time; no build scores more than ``score_bound``."""

    schema_version: Literal[4] = 4
    status: Literal["feasible"] = "feasible"
    build: Assessment
    score_bound: int
    binding: tuple[Binding, ...]
    no_slack: tuple[Slack, ...]
    limit: str
    about: About


class Witness(Fact):
    """A concrete build that shows a number to be true."""

    text: str
    """Its cards, CPU and price."""
    parts: tuple[PartLine, ...]
    total_cents: int


class Reason(Fact):
    """A wish or a rule that takes part in a clash, with what it asks for and the best there is."""

    id: str
    kind: Literal["wish", "default", "rule"]
    text: str
    flag: str
    """The flag that set it, if it is a wish."""
    asked: int | None
    """What a numeric wish asks for, in the unit of its flag; money in cents."""
    reached: int | None
    """The nearest to it that a working rig reaches beside the other wishes of the clash."""
    witness: Witness | None
    """The cheapest build that reaches it; of a rule, the nearest miss: a build that breaks it and
    keeps the others. ``None``: not found in time, or nothing is compared."""


class WayOut(Fact):
    """A change of the request that gives a build, found by solving."""

    text: str
    flag: str
    """The flags to paste behind the request; "": none, something is to be left out."""
    leave_out: tuple[str, ...] = ()
    """Flags of the request to take away."""
    total_cents: int
    """Of a build that there is then."""


class Clash(Fact):
    """Wishes and rules that no build meets together: every one of the reasons is needed for it."""

    summary: str
    reasons: tuple[Reason, ...]
    minimal: bool
    """Whether each reason was shown to be needed: the others alone admit a build."""


class Explanation(Clash):
    """Why no build exists, and what would give one."""

    further: tuple[Clash, ...] = ()
    """Other clashes, which stay when a wish of the first is given up; not always all there are."""
    ways_out: tuple[WayOut, ...]


class Infeasible(Fact):
    """No build exists, and why."""

    schema_version: Literal[4] = 4
    status: Literal["infeasible"] = "infeasible"
    explanation: Explanation
    about: About


class Unknown(Fact):
    """A limit was reached before a build was found or excluded."""

    schema_version: Literal[4] = 4
    status: Literal["unknown"] = "unknown"
    limit: str
    about: About


AxisName = Literal["price", "throughput", "vram", "watts"]
"""What a curve may be drawn of: price to pay, score, GPU memory of all cards together, sustained
draw at full load."""


class FrontierPoint(Fact):
    """A build that no other beats: to be better on one axis is to be worse on the other."""

    total_cents: int
    score: int | None
    """``None``: it cannot be predicted; on an axis it counts as none."""
    vram_gb: int
    """Of all cards together."""
    sustained_w: int | None
    """At full load, as the power budget says; ``None``: a fact is unknown."""
    parts: tuple[PartLine, ...]


class Frontier(Fact):
    """The curve of two axes, the least on the first of them first."""

    schema_version: Literal[4] = 4
    axes: tuple[AxisName, AxisName]
    currency: str
    points: tuple[FrontierPoint, ...]
    complete: bool
    """Whether no point is missing; otherwise time ended."""
    followed: AxisName
    """If it is not complete, points are missing that are better on this axis than all that are
    there, and no others."""
    about: About


Outcome = Annotated[Optimal | Feasible | Infeasible | Unknown, Field(discriminator="status")]
OUTCOME: TypeAdapter[Optimal | Feasible | Infeasible | Unknown] = TypeAdapter(Outcome)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of :data:`Outcome`."""
    return OUTCOME.json_schema()
