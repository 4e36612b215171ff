"""What of a request, beside its wishes, may be taken easier: other seats, supplies, lanes, rules of
thumb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rigopt.assumptions import frameworks, power, profiles
from rigopt.problem import Problem


class Change(NamedTuple):
    """A wish that loosens rules of a working rig, or what may be chosen."""

    text: str
    flag: str
    fields: dict[str, Any]
    leave_out: tuple[str, ...] = ()


class Wider(NamedTuple):
    """A change that offers more to choose from where one of these rules clashes."""

    change: Change
    rules: frozenset[str]


TIGHT = Change("with care in assembling it", "--allow-tight", {"allow_tight": True})
USED = Change("with used parts too", "--used", {"condition": "any"})
SUPPLY = frozenset({"psu-wattage", "psu-transient", "psu-connectors"})
SEATS = frozenset(
    {"gpu-placement", "gpu-length", "gpu-height", "gpu-cooling", "gpu-airflow", "case-airflow"}
)
MANY_CARDS = frozenset({"wish-min-total-vram", "wish-model", "vram"})
WIDER = (
    Wider(
        Change(
            "with the cards' power limits lowered", "--power-limit auto", {"power_limit": "auto"}
        ),
        SUPPLY | {"wall-circuit", "wish-max-wall-watts"},
    ),
    Wider(Change("with two supplies", "--max-psus 2", {"max_psus": 2}), SUPPLY),
    Wider(
        Change(
            "with two supplies on two circuits",
            "--max-psus 2 --circuits 2",
            {"max_psus": 2, "circuits": 2},
        ),
        SUPPLY | {"wall-circuit"},
    ),
    Wider(
        Change("in an open frame, with cards on risers", "--open-frame", {"open_frame": True}),
        SEATS,
    ),
    Wider(Change("with up to eight cards", "--max-gpus 8", {"max_gpus": 8}), MANY_CARDS),
)
"""What may help beside the wishes themselves; each is offered only if it was shown to."""


def easier(problem: Problem) -> Iterator[Sequence[Change]]:
    """What the rules may be told to take easier, step by step."""
    request, world = problem.request, problem.world
    if not request.adapters:
        yield [Change("with power adapters", "", {"adapters": True}, ("--no-adapters",))]
    if request.dataset_gb is not None:
        flag = f"--dataset {request.dataset_gb}"
        yield [Change(f"without {flag}", "", {"dataset_gb": None}, (flag,))]
    yield [
        Change(f"with x{lanes} lanes a card", f"--min-gpu-lanes {lanes}", {"min_gpu_lanes": lanes})
        for lanes in (8, 4, 2, 1)
        if lanes < world.min_gpu_lanes
    ]
    circuits = sorted(power().circuits.items(), key=lambda item: item[1].continuous_w)
    yield [
        Change(f"on a circuit of {circuit.title}", f"--circuit {name}", {"circuit": name})
        for name, circuit in circuits
        if circuit.continuous_w > world.circuit.continuous_w
    ]
    yield [
        Change(f"by the rules of thumb of {name}", f"--profile {name}", {"profile": name})
        for name in sorted(profiles())
        if name != request.profile
    ]
    family = (request.framework or world.market.info.framework).partition("-")[0]
    yield [
        Change(f"under {framework.title}", f"--framework {name}", {"framework": name})
        for name, framework in frameworks().items()
        if framework != world.framework and name.partition("-")[0] == family
    ]
