"""Nearest neighbours on the sphere: as brute force finds them, antimeridian and poles included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.photos.neighbors import nearest_km, within_km

places = st.tuples(
    st.floats(-90, 90, allow_subnormal=False), st.floats(-180, 180, allow_subnormal=False)
)
close_places = st.tuples(
    st.sampled_from([-90.0, -89.99, 0.0, 47.123, 90.0]) | st.floats(47.1, 47.11),
    st.sampled_from([-180.0, 179.999, 180.0, 8.5]) | st.floats(8.5, 8.51),
)
some = st.lists(places | close_places, min_size=1, max_size=30).map(np.array)


def all_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The matrix of distances, pair by pair."""
    pairs = great_circle_km(np.repeat(a, len(b), axis=0), np.tile(b, (len(a), 1)))
    return pairs.reshape(len(a), len(b))


@settings(max_examples=200, deadline=None)
@given(a=some, b=some)
def test_the_nearest_is_that_of_brute_force(a, b):
    np.testing.assert_allclose(nearest_km(a, b), all_distances(a, b).min(axis=1), atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(a=some, b=some, data=st.data())
def test_nothing_unmarked_lies_within_reach_and_nothing_marked_without(a, b, data):
    nearest = all_distances(a, b).min(axis=1)
    # Reaches on a distance that occurs, where rounding could decide, and others.
    reach = data.draw(st.sampled_from(nearest.tolist()) | st.floats(0, 10_000))
    reach = min(reach, 10_000.0)
    near = within_km(a, b, reach)
    assert (nearest[~near] > reach).all()
    assert (nearest[near] <= reach + 1e-8).all()


def test_many_points_against_brute_force():
    rng = np.random.default_rng(3)
    towns = np.stack([rng.uniform(-80, 80, 20), rng.uniform(-180, 180, 20)], axis=1)
    points = towns[rng.integers(0, 20, 1500)] + rng.normal(0, 0.05, (1500, 2))
    points[:, 1] = (points[:, 1] + 180) % 360 - 180
    a, b = points[:500], points[500:]
    expected = all_distances(a, b).min(axis=1)
    np.testing.assert_allclose(nearest_km(a, b), expected, atol=1e-9)
    for reach in (0.1, 1.0, 25.0):
        np.testing.assert_array_equal(within_km(a, b, reach), expected <= reach)
        assert 0 < (expected <= reach).sum() <= 500


def test_no_other_point_is_infinitely_far():
    here, nowhere = np.array([[1.0, 2.0]]), np.empty((0, 2))
    assert nearest_km(here, nowhere).tolist() == [np.inf]
    assert within_km(here, nowhere, 5.0).tolist() == [False]
    assert nearest_km(nowhere, here).shape == within_km(nowhere, here, 5.0).shape == (0,)


def test_repeats_do_not_slow_the_tree():
    """100,000 photos of one place: without care each query would visit them all."""
    same = np.full((100_000, 2), 10.0)
    assert not nearest_km(same, same).any()
    assert within_km(same, same, 0.0).all()


@pytest.mark.parametrize("reach", [-1.0, 10_001.0, np.nan])
def test_a_reach_out_of_range_is_refused(reach):
    with pytest.raises(CoordinateError, match="it must lie in"):
        within_km(np.zeros((1, 2)), np.zeros((1, 2)), reach)


def test_a_point_off_the_earth_is_named():
    with pytest.raises(CoordinateError, match="row 1: latitude is 91"):
        nearest_km(np.array([[0.0, 0.0], [91.0, 0.0]]), np.zeros((1, 2)))
