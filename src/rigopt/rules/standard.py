"""The rules of a working deep-learning rig, in the order in which they are told."""

from __future__ import annotations

from rigopt.rules.accelerators import CARD_RULES, SEATING_RULES
from rigopt.rules.airflow import CASE_AIRFLOW, FAN_MOUNTS
from rigopt.rules.base import Rule
from rigopt.rules.chassis import CHASSIS_RULES
from rigopt.rules.cooling import COOLING_RULES
from rigopt.rules.memory import MEMORY_RULES
from rigopt.rules.nvlink import GPU_NVLINK
from rigopt.rules.platform import PLATFORM_RULES
from rigopt.rules.plugs import PLUG_RULES
from rigopt.rules.power import POWER_RULES
from rigopt.rules.provenance import FACTS_CHECKED
from rigopt.rules.radiators import COOLER_RADIATOR
from rigopt.rules.sizing import SIZING_RULES
from rigopt.rules.storage import STORAGE_RULES

RULES: tuple[Rule, ...] = (
    *PLATFORM_RULES,
    *MEMORY_RULES,
    *SEATING_RULES,
    GPU_NVLINK,
    *CARD_RULES,
    *SIZING_RULES,
    *POWER_RULES,
    *PLUG_RULES,
    *CHASSIS_RULES,
    *COOLING_RULES,
    COOLER_RADIATOR,
    FAN_MOUNTS,
    CASE_AIRFLOW,
    *STORAGE_RULES,
    FACTS_CHECKED,
)
"""To add a rule: write it beside its likes, and it is checked, encoded and worded everywhere."""
