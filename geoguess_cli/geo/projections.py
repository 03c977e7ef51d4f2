"""Two equal-area projections of the sphere to a plane in kilometres, and their inverses."""

from typing import Any

import numpy as np
from jaxtyping import Float

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM

AZIMUTHAL_RIM_KM = 2 * EARTH_RADIUS_KM
"""Radius of the whole Earth on the azimuthal plane, a disc whose rim is the antipode."""

# Šavrič, Patterson and Jenny, The Equal Earth map projection, IJGIS 33 (2019), equations 7 to 10.
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = np.sqrt(3.0) / 2.0


def azimuthal(
    latlng: Float[np.ndarray, "*n 2"], center: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "*n 2"]:
    """Kilometres east and north of a centre on Lambert's azimuthal equal-area plane.

    Snyder, Map Projections: A Working Manual (1987), 24-2 to 24-4. The only seam of the plane is
    the antipode of its centre.

    Args:
        latlng: Places, latitude first, in degrees.
        center: Latitude and longitude of the plane's centre, in degrees.

    >>> azimuthal(np.array([[0.0, 90.0], [0.0, 0.0]]), np.zeros(2)).round(1)
    array([[9010.,    0.],
           [   0.,    0.]])
    """
    lat, turn = np.radians(latlng[..., 0]), np.radians(latlng[..., 1] - center[1])
    lat0 = np.radians(center[0])
    cosine = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(turn)
    scale = EARTH_RADIUS_KM * np.sqrt(2 / np.maximum(1 + cosine, 1e-9))  # the antipode is a circle
    east = np.cos(lat) * np.sin(turn)
    north = np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(turn)
    return np.stack([scale * east, scale * north], axis=-1)


def from_azimuthal(
    xy: Float[np.ndarray, "*n 2"], center: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "*n 2"]:
    """The places at points of the azimuthal plane: latitude, longitude, in degrees.

    Snyder, Map Projections: A Working Manual (1987), 20-14 to 20-18.

    Args:
        xy: Kilometres east and north of the centre.
        center: Latitude and longitude of the plane's centre, in degrees.
    """
    x, y = xy[..., 0], xy[..., 1]
    rho = np.hypot(x, y)
    angle = 2 * np.arcsin(np.minimum(rho / AZIMUTHAL_RIM_KM, 1.0))
    # Towards the centre, sin(angle) / rho goes to 1 / R.
    stretch = np.sin(angle) / np.where(rho == 0, 1.0, rho)
    lat0 = np.radians(center[0])
    sine = np.cos(angle) * np.sin(lat0) + y * stretch * np.cos(lat0)
    east, north = x * stretch, np.cos(lat0) * np.cos(angle) - y * stretch * np.sin(lat0)
    longitude = center[1] + np.degrees(np.arctan2(east, north))
    latitude = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
    return np.stack([latitude, (longitude + 180) % 360 - 180], axis=-1)


def equal_earth(latlng: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Kilometres east and north of (0, 0) in the Equal Earth projection, which suits world maps.

    Args:
        latlng: Places, latitude first, longitude in [-180, 180], in degrees.

    >>> equal_earth(np.array([[90.0, 0.0], [0.0, 180.0]])).round(0) + 0.0
    array([[    0.,  8393.],
           [17244.,     0.]])
    """
    lat, lng = np.radians(latlng[..., 0]), np.radians(latlng[..., 1])
    theta = np.arcsin(_M * np.sin(lat))
    height, slope = _height_and_slope(theta)
    x = lng * np.cos(theta) / (_M * slope)
    return EARTH_RADIUS_KM * np.stack([x, height], axis=-1)


def from_equal_earth(xy: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """The places at points of the Equal Earth plane: latitude, longitude, in degrees; NaN off it.

    Args:
        xy: Kilometres east and north of (0, 0).
    """
    x, y = xy[..., 0] / EARTH_RADIUS_KM, xy[..., 1] / EARTH_RADIUS_KM
    theta = y / _A[0]
    # Newton: the polynomial is nearly linear, so eight steps reach full precision.
    for _ in range(8):
        height, slope = _height_and_slope(theta)
        theta = np.clip(theta - (height - y) / slope, -np.pi / 2, np.pi / 2)
    _, slope = _height_and_slope(theta)
    sine = np.sin(theta) / _M
    longitude = np.degrees(x * _M * slope / np.cos(theta))
    inside = (np.abs(sine) <= 1) & (np.abs(longitude) <= 180)
    latitude = np.degrees(np.arcsin(np.where(inside, sine, 0.0)))
    return np.where(inside[..., None], np.stack([latitude, longitude], axis=-1), np.nan)


def _height_and_slope(theta: Any) -> tuple[Any, Any]:
    """The polynomial of the Equal Earth projection, which is its y, and its derivative."""
    a, b, c, d = _A
    square, sixth = theta**2, theta**6
    height = theta * (a + b * square + sixth * (c + d * square))
    return height, a + 3 * b * square + sixth * (7 * c + 9 * d * square)
