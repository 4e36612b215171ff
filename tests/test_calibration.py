"""The fitted model of single GPUs: its data, its formula, its fit, its errors."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from rigopt.calibration.baselines import predict_baseline
from rigopt.calibration.cells import Cell, family, make_cells
from rigopt.calibration.errors import pair_correlation, rank_correlation, regret, summary
from rigopt.calibration.fit import Problem, fit
from rigopt.calibration.model import to_rates
from rigopt.calibration.plot import svg
from rigopt.calibration.report import as_json, leave_out, read_report, stored_report
from rigopt.calibration.run import REFERENCE
from rigopt.catalog import Catalog
from rigopt.cli_model import model_app
from rigopt.errors import InputError
from rigopt.measurements import (
    chip_facts,
    groups,
    left_out,
    measurements,
    sources,
)
from rigopt.parts import GpuChip
from rigopt.rates import (
    GroupRate,
    Rates,
    architecture_key,
    error,
    group_rate,
    matrix_gflops,
    rates,
    seconds_per_unit,
)

COLLECTED_ROWS = 6235
"""Rows of the collection that models/measurements was taken from."""
SHIPPED = Catalog.load()


@pytest.fixture(scope="module")
def problem() -> Problem:
    cells, _ = make_cells(measurements("single"), groups(), SHIPPED.chips)
    return Problem(cells, SHIPPED.chips[REFERENCE])


# --- the rows --------------------------------------------------------------------------------


def test_no_row_is_lost() -> None:
    """Taken and left out add up to the collection; each row left out has a reason."""
    taken = sum(len(measurements(table)) for table in ("single", "multi", "power"))
    assert taken + len(left_out()) == COLLECTED_ROWS
    assert all(row.reason for row in left_out())
    assert len(left_out()) < COLLECTED_ROWS / 100


def test_rows_name_known_chips_and_sources() -> None:
    """Chips of the catalogue, sources of the list, and no source that nothing names."""
    used = set()
    for table in ("single", "multi", "power"):
        for row in measurements(table):
            assert row.chip in SHIPPED.chips
            assert row.chip in chip_facts()
            used.add(row.source)
    assert used == set(sources())


def test_tables_hold_what_they_are_named_for() -> None:
    """One card, several cards, a power limit."""
    assert {(row.count, row.power_limit_w) for row in measurements("single")} == {(1, None)}
    assert all(row.count > 1 and row.power_limit_w is None for row in measurements("multi"))
    assert all(row.power_limit_w is not None for row in measurements("power"))


def test_values_are_kept_as_printed() -> None:
    """The V100 row of Lambda's PyTorch table (lambdal/deeplearning-benchmark), with its source."""
    first = measurements("single")[0]
    assert (first.chip, first.value, first.unit) == ("tesla-v100-sxm2-32gb", 224.0, "images/s")
    assert sources()[first.source].source.startswith("lambdal/deeplearning-benchmark@67a9bb51")


def test_every_single_row_is_fitted_or_has_a_reason() -> None:
    """Cells and unused rows account for all rows of one card."""
    rows = measurements("single")
    cells, unused = make_cells(rows, groups(), SHIPPED.chips)
    pairs = Counter((row.group, row.chip) for row in rows)
    fitted = sum(pairs[cell.group, cell.chip.id] for cell in cells)
    assert fitted + sum(each.rows for each in unused) == len(rows)
    assert {row.group for row in rows} == set(groups())
    for group in groups().values():
        assert group.not_fitted or (group.work and group.arithmetic and group.batch)


def test_a_row_of_an_unknown_chip_is_refused() -> None:
    """With the place to mend."""
    row = measurements("single")[0].model_copy(update={"chip": "no-such-chip"})
    with pytest.raises(InputError, match="no-such-chip"):
        make_cells([row], groups(), SHIPPED.chips)


# --- the formula -----------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    chip=st.sampled_from(sorted(SHIPPED.chips)),
    group=st.sampled_from(sorted(rates().groups)),
    field=st.sampled_from(
        (
            "mem_bandwidth_gb_s",
            "tensor_fp16_gflops",
            "tensor_fp16_fp32acc_gflops",
            "tensor_int8_gops",
            "fp32_gflops",
            "fp16_gflops",
            "tdp_w",
            "vram_gb",
        )
    ),
    factor=st.floats(min_value=1.01, max_value=20),
)
def test_better_specifications_never_predict_slower(
    chip: str, group: str, field: str, factor: float
) -> None:
    """More bandwidth, arithmetic, power or memory: never more seconds; always finite, above 0."""
    row = SHIPPED.chips[chip]
    base = seconds_per_unit(group, row)
    assert 0 < base < math.inf
    value = getattr(row, field)
    if value is not None:
        better = row.model_copy(update={field: math.ceil(value * factor)})
        assert seconds_per_unit(group, better) <= base * (1 + 1e-12)


def test_every_chip_of_the_catalogue_is_predicted() -> None:
    """For every group, new architectures included."""
    new = SHIPPED.chips["geforce-rtx-5090"].model_copy(
        update={"architecture": "Rubin", "compute_capability": "13.0"}
    )
    for group in rates().groups:
        for chip in (*SHIPPED.chips.values(), new):
            assert 0 < seconds_per_unit(group, chip) < math.inf


def test_an_unknown_architecture_takes_its_vendors_factor() -> None:
    """Neither better nor worse than usual."""
    known = SHIPPED.chips["radeon-rx-9070-xt"]
    new = known.model_copy(update={"architecture": "UDNA"})
    model = rates()
    rate = group_rate("llama2-7b-q4_0|prefill|ROCm").scaled(traffic=0, overhead=0)
    rate = rate.model_copy(update={"power_gflop": 0.0})
    usual = model.compute_factor["AMD"]["int8"] / model.compute_factor["RDNA 4.0"]["int8"]
    assert model.seconds(rate, new) / model.seconds(rate, known) == pytest.approx(usual)


def test_matrix_rates() -> None:
    """Halved accumulation costs a consumer card less than half; TF32 from Ampere on; vector
    rates where there are no matrix units."""
    ti, ada = SHIPPED.chips["geforce-rtx-2080-ti"], SHIPPED.chips["geforce-rtx-4090"]
    assert ti.tensor_fp16_fp32acc_gflops and ti.tensor_fp16_gflops
    assert ti.tensor_fp16_fp32acc_gflops < matrix_gflops("amp", ti) < ti.tensor_fp16_gflops
    assert matrix_gflops("fp32", ti) == ti.fp32_gflops
    assert matrix_gflops("fp32", ada) >= (ada.tensor_fp16_fp32acc_gflops or 0) / 2
    old = SHIPPED.chips["geforce-gtx-1080"]
    assert matrix_gflops("amp", old) == old.fp32_gflops


def test_scaled_work_takes_longer_in_proportion() -> None:
    """All terms doubled double the time; the error of the group is no longer claimed."""
    rate = group_rate("resnet50|train|fp16-amp|lambda-v1")
    twice = rate.scaled(compute=2, traffic=2, overhead=2)
    chip = SHIPPED.chips[REFERENCE]
    assert rates().seconds(twice, chip) == pytest.approx(2 * rates().seconds(rate, chip))
    assert twice.error is None


def test_larger_models_decode_as_their_bytes_say() -> None:
    """7B decoding scaled by the size of the weights predicts measured 14B to 70B models."""
    gigabytes = {"14b": 9.0, "24b": 14.3, "27b": 16.5, "31b": 18.7, "32b": 19.9, "70b": 42.5}
    errors = []
    for row in measurements("single"):
        name = row.group.lower()
        size = [gigabytes[key] for key in gigabytes if key in name and "q4_k" in name]
        if row.phase == "decode" and size and "a3b" not in name and "a4b" not in name:
            more = size[0] / 3.83
            rate = group_rate("llama2-7b-q4_0|decode|CUDA")
            rate = rate.scaled(compute=more, traffic=more, overhead=more)
            rate_of = 1 / rates().seconds(rate, SHIPPED.chips[row.chip])
            errors.append(abs(rate_of / row.value - 1))
    assert len(errors) >= 10
    assert np.median(errors) <= 0.12


def test_rates_need_no_numpy() -> None:
    """What solving imports stays light."""
    code = (
        "import sys, rigopt.rates, rigopt.measurements\n"
        "rigopt.rates.rates(); print('numpy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_an_unknown_group_is_refused() -> None:
    """With the nearest names."""
    with pytest.raises(InputError, match="llama2-7b"):
        group_rate("llama2-7b-q4_0|decode|CUDO")


# --- the fit ---------------------------------------------------------------------------------


def synthetic(law: Rates, rate: GroupRate, names: list[str]) -> list[Cell]:
    return [
        Cell(
            group=f"group-{index}",
            work="work",
            arithmetic="amp",
            unit="images/s",
            fills_memory=False,
            chip=SHIPPED.chips[name],
            seconds=law.seconds(rate.scaled(compute=1 + index), SHIPPED.chips[name]),
            users=None,
        )
        for index in range(6)
        for name in names
    ]


def test_a_known_law_is_recovered() -> None:
    """Cards made from the formula are predicted by a fit that has not seen them."""
    modern = sorted(
        chip.id
        for chip in SHIPPED.chips.values()
        if architecture_key(chip) in ("Ampere 8.6", "Ada Lovelace 8.9", "Blackwell 12.0")
    )
    law = rates().model_copy(update={"compute_factor": {}, "traffic_factor": {}})
    rate = GroupRate(
        work="work",
        arithmetic="amp",
        unit="images/s",
        compute_gflop=40,
        traffic_mb=500,
        overhead_us=200,
        power_gflop=10,
        batch_us_gb=0,
    )
    cells = synthetic(law, rate, modern)
    task = Problem(cells, SHIPPED.chips[REFERENCE])
    found = leave_out(task, [cell.chip.id for cell in cells])["model"]
    assert np.median(np.abs(found - task.target)) < 0.01
    assert np.quantile(np.abs(found - task.target), 0.95) < 0.04


def test_the_order_of_rows_does_not_matter(problem: Problem) -> None:
    """Byte for byte the same model."""
    rows = list(measurements("single"))
    random.Random(5).shuffle(rows)
    cells, _ = make_cells(rows, groups(), SHIPPED.chips)
    assert cells == problem.cells


def test_the_shipped_model_is_the_fit_of_the_shipped_rows(problem: Problem) -> None:
    """``rigopt model fit`` was run after the last change of rows, groups or chips."""
    fresh = to_rates(problem, fit(problem), SHIPPED.chips[REFERENCE])
    shipped = rates()
    assert fresh.groups.keys() == shipped.groups.keys()
    assert fresh.gflops_per_watt == shipped.gflops_per_watt
    for key, factors in shipped.compute_factor.items():
        assert fresh.compute_factor[key] == pytest.approx(factors, rel=1e-3)
    assert fresh.traffic_factor == pytest.approx(shipped.traffic_factor, rel=1e-3)
    for group, rate in shipped.groups.items():
        for chip in ("geforce-rtx-3090", "rtx-pro-6000-blackwell", "radeon-rx-7900-xt"):
            seconds = fresh.seconds(fresh.groups[group], SHIPPED.chips[chip])
            assert seconds == pytest.approx(shipped.seconds(rate, SHIPPED.chips[chip]), rel=1e-3)


@pytest.mark.parametrize("chip", ["geforce-rtx-4090", "rtx-a6000", "tesla-p40"])
def test_the_stored_report_is_what_leaving_out_gives(problem: Problem, chip: str) -> None:
    """A card's points in the report come from a fit without its rows."""
    names = np.array([cell.chip.id for cell in problem.cells])
    out, kept = np.flatnonzero(names == chip), np.flatnonzero(names != chip)
    logs, _ = problem.predict(fit(problem, kept, tolerance=1e-7), out)
    stored = {p.group: p.predicted for p in stored_report().points if p.chip == chip}
    assert len(stored) == len(out)
    ratios = [
        math.exp(-log) / stored[problem.cells[row].group]
        for row, log in zip(out, logs, strict=True)
    ]
    assert ratios == pytest.approx([1.0] * len(ratios), rel=0.03)


def test_the_fit_knows_no_single_gpu(problem: Problem) -> None:
    """Every factor is of a vendor, an architecture or a kind of work, none of a chip."""
    names = {part for name in problem.names for part in name}
    assert not names & set(SHIPPED.chips)
    assert not names & {chip.name for chip in SHIPPED.chips.values()}


def test_families() -> None:
    """What is left out together: the card, its die, its architecture."""
    dies = {name: row.die for name, row in chip_facts().items()}
    assert dies["geforce-rtx-3090"] == dies["rtx-a6000"] == "GA102"
    cells, _ = make_cells(measurements("single"), groups(), SHIPPED.chips)
    cell = next(cell for cell in cells if cell.chip.id == "rtx-a6000")
    found = [family(cell, level, dies) for level in ("chip", "die", "architecture")]
    assert found == ["rtx-a6000", "GA102", "Ampere"]


# --- the errors ------------------------------------------------------------------------------


def test_targets() -> None:
    """On cards, dies and architectures that the fit had not seen."""
    report = stored_report()
    card, die = report.errors("chip", of="NVIDIA"), report.errors("die")
    architecture = report.errors("architecture")
    assert card.median_pct <= 10
    assert card.p90_pct <= 35
    assert card.pairs_pct is not None
    assert card.pairs_pct >= 95
    assert card.spearman is not None
    assert card.spearman >= 0.92
    assert die.median_pct <= 10
    assert die.p90_pct <= 35
    assert architecture.median_pct <= 16
    assert architecture.p90_pct <= 43
    assert report.regret["model"].mean_pct <= 5


@pytest.mark.parametrize("method", ["bandwidth", "tensor peak", "roofline"])
@pytest.mark.parametrize("level", ["chip", "die", "architecture"])
def test_baselines_are_beaten(level: str, method: str) -> None:
    """In the middle, in the tail and in order."""
    report = stored_report()
    ours, other = report.errors(level), report.errors(level, method)  # type: ignore[arg-type]
    assert ours.median_pct < other.median_pct
    assert ours.p90_pct < other.p90_pct
    assert ours.spearman is not None
    assert other.spearman is not None
    assert ours.spearman > other.spearman
    assert report.regret["model"].mean_pct < report.regret[method].mean_pct


def test_every_group_and_kind_of_work_has_an_error() -> None:
    """Predictions can always say how far off they may be."""
    for group in rates().groups:
        assert error(group).p90_pct >= error(group).median_pct >= 0
    assert {rate.work for rate in rates().groups.values()} == set(rates().works)


def test_rank_correlations_of_a_textbook() -> None:
    """Intelligence quotient and hours of television: Spearman -29/165, Kendall -5/45."""
    left = np.array([106.0, 100, 86, 101, 99, 103, 97, 113, 112, 110])
    right = np.array([7.0, 27, 2, 50, 28, 29, 20, 12, 6, 17])
    assert rank_correlation(left, right) == pytest.approx(-29 / 165)
    assert pair_correlation(left, right) == pytest.approx(-5 / 45)
    assert rank_correlation(left, left) == pytest.approx(1)
    assert rank_correlation(left, np.ones(10)) == 0


def test_errors_of_known_predictions() -> None:
    """Rates 10 % too high everywhere, in the right order."""
    measured = np.log(np.array([1.0, 2, 3, 4, 5]))
    found = summary(measured, measured - np.log(1.1), ["g"] * 5, list("abcde"))
    assert (found.median_pct, found.p90_pct, found.spearman) == (10.0, 10.0, 1.0)
    assert found.pairs_pct == 100


def test_regret_of_a_wrong_choice() -> None:
    """The card bought has half the rate of the best under the cap."""
    measured, predicted = np.log([1.0, 2.0, 4.0]), np.log([2.0, 1.0, 4.0])
    found = regret(measured, predicted, ["g"] * 3, [100, 200, 300])
    assert (found.cases, found.mean_pct) == (1, 50.0)
    assert regret(measured, measured, ["g"] * 3, [100, 200, 300]).mean_pct == 0
    assert regret(measured, measured, ["g"] * 3, [100, None, 300]).cases == 0


def test_a_baseline_is_proportional(problem: Problem) -> None:
    """Twice the bandwidth is predicted at half the time."""
    cells = [cell for cell in problem.cells if cell.group == problem.cells[-1].group]
    logs = predict_baseline("bandwidth", cells, np.ones(len(cells), dtype=bool))
    first, last = cells[0].chip, cells[-1].chip
    ratio = last.mem_bandwidth_gb_s / first.mem_bandwidth_gb_s
    assert math.exp(logs[0] - logs[-1]) == pytest.approx(ratio)


# --- the faces -------------------------------------------------------------------------------


def test_report_command(tmp_path: Path) -> None:
    """Tables, JSON, and a drawing with a point for every rate."""
    run = CliRunner()
    shown = run.invoke(model_app, ["report"])
    assert shown.exit_code == 0
    for word in ("bandwidth", "roofline", "llm-decode", "Spearman"):
        assert word in shown.output
    data = json.loads(run.invoke(model_app, ["report", "--json"]).output)
    assert data["rows"] == len(measurements("single"))
    target = tmp_path / "plot.svg"
    assert run.invoke(model_app, ["report", "--plot", str(target)]).exit_code == 0
    drawing = ElementTree.fromstring(target.read_text(encoding="utf-8"))
    titles = drawing.findall(".//{http://www.w3.org/2000/svg}circle/{*}title")
    assert len(titles) == len(data["points"])


def test_fit_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Before any work."""
    result = CliRunner().invoke(model_app, ["fit", "--out", str(tmp_path / "none")])
    assert isinstance(result.exception, InputError)


def test_stored_values_come_back(tmp_path: Path) -> None:
    """What is written is read as the same value, and a broken file is named."""
    report = stored_report()
    path = tmp_path / "report.json"
    path.write_text(as_json(report), encoding="utf-8")
    assert read_report(path) == report
    assert svg(report, {}).startswith("<svg")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="rigopt model fit"):
        read_report(path)


def test_better_cards_of_one_die_are_ahead() -> None:
    """Orders that nobody doubts."""
    orders = [
        ("geforce-rtx-3060-12gb", "geforce-rtx-3080", "geforce-rtx-3090", "geforce-rtx-4090"),
        ("rtx-a4500", "rtx-a5000", "rtx-a6000", "rtx-6000-ada"),
    ]

    def mean(chip: GpuChip) -> float:
        return sum(math.log(seconds_per_unit(group, chip)) for group in rates().groups)

    for order in orders:
        found = [mean(SHIPPED.chips[name]) for name in order]
        assert found == sorted(found, reverse=True)
