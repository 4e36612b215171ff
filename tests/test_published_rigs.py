"""Five rigs that people built, ran and published: checked, and their figures recomputed.

The build files in ``tests/published`` name post, date and address. Figures in this file are those
that the posts state, or plain arithmetic on them; what is compared with them comes from the parts
of the builds and from rigopt's own functions.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from rigopt.assumptions import profiles
from rigopt.build import Build, Line
from rigopt.buildfile import load_build
from rigopt.catalog import Catalog
from rigopt.checking import check
from rigopt.draw import draw_w
from rigopt.layout import bare, topology_of
from rigopt.markets import Price
from rigopt.outcome import Report, RuleVerdict
from rigopt.parts import Case, Cpu, Drive, GpuCard, Motherboard, NvlinkBridge, PowerSupply
from rigopt.request import Request
from rigopt.rules.sizing import cores, ram_gb, threads, vram_gb
from rigopt.seating import cards_of, lanes_of, most_seats
from rigopt.world import World

FOLDER = Path(__file__).parent / "published"
S0, S1, S2, S3, S4 = (
    "s0-2021-ml-workstation",
    "s1-2018-multiuser",
    "s2-2019-desktop",
    "s3-2020-dual-titan",
    "s4-2024-journey",
)
RIGS = (S0, S1, S2, S3, S4)

CONCERNS: dict[str, dict[str, str]] = {
    S0: {
        "cooler-capacity": "warning",  # the maker rates no watts
    },
    S1: {},
    S2: {},
    S3: {
        "cpu-chipset": "warning",  # a CPU of 2018 on a board of 2017
        "cooler-capacity": "warning",  # the maker rates no watts
        "cooler-ram": "warning",  # 34 mm modules, 32 mm clearance: the fan sits 2 mm higher
    },
    S4: {
        "cooler-capacity": "warning",  # the maker rates no watts
    },
}
"""Every rule that is in doubt about a rig, and why; all other rules are satisfied or silent."""

MISSING: dict[str, tuple[str, ...]] = {S1: ("motherboard", "storage", "psu", "case")}
"""Kinds that a post does not name a model of."""


class Rig(NamedTuple):
    """A loaded build file, and what can be done with it."""

    build: Build
    request: Request
    catalog: Catalog

    @property
    def world(self) -> World:
        return World.of(self.request, self.catalog)

    def report(self) -> Report:
        return check(self.build, self.request, catalog=self.catalog)

    def verdict(self, rule: str) -> RuleVerdict:
        return next(v for v in self.report().build.verdicts if v.rule == rule)

    def violated(self) -> dict[str, str]:
        return {v.rule: v.text for v in self.report().build.verdicts if v.verdict == "violated"}

    def only(self, kind: str) -> Line:
        (line,) = self.build.of_kind(kind)
        return line

    def having(self, part: str, quantity: int = 1) -> Rig:
        """The rig with this part instead of whatever it has of that kind."""
        return self.with_line(Line(self.catalog.parts[part], quantity))

    def with_line(self, line: Line) -> Rig:
        others = [other for other in self.build.lines if other.kind != line.kind]
        return self._replace(build=Build.of([*others, line]))

    def times(self, kind: str, quantity: int) -> Rig:
        """The rig with so many of its part of one kind."""
        return self.with_line(Line(self.only(kind).part, quantity))


def rig(name: str, catalog: Catalog) -> Rig:
    return Rig(*load_build(FOLDER / f"{name}.yaml", catalog, {}))


def cards_w(of: Rig) -> int:
    """Power limits of all cards of a rig."""
    watts = 0
    for line in of.build.of_kind("gpu"):
        assert isinstance(line.part, GpuCard)
        watts += of.world.tdp_w(line.part) * line.quantity
    return watts


def supply_wanted_w(of: Rig, cpu_w: int | None = None) -> float:
    """Tim Dettmers' rule of 2018: 110 % of what the cards and the CPU may draw."""
    cpu = of.only("cpu").part
    assert isinstance(cpu, Cpu)
    assert cpu.tdp_w is not None
    watts = cards_w(of) + (cpu.tdp_w if cpu_w is None else cpu_w)
    return watts * profiles()["dettmers"].psu_margin_pct / 100


def supply_w(of: Rig) -> int:
    psu = of.only("psu").part
    assert isinstance(psu, PowerSupply)
    assert psu.watts is not None
    return psu.watts


def total_ram_gb(of: Rig) -> int:
    sizes = [ram_gb(line, of.world) for line in of.build.of_kind("memory")]
    assert None not in sizes
    return sum(size for size in sizes if size is not None)


def total_vram_gb(of: Rig) -> int:
    return sum(vram_gb(line, of.world) * line.quantity for line in of.build.of_kind("gpu"))


def seats(of: Rig) -> int:
    """How many of its cards the board of a rig can seat at once, whatever the case."""
    board = of.only("motherboard").part
    assert isinstance(board, Motherboard)
    topology = topology_of(board)
    lanes = lanes_of(of.only("cpu"), of.catalog.lane_thresholds)
    cards = cards_of(of.build.of_kind("gpu"), of.world.chip)
    assert topology is not None
    assert lanes is not None
    assert cards is not None
    return most_seats(bare(topology), lanes, cards)


# --- every rig --------------------------------------------------------------------------------


def test_every_build_file_is_tested() -> None:
    """The folder holds the five rigs and nothing that no test reads."""
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(RIGS)


@pytest.mark.parametrize("name", RIGS)
def test_a_rig_that_runs_violates_no_rule(name: str, catalog: Catalog) -> None:
    """The rigs were built and worked: no rule may say that one cannot."""
    assert rig(name, catalog).violated() == {}


@pytest.mark.parametrize("name", RIGS)
def test_doubts_about_a_rig_are_the_known_ones(name: str, catalog: Catalog) -> None:
    """Warnings and unknowns are exactly those of the table above."""
    verdicts = rig(name, catalog).report().build.verdicts
    doubts = {v.rule: v.verdict for v in verdicts if v.verdict in ("warning", "unknown")}
    assert doubts == CONCERNS[name]


@pytest.mark.parametrize("name", RIGS)
def test_a_rig_is_complete_as_far_as_its_post_is(name: str, catalog: Catalog) -> None:
    """Only the rig of 2018 lacks kinds of parts: its post names no model of them."""
    assert rig(name, catalog).report().missing == MISSING.get(name, ())


# --- watts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stated_w"),
    [(S2, 353), (S3, 965)],
)
def test_estimated_draw_is_that_of_the_published_list(
    name: str, stated_w: int, catalog: Catalog
) -> None:
    """The part lists state an estimated wattage; rigopt's is within 10 % of it."""
    mine = rig(name, catalog)
    assert draw_w(mine.build, mine.world) == pytest.approx(stated_w, rel=0.10)


@pytest.mark.parametrize(
    ("name", "cards", "cpu_w", "wanted_w"),
    [
        (S0, 1, None, 313.5),
        (S0, 2, None, 555.5),
        (S1, 3, None, 979.0),
        (S2, 1, None, 264.0),
        (S2, 3, None, 649.0),
        (S3, 2, None, 797.5),
        (S4, 1, None, 522.5),
        (S4, 1, 253, 663.3),
        (S4, 2, 253, 1048.3),
    ],
)
def test_supply_by_the_110_percent_rule(
    name: str, cards: int, cpu_w: int | None, wanted_w: float, catalog: Catalog
) -> None:
    """1.10 x (cards + CPU), by TDP or at a stated package power; each rig's supply covers it."""
    mine = rig(name, catalog).times("gpu", cards)
    assert supply_wanted_w(mine, cpu_w) == pytest.approx(wanted_w)
    if mine.build.of_kind("psu"):
        assert supply_w(mine) >= wanted_w


def test_supply_of_2021_covers_a_3090_beside_the_3070(catalog: Catalog) -> None:
    """698.5 W for an RTX 3070 and an RTX 3090 by the 110 % rule: within the 750 W."""
    mine = rig(S0, catalog)
    second = Line(catalog.parts["nvidia-rtx-3090-founders"])
    both = mine._replace(build=Build.of([*mine.build.lines, second]))
    assert supply_wanted_w(both) == pytest.approx(698.5)
    assert supply_w(both) >= 698.5


def test_package_power_of_2024_is_the_one_the_figures_use(catalog: Catalog) -> None:
    """The i7-13700K: 125 W base, 253 W package power."""
    cpu = rig(S4, catalog).only("cpu").part
    assert isinstance(cpu, Cpu)
    assert (cpu.tdp_w, cpu.package_power_w) == (125, 253)


@pytest.mark.parametrize(
    ("name", "stated_w", "fraction"),
    [(S2, 353, 0.353), (S3, 965, 0.804)],
)
def test_load_of_the_supply(name: str, stated_w: int, fraction: float, catalog: Catalog) -> None:
    """The stated wattage loads the supply of 2019 to 35 %, that of 2020 to 80 %."""
    assert stated_w / supply_w(rig(name, catalog)) == pytest.approx(fraction, abs=0.0005)


def test_headroom_of_the_supply_of_2020(catalog: Catalog) -> None:
    """1,200 W were chosen over an estimate of 965 W: 24.35 % more."""
    assert supply_w(rig(S3, catalog)) / 965 - 1 == pytest.approx(0.2435, abs=0.0001)


# --- 2021: one RTX 3070 -----------------------------------------------------------------------


@pytest.mark.parametrize("dataset_gb", [150, 350])
def test_dataset_fits_the_drive_of_2021(dataset_gb: int, catalog: Catalog) -> None:
    """The images take 150 GB in 8 bits, 350 GB in 16 bits; both fit the 500 GB drive."""
    drive = rig(S0, catalog).only("storage").part
    assert isinstance(drive, Drive)
    assert drive.capacity_gb is not None
    assert drive.capacity_gb >= dataset_gb


def test_2021_has_room_for_a_second_card(catalog: Catalog) -> None:
    """The author kept room for a second GPU: it fits, at x8, with the cards close together."""
    two = rig(S0, catalog).times("gpu", 2)
    assert two.violated() == {}
    assert two.verdict("gpu-cooling").verdict == "warning"


# --- 2018: three users ------------------------------------------------------------------------


def test_shares_of_three_users(catalog: Catalog) -> None:
    """One card each; "about 5 cores" are 16 threads / 3, and "about 40 GB" 128 GB / 3."""
    mine = rig(S1, catalog)
    users = mine.only("gpu").quantity
    assert users == 3
    cpu = mine.only("cpu")
    assert (threads(cpu, mine.world) or 0) / users == pytest.approx(5.333, abs=0.001)
    assert (cores(cpu, mine.world) or 0) / users == pytest.approx(2.667, abs=0.001)
    assert total_ram_gb(mine) / users == pytest.approx(42.667, abs=0.001)
    assert vram_gb(mine.only("gpu"), mine.world) == 11


def test_memory_moved_from_another_machine_costs_nothing(catalog: Catalog) -> None:
    """128 GB came from another machine: owned, so nothing is to be paid for it."""
    memory = rig(S1, catalog).only("memory")
    assert (memory.owned, memory.quantity) == (1, 1)
    assert memory.cost_cents == 0


def test_markup_and_break_even_of_2018(catalog: Catalog) -> None:
    """10,000 USD for a finished machine against 7,000 for its parts: 42.86 %. The 6,000 USD of
    the rig are earned in 4,444, 1,370 or 806 hours against as many rented K80, P100 or V100."""
    finished, parts = 10_000, 7_000
    assert 100 * (finished - parts) / parts == pytest.approx(42.86, abs=0.005)
    cards = rig(S1, catalog).only("gpu").quantity
    hours = [6_000 / (cards * usd_an_hour) for usd_an_hour in (0.45, 1.46, 2.48)]
    assert [round(h) for h in hours] == [4_444, 1_370, 806]


def on_a_board(three: Rig) -> Rig:
    """The rig of 2018 on an LGA2066 board with seats for three cards, in a case of eight rows."""
    return three.having("asus-rog-strix-x299-e-gaming").having("phanteks-enthoo-pro-2")


def test_three_cards_sit_on_a_board_for_three(catalog: Catalog) -> None:
    """Three two-slot blowers at x8 each from the 28 lanes of an i7-7820X, none too close."""
    three = on_a_board(rig(S1, catalog))
    assert seats(three) == 3
    for rule in ("gpu-placement", "gpu-lanes", "gpu-cooling"):
        assert three.verdict(rule).verdict == "ok"
    assert three.report().build.link == "PCIe 3.0 x8"


def test_a_fourth_card_is_refused(catalog: Catalog) -> None:
    """ "If we added a 4th GPU ... which wouldn't be possible with our chosen motherboard"."""
    four = on_a_board(rig(S1, catalog)).times("gpu", 4)
    assert four.verdict("gpu-placement").verdict == "violated"
    assert "4 cards > 3" in four.verdict("gpu-placement").text


# --- 2019: desktop against cloud --------------------------------------------------------------


class Row(NamedTuple):
    """A row of the published part list of 2019, in cents."""

    kind: str
    part: str
    base: int
    rebate: int = 0


LIST_OF_2019 = (
    Row("cpu", "amd-ryzen-7-2700", 209_99),
    Row("motherboard", "asus-prime-x470-pro", 159_89, 20_00),
    Row("memory", "corsair-vengeance-lpx-32gb-2x16gb-ddr4-2133", 131_99),
    Row("storage", "samsung-970-pro-512gb", 149_99),
    Row("gpu", "evga-rtx-2070-black", 479_99),
    Row("case", "nzxt-h500", 76_99),
    Row("psu", "evga-supernova-1000-g2", 162_88, 25_00),
)
CLOUD_USD_AN_HOUR = 0.75


def priced(mine: Rig, *, with_rebates: bool) -> Build:
    """The build of 2019 at the prices of its list."""
    cents = {row.part: row.base - (row.rebate if with_rebates else 0) for row in LIST_OF_2019}
    lines = [
        Line(
            line.part,
            line.quantity,
            price=Price(
                part=line.part.id,
                price_cents=cents[line.part.id],
                condition="new",
                basis="quote",
                date=date(2019, 6, 7),
                source="part list in the post",
            ),
        )
        for line in mine.build.lines
    ]
    return Build.of(lines)


def test_rows_of_2019_are_the_parts_of_the_build(catalog: Catalog) -> None:
    """The stated prices belong to the parts of the build file, kind by kind."""
    lines = rig(S2, catalog).build.lines
    assert {(line.kind, line.part.id) for line in lines} == {row[:2] for row in LIST_OF_2019}


def test_totals_of_2019(catalog: Catalog) -> None:
    """1,371.72 USD; 1,326.72 USD after 45 USD of mail-in rebates; CPU and board 349.88 USD."""
    mine = rig(S2, catalog)
    assert priced(mine, with_rebates=False).cost_cents == 1_371_72
    after = priced(mine, with_rebates=True)
    assert after.cost_cents == 1_326_72
    platform = [*after.of_kind("cpu"), *after.of_kind("motherboard")]
    assert sum(line.cost_cents or 0 for line in platform) == 349_88


def test_cloud_of_2019() -> None:
    """Ten projects of twelve days: 2,880 hours, 2,160 USD; 140 of 2,300 USD are for the rest."""
    hours = 10 * 12 * 24
    assert hours == 2_880
    assert hours * CLOUD_USD_AN_HOUR == pytest.approx(2_160)
    assert 2_300 - hours * CLOUD_USD_AN_HOUR == pytest.approx(140)


@pytest.mark.parametrize(
    ("usd_a_kwh", "hours", "days"),
    [(0.0, 1_769, 73.7), (0.12, 1_875, 78.1)],
)
def test_break_even_of_2019(usd_a_kwh: float, hours: int, days: float, catalog: Catalog) -> None:
    """Against 0.75 USD an hour, with the stated 353 W; with rigopt's own watts within 1 %."""
    mine = rig(S2, catalog)
    price_usd = (priced(mine, with_rebates=True).cost_cents or 0) / 100

    def break_even(watts: int) -> float:
        return price_usd / (CLOUD_USD_AN_HOUR - watts / 1000 * usd_a_kwh)

    assert round(break_even(353)) == hours
    assert break_even(353) / 24 == pytest.approx(days, abs=0.05)
    assert break_even(draw_w(mine.build, mine.world) or 0) == pytest.approx(hours, rel=0.01)


def test_cpu_of_2019_brings_its_cooler(catalog: Catalog) -> None:
    """The list has no cooler: the boxed Ryzen 7 2700 includes one."""
    mine = rig(S2, catalog)
    assert mine.build.of_kind("cooler") == ()
    assert mine.verdict("cooler-present").verdict == "ok"


def test_board_of_2019_seats_three_cards_not_four(catalog: Catalog) -> None:
    """ "I picked a motherboard that can only support 3 GPUs"; each takes two expansion slots."""
    four = rig(S2, catalog).times("gpu", 4)
    card = four.only("gpu").part
    assert isinstance(card, GpuCard)
    assert card.slots_covered == 2
    assert seats(four) == 3


def test_2019_has_room_for_a_second_card(catalog: Catalog) -> None:
    """The author expects two cards at most: the second sits at x8, with room to breathe."""
    two = rig(S2, catalog).times("gpu", 2)
    rules = ("gpu-placement", "gpu-lanes", "gpu-cooling", "psu-wattage", "psu-connectors")
    assert {rule: two.verdict(rule).verdict for rule in rules} == dict.fromkeys(rules, "ok")


# --- 2020: two Titan RTX ----------------------------------------------------------------------


def test_memory_of_2020_for_48_gb_on_the_cards(catalog: Catalog) -> None:
    """48 GB on the cards want 96 GB by NVIDIA's advice; 128 GB are 2.67 times as much."""
    mine = rig(S3, catalog)
    assert total_vram_gb(mine) == 48
    assert total_ram_gb(mine) / total_vram_gb(mine) == pytest.approx(2.67, abs=0.005)
    puget = mine._replace(request=mine.request.replace(profile="puget"))
    numbers = puget.verdict("ram-per-vram").numbers
    assert [(n.demand, n.supply) for n in numbers] == [(96, 128)]


def test_96_gb_in_16_gb_modules_want_six_slots(catalog: Catalog) -> None:
    """Six modules for 96 GB, eight for 128 GB: the board has eight slots, so both fit."""
    mine = rig(S3, catalog)
    (numbers,) = mine.verdict("memory-slots").numbers
    assert (numbers.demand, numbers.supply) == (8, 8)
    six = mine.having("crucial-ct16g4rfd4213", 6)
    (numbers,) = six.verdict("memory-slots").numbers
    assert (total_ram_gb(six), numbers.demand, numbers.supply) == (96, 6, 8)


def test_titans_are_bridged_at_full_width(catalog: Catalog) -> None:
    """Both cards at x16 from the 44 lanes, three slots apart under the 3-slot bridge."""
    mine = rig(S3, catalog)
    assert mine.report().build.link == "PCIe 3.0 x16 and NVLink"
    for rule in ("gpu-lanes", "gpu-cooling", "gpu-nvlink"):
        assert mine.verdict(rule).verdict == "ok"


def test_2020_has_room_for_the_second_drive(catalog: Catalog) -> None:
    """The author chose the board for its two M.2 slots: a second 970 EVO Plus was planned."""
    assert rig(S3, catalog).times("storage", 2).violated() == {}
    assert rig(S3, catalog).times("storage", 3).verdict("m2-slots").verdict == "violated"


@pytest.mark.parametrize(
    ("bridge", "says"),
    [
        ("nvidia-titan-rtx-nvlink-bridge-4-slot", "spans 4 slots"),
        ("nvidia-quadro-rtx-6000-8000-nvlink-bridge-2-slot", "quadro-rtx-6000"),
    ],
)
def test_another_bridge_than_the_3_slot_one_is_refused(
    bridge: str, says: str, catalog: Catalog
) -> None:
    """No two seats of the board are four slots apart; the only 2-slot bridge of that generation
    is sold for other cards."""
    other = rig(S3, catalog).having(bridge)
    assert set(other.violated()) == {"gpu-nvlink"}
    assert says in other.verdict("gpu-nvlink").text


def test_span_of_the_bridge_decides(catalog: Catalog) -> None:
    """The same bridge made 4 or 5 slots long: 5 joins the outer seats, 4 joins none."""
    mine = rig(S3, catalog)
    bridge = mine.only("nvlink_bridge").part
    assert isinstance(bridge, NvlinkBridge)
    assert bridge.span_slots == 3
    verdicts = {
        span: mine.with_line(Line(bridge.model_copy(update={"span_slots": span})))
        .verdict("gpu-nvlink")
        .verdict
        for span in (3, 4, 5)
    }
    assert verdicts == {3: "ok", 4: "violated", 5: "ok"}


TALL = ("corsair-vengeance-rgb-pro-32gb-2x16gb-ddr4-3600", 4)
"""8 x 16 GB like those of 2020, but lit and 51 mm high."""


@pytest.mark.parametrize(
    ("case", "room_mm", "low", "tall"),
    [
        ("phanteks-enthoo-pro-tg", 193, "warning", "warning"),
        ("corsair-4000d-airflow", 170, "warning", "violated"),
        ("nzxt-h510", 165, "violated", "violated"),
    ],
)
def test_tall_memory_under_the_big_cooler(
    case: str, room_mm: int, low: str, tall: str, catalog: Catalog
) -> None:
    """The NH-D15 leaves 32 mm. Its front fan must rise: 34 mm modules make it 167 mm high, 51 mm
    modules 184 mm. The author's case has 193 mm, so that tall ones are a warning there; a case
    of 170 mm takes the low ones only."""
    mine = rig(S3, catalog).having(case)
    shell = mine.only("case").part
    assert isinstance(shell, Case)
    assert shell.cooler_height_max_mm == room_mm
    lit = mine.having(*TALL)
    for which, verdict, high_mm in ((mine, low, 167), (lit, tall, 184)):
        found = which.verdict("cooler-ram")
        assert found.verdict == verdict
        assert f"{high_mm} mm high" in found.text


def test_three_faults_at_once_are_all_named(catalog: Catalog) -> None:
    """Four Titans on a board for three, tall memory, a bridge for other cards: one report."""
    mine = rig(S3, catalog)
    bad = (
        mine.times("gpu", 4)
        .having(*TALL)
        .having("nvidia-quadro-rtx-6000-8000-nvlink-bridge-2-slot")
    )
    report = bad.report()
    assert report.status == "violated"
    named = {v.rule: v.verdict for v in report.build.verdicts}
    wanted = {"gpu-placement": "violated", "gpu-nvlink": "violated", "cooler-ram": "warning"}
    assert {rule: named[rule] for rule in wanted} == wanted
    assert "4 cards > 3" in bad.verdict("gpu-placement").text
    assert "51 mm > 32 mm" in bad.verdict("cooler-ram").text
    assert "quadro-rtx-6000" in bad.verdict("gpu-nvlink").text


# --- 2024: one second-hand RTX 3090 -----------------------------------------------------------


def test_memory_of_2024(catalog: Catalog) -> None:
    """At least the memory of the card: 64 GB beside 24 GB, 2.67 times as much."""
    mine = rig(S4, catalog)
    assert total_ram_gb(mine) / total_vram_gb(mine) == pytest.approx(2.67, abs=0.005)
    assert mine.verdict("ram-per-vram").verdict == "ok"


def test_card_of_2024_is_second_hand(catalog: Catalog) -> None:
    """The card was bought used, everything else new: the price taken for it is a used one."""
    price = rig(S4, catalog).only("gpu").price
    assert price is not None
    assert price.condition == "used"


def test_second_card_of_2024_gets_four_lanes_of_the_chipset(catalog: Catalog) -> None:
    """Supply and case take two cards, the board only at x4: named, and allowed on request."""
    two = rig(S4, catalog).times("gpu", 2)
    assert set(two.violated()) == {"gpu-lanes"}
    assert "x4 < x8" in two.verdict("gpu-lanes").text
    slow = two._replace(request=two.request.replace(min_gpu_lanes=4))
    assert slow.violated() == {}
