"""The projection and the curve of S2: many points to leaf ids and back.

S2 projects the sphere to a cube, stretches each face by a quadratic map to the unit square
`(s, t)`, cuts the square into 2^30 x 2^30 leaves `(i, j)` and numbers the leaves along a Hilbert
curve. An id is the face (3 bits), the position on the curve (2 bits for each level), a 1, and
zeros. The arithmetic follows s2geometry.io's definition operation by operation, so that ids agree
to the last bit. `cells` builds on this module.
"""

import math

import numpy as np
from jaxtyping import Float, Int64, UInt8, UInt64

MAX_LEVEL = 30
"""Level of the leaves, about a centimetre wide."""

LIMIT_IJ = 1 << MAX_LEVEL

_BITS = 6
"""Levels in one table lookup: 30 = 5 x 6, and a table of 16-bit entries stays in the L1 cache."""

_BLOCK = 1 << 14
"""Points in one pass: the temporary arrays stay in the L2 cache, which doubles the speed."""

_NEAR_EDGE = 2.0**-14
"""Distance to a leaf's edge, in leaves, below which the C library projects a point again.

NumPy's sine can differ from the C library's in the last digits, which is 1e-6 leaves. Only a point
this close to an edge can change its leaf.
"""


def _curve_tables() -> tuple[np.ndarray, np.ndarray]:
    """Tables of `_BITS` levels: (i, j, orientation) to (position, orientation), and back."""
    swap, invert = 1, 2
    position_to_ij = np.array([[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]])
    turn = np.array([swap, 0, 0, swap | invert])
    position, start = np.meshgrid(np.arange(1 << 2 * _BITS), np.arange(4), indexing="ij")
    i, j, orientation = np.zeros_like(position), np.zeros_like(position), start
    for shift in range(2 * _BITS - 2, -1, -2):
        quarter = position >> shift & 3
        ij = position_to_ij[orientation, quarter]
        i, j = i << 1 | ij >> 1, j << 1 | ij & 1
        orientation = orientation ^ turn[quarter]
    from_ij, from_position = i << _BITS + 2 | j << 2 | start, position << 2 | start
    to_position, to_ij = np.empty((2, position.size), dtype=np.uint16)
    to_position[from_ij] = position << 2 | orientation
    to_ij[from_position] = i << _BITS + 2 | j << 2 | orientation
    return to_position, to_ij


_TO_POSITION, _TO_IJ = _curve_tables()


def leaf_ids(latlng: Float[np.ndarray, "n 2"]) -> UInt64[np.ndarray, " n"]:
    """Ids of the leaf cells that hold points (latitude first, in degrees, in range)."""
    leaves = np.empty(len(latlng), dtype=np.uint64)
    for start in range(0, len(latlng), _BLOCK):
        block = latlng[start : start + _BLOCK]
        leaves[start : start + _BLOCK] = _leaf_ids_of_block(block[:, 0], block[:, 1])
    return leaves


def _leaf_ids_of_block(lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    phi, theta = (math.pi / 180) * lat, (math.pi / 180) * lng
    flat = np.cos(phi)
    face, s, t = _face_st(np.cos(theta) * flat, np.sin(theta) * flat, np.sin(phi))
    close = np.abs(s - np.rint(s)) < _NEAR_EDGE
    close |= np.abs(t - np.rint(t)) < _NEAR_EDGE
    if close.any():
        angles = [(p, q, math.cos(p)) for p, q in zip(phi[close], theta[close], strict=True)]
        xyz = np.array([(math.cos(q) * c, math.sin(q) * c, math.sin(p)) for p, q, c in angles])
        face[close], s[close], t[close] = _face_st(*xyz.T)
    return _face_ij_to_id(face, _leaf_index(s), _leaf_index(t))


def _face_st(
    x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Face, and s and t in leaves (0 to 2^30), of points on the sphere."""
    ax, ay, az = np.abs(x), np.abs(y), np.abs(z)
    on_x = (ax > ay) & (ax > az)
    on_z = ~on_x & ~(~(ax > ay) & (ay > az))
    depth = np.where(on_x, x, np.where(on_z, z, y))
    u = np.where(on_x, y, -x) / depth
    v = np.where(on_z, -y, z) / depth
    face = np.where(on_x, 0, np.where(on_z, 2, 1))
    behind = depth < 0
    face[behind] += 3
    s, t = _uv_to_leaves(u), _uv_to_leaves(v)
    return face, np.where(behind, t, s), np.where(behind, s, t)  # faces 3 to 5 swap their axes


def _uv_to_leaves(u: np.ndarray) -> np.ndarray:
    root = 0.5 * np.sqrt(1.0 + 3.0 * np.abs(u))
    return np.asarray(np.where(u >= 0, root, 1.0 - root) * LIMIT_IJ)


def _leaf_index(s: np.ndarray) -> np.ndarray:
    return np.clip(s.astype(np.int64), 0, LIMIT_IJ - 1)


def _face_ij_to_id(face: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    mask = (1 << _BITS) - 1
    orientation = face & 1
    position = face
    for shift in range(MAX_LEVEL - _BITS, -1, -_BITS):
        key = (i >> shift & mask) << _BITS + 2
        key |= (j >> shift & mask) << 2
        key |= orientation
        entry = _TO_POSITION.take(key).astype(np.int64)
        position = position << 2 * _BITS | entry >> 2
        orientation = entry & 3
    return np.asarray(position.view(np.uint64) << np.uint64(1) | np.uint64(1))


def cell_level(cells: UInt64[np.ndarray, " n"]) -> UInt8[np.ndarray, " n"]:
    """Levels of cells, 0 (a face) to 30 (a leaf): half the count of zeros below the last 1.

    >>> cell_level(np.array([0x3000000000000000, 0x47E6701000000000], dtype=np.uint64))
    array([ 0, 12], dtype=uint8)
    """
    lowest = cells & (~cells + np.uint64(1))
    _, exponent = np.frexp(lowest.astype(np.float64))  # powers of two: exact
    return (MAX_LEVEL - (exponent - 1) // 2).astype(np.uint8)


def id_to_face_ij(
    cells: UInt64[np.ndarray, " n"],
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Face, and i and j of the leaf at the (s, t) origin of each cell."""
    position = (cells >> np.uint64(1)).view(np.int64)
    face = position >> 2 * MAX_LEVEL
    orientation = face & 1
    i, j = np.zeros_like(face), np.zeros_like(face)
    mask = (1 << _BITS) - 1
    for shift in range(MAX_LEVEL - _BITS, -1, -_BITS):
        key = (position >> 2 * shift & (1 << 2 * _BITS) - 1) << 2 | orientation
        entry = _TO_IJ.take(key).astype(np.int64)
        i, j = i << _BITS | entry >> _BITS + 2, j << _BITS | entry >> 2 & mask
        orientation = entry & 3
    # The id of a cell decodes to a leaf inside the cell: round down to the cell's own grid.
    inside = (1 << (MAX_LEVEL - cell_level(cells).astype(np.int64))) - 1
    return face, i & ~inside, j & ~inside
