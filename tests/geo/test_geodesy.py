import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.geodesy import (
    EARTH_RADIUS_KM,
    bearing_deg,
    check_latlng,
    from_unit_vectors,
    great_circle_km,
    great_circle_points,
    spherical_mean,
    unit_vectors,
)

HALF_TURN_KM = np.pi * EARTH_RADIUS_KM
POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(lambda p: np.array([p]))


def test_distance_of_known_pairs() -> None:
    start = np.array([[0.0, 0.0], [0.0, 0.0], [90.0, 5.0], [0.0, 179.5], [-33.0, 20.0]])
    end = np.array([[0.0, 90.0], [0.0, 180.0], [-90.0, 77.0], [0.0, -179.5], [-33.0, 20.0]])
    expected = np.array([0.5, 1.0, 1.0, 1 / 180, 0.0]) * HALF_TURN_KM
    np.testing.assert_allclose(great_circle_km(start, end), expected, rtol=1e-14)


def test_distance_between_cities() -> None:
    """New York to London on this sphere, by the haversine formula worked by hand."""
    found = great_circle_km(np.array([[40.7128, -74.0060]]), np.array([[51.5074, -0.1278]]))
    assert found[0] == pytest.approx(5570.23, abs=0.02)


@pytest.mark.parametrize("metres", [1e-3, 1.0, 1000.0])
def test_small_distances_and_near_antipodes_keep_their_digits(metres: float) -> None:
    step = np.degrees(metres / 1000 / EARTH_RADIUS_KM)
    a = np.array([[45.0, 10.0]])
    assert great_circle_km(a, np.array([[45.0 + step, 10.0]]))[0] == pytest.approx(
        metres / 1000, rel=1e-5
    )
    antipode = np.array([[-45.0 + step, -170.0]])
    assert HALF_TURN_KM - great_circle_km(a, antipode)[0] == pytest.approx(metres / 1000, rel=1e-4)


def test_one_point_pairs_with_many(everywhere: np.ndarray) -> None:
    one, many = everywhere[:1], everywhere[1:50]
    assert great_circle_km(one, many).shape == (49,)
    back = great_circle_km(many, one)
    np.testing.assert_allclose(great_circle_km(one, many), back, rtol=1e-14)


@given(POINTS, POINTS, POINTS)
def test_distance_is_a_metric(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    ab, bc, ac = (great_circle_km(*pair)[0] for pair in ((a, b), (b, c), (a, c)))
    assert 0 <= ab <= HALF_TURN_KM * (1 + 1e-15)
    assert ac <= ab + bc + 1e-6


@given(POINTS)
def test_unit_vectors_round_trip(point: np.ndarray) -> None:
    vector = unit_vectors(point)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-15)
    assert great_circle_km(from_unit_vectors(vector * 7), point)[0] < 1e-8


def test_bearings() -> None:
    origin = np.zeros((1, 2))
    around = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1], [0, -1e-300], [1, -1e-300]])
    np.testing.assert_allclose(bearing_deg(origin, around), [0, 90, 180, 270, 270, 0])
    # From Baghdad to Osaka one sets out north-east by east: a textbook figure.
    osaka = bearing_deg(np.array([[35.0, 45.0]]), np.array([[35.0, 135.0]]))
    assert osaka[0] == pytest.approx(60.16, abs=0.01)


def test_spherical_mean_crosses_the_antimeridian_and_weighs() -> None:
    pair = np.array([[10.0, 170.0], [10.0, -170.0]])
    mean = spherical_mean(pair)
    assert abs(mean[1]) == pytest.approx(180)
    assert mean[0] > 10  # the great circle between them bends towards the pole
    np.testing.assert_allclose(spherical_mean(pair, np.array([0.0, 2.0])), [10, -170])


@pytest.mark.parametrize(
    "points", [np.zeros((0, 2)), np.array([[0.0, 0.0], [0.0, 180.0]])], ids=["none", "antipodes"]
)
def test_a_mean_without_direction_is_refused(points: np.ndarray) -> None:
    with pytest.raises(CoordinateError, match="undefined"):
        spherical_mean(points)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ((90.0001, 0), r"row 1: latitude is 90.0001; it must lie in \[-90, 90\]"),
        ((np.nan, 0), "row 1: latitude is nan"),
        ((0, np.nan), "row 1: longitude is nan"),
        ((0, np.inf), r"row 1: longitude is inf; it must lie in \[-180, 360\]"),
        ((0, -180.5), "row 1: longitude is -180.5"),
    ],
)
def test_points_off_the_earth_are_refused(point: tuple[float, float], message: str) -> None:
    with pytest.raises(CoordinateError, match=message):
        check_latlng(np.array([(0.0, 0.0), point, (200.0, 0.0)])[:2])
    check_latlng(np.array([[90.0, 360.0], [-90.0, -180.0]]))


def test_a_great_circle_is_the_shortest_way_in_even_steps() -> None:
    a = np.array([[0.0, 0.0], [50.0, -170.0], [10.0, 10.0], [-89.0, 20.0]])
    b = np.array([[0.0, 90.0], [55.0, 160.0], [10.0, 10.0 + 1e-6], [80.0, -30.0]])
    lines = great_circle_points(a, b, 11)
    assert lines[:, 0] == pytest.approx(a, abs=1e-9)
    assert lines[:, -1] == pytest.approx(b, abs=1e-9)
    for line, whole in zip(lines, great_circle_km(a, b), strict=True):
        steps = great_circle_km(line[:-1], line[1:])
        assert steps == pytest.approx(np.full(10, whole / 10), rel=1e-3, abs=1e-9)
