"""Room for more: the build of now can become the later one, and no better build can."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigopt.build import Build
from rigopt.catalog import Catalog
from rigopt.cpsat.joint import Pair, Roomy
from rigopt.cpsat.search import Clock
from rigopt.errors import InputError
from rigopt.problem import Problem
from rigopt.request import OwnedPart, Request
from rigopt.upgrades.expanding import problems, solve_with_room
from rigopt.upgrades.joint_options import joint_options
from rigopt.upgrades.room import Room, parse_room
from tests.strategies import worlds
from tests.test_oracle import SMALL, World, admitted, every_build, value

ROOMS = st.sampled_from(
    (
        Room(cards=1),
        Room(cards=1),
        Room(cards=1, chip="geforce-rtx-3090"),
        Room(cards=2, chip="rtx-a5000"),
        Room(ram_gb=64),
        Room(cards=1, ram_gb=32),
        Room(m2_drives=1),
        Room(storage_gb=2000),
    )
)
FEWER = settings(SMALL, max_examples=SMALL.max_examples // 5)


def pose_pair(world: World, room: Room) -> tuple[Problem, Problem]:
    """The problems of now and later with the options of a small world."""
    request, catalog, lines = world
    now, later = problems(request, room, catalog)
    return replace(now, given=lines), replace(later, given=lines)


def search(world: World, room: Room, *, whole: bool = False) -> Pair:
    now, later = pose_pair(world, room)
    options = (now.options, later.options) if whole else joint_options((now, later))
    found = Roomy(now, later, room, options, Clock(60)).answer()
    assert found is not None
    assert found.proven
    return found


def every_pair(world: World, room: Room) -> list[tuple[Build, Build]]:
    """Every build of now with every later build that follows from it, by the checker alone."""
    now, later = pose_pair(world, room)
    ends = [build for build in every_build(later) if admitted(later, build)]
    starts = [build for build in every_build(now) if admitted(now, build)] if ends else []
    return [(a, b) for a in starts for b in ends if not room.unmet(a, b)]


@given(worlds(), ROOMS)
@FEWER
def test_room_against_every_pair_of_builds(world: World, room: Room) -> None:
    """Same score and price of now, same price of later; builds that the checker lets pass."""
    now, later = pose_pair(world, room)
    pairs = every_pair(world, room)
    found = search(world, room)
    if found.builds is None:
        assert pairs == []
        return
    best = max((value(now, a), value(later, b)[1:]) for a, b in pairs)
    first, second = found.builds
    assert (first, second) in pairs
    assert (value(now, first), value(later, second)[1:]) == best
    assert found.score == best[0][0] == found.bound


@given(worlds(), ROOMS)
@FEWER
def test_room_with_every_option(world: World, room: Room) -> None:
    """What is left out before the search is never missed."""
    assert search(world, room) == search(world, room, whole=True)


def test_the_worlds_have_room_and_lack_it() -> None:
    """The generator gives both, and worlds in which room changes the answer."""
    seen: Counter[str] = Counter()

    @given(worlds(), ROOMS)
    @settings(SMALL, max_examples=100, database=None, derandomize=True)
    def look(world: World, room: Room) -> None:
        found = search(world, room)
        seen["room" if found.builds else "none"] += 1
        if found.builds and found.builds[0].of_kind("gpu") != found.builds[1].of_kind("gpu"):
            seen["cards added"] += 1

    look()
    assert seen["room"] >= 5, seen
    assert seen["none"] >= 10, seen
    assert seen["cards added"] >= 2, seen


REQUEST = Request(budget_cents=400_000, min_vram_gb=16)


@pytest.mark.parametrize("text", ["1", "rtx-5090:1,ram:128", "m2:1,storage:4TB"])
def test_room_costs_no_less_than_none(text: str, catalog: Catalog) -> None:
    """The best build with room scores no more than the best without; the later one works."""
    found = solve_with_room(REQUEST, parse_room(text, catalog), catalog=catalog)
    assert found.status == "optimal"
    assert found.build is not None
    assert found.without is not None
    assert found.later is not None
    best = (found.without.score or 0, -(found.without.total_cents or 0))
    assert (found.build.score or 0, -(found.build.total_cents or 0)) <= best
    assert {v.verdict for v in found.later.verdicts} <= {"ok", "warning", "not applicable"}
    assert found.later.total_cents == sum(
        item.quantity * (item.price_cents or 0) for item in found.additions
    )


def test_room_that_cannot_be_is_explained(catalog: Catalog) -> None:
    """With the wishes that clash, and a budget that would do, which does."""
    asked = Request(budget_cents=290_000, min_vram_gb=24)
    room = Room(cards=1, chip="geforce-rtx-5090")
    found = solve_with_room(asked, room, catalog=catalog)
    assert found.status == "infeasible"
    assert found.without is not None
    assert found.least_cents is not None
    assert found.least_cents > 290_000
    enough = solve_with_room(asked.replace(budget_cents=found.least_cents), room, catalog=catalog)
    assert enough.build is not None
    assert enough.build.total_cents == found.least_cents


def test_no_build_even_without_room(catalog: Catalog) -> None:
    """Then the room is not to blame, and the answer says so."""
    found = solve_with_room(Request(budget_cents=10_000), Room(cards=1), catalog=catalog)
    assert found.status == "infeasible"
    assert found.without is None
    assert found.text[0].startswith("even without room")


def test_owned_parts_count_now_and_later(catalog: Catalog) -> None:
    """A supply that is owned stays, and must carry both cards."""
    mine = OwnedPart(part="corsair-hx1500i-2025")
    found = solve_with_room(
        REQUEST.replace(own=(mine,), with_parts=(mine.part,)), Room(cards=1), catalog=catalog
    )
    assert found.later is not None
    assert [line.owned for line in found.later.parts if line.kind == "psu"] == [1]


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("1", Room(cards=1)),
        ("gpu:2", Room(cards=2)),
        (" rtx-5090:1, ram:128 ", Room(cards=1, chip="geforce-rtx-5090", ram_gb=128)),
        ("ram:96GB,storage:4TB,m2:2", Room(ram_gb=96, storage_gb=4000, m2_drives=2)),
    ],
)
def test_room_as_people_write_it(text: str, room: Room, catalog: Catalog) -> None:
    """Amounts with units, chips without their vendor."""
    assert parse_room(text, catalog) == room


@pytest.mark.parametrize(
    "text", ["", "0", "9", "ram", "ram:x", "ram:64,ram:128", "1,2", "ford-t:1", "noctua-nh-d15:1"]
)
def test_bad_room_is_refused(text: str, catalog: Catalog) -> None:
    """In one sentence that names the flag."""
    with pytest.raises(InputError, match="--room-for"):
        parse_room(text, catalog)
