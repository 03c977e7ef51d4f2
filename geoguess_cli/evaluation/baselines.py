"""Answers that look at no photo: a model must be better than these."""

import math

import numpy as np
from jaxtyping import Float

from geoguess_cli.geo.cells import cell_caps, cell_children, face_cells
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, check_latlng, from_unit_vectors, unit_vectors
from geoguess_cli.geo.partition import Partition

_CHUNK = 2_000_000  # distances held at once: 16 MB
_FLOOR_KM = 0.001
_WIDEST = 4096  # cells of a level that are followed


def best_constant(
    latlng: Float[np.ndarray, "n 2"], *, tolerance: float = 0.001
) -> tuple[float, float]:
    """The one place on Earth with the least median distance to the points: latitude, longitude.

    No answer that is the same for every photo has a lower median, within the tolerance. The search
    is branch and bound over the S2 hierarchy: moving the answer by x km changes each distance, and
    so their median, by at most x km. A cell whose center is worse than the best place found by
    more than the cell's radius holds no better place, and is dropped with all its children.

    Args:
        latlng: Where the photos were taken, latitude first, in degrees; at least one.
        tolerance: How far the median of the result may lie above the least median, as a share of
            it, above 0; never less than 1 m. If very many places are equally good, as for two
            antipodes, only the 4,096 most promising cells of a level are followed.

    Raises:
        CoordinateError: A point is not on the Earth.

    >>> latitude, longitude = best_constant(np.array([[44.0, 6.0], [44.0, 6.0], [-30.0, 20.0]]))
    >>> round(latitude, 4), round(longitude, 4)
    (44.0, 6.0)
    """
    if not len(latlng):
        raise ValueError("no point was given; the best constant needs at least one")
    check_latlng(latlng)
    points = unit_vectors(latlng)
    best, best_km = points[0], math.inf
    cells = face_cells()
    while len(cells):
        centers, radii = cell_caps(cells)
        medians = _median_km(centers, points)
        leading = int(medians.argmin())
        if medians[leading] < best_km:
            best, best_km = centers[leading], float(medians[leading])
        bounds = medians - EARTH_RADIUS_KM * radii
        hopeful = np.argsort(bounds, kind="stable")[:_WIDEST]
        hopeful = hopeful[bounds[hopeful] < best_km - max(tolerance * best_km, _FLOOR_KM)]
        cells = cell_children(cells[hopeful]).ravel()
    latitude, longitude = from_unit_vectors(best[None])[0].tolist()
    return latitude, longitude


def most_frequent_cell(partition: Partition) -> int:
    """Index of the cell with the most training photos; at a tie the lowest index."""
    return int(partition.photos.argmax())


def _median_km(
    centers: Float[np.ndarray, "m 3"], points: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, " m"]:
    """Median distance from each center to the points, in kilometres; both are unit vectors."""
    middle = sorted({(len(points) - 1) // 2, len(points) // 2})
    medians = np.empty(len(centers))
    step = max(1, _CHUNK // len(points))
    for start in range(0, len(centers), step):
        cosines = centers[start : start + step] @ points.T
        cosines.partition(middle, axis=1)  # descending distances have the same middle
        angles = np.arccos(np.clip(cosines[:, middle], -1.0, 1.0))
        medians[start : start + step] = EARTH_RADIUS_KM * angles.mean(axis=1)
    return medians
