"""Ids and their family, against Google's s2geometry and against s2sphere."""

import numpy as np
import pytest
import s2geometry
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import CellError, CoordinateError
from geoguess_cli.geo.cells import (
    MAX_LEVEL,
    cap_covering,
    cell_center,
    cell_children,
    cell_edge_neighbors,
    cell_level,
    cell_parent,
    cell_range,
    cell_to_token,
    check_cells,
    face_cells,
    latlng_to_cell,
    token_to_cell,
)
from geoguess_cli.geo.geodesy import great_circle_km

LEVELS = st.integers(0, MAX_LEVEL)
LEAVES = st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(
    lambda point: latlng_to_cell(np.array([point]))
)
CELLS = st.tuples(LEAVES, LEVELS).map(lambda pair: cell_parent(*pair))


def test_longitudes_of_the_east_may_go_on_to_360(everywhere: np.ndarray) -> None:
    west = everywhere[everywhere[:, 1] < 0][:1000]
    np.testing.assert_array_equal(
        latlng_to_cell(west + np.array([0, 360]), 24), latlng_to_cell(west, 24)
    )


@pytest.mark.parametrize("level", range(MAX_LEVEL + 1))
def test_family_equals_google(level: int, everywhere: np.ndarray) -> None:
    leaves = latlng_to_cell(everywhere[:200])
    cells = latlng_to_cell(everywhere[:200], level)
    np.testing.assert_array_equal(cells, cell_parent(leaves, level))
    first, last = cell_range(cells)
    assert (cell_level(cells) == level).all()
    for k, leaf in enumerate(leaves.tolist()):
        theirs = s2geometry.S2CellId(leaf).parent(level)
        assert theirs.id() == cells[k]
        assert (theirs.range_min().id(), theirs.range_max().id()) == (first[k], last[k])
        assert theirs.ToToken() == cell_to_token(cells[k : k + 1])[0]
        if level < MAX_LEVEL:
            children = cell_children(cells[k : k + 1])[0].tolist()
            assert children == [theirs.child(position).id() for position in range(4)]
        center = theirs.ToLatLng()
        theirs_deg = np.array([[center.lat().degrees(), center.lng().degrees()]])
        assert great_circle_km(cell_center(cells[k : k + 1]), theirs_deg)[0] < 1e-8


@given(CELLS)
def test_tokens_round_trip(cells: np.ndarray) -> None:
    token = cell_to_token(cells)[0]
    assert token_to_cell([token]) == cells
    assert token_to_cell([token.upper()]) == cells


@given(CELLS)
def test_children_share_their_parent_out(cells: np.ndarray) -> None:
    if cell_level(cells)[0] == MAX_LEVEL:
        with pytest.raises(CellError, match="row 0: a leaf cell has no children"):
            cell_children(cells)
        return
    children = cell_children(cells)[0]
    np.testing.assert_array_equal(
        cell_parent(children, int(cell_level(cells)[0])), np.repeat(cells, 4)
    )
    first, last = cell_range(children)
    assert (first[0], last[-1]) == (cell_range(cells)[0][0], cell_range(cells)[1][0])
    np.testing.assert_array_equal(first[1:], last[:-1] + np.uint64(2))


@given(CELLS)
def test_center_lies_in_its_cell(cells: np.ndarray) -> None:
    level = int(cell_level(cells)[0])
    if level <= 25:  # beyond, the center's own rounding is as wide as the cell
        assert latlng_to_cell(cell_center(cells), level) == cells


@pytest.mark.parametrize("bad", ["", "xyz", "47f ", "0x47f", "-1", "1" * 17, "٤7"])
def test_malformed_tokens_are_refused(bad: str) -> None:
    with pytest.raises(CellError, match=r"row 1: .* is not a cell token; it must be 1 to 16 hexa"):
        token_to_cell(["47f", bad])


@pytest.mark.parametrize("bad", ["0", "0000", "c", "f", "d1", "2", "47e00000000000002"[:16]])
def test_tokens_of_no_cell_are_refused(bad: str) -> None:
    with pytest.raises(CellError, match=f"row 1: `{bad}` is not the token of an S2 cell"):
        token_to_cell(["47f", bad])


@given(st.integers(0, 2**64 - 1))
def test_valid_ids_are_those_google_calls_valid(number: int) -> None:
    ids = np.array([number], dtype=np.uint64)
    if s2geometry.S2CellId(number).is_valid():
        check_cells(ids)
    else:
        with pytest.raises(CellError, match=f"row 0: {number} is not the id of an S2 cell"):
            check_cells(ids)


def test_impossible_questions_are_refused() -> None:
    point = np.array([[0.0, 0.0]])
    for level in (-1, 31):
        with pytest.raises(CellError, match=rf"the level is {level}; it must lie in \[0, 30\]"):
            latlng_to_cell(point, level)
    with pytest.raises(CellError, match="row 0: a cell of level 3 has no parent at level 4"):
        cell_parent(latlng_to_cell(point, 3), 4)
    with pytest.raises(CoordinateError, match="row 1: latitude is nan"):
        latlng_to_cell(np.array([[0.0, 0.0], [np.nan, 0.0]]))


def test_no_points_no_cells() -> None:
    assert latlng_to_cell(np.zeros((0, 2))).shape == (0,)
    assert cell_to_token(token_to_cell([])) == []


@given(CELLS)
def test_edge_neighbors_equal_google(cells: np.ndarray) -> None:
    theirs = s2geometry.S2CellId(int(cells[0])).GetEdgeNeighbors()
    assert cell_edge_neighbors(cells[0]).tolist() == [cell.id() for cell in theirs]


def covered(latlng: np.ndarray, cells: np.ndarray) -> np.ndarray:
    leaves = latlng_to_cell(latlng)[:, None]
    first, last = cell_range(cells)
    return ((first <= leaves) & (leaves <= last)).any(axis=1)


@pytest.mark.parametrize("radius_km", [0.0, 3.0, 900.0, 9000.0, 30_000.0])
@pytest.mark.parametrize("center", [(48.0, 2.0), (90.0, 0.0), (-17.0, 180.0), (0.0, 45.0)])
def test_cap_covering_holds_the_cap(center: tuple[float, float], radius_km: float) -> None:
    middle, rng = np.array(center), np.random.default_rng(0)
    reach = min(radius_km / 111.2, 180.0)
    narrow = max(np.cos(np.radians(center[0])), 0.1)
    points = middle + rng.uniform(-reach, reach, size=(4000, 2)) / [1, narrow]
    points = points[(np.abs(points[:, 0]) <= 90) & (points[:, 1] <= 360) & (points[:, 1] >= -180)]
    inside = points[great_circle_km(middle[None], points) <= radius_km]
    assert len(inside) > (100 if radius_km else -1)
    cells = cap_covering(middle, radius_km, max_cells=12)
    assert covered(np.concatenate([middle[None], inside]), cells).all()
    if radius_km < 9000:
        assert not covered(-middle[None] + [[0.0, 180.0]], cells).any()


def test_more_cells_follow_the_cap_closer() -> None:
    middle = np.array([40.0, -105.0])
    coarse, fine = (cap_covering(middle, 50.0, max_cells=n) for n in (4, 64))
    extent = [2.0 * (30 - cell_level(cells).astype(float)) for cells in (coarse, fine)]
    assert np.exp2(extent[1]).sum() < np.exp2(extent[0]).sum()
    assert (cell_level(cap_covering(middle, 50.0, max_level=6)) <= 6).all()


def test_coverings_refuse_nonsense() -> None:
    here = np.array([0.0, 0.0])
    with pytest.raises(CoordinateError, match="the radius is -1 km"):
        cap_covering(here, -1.0)
    with pytest.raises(CoordinateError, match="latitude is 91"):
        cap_covering(np.array([91.0, 0.0]), 1.0)
    with pytest.raises(CellError, match="max_cells is 0"):
        cap_covering(here, 1.0, max_cells=0)
    with pytest.raises(CellError, match="the level is 31"):
        cap_covering(here, 1.0, max_level=31)


def test_faces_hold_everything(everywhere: np.ndarray) -> None:
    assert covered(everywhere[:2000], face_cells()).all()
    assert (cell_level(face_cells()) == 0).all()
