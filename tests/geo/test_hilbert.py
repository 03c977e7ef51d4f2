"""Leaf ids, against Google's s2geometry and against s2sphere."""

import numpy as np
import pytest
import s2geometry
import s2sphere

from geoguess_cli.geo.cells import cell_parent, latlng_to_cell, token_to_cell
from geoguess_cli.geo.hilbert import LIMIT_IJ, cell_level, id_to_face_ij, leaf_ids


def google_ids(latlng: np.ndarray) -> np.ndarray:
    degrees = s2geometry.S2LatLng.FromDegrees
    ids = [s2geometry.S2CellId(degrees(lat, lng)).id() for lat, lng in latlng.tolist()]
    return np.array(ids, dtype=np.uint64)


def s2sphere_ids(latlng: np.ndarray) -> np.ndarray:
    degrees = s2sphere.LatLng.from_degrees
    ids = [s2sphere.CellId.from_lat_lng(degrees(lat, lng)).id() for lat, lng in latlng.tolist()]
    return np.array(ids, dtype=np.uint64)


def test_ids_equal_both_libraries_everywhere(everywhere: np.ndarray) -> None:
    ids = leaf_ids(everywhere)
    np.testing.assert_array_equal(ids, google_ids(everywhere))
    np.testing.assert_array_equal(ids, s2sphere_ids(everywhere))


def test_ids_equal_both_libraries_on_edges_and_corners(awkward: np.ndarray) -> None:
    ids = leaf_ids(awkward)
    np.testing.assert_array_equal(ids, google_ids(awkward))
    np.testing.assert_array_equal(ids, s2sphere_ids(awkward))


@pytest.mark.parametrize("level", [1, 2, 5, 12, 21, 28, 29, 30])
def test_ids_equal_google_on_corners_of_cells(level: int, everywhere: np.ndarray) -> None:
    """A corner lies on four leaves' edges: the last digit decides."""
    corners = []
    for k, cell in enumerate(cell_parent(latlng_to_cell(everywhere[:1500]), level).tolist()):
        shape = s2geometry.S2Cell(s2geometry.S2CellId(cell))
        corner = s2geometry.S2LatLng(shape.GetVertex(k % 4))
        corners.append((corner.lat().degrees(), corner.lng().degrees()))
    points = np.array(corners)
    np.testing.assert_array_equal(leaf_ids(points), google_ids(points))


def test_points_on_edges_are_projected_by_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sine that is off in its last digits, as a vector library's may be, changes no id."""
    points = np.array([[0.0, 45.0], [10.0, -135.0], [35.26438968275466, 45.0], [-90.0, 0.0]])
    expected = leaf_ids(points)
    sine, cosine = np.sin, np.cos
    monkeypatch.setattr("geoguess_cli.geo.hilbert.np.sin", lambda x: sine(x) * (1 + 6e-16))
    monkeypatch.setattr("geoguess_cli.geo.hilbert.np.cos", lambda x: cosine(x) * (1 - 6e-16))
    assert np.sin(1.0) != sine(1.0)
    np.testing.assert_array_equal(leaf_ids(points), expected)


def test_levels_are_those_of_google(everywhere: np.ndarray) -> None:
    leaves = latlng_to_cell(everywhere[:31])
    for level in range(31):
        cells = cell_parent(leaves, level)
        assert (cell_level(cells) == level).all()
        assert {s2geometry.S2CellId(cell).level() for cell in cells.tolist()} == {level}


def test_a_cell_starts_at_the_first_leaf_of_its_square() -> None:
    """The curve visits the quarters of face 0 by increasing j, i, and then decreasing j."""
    face, i, j = id_to_face_ij(token_to_cell(["1", "04", "0c", "14", "1c", "b"]))
    half = LIMIT_IJ // 2
    assert face.tolist() == [0, 0, 0, 0, 0, 5]
    assert i.tolist() == [0, 0, 0, half, half, 0]
    assert j.tolist() == [0, 0, half, half, 0, 0]


def test_face_and_leaf_position_equal_s2sphere(everywhere: np.ndarray) -> None:
    leaves = leaf_ids(everywhere[:500])
    face, i, j = id_to_face_ij(leaves)
    expected = [s2sphere.CellId(leaf).to_face_ij_orientation()[:3] for leaf in leaves.tolist()]
    assert list(zip(face.tolist(), i.tolist(), j.tolist(), strict=True)) == expected
