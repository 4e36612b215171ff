"""The README's examples run, and the output it shows is real.

``python tests/test_readme.py`` writes the current output into the README.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

from rigopt.requestfile import request_from
from rigopt.upgrades.stages import plan_from
from rigopt.userfiles import read_mapping
from rigopt.whatif.scenarios import read_scenarios

README = Path(__file__).parent.parent / "README.md"
SHOWN = re.compile(
    r"(<!-- output: rigopt (.*?)(?:, sections (.*?))? -->\n```text\n)(.*?)(```\n)", re.DOTALL
)


def real_output(arguments: str, sections: str = "") -> str:
    """What the command prints where there is no terminal; of it, the paragraphs that begin with
    one of some words."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "rigopt", *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    text = "\n".join(line.rstrip() for line in run.stdout.splitlines()) + "\n"
    if not sections:
        return text
    wanted = tuple(sections.split())
    return "\n\n".join(p for p in text.split("\n\n") if p.startswith(wanted)) + "\n"


def test_the_output_shown_is_real() -> None:
    """Every output block is, line by line, what its command prints now."""
    blocks = SHOWN.findall(README.read_text(encoding="utf-8"))
    assert blocks
    for _, arguments, sections, shown, _ in blocks:
        assert shown == real_output(arguments, sections)


def test_the_python_example_runs() -> None:
    """The doctest of the README passes."""
    result = doctest.testfile(str(README), module_relative=False)
    assert result.attempted >= 6
    assert result.failed == 0


def test_the_request_file_shown_is_understood(tmp_path: Path, catalog) -> None:  # type: ignore[no-untyped-def]
    """The YAML request of the README reads as a request."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "request.yaml"
    path.write_text(blocks[0], encoding="utf-8")
    assert read_mapping(path)["budget"] == 5000
    request, _ = request_from({}, catalog, file=path)
    assert (request.budget_cents, request.min_vram_gb) == (500_000, 24)


def test_the_scenarios_shown_are_understood(tmp_path: Path, catalog) -> None:  # type: ignore[no-untyped-def]
    """The YAML set of scenarios reads as the sample that it says it is."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "scenarios.yaml"
    path.write_text(next(block for block in blocks if "axes:" in block), encoding="utf-8")
    scenarios, _ = read_scenarios(path, catalog)
    scenarios.validate(catalog)
    assert scenarios.count == 100
    assert scenarios.grid == 17 * 2 * 2 * 2 * 2


def test_the_plan_file_shown_is_understood(tmp_path: Path, catalog) -> None:  # type: ignore[no-untyped-def]
    """The YAML plan of the README reads as a plan."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (shown,) = (block for block in blocks if "stages:" in block)
    path = tmp_path / "plan.yaml"
    path.write_text(shown, encoding="utf-8")
    plan = plan_from(read_mapping(path), {}, catalog, where="plan.yaml")
    assert [stage.request.min_gpus for stage in plan.stages] == [1, 2]
    assert plan.keep == ("psu", "case")


def test_every_command_shown_is_understood() -> None:
    """Each flag that the README's commands use exists."""
    from rigopt.flags import BY_NAME

    own = {"save", "verbose", "json", "markdown", "prices", "kind", "map", "out", "count", "link"}
    own |= {"top", "differ-in", "axes", "csv", "plot", "dry-run", "show", "executor", "no-seconds"}
    own |= {"room-for", "team", "stage", "expect", "keep", "same-board"}
    own |= {"max-changes", "no-carry", "no-resale"}
    text = README.read_text(encoding="utf-8")
    used = set(re.findall(r"--([a-z][a-z-]+)", text))
    assert used <= set(BY_NAME) | own


def main() -> None:
    """Write the real output into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(
        SHOWN.sub(lambda m: f"{m[1]}{real_output(m[2], m[3] or '')}{m[5]}", text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
