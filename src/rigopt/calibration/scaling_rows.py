"""Measured rows of several cards, each beside the rate of one such card from the same source."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from functools import lru_cache
from statistics import fmean

from rigopt.catalog import Catalog
from rigopt.measurements import Measurement, measurements, sources
from rigopt.parts import Fact, GpuChip
from rigopt.scaling import Exchange, Kind, Link

MILLION_PARAMETERS = {
    "alexnet": 61.1, "vgg16": 138.4, "resnet18": 11.7, "resnet50": 25.6, "resnet152": 60.2,
    "densenet121": 8.0, "densenet161": 28.7, "mobilenet_v2": 3.5, "squeezenet1_0": 1.25,
    "resnext101_32x8d": 88.8, "maskrcnn": 44.4, "inception3": 23.9, "inception4": 42.7,
    "bert-base-squad": 110.0, "bert-large-squad": 336.0,
}  # fmt: skip
"""torchvision's tables of models; inception3: Keras applications; inception4: timm; BERT: the
model cards of Hugging Face. Workloads whose rate is not in samples of a batch (tokens/s, mel
frames/s, audio samples/s) or whose model is not published exactly (ssd300) are not listed: their
exchange per step is fitted."""
HALF_GRADIENTS = ("bert-base-squad", "bert-large-squad")
"""PyTorch workloads that exchange 16-bit gradients under AMP (NVIDIA/DeepLearningExamples, apex
O2); the others keep 32-bit ones. tf_cnn_benchmarks exchanges fp16 gradients in fp16."""
LAYERS_AND_WIDTH = {"gemma-4-12b-it": (48, 3840), "qwen3.6-27b": (64, 5120)}
"""Transformer layers and width of the hidden state: estimates, those of Gemma 3 12B and of
Qwen3 32B. An exchange of tensor parallelism sends a hidden state of 16-bit numbers a token."""
OTHER_MACHINES = "mlcommons/"
"""MLPerf rows of one and of several cards come from different machines and submitters."""


class Pair(Fact):
    """A measured row of several cards and the rate of one of them."""

    chip: GpuChip
    row: Measurement
    kind: Kind
    single_process: bool
    """torch.nn.DataParallel: one process drives all cards and sends the weights every step."""
    link: Link
    link_class: str
    single_rate: float
    card_batch: float | None
    """Batch of a card; ``None``: the source does not say."""

    @property
    def efficiency(self) -> float:
        """Throughput relative to as many single cards; above 1 where measurements scatter."""
        return self.row.value / self.row.count / self.single_rate

    @property
    def scale(self) -> tuple[str, str]:
        """Workload and precision, whose exchange in a step is the same on every card."""
        return self.row.workload, self.row.precision

    def gradient_mb(self) -> float | None:
        """Megabytes of gradients of a step; ``None``: not known from the source."""
        millions = MILLION_PARAMETERS.get(self.row.workload)
        if millions is None:
            return None
        half = "fp16" in self.row.precision and (
            "|lamtf" in self.row.group or self.row.workload in HALF_GRADIENTS
        )
        return millions * (2 if half else 4)

    def exchange(self, mb: float) -> Exchange:
        """The exchange of this row, ``mb`` being that of data parallelism."""
        if self.kind == "replicas":
            return Exchange(kind="replicas")
        if self.kind == "layer-split":
            prompt = re.fullmatch(r"pp(\d+)", self.row.metric)
            pieces = int(prompt[1]) / 512 if prompt else self.card_batch or 1.0
            return Exchange(kind="layer-split", chunks=pieces)
        if self.kind == "tensor-parallel":
            layers, width = LAYERS_AND_WIDTH[self.row.workload.split(":")[-1]]
            streams = self.card_batch or 1.0
            return Exchange(
                kind="tensor-parallel",
                units=streams,
                mb=2 * layers * width * 2 * streams / 1e6,
                messages=2 * layers,
            )
        if self.card_batch is None:
            return Exchange(kind="data-parallel")
        return Exchange(kind="data-parallel", units=self.card_batch, mb=mb)


@lru_cache(maxsize=1)
def pairs() -> tuple[Pair, ...]:
    """Every row of several cards that has a row of one card of the same source.

    The same source is the same file, or failing that the same repository at the same commit; the
    batch of a card is then the nearest. Several such rows count as their geometric mean.
    """
    chips = Catalog.load().chips
    rows = (*measurements("single"), *measurements("multi"), *measurements("power"))
    same_file, same_repository = defaultdict(list), defaultdict(list)
    for row in rows:
        if row.count == 1:
            key = (row.group, row.chip, row.power_limit_w)
            same_file[row.source, *key].append(row)
            same_repository[_repository(row), *key].append(row)
    found = []
    for row in rows:
        key = (row.group, row.chip, row.power_limit_w)
        singles = same_file.get((row.source, *key)) or (
            [] if _repository(row).startswith(OTHER_MACHINES)
            else same_repository.get((_repository(row), *key), [])
        )  # fmt: skip
        if row.count > 1 and singles and row.chip in chips and not _mixed(row):
            found.append(_pair(chips[row.chip], row, singles))
    return tuple(found)


def _repository(row: Measurement) -> str:
    return sources()[row.source].source.split(" ")[0]


def _pair(chip: GpuChip, row: Measurement, singles: list[Measurement]) -> Pair:
    batch = _card_batch(row)
    if batch is not None:
        apart = [abs(math.log((_card_batch(one) or batch * 1e6) / batch)) for one in singles]
        singles = [one for one, d in zip(singles, apart, strict=True) if d == min(apart)]
    single_process = "|ryu" in row.group
    link, link_class = _link(chip, row)
    return Pair(
        chip=chip.model_copy(update={"peer_to_peer": True}) if "patched" in row.link else chip,
        row=row,
        kind="data-parallel" if single_process else _kind(row),
        single_process=single_process,
        link=link,
        link_class=link_class,
        single_rate=math.exp(fmean(math.log(one.value) for one in singles)),
        card_batch=batch,
    )


def _card_batch(row: Measurement) -> float | None:
    if "|ryu" in row.group:
        return 12.0
    try:
        batch = float(row.batch)
    except ValueError:
        return None
    return batch / row.count if "|lambda-v" in row.group else batch


def _named(row: Measurement) -> tuple[int, int] | None:
    """Cards of a tensor-parallel group and copies of the server, where the source names them."""
    named = re.search(r"\btp(\d+) pp\S+ (?:dp\d+ )?x(\d+)", sources()[row.source].software)
    return (int(named[1]), int(named[2])) if named else None


def _mixed(row: Measurement) -> bool:
    """Whether several tensor-parallel groups run side by side: two kinds of exchange in one."""
    named = _named(row)
    return named is not None and 1 < named[0] < row.count


def _kind(row: Measurement) -> Kind:
    named = _named(row)
    if named:
        if named[0] > 1:
            return "tensor-parallel"
        return "replicas" if named[1] == row.count else "layer-split"
    if "layer split" in row.link:
        return "layer-split"
    return "data-parallel" if row.phase == "train" else "replicas"


def _link(chip: GpuChip, row: Measurement) -> tuple[Link, str]:
    """Slots that the source does not describe count as x16 of the card's own generation."""
    stated = re.match(r"pcie(\d)", row.link)
    gen = int(stated[1]) if stated else chip.pcie_gen
    bridge, mesh = row.link.startswith("nvlink-bridge"), row.link == "nvlink-sxm"
    direct = bool(chip.peer_to_peer) or "patched" in row.link
    way = f"PCIe {gen}, {'peer to peer' if direct else 'staged'}"
    name = "NVLink mesh" if mesh else f"NVLink pairs on {way}" if bridge else way
    return Link(pcie_gen=gen, lanes=16, nvlink=bridge, mesh=mesh), name
