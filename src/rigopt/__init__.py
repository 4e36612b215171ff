"""rigopt: which parts should a deep-learning machine be made of?

    >>> from rigopt import Catalog, Request, solve
    >>> outcome = solve(Request(budget_cents=500_000, min_vram_gb=24))
    >>> outcome.status
    'optimal'

Names are imported on first use, so that ``import rigopt`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rigopt.build import Build as Build
    from rigopt.build import Line as Line
    from rigopt.catalog import Catalog as Catalog
    from rigopt.checking import check as check
    from rigopt.comparing import Comparison as Comparison
    from rigopt.comparing import compare_cards as compare_cards
    from rigopt.errors import InputError as InputError
    from rigopt.errors import InternalError as InternalError
    from rigopt.errors import RigoptError as RigoptError
    from rigopt.outcome import Explanation as Explanation
    from rigopt.outcome import Feasible as Feasible
    from rigopt.outcome import Frontier as Frontier
    from rigopt.outcome import Infeasible as Infeasible
    from rigopt.outcome import Optimal as Optimal
    from rigopt.outcome import Report as Report
    from rigopt.outcome import Unknown as Unknown
    from rigopt.reasons.findings import Limits as Limits
    from rigopt.reasons.findings import Sensitivity as Sensitivity
    from rigopt.reasons.limits import limits_of as limits_of
    from rigopt.reasons.questions import Why as Why
    from rigopt.reasons.questions import why as why
    from rigopt.reasons.questions import why_not as why_not
    from rigopt.reasons.sensitivity import sensitivity_of as sensitivity_of
    from rigopt.request import BrandWish as BrandWish
    from rigopt.request import OwnedPart as OwnedPart
    from rigopt.request import Request as Request
    from rigopt.solving import frontier as frontier
    from rigopt.solving import solve as solve
    from rigopt.solving import solve_top as solve_top
    from rigopt.upgrades.expanding import solve_with_room as solve_with_room
    from rigopt.upgrades.planning import graph_of as graph_of
    from rigopt.upgrades.planning import plan as plan
    from rigopt.upgrades.room import Room as Room
    from rigopt.upgrades.stages import PlanRequest as PlanRequest
    from rigopt.upgrades.stages import Stage as Stage
    from rigopt.upgrades.teaming import solve_team as solve_team
    from rigopt.upgrades.upgrading import upgrade as upgrade
    from rigopt.whatif.many import solve_many as solve_many

_HOMES = {
    "Build": "build",
    "Line": "build",
    "Catalog": "catalog",
    "check": "checking",
    "InputError": "errors",
    "InternalError": "errors",
    "RigoptError": "errors",
    "Explanation": "outcome",
    "Feasible": "outcome",
    "Infeasible": "outcome",
    "Optimal": "outcome",
    "Report": "outcome",
    "Unknown": "outcome",
    "BrandWish": "request",
    "OwnedPart": "request",
    "Request": "request",
    "Comparison": "comparing",
    "compare_cards": "comparing",
    "Frontier": "outcome",
    "frontier": "solving",
    "solve": "solving",
    "solve_top": "solving",
    "Limits": "reasons.findings",
    "Sensitivity": "reasons.findings",
    "limits_of": "reasons.limits",
    "sensitivity_of": "reasons.sensitivity",
    "solve_many": "whatif.many",
    "Room": "upgrades.room",
    "solve_with_room": "upgrades.expanding",
    "upgrade": "upgrades.upgrading",
    "solve_team": "upgrades.teaming",
    "PlanRequest": "upgrades.stages",
    "Stage": "upgrades.stages",
    "plan": "upgrades.planning",
    "graph_of": "upgrades.planning",
    "Why": "reasons.questions",
    "why": "reasons.questions",
    "why_not": "reasons.questions",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rigopt' has no attribute {name!r}")
    value = getattr(import_module(f"rigopt.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
