"""Files that people hand in: read with limits, so that no file can hang or harm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rigopt.errors import InputError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_NODES = 50_000
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)")


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML or JSON file.

    Aliases, tags, duplicate keys, deep nesting and files over 1 MiB are refused.

    Raises:
        InputError: one sentence with file, place and mend.
    """
    where = str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"is {size:,} bytes long, over the limit of {MAX_BYTES:,}",
                where=where,
                mend="give a request or a build, not a data set",
            )
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise InputError(f"cannot be read ({reason})", where=where, mend="check the path") from None
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"is over the limit of {MAX_BYTES:,} bytes", where=where, mend="shorten it"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start})", where=where, mend="save it as UTF-8"
        ) from None
    value = _json(text, where) if path.suffix.lower() == ".json" else _yaml(text, where)
    if not isinstance(value, dict):
        raise InputError(
            "does not hold a mapping", where=where, mend="write lines such as 'budget: 5000'"
        )
    _check_words(value, where)
    return value


def _inside(where: str, key: str, number: int | None = None) -> str:
    """Where a value stands: "build.yaml, part 2, name"."""
    if number is None:
        return f"{where}, {key[:40]}"
    return f"{where}, {'part' if key == 'parts' else key[:40]} {number}"


def _check_words(value: Any, where: str, key: str = "") -> None:
    """Keys at every level are words, and no text holds control characters."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise InputError(
                    f"key {str(name)[:40]!r} is not a word",
                    where=where,
                    mend="put it in quotes or correct it",
                )
            _check_words(name, where)
            nested = isinstance(item, list)
            _check_words(item, where if nested else _inside(where, name), name)
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            _check_words(item, _inside(where, key, number), key)
    elif isinstance(value, str) and not value.isprintable():
        raise InputError(
            f"{value[:40]!r} holds control characters", where=where, mend="remove them"
        )


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"{key!r} stands there twice")
        table[key] = value
    return table


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise InputError("is nested too deeply", where=where, mend="flatten it") from None
    except ValueError as error:
        raise InputError(f"is not JSON ({error})", where=where, mend="correct it") from None


def _yaml(text: str, where: str) -> Any:
    import yaml

    def refuse(what: str, mark: Any, mend: str) -> InputError:
        return InputError(f"line {mark.line + 1}: {what}", where=where, mend=mend)

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = nodes = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            nodes += 1
            if isinstance(event, yaml.AliasEvent):
                raise refuse("an alias (*) is not allowed", event.start_mark, "write it out")
            if getattr(event, "anchor", None):
                raise refuse("an anchor (&) is not allowed", event.start_mark, "write it out")
            if getattr(event, "tag", None):
                raise refuse("a tag (!) is not allowed", event.start_mark, "remove it")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise refuse("is nested too deeply", event.start_mark, "flatten it")
            if nodes > MAX_NODES:
                raise refuse("holds too many values", event.start_mark, "shorten it")
        node = yaml.compose(text, Loader=loader)
        _check_keys(node, where)
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or "not readable"
        raise InputError(f"{line}is not YAML ({problem})", where=where, mend="correct it") from None
    except ValueError as error:  # dates such as 2026-13-99
        raise InputError(f"is not YAML ({error})", where=where, mend="quote the value") from None


def _check_keys(node: Any, where: str, key: str = "") -> None:
    """No key stands twice in a mapping, and no number is one that YAML 1.1 reads its own way."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for name, value in node.value:
            word = name.value if isinstance(name, yaml.ScalarNode) else ""
            if word and word in seen:
                raise InputError(
                    f"line {name.start_mark.line + 1}: {word[:40]!r} stands there twice",
                    where=where,
                    mend="keep one of the two",
                )
            seen.add(word)
            nested = isinstance(value, yaml.SequenceNode)
            _check_keys(value, where if nested else _inside(where, word), word)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value, start=1):
            _check_keys(item, _inside(where, key, number), key)
    elif node is not None and node.tag.endswith(":int") and not _PLAIN.fullmatch(node.value):
        raise InputError(
            f"line {node.start_mark.line + 1}: {node.value[:40]!r} may mean another number",
            where=where,
            mend="write plain digits",
        )
