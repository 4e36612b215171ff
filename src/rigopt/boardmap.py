"""Where everything of a build goes on its board, as a builder would seat it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rigopt.build import Build, Line
from rigopt.outcome import BoardMap, DriveSeating, SlotRow
from rigopt.parts import GpuCard, Motherboard, PcieSlot
from rigopt.placement import ON_BOARD, Placement
from rigopt.problem import Problem
from rigopt.rules.nvlink import bridged_placements
from rigopt.rules.operands import AnyOperand
from rigopt.rules.seats import CABLED, GENERATION, M2_DRIVES, U2, foreign, seats_of
from rigopt.seating import Cards, CpuLanes, cooled, in_case, seated, with_lanes
from rigopt.shelving import Drives, M2Drives, Shelving, bays_of, in_place
from rigopt.world import World


@dataclass(frozen=True, slots=True)
class _Wired:
    """A board populated: lanes a slot, and the drives that fit beside."""

    lanes: tuple[int, ...]
    shelving: Shelving | None


def board_map(build: Build, problem: Problem) -> BoardMap | None:
    """The slots of a build's board row by row, as good as can be; ``None`` if its cards cannot be
    seated at all."""
    world = problem.world
    keys = seats_of(build, world)
    if keys is None:
        return None
    layout, cpu, cards, room = keys
    least = world.min_gpu_lanes
    placement = next(
        (
            placement
            for found in (
                bridged_placements(build, world, keys),
                cooled(layout, cpu, cards, room, least),
                with_lanes(layout, cpu, cards, room, least),
                in_case(layout, cpu, cards, room),
                () if foreign(layout, cpu) else seated(layout, cpu, cards),
            )
            for placement in found
        ),
        None,
    )
    board = build.of_kind("motherboard")[0].part
    assert isinstance(board, Motherboard)
    if placement is None:
        return None
    drives, shelvings = _shelvings(build, board, world)
    wired = _wired(board, cpu, cards, placement, shelvings, drives)
    if wired is None:
        return None
    links = _link_gens(build, world, placement)
    rows = tuple(_rows(build, board, cards, placement, wired, links, room.rows))
    return BoardMap(
        rows=rows,
        case_rows=room.rows,
        gaps=placement.gaps,
        route=_route(board, placement),
        drives=tuple(_drives(board, wired.shelving)),
        sata_used=drives.cabled,
        sata_left=_ports_left(board, wired.shelving, rows, drives),
    )


def _value(operand: AnyOperand, build: Build, world: World) -> object:
    values = operand.values(build, world)
    return values[0][0] if len(values) == 1 else None


def _shelvings(
    build: Build, board: Motherboard, world: World
) -> tuple[Drives, tuple[Shelving, ...]]:
    """The drives of a build and the ways to put them into M.2 slots, as far as is known."""
    m2, cabled, u2 = (_value(each, build, world) for each in (M2_DRIVES, CABLED, U2))
    drives = Drives(
        m2 if isinstance(m2, M2Drives) else M2Drives(),
        cabled if isinstance(cabled, int) else 0,
        u2 if isinstance(u2, int) else 0,
    )
    bays, cpu = bays_of(board), _value(GENERATION, build, world)
    if bays is None or not isinstance(cpu, tuple):
        return drives, ()
    generation, cpus = cpu
    return drives, in_place(bays, generation, cpus, drives)


def _wired(
    board: Motherboard,
    cpu: CpuLanes,
    cards: Cards,
    placement: Placement,
    shelvings: tuple[Shelving, ...],
    drives: Drives,
) -> _Wired | None:
    """A lane table and a shelving under which the placement has its lanes."""
    slots = board.slots or ()
    used = {*placement.at, *placement.others}
    for shelving in shelvings or (None,):
        limits = dict(shelving.limits) if shelving else {}
        if shelving is not None and not _ports_suffice(slots, used, shelving, drives):
            continue
        for table in board.populations or ():
            if table.min_cpu_lanes > cpu.lanes:
                continue
            lanes = tuple(min(n, limits.get(i, n)) for i, n in enumerate(table.lanes))
            if all(lanes[i] for i in used) and _enough(lanes, placement, cards):
                return _Wired(lanes, shelving)
    return None


def _ports_suffice(
    slots: Sequence[PcieSlot], used: Iterable[int], shelving: Shelving, drives: Drives
) -> bool:
    """Whether the slots in use leave the drives their ports, if there are enough at all."""
    ports, u2 = shelving.ports, shelving.u2 or 0
    sata_lost = sum(slots[index].disables_sata_ports for index in used)
    u2_lost = sum(slots[index].disables_u2_ports for index in used)
    return not (
        0 < drives.cabled <= ports < drives.cabled + sata_lost
        or 0 < drives.u2 <= u2 < drives.u2 + u2_lost
    )


def _enough(lanes: Sequence[int], placement: Placement, cards: Cards) -> bool:
    on_seat: dict[int, int] = {}
    for index, wanted in zip(placement.at, placement.lanes, strict=True):
        on_seat[index] = on_seat.get(index, 0) + wanted
    return all(lanes[index] >= wanted for index, wanted in on_seat.items())


def _lines(build: Build, kind: str) -> list[Line]:
    return [line for line in build.of_kind(kind) for _ in range(line.quantity)]


def _link_gens(build: Build, world: World, placement: Placement) -> dict[int, int]:
    """Per seat in use the PCIe generation that its card gets."""
    gpus = _lines(build, "gpu")
    cpu_gen = getattr(build.of_kind("cpu")[0].part, "pcie_gen", None) or ON_BOARD
    found: dict[int, int] = {}
    ways = zip(placement.order, placement.at, placement.gens(cpu_gen), strict=True)
    for body, index, gen in ways:
        card = gpus[body].part
        assert isinstance(card, GpuCard)
        found[index] = min(gen, world.chip(card).pcie_gen)
    return found


def _rows(
    build: Build,
    board: Motherboard,
    cards: Cards,
    placement: Placement,
    wired: _Wired,
    links: dict[int, int],
    case_rows: int,
) -> Iterator[SlotRow]:
    slots = board.slots or ()
    gpus = _lines(build, "gpu")
    covers: dict[int, tuple[str, bool, bool]] = {}
    lanes_used: dict[int, int] = {}
    for place, (body, index) in enumerate(zip(placement.order, placement.at, strict=True)):
        name, row = gpus[body].part.id, slots[index].position
        riser = place >= placement.seated
        lanes_used[index] = lanes_used.get(index, 0) + placement.lanes[place]
        rows = 1 if riser else cards.bodies[body].slots_covered
        for covered in range(rows):
            covers[row + covered] = name, covered == 0, riser
    others = sorted(_lines(build, "network"), key=lambda line: getattr(line.part, "slot_size", 0))
    others = [line for line in others if getattr(line.part, "bus", None) == "pcie"]
    for line, index in zip(others, placement.others, strict=False):
        covers[slots[index].position] = line.part.id, True, False
    by_row: dict[int, int] = {slot.position: index for index, slot in enumerate(slots)}
    limited = _limiters(board, wired.shelving)
    for row in range(1, max([case_rows, *by_row, *covers]) + 1):
        here = by_row.get(row)
        slot = None if here is None else slots[here]
        part, plugged, riser = covers.get(row, (None, False, False))
        yield SlotRow(
            row=row,
            slot=slot.name if slot else None,
            size=slot.size if slot else None,
            gen=None if here is None else links.get(here, slots[here].gen),
            lanes=None if here is None else lanes_used.get(here, wired.lanes[here]),
            root=slot.root if slot else None,
            part=part,
            plugged=plugged,
            riser=riser,
            limited_by=None if slot is None else limited.get(slot.name),
        )


def _limiters(board: Motherboard, shelving: Shelving | None) -> dict[str, str]:
    """Per slot the M.2 slot in use that takes lanes from it."""
    m2 = board.m2 or ()
    return {
        name: m2[place].name
        for place, _ in (shelving.chosen if shelving else ())
        for name in m2[place].limits_slots
    }


def _drives(board: Motherboard, shelving: Shelving | None) -> Iterator[DriveSeating]:
    for place, sata in shelving.chosen if shelving else ():
        slot = (board.m2 or ())[place]
        yield DriveSeating(slot=slot.name, gen=slot.gen, lanes=slot.lanes, sata_drive=sata)


def _ports_left(
    board: Motherboard, shelving: Shelving | None, rows: Sequence[SlotRow], drives: Drives
) -> int | None:
    ports = shelving.ports if shelving else board.sata_ports
    if ports is None:
        return None
    taken = {row.slot for row in rows if row.plugged}
    lost = sum(s.disables_sata_ports for s in board.slots or () if s.name in taken)
    return max(0, ports - lost - drives.cabled)


def _route(board: Motherboard, placement: Placement) -> str | None:
    """The way between the two cards that are farthest from each other on the board's graph."""
    slots = board.slots or ()
    names = list(dict.fromkeys(slots[index].name for index in placement.at))
    if len(names) < 2:
        return None
    from rigopt.topology import graph_of, route

    graph = graph_of(board)
    ways = [route(graph, names[0], name) for name in names[1:]]
    return max((len(way), " - ".join(way)) for way in ways)[1]
