"""Shapes of cells, against Google's s2geometry and against what must hold."""

import numpy as np
import pytest
import s2geometry
import shapely

from geoguess_cli.geo.cells import (
    cell_area_km2,
    cell_boundary,
    cell_caps,
    cell_children,
    cell_corners,
    cell_distance_km,
    cell_parent,
    cell_polygons,
    face_cells,
    latlng_to_cell,
    token_to_cell,
)
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km, unit_vectors

SPHERE_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2


def google_cell(cell: int) -> s2geometry.S2Cell:
    return s2geometry.S2Cell(s2geometry.S2CellId(cell))


def some_cells(everywhere: np.ndarray, level: int, count: int = 300) -> np.ndarray:
    """Random cells of a level, and those at the poles, the antimeridian and the face corners."""
    special = [[90.0, 0], [-90, 0], [0, 180], [0, -180], [0, 0], [35.26438968, 45], [0, 45]]
    points = np.concatenate([np.array(special), everywhere[:count]])
    return np.unique(latlng_to_cell(points, level))


@pytest.mark.parametrize("level", range(21))
def test_areas_equal_google(level: int, everywhere: np.ndarray) -> None:
    cells = some_cells(everywhere, level)
    exact = np.array([google_cell(cell).ExactArea() for cell in cells.tolist()])
    np.testing.assert_allclose(cell_area_km2(cells), exact * EARTH_RADIUS_KM**2, rtol=1e-8)


@pytest.mark.parametrize("level", [*range(0, 30, 3), 29])
def test_children_have_their_parents_area(level: int, everywhere: np.ndarray) -> None:
    """Holds to the last digits down to the leaves, where Google's formula has lost them."""
    cells = some_cells(everywhere, level)
    of_children = cell_area_km2(cell_children(cells).ravel()).reshape(-1, 4).sum(axis=1)
    np.testing.assert_allclose(of_children, cell_area_km2(cells), rtol=1e-13)


def test_faces_are_sixths_of_the_sphere() -> None:
    np.testing.assert_allclose(cell_area_km2(face_cells()), SPHERE_KM2 / 6, rtol=1e-14)


@pytest.mark.parametrize("level", [0, 1, 4, 13, 22])
def test_corners_equal_google(level: int, everywhere: np.ndarray) -> None:
    cells = some_cells(everywhere, level, 100)
    for cell, corners in zip(cells.tolist(), cell_corners(cells), strict=True):
        theirs = [s2geometry.S2LatLng(google_cell(cell).GetVertex(k)) for k in range(4)]
        degrees = np.array([(corner.lat().degrees(), corner.lng().degrees()) for corner in theirs])
        assert great_circle_km(corners, degrees).max() < 1e-8


def test_boundary_follows_the_edges(everywhere: np.ndarray) -> None:
    cells = some_cells(everywhere, 3, 50)
    ring = cell_boundary(cells, points_per_edge=5)
    assert ring.shape == (len(cells), 20, 2)
    np.testing.assert_array_equal(ring[:, ::5], cell_corners(cells))
    ends = unit_vectors(cell_corners(cells)[0])
    along = unit_vectors(ring[0]).reshape(4, 5, 3)
    for k in range(4):  # every point of an edge lies in the plane of its great circle
        normal = np.cross(ends[k], ends[(k + 1) % 4])
        np.testing.assert_allclose(along[k] @ normal, 0, atol=1e-15)


def test_neighbours_share_their_corners_to_the_digit(everywhere: np.ndarray) -> None:
    children = cell_children(some_cells(everywhere, 6, 50))
    corners = cell_corners(children.ravel()).reshape(-1, 16, 2)
    for family in corners:
        assert len(np.unique(family, axis=0)) == 9


@pytest.mark.parametrize("level", [0, 1, 2, 3, 5, 8])
def test_polygons_have_the_cells_areas(level: int, everywhere: np.ndarray) -> None:
    """On an equal-area map; a ring closed the wrong way round a pole would be far off."""
    cells = some_cells(everywhere, level, 200)
    polygons = cell_polygons(cells, points_per_edge=400)
    assert shapely.is_valid(polygons).all()
    flat = shapely.transform(
        polygons, lambda xy: np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1)
    )
    area = shapely.area(flat) * EARTH_RADIUS_KM**2
    np.testing.assert_allclose(area, cell_area_km2(cells), rtol=2e-5)


def test_polygons_of_a_level_tile_the_map() -> None:
    cells = cell_children(cell_children(face_cells()).ravel()).ravel()
    for some in (face_cells(), cell_children(face_cells()).ravel(), cells):
        polygons = cell_polygons(some, points_per_edge=64)
        assert shapely.area(polygons).sum() == pytest.approx(360 * 180, rel=1e-9)
        whole = shapely.union_all(polygons)
        assert whole.bounds == (-180, -90, 180, 90)
        assert whole.area == pytest.approx(360 * 180, rel=1e-9)


def test_polygons_are_counter_clockwise_within_the_map(everywhere: np.ndarray) -> None:
    for level in (0, 1, 6, 30):
        for polygon in cell_polygons(some_cells(everywhere, level, 50)):
            west, south, east, north = polygon.bounds
            assert -180 <= west < east <= 180
            assert -90 <= south < north <= 90
            for part in shapely.get_parts(polygon):
                assert part.exterior.is_ccw


def test_polygons_of_the_faces() -> None:
    kinds = [polygon.geom_type for polygon in cell_polygons(face_cells())]
    assert kinds == ["Polygon", "Polygon", "Polygon", "MultiPolygon", "Polygon", "Polygon"]
    north, antimeridian = cell_polygons(face_cells())[[2, 3]]
    assert north.bounds[2:] == (180, 90)
    assert north.contains(shapely.Point(12.0, 89.9))
    halves = sorted(part.bounds[::2] for part in antimeridian.geoms)
    np.testing.assert_allclose(halves, [(-180, -135), (135, 180)])


@pytest.mark.parametrize("level", [0, 1, 2, 4, 7])
def test_polygons_hold_the_points_of_their_cells(level: int, everywhere: np.ndarray) -> None:
    points = everywhere[:500]
    cells, owner = np.unique(latlng_to_cell(points, level), return_inverse=True)
    polygons = cell_polygons(cells, points_per_edge=200)
    places = shapely.points(points[:, ::-1])
    assert shapely.distance(polygons[owner], places).max() < 1e-3
    clear = shapely.distance(shapely.boundary(polygons[owner]), places) > 1e-3
    if len(cells) > 1:
        others = polygons[(owner + 1) % len(cells)]
        assert not shapely.contains(others[clear], places[clear]).any()


def test_default_polygons_stay_within_a_hundredth_of_a_cell(everywhere: np.ndarray) -> None:
    for level in (1, 2, 4, 6, 9):
        cells = some_cells(everywhere[np.abs(everywhere[:, 0]) < 80], level, 100)
        cells = cells[np.abs(cell_corners(cells)[:, :, 0]).max(axis=1) < 80]
        coarse, fine = cell_polygons(cells), cell_polygons(cells, points_per_edge=256)
        away = shapely.area(shapely.symmetric_difference(coarse, fine)) / shapely.area(fine)
        assert away.max() < 0.01


@pytest.mark.parametrize("level", [0, 1, 2, 5, 10, 20, 29])
def test_distances_equal_google(level: int, everywhere: np.ndarray) -> None:
    cells = some_cells(everywhere, level, 60)
    rng = np.random.default_rng(level)
    far = everywhere[rng.integers(len(everywhere), size=(len(cells), 4))]
    width = 90.0 / 2**level
    near = cell_corners(cells)[:, 0, None] + rng.normal(size=(len(cells), 6, 2)) * width
    near = np.stack([near[..., 0].clip(-90, 90), near[..., 1].clip(-180, 180)], axis=-1)
    points = np.concatenate([far, near], axis=1)
    pairs = np.repeat(cells, points.shape[1])
    found = cell_distance_km(points.reshape(-1, 2), pairs)
    expected = []
    for cell, (lat, lng) in zip(pairs.tolist(), points.reshape(-1, 2).tolist(), strict=True):
        place = s2geometry.S2LatLng.FromDegrees(lat, lng).ToPoint()
        expected.append(google_cell(cell).GetDistance(place).ToAngle().radians() * EARTH_RADIUS_KM)
    # Google measures by squared chords, which lose half their digits near an antipode.
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=2e-7)
    assert (np.array(expected) == 0).any()
    assert (np.array(expected) > 0).any()


def test_distance_inside_is_zero_and_beyond_an_edge_known() -> None:
    face = np.repeat(token_to_cell(["1"]), 4)  # around (0, 0), its edges on the meridians ±45°
    points = np.array([[0.0, 0.0], [0.0, 50.0], [0.0, -90.0], [0.0, 180.0]])
    expected = np.radians([0, 5, 45, 125.26438968275466])  # from behind a corner is as near as any
    np.testing.assert_allclose(
        cell_distance_km(points, face)[:3], expected[:3] * EARTH_RADIUS_KM, atol=1e-9
    )
    assert cell_distance_km(points, face)[3] == pytest.approx(
        np.radians(180 - 54.735610317245346) * EARTH_RADIUS_KM
    )


def test_caps_hold_their_cells(everywhere: np.ndarray) -> None:
    for level in (0, 3, 12):
        cells = some_cells(everywhere, level, 50)
        centers, radii = cell_caps(cells)
        rings = unit_vectors(cell_boundary(cells).reshape(-1, 2)).reshape(len(cells), -1, 3)
        angles = np.arccos(np.einsum("nmk,nk->nm", rings, centers).clip(-1, 1))
        assert (angles <= radii[:, None] + 2e-8).all()
        assert (angles.max(axis=1) >= radii * 0.999 - 2e-8).all()


def test_points_of_a_cell_are_at_no_distance(everywhere: np.ndarray) -> None:
    leaves = latlng_to_cell(everywhere[:2000])
    for level in (0, 5, 12, 20):
        assert cell_distance_km(everywhere[:2000], cell_parent(leaves, level)).max() == 0
