"""What an importer gives back, and how it reads records that cannot be relied on."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rigopt.catalog import Catalog
from rigopt.parts import Fact, GpuChip, Part, Row


class BrokenRecordError(Exception):
    """A record that cannot be used, and why."""


class Skipped(Fact):
    """A record that was left out."""

    record: str
    why: str


class Disagreement(Fact):
    """A fact of the catalogue that the database states otherwise."""

    part: str
    field: str
    ours: str
    theirs: str
    record: str
    corrected: bool
    """Whether the catalogue's list of corrections says so already."""


class Report(Fact):
    """What became of the records."""

    source: str
    records: int
    imported: dict[str, int]
    """Parts by kind."""
    known: int
    """Records of parts that the catalogue has already: compared, not imported."""
    skipped: tuple[Skipped, ...]
    disagreements: tuple[Disagreement, ...]

    def reasons(self) -> list[tuple[str, int]]:
        """Why records were left out, the commonest first."""
        found = Counter(skip.why.partition(":")[0] for skip in self.skipped)
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def text(record: Mapping[str, Any], *keys: str) -> str:
    """A word in a record; "" where there is none.

    Raises:
        BrokenRecordError: if something else stands there.
    """
    value = _at(record, keys)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BrokenRecordError(f"no text in {'.'.join(keys)}: {value!r}"[:200])
    return " ".join(value.split())


def number(record: Mapping[str, Any], *keys: str) -> float | None:
    """A number in a record; ``None`` where there is none. Zero counts as none: databases write it
    for what they do not know.

    Raises:
        BrokenRecordError: if something else stands there, or less than nothing.
    """
    value = _at(record, keys)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise BrokenRecordError(f"no number in {'.'.join(keys)}: {value!r}"[:200])
    return value or None


def whole(record: Mapping[str, Any], *keys: str) -> int | None:
    """A number in a record, rounded up: what must fit somewhere is not made smaller."""
    value = number(record, *keys)
    return None if value is None else math.ceil(value)


def flag(record: Mapping[str, Any], *keys: str) -> bool | None:
    """Yes or no in a record; ``None`` where nothing stands.

    Raises:
        BrokenRecordError: if something else stands there.
    """
    value = _at(record, keys)
    if value is not None and not isinstance(value, bool):
        raise BrokenRecordError(f"no yes or no in {'.'.join(keys)}: {value!r}"[:200])
    return value


def items(record: Mapping[str, Any], *keys: str) -> list[Any]:
    """A list in a record; an empty one where there is none.

    Raises:
        BrokenRecordError: if something else stands there.
    """
    value = _at(record, keys)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BrokenRecordError(f"no list in {'.'.join(keys)}: {value!r}"[:200])
    return value


def named(record: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Fields in a record; none where nothing stands.

    Raises:
        BrokenRecordError: if something else stands there.
    """
    value = _at(record, keys)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BrokenRecordError(f"no fields in {'.'.join(keys)}: {value!r}"[:200])
    return value


def _at(record: Mapping[str, Any], keys: Iterable[str]) -> Any:
    value: Any = record
    for key in keys:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise BrokenRecordError(f"no fields in {key}: {value!r}"[:200])
        value = value.get(key)
    return value


def slug(words: str, *, most: int = 80) -> str:
    """A name as an id."""
    plain = re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")
    return plain[:most].rstrip("-")


def plain(name: str) -> str:
    """A name as it is compared: no case, no blanks, no vendor."""
    return re.sub(r"nvidia|geforce|amd|radeon|intel|[^a-z0-9]", "", name.casefold())


def compare(
    ours: Row, theirs: Mapping[str, Any], record: str, corrected: Iterable[tuple[str, str]]
) -> list[Disagreement]:
    """Where the facts of a record (those it knows) disagree with a row of the catalogue."""
    known = frozenset(corrected)
    return [
        Disagreement(
            part=ours.id,
            field=field,
            ours=_shown(getattr(ours, field)),
            theirs=_shown(value),
            record=record,
            corrected=(ours.id, field) in known,
        )
        for field, value in theirs.items()
        if value is not None
        and getattr(ours, field) is not None
        and not _agree(field, getattr(ours, field), value)
    ]


NOT_COMPARED = frozenset({"id", "kind", "name", "brand", "part_numbers", "sources", "checked"})
"""Names are spelled in many ways, and provenance is no fact of a part."""
_ROUGHLY = {"length_mm": 2, "height_mm": 2, "gpu_length_max_mm": 5, "cooler_height_max_mm": 3}
"""Differences in mm that rounding explains."""
_RATES = frozenset({"mem_bandwidth_gb_s", "fp32_gflops", "fp16_gflops"})
"""Within one per cent they are the same: clocks are rounded."""


def _agree(field: str, ours: Any, theirs: Any) -> bool:
    if field in NOT_COMPARED or field in ("note", "estimated", "unverified"):
        return True
    if isinstance(ours, tuple):
        return set(theirs) <= set(ours)
    if field in _RATES:
        return bool(abs(ours - theirs) * 100 <= ours)
    if isinstance(ours, int) and field in _ROUGHLY:
        return bool(abs(ours - theirs) <= _ROUGHLY[field])
    return bool(ours == theirs)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def part_numbers(catalog: Catalog) -> dict[tuple[str, str], Part]:
    """Every part of the catalogue by its kind and each of its part numbers."""
    return {
        (str(part.kind), number.casefold()): part  # type: ignore[attr-defined]
        for part in catalog.parts.values()
        for number in part.part_numbers
        if not part.unverified
    }


def chips_by_name(catalog: Catalog) -> dict[tuple[str, int], GpuChip]:
    """Every chip of the catalogue by its plain name, with and without its memory, and memory."""
    found: dict[tuple[str, int], GpuChip] = {}
    for chip in catalog.chips.values():
        name = plain(chip.name)
        for form in (name, name.removesuffix(f"{chip.vram_gb}gb")):
            found.setdefault((form, chip.vram_gb), chip)
    return found
