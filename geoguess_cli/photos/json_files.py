"""JSON lines, JSON arrays and GeoJSON as frames of text, nested values by dotted names."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.encodings import encoding_of, whole_text
from geoguess_cli.photos.points import geometry_text
from geoguess_cli.photos.rows import ROW, BadRow

Notice = Callable[[str], object] | None

_LONGITUDE_FIRST = ("CRS84", "4326", "4979")
"""Names of the systems in which GeoJSON is longitude and latitude; RFC 7946 knows no other."""


def read_json_lines(path: Path, *, notice: Notice = None) -> tuple[pl.DataFrame, list[BadRow]]:
    """The objects of a file with one on each line, and the lines that hold none; `@row` is a line.

    Raises:
        PhotoTableError: No encoding decodes the file.
    """
    records: list[tuple[int, Any]] = []
    bad: list[BadRow] = []
    with path.open(encoding=encoding_of(path, notice=notice)) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = _parsed(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                records.append((number, record))
            else:
                bad.append(BadRow(number, "the line is not a JSON object", path.name))
    return _frame(records), bad


def read_json(path: Path, *, notice: Notice = None) -> tuple[pl.DataFrame, list[BadRow]]:
    """The objects of a JSON array or of a GeoJSON FeatureCollection; `@row` counts from 1.

    Raises:
        PhotoTableError: The file is not JSON, holds no list of objects, or has coordinates that are
            not longitude and latitude.
    """
    text = path.read_text(encoding=encoding_of(path, notice=notice))
    try:
        document = _parsed(text)
    except json.JSONDecodeError as error:
        try:  # JSON lines under the name of JSON
            return _frame([(n, _object(line)) for n, line in _filled_lines(text)]), []
        except ValueError:
            raise PhotoTableError(
                f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
            ) from error
    except RecursionError as error:
        raise PhotoTableError(f"{path} is nested too deeply; it must be a list of rows") from error
    records = _records(document, path)
    bad = [
        BadRow(number, "the entry is not a JSON object", path.name)
        for number, record in enumerate(records, start=1)
        if not isinstance(record, dict)
    ]
    return _frame((n, r) for n, r in enumerate(records, start=1) if isinstance(r, dict)), bad


def _records(document: Any, path: Path) -> list[Any]:
    """The entries of a document: of a list, of GeoJSON, or of the only list in an object."""
    if isinstance(document, dict):
        system = str(_at(document, "crs", "properties", "name") or "CRS84")
        if not system.endswith(_LONGITUDE_FIRST):
            raise PhotoTableError(
                f"{path} has coordinates in {system}, not longitude and latitude; "
                f"`ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES new.geojson {path.name}` converts them"
            )
        lists = [value for value in document.values() if isinstance(value, list)]
        if isinstance(document.get("features"), list):
            lists = [document["features"]]
        if len(lists) == 1 and all(isinstance(entry, dict) for entry in lists[0]):
            return lists[0]
    if isinstance(document, list):
        return document
    raise PhotoTableError(
        f"{path} holds no list of photos; it must be a JSON array with an object for each photo "
        '(pandas writes one with `to_json(orient="records")`)'
    )


def _parsed(text: str) -> Any:
    """A JSON value in which numbers stay the text that they were."""
    value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return _mended(value) if "\\ud" in text.lower() else value


def _mended(value: Any) -> Any:
    """A JSON value in which no text has half a surrogate pair."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, list):
        return [_mended(entry) for entry in value]
    if isinstance(value, dict):
        return {whole_text(key): _mended(entry) for key, entry in value.items()}
    return value


def _filled_lines(text: str) -> list[tuple[int, str]]:
    lines = enumerate(text.split("\n"), start=1)
    return [(number, line) for number, line in lines if line.strip()]


def _object(line: str) -> dict[str, Any]:
    record = _parsed(line)
    if not isinstance(record, dict):
        raise ValueError("not an object")
    return record


def _frame(records: Iterable[tuple[int, Mapping[str, Any]]]) -> pl.DataFrame:
    names: dict[str, None] = {}
    rows = []
    for number, record in records:
        values = flat_texts(record)
        names.update(dict.fromkeys(values))
        rows.append({**values, ROW: number})
    schema = {**dict.fromkeys(names, pl.String), ROW: pl.UInt32}
    return pl.from_dicts(rows, schema=schema) if rows else pl.DataFrame(schema=schema)


def flat_texts(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The plain values of a JSON object as text, those of objects in it by dotted names.

    A GeoJSON feature gives its properties and its geometry, and a geometry is well-known text.
    Lists are left out.

    >>> flat_texts({"id": "7", "at": {"lat": "1.5", "box": ["2"]}, "ok": True})
    {'id': '7', 'at.lat': '1.5', 'ok': 'true'}
    >>> flat_texts({"geometry": {"type": "Point", "coordinates": ["-111.04", "45.68"]}})
    {'geometry': 'POINT (-111.04 45.68)'}
    """
    if record.get("type") == "Feature" and "properties" in record:
        own = {key: record[key] for key in ("id", "geometry") if key in record}
        record = {**own, **(record["properties"] or {}), "geometry": record.get("geometry")}
    flat: dict[str, str | None] = {}
    for key, value in record.items():
        if isinstance(value, dict) and _is_geometry(value):
            flat[key] = geometry_text(value)
        elif isinstance(value, dict):
            flat.update({f"{key}.{inner}": text for inner, text in flat_texts(value).items()})
        elif not isinstance(value, list):
            flat[key] = json.dumps(value) if isinstance(value, bool) else value
    return flat


def _is_geometry(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("type"), str) and ("coordinates" in value or "geometries" in value)


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
