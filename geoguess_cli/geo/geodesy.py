"""Points on the sphere: distances, directions, means.

A list of points is a float64 array `latlng` of shape `(n, 2)`: latitude, then longitude, in
degrees. The Earth is a sphere with the mean radius of the IUGG.
"""

import numpy as np
from jaxtyping import Float

from geoguess_cli.errors import CoordinateError

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the GRS 80 ellipsoid (Moritz, Journal of Geodesy 74, 2000)."""

_DEGREE = np.pi / 180.0


def check_latlng(latlng: Float[np.ndarray, "n 2"]) -> None:
    """Raise CoordinateError unless every latitude and longitude is in range.

    Args:
        latlng: Points, latitude first, in degrees.

    Raises:
        CoordinateError: A latitude is outside [-90, 90], a longitude is outside [-180, 360], or one
            is NaN; the message names the first such row, counted from 0.
    """
    for column, name, low, high in ((0, "latitude", -90, 90), (1, "longitude", -180, 360)):
        values = latlng[:, column]
        good = (values >= low) & (values <= high)  # False for NaN
        if not good.all():
            row = int(np.argmin(good))
            raise CoordinateError(
                f"row {row}: {name} is {values[row]:g}; it must lie in [{low}, {high}]"
            )


def great_circle_km(
    a: Float[np.ndarray, "#n 2"], b: Float[np.ndarray, "#n 2"]
) -> Float[np.ndarray, " n"]:
    """Great-circle distance between paired points, in kilometres.

    Args:
        a: Points, latitude first, in degrees; a single row pairs with every row of `b`.
        b: Points likewise.

    The formula is Vincenty's on a sphere, with its difference of products rewritten by half angles.
    It keeps its digits both for points that coincide and for antipodes.

    >>> great_circle_km(np.array([[0.0, 0.0]]), np.array([[0.0, 180.0], [90.0, 0.0]])).round(1)
    array([20015.1, 10007.6])
    """
    lat_a, lat_b = a[:, 0] * _DEGREE, b[:, 0] * _DEGREE
    turn = (b[:, 1] - a[:, 1]) * _DEGREE
    east = np.cos(lat_b) * np.sin(turn)
    bend = 2.0 * np.cos(lat_b) * np.sin(turn / 2.0) ** 2
    north = np.sin(lat_b - lat_a) + bend * np.sin(lat_a)
    along = np.cos(lat_b - lat_a) - bend * np.cos(lat_a)
    return np.asarray(EARTH_RADIUS_KM * np.arctan2(np.hypot(east, north), along))


def bearing_deg(
    a: Float[np.ndarray, "#n 2"], b: Float[np.ndarray, "#n 2"]
) -> Float[np.ndarray, " n"]:
    """Initial bearing from `a` to `b`, in degrees clockwise from north, in [0, 360).

    Args:
        a: Points, latitude first, in degrees; a single row pairs with every row of `b`.
        b: Points likewise.

    >>> bearing_deg(np.array([[0.0, 0.0]]), np.array([[0.0, 10.0], [-5.0, 0.0]]))
    array([ 90., 180.])
    """
    lat_a, lat_b = a[:, 0] * _DEGREE, b[:, 0] * _DEGREE
    turn = (b[:, 1] - a[:, 1]) * _DEGREE
    east = np.cos(lat_b) * np.sin(turn)
    north = np.sin(lat_b - lat_a) + 2.0 * np.sin(lat_a) * np.cos(lat_b) * np.sin(turn / 2.0) ** 2
    bearing = np.arctan2(east, north) / _DEGREE % 360.0
    return np.where(bearing == 360.0, 0.0, bearing)  # a tiny negative angle rounds up to 360


def unit_vectors(latlng: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
    """Points as unit vectors: x towards (0, 0), y towards (0, 90° E), z towards the north pole.

    >>> unit_vectors(np.array([[90.0, 0.0]])).round(6) + 0.0
    array([[0., 0., 1.]])
    """
    lat, lng = latlng[:, 0] * _DEGREE, latlng[:, 1] * _DEGREE
    flat = np.cos(lat)
    return np.stack([np.cos(lng) * flat, np.sin(lng) * flat, np.sin(lat)], axis=1)


def from_unit_vectors(xyz: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
    """Directions of vectors longer than 0: latitude and longitude in [-180, 180], in degrees.

    >>> from_unit_vectors(np.array([[0.0, 2.0, 0.0]]))
    array([[ 0., 90.]])
    """
    x, y, z = xyz[:, 0], xyz[:, 1], xyz[:, 2]
    return np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=1) / _DEGREE


def great_circle_points(
    a: Float[np.ndarray, "n 2"], b: Float[np.ndarray, "n 2"], count: int
) -> Float[np.ndarray, "n k 2"]:
    """Evenly spaced points on the great circle from each `a` to its `b`, in degrees.

    Args:
        a: Points, latitude first, in degrees.
        b: Points likewise, not antipodes of those of `a`.
        count: Number of points on each arc, both ends included; at least 2.

    >>> great_circle_points(np.array([[0.0, 170.0]]), np.array([[0.0, -170.0]]), 3).round(6)[0, 1]
    array([  0., 180.])
    """
    part = np.linspace(0.0, 1.0, count)[None, :, None]
    start, end = unit_vectors(a)[:, None], unit_vectors(b)[:, None]
    angle = np.arccos(np.clip((start * end).sum(axis=2, keepdims=True), -1.0, 1.0))
    # Spherical linear interpolation. Points so close that the sines vanish get a chord instead.
    near = angle < 1e-6
    first = np.where(near, 1.0 - part, np.sin((1.0 - part) * angle))
    last = np.where(near, part, np.sin(part * angle))
    line = first * start + last * end
    return from_unit_vectors(line.reshape(-1, 3)).reshape(len(a), count, 2)


def spherical_mean(
    latlng: Float[np.ndarray, "n 2"], weights: Float[np.ndarray, " n"] | None = None
) -> Float[np.ndarray, "2"]:
    """The direction of the (weighted) sum of unit vectors: latitude and longitude, in degrees.

    Args:
        latlng: Points, latitude first, in degrees; at least one.
        weights: Weight of each point, 0 or more; None gives all points the same weight.

    Raises:
        CoordinateError: There is no point, or the points cancel out, as antipodes do.

    >>> spherical_mean(np.array([[0.0, 170.0], [0.0, -170.0]]))
    array([  0., 180.])
    """
    xyz = unit_vectors(latlng)
    total = xyz.sum(axis=0) if weights is None else weights @ xyz
    mass = len(xyz) if weights is None else weights.sum()
    if not np.linalg.norm(total) > 1e-12 * mass:
        raise CoordinateError(
            f"the mean of {len(xyz)} points is undefined: they cancel out around the Earth's center"
        )
    return np.asarray(from_unit_vectors(total[None])[0])
