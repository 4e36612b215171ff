"""Files that people hand in: read with limits, so that no file can hang or harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rigopt.errors import InputError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_NODES = 50_000


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
    for key in value:
        if not isinstance(key, str):
            raise InputError(
                f"key {key!r} is not a word", where=where, mend="put it in quotes or correct it"
            )
    return value


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


def _check_keys(node: Any, where: str) -> None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise InputError(
                        f"line {key.start_mark.line + 1}: {key.value!r} stands there twice",
                        where=where,
                        mend="keep one of the two",
                    )
                seen.add(key.value)
            _check_keys(value, where)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, where)
