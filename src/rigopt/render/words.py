"""Words that every face of an answer shares."""

from __future__ import annotations

from rigopt.outcome import Assessment

KIND_WORDS = {
    "gpu": "GPU",
    "cpu": "CPU",
    "motherboard": "board",
    "memory": "memory",
    "storage": "storage",
    "psu": "PSU",
    "cooler": "cooler",
    "case": "case",
    "fan": "fans",
    "nvlink_bridge": "NVLink",
    "riser": "riser",
    "network": "network",
    "paste": "paste",
    "os": "OS",
}


def charges_of(build: Assessment) -> list[tuple[str, int]]:
    """What is paid beside the parts: names and cents, without what is nothing."""
    rows = (("Tax", build.tax_cents), ("Shipping", build.shipping_cents))
    return [(name, cents) for name, cents in rows if cents]
