"""Distances to centroids, and which cells are neighbours."""

import numpy as np
import pytest

from geoguess_cli.geo.cells import cell_center, cell_children, face_cells, latlng_to_cell
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.distances import CentroidDistances, are_neighbours, cell_radius_km


@pytest.fixture(scope="module")
def scattered() -> np.ndarray:
    """Places all over the Earth, some of them close to each other, a pole, an antipode."""
    rng = np.random.default_rng(0)
    places = np.stack([rng.uniform(-90, 90, 60), rng.uniform(-180, 180, 60)], axis=1)
    close = places[:1] + np.array([[0, 0], [0, 1e-4], [1e-3, 0]])
    return np.concatenate([places, close, [[90.0, 0.0], [-places[0, 0], places[0, 1] - 180]]])


@pytest.mark.parametrize("held", [1000, 3])
def test_distances_are_great_circles(
    scattered: np.ndarray, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoguess_cli.inference.distances._KEPT", held)
    distances = CentroidDistances(scattered)
    expected = np.array([great_circle_km(place[None], scattered) for place in scattered])
    assert expected.max() > 20_000
    whole = distances.from_cells(slice(0, len(distances)))
    np.testing.assert_allclose(whole, expected, rtol=1e-6, atol=2e-4)
    np.testing.assert_array_equal(np.diagonal(whole), 0.0)
    np.testing.assert_array_equal(distances.from_cells(np.array([7, 3])), whole[[7, 3]])
    np.testing.assert_array_equal(distances.from_cells(slice(4, 6)), whole[4:6])


def test_distances_from_places_that_are_no_centroid(scattered: np.ndarray) -> None:
    places = np.array([[12.0, 34.0], [-45.0, 180.0]])
    found = CentroidDistances(scattered).from_places(places)
    expected = [great_circle_km(place[None], scattered) for place in places]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-4)


def test_a_cell_s_radius_makes_a_disc_of_its_area(partition: Partition) -> None:
    np.testing.assert_allclose(np.pi * cell_radius_km(partition) ** 2, partition.area_km2)


def test_neighbours_of_a_grid_are_those_around_a_cell() -> None:
    cells = face_cells()[:1]
    for _ in range(3):
        cells = cell_children(cells).ravel()  # in the end 64 of level 3, eight rows of eight
    grid = build_partition(np.repeat(cell_center(cells), 2, axis=0), max_photos=2, min_photos=1)
    assert len(grid) == 64
    middle = int(grid.assign(np.array([[4.0, 4.0]]))[0])
    near = np.flatnonzero(are_neighbours(np.full(64, middle), np.arange(64), grid))
    touching = [
        cell for cell in range(64) if grid.polygons[middle].distance(grid.polygons[cell]) < 0.01
    ]
    assert sorted(near.tolist()) == touching
    assert len(touching) == 9


def test_cells_far_apart_are_no_neighbours_and_each_is_its_own() -> None:
    places = np.array([[0.1, 10.0], [0.1, 20.0]])  # 1,100 km apart
    cells = latlng_to_cell(places, 8)  # about 38 km wide
    partition = Partition(cells, np.ones(2, dtype=np.uint32), places)
    near = are_neighbours(np.array([0, 0, 1]), np.array([0, 1, 1]), partition)
    assert near.tolist() == [True, False, True]
