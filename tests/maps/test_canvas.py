import numpy as np
import pytest
import shapely
from figure_worlds import by_gid
from map_worlds import (
    drawn_cells,
    map_axes,
    map_of,
    projection,
    random_map,
    shape_of,
    visible,
)
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from geoguess_cli.drawing import theme
from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.maps.extent import Extent, fit_extent
from geoguess_cli.maps.figures import cells_map, errors_map, probability_map_figure


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_every_cell_is_drawn_once_in_its_true_size_and_place(
    kind: str, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    cells = drawn_cells(cells_map(partition))
    assert len(cells.get_paths()) == len(partition)
    order = np.argsort(partition.photos, kind="stable")
    areas = np.array([shape_of(path).area for path in cells.get_paths()]) / 1e6
    assert areas == pytest.approx(partition.area_km2[order], rel=0.01)
    assert extent.world == (kind == "faces")
    if not extent.world:  # a face's centroid may lie on the seam
        for path, centroid in zip(cells.get_paths(), partition.centroids[order], strict=True):
            x, y = projection(extent)(centroid[1], centroid[0])
            assert shape_of(path).buffer(50).contains(shapely.Point(x, y))


def test_a_region_draws_the_cells_that_it_shows(states: Partition, fall_off) -> None:  # type: ignore[no-untyped-def]
    map_ = map_of(states, fall_off(states, (45.7, -111.0), 15))
    extent = map_.extent()
    cells = drawn_cells(probability_map_figure(map_))
    rings = cell_boundary(states.cells)
    x, y = projection(extent)(rings[..., 1], rings[..., 0])
    seen = (np.abs(x) <= extent.width_km * 500) & (np.abs(y) <= extent.height_km * 500)
    assert seen.any(axis=1).sum() <= len(cells.get_paths()) < len(states)
    assert set(map_.probabilities[seen.any(axis=1)]) <= set(cells.get_array())


def edge_lines(figure: Figure, mass: float) -> shapely.Geometry:
    (drawn,) = by_gid(figure, f"credible-{mass}")
    return shapely.MultiLineString([line for line in drawn.get_segments() if len(line) > 1])


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_the_outline_is_the_edge_of_the_credible_cells(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Against the union of the cells on the plane, where no seam is."""
    partition: Partition = request.getfixturevalue(kind)
    map_ = random_map(partition)
    figure = probability_map_figure(map_)
    extent = Extent(*visible(figure))
    for mass in (0.5, 0.9):
        drawn = edge_lines(figure, mass)
        rings = cell_boundary(partition.cells[map_.credible_cells(mass)], points_per_edge=32)
        x, y = projection(extent)(rings[..., 1], rings[..., 0])
        cells = shapely.polygons(np.stack([x, y], axis=-1)).tolist()
        union = shapely.union_all([cell.buffer(30) for cell in cells])
        (left, right), (bottom, top) = map_axes(figure).get_xlim(), map_axes(figure).get_ylim()
        frame = shapely.box(left, bottom, right, top)
        edge = union.boundary.intersection(frame)
        seen = drawn.intersection(frame)
        near = 0.002 * (right - left)
        assert seen.difference(edge.buffer(near)).length < 0.01 * edge.length
        assert edge.difference(seen.buffer(near)).length < 0.01 * edge.length


def ground(figure: Figure, zorder: float) -> list[PathCollection]:
    ax = map_axes(figure)
    return [c for c in ax.collections if c.get_zorder() == zorder]


@pytest.mark.parametrize(
    ("kind", "on_land", "at_sea"),
    [
        ("states", [(40, -105), (44, -116)], [(40, -128)]),
        ("fiji", [(-17.8, 178.0), (-16.6, 179.3)], [(-18.5, 180.0), (-18.5, 179.0)]),
        ("pole", [(-90, 0), (-85, 90), (-88, 179.9), (-88, -179.9)], []),
        ("faces", [(-85, 0), (67, -179), (67, 179), (10, 10)], [(0, -179), (0, 179), (30, -40)]),
    ],
)
def test_land_is_where_it_is(
    kind: str,
    on_land: list[tuple[float, float]],
    at_sea: list[tuple[float, float]],
    request: pytest.FixtureRequest,
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    figure = cells_map(partition)
    (land,) = ground(figure, 0.6)
    shapes = [shapely.make_valid(shape_of(path)) for path in land.get_paths()]
    shape = shapely.union_all(shapes).buffer(2000)  # closes the seam of the cut
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    for places, expected in ((on_land, True), (at_sea, False)):
        for lat, lng in places:
            point = shapely.Point(projection(extent)(lng, lat))
            assert shape.contains(point) == expected, (lat, lng)


def test_no_border_runs_along_the_antimeridian(pole: Partition) -> None:
    figure = cells_map(pole)
    lines = [c for c in map_axes(figure).collections if c.get_zorder() == 4]
    project = projection(fit_extent(cell_boundary(pole.cells), np.ones(len(pole))))
    seam = shapely.LineString([project(180, lat) for lat in np.linspace(-89.5, -60, 99)])
    strip = seam.buffer(300)  # metres; a coast may end at the seam, none may follow it
    for collection in lines:
        for line in collection.get_segments():
            if len(line) > 1:
                assert shapely.LineString(line).intersection(strip).length < 3000


def test_a_cell_too_small_to_see_is_still_seen() -> None:
    places = np.array([[52.5, 13.4], [59.3, 18.1]])
    partition = build_partition(places, min_photos=1, max_photos=1, max_level=16)
    tiny = build_partition(
        np.repeat(places, [9, 12], axis=0), min_photos=1, max_photos=1, max_level=16
    )
    assert len(partition) == 2
    cells = drawn_cells(cells_map(tiny))
    points = 72 * cells.axes.get_position().width * theme.WIDTH
    metres_per_point = np.ptp(cells.axes.get_xlim()) / points
    assert (np.sqrt(tiny.area_km2) * 1000 < metres_per_point).all()
    assert (np.asarray(cells.get_linewidths()) >= 1.0).all()
    filled = cells.to_rgba(cells.get_array())
    assert cells.get_edgecolors() == pytest.approx(filled)
    (specks,) = by_gid(cells.figure, "specks")
    assert specks.to_rgba(specks.get_array()) == pytest.approx(filled)
    extent = fit_extent(cell_boundary(tiny.cells), np.ones(2))
    for (lat, lng), spot in zip(places, sorted(specks.get_offsets().tolist()), strict=True):
        assert spot == pytest.approx(projection(extent)(lng, lat), abs=300)


def test_cells_large_enough_get_no_dots(states: Partition) -> None:
    assert not by_gid(cells_map(states), "specks")


def test_a_way_around_the_world_breaks_at_the_rim() -> None:
    truth = np.array([[35.0, 139.0], [-33.0, 18.0], [60.0, 10.0]])
    estimates = np.array([[37.0, -122.0], [-33.9, 151.0], [-50.0, -70.0]])
    figure = errors_map(truth, estimates)
    (ways,) = by_gid(figure, "ways")
    (dots,) = by_gid(figure, "truths")
    assert dots.axes.get_xlim()[1] > 1.6e7  # the world
    for path in ways.get_paths():
        steps = np.abs(np.diff(path.vertices[:, 0]))
        assert np.nanmax(steps) < 2e6
    pacific = [path for path in ways.get_paths() if np.isnan(path.vertices).any()]
    assert len(pacific) == 1
