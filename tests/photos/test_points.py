"""Points in one column become latitude and longitude."""

import polars as pl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.photos.points import geometry_text, split_points
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source

HEX = shapely.to_wkb(shapely.set_srid(shapely.Point(-111.04, 45.68), 4326), True, include_srid=True)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (-111.04 45.68)",
        "POINT(-111.04 45.68)",
        " point ( -111.04   45.68 ) ",
        "POINT Z (-111.04 45.68 1500)",
        "POINT ZM (-111.04 45.68 1500 0)",
        "SRID=4326;POINT(-111.04 45.68)",
        '{"type": "Point", "coordinates": [-111.04, 45.68, 1500.5]}',
        HEX,
        HEX.lower(),
    ],
)
def test_every_form_of_a_point_is_read(text):
    read = split_points(pl.DataFrame({"point": [text], "note": ["x"]}))
    assert read.columns == ["note", "latitude", "longitude", "@fault"]
    assert read.row(0) == ("x", "45.68", "-111.04", None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("POLYGON ((0 0, 1 1, 1 0, 0 0))", "'POLYGON ((0 0, 1 1, 1 0, 0 0))' is no point, such as"),
        ("45.68, -111.04", "'45.68, -111.04' is no point, such as POINT (-111.04 45.68)"),
        ("SRID=3857;POINT(1 2)", "the point is in the system 3857; it must be in 4326"),
        ('{"type": "Point"', "is no point, such as"),
        ("POINT EMPTY", None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_no_point_has_no_coordinates(text, fault):
    read = split_points(pl.DataFrame({"point": [text]}, schema={"point": pl.String}))
    assert read.select("latitude", "longitude").row(0) == (None, None)
    found = read["@fault"][0]
    assert (found is None) if fault is None else fault in found


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_what_shapely_writes_is_read_exactly(latitude, longitude):
    point = shapely.Point(longitude, latitude)
    texts = [point.wkb_hex, f"POINT ({longitude!r} {latitude!r})"]
    read = split_points(pl.DataFrame({"point": texts}))
    assert read["latitude"].cast(pl.Float64).to_list() == [latitude] * 2
    assert read["longitude"].cast(pl.Float64).to_list() == [longitude] * 2


def test_a_table_of_points_is_read(csv_of):
    text = "photo,geometry\na.jpg,POINT (-111.04 45.68)\nb.jpg,LINESTRING (0 0)\nc.jpg,\n"
    reading = read_source(csv_of(text))
    assert reading.table.frame.row(0) == ("a.jpg", 45.68, -111.04)
    assert reading.bad_rows == [
        BadRow(3, "'LINESTRING (0 0)' is no point, such as POINT (-111.04 45.68)", "t.csv"),
        BadRow(4, "no coordinates", "t.csv"),
    ]


def test_points_give_way_to_latitude_and_longitude(csv_of):
    reading = read_source(csv_of("photo,geometry,lat,lon\na.jpg,POINT (9 9),1,2\n"))
    assert reading.table.frame.row(0) == ("a.jpg", 1, 2, "POINT (9 9)")


def test_a_geometry_of_another_kind_keeps_its_kind():
    assert geometry_text({"type": "Polygon", "coordinates": []}) == "POLYGON"
    assert geometry_text({"type": "Point", "coordinates": []}) == "POINT EMPTY"
