"""GeoJSON: the order and the digits of coordinates, and the direction of rings."""

import numpy as np
import pytest
import shapely

from geoguess_cli.geo.cells import cell_polygons, latlng_to_cell
from geoguess_cli.geo.geojson import DECIMALS, decimals_of, feature, feature_collection


def test_a_point_is_longitude_then_latitude_with_its_properties() -> None:
    point = feature(shapely.Point(-111.04, 45.68), {"place": "Bozeman"})
    assert point["type"] == "Feature"
    assert point["geometry"] == {"type": "Point", "coordinates": (-111.04, 45.68)}
    assert point["properties"] == {"place": "Bozeman"}


def test_exterior_rings_are_counter_clockwise() -> None:
    clockwise = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    (ring,) = feature(clockwise, {})["geometry"]["coordinates"]
    assert shapely.LinearRing(ring).is_ccw
    both = shapely.MultiPolygon([clockwise, shapely.box(2, 0, 3, 1, ccw=False)])
    for part in feature(both, {})["geometry"]["coordinates"]:
        assert shapely.LinearRing(part[0]).is_ccw


def test_coordinates_have_seven_decimals() -> None:
    third = feature(shapely.Point(1 / 3, -2 / 3), {})["geometry"]["coordinates"]
    assert DECIMALS == 7
    assert third == (0.3333333, -0.6666667)


def test_a_collection_lists_its_features() -> None:
    point = feature(shapely.Point(0, 0), {})
    assert feature_collection(iter([point, point])) == {
        "type": "FeatureCollection",
        "features": [point, point],
    }


@pytest.fixture(scope="module")
def places() -> np.ndarray:
    """Places everywhere, and at poles, at the antimeridian and on edges of S2's faces."""
    rng = np.random.default_rng(0)
    spread = np.column_stack([rng.uniform(-90, 90, 100), rng.uniform(-180, 180, 100)])
    latitudes = (90.0, -90.0, 89.9999999, -89.99999, 0.0, 45.0, 35.264389682754654)
    longitudes = (180.0, -180.0, 179.9999999, -179.9999999, 0.0, 45.0, -135.0, 1e-9)
    awkward = [(lat, lng) for lat in latitudes for lng in longitudes]
    return np.concatenate([spread, awkward])


@pytest.mark.parametrize("level", range(31))
def test_cells_of_every_level_keep_their_form(places: np.ndarray, level: int) -> None:
    """A ring whose corners fall together is not valid, and its area is not that of the cell."""
    for polygon in cell_polygons(np.unique(latlng_to_cell(places, level))):
        written = shapely.geometry.shape(feature(polygon, {})["geometry"])
        assert written.is_valid
        assert all(part.exterior.is_ccw for part in shapely.get_parts(written))
        assert abs(written.area / polygon.area - 1) < 0.02
        west, south, east, north = written.bounds
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90


def test_only_small_shapes_get_more_decimals() -> None:
    assert decimals_of(shapely.Point(1.23456789, 2)) == DECIMALS
    assert decimals_of(shapely.box(0, 0, 1e-4, 1e-4)) == DECIMALS
    assert decimals_of(shapely.box(0, 0, 1, 1e-7)) > DECIMALS
