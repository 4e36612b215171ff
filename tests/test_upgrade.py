"""Parts that are owned: free, never forced in, never in the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Line
from rigopt.catalog import Catalog
from rigopt.cpsat.search import Clock, search
from rigopt.encoding import Encoding
from rigopt.errors import InputError
from rigopt.request import OwnedPart, Request
from rigopt.requestfile import request_from
from rigopt.solving import solve
from rigopt.upgrades.owning import with_owned_builds
from rigopt.upgrades.resale import WHOLE, fetches, resales
from rigopt.upgrades.upgrading import upgrade
from tests.strategies import worlds
from tests.test_oracle import SMALL, World, pose

RIGS = Path(__file__).parent / "published"
FEWER = settings(SMALL, max_examples=SMALL.max_examples // 3)


@given(worlds(), st.data())
@FEWER
def test_an_owned_part_never_hurts(world: World, data: st.DataObject) -> None:
    """Pieces that are there already: no lower score, and as much for no more money."""
    request, catalog, lines = world
    chosen = data.draw(st.sampled_from(sorted({line.part.id for line in lines})))
    pieces = data.draw(st.sampled_from((1, 2)))

    def mine(line: Line) -> Line:
        if line.part.id != chosen:
            return line
        return replace(line, owned=max(line.owned, min(pieces, line.quantity)))

    owned = tuple(mine(line) for line in lines)
    before = search(Encoding(pose(world)), Clock(60), seed=0)
    after = search(Encoding(pose((request, catalog, owned))), Clock(60), seed=0)
    if before.build is None:
        return
    assert after.build is not None
    best = (before.score or 0, -(before.build.cost_cents or 0))
    assert (after.score or 0, -(after.build.cost_cents or 0)) >= best


ASKED = Request(market="us-2019-06", workload="cnn-train", budget_cents=80_000)


def own_of(name: str, catalog: Catalog) -> tuple[OwnedPart, ...]:
    request, _ = request_from({"own": [str(RIGS / name)]}, catalog, own=with_owned_builds)
    return request.own


def test_an_upgrade_against_a_new_rig(catalog: Catalog) -> None:
    """The upgrade is what solving with the owned parts gives, the new rig what solving without
    them gives; every owned piece is kept or left out."""
    asked = ASKED.replace(own=own_of("s2-2019-desktop.yaml", catalog))
    found = upgrade(asked, catalog=catalog)
    assert found.status == "optimal"
    assert found.build is not None
    assert found.build == solve(asked, catalog=catalog).build  # type: ignore[union-attr]
    assert found.new is None or (found.new.score or 0) <= (found.build.score or 0)
    assert (found.build.score or 0) >= (found.before.score or 0)
    pieces = {item.part: item.quantity for item in asked.own}
    told = {item.part: 0 for item in asked.own}
    for piece in (*found.kept, *found.left_out):
        told[piece.part] += piece.quantity
    assert told == pieces
    bought = sum(piece.quantity * (piece.cents or 0) for piece in found.added)
    assert bought == found.build.total_cents
    assert bought <= 80_000


def test_nothing_to_upgrade(catalog: Catalog) -> None:
    """One sentence that says what is missing."""
    with pytest.raises(InputError, match="--own"):
        upgrade(ASKED, catalog=catalog)


def test_a_build_file_is_owned_part_by_part(catalog: Catalog, tmp_path: Path) -> None:
    """With its numbers, with parts described in place, from a folder of its own."""
    file = tmp_path / "rig.yaml"
    file.write_text(
        "parts:\n"
        "  - AMD Ryzen 7 2700\n"
        "  - {part: samsung-860-qvo-1tb, quantity: 2}\n"
        "  - {kind: case, name: My box, expansion_slots: 7}\n",
        encoding="utf-8",
    )
    asked = tmp_path / "request.yaml"
    asked.write_text("own: [rig.yaml, 2x nzxt-h500]\n", encoding="utf-8")
    request, wider = request_from({}, catalog, file=asked, own=with_owned_builds)
    assert {item.part: item.quantity for item in request.own} == {
        "amd-ryzen-7-2700": 1,
        "samsung-860-qvo-1tb": 2,
        "inline-my-box": 1,
        "nzxt-h500": 2,
    }
    assert "inline-my-box" in wider.parts


@pytest.mark.parametrize("text", ["parts: []", "no: parts", "parts: [unheard of]"])
def test_a_bad_rig_is_refused(text: str, catalog: Catalog, tmp_path: Path) -> None:
    """In one sentence that names the file."""
    file = tmp_path / "rig.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"rig\.yaml"):
        with_owned_builds({"own": [str(file)]}, catalog)


@given(st.sampled_from(sorted(resales())), st.integers(0, 10**7), st.integers(0, 240))
def test_parts_lose_what_they_are_worth(kind: str, paid: int, months: int) -> None:
    """Never more than paid; less for a part held longer, no less for a dearer one, nor is the
    loss smaller on it."""
    now, then = fetches(kind, paid, months), fetches(kind, paid, months + 1)
    assert 0 <= then <= now <= paid
    assert fetches(kind, paid + 1, months) - now in (0, 1)
    assert 0 < resales()[kind].share(0) < WHOLE


def test_what_is_not_listed_fetches_nothing() -> None:
    """Paste and licences are not sold on."""
    assert fetches("paste", 1_000, 0) == 0
    assert fetches("gpu", 100_000, 12) == 63_750
