"""What problems of one catalogue have in common, worked out for the first of them and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock, RLock
from typing import cast

from rigopt.build import Line
from rigopt.catalog import Catalog
from rigopt.request import Request
from rigopt.scaling import Link
from rigopt.throughput import Speed

WISHED = frozenset(
    {
        "budget_cents",
        "tax_bp",
        "shipping_cents",
        "min_gpus",
        "min_vram_gb",
        "min_total_vram_gb",
        "model_params",
        "quant",
        "context",
        "vendors",
        "brands",
        "without_parts",
        "min_ram_gb",
        "min_storage_gb",
        "min_bulk_gb",
        "min_cores",
        "min_threads",
        "max_wall_w",
        "efficiency",
        "ecc",
        "wifi",
        "nvlink",
        "users",
        "users_per_gpu",
        "vram_per_user_gb",
        "threads_per_user",
        "cores_per_user",
        "ram_per_user_gb",
        "within_bp",
        "time_limit_s",
        "seed",
    }
)
"""Fields of a request that only its wishes read: neither the options nor the standing rules."""
FEW, MOST = 4, 24
"""So many sorts of problems are kept of a catalogue, be they large, and at most."""
MOST_OPTIONS = 150_000
"""More than a few only while they have no more options in all."""
_LOCK = Lock()


class Common:
    """What all problems have in common that differ in wishes only."""

    def __init__(self) -> None:
        self.options: dict[str, tuple[Line, ...]] = {}
        self.speeds: dict[tuple[str, int, int | None, Link | None], tuple[Speed, ...] | None] = {}
        self.links: dict[tuple[int, Hashable], Link] = {}
        """By the cards' PCIe generation and their wiring."""
        self.judged: object = None
        """What was judged of the options' values so far (``narrowing``)."""
        self.lock = RLock()

    @property
    def size(self) -> int:
        """How many options were looked at."""
        return sum(map(len, self.options.values()))


def common_to(request: Request, catalog: Catalog, beside: Hashable) -> Common:
    """What a request has in common with others to a catalogue that differ in wishes only; the last
    few are kept with the catalogue, and go with it.

    Args:
        beside: what else tells such requests apart.
    """
    key = repr((request.model_dump(exclude=set(WISHED)), beside))
    with _LOCK:
        kept = cast("OrderedDict[str, Common]", catalog.kept)
        found = kept[key] = kept.pop(key) if key in kept else Common()
        size = sum(one.size for one in kept.values())
        while len(kept) > MOST or (len(kept) > FEW and size > MOST_OPTIONS):
            size -= kept.popitem(last=False)[1].size
        return found
