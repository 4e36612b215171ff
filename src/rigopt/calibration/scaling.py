"""The fit of ``rigopt.scaling`` to measured rows, and its error on cards left out of the fit.

    python -m rigopt.calibration.scaling_report

Data parallelism: the logarithm of the efficiency, by iteratively reweighted least squares (Huber,
so that rows of a broken run do not lead), every chip with equal weight. Gradients are taken from
published parameter counts; where a source does not tell the step, its exchange is fitted too.
The other kinds have one number each: a median over chips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rigopt.calibration.scaling_rows import Pair
from rigopt.measurements import measurements
from rigopt.parts import Fact
from rigopt.scaling import ScalingModel, Split, Transport

Array = npt.NDArray[np.float64]
HUBER = 0.03
"""Logarithmic error up to which rows pull in proportion: the scatter of repeated runs."""
FITTED = ("staged_gb_s", "peer_gb_s", "mesh_gb_s", "bridge_gain", "sync_share")
START = (8.0, 50.0, 60.0, 1.3, 0.01)
_SPREAD_OF_START = 1.0
_SPREAD_OF_MB = 2.0
_SOURCE = "fitted by rigopt.calibration.scaling"
P2P_ON_AND_OFF = "github.com/noonghunna/club-3090/issues/873"
P2P_MESSAGES = 2 * 40
"""Of Qwen3.6-35B-A3B: 2 x layers, which are an estimate (those of Qwen3.5-35B-A3B)."""


class ScalingFit(Fact):
    """Fitted parameters, and the fitted exchange of workloads whose step is not known."""

    model: ScalingModel
    fitted_mb: dict[tuple[str, str], float]

    def predict(self, pair: Pair) -> float:
        """The efficiency of a pair."""
        known = pair.gradient_mb()
        mb = self.fitted_mb.get(pair.scale, 0.0) if known is None else known
        seconds = 1 / pair.single_rate
        return self.model.efficiency(
            pair.exchange(mb), pair.row.count, pair.link, pair.chip, seconds
        )


def fit(rows: Sequence[Pair], base: ScalingModel) -> ScalingFit:
    """The parameters that fit rows best; ``base`` gives those that are not fitted."""
    transport, mb = fit_transport(
        [r for r in rows if r.kind == "data-parallel" and not r.single_process], base.transport
    )
    split = fit_split(rows, base.split)
    transport = fit_messages([r for r in rows if r.kind == "tensor-parallel"], transport)
    model = base.model_copy(update={"transport": transport, "split": split})
    return ScalingFit(model=model, fitted_mb=mb)


def left_out(rows: Sequence[Pair], base: ScalingModel) -> Array:
    """Predicted efficiencies, each by a fit that saw no row of its chip; shape (rows,)."""
    predicted = np.ones(len(rows))
    for chip in sorted({r.chip.id for r in rows}):
        without = fit([r for r in rows if r.chip.id != chip], base)
        for i, row in enumerate(rows):
            if row.chip.id == chip:
                predicted[i] = without.predict(row)
    return predicted


def fit_transport(
    rows: Sequence[Pair], base: Transport
) -> tuple[Transport, dict[tuple[str, str], float]]:
    """Rates and synchronisation of data parallelism, and the megabytes of steps not known."""
    rows = [r for r in rows if r.card_batch is not None]
    unknown = sorted({r.scale for r in rows if r.gradient_mb() is None})
    seconds = _Seconds(rows, unknown)
    start = np.log(np.array([*START, *seconds.guess_mb(START)]))
    start[3] = math.log(START[3] - 1)
    spread = np.array([_SPREAD_OF_START] * len(FITTED) + [_SPREAD_OF_MB] * len(unknown))
    measured = np.log([r.efficiency for r in rows])
    theta = _robust(seconds.log_efficiency, start, 1 / spread**2, measured, chip_weights(rows))
    values = np.exp(theta)
    values[3] += 1
    found = dict(zip(FITTED, map(float, values), strict=False))
    found["peer_gb_s"] = max(found["peer_gb_s"], found["staged_gb_s"])
    mb = dict(zip(unknown, map(float, values[len(FITTED) :]), strict=True))
    return base.model_copy(update={**found, "source": _SOURCE}), mb


class _Seconds:
    """``Transport`` for all rows at once."""

    def __init__(self, rows: Sequence[Pair], unknown: list[tuple[str, str]]) -> None:
        probe = Transport(
            staged_gb_s=1, peer_gb_s=1, mesh_gb_s=1, bridge_gain=1, chipset_gb_s=1e9,
            sync_share=0, message_us=1, staged_message_us=0, source="",
        )  # fmt: skip
        plain = [r.link.model_copy(update={"nvlink": False, "mesh": False}) for r in rows]
        both = zip(plain, rows, strict=True)
        self.wire = np.array([probe.seconds_per_gb(link, r.chip) - 1 for link, r in both])
        self.direct = np.array([bool(r.chip.peer_to_peer) for r in rows])
        self.bridge = np.array([r.link.nvlink for r in rows])
        self.mesh = np.array([r.link.mesh for r in rows])
        self.count = np.array([float(r.row.count) for r in rows])
        self.step = np.array([(r.card_batch or 0.0) / r.single_rate for r in rows])
        self.known = np.array([r.gradient_mb() or 0.0 for r in rows])
        place = {scale: i for i, scale in enumerate(unknown)}
        self.scale = np.array([place.get(r.scale, -1) for r in rows])
        self.unknown = unknown

    def guess_mb(self, start: Sequence[float]) -> list[float]:
        """What takes a tenth of a step, staged."""
        return [
            float(np.median(self.step[self.scale == i])) * start[0] * 100
            for i in range(len(self.unknown))
        ]

    def log_efficiency(self, theta: Array) -> Array:
        staged, peer, mesh, gain, sync = np.exp(theta[: len(FITTED)])
        mb = self.known
        if self.unknown:
            fitted = np.exp(theta[len(FITTED) :])[self.scale]
            mb = np.where(self.scale < 0, self.known, fitted)
        per_gb = self.wire + np.where(self.direct, 1 / peer, 1 / staged)
        per_gb = np.where(self.bridge, per_gb / (1 + gain), per_gb)
        per_gb = np.where(self.mesh, np.minimum(per_gb, 1 / mesh), per_gb)
        spent = mb / 1000 * 2 * (self.count - 1) / self.count * per_gb
        lost: Array = -np.log1p(sync * np.log2(self.count) + spent / self.step)
        return lost


def _robust(
    function: Callable[[Array], Array],
    start: Array,
    ridge: Array,
    measured: Array,
    weights: Array,
) -> Array:
    """Least Huber error with a ridge towards the start (Levenberg-Marquardt, reweighted)."""

    def cost(theta: Array) -> float:
        apart = np.abs(function(theta) - measured)
        huber = np.where(apart < HUBER, apart**2 / 2 / HUBER, apart - HUBER / 2)
        return float(weights @ huber + 0.5 * ridge @ (theta - start) ** 2)

    theta, damping = start.copy(), 1e-2
    best = cost(theta)
    for _ in range(100):
        here = function(theta)
        pull = weights / np.maximum(np.abs(here - measured), HUBER)
        slopes = np.stack(
            [(function(theta + 1e-4 * e) - here) / 1e-4 for e in np.eye(len(theta))], axis=1
        )
        curve = slopes.T @ (pull[:, None] * slopes) + np.diag(ridge)
        slope = slopes.T @ (pull * (here - measured)) + ridge * (theta - start)
        before = best
        for _ in range(8):
            step = -np.linalg.solve(curve + damping * np.diag(np.diag(curve)), slope)
            step = np.clip(step, -1, 1)
            if (there := cost(theta + step)) < best:
                theta, best, damping = theta + step, there, max(damping / 5, 1e-6)
                break
            damping *= 5
        if before - best < 1e-7 * before:
            break
    return theta


def chip_weights(rows: Sequence[Pair]) -> Array:
    """Weights that give every chip the same say; they sum to the number of rows."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.chip.id] = counts.get(row.chip.id, 0) + 1
    weights: Array = np.array([1 / counts[r.chip.id] for r in rows])
    scaled: Array = weights * (len(rows) / weights.sum())
    return scaled


def weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """The value below which ``share`` of the weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])


def fit_split(rows: Sequence[Pair], base: Split) -> Split:
    """Losses of replicas and of layer splits; a kind without rows keeps those of ``base``."""
    replicas = [r for r in rows if r.kind == "replicas"]
    single = [r for r in rows if r.kind == "layer-split" and r.exchange(0).chunks == 1]
    piped = [r for r in rows if r.kind == "layer-split" and r.exchange(0).chunks > 1]

    def share(found: Sequence[Pair], lost: Callable[[Pair], float], default: float) -> float:
        if not found:
            return default
        values = np.array([lost(r) for r in found])
        return max(0.0, weighted_quantile(values, chip_weights(found), 0.5))

    return Split(
        replica_share=share(
            replicas, lambda r: (1 / r.efficiency - 1) / math.log2(r.row.count), base.replica_share
        ),
        handoff_share=share(
            single, lambda r: (1 / r.efficiency / r.row.count - 1) / r.row.count, base.handoff_share
        ),
        pipeline_share=share(piped, _pipeline_share, base.pipeline_share),
        source=_SOURCE,
    )


def _pipeline_share(row: Pair) -> float:
    chunks, count = row.exchange(0).chunks, row.row.count
    return (chunks / (chunks + count - 1) / row.efficiency - 1) / count


def fit_messages(rows: Sequence[Pair], base: Transport) -> Transport:
    """Seconds of a blocking exchange, from single streams; ``base`` where there are none."""
    found = []
    for row in rows:
        exchange, count = row.exchange(0), row.row.count
        if exchange.units == 1:
            doublings = math.log2(count)
            lost = 1 / row.efficiency - 1 - base.sync_share * doublings
            bytes_only = exchange.model_copy(update={"messages": 0})
            spent = lost / row.single_rate / count
            spent -= base.exchange_seconds(bytes_only, count, row.link, row.chip)
            found.append(spent / exchange.messages / doublings * 1e6)
    if not found:
        return base
    return base.model_copy(
        update={
            "message_us": max(1.0, float(np.median(found))),
            "staged_message_us": _staged_message_us(),
        }
    )


def _staged_message_us() -> float:
    """What one message takes longer through host memory: two cards, peer-to-peer on and off."""
    rates = {
        "disabled" in row.link: row.value
        for row in measurements("multi")
        if row.group.endswith(P2P_ON_AND_OFF) and row.phase == "decode"
    }
    return (1 / rates[True] - 1 / rates[False]) / P2P_MESSAGES * 1e6
