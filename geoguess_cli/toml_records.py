"""Frozen dataclasses from TOML and back: the generic half of the configuration."""

import dataclasses
import difflib
import inspect
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from geoguess_cli.errors import ConfigError

Record = TypeVar("Record")

_KIND_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    Path: "a path",
}
NO_KEY = {"key": False}
"""Metadata of a field that only an option sets: no key of a file, and not written to one."""

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def record_from_tree(
    kind: type[Record], tree: Mapping[str, Any], *, where: str, table: str = ""
) -> Record:
    """A dataclass from a parsed TOML table; absent keys keep their defaults.

    Args:
        kind: The dataclass; its fields may be dataclasses and tuples of dataclasses.
        tree: The parsed table.
        where: The name of the file, for messages.
        table: The dotted name of the table, "" for the top level.

    Raises:
        ConfigError: A key is unknown (the message has the nearest known key), or a value has the
            wrong type or range.
    """
    hints = keys_of(kind)
    name = f"[{table}]" if table else "the top level"
    values: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in hints:
            close = difflib.get_close_matches(key, hints, n=1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; known: {', '.join(hints)}"
            raise ConfigError(f"{where}: unknown key `{key}` in {name}{hint}")
        inner = f"{table}.{key}" if table else key
        values[key] = _convert(hints[key], value, where=where, name=inner)
    try:
        return kind(**values)
    except TypeError as error:
        required = inspect.signature(kind).parameters.values()
        missing = [p.name for p in required if p.default is p.empty and p.name not in tree]
        raise ConfigError(f"{where}: {name} lacks {', '.join(missing)}") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def keys_of(kind: type) -> dict[str, Any]:
    """The annotated type of each key of a dataclass; a field marked `NO_KEY` is none."""
    hints = typing.get_type_hints(kind)
    marked = {field.name for field in dataclasses.fields(kind) if field.metadata == NO_KEY}
    return {name: hint for name, hint in hints.items() if name not in marked}


def toml_text(record: Any) -> str:
    """A dataclass as TOML, from which `record_from_tree` reads an equal dataclass."""
    return "\n".join(_toml_lines(record)) + "\n"


def at_least(least: int, **values: float) -> None:
    """Raise ConfigError for a value below the least; `train_batch_size` means the key `train.…`."""
    for name, value in values.items():
        if value < least:
            raise ConfigError(f"{_dotted(name)} is {value}; it must be {least} or more")


def between(low: float, high: float, **values: float) -> None:
    """Raise ConfigError for a value outside of [low, high], with its key as in `at_least`."""
    for name, value in values.items():
        if not low <= value <= high:
            raise ConfigError(f"{_dotted(name)} is {value}; it must lie in [{low:g}, {high:g}]")


def _dotted(name: str) -> str:
    return name if "." in name or "_" not in name else name.replace("_", ".", 1)


def _toml_lines(record: Any, table: str = "") -> list[str]:
    lines: list[str] = []
    tables: list[str] = []
    for field in dataclasses.fields(record):
        if field.metadata == NO_KEY:
            continue
        value, name = getattr(record, field.name), f"{table}{field.name}"
        if dataclasses.is_dataclass(value):
            tables += ["", f"[{name}]", *_toml_lines(value, f"{name}.")]
        elif isinstance(value, tuple) and any(map(dataclasses.is_dataclass, value)):
            for row in value:
                tables += ["", f"[[{name}]]", *_toml_lines(row, f"{name}.")]
        else:
            lines.append(f"{field.name} = {_toml_value(value)}")
    return lines + tables


def value_from_text(hint: Any, text: str, variable: str) -> Any:
    """The value of an environment variable, as an annotated type.

    Args:
        hint: The type.
        text: The text of the variable.
        variable: Its name, for messages.

    Raises:
        ConfigError: The text is not a value of this type.
    """
    if hint not in (int, float, bool):
        return _convert(hint, text, where="environment", name=variable)
    try:
        return _TRUTH[text.lower()] if hint is bool else hint(text)
    except (ValueError, KeyError) as error:
        raise ConfigError(
            f"environment: {variable} is `{text}`; it must be {_KIND_NAMES[hint]}"
        ) from error


def _toml_value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(entry) for entry in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value.as_posix() if isinstance(value, Path) else str(value)
    if isinstance(value, Path) and text.startswith("~"):
        text = f"./{text}"  # a file whose name begins with ~, not the home folder
    return json.dumps(text, ensure_ascii=False)  # JSON's escapes are TOML's


def _convert(hint: Any, value: Any, *, where: str, name: str) -> Any:
    """`value` as the annotated type, or a ConfigError that names the key."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: `{name}` must be a table")
        return record_from_tree(hint, value, where=where, table=name)
    if origin is tuple:
        inner, *others = typing.get_args(hint)
        if not isinstance(value, list):
            raise ConfigError(f"{where}: `{name}` must be a list")
        if others != [...] and len(value) != 1 + len(others):
            raise ConfigError(f"{where}: `{name}` must be a list of {1 + len(others)} values")
        return tuple(_convert(inner, entry, where=where, name=name) for entry in value)
    if origin is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            known = ", ".join(f'"{choice}"' for choice in choices)
            raise ConfigError(f"{where}: `{name}` is {value!r}; it must be one of {known}")
        return value
    assert not isinstance(hint, types.UnionType)
    if hint is Path and isinstance(value, str):
        return _path(value, f"{where}: `{name}`")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: `{name}` is {value!r}; it must be {_KIND_NAMES[hint]}")
    return value


def _path(text: str, what: str) -> Path:
    """A path; `~` is the home folder."""
    # Expand before making a path: a path drops the `./` of a file whose name begins with `~`.
    try:
        return Path(text).expanduser() if text.startswith("~") else Path(text)
    except RuntimeError as error:
        raise ConfigError(
            f"{what} is {text!r}, which begins with a home folder that this machine does not "
            f"have; write `./{text}` if that is a name"
        ) from error
