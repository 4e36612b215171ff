"""Cards by themselves: their rates, and several of them side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from rigopt.comparing import CardFigures, Comparison, price_words
from rigopt.outcome import WorkloadRate
from rigopt.render.tables import headed, rate_table
from rigopt.render.words import rate_words


def print_card(console: Console, card: CardFigures) -> None:
    """The predictions for one card, or several equal ones."""
    count = f"{card.count} x " if card.count > 1 else ""
    link = f" over {card.link}" if card.link else ""
    console.print(
        f"[bold]{count}{escape(card.name)}[/]{link}: {card.vram_gb} GB each, {card.watts:,} W, "
        f"score {card.score:,} (1,000 = one RTX 3090)",
        highlight=False,
    )
    console.print(rate_table(card.throughput))


def print_comparison(console: Console, found: Comparison) -> None:
    """Cards side by side, one column a card."""
    table = headed()
    table.add_column("", overflow="fold", ratio=1)
    for card in found.cards:
        count = f"{card.count} x " if card.count > 1 else ""
        table.add_column(escape(count + _brief(card.name)), justify="right", overflow="fold")

    def row(name: str, values: Sequence[str]) -> None:
        table.add_row(name, *values)

    cards = found.cards
    row(f"score in {found.mix}", [f"{card.score:,}" for card in cards])
    row("GPU memory of each", [f"{card.vram_gb} GB" for card in cards])
    row("watts", [f"{card.watts:,} W" for card in cards])
    if any(card.link for card in cards):
        row("link", [card.link or "" for card in cards])
    row(f"price in {found.market}", [price_words(card, found.currency) for card in cards])
    points = [card.score_per_1000 for card in cards]
    row(f"score for 1,000 {found.currency}", ["" if p is None else f"{p:,}" for p in points])
    table.add_section()
    for place, rate in enumerate(cards[0].throughput if cards else ()):
        told = [_short(card.throughput[place]) for card in cards]
        row(f"{rate.workload}, {rate.unit}", told)
    console.print(table)
    if any(not rate.fits_memory for card in cards for rate in card.throughput):
        console.print("[dim]* does not fit the card: from system memory[/]", highlight=False)


def _brief(name: str) -> str:
    """A name without what goes without saying."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ").removeprefix("AMD ")


def _short(rate: WorkloadRate) -> str:
    return rate_words(rate) + ("" if rate.fits_memory else " *")
