"""Drawings: SVG, and PNG made of it (with the package ``resvg-py``, the extra ``png``)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from rigopt.errors import InputError

FONTS = "DejaVu Sans, Liberation Sans, Arial, Helvetica, Verdana, sans-serif"
"""Of these the first that a machine has."""
ZOOM = 2.0
"""Pixels of a PNG for each of the drawing's own."""
MOST_TICKS = 6
"""Round numbers along an axis, beside 0."""
OR_SVG = "or give it a name that ends in .svg"


def svg(width: int, height: int, lines: Iterable[str], *, font_size: int) -> str:
    """A drawing on white: its elements, a line each."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{FONTS}" font-size="{font_size}">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *lines,
            "</svg>",
            "",
        )
    )


def ticks(top: int) -> range:
    """Round numbers from 0 to no more than ``top``, a few of them."""
    step = next(
        digit * 10**power
        for power in count()
        for digit in (1, 2, 5)
        if top // (digit * 10**power) <= MOST_TICKS
    )
    return range(0, top + 1, step)


def png(drawing: str) -> bytes:
    """An SVG drawing as PNG, ``ZOOM`` times its size, where that can be made (``can_be_png``)."""
    from resvg_py import svg_to_bytes

    return bytes(svg_to_bytes(svg_string=drawing, zoom=ZOOM))


def can_be_png() -> None:
    """See that a drawing can be made a PNG here.

    Raises:
        InputError: if the package for it is not installed, or the machine has no font to write
            with: a drawing without its words would say nothing.
    """
    try:
        written = png(svg(40, 20, ['<text x="2" y="14">a</text>'], font_size=12))
    except ImportError:
        raise InputError(
            "a PNG needs resvg-py, which is not installed",
            where="--plot",
            mend=f"pip install 'rigopt[png]', {OR_SVG}",
        ) from None
    if written == png(svg(40, 20, [], font_size=12)):
        raise InputError(
            "a PNG needs a font, and none is installed",
            where="--plot",
            mend=f"install one of {FONTS.removesuffix(', sans-serif')}, {OR_SVG}",
        )
