"""What is done so far, on the disk: one line of JSON for each finished scenario.

The first line says what is being done; a journal of anything else is refused. A line that was cut
short is no result, and is done again. Two runs cannot write one journal: a lock, which the system
opens when its owner ends in whatever way, keeps the second one out.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from rigopt.errors import InputError
from rigopt.whatif.durable import sync_folder

NUMBER = "scenario"
_NOT_DONE = -1


class Journal:
    """The journal of a run of numbered scenarios, open and locked until it is closed."""

    def __init__(self, path: Path, head: Mapping[str, str | int], count: int) -> None:
        """Open a journal, or begin it.

        Args:
            path: the file; the lock stands beside it.
            head: what is being done, by name; it must be as when the journal was begun.
            count: how many scenarios there are.

        Raises:
            InputError: if it is in use, cannot be written, or is of something else.
        """
        self.path, self.count = path, count
        self._head = dict(head)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        except OSError as error:
            raise InputError(
                f"cannot be written ({(error.strerror or 'error').lower()})",
                where=str(path),
                mend="choose another place",
            ) from None
        self._lock = FileLock(f"{path}.lock")
        self._places = array("q", [_NOT_DONE]) * (count + 1)
        self.done = 0
        """How many scenarios are finished."""
        try:
            self._lock.acquire(timeout=0)
            self._end = self._read()
        except Timeout:
            os.close(self._file)
            raise InputError(
                "is in use by another run", where=str(path), mend="wait for it, or choose another"
            ) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave it to the next run."""
        os.close(self._file)
        self._lock.release()

    def has(self, number: int) -> bool:
        """Whether a scenario is finished."""
        return self._places[number] != _NOT_DONE

    def append(self, entries: Iterable[tuple[int, str]]) -> None:
        """Keep results, each the inside of a JSON object, and put them on the disk.

        Raises:
            OSError: if they cannot be kept; those that were before are.
        """
        places, end, lines = [], self._end, []
        for number, inside in entries:
            line = f'{{"{NUMBER}":{number},{inside}}}\n'.encode()
            places.append((number, end))
            lines.append(line)
            end += len(line)
        self._write(b"".join(lines))
        for number, place in places:
            self._keep(number, place)

    def _keep(self, number: int, place: int) -> None:
        self.done += self._places[number] == _NOT_DONE
        self._places[number] = place

    def entry(self, number: int) -> dict[str, Any]:
        """What is kept of a finished scenario."""
        os.lseek(self._file, self._places[number], os.SEEK_SET)
        pieces: list[bytes] = []
        while not pieces or b"\n" not in pieces[-1]:
            pieces.append(os.read(self._file, 1 << 16))
        found: dict[str, Any] = json.loads(b"".join(pieces).partition(b"\n")[0])
        return found

    def _write(self, data: bytes) -> None:
        os.lseek(self._file, self._end, os.SEEK_SET)
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)

    def _read(self) -> int:
        """Find what is finished; where the next line goes."""
        head = (json.dumps(self._head) + "\n").encode()
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            first = file.readline()
            if first == b"" or (not first.endswith(b"\n") and head.startswith(first)):
                os.ftruncate(self._file, 0)
                self._end = 0
                self._write(head)
                sync_folder(self.path.parent)
                return self._end
            self._check(first)
            end = len(first)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                number = _number(line)
                if number is not None and number <= self.count:
                    self._keep(number, end)
                end += len(line)
        os.ftruncate(self._file, end)
        return end

    def _check(self, first: bytes) -> None:
        """See that the journal is of what is being done."""
        try:
            found = json.loads(first)
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.keys() != self._head.keys():
            raise InputError(
                "is no journal of this program", where=str(self.path), mend="choose another --out"
            )
        for name, wanted in self._head.items():
            if found[name] != wanted:
                raise InputError(
                    f"was begun with other {name} ({found[name]}, now {wanted})",
                    where=str(self.path),
                    mend="choose another --out",
                )


def _number(line: bytes) -> int | None:
    """The scenario of a line; ``None``: the line is damaged."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    number = found.get(NUMBER) if isinstance(found, dict) else None
    return number if isinstance(number, int) and number > 0 else None
