"""Parquet with points and with nested columns."""

import json

import geopandas
import polars as pl
import pytest
import shapely

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.parquet_files import parquet_header, parquet_parts, read_parquet
from geoguess_cli.sources.reading import read_source


def geo_frame(points, crs="EPSG:4326"):
    photos = [f"{row}.jpg" for row in range(len(points))]
    return geopandas.GeoDataFrame({"photo": photos}, geometry=points, crs=crs)


@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84", "EPSG:4258", "EPSG:4269", None])
def test_points_of_geoparquet_are_read(tmp_path, crs):
    points = [shapely.Point(-111.04, 45.68), None, shapely.Point(), shapely.Point(1 / 3, -2 / 3)]
    geo_frame(points, crs).to_parquet(tmp_path / "t.parquet")
    reading = read_source(tmp_path / "t.parquet")
    assert reading.table.frame.rows() == [("0.jpg", 45.68, -111.04), ("3.jpg", -2 / 3, 1 / 3)]
    assert [(bad.row, bad.reason) for bad in reading.bad_rows] == [
        (2, "no coordinates"),
        (3, "no coordinates"),
    ]


def test_areas_of_geoparquet_are_no_photos(tmp_path):
    geo_frame([shapely.box(0, 0, 1, 1), shapely.Point(1, 2)]).to_parquet(tmp_path / "t.parquet")
    reading = read_source(tmp_path / "t.parquet")
    assert reading.table.frame.rows() == [("1.jpg", 2, 1)]
    assert "'POLYGON' is no point" in reading.bad_rows[0].reason


def test_another_system_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "t.parquet"
    geo_frame([shapely.Point(1e6, 5e6)], "EPSG:3857").to_parquet(path)
    with pytest.raises(PhotoTableError, match=r"`geometry` are in WGS 84 / Pseudo.*to_crs\(4326\)"):
        read_source(path)


def test_projected_points_beside_degrees_are_not_looked_at(tmp_path):
    path = tmp_path / "t.parquet"
    frame = geo_frame([shapely.Point(1e6, 5e6)], "EPSG:3857").assign(lat=1.5, lon=2.5)
    frame.to_parquet(path)
    assert read_source(path).table.frame.rows() == [("0.jpg", 1.5, 2.5)]


def test_points_as_structs_are_read(tmp_path):
    geo = {
        "version": "1.1.0",
        "primary_column": "place",
        "columns": {"place": {"encoding": "point", "geometry_types": ["Point"]}},
    }
    frame = pl.DataFrame({"photo": ["a.jpg"], "place": [{"x": 2.5, "y": 1.5}]})
    path = tmp_path / "t.parquet"
    frame.write_parquet(path, metadata={"geo": json.dumps(geo)})
    assert read_source(path, columns={"point": "place"}).table.frame.rows() == [("a.jpg", 1.5, 2.5)]


def test_fields_of_structs_are_read_when_they_are_needed(tmp_path):
    frame = pl.DataFrame(
        {
            "photo": ["a.jpg"],
            "location": [{"lat": 1.5, "lng": 2.5}],
            "image": [{"bytes": b"x", "path": "p.jpg"}],
            "boxes": [[1, 2]],
        }
    )
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    assert parquet_header(path) == ["photo"]
    assert parquet_parts(path) == ["location.lat", "location.lng"]
    assert read_parquet(path, ["location.lng", "photo"]).rows() == [(2.5, "a.jpg")]
    assert read_source(path).table.frame.rows() == [("a.jpg", 1.5, 2.5)]
