"""Words that every face of an answer shares."""

from __future__ import annotations

from rigopt.outcome import Assessment, Explanation, PartLine, WayOut, WorkloadRate

KIND_WORDS = {
    "gpu": "GPU",
    "cpu": "CPU",
    "motherboard": "board",
    "memory": "memory",
    "storage": "storage",
    "psu": "PSU",
    "cooler": "cooler",
    "case": "case",
    "fan": "fans",
    "nvlink_bridge": "NVLink",
    "riser": "riser",
    "network": "network",
    "paste": "paste",
    "os": "OS",
}


def counted(quantity: int, name: str) -> str:
    """A part with its number, if there are several."""
    return f"{quantity} x {name}" if quantity > 1 else name


def cap_words(line: PartLine) -> str:
    """The cap of its cards, if one is chosen, as it follows their name."""
    return f", capped at {line.power_limit_w} W" if line.power_limit_w else ""


def score_words(score: int | None) -> str:
    """A score, or that it cannot be predicted."""
    return "unknown" if score is None else f"{score:,}"


def charges_of(build: Assessment) -> list[tuple[str, int]]:
    """What is paid beside the parts: names and cents, without what is nothing."""
    rows = (("Tax", build.tax_cents), ("Shipping", build.shipping_cents))
    return [(name, cents) for name, cents in rows if cents]


def rate_words(rate: WorkloadRate) -> str:
    """Units per second as people read them."""
    value = rate.per_second_milli / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rate_note(rate: WorkloadRate) -> str:
    """How sure a rate is, where the work lies, and what limits it if not the GPU."""
    notes = [f"±{rate.error_median_pct} %"]
    if rate.estimate:
        notes.append("scaled")
    if not rate.fits_memory:
        notes.append("from system memory")
    if rate.copy_cards > 1:
        notes.append(f"on {rate.copy_cards} cards together")
    if rate.limited_by != "GPU":
        notes.append(f"limited by {rate.limited_by}")
    return ", ".join(notes)


def how(way: WayOut) -> str:
    """What to do to the request."""
    given = [f"try: {way.flag}"] if way.flag else []
    left = [f"leave out: {' and '.join(way.leave_out)}"] if way.leave_out else []
    return ", ".join([*given, *left])


def clashes(explanation: Explanation) -> list[list[str]]:
    """Every clash as a headline and the reasons for it."""
    told = []
    for clash in (explanation, *explanation.further):
        reasons = [reason.text for reason in clash.reasons]
        if not clash.minimal:
            reasons.append("(the time limit ended the search for a smaller clash)")
        told.append([clash.summary, *reasons])
    return told
