"""The floor: an exact search written by hand in C++ (``floor.cpp``), compiled when first used.

It is given the same reduced encoding as the others and told nothing of CP-SAT. Its time is that of
the search alone: the encoding is there, and reading it is not counted.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rigopt.encoding import STRUCTURE, Encoding, Row
from rigopt.parts import KINDS

SOURCE = Path(__file__).parent / "floor.cpp"
BUDGET = "wish-budget"


Sum = tuple[bool, int, list[tuple[int, int]]]
"""Whether it bounds money, the bound, and the weighted literals."""


class Floor(NamedTuple):
    """What the search proved: points and price (``None`` twice: there is no build)."""

    score: int | None
    cents: int | None
    cpu_s: float
    nodes: int


@cache
def program() -> Path | None:
    """The compiled search; ``None`` where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return None
    out = Path(tempfile.mkdtemp(prefix="rigopt-floor-")) / "floor"
    subprocess.run([compiler, "-O2", "-std=c++17", str(SOURCE), "-o", str(out)], check=True)
    return out


def floor(encoding: Encoding, limit_s: int) -> Floor:
    """The optimum of an encoding.

    Raises:
        TimeoutError: if the proof takes longer than ``limit_s`` seconds.
        FileNotFoundError: if there is no compiler.
    """
    search = program()
    if search is None:
        raise FileNotFoundError("no C++ compiler")
    run = subprocess.run(
        [str(search)], input=written(encoding, limit_s), capture_output=True, text=True, check=True
    )
    status, score, cents, nodes, seconds = run.stdout.split()
    if status == "late":
        raise TimeoutError(f"not proven in {limit_s} s")
    if status == "infeasible":
        return Floor(None, None, float(seconds), int(nodes))
    return Floor(int(score), int(cents), float(seconds), int(nodes))


@dataclass
class Sorted:
    """The constraints of an encoding by what they are. Literals of clauses are signed, from 1."""

    clauses: list[list[int]] = field(default_factory=list)
    at_most_one: list[list[int]] = field(default_factory=list)
    exactly_one: list[list[int]] = field(default_factory=list)
    """Those of the former of which one must hold."""
    sums: list[Sum] = field(default_factory=list)

    def add(self, row: Row, priced: bool) -> None:
        """A row as what it is: at most one, exactly one, the name of a class, or a sum."""
        literals = [literal for _, literal in row.terms]
        ones = [literal for weight, literal in row.terms if weight == 1]
        if row.high == 1 and row.low in (None, 1) and len(ones) == len(literals):
            self.at_most_one.append(literals)
            if row.low == 1:
                self.exactly_one.append(literals)
                self.clauses.append([literal + 1 for literal in literals])
            return
        if row.low == row.high == 0 and len(ones) == len(literals) - 1 and row.terms[-1][0] == -1:
            name = literals[-1]
            self.clauses.extend([-(one + 1), name + 1] for one in ones)
            self.clauses.append([-(name + 1), *(one + 1 for one in ones)])
            return
        if row.high is not None:
            self.sums.append((priced, row.high, list(row.terms)))
        if row.low is not None:
            terms = [(-weight, literal) for weight, literal in row.terms]
            self.sums.append((False, -row.low, terms))

    def groups(self, encoding: Encoding) -> tuple[list[list[int]], list[int]]:
        """The kinds of which one option (or none) holds, and the options of those that may mix."""
        groups: list[list[int]] = []
        many: list[int] = []
        for kind in KINDS:
            options = {literal for _, literal in encoding.options(kind)}
            found = [one for one in self.exactly_one if options and options <= set(one)]
            if found:
                groups.append(found[0])
            else:
                many += sorted(options)
        return groups, many


def written(encoding: Encoding, limit_s: int) -> str:
    """An encoding as the search reads it: numbers, every list after its length."""
    found = Sorted()
    for owner in (STRUCTURE, *encoding.owners()):
        for given, then in encoding.clauses.get(owner, ()):
            found.clauses.append([-(g + 1) for g in given] + [t + 1 for t in then])
        for row in encoding.rows.get(owner, ()):
            found.add(row, owner == BUDGET)
    groups, many = found.groups(encoding)
    prices = {literal: cents for cents, literal in encoding.price}
    costs = [(literal, cost, prices.get(literal, 0)) for cost, literal in encoding.cost]
    sums = [(int(p), bound, len(terms), *_flat(terms)) for p, bound, terms in found.sums]
    lines = [
        [limit_s, len(encoding.names)],
        [len(costs), *_flat(costs)],
        _lists(groups),
        [len(many), *many],
        _lists(found.clauses),
        _lists(found.at_most_one),
        [len(sums), *_flat(sums)],
        [len(encoding.score), *_flat(encoding.score)],
    ]
    return "\n".join(" ".join(map(str, line)) for line in lines) + "\n"


def _lists(rows: Sequence[Sequence[int]]) -> list[int]:
    return [len(rows), *_flat((len(row), *row) for row in rows)]


def _flat(rows: Iterable[Iterable[int]]) -> list[int]:
    return [number for row in rows for number in row]
