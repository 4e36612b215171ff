"""Curves of best builds on two axes: every point proven, none missing.

A point is found in two steps: the best on one axis among builds better on the other than the last
point, and then, no worse on that one, the best on the other. Of several builds at one point it is
the one with the most throughput, then the cheapest, then that with the lowest rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rigopt.cpsat.hunt import Hunt
from rigopt.cpsat.search import Clock, Found, Status
from rigopt.errors import InternalError
from rigopt.problem import Problem
from rigopt.rules.base import Rule
from rigopt.tradeoffs import AMOUNTS, KNOWN_DRAW, Amount, Axes


def curve(problem: Problem, axes: Axes, clock: Clock) -> Iterator[Found]:
    """Every build that no other beats on two axes. Each is better on ``followed(axes)`` than the
    one before it. The last is INFEASIBLE or none can follow it; or time ended."""
    if "watts" in axes:
        problem = replace(problem, rules=(*problem.rules, KNOWN_DRAW))
    hunt = Hunt(problem, clock)
    amounts = [AMOUNTS[axis] for axis in axes if axis in AMOUNTS]
    if not amounts:
        return hunt.curve()
    if "price" in axes:
        return _cheaper(hunt, amounts[0])
    if "throughput" in axes:
        return _faster(hunt, amounts[0])
    return _thriftier(hunt)


def _cheaper(hunt: Hunt, amount: Amount) -> Iterator[Found]:
    """The best amount that money can buy, the best for less money, ..."""
    most_cents: int | None = None
    while most_cents is None or most_cents >= 0:
        status, least = hunt.least(amount.balance, most_cents=most_cents)
        if least is None:
            yield Found(status)
            return
        like_it = hunt.tighter(amount.at_most(least))
        found = _there(like_it.cheapest(Found(Status.UNKNOWN), 0, most_cents))
        yield found
        if found.status is not Status.OPTIMAL or found.build is None:
            return
        most_cents = (found.build.cost_cents or 0) - 1


def _faster(hunt: Hunt, amount: Amount) -> Iterator[Found]:
    """The best amount of all, the best with more points than the best build has that has it, ..."""
    points = 0
    while True:
        status, least = hunt.least(amount.balance, at_least=points)
        if least is None:
            yield Found(status)
            return
        found = _there(hunt.tighter(amount.at_most(least)).answer())
        yield found
        if found.status is not Status.OPTIMAL or found.score is None:
            return
        points = found.score + 1


def _thriftier(hunt: Hunt) -> Iterator[Found]:
    """The most memory and how few watts it takes, the most that takes fewer, ..."""
    memory, draw = AMOUNTS["vram"], AMOUNTS["watts"]
    bound: tuple[Rule, ...] = ()
    while True:
        status, most = hunt.tighter(*bound).least(memory.balance)
        if most is None:
            yield Found(status)
            return
        status, watts = hunt.tighter(*bound, memory.at_most(most)).least(draw.balance)
        if watts is None:
            yield _there(Found(status))
            return
        found = _there(hunt.tighter(memory.at_most(most), draw.at_most(watts)).answer())
        yield found
        if found.status is not Status.OPTIMAL:
            return
        bound = (draw.at_most(watts - 1),)


def _there(found: Found) -> Found:
    """A search among builds of which one is known.

    Raises:
        InternalError: if it says that there is none.
    """
    if found.status is Status.INFEASIBLE:
        raise InternalError("the search for a point of the curve lost the build that lies there")
    return found
