"""Parquet files as frames in their own types, with GeoParquet points and fields of structs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.files import readable

_NESTED = (pl.Object, pl.Binary)

_LONGITUDE_FIRST = {
    *(("OGC", "CRS84"), ("OGC", "CRS84h")),
    *(("EPSG", code) for code in ("4326", "4979", "4258", "4937", "4269")),
}
"""Systems of longitude and latitude: WGS 84, and those of Europe and of North America."""


def parquet_header(path: Path) -> list[str]:
    """The names of the plain columns of a Parquet file."""
    schema = pl.read_parquet_schema(readable(path))
    geometries = _geometries(path)
    flat = {
        name: kind
        for name, kind in schema.items()
        if not kind.is_nested() and name not in geometries
    }
    return [name for name, kind in flat.items() if not isinstance(kind, _NESTED)]


def parquet_parts(path: Path) -> list[str]:
    """The further names that can be read: columns of points, and `a.b` for fields of structs."""
    schema = pl.read_parquet_schema(readable(path))
    geometries = _geometries(path)
    fields = [
        f"{name}.{field.name}"
        for name, kind in schema.items()
        if isinstance(kind, pl.Struct) and name not in geometries
        for field in kind.fields
        if not field.dtype.is_nested() and not isinstance(field.dtype, _NESTED)
        # An image in its row: its bytes would be read as well.
        if not any(isinstance(other.dtype, pl.Binary) for other in kind.fields)
    ]
    return [*geometries, *fields]


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A Parquet file, without nested columns; points are well-known text.

    Args:
        path: The file.
        columns: The columns to read, also those of `parquet_parts` (default: the plain ones).

    Raises:
        PhotoTableError: The points of a column to read are not longitude and latitude.
    """
    columns = parquet_header(path) if columns is None else columns
    geometries = _geometries(path)
    schema = pl.read_parquet_schema(readable(path))
    picked = []
    for name in columns:
        if name in geometries or name in schema:
            picked.append(pl.col(name))
        else:
            outer, _, inner = name.partition(".")
            picked.append(pl.col(outer).struct.field(inner).alias(name))
    frame = pl.scan_parquet(readable(path), glob=False).select(picked).collect()
    for name in {*columns} & {*geometries}:
        _require_degrees(path, name, geometries[name])
        frame = frame.with_columns(_point_texts(frame[name]))
    return frame


def _geometries(path: Path) -> dict[str, Any]:
    """The description of each column of points, by its name; empty without GeoParquet."""
    try:
        geo = json.loads(pl.read_parquet_metadata(readable(path)).get("geo") or "{}")
    except ValueError:
        return {}
    columns = geo.get("columns", {}) if isinstance(geo, dict) else {}
    primary = geo.get("primary_column") if isinstance(geo, dict) else None
    return {name: columns[name] for name in sorted(columns, key=lambda name: name != primary)}


def _require_degrees(path: Path, name: str, column: Any) -> None:
    system = column.get("crs", "absent") if isinstance(column, dict) else None
    identity = system.get("id", {}) if isinstance(system, dict) else {}
    authority = (str(identity.get("authority")), str(identity.get("code")))
    if system in ("absent", None) or authority in _LONGITUDE_FIRST:
        return
    title = system.get("name") if isinstance(system, dict) else system
    raise PhotoTableError(
        f"{path}: the points of `{name}` are in {title}, not in longitude and latitude; convert "
        "them, in geopandas with `to_crs(4326)`"
    )


def _point_texts(points: pl.Series) -> pl.Series:
    """Points as well-known text, of WKB or of structs of x and y; null where there is none.

    Of any other geometry its kind stands in the text.
    """
    if isinstance(points.dtype, pl.Struct):
        x, y = points.struct.field("x"), points.struct.field("y")
        kinds = pl.Series([None] * len(points), dtype=pl.String)
    else:
        shapes = shapely.from_wkb(np.array(points.to_list(), dtype=object), on_invalid="ignore")
        filled: np.ndarray = np.array(shapes, dtype=object)
        filled[shapely.is_empty(filled)] = None
        of_points = shapely.get_type_id(filled) == 0
        places = shapely.get_coordinates(filled[of_points])
        degrees = np.full((len(points), 2), np.nan)
        degrees[of_points] = places
        x, y = pl.Series(degrees[:, 0]), pl.Series(degrees[:, 1])
        words = [None if shape is None else shape.geom_type.upper() for shape in filled.tolist()]
        kinds = pl.Series(words, dtype=pl.String)
    frame = pl.DataFrame({"x": x.fill_nan(None), "y": y.fill_nan(None), "kind": kinds})
    text = pl.coalesce(pl.format("POINT ({} {})", "x", "y"), "kind")
    return frame.select(text.alias(points.name)).to_series()
