"""The fields of the world agree with the real map, and are smooth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import geography
from world.geography import land_cover, relief, surroundings
from world.noise import fractal, ridged, value_noise

latitudes = st.floats(26.0, 48.8)
longitudes = st.floats(-123.5, -95.0)


@pytest.mark.parametrize(
    ("place", "forest", "dry"),
    [
        ((47.7, -116.6), (0.8, 1.0), (0.0, 1.0)),  # firs of the Idaho panhandle
        ((31.8, -94.7), (0.6, 1.0), (0.0, 1.0)),  # the Piney Woods
        ((36.2, -115.1), (0.0, 0.1), (8.0, 16.0)),  # Las Vegas
        ((38.0, -100.7), (0.0, 0.1), (1.0, 5.0)),  # wheat
        ((40.8, -98.3), (0.0, 0.1), (0.0, 3.5)),  # corn
    ],
)
def test_raster_knows_forest_and_desert(place, forest, dry):
    trees, dryness = land_cover(np.array([place[0]]), np.array([place[1]]))
    assert forest[0] <= trees[0] <= forest[1]
    assert dry[0] <= dryness[0] <= dry[1]


def test_sea_does_not_count_as_land():
    trees, dryness = land_cover(np.array([44.62]), np.array([-124.04]))  # Newport, on the shore
    assert trees[0] > 0.3
    assert dryness[0] < 3


def test_mountains_stand_where_they_do():
    peaks = np.array([(43.75, -110.85), (45.37, -121.70), (35.2, -106.43), (36.2, -115.7)])
    plains = np.array([(33.6, -101.9), (38.0, -99.0), (29.6, -95.5), (41.0, -98.0)])
    assert (relief(peaks[:, 0], peaks[:, 1])[0] > 500).all()
    assert (relief(plains[:, 0], plains[:, 1])[0] < 30).all()


@settings(max_examples=40, deadline=None)
@given(latitudes, longitudes)
def test_surroundings_change_smoothly(latitude, longitude):
    here = surroundings(latitude, longitude, "Texas")
    there = surroundings(latitude + 0.02, longitude + 0.02, "Texas")  # 3 km
    for name in ("soil", "grass", "rock"):
        assert np.abs(getattr(here, name) - getattr(there, name)).max() < 9
    assert abs(here.trees - there.trees) < 0.1
    assert abs(here.cover - there.cover) < 0.12
    for shares in (here.plants, here.crops, here.fences, here.houses):
        assert sum(shares.values()) == pytest.approx(1.0)


def test_regions_that_differ_look_different():
    places = {"sands": (32.9, -106.2), "mesas": (35.3, -108.2), "prairie": (32.1, -97.0)}
    soils = {name: surroundings(*place, "Texas").soil for name, place in places.items()}
    assert soils["sands"].min() > 190  # gypsum
    assert soils["mesas"][0] > 1.5 * soils["mesas"][2]  # red
    assert soils["prairie"].max() < 110  # black earth


def test_town_is_built_up_and_country_is_not():
    assert surroundings(32.78, -96.80, "Texas").urban > 0.9
    assert surroundings(30.4, -102.0, "Texas").urban < 0.01


def test_every_town_lies_in_its_state(generator):
    known = geography.towns()
    found = generator.states(np.array([[town.latitude, town.longitude] for town in known]))
    assert found == [town.state for town in known]


@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.integers(0, 500))
def test_noise_is_bounded_and_continuous(x, y, seed):
    here, near = (value_noise(np.array(x + step), np.array(y), seed) for step in (0.0, 1e-3))
    assert 0 <= here <= 1
    assert abs(here - near) < 0.01
    for noise in (fractal, ridged):
        assert 0 <= noise(np.array(x), np.array(y), seed=seed) <= 1
