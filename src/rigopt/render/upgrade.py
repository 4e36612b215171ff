"""An upgrade: what stays, comes and goes, beside a new rig for the same sum."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from rigopt.render.room import side_by_side
from rigopt.render.tables import print_sentences
from rigopt.render.text import print_about
from rigopt.render.words import counted
from rigopt.units import format_money
from rigopt.upgrades.upgrading import Piece, Upgraded


def print_upgrade(console: Console, found: Upgraded) -> None:
    """The sentences, the pieces that stay, come and go, and the builds side by side."""
    print_sentences(console, found.text)
    if found.build is not None:
        currency = found.build.currency
        for head, pieces, word in (
            ("Add", found.added, "each"),
            ("Keep", found.kept, ""),
            ("Left out", found.left_out, "each, if sold"),
        ):
            if pieces:
                console.print(f"[bold]{head}[/]", highlight=False)
            for piece in pieces:
                text = _told(piece, word, currency)
                console.print(Padding(escape(text), (0, 0, 0, 2)), highlight=False)
        columns = [("upgrade", found.build)]
        if found.new is not None:
            columns.append(("new rig for the same sum", found.new))
        console.print(side_by_side(columns), highlight=False)
        console.print(_proof(found), highlight=False)
    print_about(console, found.about)


def _proof(found: Upgraded) -> str:
    if found.status != "optimal":
        return f"[yellow]Not proven best:[/] no upgrade scores more than {found.score_bound:,}."
    if found.new_status == "optimal":
        return "[green]Both are proven best.[/]"
    return "[green]The upgrade is proven best.[/]"


def _told(piece: Piece, word: str, currency: str) -> str:
    text = counted(piece.quantity, piece.name)
    if piece.cents is None or not word:
        return text
    return f"{text}: {format_money(piece.cents, currency)} {word}"
