"""Cells of one size over photos."""

import numpy as np

from geoguess_cli.maps.density import CELLS_ACROSS, density_cells, density_values

TOWNS = np.array([[45.68, -111.04], [32.78, -96.80], [45.52, -122.68]])


def _around(latlng: np.ndarray, each: int, spread: float) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.repeat(latlng, each, axis=0) + rng.normal(0, spread, (each * len(latlng), 2))


def test_every_photo_counts_once_in_cells_of_one_level() -> None:
    places = _around(TOWNS, 50, 0.5)
    cells = density_cells(places)
    assert cells.photos.sum() == len(places)
    assert len(set(cells.levels.tolist())) == 1
    index = cells.assign(places)
    assert (np.bincount(index, minlength=len(cells)) == cells.photos).all()


def test_the_centroid_of_a_cell_is_that_of_its_photos() -> None:
    places = np.repeat(TOWNS[:1], 3, axis=0)
    np.testing.assert_allclose(density_cells(places).centroids, TOWNS[:1], atol=1e-9)


def test_a_wider_map_has_larger_cells_and_more_photos_have_smaller_ones() -> None:
    near, wide = density_cells(TOWNS[:1]), density_cells(TOWNS)
    world = density_cells(np.array([[0.0, 0.0], [0.0, 120.0], [0.0, -120.0]]))
    assert near.levels[0] > wide.levels[0] > world.levels[0]
    assert density_cells(_around(TOWNS, 9000, 0.01)).levels[0] > wide.levels[0]
    side_km = np.sqrt(world.area_km2)
    assert (40_000 / side_km < 2 * CELLS_ACROSS[0]).all()


def test_the_caption_gives_cells_and_most_photos() -> None:
    values = density_values(density_cells(np.repeat(TOWNS, (1, 2, 4), axis=0)))
    assert "3 cells with photos" in values.caption
    assert "at most 4 photos" in values.caption
    assert sorted(values.values.tolist()) == [1, 2, 4]
