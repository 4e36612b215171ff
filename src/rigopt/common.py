"""What problems of one catalogue have in common, worked out for the first of them and kept."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock, RLock

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
MOST = 4
"""So many sorts of problems are kept of a catalogue."""
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


def common_to(request: Request, catalog: Catalog, beside: Hashable) -> Common:
    """What a request has in common with others to a catalogue that differ in wishes only; the last
    few are kept with the catalogue, and go with it.

    Args:
        beside: what else tells such requests apart.
    """
    key = repr((request.model_dump(exclude=set(WISHED)), beside))
    with _LOCK:
        found = catalog.kept.pop(key, None) or Common()
        assert isinstance(found, Common)
        catalog.kept[key] = found
        if len(catalog.kept) > MOST:
            catalog.kept.popitem(last=False)
        return found
