"""The placement solver against brute force, and what must never change by taking a card away."""

from __future__ import annotations

import os
from itertools import combinations, pairwise, permutations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigopt.catalog import Catalog
from rigopt.layout import Layout, Seat, bare, layout_of, topology_of
from rigopt.parts import Motherboard
from rigopt.placement import Body, Lead, Placement, placements
from rigopt.shelving import Drives, M2Drives, bays_of, shelvings
from rigopt.topology import graph_of, route

NAMES = "ABCDEF"
EXAMPLES = int(os.environ.get("RIGOPT_EXAMPLES", "150"))
"""Raise it for a longer hunt."""


@st.composite
def small_boards(draw: st.DrawFn) -> Motherboard:
    """Boards of up to six slots with shared lanes, M.2 slots that take lanes, two CPUs."""
    count = draw(st.integers(2, 6))
    rows = sorted(draw(st.sets(st.integers(1, 9), min_size=count, max_size=count)))
    slots = [
        {
            "name": NAMES[place],
            "position": row,
            "size": draw(st.sampled_from((16, 16, 16, 4))),
            "gen": draw(st.sampled_from((3, 4))),
            "root": draw(st.sampled_from(("cpu", "cpu", "chipset", "cpu2"))),
            "splits": draw(st.sampled_from(((), (2,)))),
            "disables_sata_ports": draw(st.sampled_from((0, 0, 2))),
            "disables_u2_ports": draw(st.sampled_from((0, 0, 0, 1))),
        }
        for place, row in enumerate(rows)
    ]
    lanes = st.tuples(*[st.sampled_from((16, 8, 4, 0)) for _ in range(count)])
    populations = [
        {"lanes": draw(lanes), "min_cpu_lanes": draw(st.sampled_from((0, 0, 40)))}
        for _ in range(draw(st.integers(1, 3)))
    ]
    m2 = [
        {
            "name": f"M{place}",
            "gen": 4,
            "lanes": 4,
            "root": draw(st.sampled_from(("cpu", "chipset", "cpu2"))),
            "sata": draw(st.booleans()),
            "max_length_mm": draw(st.sampled_from((80, 110))),
            "limits_slots": draw(
                st.dictionaries(st.sampled_from(NAMES[:2]), st.sampled_from((0, 4)), max_size=2)
            ),
            "disables_sata_ports": draw(st.sampled_from((0, 2))),
        }
        for place in range(draw(st.integers(0, 3)))
    ]
    return Motherboard.model_validate(
        {
            "id": "board",
            "name": "board",
            "brand": "Acme",
            "sources": ("made for a test",),
            "checked": "2026-11-21",
            "socket": "SP3",
            "cpu_sockets": 2,
            "slots": slots,
            "populations": populations,
            "m2": m2,
            "sata_ports": draw(st.sampled_from((2, 4))),
            "u2_ports": draw(st.sampled_from((0, 1, 2))),
        },
        strict=False,
    )


bodies = st.lists(
    st.builds(Body, st.integers(1, 4), st.sampled_from((16, 8))), min_size=1, max_size=3
).map(tuple)
others = st.lists(st.sampled_from((Body(1, 1, 1), Body(1, 4, 4), Body(1, 8, 16))), max_size=1).map(
    tuple
)
leads = st.lists(st.sampled_from((Lead(16, 4), Lead(16, 3, 2))), max_size=2).map(tuple)
drives = st.builds(
    Drives,
    st.builds(M2Drives, st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)),
    st.integers(0, 3),
    st.sampled_from((0, 0, 0, 1)),
)
Facts = tuple[tuple[tuple[int, int, bool], ...], int, int, tuple[int, ...], tuple[int, ...]]
"""Per card lanes, generation, through the CPU; last row; rows of hung cards; distances; gaps."""


def facts_of(placement: Placement) -> Facts:
    by_card = sorted(
        zip(placement.order, placement.lanes, placement.seats, placement.lead_gens, strict=True),
        key=lambda item: item[0],
    )
    return (
        tuple((n, min(seat.gen, lead), seat.root != "chipset") for _, n, seat, lead in by_card),
        placement.last_row,
        placement.hung_rows,
        placement.distances,
        placement.gaps,
    )


def by_hand(
    board: Motherboard,
    cpu_lanes: int,
    cpus: int,
    cards: tuple[Body, ...],
    beside: tuple[Body, ...],
    cables: tuple[Lead, ...],
    wanted: Drives,
) -> list[tuple[tuple[int, ...], Facts]]:
    """Every arrangement there is, with the order of the seated cards: each card, add-in card and
    riser in any slot, drives in any M.2 slots. Written from the manual's point of view."""
    slots = board.slots or ()
    found = []
    for hanging in product(range(-1, len(cables)), repeat=len(cards)):
        loads = [hanging.count(lead) for lead in range(len(cables))]
        if any(load > lead.carries for load, lead in zip(loads, cables, strict=True)):
            continue
        room = sum(lead.carries for lead in cables)
        if sum(loads) != min(room, len(cards)):  # as many hang as can
            continue
        if loads != fullest(len(cards), cables):
            continue
        used = [lead for lead, load in enumerate(loads) if load]
        on_board = [card for card, lead in enumerate(hanging) if lead < 0]
        things = [("card", c) for c in on_board] + [("lead", n) for n in used]
        things += [("other", n) for n in range(len(beside))]
        for seats in permutations(range(len(slots)), len(things)):
            arrangement = dict(zip(things, seats, strict=True))
            for limits, ports, u2 in ways_of_drives(board, cpus, wanted):
                for table in board.populations or ():
                    if table.min_cpu_lanes <= cpu_lanes:
                        facts = judge(
                            board,
                            cpus,
                            cards,
                            beside,
                            cables,
                            hanging,
                            arrangement,
                            [min(n, limits.get(i, n)) for i, n in enumerate(table.lanes)],
                            ports,
                            u2,
                        )
                        if facts is not None:
                            order = sorted(on_board, key=lambda c, a=arrangement: a["card", c])
                            found.append((tuple(order), facts))
    return found


def fullest(count: int, cables: tuple[Lead, ...]) -> list[int]:
    loads = []
    for lead in cables:
        loads.append(min(lead.carries, count))
        count -= loads[-1]
    return loads


def ways_of_drives(
    board: Motherboard, cpus: int, wanted: Drives
) -> list[tuple[dict[int, int], int, int]]:
    """Limits per slot, spare SATA and U.2 ports; as if without drives when they do not fit."""
    names = [slot.name for slot in board.slots or ()]
    ways = []
    usable = [m for m in board.m2 or () if m.root != "cpu2" or cpus > 1]
    count = wanted.m2.nvme + wanted.m2.sata
    for taken in combinations(usable, count):
        if sum(m.sata for m in taken) < wanted.m2.sata:
            continue
        if sum(m.max_length_mm == 110 for m in taken) < wanted.m2.long:
            continue
        limits: dict[int, int] = {}
        for m in taken:
            for name, left in m.limits_slots.items():
                place = names.index(name)
                limits[place] = min(left, limits.get(place, left))
        ways.append((limits, (board.sata_ports or 0) - sum(m.disables_sata_ports for m in taken)))
    u2 = board.u2_ports or 0
    ways = [(limits, max(0, ports)) for limits, ports in ways]
    enough = [
        (limits, ports) for limits, ports in ways if ports >= wanted.cabled and u2 >= wanted.u2
    ]
    return [
        (
            limits,
            max(0, ports - wanted.cabled) if wanted.cabled else ANY,
            max(0, u2 - wanted.u2) if wanted.u2 else ANY,
        )
        for limits, ports in enough or ways
    ] or [({}, ANY, ANY)]


ANY = 999
"""Ports that nothing needs may all be lost."""


def judge(
    board: Motherboard,
    cpus: int,
    cards: tuple[Body, ...],
    beside: tuple[Body, ...],
    cables: tuple[Lead, ...],
    hanging: tuple[int, ...],
    seats: dict[tuple[str, int], int],
    lanes: list[int],
    ports: int,
    u2: int,
) -> Facts | None:
    """The facts of one arrangement, or ``None`` if it cannot be built."""
    slots = board.slots or ()
    spans = []
    for (what, number), index in seats.items():
        slot = slots[index]
        size = {"card": 16, "lead": 16, "other": beside[number].size if what == "other" else 0}
        rows = cards[number].slots_covered if what == "card" else 1
        if slot.size < size[what] or lanes[index] < 1 or (slot.root == "cpu2" and cpus < 2):
            return None
        if (
            what == "lead"
            and cables[number].carries > 1
            and cables[number].carries not in (slot.splits)
        ):
            return None
        spans.append((slot.position, slot.position + rows, what))
    spans.sort()
    if any(a[1] > b[0] for a, b in pairwise(spans)):
        return None
    if sum(slots[index].disables_sata_ports for index in seats.values()) > ports:
        return None
    if sum(slots[index].disables_u2_ports for index in seats.values()) > u2:
        return None
    facts = []
    for card, lead in enumerate(hanging):
        index = seats["card", card] if lead < 0 else seats["lead", lead]
        slot, given, gen = slots[index], lanes[index], slots[index].gen
        if lead >= 0:
            cable = cables[lead]
            given, gen = min(given, cable.lanes) // cable.carries, min(gen, cable.gen)
        facts.append((min(given, cards[card].pcie_lanes), gen, slot.root != "chipset"))
    seated = [(start, end) for start, end, what in spans if what == "card"]
    between = [
        sum(end - start for start, end, what in spans if what != "card" and a[1] <= start < b[0])
        for a, b in pairwise(seated)
    ]
    return (
        tuple(facts),
        max([end - 1 for _, end, what in spans if what != "lead"], default=0),
        sum(cards[card].slots_covered for card, lead in enumerate(hanging) if lead >= 0),
        tuple(b[0] - a[0] for a, b in pairwise(seated)),
        tuple(
            b[0] - a[1] - taken for a, b, taken in zip(seated, seated[1:], between, strict=False)
        ),
    )


def as_good(mine: Facts, other: Facts) -> bool:
    """Whether one arrangement is at least as good as another one of the same distances."""
    return (
        mine[1] <= other[1]
        and mine[2] <= other[2]
        and mine[3:] == other[3:]
        and all(
            a[0] >= b[0] and a[1] >= b[1] and a[2] == b[2]
            for a, b in zip(mine[0], other[0], strict=True)
        )
    )


def layout(board: Motherboard, cpus: int, wanted: Drives) -> Layout:
    topology = topology_of(board)
    assert topology is not None
    return layout_of(topology, "any", cpus, wanted)


@given(
    small_boards(),
    st.sampled_from((16, 40)),
    st.sampled_from((1, 2)),
    bodies,
    others,
    leads,
    drives,
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_placements_are_those_found_by_hand(
    board: Motherboard,
    cpu_lanes: int,
    cpus: int,
    cards: tuple[Body, ...],
    beside: tuple[Body, ...],
    cables: tuple[Lead, ...],
    wanted: Drives,
) -> None:
    """Everything returned can be built; everything that can be built is matched or bettered."""
    cables = tuple(sorted(cables, key=lambda lead: (-lead.carries, -lead.lanes, -lead.gen)))
    needed = fullest(len(cards), cables)
    cables = tuple(lead for lead, load in zip(cables, needed, strict=True) if load)
    place = layout(board, cpus, wanted)
    found = placements(place, cpu_lanes, cpus, cards, beside, cables)
    every = by_hand(board, cpu_lanes, cpus, cards, beside, cables, wanted)
    mine = [(p.order[: p.seated], facts_of(p)) for p in found]
    sizes = [tuple(cards[c] for c in order) for order, _ in every]
    for order, facts in mine:
        alike = [
            f for (o, f), s in zip(every, sizes, strict=True) if s == tuple(cards[c] for c in order)
        ]
        assert any(same_cards(facts, f, cards) for f in alike)
    for (_, facts), size in zip(every, sizes, strict=True):
        assert any(
            tuple(cards[c] for c in order) == size and bettered(f, facts, cards)
            for order, f in mine
        ), facts


def relabelled(facts: Facts, cards: tuple[Body, ...]) -> list[Facts]:
    """The facts under every exchange of equal cards."""
    return [
        (tuple(facts[0][i] for i in order), *facts[1:])
        for order in permutations(range(len(cards)))
        if all(cards[i] == cards[j] for i, j in enumerate(order))
    ]


def same_cards(mine: Facts, other: Facts, cards: tuple[Body, ...]) -> bool:
    return any(mine == again for again in relabelled(other, cards))


def bettered(mine: Facts, other: Facts, cards: tuple[Body, ...]) -> bool:
    return any(as_good(mine, again) for again in relabelled(other, cards))


@given(small_boards(), st.sampled_from((1, 2)), bodies, drives)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_taking_a_card_or_a_drive_away_breaks_nothing(
    board: Motherboard, cpus: int, cards: tuple[Body, ...], wanted: Drives
) -> None:
    """If cards can be seated, so can fewer of them, with as many lanes for the worst of them."""
    fits = placements(layout(board, cpus, wanted), 40, cpus, cards)
    if not fits:
        return
    most = max(p.min_lanes for p in fits)
    for fewer in combinations(cards, len(cards) - 1):
        if fewer:
            left = placements(layout(board, cpus, wanted), 40, cpus, fewer)
            assert max(p.min_lanes for p in left) >= most
    bays = bays_of(board)
    assert bays is not None
    if wanted.m2.nvme and shelvings(bays, "any", cpus, wanted.m2):
        less = Drives(wanted.m2._replace(nvme=wanted.m2.nvme - 1), 0, 0)
        if less.m2.long <= less.m2.nvme + less.m2.sata:
            left = placements(layout(board, cpus, less), 40, cpus, cards)
            assert max(p.min_lanes for p in left) >= most


def test_every_board_is_a_connected_graph(catalog: Catalog) -> None:
    """Every slot and M.2 slot of the catalogue hangs on a CPU or the chipset, and any two slots
    reach each other."""
    for board in catalog.boards:
        graph = graph_of(board)
        names = [slot.name for slot in board.slots or ()]
        for name in names[1:]:
            way = route(graph, names[0], name)
            assert way[0] == names[0]
            assert way[-1] == name
            assert {"cpu", "cpu2", "chipset"} & set(way[1:-1])


def test_way_between_cards_on_cpu_and_chipset(catalog: Catalog) -> None:
    """The third slot of a ProArt X670E hangs on the chipset: data goes through CPU and chipset."""
    board = catalog.parts["asus-proart-x670e-creator-wifi"]
    assert isinstance(board, Motherboard)
    graph = graph_of(board)
    assert route(graph, "PCIEX16_1", "PCIEX16_2") == ("PCIEX16_1", "cpu", "PCIEX16_2")
    assert route(graph, "PCIEX16_1", "PCIEX16_3") == ("PCIEX16_1", "cpu", "chipset", "PCIEX16_3")


def test_equal_boards_share_one_topology(catalog: Catalog) -> None:
    """Caches count on it: equal facts are one object."""
    board = catalog.parts["asus-pro-ws-wrx80e-sage-se-wifi"]
    assert isinstance(board, Motherboard)
    again = board.model_copy(update={"id": "another", "name": "another"})
    first = topology_of(board)
    assert first is not None
    assert first is topology_of(again)
    assert bare(first) is bare(first)
    assert isinstance(first.seats[0], Seat)


def test_two_drives_on_one_slot_take_what_either_takes() -> None:
    """One M.2 slot leaves the expansion slot four lanes, the other none: both leave none."""
    m2 = [
        {"name": name, "gen": 4, "lanes": 4, "root": "cpu", "sata": False, "max_length_mm": 80}
        | {"limits_slots": {"A": left}}
        for name, left in (("M1", 0), ("M2", 4))
    ]
    facts = {"id": "board", "name": "board", "brand": "Acme", "sources": ("made for a test",)}
    facts |= {"checked": "2026-11-21", "socket": "AM5", "sata_ports": 4, "u2_ports": 0}
    slots = [{"name": "A", "position": 1, "size": 16, "gen": 4, "root": "cpu"}]
    for order in (m2, m2[::-1]):
        board = Motherboard.model_validate(
            facts | {"slots": slots, "populations": [{"lanes": (16,)}], "m2": order}, strict=False
        )
        lanes = []
        for count in (0, 1, 2):
            place = layout(board, 1, Drives(M2Drives(nvme=count)))
            found = placements(place, 20, 1, (Body(2, 16),))
            lanes.append(max((p.min_lanes for p in found), default=0))
        assert lanes == [16, 4, 0]
