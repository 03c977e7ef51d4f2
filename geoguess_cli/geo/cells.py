"""S2 cells as uint64 arrays: ids, tokens, parents, children, coverings. The one door to S2.

Ids are `uint64` inside the program, because they exceed int64, and tokens (text) outside it. Read a
token as text: a reader that guesses types reads `47e4` as a float. NumPy does the bulk work
(`hilbert`, `outlines`, `cell_union`); s2sphere does the work for one place at a time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt64

from geoguess_cli.errors import CellError, CoordinateError
from geoguess_cli.geo.cell_union import cell_union as cell_union
from geoguess_cli.geo.cell_union import cell_union_edges as cell_union_edges
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, check_latlng
from geoguess_cli.geo.hilbert import MAX_LEVEL as MAX_LEVEL
from geoguess_cli.geo.hilbert import cell_level as cell_level
from geoguess_cli.geo.hilbert import leaf_ids
from geoguess_cli.geo.outlines import cell_area_km2 as cell_area_km2
from geoguess_cli.geo.outlines import cell_boundary as cell_boundary
from geoguess_cli.geo.outlines import cell_caps as cell_caps
from geoguess_cli.geo.outlines import cell_center as cell_center
from geoguess_cli.geo.outlines import cell_corners as cell_corners
from geoguess_cli.geo.outlines import cell_distance_km as cell_distance_km
from geoguess_cli.geo.outlines import cell_polygons as cell_polygons

if TYPE_CHECKING:
    import s2sphere

_ONE = np.uint64(1)
_LEVEL_BITS = np.uint64(0x1555555555555555)
"""The bits that can be the last 1 of a valid id: every other bit, up to that of a face."""


def latlng_to_cell(
    latlng: Float[np.ndarray, "n 2"], level: int = MAX_LEVEL
) -> UInt64[np.ndarray, " n"]:
    """Ids of the cells that hold points.

    Args:
        latlng: Points, latitude first, in degrees.
        level: Level of the cells, 0 (faces) to 30 (leaves).

    Raises:
        CoordinateError: A latitude or longitude is out of range; the message names the row.
        CellError: The level is not in [0, 30].

    >>> cell_to_token(latlng_to_cell(np.array([[48.8584, 2.2945]]), 12))
    ['47e66ff']
    """
    _check_level(level)
    check_latlng(latlng)
    leaves = leaf_ids(latlng)
    return leaves if level == MAX_LEVEL else _truncated(leaves, level)


def check_cells(cells: UInt64[np.ndarray, " n"]) -> None:
    """Raise CellError unless every id is a valid cell id.

    Raises:
        CellError: An id is invalid; the message names the first such row, counted from 0.
    """
    good = _are_cells(cells)
    if not good.all():
        row = int(np.argmin(good))
        raise CellError(f"row {row}: {int(cells[row])} is not the id of an S2 cell")


def face_cells() -> UInt64[np.ndarray, "6"]:
    """The six cells of level 0, in order.

    >>> cell_to_token(face_cells())
    ['1', '3', '5', '7', '9', 'b']
    """
    return (np.arange(6, dtype=np.uint64) << _ONE | _ONE) << np.uint64(2 * MAX_LEVEL)


def cell_parent(cells: UInt64[np.ndarray, " n"], level: int) -> UInt64[np.ndarray, " n"]:
    """Ancestors of cells at a level; a cell of that level is its own ancestor.

    Raises:
        CellError: A cell is larger than that level, or the level is not in [0, 30].

    >>> cell_to_token(cell_parent(token_to_cell(["47e6701"]), 4))
    ['47f']
    """
    _check_level(level)
    levels = cell_level(cells)
    if (levels < level).any():
        row = int(np.argmax(levels < level))
        raise CellError(
            f"row {row}: a cell of level {levels[row]} has no parent at level {level}; "
            f"the level must be at most {levels[row]}"
        )
    return _truncated(cells, level)


def cell_children(cells: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, "n 4"]:
    """The four children of each cell, in the order of the curve.

    Raises:
        CellError: A cell is a leaf, which has no children.

    >>> cell_to_token(cell_children(token_to_cell(["47f"]))[0])
    ['47e4', '47ec', '47f4', '47fc']
    """
    bit = _last_bit(cells)
    if (bit == 1).any():
        raise CellError(f"row {int(np.argmax(bit == 1))}: a leaf cell has no children")
    quarter = bit >> np.uint64(2)
    first = cells - bit + quarter
    return np.asarray(first[:, None] + np.arange(4, dtype=np.uint64) * (quarter << _ONE)[:, None])


def cell_range(
    cells: UInt64[np.ndarray, " n"],
) -> tuple[UInt64[np.ndarray, " n"], UInt64[np.ndarray, " n"]]:
    """Ids of the first and the last leaf of each cell; its leaves have all ids from first to last.

    >>> first, last = cell_range(token_to_cell(["47f"]))
    >>> cell_to_token(first), cell_to_token(last)
    (['47e0000000000001'], ['47ffffffffffffff'])
    """
    reach = _last_bit(cells) - _ONE
    return cells - reach, cells + reach


def cell_to_token(cells: UInt64[np.ndarray, " n"]) -> list[str]:
    """Tokens of cells: the id in hexadecimal without its trailing zeros."""
    return [f"{cell:016x}".rstrip("0") for cell in cells.tolist()]


def token_to_cell(tokens: Sequence[str]) -> UInt64[np.ndarray, " n"]:
    """Ids of the cells that tokens name.

    Raises:
        CellError: A text is not a token; the message quotes it and names its row, counted from 0.

    >>> token_to_cell(["47f"])
    array([5183643171103440896], dtype=uint64)
    """
    cells = np.zeros(len(tokens), dtype=np.uint64)
    for row, token in enumerate(tokens):
        if not 1 <= len(token) <= 16 or set(token) - set("0123456789abcdefABCDEF"):
            raise CellError(
                f"row {row}: `{token}` is not a cell token; it must be 1 to 16 hexadecimal digits"
            )
        cells[row] = int(token.ljust(16, "0"), 16)
    good = _are_cells(cells)
    if not good.all():
        row = int(np.argmin(good))
        raise CellError(f"row {row}: `{tokens[row]}` is not the token of an S2 cell")
    return cells


def cell_edge_neighbors(cell: int | np.uint64) -> UInt64[np.ndarray, "4"]:
    """The four cells of the same level that share an edge: below, right, above, left.

    >>> cell_to_token(cell_edge_neighbors(token_to_cell(["1"])[0]))
    ['b', '3', '5', '9']
    """
    import s2sphere

    check_cells(np.array([cell], dtype=np.uint64))
    return _to_array(s2sphere.CellId(int(cell)).get_edge_neighbors())


def cap_covering(
    center: Float[np.ndarray, "2"],
    radius_km: float,
    *,
    max_cells: int = 8,
    max_level: int = MAX_LEVEL,
) -> UInt64[np.ndarray, " n"]:
    """Cells that together hold every point within a distance of a place, sorted by id.

    Args:
        center: Latitude, longitude, in degrees.
        radius_km: Great-circle distance in kilometres, 0 or more.
        max_cells: Approximate number of cells, 1 or more; more cells follow the circle closer. A
            cap that meets more faces than this, or lies on a corner of cells, takes a few more.
        max_level: Level of the smallest cells to use, 0 to 30.

    Raises:
        CoordinateError: The center is out of range, or the radius is below 0.
        CellError: The level is not in [0, 30], or `max_cells` is below 1.
    """
    import s2sphere

    check_latlng(center[None])
    if not radius_km >= 0:
        raise CoordinateError(f"the radius is {radius_km:g} km; it must be 0 or more")
    _check_level(max_level)
    if max_cells < 1:
        raise CellError(f"max_cells is {max_cells}; it must be 1 or more")
    axis = s2sphere.LatLng.from_degrees(float(center[0]), float(center[1])).to_point()
    # One leaf wider, so that rounding loses no point on the rim.
    angle = s2sphere.Angle.from_radians(min(radius_km / EARTH_RADIUS_KM + 1e-9, np.pi))
    coverer = s2sphere.RegionCoverer()
    coverer.max_cells, coverer.max_level = max_cells, max_level
    return np.sort(_to_array(coverer.get_covering(s2sphere.Cap.from_axis_angle(axis, angle))))


def _to_array(cell_ids: "Sequence[s2sphere.CellId]") -> UInt64[np.ndarray, " n"]:
    return np.array([cell_id.id() for cell_id in cell_ids], dtype=np.uint64)


def _check_level(level: int) -> None:
    if not 0 <= level <= MAX_LEVEL:
        raise CellError(f"the level is {level}; it must lie in [0, {MAX_LEVEL}]")


def _are_cells(cells: np.ndarray) -> np.ndarray:
    return np.asarray((cells >> np.uint64(61) < 6) & (_last_bit(cells) & _LEVEL_BITS != 0))


def _last_bit(cells: np.ndarray) -> np.ndarray:
    return cells & (~cells + _ONE)


def _truncated(cells: np.ndarray, level: int) -> np.ndarray:
    bit = _ONE << np.uint64(2 * (MAX_LEVEL - level))
    return cells & (~bit + _ONE) | bit
