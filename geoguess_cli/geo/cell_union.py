"""The outline of many cells together.

On its face of the cube a cell is a square whose corners are whole numbers, so a union of squares is
exact. Its outline is then projected to longitude and latitude, by quarters of faces, because no
quarter crosses the antimeridian or has a pole inside. Quarters meet along meridians, the equator
and edges of the cube; where these bend on the map, both sides get the same points.
"""

from itertools import pairwise

import numpy as np
import shapely
from jaxtyping import Float, Int64, UInt64

from geoguess_cli.geo.geodesy import from_unit_vectors
from geoguess_cli.geo.hilbert import LIMIT_IJ, id_to_face_ij
from geoguess_cli.geo.outlines import along_rim, cell_size_ij, counter_clockwise, leaves_to_xyz

_HALF = LIMIT_IJ // 2
_QUARTERS: Int64[np.ndarray, "4 2"] = _HALF * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
_STEP = LIMIT_IJ // 256
_LEAST_PARTS = 4
"""Least number of parts of an edge. An edge is an arc, which bends on a map, so it gets points
about every third of a degree. Near a pole even a short edge bends."""


def cell_union(cells: UInt64[np.ndarray, " n"]) -> shapely.Geometry:
    """The region that cells cover, in (longitude, latitude), degrees, within ±180°.

    The region is a shapely polygon or multipolygon: cells that meet only at a corner stay separate,
    and a region across the antimeridian is cut there (RFC 7946, section 3.1.9). Exterior rings are
    counter-clockwise. A region that holds a pole runs along the map's upper or lower rim.

    Args:
        cells: Valid cell ids of any levels, at least one.
    """
    face, i, j = id_to_face_ij(cells)
    low = np.stack([i, j], axis=1)
    high = low + cell_size_ij(cells)[:, None]
    breaks = _rim_breaks(low, high)
    pieces = []
    for own in np.unique(face).tolist():
        for corner in _QUARTERS:
            left, right = np.maximum(low, corner), np.minimum(high, corner + _HALF)
            inside = (face == own) & (left < right).all(axis=1)
            if inside.any():
                squares = shapely.box(*left[inside].T, *right[inside].T)
                parts = shapely.get_parts(shapely.union_all(squares))
                pieces += [_projected(part, own, corner, breaks) for part in parts]
    return counter_clockwise(shapely.union_all(pieces))


def cell_union_edges(region: shapely.Geometry) -> shapely.Geometry:
    """The true edges of a region of cells: its rings without the cuts.

    The cuts are the map's rim at a pole, and the antimeridian where the region continues beyond it.

    Args:
        region: A region from `cell_union`.
    """
    rings = shapely.get_rings(shapely.get_parts(region))
    ends = [shapely.get_coordinates(ring) for ring in rings]
    segments = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in ends])
    at_pole = (np.abs(segments[:, :, 1]) == 90.0).all(axis=1)
    west, east = ((segments[:, :, 0] == side).all(axis=1) for side in (-180.0, 180.0))
    at_west, at_east = (
        shapely.union_all(shapely.linestrings(segments[side] * [0.0, 1.0])) for side in (west, east)
    )
    seams = [
        shapely.transform(one.difference(other), lambda xy, x=x: xy + np.array([x, 0.0]))
        for one, other, x in ((at_west, at_east, -180.0), (at_east, at_west, 180.0))
    ]
    lines = shapely.linestrings(segments[~at_pole & ~west & ~east])
    return shapely.line_merge(
        shapely.multilinestrings(shapely.get_parts(np.concatenate([lines, seams])))
    )


def _rim_breaks(low: Int64[np.ndarray, "n 2"], high: Int64[np.ndarray, "n 2"]) -> np.ndarray:
    """The points along an edge of the cube: at even steps, and at each corner of a cell.

    Two faces can count along their common edge from opposite ends, so each corner is given from
    both ends.
    """
    at_rim = ((low == 0) | (high == LIMIT_IJ)).any(axis=1)
    corners = np.concatenate([low[at_rim].ravel(), high[at_rim].ravel()])
    even = np.arange(0, LIMIT_IJ + 1, _STEP)
    return np.unique(np.concatenate([even, corners, LIMIT_IJ - corners]))


def _projected(
    part: shapely.Polygon, face: int, corner: Int64[np.ndarray, "2"], breaks: np.ndarray
) -> shapely.Polygon:
    """A polygon of a quarter of a face, projected to longitude and latitude."""
    center = float(_to_lnglat(corner[None] + _HALF / 2, face)[0, 0])
    shell, *holes = (
        _ring(shapely.get_coordinates(ring), face, center, breaks)
        for ring in shapely.get_rings(part)
    )
    return shapely.Polygon(shell, holes)


def _ring(
    corners: Float[np.ndarray, "n 2"], face: int, center: float, breaks: np.ndarray
) -> Float[np.ndarray, "m 2"]:
    """A closed ring of leaf coordinates with points along its edges, in longitude and latitude."""
    ij = np.concatenate([_edge(start, end, breaks) for start, end in pairwise(corners)])
    lnglat = _to_lnglat(ij, face)
    # A point on the antimeridian is at -180° or 180°: take the end on the quarter's side.
    lnglat[:, 0] = np.where(np.abs(lnglat[:, 0] - center) > 180.0, -lnglat[:, 0], lnglat[:, 0])
    at_pole = (ij == _HALF).all(axis=1)
    if face in (2, 5) and at_pole.any():
        return along_rim(lnglat, int(np.argmax(at_pole)))
    return lnglat


def _edge(start: np.ndarray, end: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Points from a corner to just before the next, along an edge of the grid of leaves."""
    along = int(start[0] == end[0])
    if start[1 - along] not in (0, LIMIT_IJ):
        parts = max(_LEAST_PARTS, int(np.ceil(np.abs(end - start).max() / _STEP)))
        return np.asarray(start + (end - start) * (np.arange(parts)[:, None] / parts))
    low, high = sorted((start[along], end[along]))
    between = breaks[np.searchsorted(breaks, low, "right") : np.searchsorted(breaks, high)]
    points = np.tile(start, (len(between) + 1, 1))
    points[1:, along] = between if end[along] > start[along] else between[::-1]
    return points


def _to_lnglat(ij: Float[np.ndarray, "n 2"], face: int) -> Float[np.ndarray, "n 2"]:
    return from_unit_vectors(leaves_to_xyz(np.full(len(ij), face), *ij.T))[:, ::-1].copy()
