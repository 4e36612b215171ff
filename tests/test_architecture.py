"""Imports run one way, and only ``rigopt.cpsat`` knows the solver."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "rigopt"
LAYERS = (
    ("whatif", "upgrades", "reasons"),  # their front doors; what is in them stands below
    ("errors", "flags", "resources", "verdict"),
    ("units", "userfiles", "parts", "whatif.durable", "whatif.pools", "whatif.clusters"),
    ("whatif.journal",),
    ("plausible", "csvtable", "charges"),
    ("priceindex", "corrections"),
    ("markets",),
    ("catalog",),
    ("survey", "request", "drawing"),
    ("build", "validate", "userprices", "shelving", "topology", "assumptions"),
    ("layout", "imports", "llms", "measurements", "upgrades.resale"),
    ("placement", "need", "scaling", "rates"),
    ("seating", "workloads", "calibration"),
    ("throughput",),
    ("requestfile", "whatif.shocks"),
    ("whatif.axes", "upgrades.stages"),
    ("world",),
    ("whatif.scenarios",),
    ("draw", "common"),
    ("rules",),
    ("problem",),
    (
        "outcome",
        "narrowing",
        "reasons.cores",
        "reasons.nearest",
        "reasons.easing",
        "difference",
        "upgrades.joint_options",
        "upgrades.ledger",
    ),
    ("whatif.results", "upgrades.room", "tradeoffs"),
    ("whatif.summary",),
    ("encoding",),
    ("boardmap",),
    ("checking", "buildfile", "cpsat"),
    ("reasons.explain",),
    ("reasons.waysout",),
    ("reasons.findings",),
    ("reasons.binding",),
    ("solving", "comparing", "upgrades.owning", "upgrades.pathfinding"),
    (
        "reasons.sensitivity",
        "upgrades.expanding",
        "upgrades.upgrading",
        "upgrades.teaming",
        "upgrades.planning",
    ),
    ("reasons.limits", "reasons.questions", "whatif.budgets"),
    ("whatif.worker",),
    ("whatif.lanes",),
    ("whatif.many",),
    ("whatif.batch",),
    ("render",),
    ("terminal",),
    ("cli_request",),
    ("cli_catalog", "cli_cards", "cli_model", "cli_batch", "cli_questions", "cli_plans"),
    ("cli",),
    ("__main__",),
)
"""From the ground up. A module imports from its own row's package or from rows above it here."""


def layer(module: str) -> tuple[int, str]:
    """The layer of a module name inside the package, and the entry that gives it."""
    found = [
        (index, entry)
        for index, row in enumerate(LAYERS)
        for entry in row
        if module == entry or module.startswith(f"{entry}.")
    ]
    return max(found, key=lambda item: len(item[1]))


def modules() -> dict[str, ast.Module]:
    """Every module of the package but its front door, parsed."""
    table = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        name = name.removesuffix(".__init__")
        if name != "__init__":
            table[name] = ast.parse(path.read_text(encoding="utf-8"))
    return table


def imports(tree: ast.Module) -> set[str]:
    """Names of modules imported anywhere, except for type checkers only."""
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_imports_run_one_way() -> None:
    """No module imports from a higher layer, nor sideways from another entry of its own."""
    wrong = []
    for name, tree in modules().items():
        mine, entry = layer(name)
        for imported in imports(tree):
            if not imported.startswith("rigopt."):
                continue
            theirs, other = layer(imported.removeprefix("rigopt."))
            if theirs > mine or (theirs == mine and other != entry):
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_only_cpsat_imports_the_solver() -> None:
    """OR-tools is imported in one package and nowhere else."""
    users = [
        name
        for name, tree in modules().items()
        if any(imported.split(".")[0] == "ortools" for imported in imports(tree))
    ]
    assert users
    assert all(name.startswith("cpsat") for name in users)


def test_everything_but_solving_works_without_the_solver() -> None:
    """Parts, rules, builds, checks and answers import where OR-tools is not installed."""
    code = (
        "import sys; sys.modules['ortools'] = None\n"
        "import rigopt.checking, rigopt.outcome, rigopt.encoding, rigopt.solving\n"
        "import rigopt.reasons.waysout\n"
        "import rigopt.render.text, rigopt.render.markdown, rigopt.cli, rigopt.validate\n"
        "from rigopt import Catalog; print(len(Catalog.load().parts))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) >= 250


def test_help_imports_nothing_heavy() -> None:
    """The command line itself needs neither pydantic nor the solver."""
    code = (
        "import sys, rigopt.cli\n"
        "print(sorted({'pydantic', 'ortools', 'pandas', 'yaml', 'networkx'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_solve_imports_no_modelling_layer() -> None:
    """CP-SAT's own modelling layer, and pandas with it, is for several rigs in one model only."""
    code = (
        "import sys, rigopt.cpsat.hunt, rigopt.cpsat.probe\n"
        "print(sorted({'pandas', 'ortools.sat.python.cp_model'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_public_names_are_not_hidden_by_modules() -> None:
    """What ``from rigopt import NAME`` gives does not depend on what was imported before."""
    code = (
        "import pkgutil, importlib, rigopt\n"
        "for module in pkgutil.walk_packages(rigopt.__path__, 'rigopt.'):\n"
        "    if module.name != 'rigopt.__main__': importlib.import_module(module.name)\n"
        "print([name for name in rigopt.__all__\n"
        "       if type(getattr(rigopt, name)).__name__ == 'module'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
