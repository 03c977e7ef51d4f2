"""GeoJSON: the order and the digits of coordinates, and the direction of rings."""

import shapely

from geoguess_cli.geo.geojson import DECIMALS, feature, feature_collection


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
