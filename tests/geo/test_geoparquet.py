"""GeoParquet: what a GIS program reads is what was written."""

import json
from pathlib import Path

import geopandas
import numpy as np
import polars as pl
import pytest
import shapely

from geoguess_cli.errors import OutputError
from geoguess_cli.geo.geoparquet import write_geoparquet

SHAPES = np.array([shapely.box(0, 0, 2, 1), shapely.Point(-3, 5)])


def test_a_gis_program_reads_columns_and_geometries(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "shapes.parquet"
    write_geoparquet(pl.DataFrame({"name": ["box", "point"]}), SHAPES, path)
    frame = geopandas.read_parquet(path)
    assert frame.crs == "OGC:CRS84"
    assert frame["name"].to_list() == ["box", "point"]
    assert shapely.equals_exact(frame.geometry.to_numpy(), SHAPES).all()


def test_the_header_says_what_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "shapes.parquet"
    write_geoparquet(pl.DataFrame({"n": [1, 2]}), SHAPES, path, metadata={"made by": "a test"})
    header = pl.read_parquet_metadata(path)
    assert header["made by"] == "a test"
    geo = json.loads(header["geo"])
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], column["encoding"]) == ("1.1.0", "WKB")
    assert column["geometry_types"] == ["Point", "Polygon"]
    assert column["bbox"] == [-3, 0, 2, 5]


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        write_geoparquet(pl.DataFrame({"n": [1, 2]}), SHAPES, tmp_path)
