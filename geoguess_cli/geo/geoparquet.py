"""Tables with a geometry as GeoParquet 1.1, which GIS programs can open."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import shapely
from jaxtyping import Shaped

from geoguess_cli.files import replacing


def write_geoparquet(
    frame: pl.DataFrame,
    geometries: Shaped[np.ndarray, " n"],
    path: Path,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a table and its geometries as GeoParquet 1.1, completely or not at all.

    Args:
        frame: The other columns; none is named `geometry`.
        geometries: Shapely geometries in (longitude, latitude), degrees, one for each row of the
            frame; exterior rings are counter-clockwise.
        path: The file to write; its folder is created if needed.
        metadata: Further texts to store in the file, by key.
    """
    wkb = pl.Series("geometry", shapely.to_wkb(geometries, byte_order=1).tolist(), dtype=pl.Binary)
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {  # without `crs`: OGC:CRS84, longitude and latitude in degrees
                "encoding": "WKB",
                "geometry_types": sorted({geometry.geom_type for geometry in geometries}),
                "orientation": "counterclockwise",
                "bbox": shapely.total_bounds(geometries).tolist(),
            }
        },
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        frame.with_columns(wkb).write_parquet(
            file, metadata={"geo": json.dumps(geo), **(metadata or {})}
        )
