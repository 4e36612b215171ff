"""One small world of two dozen parts, to be changed a little for every case of the gallery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from rigopt.catalog import Catalog
from rigopt.markets import Market, MarketInfo, Price
from rigopt.parts import (
    Case,
    Cpu,
    CpuCooler,
    Drive,
    GpuCard,
    MemoryKit,
    Motherboard,
    NetworkAdapter,
    NvlinkBridge,
    OperatingSystem,
    Part,
    PowerSupply,
)
from tests.strategies import SHIPPED

DAY = date(2026, 11, 1)

CARD: dict[str, Any] = {
    "cooling": "open-air",
    "height_mm": 130,
    "pcie_6pin": 0,
    "pcie_16pin": 0,
    "eps_8pin": 0,
    "adapter_8pin": 0,
    "display_outputs": 3,
}
CPU: dict[str, Any] = {
    "memory_types": ("DDR4",),
    "module_kinds": ("UDIMM",),
    "memory_channels": 2,
    "memory_max_gb": 128,
    "ecc": False,
    "pcie_gen": 4,
    "display": False,
    "cooler_included": True,
}
BOARD: dict[str, Any] = {
    "form_factor": "ATX",
    "width_mm": 244,
    "height_mm": 305,
    "memory_type": "DDR4",
    "module_kinds": ("UDIMM",),
    "memory_slots": 4,
    "memory_channels": 2,
    "memory_max_gb": 128,
    "memory_module_max_gb": 32,
    "ecc": False,
    "sata_ports": 4,
    "u2_ports": 0,
    "slot_power_6pin": 0,
    "eps_8pin": 1,
    "wifi": False,
    "bios_flashback": True,
}
M2 = {"name": "M2_1", "gen": 4, "lanes": 4, "root": "cpu", "sata": False, "max_length_mm": 110}


def slot(name: str, position: int, root: str = "cpu", gen: int = 4) -> dict[str, Any]:
    return {"name": name, "position": position, "size": 16, "gen": gen, "root": root}


KIT: dict[str, Any] = {"memory_type": "DDR4", "module_kind": "UDIMM", "ecc": False, "modules": 2}
SUPPLY: dict[str, Any] = {
    "form_factor": "ATX",
    "length_mm": 150,
    "atx_version": "3.1",
    "pcie_16pin": 0,
    "sata_plugs": 6,
    "molex_plugs": 2,
    "eps_8pin": 2,
}
CASE: dict[str, Any] = {
    "board_form_factors": ("ATX", "Micro-ATX"),
    "gpu_length_max_mm": 340,
    "cooler_height_max_mm": 165,
    "psu_form_factors": ("ATX",),
    "psu_length_max_mm": 200,
    "radiator_mounts": ({"position": "front", "sizes_mm": (120, 240, 360)},),
    "bays_35": 2,
    "bays_25": 2,
    "fan_mounts": ({"position": "front", "size_mm": 120, "count": 3},),
    "fans_included": 2,
}

ROWS: tuple[tuple[type[Part], str, int, dict[str, Any]], ...] = (
    (GpuCard, "Card 3060", 300, {**CARD, "chip": "geforce-rtx-3060-12gb", "length_mm": 240,
                                 "slots_covered": 2, "pcie_8pin": 1}),
    (GpuCard, "Card 3090", 900, {**CARD, "chip": "geforce-rtx-3090", "length_mm": 310,
                                 "slots_covered": 3, "pcie_8pin": 2}),
    (GpuCard, "Card A5000", 1400, {**CARD, "chip": "rtx-a5000", "length_mm": 267,
                                   "slots_covered": 2, "pcie_8pin": 1, "cooling": "blower",
                                   "height_mm": 112}),
    (GpuCard, "Card 7900", 800, {**CARD, "chip": "radeon-rx-7900-xtx", "length_mm": 287,
                                 "slots_covered": 3, "pcie_8pin": 2}),
    (Cpu, "Quad", 90, {**CPU, "socket": "AM4", "generation": "Zen 3", "cores": 4, "threads": 8,
                       "package_power_w": 88, "pcie_lanes": 20}),
    (Cpu, "Octa", 180, {**CPU, "socket": "AM4", "generation": "Zen 3", "cores": 8, "threads": 16,
                        "package_power_w": 142, "pcie_lanes": 20, "cooler_included": False}),
    (Cpu, "Extreme", 600, {**CPU, "socket": "LGA2066", "generation": "Skylake-X", "cores": 18,
                           "threads": 36, "package_power_w": 250, "pcie_lanes": 44, "pcie_gen": 3,
                           "cooler_included": False, "memory_channels": 4}),
    (Motherboard, "One Slot", 100, {**BOARD, "socket": "AM4", "chipset": "B550",
                                    "form_factor": "Micro-ATX", "height_mm": 244,
                                    "memory_slots": 2, "memory_max_gb": 64,
                                    "slots": (slot("A", 1),), "m2": (M2,),
                                    "populations": ({"lanes": (16,)},)}),
    (Motherboard, "Two Slots", 220, {**BOARD, "socket": "AM4", "chipset": "X570",
                                     "slots": (slot("A", 1), slot("B", 4)), "m2": (M2,),
                                     "populations": ({"lanes": (16, 0)}, {"lanes": (8, 8)})}),
    (Motherboard, "Four Slots", 450, {**BOARD, "socket": "LGA2066", "chipset": "X299",
                                      "memory_channels": 4, "memory_slots": 8,
                                      "eps_8pin": 2,
                                      "slots": tuple(slot(n, p, gen=3) for n, p in
                                                     (("A", 1), ("B", 3), ("C", 5), ("D", 7))),
                                      "m2": ({**M2, "root": "chipset", "gen": 3},),
                                      "populations": ({"lanes": (16, 8, 8, 8)},)}),
    (MemoryKit, "Memory 2x8", 60, {**KIT, "module_gb": 8, "speed_mt_s": 2666, "height_mm": 32}),
    (MemoryKit, "Memory 2x16", 110, {**KIT, "module_gb": 16, "speed_mt_s": 2666, "height_mm": 32}),
    (MemoryKit, "Tall RGB 2x16", 105, {**KIT, "module_gb": 16, "speed_mt_s": 2666,
                                       "height_mm": 54}),
    (Drive, "Stick 500", 40, {"form": "m2", "protocol": "nvme", "spinning": False,
                              "capacity_gb": 500, "m2_length_mm": 80, "read_mb_s": 3000}),
    (Drive, "Stick 1000", 70, {"form": "m2", "protocol": "nvme", "spinning": False,
                               "capacity_gb": 1000, "m2_length_mm": 80, "read_mb_s": 3000}),
    (Drive, "Disk 4000", 90, {"form": "3.5", "protocol": "sata", "spinning": True,
                              "capacity_gb": 4000}),
    (PowerSupply, "Supply 550", 60, {**SUPPLY, "watts": 550, "efficiency": "bronze",
                                     "pcie_8pin": 2}),
    (PowerSupply, "Supply 1000", 150, {**SUPPLY, "watts": 1000, "efficiency": "gold",
                                       "pcie_8pin": 6}),
    (PowerSupply, "Supply 1600", 350, {**SUPPLY, "watts": 1600, "efficiency": "titanium",
                                       "pcie_8pin": 9}),
    (CpuCooler, "Tower", 35, {"medium": "air", "height_mm": 155, "sockets": ("AM4", "LGA2066"),
                              "capacity_w": 200, "overhangs_memory": False,
                              "ram_clearance_mm": None, "radiator_mm": 0,
                              "paste_included": True}),
    (CpuCooler, "Double Tower", 100, {"medium": "air", "height_mm": 165,
                                      "sockets": ("AM4", "LGA2066"), "capacity_w": 280,
                                      "overhangs_memory": True, "ram_clearance_mm": 32,
                                      "fan_can_rise": False, "radiator_mm": 0,
                                      "paste_included": True}),
    (Case, "Small Case", 60, {**CASE, "board_form_factors": ("Micro-ATX",), "expansion_slots": 4,
                              "gpu_length_max_mm": 280, "cooler_height_max_mm": 158}),
    (Case, "Middle Case", 90, {**CASE, "expansion_slots": 7}),
    (Case, "Large Case", 200, {**CASE, "expansion_slots": 8, "gpu_length_max_mm": 400,
                               "cooler_height_max_mm": 180, "psu_length_max_mm": 250}),
    (NvlinkBridge, "Bridge", 80, {"family": "ampere", "span_slots": 4}),
    (NetworkAdapter, "Wireless", 30, {"bus": "pcie", "slot_size": 1, "wifi": True}),
    (OperatingSystem, "Panes", 120, {"family": "windows"}),
)  # fmt: skip
"""Model, name, price in whole dollars, facts."""


def part_id(name: str) -> str:
    """The id of a part of the world."""
    return name.casefold().replace(" ", "-")


def small_world(
    *,
    change: Mapping[str, Mapping[str, Any]] | None = None,
    prices: Mapping[str, int | None] | None = None,
    used: Mapping[str, int] | None = None,
    elsewhere: Mapping[str, int] | None = None,
) -> Catalog:
    """The world with some facts changed.

    Args:
        change: by part, facts to change.
        prices: by part, another price in dollars; ``None``: nobody sells it.
        used: by part, a price for it used.
        elsewhere: the prices of a second market, "abroad".
    """
    change, prices = change or {}, prices or {}
    parts, rows = [], []
    for model, name, dollars, facts in ROWS:
        now = {**facts, **change.get(name, {})}
        parts.append(_part(model, name, now))
        price = prices.get(name, dollars)
        if price is not None:
            rows.append(_price(name, price, "new"))
    rows += [_price(name, price, "used") for name, price in (used or {}).items()]
    markets = {"small": Market(_info("small", "a small world"), rows)}
    if elsewhere is not None:
        abroad = [_price(name, elsewhere.get(name, price), "new") for _, name, price, _ in ROWS]
        markets["abroad"] = Market(_info("abroad", "the world abroad"), abroad)
    return Catalog(
        parts,
        chips=SHIPPED.chips.values(),
        chipsets=SHIPPED.chipsets.values(),
        sockets=SHIPPED.sockets.values(),
        markets=markets,
    )


def _part(model: type[Part], name: str, facts: Mapping[str, Any]) -> Part:
    fixed = {"id": part_id(name), "name": name, "brand": "Acme", "sources": ("made up",)}
    return model(**{**fixed, "checked": DAY, **facts})


def _price(name: str, dollars: int, condition: Any) -> Price:
    return Price(
        part=part_id(name),
        price_cents=100 * dollars,
        condition=condition,
        basis="estimate",
        date=DAY,
        source="made up",
    )


def _info(name: str, title: str) -> MarketInfo:
    return MarketInfo(
        id=name,
        title=title,
        region="US",
        currency="USD",
        as_of=DAY,
        circuit="120v-15a",
        framework="pytorch-2.11",
    )
