"""Shapes of S2 cells: corners, boundaries, areas, polygons, distances.

A cell is a rectangle `[u0, u1] x [v0, v1]` on a face of the cube around the sphere. So its edges
are arcs of great circles, and its area and the distance to it have closed forms in u and v.
"""

import numpy as np
import shapely
from jaxtyping import Float, Int64, Shaped, UInt64

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, from_unit_vectors, unit_vectors
from geoguess_cli.geo.hilbert import LIMIT_IJ, MAX_LEVEL, cell_level, id_to_face_ij

# Rows: the directions of u, of v, and outwards, for each face.
_FRAMES = np.array(
    [
        [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
        [[-1, 0, 0], [0, 0, 1], [0, 1, 0]],
        [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
        [[0, 0, -1], [0, -1, 0], [-1, 0, 0]],
        [[0, 0, -1], [1, 0, 0], [0, -1, 0]],
        [[0, 1, 0], [1, 0, 0], [0, 0, -1]],
    ],
    dtype=np.float64,
)


def cell_center(cells: UInt64[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    """Geometric centers of cells, in the middle of s and t: latitude, longitude, in degrees."""
    return from_unit_vectors(_center_vectors(cells))


def cell_corners(cells: UInt64[np.ndarray, " n"]) -> Float[np.ndarray, "n 4 2"]:
    """Corners of cells in S2's order, counter-clockwise: latitude, longitude, in degrees."""
    return cell_boundary(cells, points_per_edge=1)


def cell_boundary(
    cells: UInt64[np.ndarray, " n"], *, points_per_edge: int = 8
) -> Float[np.ndarray, "n m 2"]:
    """Open rings around cells, counter-clockwise: latitude, longitude, in degrees.

    Args:
        cells: Valid cell ids.
        points_per_edge: Points on each edge with its first corner, 1 or more. An edge is an arc of
            a great circle, which bends on a map; more points follow it closer.
    """
    low, high = _bounds_uv(cells)
    part = np.arange(points_per_edge) / points_per_edge
    zero, one = np.zeros_like(part), np.ones_like(part)
    along = np.stack(
        [
            np.concatenate([part, one, 1.0 - part, zero]),
            np.concatenate([zero, part, one, 1.0 - part]),
        ]
    )
    # If `along` is 0 or 1 the sum is exactly an end, so neighbours share the digits of corners.
    uv = low[:, :, None] * (1.0 - along) + high[:, :, None] * along
    face, _, _ = id_to_face_ij(cells)
    xyz = _face_uv_to_xyz(np.repeat(face, along.shape[1]), *uv.transpose(1, 0, 2).reshape(2, -1))
    return from_unit_vectors(xyz).reshape(len(cells), -1, 2)


def cell_area_km2(cells: UInt64[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Areas of cells on the sphere, in km².

    An area is the sum of two triangles with corners (u, v, 1), each by the formula of Van Oosterom
    and Strackee (IEEE Transactions on Biomedical Engineering 30, 1983). The numerator is du·dv,
    which is a product in s, so the areas of small cells keep all digits.
    """
    _, i, j = id_to_face_ij(cells)
    size = cell_size_ij(cells)
    du, dv = _uv_span(i, size), _uv_span(j, size)
    low, high = _bounds_uv(cells)
    corner = np.stack([low[:, 0], low[:, 1], np.ones(len(cells))], axis=1)
    opposite = np.stack([high[:, 0], high[:, 1], np.ones(len(cells))], axis=1)
    area = np.zeros(len(cells))
    for u, v in ((high[:, 0], low[:, 1]), (low[:, 0], high[:, 1])):
        third = np.stack([u, v, np.ones(len(cells))], axis=1)
        a, b, c = (np.linalg.norm(p, axis=1) for p in (corner, third, opposite))
        spread = a * b * c + _dot(corner, third) * c + _dot(third, opposite) * a
        spread += _dot(opposite, corner) * b
        area += 2.0 * np.arctan2(du * dv, spread)
    return area * EARTH_RADIUS_KM**2


def cell_polygons(
    cells: UInt64[np.ndarray, " n"], *, points_per_edge: int | None = None
) -> Shaped[np.ndarray, " n"]:
    """Outlines of cells as shapely polygons in (longitude, latitude), degrees, within ±180°.

    Args:
        cells: Valid cell ids.
        points_per_edge: Points on each edge. None takes 4 to 64 by level: up to latitude 80° a
            straight line on the map then differs from the true edge by at most 1 % of the cell's
            width.

    Polygons are counter-clockwise. The face across the antimeridian has two parts. A polygon at a
    pole runs along the map's upper or lower rim.
    """
    polygons = np.empty(len(cells), dtype=object)
    levels = cell_level(cells)
    for level in np.unique(levels):
        rows = np.flatnonzero(levels == level)
        edge = points_per_edge or int(np.clip(128 >> int(level), 4, 64))
        if level > 0:
            polygons[rows] = _plain_polygons(cells[rows], edge)
            continue
        # Only faces cross the antimeridian or have a pole inside; their quarters do neither.
        step = np.uint64(1) << np.uint64(2 * MAX_LEVEL - 2)
        turns = np.array([-3, -1, 1, 3], dtype=np.int64).view(np.uint64)
        for row in rows:
            quarters = _plain_polygons(cells[row] + turns * step, max(1, edge // 2))
            polygons[row] = counter_clockwise(shapely.union_all(quarters))
    return polygons


def cell_distance_km(
    latlng: Float[np.ndarray, "n 2"], cells: UInt64[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Great-circle distance from each point to its paired cell, in kilometres; 0 inside.

    Args:
        latlng: Points, latitude first, in degrees.
        cells: One valid cell id for each point.
    """
    face, _, _ = id_to_face_ij(cells)
    target = np.einsum("nab,nb->na", _FRAMES[face], unit_vectors(latlng))
    low, high = _bounds_uv(cells)
    u, v = (low[:, 0], high[:, 0]), (low[:, 1], high[:, 1])
    x, y, depth = target.T
    inside = (depth > 0) & (x >= u[0] * depth) & (x <= u[1] * depth)
    inside &= (y >= v[0] * depth) & (y <= v[1] * depth)
    nearest = np.full(len(cells), np.inf)
    for side in (0, 1):
        for end in (0, 1):
            corner = np.stack([u[side], v[end], np.ones(len(cells))], axis=1)
            chord = target - corner / np.linalg.norm(corner, axis=1, keepdims=True)
            half = np.minimum(np.linalg.norm(chord, axis=1) / 2.0, 1.0)
            nearest = np.minimum(nearest, 2.0 * np.arcsin(half))
        nearest = np.minimum(nearest, _edge_angle(x, y, depth, u[side], *v))
        nearest = np.minimum(nearest, _edge_angle(y, x, depth, v[side], *u))
    return np.where(inside, 0.0, nearest * EARTH_RADIUS_KM)


def cell_caps(
    cells: UInt64[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, " n"]]:
    """A cap around each cell: its center as a unit vector, and its radius in radians."""
    centers = _center_vectors(cells)
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    corners = unit_vectors(cell_corners(cells).reshape(-1, 2)).reshape(-1, 4, 3)
    chords = np.linalg.norm(corners - centers[:, None], axis=2).max(axis=1)
    return centers, 2.0 * np.arcsin(chords / 2.0)


def _edge_angle(
    across: np.ndarray,
    along: np.ndarray,
    depth: np.ndarray,
    line: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """Angle in radians from a target to an edge of a cell; infinite beyond the ends of the edge.

    The target is `(across, along, depth)`. At depth 1 the edge is the line `across = line`, with
    `along` from `start` to `end`. The edge's plane has the normal (1, 0, -line). The target's
    nearest point in that plane lies between the ends if the target lies between the two planes
    through the normal and an end.
    """
    normal = (across - line * depth) / np.sqrt(1.0 + line * line)
    foot = line * across + depth
    scale = 1.0 + line * line
    between = (along * scale >= start * foot) & (along * scale <= end * foot)
    return np.where(between, np.arcsin(np.minimum(np.abs(normal), 1.0)), np.inf)


def _plain_polygons(cells: np.ndarray, points_per_edge: int) -> np.ndarray:
    """Polygons of cells of level 1 or more, never across the antimeridian or around a pole."""
    lat, lng = np.moveaxis(cell_boundary(cells, points_per_edge=points_per_edge), 2, 0)
    # A point on the antimeridian is at -180° or 180°: take the end on the cell's side.
    middle = cell_center(cells)[:, 1:]
    lng = np.where(np.abs(lng - middle) > 180.0, -lng, lng)
    rings = np.stack([lng, lat], axis=2)
    polygons = shapely.polygons(rings)
    at_pole = np.abs(lat) > 90.0 - 1e-10
    for row in np.flatnonzero(at_pole.any(axis=1)):
        polygons[row] = shapely.polygons(along_rim(rings[row], int(np.argmax(at_pole[row]))))
    return np.asarray(polygons)


def along_rim(ring: Float[np.ndarray, "n 2"], pole: int) -> Float[np.ndarray, "m 2"]:
    """An open ring of longitudes and latitudes with the map's rim in place of its point at a pole.

    A pole has every longitude: the ring comes along one meridian and leaves along another.
    """
    ring = np.roll(ring, -pole, axis=0)
    rim = np.stack([ring[[-1, 1], 0], ring[[0, 0], 1]], axis=1)
    return np.concatenate([rim, ring[1:]])


def counter_clockwise(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygon or multipolygon with counter-clockwise exterior rings."""
    parts = [shapely.geometry.polygon.orient(part) for part in shapely.get_parts(shape)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def cell_size_ij(cells: np.ndarray) -> np.ndarray:
    """Width of cells, in leaves."""
    return np.int64(1) << (MAX_LEVEL - cell_level(cells).astype(np.int64))


def _bounds_uv(
    cells: UInt64[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
    """(u, v) of the low corner and of the high corner of each cell."""
    _, i, j = id_to_face_ij(cells)
    low = np.stack([i, j], axis=1)
    return _leaves_to_uv(low), _leaves_to_uv(low + cell_size_ij(cells)[:, None])


def _center_vectors(cells: UInt64[np.ndarray, " n"]) -> Float[np.ndarray, "n 3"]:
    face, i, j = id_to_face_ij(cells)
    half = cell_size_ij(cells) / 2.0
    return leaves_to_xyz(face, i + half, j + half)


def _leaves_to_uv(index: np.ndarray) -> np.ndarray:
    """u or v in [-1, 1] of a position in leaves, 0 to 2^30, by S2's quadratic map."""
    s = index / LIMIT_IJ
    return np.where(
        s >= 0.5, (1.0 / 3.0) * (4.0 * s * s - 1.0), (1.0 / 3.0) * (1.0 - 4.0 * (1.0 - s) ** 2)
    )


def _uv_span(index: Int64[np.ndarray, " n"], size: np.ndarray) -> Float[np.ndarray, " n"]:
    """Width in u of `size` leaves from `index` on, a difference of squares written as a product."""
    a, b = index / LIMIT_IJ, (index + size) / LIMIT_IJ
    mirrored = np.where(a >= 0.5, a + b, 2.0 - a - b)
    whole = size == LIMIT_IJ  # a face, the only cell with both signs of u
    return np.where(whole, 2.0, 4.0 / 3.0 * (b - a) * mirrored)


def leaves_to_xyz(face: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Vectors, of any length, to positions in leaves on faces of the cube."""
    return _face_uv_to_xyz(face, _leaves_to_uv(i), _leaves_to_uv(j))


def _face_uv_to_xyz(face: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Vectors, of any length, to points (u, v) on faces of the cube."""
    frames = _FRAMES[face]
    return np.asarray(u[:, None] * frames[:, 0] + v[:, None] * frames[:, 1] + frames[:, 2])


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray((a * b).sum(axis=1))
