"""The value of a numeric wish that a build meets, found by asking the wish itself: solver-free."""

from __future__ import annotations

from rigopt.build import Build
from rigopt.errors import InputError
from rigopt.flags import BY_NAME, Flag
from rigopt.request import Request
from rigopt.rules.base import Rule
from rigopt.rules.wishes import wishes_of
from rigopt.world import World

UPWARDS = frozenset({"budget", "max-wall-watts"})
"""Wishes that a larger number makes easier."""
MORE_FLAGS = {
    "users": ("vram-per-user", "threads-per-user", "cores-per-user", "ram-per-user"),
    "wish-model": ("context",),
}
"""Numbers of a wish beside the one that its flag is named for."""
_NUMBERS = frozenset({"money", "gigabytes", "count", "context"})
_HUNDRED = 100
"""Money is asked for in whole units."""


def numbers_of(rule: Rule, request: Request) -> tuple[Flag, ...]:
    """The numeric flags of a request that set a wish."""
    first = rule.flag.split()[0].removeprefix("--") if rule.flag else ""
    flags = [BY_NAME[name] for name in (first, *MORE_FLAGS.get(rule.id, ())) if name in BY_NAME]
    return tuple(
        flag
        for flag in flags
        if flag.reads in _NUMBERS and isinstance(getattr(request, flag.field), int)
    )


def nearest_value(flag: Flag, rule: Rule, build: Build, world: World) -> int | None:
    """The value nearest to the one asked for with which a build meets a wish; ``None``: it does
    with none. Money is rounded up to whole units."""
    asked: int = getattr(world.request, flag.field)

    def met(value: int) -> bool:
        try:
            changed = world.request.replace(**{flag.field: value})
        except InputError:
            return False
        now = next((wish for wish in wishes_of(changed) if wish.id == rule.id), None)
        return now is None or now.admits(build, world)

    step = _HUNDRED if flag.reads == "money" else 1
    if flag.name in UPWARDS:
        low, high = asked // step, 2 * asked // step + 1
        while not met(high * step):
            low, high = high, 2 * high
            if high * step > 10**10:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if met(middle * step) else (middle, high)
        return high * step
    low, high = flag.least, asked
    if not met(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if met(middle) else (low, middle)
    return low


def written(flag: Flag, value: int) -> str:
    """A flag with a value, to paste."""
    return f"--{flag.name} {value // _HUNDRED if flag.reads == 'money' else value}"
