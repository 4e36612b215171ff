"""Words that every face of an answer shares."""

from __future__ import annotations

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
