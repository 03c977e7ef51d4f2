"""The region that cells cover, against the cells themselves."""

import geopandas
import numpy as np
import pytest
import s2sphere
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.geo.cells import (
    cell_area_km2,
    cell_children,
    cell_corners,
    cell_polygons,
    cell_range,
    cell_union,
    cell_union_edges,
    face_cells,
    latlng_to_cell,
    token_to_cell,
)
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.partition import Partition


def area_km2(region: shapely.Geometry) -> float:
    """Area on the sphere by Lambert's cylindrical equal-area projection."""
    fine = shapely.segmentize(region, 0.05)
    flat = shapely.transform(
        fine,
        lambda xy: np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1),
    )
    return float(flat.area) * EARTH_RADIUS_KM**2


def holds(cells: np.ndarray, latlng: np.ndarray) -> np.ndarray:
    """Whether each point lies in one of the cells, by their ids."""
    leaves = latlng_to_cell(latlng)
    first, last = cell_range(cells)
    return ((leaves[:, None] >= first) & (leaves[:, None] <= last)).any(axis=1)


def check(cells: np.ndarray, points: np.ndarray) -> shapely.Geometry:
    """What must hold of the region of any cells."""
    region = cell_union(cells)
    assert region.is_valid
    assert region.geom_type in ("Polygon", "MultiPolygon")
    for part in shapely.get_parts(region):
        assert part.exterior.is_ccw
        assert not any(hole.is_ccw for hole in part.interiors)
    west, south, east, north = region.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    near = shapely.boundary(region).distance(shapely.points(points[:, ::-1])) < 0.02
    inside = shapely.contains_xy(region, points[:, 1], points[:, 0])
    np.testing.assert_array_equal(inside[~near], holds(cells, points)[~near])
    return region


def test_all_faces_are_the_whole_map() -> None:
    region = cell_union(face_cells())
    assert region.equals(shapely.box(-180, -90, 180, 90))
    assert len(region.interiors) == 0


def test_a_parent_is_the_union_of_its_children(everywhere: np.ndarray) -> None:
    for level in (0, 1, 2, 5, 9, 16):
        special = np.array([[90.0, 0], [-90, 0], [0, 180], [16, -180], [35.2644, 45], [40, 45]])
        parents = np.unique(latlng_to_cell(np.concatenate([special, everywhere[:20]]), level))
        for parent, children in zip(parents, cell_children(parents), strict=True):
            one = cell_union(np.array([parent]))
            apart = cell_union(children).symmetric_difference(one)
            assert apart.area < 0.01 * one.area  # an edge with a point more bends a hair more
            (drawn,) = cell_polygons(np.array([parent]))
            assert one.symmetric_difference(drawn).area < 0.01 * drawn.area


def test_the_region_of_a_partition_is_that_of_its_cells(
    partition: Partition, everywhere: np.ndarray
) -> None:
    region = check(partition.cells, everywhere[:20_000])
    assert area_km2(region) == pytest.approx(partition.area_km2.sum(), rel=1e-4)
    # An independent union, of the cells' own outlines, which only nearly touch each other.
    theirs = geopandas.GeoSeries(partition.polygons).union_all()
    assert theirs.symmetric_difference(region).area < 2e-3 * region.area


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_cells(data: st.DataObject) -> None:
    """Cells of any levels around a place that may be a pole, the antimeridian, a corner."""
    place = data.draw(
        st.sampled_from(
            [(90, 0), (-90, 0), (0, 180), (-17, 180), (35.2644, 45), (70, -135), (0, 0)]
        )
    )
    spread = data.draw(st.sampled_from([0.5, 5.0, 40.0]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    count = data.draw(st.integers(1, 30))

    def scattered(count: int) -> np.ndarray:
        lat, lng = (np.array(place) + rng.normal(0, spread, (count, 2))).T
        over = np.abs(lat) > 90
        lat, lng = np.where(over, np.sign(lat) * 180 - lat, lat), lng + 180 * over
        return np.stack([lat.clip(-90, 90), (lng + 180) % 360 - 180], axis=1)

    levels = rng.integers(0, 9, count)
    cells = np.concatenate(
        [
            latlng_to_cell(point[None], int(level))
            for point, level in zip(scattered(count), levels, strict=True)
        ]
    )
    check(np.unique(cells), scattered(500))


def test_the_region_holds_what_s2_says_it_holds(everywhere: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    points = np.concatenate([everywhere[:300], [[89.9, 10], [-17, 179.99], [-17, -179.99]]])
    cells = np.unique(
        np.concatenate([latlng_to_cell(row[None], int(rng.integers(1, 6))) for row in points[::2]])
    )
    theirs = s2sphere.CellUnion([int(cell) for cell in cells])
    region = cell_union(cells)
    edge = shapely.boundary(region)
    for lat, lng in points.tolist():
        point = shapely.Point(lng, lat)
        if edge.distance(point) > 0.02:
            there = s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(lat, lng))
            assert region.contains(point) == theirs.contains(there), (lat, lng)


def test_a_gap_is_a_hole_and_cells_across_a_corner_stay_apart() -> None:
    cells = cell_children(token_to_cell(["89c"]))
    small = cell_children(cells.ravel())  # sixteen, four of them in the middle
    corners = [set(map(tuple, cell_corners(family).round(9).reshape(-1, 2))) for family in small]
    middle = (corners[0] & corners[1] & corners[2] & corners[3]).pop()
    inner = [cell for cell in small.ravel() if middle in _corners(cell)]
    assert len(inner) == 4
    region = cell_union(np.setdiff1d(small.ravel(), inner[:1]))
    assert region.geom_type == "Polygon"
    (hole,) = region.interiors
    assert shapely.Polygon(hole).equals_exact(cell_union(np.array(inner[:1])), 1e-9, normalize=True)
    opposite = cells[0, [0, 2]]
    apart = cell_union(opposite)
    assert [part.geom_type for part in apart.geoms] == ["Polygon", "Polygon"]


def _corners(cell: np.uint64) -> set[tuple[float, ...]]:
    return set(map(tuple, cell_corners(np.array([cell]))[0].round(9)))


def test_the_smallest_cell_has_a_region() -> None:
    leaf = latlng_to_cell(np.array([[48.8584, 2.2945]]))
    region = cell_union(leaf)
    assert region.is_valid
    assert area_km2(region) == pytest.approx(cell_area_km2(leaf)[0], rel=0.01)


def edge_length(region: shapely.Geometry) -> float:
    return float(cell_union_edges(region).length)


def test_cuts_are_no_edges() -> None:
    assert cell_union_edges(cell_union(face_cells())).is_empty
    north = cell_union_edges(cell_union(face_cells()[2:3]))
    assert north.bounds[3] < 60  # nothing along the rim at the pole
    assert north.length == pytest.approx(360, rel=0.05)
    # A pair of cells on both sides of the antimeridian, and each by itself.
    west, east = (latlng_to_cell(np.array([[-17.0, lng]]), 6) for lng in (-179.9, 179.9))
    pair = cell_union(np.sort(np.concatenate([west, east])))
    apart = edge_length(cell_union(west)) + edge_length(cell_union(east))
    seam = along_antimeridian(cell_union(west))
    assert seam > 1
    assert edge_length(cell_union(west)) == pytest.approx(cell_union(west).length)
    assert edge_length(pair) == pytest.approx(apart - 2 * seam, abs=1e-6)
    # One goes on beyond it further than the other: the rest of the antimeridian is an edge.
    larger = cell_union(latlng_to_cell(np.array([[-17.0, 179.9]]), 5))
    uneven = cell_union(
        np.sort(np.concatenate([west, latlng_to_cell(np.array([[-17.0, 179.9]]), 5)]))
    )
    rest = along_antimeridian(cell_union_edges(uneven))
    assert rest == pytest.approx(along_antimeridian(larger) - seam, abs=1e-6)


def along_antimeridian(shape: shapely.Geometry) -> float:
    """How much of a shape's edge runs along the antimeridian, on either side, in degrees."""
    lines = shape if shape.geom_type.endswith("LineString") else shape.boundary
    sides = [shapely.LineString([(side, -90), (side, 90)]) for side in (-180, 180)]
    return sum(float(lines.intersection(side).length) for side in sides)
