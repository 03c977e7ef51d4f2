"""Distances to all centroids of a partition, and the neighbours of cells."""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km, unit_vectors
from geoguess_cli.geo.partition import Partition

NEIGHBOURLY = 1.5
"""Two cells are neighbours if the distance of their centroids is at most this multiple of the sum
of their radii; the radius of a cell is that of a disc of its area. For squares of one size that
share a corner the multiple is 1.25; the rest allows for centroids that are off the middle."""

_KEPT = 8192  # largest number of cells whose whole matrix is kept: 256 MB


def cell_radius_km(partition: Partition) -> Float[np.ndarray, " c"]:
    """Radius of a disc with each cell's area, in kilometres."""
    return np.asarray(np.sqrt(partition.area_km2 / np.pi))


def are_neighbours(
    a: Int[np.ndarray, " n"], b: Int[np.ndarray, " n"], partition: Partition
) -> Bool[np.ndarray, " n"]:
    """Whether paired cells are neighbours; a cell is a neighbour of itself.

    Args:
        a: Cell indices, 0 or more.
        b: Cell indices, 0 or more.
        partition: The cells.
    """
    reach = NEIGHBOURLY * (cell_radius_km(partition)[a] + cell_radius_km(partition)[b])
    return np.asarray(great_circle_km(partition.centroids[a], partition.centroids[b]) <= reach)


class CentroidDistances:
    """Great-circle distances to all centroids of a partition, in kilometres, in float32.

    Up to 8,192 cells, the matrix of distances between centroids is computed once and kept. For more
    cells its rows are computed at each call.

    Args:
        centroids: Latitude, longitude of each centroid, in degrees.
    """

    def __init__(self, centroids: Float[np.ndarray, "c 2"]) -> None:
        self._points = unit_vectors(centroids)

    def __len__(self) -> int:
        return len(self._points)

    def from_places(self, latlng: Float[np.ndarray, "b 2"]) -> Float32[np.ndarray, "b c"]:
        """Distance from each place to each centroid, in kilometres.

        Args:
            latlng: Latitude, longitude, in degrees.
        """
        return self._angles_km(unit_vectors(latlng))

    def from_cells(self, cells: Int[np.ndarray, " b"] | slice) -> Float32[np.ndarray, "b c"]:
        """Distance from the centroid of each of these cells to each centroid, in km; read only.

        Args:
            cells: Cell indices.
        """
        if len(self) <= _KEPT:
            return self._matrix[cells]
        return self._between(np.arange(len(self))[cells])

    @cached_property
    def _matrix(self) -> Float32[np.ndarray, "c c"]:
        matrix = np.empty((len(self), len(self)), dtype=np.float32)
        step = 256
        for start in range(0, len(self), step):
            cells = np.arange(start, min(start + step, len(self)))
            matrix[cells] = self._between(cells)
        return matrix

    def _between(self, cells: np.ndarray) -> np.ndarray:
        distances = self._angles_km(self._points[cells])
        distances[np.arange(len(cells)), cells] = 0.0  # the arc cosine would give some centimetres
        return distances

    def _angles_km(self, points: np.ndarray) -> np.ndarray:
        # In float64: near 0 the arc cosine loses half of the digits, 0.1 m here, 2 km in float32.
        cosines = points @ self._points.T
        np.clip(cosines, -1.0, 1.0, out=cosines)
        return np.asarray(EARTH_RADIUS_KM * np.arccos(cosines), dtype=np.float32)
