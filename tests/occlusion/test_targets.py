"""What an occlusion map follows: known sums, known distances, known log-odds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import CellError, ConfigError, CoordinateError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.credible import expected_km
from geoguess_cli.inference.distances import cell_radius_km
from geoguess_cli.occlusion.targets import (
    LEAST_PROBABILITY,
    cell_target,
    distance_target,
    region_target,
)

BOZEMAN = (45.7, -111.0)


def random_probabilities(partition: Partition, count: int = 4) -> np.ndarray:
    rng = np.random.default_rng(11)
    return rng.dirichlet(np.full(len(partition), 0.1), count).astype(np.float32)


def test_a_cell_is_its_column() -> None:
    probabilities = np.array([[0.25, 0.5, 0.25], [0.0, 0.125, 0.875]], dtype=np.float32)
    assert cell_target(2).values(probabilities).tolist() == [0.25, 0.875]
    assert cell_target(2).evidence(np.array([0.25])).tolist() == [0.25]
    assert cell_target(2).name == "cell 2"
    assert cell_target(2, name="cell 4c").name == "cell 4c"


@pytest.mark.parametrize("cell_index", [-1, 3])
def test_a_column_that_is_not_there(cell_index: int) -> None:
    with pytest.raises(CellError, match=rf"index {cell_index} .* \[0, 2\]"):
        cell_target(cell_index).values(np.full((1, 3), 1 / 3))


@pytest.mark.parametrize("radius_km", [0.0, 30.0, 300.0, 20100.0])
def test_a_region_is_the_sum_over_its_cells(states: Partition, radius_km: float) -> None:
    probabilities = random_probabilities(states)
    target = region_target(states, BOZEMAN, radius_km)
    cells = states.near(np.array(BOZEMAN), radius_km)
    expected = probabilities[:, cells].astype(np.float64).sum(axis=1)
    assert target.values(probabilities) == pytest.approx(expected, abs=1e-12)
    assert "45.70° N, 111.00° W" in target.name
    if radius_km > 20000:
        assert target.values(probabilities) == pytest.approx(np.ones(4), abs=1e-6)


def test_a_region_without_cells(states: Partition) -> None:
    with pytest.raises(CellError, match=r"within 10 km of .* larger radius"):
        region_target(states, (0.0, 0.0), 10.0)
    with pytest.raises(CoordinateError):
        region_target(states, (91.0, 0.0), 10.0)


def test_a_distance_is_the_expected_distance(states: Partition) -> None:
    probabilities = random_probabilities(states)
    target = distance_target(states, BOZEMAN)
    place = np.broadcast_to(np.array(BOZEMAN), (len(states), 2))
    away = great_circle_km(place, states.centroids).astype(np.float32)
    expected = expected_km(
        probabilities, np.broadcast_to(away, probabilities.shape), cell_radius_km(states)
    )
    assert target.values(probabilities) == pytest.approx(expected, rel=1e-5)
    assert target.measure == "km"
    # A rise of the distance speaks for the part that is covered.
    assert target.evidence(np.array([40.0, 90.0])).tolist() == [-40.0, -90.0]


def test_a_distance_to_one_s_own_cell_is_the_spread_inside_it(states: Partition) -> None:
    certain = np.zeros((1, len(states)), dtype=np.float32)
    certain[0, 5] = 1.0
    target = distance_target(states, tuple(states.centroids[5].tolist()))
    radius = cell_radius_km(states)[5]
    assert target.values(certain)[0] == pytest.approx(radius / np.sqrt(2), rel=1e-3)


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_log_odds_are_antisymmetric_and_ordered(a: float, b: float) -> None:
    log_odds = cell_target(0, measure="log-odds").evidence
    both = log_odds(np.array([a, b]))
    assert both[0] == pytest.approx(-log_odds(np.array([1 - a]))[0], abs=1e-9)
    assert (both[0] < both[1]) == (a < b) or a == pytest.approx(b)
    assert np.exp(both[0]) == pytest.approx(a / (1 - a))


def test_log_odds_are_clipped() -> None:
    ends = cell_target(0, measure="log-odds").evidence(np.array([0.0, 1.0, 1.0000001]))
    most = np.log((1 - LEAST_PROBABILITY) / LEAST_PROBABILITY)
    assert ends == pytest.approx([-most, most, most])
    assert most == pytest.approx(13.8, abs=0.02)


def test_a_probability_has_no_kilometres(states: Partition) -> None:
    with pytest.raises(ConfigError, match="no kilometres"):
        cell_target(0, measure="km")
    with pytest.raises(ConfigError, match="no kilometres"):
        region_target(states, BOZEMAN, 50.0, measure="km")
