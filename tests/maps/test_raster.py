"""The grid of a terminal's map, and what its pixels show."""

import numpy as np
import pytest
from map_worlds import map_of

from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.geo.projections import equal_earth
from geoguess_cli.maps.extent import WORLD, Extent
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.raster import Grid, fit_grid, rasterise


def partition_of(*tokens: str) -> Partition:
    cells = np.sort(token_to_cell(list(tokens)))
    whole = Partition(cells, np.ones(len(cells), np.uint32), np.zeros((len(cells), 2)))
    return Partition(cells, whole.photos, whole.centers)


def mapped(partition: Partition, *probabilities: float) -> ProbabilityMap:
    return map_of(partition, np.array(probabilities, np.float32))


@pytest.fixture(scope="module")
def states() -> ProbabilityMap:
    """Two cells around New Mexico and one in the Pacific."""
    return mapped(partition_of("871", "873", "80d"), 0.2, 0.5, 0.3)


@pytest.mark.parametrize(
    "extent",
    [
        Extent(35.0, -108.0, 1900.0, 1000.0),
        Extent(-17.0, 179.0, 1900.0, 1000.0),
        Extent(89.0, 0.0, 1900.0, 1000.0),
        WORLD,
    ],
)
def test_the_middle_of_a_pixel_lies_in_it(extent: Extent) -> None:
    grid = Grid(extent, 76, 40)
    places = grid.latlng()
    earth = ~np.isnan(places[..., 0])
    assert earth.all() != extent.world
    assert grid.pixels(places[earth]).tolist() == np.argwhere(earth).tolist()


def test_north_is_up_and_pixels_are_square() -> None:
    grid = Grid(Extent(45.0, -110.0, 760.0, 400.0), 76, 40)
    places = grid.latlng()
    assert grid.pixel_km == pytest.approx(10.0)
    assert (np.diff(places[:, 38, 0]) < 0).all()
    assert (np.diff(places[20, :, 1]) > 0).all()
    down = great_circle_km(places[:-1, 38], places[1:, 38])
    across = great_circle_km(places[20, :-1], places[20, 1:])
    assert down == pytest.approx(np.full(39, 10.0), rel=1e-2)
    assert across == pytest.approx(np.full(75, 10.0), rel=1e-2)


def test_a_place_beyond_the_map_has_no_pixel() -> None:
    grid = Grid(Extent(45.0, -110.0, 760.0, 400.0), 76, 40)
    found = grid.pixels(np.array([[45.0, -110.0], [45.0, -104.0], [40.0, -110.0], [-40.0, 75.0]]))
    assert found[0].tolist() in ([20, 38], [19, 38], [20, 37], [19, 37])
    assert found[1:].tolist() == [[-1, -1]] * 3


def test_pixels_show_the_cell_that_holds_them(states: ProbabilityMap) -> None:
    grid = fit_grid(states, 60, 30)
    raster = rasterise(states, grid)
    cell = states.partition.assign(grid.latlng().reshape(-1, 2)).reshape(30, 60)
    assert len(np.unique(cell)) == 4
    for index, probability in enumerate(states.probabilities.tolist()):
        assert (raster.probabilities[cell == index] == probability).all()
    assert np.isnan(raster.probabilities[cell < 0]).all()


def test_land_is_where_the_borders_say(states: ProbabilityMap) -> None:
    grid = Grid(Extent(35.0, -115.0, 2400.0, 1600.0), 60, 40)
    raster = rasterise(states, grid)
    places = locate(grid.latlng().reshape(-1, 2))
    country = np.array([place.country for place in places]).reshape(40, 60)
    assert (country[raster.land] != "").all()
    # `places` reaches 25 km beyond the coast, and counts lakes as land.
    assert (country[~raster.land] == "").mean() > 0.9
    assert 0.2 < raster.land.mean() < 0.9


def test_borders_lie_between_pixels_of_different_owners(states: ProbabilityMap) -> None:
    grid = Grid(Extent(32.5, -107.0, 600.0, 400.0), 60, 40)  # New Mexico, Texas and Chihuahua
    raster = rasterise(states, grid)
    places = locate(grid.latlng().reshape(-1, 2))
    country = np.array([place.country for place in places]).reshape(40, 60)
    region = np.array([place.region for place in places]).reshape(40, 60)
    for row, column in np.ndindex(39, 59):
        right, below = (row, column + 1), (row + 1, column)
        here = row, column
        if any(country[here] != country[other] for other in (right, below)):
            assert raster.border[here] == 2
        elif any(region[here] != region[other] for other in (right, below)):
            assert raster.border[here] == 1
        else:
            assert raster.border[here] == 0


def test_a_cell_smaller_than_a_pixel_is_shown() -> None:
    small = mapped(partition_of("871", "80dcb4b7"), 0.4, 0.6)
    grid = fit_grid(small, 40, 20)
    raster = rasterise(small, grid)
    index = int(np.argmax(small.partition.levels))
    row, column = grid.pixels(small.partition.centroids)[index]
    assert raster.probabilities[row, column] == small.probabilities[index]


def test_the_world_keeps_its_shape_in_any_frame(states: ProbabilityMap) -> None:
    for width, height in ((76, 40), (40, 40)):
        raster = rasterise(states, Grid(WORLD, width, height))
        area = raster.earth.sum() * Grid(WORLD, width, height).pixel_km ** 2
        assert area == pytest.approx(510.1e6, rel=0.05)  # km², and the projection keeps areas
        assert 0.25 < raster.land[raster.earth].mean() < 0.33
    assert np.abs(equal_earth(np.array([[0.0, 180.0]]))[0, 0]) == Grid(WORLD, 76, 37).half_km[0]
