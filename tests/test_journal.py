"""The journal keeps what was finished, whatever cut it short."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigopt.errors import InputError
from rigopt.whatif.journal import Journal

HEAD: dict[str, str | int] = {"scenarios": "abc", "catalogue": "def"}
COUNT = 6
RESULTS = [(3, '"a":1'), (1, '"a":"ü\\n"'), (6, '"a":null')]


def written(path: Path) -> bytes:
    """A journal with three results."""
    with Journal(path, HEAD, COUNT) as journal:
        journal.append(RESULTS[:2])
        journal.append(RESULTS[2:])
    return path.read_bytes()


def test_results_are_there_again(tmp_path: Path) -> None:
    """What was appended is found by its number after reopening, and nothing else is."""
    written(tmp_path / "j")
    with Journal(tmp_path / "j", HEAD, COUNT) as journal:
        assert journal.done == 3
        assert [number for number in range(1, 7) if journal.has(number)] == [1, 3, 6]
        assert journal.entry(1) == {"scenario": 1, "a": "ü\n"}
        assert journal.entry(6) == {"scenario": 6, "a": None}


def test_a_cut_at_any_byte_loses_the_last_line_at_most(tmp_path: Path) -> None:
    """Cut short anywhere, it opens, holds every line that is whole, and takes the rest again."""
    path = tmp_path / "j"
    whole = written(path)
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        with Journal(path, HEAD, COUNT) as journal:
            assert journal.done == max(0, sum(end <= size for end in ends) - 1)
            journal.append([entry for entry in RESULTS if not journal.has(entry[0])])
            assert journal.done == 3
            assert journal.entry(3)["a"] == 1
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 200), noise=st.binary(min_size=1, max_size=40))
def test_damage_is_refused_or_done_again(place: int, noise: bytes, tmp_path: Path) -> None:
    """Bytes that a broken disk changed give a refusal, or a scenario to be done again: no crash."""
    path = tmp_path / "j"
    path.unlink(missing_ok=True)
    whole = bytearray(written(path))
    whole[place : place + len(noise)] = noise
    path.write_bytes(bytes(whole))
    try:
        with Journal(path, HEAD, COUNT) as journal:
            for number in range(1, COUNT + 1):
                if journal.has(number):
                    assert journal.entry(number)["scenario"] == number
    except InputError as refusal:
        assert str(path) in str(refusal)
        assert path.read_bytes() == bytes(whole)


@pytest.mark.parametrize("name", HEAD)
def test_a_journal_of_something_else_is_left_alone(name: str, tmp_path: Path) -> None:
    """Another scenario set or catalogue is refused by name, and not a byte changes."""
    before = written(tmp_path / "j")
    with pytest.raises(InputError, match=f"begun with other {name}"):
        Journal(tmp_path / "j", {**HEAD, name: "xyz"}, COUNT)
    assert (tmp_path / "j").read_bytes() == before


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    """Somebody's notes are not overwritten."""
    (tmp_path / "j").write_text("my notes\n", "utf-8")
    with pytest.raises(InputError, match="is no journal"):
        Journal(tmp_path / "j", HEAD, COUNT)
    assert (tmp_path / "j").read_text("utf-8") == "my notes\n"


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    """The second is refused while the first is open, and let in after it."""
    with Journal(tmp_path / "j", HEAD, COUNT), pytest.raises(InputError, match="in use"):
        Journal(tmp_path / "j", HEAD, COUNT)
    Journal(tmp_path / "j", HEAD, COUNT).close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A place that cannot be written is told."""
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "no" / "j", HEAD, COUNT)
