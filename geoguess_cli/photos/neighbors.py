"""Distances from points to their nearest neighbours on the sphere, by a tree.

The tree holds unit vectors: the neighbour with the shortest chord is also the nearest along the
ground. Neither time nor memory grows with the product of the two lists.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import KDTree

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km, unit_vectors

MAX_REACH_KM = 10_000.0
"""A quarter of the Earth's circumference: up to there chords resolve distances well."""

_ROUNDING_KM = 1e-9
"""A thousandth of a millimetre, which is more than chords and great circles are rounded."""


def nearest_km(
    latlng: Float[np.ndarray, "n 2"], among: Float[np.ndarray, "m 2"]
) -> Float[np.ndarray, " n"]:
    """Great-circle distance from each point to the nearest of the others, in kilometres.

    Args:
        latlng: Points, latitude first, in degrees.
        among: The others likewise; if there are none, every distance is infinite.

    Raises:
        CoordinateError: A latitude or longitude is out of range.

    >>> nearest_km(np.array([[0.0, 179.0]]), np.array([[0.0, 0.0], [0.0, -180.0]])).round(1)
    array([111.2])
    """
    distances = np.full(len(latlng), np.inf)
    if len(among) and len(latlng):
        others = _distinct(among)
        order = _along_the_curve(latlng)
        _, nearest = KDTree(unit_vectors(others)).query(unit_vectors(latlng[order]))
        distances[order] = great_circle_km(latlng[order], others[nearest])
    return distances


def within_km(
    latlng: Float[np.ndarray, "n 2"], others: Float[np.ndarray, "m 2"], reach_km: float
) -> Bool[np.ndarray, " n"]:
    """Whether each point lies at most a distance away from any of the others.

    Rounding never hides a point: every point that is not marked lies farther than `reach_km`.

    Args:
        latlng: Points, latitude first, in degrees.
        others: Points likewise; can be empty.
        reach_km: Great-circle distance in kilometres, 0 to 10,000.

    Raises:
        CoordinateError: A latitude, a longitude or the distance is out of range.

    >>> within_km(np.array([[0.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0]]), 112.0)
    array([ True, False])
    """
    if not 0 <= reach_km <= MAX_REACH_KM:
        raise CoordinateError(
            f"the distance is {reach_km:g} km; it must lie in [0, {MAX_REACH_KM:g}]"
        )
    near = np.zeros(len(latlng), dtype=bool)
    if len(others) and len(latlng):
        chord = 2.0 * np.sin((reach_km + _ROUNDING_KM) / (2.0 * EARTH_RADIUS_KM))
        order = _along_the_curve(latlng)
        # The tree returns an infinite distance if no point lies below the bound.
        chords, _ = KDTree(unit_vectors(_distinct(others))).query(
            unit_vectors(latlng[order]), distance_upper_bound=chord
        )
        near[order] = np.isfinite(chords)
    return near


def _along_the_curve(latlng: np.ndarray) -> np.ndarray:
    """Rows in the order of S2's curve: near points visit the same nodes, in a third of the time."""
    return np.argsort(latlng_to_cell(latlng))


def _distinct(latlng: np.ndarray) -> np.ndarray:
    """The points without repeats, which a tree cannot divide and would search one by one."""
    return latlng[np.unique(latlng[:, 0] + 1j * latlng[:, 1], return_index=True)[1]]
