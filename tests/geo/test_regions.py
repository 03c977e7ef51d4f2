"""Regions: names, boxes and GeoJSON files, and how the errors help."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import find_borders
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.regions import area_km2, find_region, read_region


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((text, "Montana, US") for text in ("Montana, US", "montana", "US-MT", " MT ,us ")),
        ("montana, united states of america", "Montana, US"),
        *((text, "United States of America") for text in ("US", "united states of america")),
        ("sao paulo", "São Paulo, Brazil"),
        ("Georgia, US", "Georgia, US"),
        ("GE", "Georgia"),
    ],
)
def test_a_name_means_one_region(text: str, name: str) -> None:
    assert find_region(text).name == name


def test_every_region_of_the_basemap_has_a_name_of_its_own() -> None:
    basemap = load_basemap()
    for layer in (basemap.countries, basemap.regions):
        for name, code, shape in zip(layer.names, layer.codes, layer.geometries, strict=True):
            assert find_region(code or name).shape == shape


def test_names_that_mean_none_or_two_are_refused_with_near_ones() -> None:
    with pytest.raises(ConfigError, match="`GE` for Georgia or `US-GA` for Georgia, US"):
        find_region("Georgia")
    with pytest.raises(ConfigError, match="near names are `Montana, US`"):
        find_region("Montanna, US")
    with pytest.raises(ConfigError, match="takes a country or first-level region"):
        find_region("xqzzy")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1,2,3", "3 numbers"),
        ("1,2,3,4,5", "5 numbers"),
        ("0,10,10,5", "S < N"),
        ("0,10,10,10", "S < N"),
        ("0,-91,10,10", "S < N"),
        ("-181,0,10,10", "longitudes from -180"),
        ("nan,0,10,10", "is no box"),
        ("5,0,5,10", "no width"),
    ],
)
def test_what_is_no_box(text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        find_region(text)


def test_a_box_may_cross_the_antimeridian() -> None:
    for text in ("170,-20,-170,10", "170,-20,190,10"):
        region = find_region(text)
        inside = np.array([[0.0, 175.0], [0.0, 180.0], [0.0, -180.0], [0.0, -175.0], [10.0, 190.0]])
        outside = np.array([[0.0, 169.9], [0.0, -169.9], [11.0, 180.0], [0.0, 0.0]])
        assert region.holds(inside).all()
        assert not region.holds(outside).any()
        assert region.shape.bounds == (-180.0, -20.0, 180.0, 10.0)
    whole = find_region("-180,-90,180,90")
    assert area_km2(np.array([whole.shape]))[0] == pytest.approx(4 * np.pi * EARTH_RADIUS_KM**2)


def test_a_named_region_holds_what_the_borders_say() -> None:
    basemap, rng = load_basemap(), np.random.default_rng(3)
    places = np.stack([rng.uniform(40, 52, 2000), rng.uniform(-120, -100, 2000)], axis=1)
    _, area = find_borders(places, reach=False)
    montana = basemap.regions.codes.index("US-MT")
    assert 100 < (area == montana).sum() < 1900
    assert (find_region("Montana").holds(places) == (area == montana)).all()


@given(st.floats(-180, 170), st.floats(-90, 80), st.floats(0.5, 10), st.floats(0.5, 10))
def test_the_area_of_a_box_has_a_closed_form(west, south, width, height) -> None:
    north, east = min(south + height, 90.0), west + width
    sines = np.sin(np.radians(north)) - np.sin(np.radians(south))
    expected = EARTH_RADIUS_KM**2 * np.radians(east - west) * sines
    area = area_km2(np.array([shapely.box(west, south, east, north)]))[0]
    assert area == pytest.approx(expected, rel=1e-9)


TRIANGLE = [[[0, 0], [10, 0], [0, 10], [0, 0]]]
SQUARE = [[[20, 0], [25, 0], [25, 5], [20, 5], [20, 0]]]


@pytest.mark.parametrize(
    "tree",
    [
        {"type": "MultiPolygon", "coordinates": [TRIANGLE, SQUARE]},
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {}, "geometry": None},
                {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": TRIANGLE}},
                {
                    "type": "Feature",
                    "geometry": {
                        "type": "GeometryCollection",
                        "geometries": [
                            {"type": "Point", "coordinates": [50, 50]},
                            {"type": "Polygon", "coordinates": SQUARE},
                        ],
                    },
                },
            ],
        },
    ],
)
def test_geojson_of_any_polygons(tree, tmp_path: Path) -> None:
    path = tmp_path / "area.geojson"
    path.write_text("\ufeff" + json.dumps(tree), encoding="utf-8")
    region = find_region(str(path))
    assert region.name == "area.geojson"
    points = np.array([[1.0, 1.0], [1.0, 22.0], [8.0, 8.0], [50.0, 50.0]])
    assert region.holds(points).tolist() == [True, True, False, False]


def test_geojson_beyond_the_antimeridian_is_turned_back(tmp_path: Path) -> None:
    path = tmp_path / "fiji.json"
    ring = [[177, -19], [183, -19], [183, -16], [177, -16], [177, -19]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    region = read_region(path)
    assert region.holds(np.array([[-17.0, 178.0], [-17.0, -178.0]])).all()
    assert not region.holds(np.array([[-17.0, 176.0], [-17.0, -176.0]])).any()


def test_what_is_no_geojson_of_polygons(tmp_path: Path) -> None:
    path = tmp_path / "area.geojson"
    with pytest.raises(MissingFileError, match="there is no file"):
        find_region(str(path))
    ring = [[500000, 0], [600000, 0], [500000, 10], [500000, 0]]
    for text, fault in (
        ("{", "is not GeoJSON"),
        ("[1]", "is not GeoJSON"),
        ('{"type": "Polygon", "coordinates": 3}', "is not GeoJSON"),
        ('{"type": "Point", "coordinates": [1, 2]}', "holds no polygon"),
        ('{"type": "FeatureCollection", "features": []}', "holds no polygon"),
        (json.dumps({"type": "Polygon", "coordinates": [ring]}), "ogr2ogr"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=fault):
            find_region(str(path))
