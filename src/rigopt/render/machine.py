"""A build as a machine: the slots of its board, where its watts go, what clears what."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from rigopt.outcome import Assessment, BoardMap, PowerBudget, SlotRow
from rigopt.render.tables import plain
from rigopt.render.words import KIND_WORDS

HERE, COVERED, FREE = "█", "┃", "·"
"""A card in the slot of this row; a card that covers it; nothing."""


def slot_cells(board: BoardMap, names: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """The slot map, a line a row of the case from the CPU down: number, mark, slot, card."""
    for row in board.rows:
        mark = FREE if row.part is None else HERE if row.plugged else COVERED
        card = _card(row, names)
        if row.part is not None and row.row > board.case_rows and not row.riser:
            card += " (below the last slot of the case)"
        yield str(row.row), mark, _slot(row), card.strip()


def slot_lines(board: BoardMap, names: dict[str, str]) -> Iterator[str]:
    """The slot map as plain text."""
    cells = list(slot_cells(board, names))
    width = max((len(slot) for _, _, slot, _ in cells), default=0)
    for number, mark, slot, card in cells:
        yield f"{number:>2} {mark} {slot:<{width}}  {card}".rstrip()


def slot_table(board: BoardMap, names: dict[str, str]) -> Table:
    """The slot map for a terminal; names that are too long are cut."""
    table = plain()
    table.add_column(justify="right", no_wrap=True, min_width=2, style="dim")
    table.add_column(no_wrap=True, min_width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", min_width=30)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for number, mark, slot, card in slot_cells(board, names):
        table.add_row(number, mark, escape(slot), escape(card))
    return table


def _slot(row: SlotRow) -> str:
    if row.slot is None:
        return ""
    if row.lanes == 0:
        lanes = "no lanes"
        if row.limited_by:
            lanes += f" ({row.limited_by})"
        return f"{row.slot}: {lanes}"
    root = {"cpu": "CPU", "cpu2": "CPU 2", "chipset": "chipset"}[row.root or "cpu"]
    less = f" ({row.limited_by})" if row.limited_by else ""
    return f"{row.slot}: {row.gen}.0 x{row.lanes} {root}{less}"


def _card(row: SlotRow, names: dict[str, str]) -> str:
    if row.part is None or not row.plugged:
        return ""
    name = names.get(row.part, row.part)
    return f"riser to {name}" if row.riser else name


def board_notes(board: BoardMap) -> Iterator[str]:
    """What the map itself does not show: gaps, the way between cards, drives, ports."""
    for row in board.rows:
        if row.limited_by:
            yield f"the drive in {row.limited_by} takes lanes from {row.slot}"
    if board.gaps:
        free = ", ".join(map(str, board.gaps))
        yield f"free rows between cards: {free}"
    if board.route is not None:
        yield f"from card to card: {board.route}"
    if board.drives:
        slots = ", ".join(
            f"{d.slot} (SATA)" if d.sata_drive else f"{d.slot} ({d.gen}.0 x{d.lanes})"
            for d in board.drives
        )
        yield f"M.2 drives in {slots}"
    if board.sata_used and board.sata_left is not None:
        yield f"SATA ports: {board.sata_used} used, {board.sata_left} left"


def power_table(power: PowerBudget) -> Table:
    """Where the watts go, largest first, and what carries them."""
    table = plain()
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", ratio=1, style="dim")
    for line in sorted(power.lines, key=lambda item: -(item.watts or 0)):
        table.add_row(KIND_WORDS[line.kind], _watts(line.watts), "")
    table.add_row("sum", _watts(power.sustained_w), f"peaks {_watts(power.peak_w)}")
    load = "" if power.load_pct is None else f", {power.load_pct} % load"
    table.add_row(
        "supply",
        _watts(power.supply_w),
        f"{_watts(power.wanted_w)} wanted with margin{load}; rides out {_watts(power.rides_out_w)}",
    )
    efficiency = "" if power.efficiency_pct is None else f"{power.efficiency_pct} % efficiency; "
    table.add_row(
        "wall", _watts(power.wall_w), f"{efficiency}{_watts(power.circuit_w)} of {power.circuit}"
    )
    return table


def _watts(watts: int | None) -> str:
    return "unknown" if watts is None else f"{watts:,} W"


def clearance_table(build: Assessment) -> Table:
    """Every comparison of lengths, tightest first; parts are called by their kind."""
    table = plain()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for item in sorted(build.clearances, key=lambda c: (c.has_mm - c.needs_mm, c.rule)):
        left = item.has_mm - item.needs_mm
        text = item.text
        for line in build.parts:
            text = text.replace(line.name, f"the {KIND_WORDS[line.kind]}")
        spare = f"{left} mm left" if left >= 0 else f"{-left} mm too long"
        table.add_row(spare, escape(text))
    return table
