"""Hypothesis strategies for small worlds: a few parts of every kind, facts from small pools.

The pools are chosen so that builds are sometimes possible, sometimes not, and often tight; a test
of its own holds them to that.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from rigopt.build import Line
from rigopt.catalog import Catalog, kind_of
from rigopt.markets import Market, MarketInfo, Price
from rigopt.parts import (
    Case,
    Cpu,
    CpuCooler,
    Drive,
    Fan,
    GpuCard,
    MemoryKit,
    Motherboard,
    NetworkAdapter,
    NvlinkBridge,
    Part,
    PowerSupply,
    Riser,
    ThermalPaste,
)
from rigopt.request import Request

SHIPPED = Catalog.load()
DAY = date(2026, 11, 1)


def maybe(values: st.SearchStrategy[Any], *, odds: int = 60) -> st.SearchStrategy[Any]:
    """A value that is unknown once in a while."""
    return st.integers(1, odds).flatmap(lambda n: st.none() if n == odds else values)


def pick(*values: Any) -> st.SearchStrategy[Any]:
    """The first value, which goes well with everything, seven times in eight; or unknown."""
    return maybe(st.sampled_from([values[0]] * 7 * (len(values) - 1) + list(values[1:])))


@st.composite
def part(draw: st.DrawFn, model: type[Part], number: int, **facts: Any) -> Part:
    """A part of a model; facts are strategies or plain values."""
    kind = model.model_fields["kind"].default
    drawn = {k: draw(v) if isinstance(v, st.SearchStrategy) else v for k, v in facts.items()}
    return model(
        id=f"{kind.replace('_', '-')}-{number}",
        name=f"{kind} {number}",
        brand="Acme",
        sources=("made for a test",),
        checked=DAY,
        **drawn,
    )


def gpus(number: int) -> st.SearchStrategy[Part]:
    chips = ("geforce-rtx-3090", "geforce-rtx-3060-12gb", "rtx-a5000", "radeon-rx-7900-xtx")
    return part(
        GpuCard,
        number,
        chip=st.sampled_from(chips),
        length_mm=pick(240, 300, 340),
        height_mm=pick(112, 140),
        slots_covered=pick(2, 3),
        cooling=pick("blower", "open-air"),
        pcie_8pin=pick(1, 0, 2),
        pcie_6pin=0,
        pcie_16pin=pick(0, 1),
        eps_8pin=pick(0, 1),
        adapter_8pin=pick(2, 0, 3),
        display_outputs=pick(3, 0),
    )


def cpus(number: int) -> st.SearchStrategy[Part]:
    return part(
        Cpu,
        number,
        socket=pick("AM4", "LGA2066"),
        generation=pick("Zen 2", "Zen 3", "Skylake-X"),
        cores=pick(8, 4, 16),
        threads=pick(16, 8, 12),
        package_power_w=pick(88, 142, 250),
        memory_types=("DDR4",),
        module_kinds=("UDIMM",),
        memory_channels=2,
        memory_max_gb=pick(128, 64),
        ecc=pick(True, False),
        pcie_gen=pick(4, 3),
        pcie_lanes=pick(20, 28, 44),
        display=pick(True, False),
        cooler_included=pick(True, False),
    )


def boards(number: int) -> st.SearchStrategy[Part]:
    slots = [
        {"name": "A", "position": 1, "size": 16, "gen": 4, "root": "cpu", "splits": (2,)},
        {"name": "B", "position": 4, "size": 16, "gen": 4, "root": "cpu"},
        {"name": "C", "position": 6, "size": 16, "gen": 3, "root": "chipset"},
    ]
    close = [dict(slots[0]), {**slots[1], "position": 3}, {**slots[2], "disables_sata_ports": 2}]
    m2 = [
        {"name": "M1", "gen": 4, "lanes": 4, "root": "cpu", "sata": False, "max_length_mm": 110},
        {
            "name": "M2",
            "gen": 3,
            "lanes": 4,
            "root": "chipset",
            "sata": True,
            "max_length_mm": 80,
            "limits_slots": {"C": 0},
            "disables_sata_ports": 2,
            "disables_sata_ports_as_sata": 1,
        },
        {
            "name": "M3",
            "gen": 4,
            "lanes": 4,
            "root": "cpu",
            "sata": False,
            "max_length_mm": 110,
            "limits_slots": {"B": 4},
            "disables_u2_ports": 1,
        },
    ]
    tables = (
        ({"lanes": (16, 0, 4)}, {"lanes": (8, 8, 4)}),
        ({"lanes": (16, 0, 4)}, {"lanes": (16, 8, 8), "min_cpu_lanes": 44}),
    )
    return part(
        Motherboard,
        number,
        socket=pick("AM4", "LGA2066"),
        chipset=pick("X570", "B550", "X470", "X299"),
        form_factor=pick("Micro-ATX", "ATX"),
        width_mm=244,
        height_mm=305,
        memory_type=pick("DDR4", "DDR5"),
        module_kinds=("UDIMM",),
        memory_slots=pick(4, 2),
        memory_channels=2,
        memory_max_gb=pick(128, 64),
        memory_module_max_gb=pick(32, 16),
        ecc=pick(True, False),
        slots=pick(tuple(slots), tuple(close)),
        populations=pick(*tables),
        m2=pick(tuple(m2[:2]), tuple(m2[:1]), tuple(m2[1:])),
        sata_ports=pick(4, 2),
        u2_ports=pick(0, 1),
        slot_power_6pin=st.sampled_from((0, 0, 1)),
        eps_8pin=pick(1, 2),
        eps_8pin_required=st.sampled_from((None, 1)),
        wifi=pick(True, False),
        bios_flashback=pick(True, False),
    )


def kits(number: int) -> st.SearchStrategy[Part]:
    return part(
        MemoryKit,
        number,
        memory_type=pick("DDR4", "DDR5"),
        module_kind="UDIMM",
        ecc=pick(True, False),
        modules=pick(2, 1),
        module_gb=pick(16, 8, 32),
        speed_mt_s=3200,
        height_mm=pick(32, 44, 52),
    )


def drives(number: int) -> st.SearchStrategy[Part]:
    shapes = (
        ("m2", "nvme", False),
        ("m2", "nvme", False),
        ("m2", "sata", False),
        ("2.5", "sata", False),
        ("u2", "nvme", False),
    )
    return st.sampled_from((*shapes, ("3.5", "sata", True))).flatmap(
        lambda shape: part(
            Drive,
            number,
            form=shape[0],
            protocol=shape[1],
            spinning=shape[2],
            capacity_gb=pick(1000, 500, 2000),
            m2_length_mm=pick(80, 110) if shape[0] == "m2" else None,
        )
    )


def supplies(number: int) -> st.SearchStrategy[Part]:
    return part(
        PowerSupply,
        number,
        watts=pick(1300, 550, 850),
        form_factor=pick("ATX", "SFX"),
        length_mm=pick(140, 180, 200),
        efficiency=pick("gold", "bronze", "titanium"),
        atx_version=pick("3.1", "2.x"),
        eps_8pin=pick(1, 2),
        pcie_8pin=pick(4, 2, 6),
        pcie_16pin=pick(1, 0),
        pcie_16pin_w=st.sampled_from((None, 300, 600)),
        sata_plugs=pick(6, 2),
        molex_plugs=2,
    )


def coolers(number: int) -> st.SearchStrategy[Part]:
    return part(
        CpuCooler,
        number,
        medium=pick("air", "liquid"),
        height_mm=pick(150, 165),
        sockets=pick(("AM4", "LGA2066"), ("AM4",)),
        capacity_w=pick(250, 150),
        overhangs_memory=pick(False, True),
        ram_clearance_mm=pick(32, 45),
        fan_can_rise=st.booleans(),
        radiator_mm=pick(0, 240, 360),
        radiator_thickness_mm=pick(52, 65),
        paste_included=pick(True, False),
    )


def cases(number: int) -> st.SearchStrategy[Part]:
    front = {"position": "front", "sizes_mm": (120, 240, 360)}
    top = {"position": "top", "sizes_mm": (240,), "max_thickness_mm": 55}
    low = {**top, "memory_height_max_mm": 40}
    three = {"position": "front", "size_mm": 120, "count": 3}
    two = {"position": "front", "size_mm": 140, "count": 2}
    return part(
        Case,
        number,
        board_form_factors=pick(("ATX", "Micro-ATX"), ("Micro-ATX",)),
        expansion_slots=pick(7, 4, 8),
        gpu_length_max_mm=pick(340, 280, 400),
        gpu_length_caged_mm=st.sampled_from((None, 290)),
        psu_length_caged_mm=st.sampled_from((None, 150)),
        open_frame=st.sampled_from((False, False, True)),
        riser_places=st.sampled_from((0, 1, 2)),
        riser_rows=st.sampled_from((None, 3)),
        psu_count=st.sampled_from((1, 2)),
        cooler_height_max_mm=pick(165, 155, 180),
        psu_form_factors=pick(("ATX",), ("ATX", "SFX")),
        psu_length_max_mm=pick(180, 160, 220),
        radiator_mounts=pick((front, top), (front,), (low,), ()),
        bays_35=pick(2, 0),
        bays_25=pick(2, 1),
        fan_mounts=pick((three, two), (three,), ()),
        fans_included=pick(2, 0),
    )


def bridges(number: int) -> st.SearchStrategy[Part]:
    return part(
        NvlinkBridge, number, family=st.just("ampere"), span_slots=st.sampled_from((2, 3, 4))
    )


def networks(number: int) -> st.SearchStrategy[Part]:
    return part(NetworkAdapter, number, bus=pick("pcie", "usb"), slot_size=pick(1, 16), wifi=True)


def risers(number: int) -> st.SearchStrategy[Part]:
    return part(Riser, number, gen=pick(4, 3), lanes=pick(16, 8), splits=st.sampled_from((1, 2)))


def fans(number: int) -> st.SearchStrategy[Part]:
    return part(Fan, number, size_mm=pick(120, 140), pack=st.sampled_from((1, 3)))


def pastes(number: int) -> st.SearchStrategy[Part]:
    return part(ThermalPaste, number)


KINDS_DRAWN = (
    (gpus, 1, 2, 2),
    (cpus, 1, 2, 1),
    (boards, 1, 2, 1),
    (kits, 1, 2, 2),
    (drives, 1, 2, 2),
    (supplies, 1, 2, 2),
    (cases, 1, 2, 1),
    (coolers, 0, 1, 1),
)
EXTRAS = (
    (bridges, 1),
    (pastes, 1),
    (networks, 1),
    (risers, 2),
    (fans, 1),
)
"""Strategy and most pieces of kinds of which a world has two at most."""
"""Strategy, fewest and most parts, most pieces of a part that are offered."""


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Request, Catalog, tuple[Line, ...]]:
    """A request, a catalogue with a market, and the options to choose from."""
    lines: list[Line] = []
    parts: list[Part] = []
    prices: list[Price] = []
    extras = draw(st.lists(st.sampled_from(EXTRAS), unique=True, max_size=2))
    for make, fewest, most, pieces in (*KINDS_DRAWN, *((m, 0, 1, n) for m, n in extras)):
        for number in range(draw(st.integers(fewest, most))):
            item = draw(make(number))
            price = Price(
                part=item.id,
                price_cents=draw(st.sampled_from((0, 5_000, 10_000, 10_000, 20_000, 40_000))),
                condition="new",
                basis="estimate",
                date=DAY,
                source="made for a test",
            )
            parts.append(item)
            prices.append(price)
            owned = draw(st.sampled_from((0, 0, 0, 1)))
            caps = (None, 150) if isinstance(item, GpuCard) and draw(st.booleans()) else (None,)
            lines += [
                Line(item, quantity, min(owned, quantity), price, cap)
                for quantity in range(1, draw(st.sampled_from((pieces, pieces, 1))) + 1)
                for cap in caps
            ]
    info = MarketInfo(
        id="small",
        title="a small world",
        region="US",
        currency="USD",
        as_of=DAY,
        circuit=draw(st.sampled_from(("120v-15a", "230v-16a"))),
        framework="pytorch-2.11",
    )
    catalog = Catalog(
        parts,
        chips=SHIPPED.chips.values(),
        chipsets=SHIPPED.chipsets.values(),
        sockets=SHIPPED.sockets.values(),
        markets={"small": Market(info, prices)},
    )
    return draw(requests()), catalog, tuple(lines)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Wishes of every sort, few at a time."""
    wishes = draw(st.dictionaries(st.sampled_from(sorted(_WISHES)), st.just(None), max_size=2))
    fields = {name: draw(_WISHES[name]) for name in wishes}
    return Request(
        market="small",
        framework="pytorch-2.11",
        min_storage_gb=draw(st.sampled_from((0, 500, 1000))),
        allow_unknown=draw(st.sampled_from((False, False, True))),
        allow_tight=draw(st.booleans()),
        profile=draw(st.sampled_from(("dettmers", "default"))),
        max_gpus=2,
        **fields,
    )


_WISHES: dict[str, st.SearchStrategy[Any]] = {
    "budget_cents": st.sampled_from((40_000, 100_000, 150_000, 250_000)),
    "min_vram_gb": st.sampled_from((12, 24, 48)),
    "min_total_vram_gb": st.sampled_from((24, 48)),
    "min_gpus": st.just(2),
    "min_ram_gb": st.sampled_from((16, 64)),
    "min_bulk_gb": st.sampled_from((500, 2000)),
    "min_cores": st.sampled_from((6, 16)),
    "min_threads": st.sampled_from((12, 16)),
    "max_wall_w": st.sampled_from((500, 900)),
    "min_gpu_lanes": st.sampled_from((4, 16)),
    "efficiency": st.sampled_from(("gold", "titanium")),
    "vendors": st.just(("NVIDIA",)),
    "with_parts": st.sampled_from((("gpu-0",), ("geforce-rtx-3090",), ("memory-0",))),
    "without_parts": st.sampled_from((("psu-0",), ("rtx-a5000",))),
    "nvlink": st.just(True),
    "circuits": st.just(2),
    "dataset_gb": st.sampled_from((400, 1500)),
    "ecc": st.just(True),
    "wifi": st.just(True),
    "adapters": st.just(False),
    "workload": st.sampled_from(("llm-decode-32b", "cnn-train", "training")),
}


def kinds_of(lines: tuple[Line, ...]) -> set[str]:
    """The kinds among lines."""
    return {kind_of(line.part) for line in lines}
