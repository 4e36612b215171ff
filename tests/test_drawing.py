"""Drawings: SVG that is XML, and PNG with the words on it."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rigopt import drawing
from rigopt.errors import InputError
from rigopt.terminal import drawing as drawing_file
from rigopt.terminal import write_drawing

WORDS = ['<text x="10" y="30">price</text>']


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the filtered rows of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    data, place = b"", 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + size]
        place += 12 + size
    return width, height, zlib.decompress(data)


def test_a_drawing_is_xml_of_its_size() -> None:
    """Any viewer knows how large it is."""
    root = ElementTree.fromstring(drawing.svg(60, 40, WORDS, font_size=11))
    assert (root.get("width"), root.get("height")) == ("60", "40")
    assert [child.tag.rpartition("}")[2] for child in root] == ["rect", "text"]


@pytest.mark.parametrize(
    ("top", "want"),
    [
        (1, [0, 1]),
        (6, [0, 1, 2, 3, 4, 5, 6]),
        (7, [0, 2, 4, 6]),
        (574, [0, 100, 200, 300, 400, 500]),
        (244_043, [0, 50_000, 100_000, 150_000, 200_000]),
    ],
)
def test_ticks_are_round(top: int, want: list[int]) -> None:
    """From 0 to no more than the largest value, at steps of 1, 2 or 5 and noughts."""
    assert list(drawing.ticks(top)) == want


def test_a_png_has_the_words() -> None:
    """It is twice as large, and another one without them."""
    words, none = (
        pixels(drawing.png(drawing.svg(60, 40, lines, font_size=11))) for lines in (WORDS, [])
    )
    assert words[:2] == none[:2] == (120, 80)
    assert words[2] != none[2]


def test_the_name_says_what_is_written(tmp_path: Path) -> None:
    """The same drawing as SVG or as PNG, whatever the case of the name's end."""
    text = drawing.svg(60, 40, WORDS, font_size=11)
    for name, start in (("a.svg", b"<svg"), ("a.PNG", b"\x89PNG"), ("plain", b"<svg")):
        target = drawing_file(str(tmp_path / name))
        assert target is not None
        write_drawing(target, text)
        assert target.read_bytes().startswith(start)


def test_without_the_package_a_png_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is solved, and with what to install."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(InputError, match=r"resvg-py.*rigopt\[png\].*\.svg"):
        drawing_file(str(tmp_path / "a.png"))


def test_without_a_font_a_png_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve without a word on it would say nothing."""
    monkeypatch.setattr(drawing, "FONTS", "No Such Font")
    with pytest.raises(InputError, match="font"):
        drawing.can_be_png()
