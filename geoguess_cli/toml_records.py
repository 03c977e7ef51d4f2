"""Frozen dataclasses from TOML and back: the generic half of the configuration."""

import dataclasses
import difflib
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
    hints = typing.get_type_hints(kind)
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
        fields = dataclasses.fields(typing.cast(Any, kind))
        missing = [field.name for field in fields if _required(field) and field.name not in tree]
        raise ConfigError(f"{where}: {name} lacks {', '.join(missing)}") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def toml_text(record: Any) -> str:
    """A dataclass as TOML, from which `record_from_tree` reads an equal dataclass."""
    lines: list[str] = []
    tables: list[str] = []
    for name, value in _items(record):
        if not dataclasses.is_dataclass(value):
            lines.append(f"{name} = {_toml_value(value)}")
            continue
        arrays = {key: entry for key, entry in _items(value) if _is_array_of_tables(entry)}
        tables += ["", f"[{name}]"]
        tables += [f"{k} = {_toml_value(entry)}" for k, entry in _items(value) if k not in arrays]
        for key, rows in arrays.items():
            for row in rows:
                tables += ["", f"[[{name}.{key}]]"]
                tables += [f"{k} = {_toml_value(entry)}" for k, entry in _items(row)]
    return "\n".join(lines + tables) + "\n"


def value_from_text(hint: Any, text: str, variable: str) -> Any:
    """The value of an environment variable, as an annotated type.

    Args:
        hint: The type.
        text: The text of the variable.
        variable: Its name, for messages.

    Raises:
        ConfigError: The text is not a value of this type.
    """
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError as error:
            raise ConfigError(
                f"environment: {variable} is `{text}`; it must be {_KIND_NAMES[hint]}"
            ) from error
    if hint is bool:
        known = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in known:
            raise ConfigError(f"environment: {variable} is `{text}`; it must be true or false")
        return known[text.lower()]
    return _convert(hint, text, where="environment", name=variable)


def _items(record: Any) -> list[tuple[str, Any]]:
    return [(f.name, getattr(record, f.name)) for f in dataclasses.fields(record)]


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, tuple) and any(dataclasses.is_dataclass(entry) for entry in value)


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


def _required(entry: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return entry.default is missing and entry.default_factory is missing


def _convert(hint: Any, value: Any, *, where: str, name: str) -> Any:
    """`value` as the annotated type, or a ConfigError that names the key."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: `{name}` must be a table")
        return record_from_tree(hint, value, where=where, table=name)
    if origin is tuple:
        (inner, _) = typing.get_args(hint)
        if not isinstance(value, list):
            raise ConfigError(f"{where}: `{name}` must be a list")
        return tuple(_convert(inner, entry, where=where, name=name) for entry in value)
    if origin is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            known = ", ".join(f'"{choice}"' for choice in choices)
            raise ConfigError(f"{where}: `{name}` is {value!r}; it must be one of {known}")
        return value
    assert not isinstance(hint, types.UnionType)
    if hint is Path and isinstance(value, str):
        # Expand before making a path: a path drops the `./` of a file whose name begins with `~`.
        return Path(value).expanduser() if value.startswith("~") else Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: `{name}` is {value!r}; it must be {_KIND_NAMES[hint]}")
    return value
