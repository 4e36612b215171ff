"""Sets of scenarios: what a file means, and what is wrong with it, before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from rigopt.catalog import Catalog
from rigopt.errors import InputError
from rigopt.upgrades.owning import with_owned_builds
from rigopt.whatif.budgets import MONEY, family
from rigopt.whatif.scenarios import ScenarioSet, read_scenarios
from rigopt.whatif.shocks import Shock

Read = Callable[[str], ScenarioSet]


@pytest.fixture
def read(catalog: Catalog, tmp_path: Path) -> Read:
    """Reads a file of this text, and validates what it holds."""

    def look(text: str) -> ScenarioSet:
        path = tmp_path / "s.yaml"
        path.write_text(text, "utf-8")
        scenarios, grown = read_scenarios(path, catalog, own=with_owned_builds)
        scenarios.validate(grown)
        return scenarios

    return look


GRID = """
base: {used: true, min-storage: 2000}
axes:
  budget: 2000..4000 step 500
  workload: [training, llm-decode-7b]
  shock: {gpu: [none, +30%], memory: [none, x4, -12.5%]}
"""


def test_a_grid_holds_every_combination_once(read: Read) -> None:
    """5 budgets, 2 workloads, 2 and 3 prices: 60 scenarios, the first axis slowest."""
    scenarios = read(GRID)
    assert scenarios.count == 5 * 2 * 2 * 3
    assert len(set(scenarios)) == 60
    first, second, last = (scenarios.scenario(number) for number in (1, 2, 60))
    assert first.request.budget_cents == second.request.budget_cents == 200_000
    assert first.shocks == ()
    assert second.shocks == (Shock("memory", 40_000),)
    assert last.request.budget_cents == 400_000
    assert last.request.workload == "llm-decode-7b"
    assert last.shocks == (Shock("gpu", 13_000), Shock("memory", 8_750))
    assert all(s.request.condition == "any" and s.request.min_storage_gb == 2000 for s in scenarios)


def test_cells_tell_scenarios_apart(read: Read) -> None:
    """Every scenario has cells of its own, one for each column."""
    scenarios = read(GRID)
    names = [column.name for column in scenarios.columns]
    assert names == ["budget_cents", "workload", "shock_gpu", "shock_memory"]
    assert scenarios.cells(1) == (200_000, "training", 1.0, 1.0)
    assert scenarios.cells(60) == (400_000, "llm-decode-7b", 1.3, 0.875)
    assert len({scenarios.cells(number) for number in range(1, 61)}) == 60


EVERY_AXIS = """
axes:
  min-vram: [none, 24]
  market: [us-2026, us-2024-01]
  own: [none, [nvidia-rtx-4090-founders], ["2x nvidia-rtx-4090-founders"]]
  profile: [default, dettmers]
  power-limit: [none, auto, 80%]
  circuit: [none, 230v-16a]
  min-gpus: 1..3
  used: [true, false]
"""


def test_axes_of_every_sort(read: Read) -> None:
    """Wishes, markets, owned parts, profiles, power limits, circuits and switches may vary."""
    scenarios = read(EVERY_AXIS)
    assert scenarios.count == 2 * 2 * 3 * 2 * 3 * 2 * 3 * 2
    found = {name: {getattr(s.request, name) for s in scenarios} for name in scenarios.keys}
    assert found["min_vram_gb"] == {None, 24}
    assert found["power_limit"] == {None, "auto", 80}
    assert found["min_gpus"] == {1, 2, 3}
    assert found["condition"] == {"new", "any"}
    assert {tuple(o.quantity for o in own) for own in found["own"]} == {(), (1,), (2,)}


RIG = "parts: [amd-ryzen-7-2700, {part: samsung-860-qvo-1tb, quantity: 2}]"
BOX = """
parts:
- amd-ryzen-7-2700
- {kind: case, name: My box, expansion_slots: 7, gpu_length_max_mm: 330}
"""


def test_builds_that_are_owned_stand_in_files(
    read: Read, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build file in base, axis or list means its parts, from the folder of the scenarios on;
    the parts that it describes are in the catalogue."""
    (tmp_path / "rigs").mkdir()
    (tmp_path / "rigs" / "rig.yaml").write_text(RIG, "utf-8")
    (tmp_path / "rigs" / "box.yaml").write_text(BOX, "utf-8")
    monkeypatch.chdir("/")
    rig = "[amd-ryzen-7-2700, 2x samsung-860-qvo-1tb]"
    for file, parts in (
        ("base: {own: rigs/rig.yaml}\n", f"base: {{own: {rig}}}\n"),
        ("list: [{own: [rigs/rig.yaml]}]\n", f"list: [{{own: {rig}}}]\n"),
    ):
        axes = "axes: {budget: [1000, 2000]}\n"
        assert list(read(file + axes)) == list(read(parts + axes))
        assert read(file + axes).digest == read(parts + axes).digest
    for value in ("rigs/box.yaml", "[none, rigs/rig.yaml, [rigs/box.yaml, nzxt-h500]]"):
        path = tmp_path / "s.yaml"
        path.write_text(f"axes: {{own: {value}}}", "utf-8")
        scenarios, grown = read_scenarios(path, catalog, own=with_owned_builds)
        assert grown.parts["inline-my-box"].name == "My box"
    owned = [[(item.quantity, item.part) for item in s.request.own] for s in scenarios]
    assert owned == [
        [],
        [(1, "amd-ryzen-7-2700"), (2, "samsung-860-qvo-1tb")],
        [(1, "amd-ryzen-7-2700"), (1, "inline-my-box"), (1, "nzxt-h500")],
    ]


def test_a_changed_build_makes_another_set(read: Read, tmp_path: Path) -> None:
    """One more drive in the file is another set of scenarios; a comment is not."""
    digests = []
    for text in (RIG, f"# mine\n{RIG}", RIG.replace("quantity: 2", "quantity: 3")):
        (tmp_path / "rig.yaml").write_text(text, "utf-8")
        digests.append(read("axes: {own: [none, rig.yaml]}").digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "place", ["base: {own: PATH}", "axes: {own: [PATH]}", "list: [{own: PATH}]"]
)
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (None, "cannot be read"),
        ("parts: [unheard of]", "unheard of"),
        ("parts: []", "list of parts"),
    ],
)
def test_a_bad_build_file_is_refused(
    place: str, content: str | None, word: str, read: Read, tmp_path: Path
) -> None:
    """Wherever it is named: in a sentence that names it."""
    if content is not None:
        (tmp_path / "mine.yaml").write_text(content, "utf-8")
    with pytest.raises(InputError, match=rf"mine\.yaml.*{word}"):
        read(place.replace("PATH", "mine.yaml"))


def test_two_parts_of_one_name_are_refused(read: Read, tmp_path: Path) -> None:
    """Two files that describe a part of one name otherwise: neither takes the other's place."""
    (tmp_path / "box.yaml").write_text(BOX, "utf-8")
    (tmp_path / "copy.yaml").write_text(BOX, "utf-8")
    (tmp_path / "other.yaml").write_text(BOX.replace("330", "400"), "utf-8")
    assert read("base: {own: copy.yaml}\naxes: {own: [none, box.yaml]}").count == 2
    with pytest.raises(InputError, match=r"other\.yaml: another part is called 'My box'"):
        read("axes: {own: [box.yaml, other.yaml]}")


def test_a_list_sets_several_wishes_at_once(read: Read) -> None:
    """Entries have names, and are looked at along the axes beside them."""
    scenarios = read(
        "list:\n- {name: lab, min-vram: 24, users: 2}\n- {name: home, shock: {all: +10%}}\n"
        "axes: {budget: [3000, 6000]}\n"
    )
    cells = [scenarios.cells(number) for number in range(1, 5)]
    assert [column.name for column in scenarios.columns][:3] == ["name", "min_vram_gb", "users"]
    assert [(cell[0], cell[1], cell[-1]) for cell in cells] == [
        ("lab", 24, 300_000),
        ("lab", 24, 600_000),
        ("home", None, 300_000),
        ("home", None, 600_000),
    ]
    assert scenarios.scenario(3).shocks == (Shock("all", 11_000),)


def test_shocks_together_are_one_axis(read: Read) -> None:
    """A list of shocks changes several prices in each scenario; what is not named stays."""
    scenarios = read("axes: {shock: [none, {gpu: +30%, memory: x4}, {memory: -20%}]}")
    assert [s.shocks for s in scenarios] == [
        (),
        (Shock("gpu", 13_000), Shock("memory", 40_000)),
        (Shock("memory", 8_000),),
    ]


def test_a_sample_is_the_same_for_the_same_seed(read: Read) -> None:
    """A seed draws so many different scenarios of the grid, always the same; another others."""
    drawn = {seed: list(read(f"{GRID}\nsample: 20\nseed: {seed}\n")) for seed in (1, 2)}
    assert list(read(f"{GRID}\nsample: 20\nseed: 1\n")) == drawn[1]
    whole = list(read(GRID))
    for found in drawn.values():
        assert len(set(found)) == 20
        assert set(found) <= set(whole)
    assert drawn[1] != drawn[2]


def test_samples_are_even(read: Read) -> None:
    """Over many seeds every scenario is drawn about as often: 200 times 6 of 12 is 100 each."""
    text = "axes: {budget: 1000..3000 step 1000, min-vram: [8, 12, 16, 24]}\nsample: 6\nseed: "
    counts = dict.fromkeys(read(text.partition("sample")[0]), 0)
    for seed in range(200):
        for scenario in read(f"{text}{seed}"):
            counts[scenario] += 1
    assert sum(counts.values()) == 1200
    assert all(60 <= number <= 140 for number in counts.values())


@pytest.mark.parametrize("sample", ["", "sample: 30\nseed: 3\n"])
def test_families_come_together_large_budgets_first(sample: str, read: Read) -> None:
    """In the order of work every scenario comes once; those that share searches one after the
    other, with falling budgets."""
    scenarios = read(f"{GRID}\n{sample}")
    order = list(scenarios.ordered(MONEY))
    assert sorted(order) == list(range(1, scenarios.count + 1))
    found = [scenarios.scenario(number) for number in order]
    families = [(family(s.request), s.shocks) for s in found]
    changes = sum(a != b for a, b in pairwise(families))
    assert changes == len(set(families)) - 1
    for (mine, before), (other, after) in pairwise(zip(families, found, strict=True)):
        if mine == other:
            assert (before.request.budget_cents or 0) > (after.request.budget_cents or 0)


def test_the_digest_is_of_the_meaning(read: Read) -> None:
    """Comments and spelling do not count; a value, an order or a seed does."""
    same = [GRID, f"# a comment\n{GRID}", GRID.replace("min-storage: 2000", "min_storage: 2TB")]
    assert len({read(text).digest for text in same}) == 1
    others = [
        GRID,
        GRID.replace("step 500", "step 250"),
        GRID.replace("used: true, ", ""),
        GRID.replace("+30%", "+31%"),
        f"{GRID}\nsample: 20\nseed: 1\n",
        f"{GRID}\nsample: 20\nseed: 2\n",
    ]
    assert len({read(text).digest for text in others}) == len(others)


REFUSED = {
    "no such axis": ("axes: {bugdet: [1, 2]}", "bugdet", "budget"),
    "no such key": ("axis: {budget: [1]}", "axis", "axes"),
    "empty axis": ("axes: {budget: []}", "budget", "no values"),
    "empty grid": ("base: {used: true}", "varies nothing"),
    "empty shock": ("axes: {shock: {}}", "shock", "no values"),
    "empty list": ("list: []", "holds no scenarios"),
    "no step": ("axes: {budget: 2000..3000}", "has no step", "2000..3000 step N"),
    "no way": ("axes: {budget: 3000..2000 step 100}", "is empty", "lower end first"),
    "step 0": ("axes: {min-gpus: 1..4 step 0}", "goes nowhere"),
    "bad value": ("axes: {budget: [2000, lots]}", "lots"),
    "unknown workload": ("axes: {workload: [trainning]}", "trainning", "training"),
    "unknown part": ("axes: {own: [no-such-part]}", "no-such-part"),
    "unknown market": ("axes: {market: [mars]}", "mars"),
    "no shock": ("axes: {shock: {gpu: [30]}}", "30", "+30%"),
    "shock of nothing": ("axes: {shock: {toaster: [+30%]}}", "toaster"),
    "free parts": ("axes: {shock: {gpu: [-100%]}}", "out of range"),
    "value twice": ("axes: {budget: [2000, 2000.00]}", "twice"),
    "wish twice": ("axes: {used: [true], condition: [any]}", "say the same"),
    "set by list and axis": ("list: [{budget: 1}]\naxes: {budget: [2]}", "the axis budget"),
    "name twice": ("list: [{name: a, budget: 1}, {name: a, budget: 2}]", "twice"),
    "contradiction": ("axes: {min-gpus: [1, 4], max-gpus: [2]}", "scenario 2", "max-gpus"),
    "sample too large": ("axes: {budget: [1, 2]}\nsample: 3", "3 of 2"),
    "seed alone": ("axes: {budget: [1, 2]}\nseed: 3", "sample"),
    "tax twice": ("axes: {shock: {gpu: [x0]}}", "out of range"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_said_in_a_sentence(name: str, read: Read) -> None:
    """Each mistake is refused with what and where it is, before anything is solved."""
    text, *words = REFUSED[name]
    with pytest.raises(InputError) as refusal:
        read(text)
    told = str(refusal.value)
    assert "s.yaml" in told or "scenario" in told
    assert "\n" not in told
    for word in words:
        assert word in told


def test_a_huge_grid_is_counted_without_being_made(catalog: Catalog, tmp_path: Path) -> None:
    """Ten thousand million scenarios take no time and no memory to count."""
    path = tmp_path / "s.yaml"
    path.write_text("axes: {budget: 1..100000 step 1, seed: 0..99999}", "utf-8")
    scenarios, _ = read_scenarios(path, catalog)
    assert scenarios.count == 10**10
    assert scenarios.scenario(10**10).request.budget_cents == 10_000_000
