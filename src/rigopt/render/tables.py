"""Tables and sentences that every face for a terminal shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rigopt.outcome import WorkloadRate
from rigopt.render.words import rate_note, rate_words


def headed(title: str | None = None) -> Table:
    """A table with a line under the heads of its columns."""
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1),
    )


def plain() -> Table:
    """A table of cells alone."""
    return Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))


def rate_table(rates: Sequence[WorkloadRate]) -> Table:
    """One line a workload: what is done of it in a second, how sure that is, what limits it."""
    table = plain()
    table.add_column(overflow="fold", ratio=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", style="dim", max_width=26)
    for rate in rates:
        table.add_row(rate.title, f"{rate_words(rate)} {rate.unit}", rate_note(rate))
    return table


def print_sentences(console: Console, sentences: Iterable[str]) -> None:
    """One on a line each, with a capital and a full stop."""
    for sentence in sentences:
        console.print(f"{escape(sentence[0].upper() + sentence[1:])}.", highlight=False)
