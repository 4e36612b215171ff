"""The wishes as people write them: one table for command-line flags and for request files.

Light on purpose: the command line needs it for ``--help``. ``requestfile`` reads the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """One wish: its name on the command line and in files, its field of a request, its help."""

    name: str
    field: str
    reads: str
    """How a value is read: a reader of ``requestfile.READERS``."""
    help: str
    metavar: str = ""
    least: int = 0
    most: int = 1_000_000
    many: bool = False
    switch: bool = False
    """Takes no value on the command line; true or false in a file."""
    means: Any = True
    """What a switch sets when it is on."""

    @property
    def field_key(self) -> str:
        """The name of the flag as a Python name."""
        return "wish_" + self.name.replace("-", "_")


FLAGS: tuple[Flag, ...] = (
    Flag("budget", "budget_cents", "money", "Most to pay in all.", "MONEY"),
    Flag("min-vram", "min_vram_gb", "gigabytes", "GPU memory of every card.", "GB"),
    Flag("min-total-vram", "min_total_vram_gb", "gigabytes", "GPU memory of all cards.", "GB"),
    Flag("model-params", "model_params", "model", "Language model to hold: 70B, or a name.", "B"),
    Flag("quant", "quant", "quant", "Its quantisation: 4bit, fp16, ...", "NAME"),
    Flag("context", "context", "context", "Its context: 8k.", "TOKENS"),
    Flag("min-gpus", "min_gpus", "count", "Fewest cards.", "N", 1, 8),
    Flag("max-gpus", "max_gpus", "count", "Most cards.", "N", 1, 8),
    Flag("workload", "workload", "workload", "What to be fast at: a name, or A=2,B=1.", "NAME"),
    Flag("vendor", "vendors", "choice", "Vendor of the GPU.", "NAME", many=True),
    Flag(
        "brand", "brands", "brand", "Brand of a kind of part: psu=Corsair.", "KIND=BRAND", many=True
    ),
    Flag("with", "with_parts", "part", "Part or GPU chip that must be in.", "PART", many=True),
    Flag("without", "without_parts", "part", "Part or chip that must not.", "PART", many=True),
    Flag(
        "own",
        "own",
        "owned",
        "Part you have: free, never forced in; '2x NAME', or a build file.",
        "PART",
        many=True,
    ),
    Flag("min-ram", "min_ram_gb", "gigabytes", "Memory.", "GB"),
    Flag("min-storage", "min_storage_gb", "gigabytes", "Solid-state storage.", "GB"),
    Flag("min-bulk", "min_bulk_gb", "gigabytes", "Storage of any sort beside that.", "GB"),
    Flag("min-cores", "min_cores", "count", "CPU cores.", "N", 0, 1024),
    Flag("min-threads", "min_threads", "count", "CPU threads.", "N", 0, 2048),
    Flag("max-wall-watts", "max_wall_w", "count", "Most watts at the wall.", "W", 1, 100_000),
    Flag("circuit", "circuit", "circuit", "Wall circuit: 120v-15a, 230v-16a, ...", "NAME"),
    Flag("min-gpu-lanes", "min_gpu_lanes", "count", "PCIe lanes of every card.", "N", 1, 16),
    Flag("efficiency", "efficiency", "choice", "Least 80 PLUS class.", "CLASS"),
    Flag("market", "market", "market", "Price list to buy from.", "NAME"),
    Flag("tax", "tax_bp", "percent", "Sales tax on top of the prices: 8.25%.", "PCT"),
    Flag("shipping", "shipping_cents", "money", "Shipping of the order.", "MONEY"),
    Flag("currency", "exchange", "exchange", "Another currency: EUR=0.92.", "CODE=RATE"),
    Flag("as-of", "as_of", "day", "Carry prices to a day, by the price index.", "DAY"),
    Flag("condition", "condition", "choice", "Of bought parts: new, used or any.", "WHICH"),
    Flag(
        "used",
        "condition",
        "choice",
        "Also take used parts (--condition any).",
        switch=True,
        means="any",
    ),
    Flag("profile", "profile", "profile", "Rules of thumb: dettmers, puget, ...", "NAME"),
    Flag("framework", "framework", "framework", "Framework release that must run.", "NAME"),
    Flag("ecc", "ecc", "", "Memory with error correction.", switch=True),
    Flag("wifi", "wifi", "", "Wi-Fi.", switch=True),
    Flag("nvlink", "nvlink", "", "An NVLink bridge.", switch=True),
    Flag("power-limit", "power_limit", "cap", "Cap of the cards: 80%, or auto.", "PCT"),
    Flag("max-psus", "max_psus", "count", "Most power supplies.", "N", 1, 4),
    Flag("circuits", "circuits", "count", "Wall circuits to spread them over.", "N", 1, 4),
    Flag("open-frame", "open_frame", "", "Also open frames, cards on risers.", switch=True),
    Flag("users", "users", "count", "People who share it, a card each.", "N", 1, 64),
    Flag("users-per-gpu", "users_per_gpu", "count", "People who share a card.", "N", 1, 16),
    Flag("vram-per-user", "vram_per_user_gb", "gigabytes", "GPU memory of each.", "GB"),
    Flag("threads-per-user", "threads_per_user", "count", "CPU threads of each.", "N", 0, 2048),
    Flag("cores-per-user", "cores_per_user", "count", "CPU cores of each.", "N", 0, 1024),
    Flag("ram-per-user", "ram_per_user_gb", "gigabytes", "Memory of each.", "GB"),
    Flag("dataset", "dataset_gb", "gigabytes", "Data to fit beside the system.", "GB"),
    Flag("os", "os", "choice", "Operating system to include.", "WHICH"),
    Flag("no-adapters", "adapters", "", "No power adapters.", switch=True, means=False),
    Flag("allow-unknown", "allow_unknown", "", "Also builds with facts to verify.", switch=True),
    Flag("allow-tight", "allow_tight", "", "Also fits that want care to assemble.", switch=True),
    Flag("unverified", "unverified", "", "Also imported parts nobody has checked.", switch=True),
    Flag("within", "within_bp", "percent", "The cheapest this close to the best: 5%.", "PCT"),
    Flag("time-limit", "time_limit_s", "count", "Seconds to search at most.", "S", 1, 86_400),
    Flag("seed", "seed", "count", "Seed of the search.", "N", 0, 2**31 - 1),
)
BY_NAME: Mapping[str, Flag] = {flag.name: flag for flag in FLAGS}
