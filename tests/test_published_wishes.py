"""What five people wished for beyond the rig of the day, each in the market of the time.

The commands are those of the README.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
WISHES = {
    "2021, a barebone for two cards with one card now": (
        "rigopt solve --market us-2021-04 --profile dettmers --workload cnn-train --budget 2200 "
        "--min-vram 8 --min-ram 32 --wifi --max-gpus 1 --room-for 1"
    ),
    "2018, three users, a fourth card later": (
        "rigopt solve --market us-2018-06 --workload bert-base-finetune --budget 6000 --users 3 "
        "--vram-per-user 11 --threads-per-user 5 --ram-per-user 40 --max-gpus 3 --room-for 1 "
        "--own corsair-vengeance-lpx-128gb-8x16gb-ddr4-2666"
    ),
    "2019, at most two cards, a supply with watts to spare": (
        "rigopt solve --market us-2019-06 --profile dettmers --workload cnn-train --vendor NVIDIA "
        "--budget 1400 --min-vram 8 --min-ram 32 --max-gpus 1 --room-for 1"
    ),
    "2020, two Titans with NVLink, 128 GB, a second M.2 drive later": (
        "rigopt solve --market us-2020-08 --workload training --budget 9000 --with titan-rtx "
        "--min-gpus 2 --max-gpus 2 --nvlink --min-ram 128 --room-for m2:1"
    ),
    "2024, one used 3090 now, room for a second": (
        "rigopt solve --market us-2024-01 --profile dettmers --workload training --budget 2200 "
        "--used --with geforce-rtx-3090 --max-gpus 1 --min-ram 64 --room-for 1"
    ),
    "2024, the second within 18 months, same board, supply and case": (
        "rigopt plan tests/plans/s4-2024-journey.yaml"
    ),
}


def answered(command: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "rigopt", *shlex.split(command)[1:], "--json"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def pieces(build: Any, kind: str) -> dict[str, int]:
    return {line["part"]: line["quantity"] for line in build["parts"] if line["kind"] == kind}


def test_the_readme_has_the_commands() -> None:
    """Word for word, whatever the line breaks."""
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ").split())
    for command in WISHES.values():
        assert " ".join(command.split()) in text


@pytest.mark.parametrize("wish", [wish for wish in WISHES if "solve" in WISHES[wish]])
def test_room_in_the_market_of_the_time(wish: str) -> None:
    """Proven; board, supply, case, cooler and CPU stay, and every rule holds for both rigs."""
    found = answered(WISHES[wish])
    assert found["status"] == "optimal"
    now, later = found["build"], found["later"]
    for kind in ("motherboard", "psu", "case", "cooler", "cpu"):
        assert pieces(now, kind) == pieces(later, kind)
    for build in (now, later):
        assert {v["verdict"] for v in build["verdicts"]} <= {"ok", "warning", "not applicable"}
    (cards, count), *others = pieces(now, "gpu").items()
    assert others == []
    assert pieces(later, "gpu") == {cards: count + found["room"]["cards"]}
    assert now["score"] <= found["without"]["score"]
    drives = sum(pieces(now, "storage").values()) + found["room"]["m2_drives"]
    assert sum(pieces(later, "storage").values()) >= drives
    supply = later["power"]
    assert supply["wanted_w"] <= supply["supply_w"]


def test_the_journey_of_2024() -> None:
    """A used 3090 first, its twin 18 months later on the same board, supply and case."""
    found = answered(WISHES["2024, the second within 18 months, same board, supply and case"])
    assert found["status"] == "optimal"
    first, second = (step["build"] for step in found["steps"])
    assert [step["months"] for step in found["steps"]] == [18, 18]
    assert sum(pieces(first, "gpu").values()) == 1
    assert sum(pieces(second, "gpu").values()) == 2
    for kind in ("motherboard", "psu", "case"):
        assert pieces(first, kind) == pieces(second, kind)
