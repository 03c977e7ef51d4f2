"""The shape that holds a point, or the nearest one in reach."""

import numpy as np
import pytest
import shapely

from geoguess_cli.geo.basemap import Layer, load_basemap
from geoguess_cli.geo.borders import REACH_KM, ShapeFinder, find_borders

KM = 1 / 111.195  # degrees of latitude


@pytest.fixture(scope="module")
def squares() -> ShapeFinder:
    """Two squares of one degree that share the edge at longitude 1, and one at the antimeridian."""
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(179, 0, 180, 1)]
    names = ["west", "east", "far"]
    return ShapeFinder(Layer(names, [""] * 3, np.array(shapes)))


@pytest.mark.parametrize(
    ("point", "shape"),
    [
        ((0.5, 0.5), 0),
        ((0.5, 1.5), 1),
        ((0.5, 1.0), 0),  # on the common edge: the first
        ((0.5, 361.5), 1),
        ((1 + (REACH_KM - 1) * KM, 1.5), 1),  # north of the eastern square
        ((1 + (REACH_KM + 1) * KM, 1.5), -1),
        ((0.5, -180 + (REACH_KM - 1) * KM), 2),  # beyond the antimeridian
        ((0.5, -180 + (REACH_KM + 1) * KM), -1),
    ],
)
def test_a_point_belongs_to_the_shape_around_it_or_in_reach(
    squares: ShapeFinder, point: tuple[float, float], shape: int
) -> None:
    assert squares.find(np.array([point])).tolist() == [shape]


def test_without_reach_only_the_shape_around_a_point_counts(squares: ShapeFinder) -> None:
    points = np.array([[0.5, 0.5], [1 + KM, 0.5]])
    assert squares.find(points, reach=False).tolist() == [0, -1]


def test_only_the_shapes_of_the_mask_are_searched(squares: ShapeFinder) -> None:
    points = np.array([[0.5, 1 - KM], [0.5, 0.5]])
    assert squares.find(points, among=np.array([False, True, True])).tolist() == [1, -1]


def test_countries_and_regions_are_rows_of_the_basemap() -> None:
    basemap = load_basemap()
    country, region = find_borders(np.array([[45.68, -111.04], [52.52, 13.4], [0.0, -30.0]]))
    assert [basemap.countries.codes[row] for row in country[:2]] == ["US", "DE"]
    assert basemap.regions.codes[region[0]] == "US-MT"
    assert region[1:].tolist() == [-1, -1]
    assert country[2] == -1


def test_a_region_lies_in_the_country_of_the_point() -> None:
    """600 m south of Alberta is Montana, although Alberta is in reach."""
    basemap = load_basemap()
    _, region = find_borders(np.array([[48.995, -112.0], [49.005, -112.0]]))
    assert [basemap.regions.names[row] for row in region] == ["Montana", "Alberta"]
