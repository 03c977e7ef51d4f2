"""Points in one column, as well-known text or GeoJSON, split into latitude and longitude."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import shapely

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_POINT = (
    rf"(?i)^\s*(?:SRID=(\d+)\s*;)?\s*POINT\s*(?:ZM|Z|M)?\s*\(\s*{_NUMBER}\s+{_NUMBER}"
    rf"(?:\s+{_NUMBER}){{0,2}}\s*\)\s*$"
)
_DEGREES = ("4326", "4979", "0")
"""Numbers of the systems of longitude and latitude."""


def split_points(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with `latitude` and `longitude` as text in place of `point`, and `@fault`.

    A point has its longitude first, as in well-known text and GeoJSON.

    Args:
        frame: `point` as text: `POINT (-111.04 45.68)`, with a height or an `SRID=4326;` if it has
            one, a GeoJSON geometry, or well-known binary in hexadecimal digits.
    """
    text = pl.col("point").cast(pl.String).str.strip_chars()
    frame = frame.with_columns(pl.when(text != "").then(text).alias("point"))
    others = frame.filter(~pl.col("point").str.contains(_POINT))["point"].unique().drop_nulls()
    if len(others):
        read = pl.DataFrame({"point": others, "@read": [_as_text(text) for text in others]})
        frame = frame.join(read, on="point", how="left", maintain_order="left")
        frame = frame.with_columns(pl.coalesce("@read", "point").alias("@read"))
    else:
        frame = frame.with_columns(pl.col("point").alias("@read"))
    parts = pl.col("@read").str.extract_groups(_POINT)
    system = parts.struct.field("1")
    odd = system.is_not_null() & ~system.is_in(_DEGREES)
    empty = pl.col("@read").str.contains(r"(?i)\bEMPTY$")
    fault = (
        pl.when(odd)
        .then(pl.format("the point is in the system {}; it must be in 4326", system))
        .when(pl.col("@read").is_not_null() & ~empty & parts.struct.field("2").is_null())
        .then(pl.format("'{}' is no point, such as POINT (-111.04 45.68)", text.str.slice(0, 40)))
    )
    return frame.with_columns(
        pl.when(~odd.fill_null(False)).then(parts.struct.field("3")).alias("latitude"),
        pl.when(~odd.fill_null(False)).then(parts.struct.field("2")).alias("longitude"),
        fault.alias("@fault"),
    ).drop("point", "@read")


def geometry_text(geometry: Mapping[str, Any]) -> str:
    """A GeoJSON point as well-known text; of any other geometry its kind alone."""
    kind, position = str(geometry["type"]), geometry.get("coordinates")
    if kind != "Point" or not isinstance(position, list):
        return kind.upper()
    return f"POINT ({' '.join(map(str, position))})" if position else "POINT EMPTY"


def _as_text(text: str) -> str:
    """GeoJSON or hexadecimal well-known binary as well-known text; other text as it is."""
    if text.startswith("{"):
        try:
            return geometry_text(json.loads(text))
        except (ValueError, KeyError, RecursionError):
            return text
    try:
        point = shapely.from_wkb(text)
    except (shapely.errors.GEOSException, ValueError):
        return text
    if point is None or point.geom_type != "Point" or point.is_empty:
        return text
    system = shapely.get_srid(point)
    return f"SRID={system};POINT ({point.x!r} {point.y!r})"
