"""Answers as Markdown, to paste in a forum or an issue."""

from __future__ import annotations

from rigopt.outcome import Assessment, Feasible, Infeasible, Optimal, Report, Unknown
from rigopt.render.machine import board_notes, slot_lines
from rigopt.render.words import KIND_WORDS, cap_words, charges_of, clashes, how
from rigopt.units import format_money


def markdown(answer: Optimal | Feasible | Infeasible | Unknown | Report) -> str:
    """Any answer as Markdown."""
    match answer:
        case Optimal():
            lines = _build(answer.build)
            lines += [f"Proven best: no build scores more than {answer.score_bound:,}.", ""]
        case Feasible():
            lines = _build(answer.build)
            lines += [f"Not proven best: {answer.limit}.", ""]
        case Report():
            lines = [*_build(answer.build), *_machine(answer.build)]
            lines += [f"Worst verdict: **{answer.status}**.", ""]
        case Infeasible():
            told = answer.explanation
            lines = []
            for number, (summary, *reasons) in enumerate(clashes(told)):
                lines += [f"**{'And besides' if number else 'No build'}:** {summary}.", ""]
                lines += [*(f"- because {reason}" for reason in reasons), ""]
            lines += [f"- hint: {way.text} (`{how(way)}`)" for way in told.ways_out]
            lines.append("")
        case Unknown():
            lines = [f"**No answer:** {answer.limit}.", ""]
    about = answer.about
    lines += [f"- assumed: {item.text} (`{item.flag}`)" for item in about.assumptions]
    v = about.versions
    lines += [
        "",
        f"rigopt {v.rigopt}, catalogue {v.catalog}, market {v.market} of {v.market_as_of}",
    ]
    return "\n".join(lines) + "\n"


def _machine(build: Assessment) -> list[str]:
    if build.board is None:
        return []
    names = {line.part: line.name for line in build.parts}
    return ["```text", *slot_lines(build.board, names), *board_notes(build.board), "```", ""]


def _build(build: Assessment) -> list[str]:
    lines = ["| | Part | Price | Basis |", "|---|---|---:|---|"]
    for line in build.parts:
        count = f"{line.quantity} × " if line.quantity > 1 else ""
        price = "" if line.total_cents is None else format_money(line.total_cents, build.currency)
        when = f"{line.condition} {line.basis} {line.price_date:%Y-%m}" if line.price_date else ""
        owned = "owned" if line.owned >= line.quantity else when
        name = line.name.replace("|", "\\|") + cap_words(line)
        lines.append(f"| {KIND_WORDS[line.kind]} | {count}{name} | {price} | {owned} |")
    if build.total_cents is not None:
        for name, cents in charges_of(build):
            lines.append(f"| | {name} | {format_money(cents, build.currency)} | |")
        total = format_money(build.total_cents, build.currency)
        lines.append(f"| | **Total** | **{total}** | |")
    lines.append("")
    if build.score is not None:
        lines.append(f"Score {build.score:,} (1,000 = one RTX 3090).")
    if build.power.sustained_w is not None:
        lines.append(f"{build.power.sustained_w:,} W at full load.")
    told = [v for v in build.verdicts if v.verdict in ("violated", "unknown", "warning")]
    lines += ["", *(f"- {v.verdict}: **{v.rule}** {v.text}" for v in told), ""]
    return lines
