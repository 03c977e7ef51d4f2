"""From the Earth to a plane and back, on the sphere, in kilometres. Both planes keep areas true."""

import numpy as np
from jaxtyping import Float

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM

AZIMUTHAL_RIM_KM = 2 * EARTH_RADIUS_KM
"""Radius of the disc that is the whole Earth on the azimuthal plane; its rim is the antipode."""

# Šavrič, Patterson and Jenny, The Equal Earth map projection, IJGIS 33 (2019), equations 7 to 10.
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = np.sqrt(3.0) / 2.0


def azimuthal(
    latlng: Float[np.ndarray, "*n 2"], center: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "*n 2"]:
    """Kilometres east and north of a centre on Lambert's azimuthal equal-area plane.

    After Snyder, Map Projections: A Working Manual (1987), 24-2 to 24-4. The plane has no seam but
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
    xy: Float[np.ndarray, "2"], center: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "2"]:
    """The place at a point of the azimuthal plane: latitude, longitude, degrees (Snyder, 20-14…).

    Args:
        xy: Kilometres east and north of the centre.
        center: Latitude and longitude of the plane's centre, in degrees.
    """
    x, y = xy
    rho = np.hypot(x, y)
    if rho == 0:
        return center
    angle = 2 * np.arcsin(min(rho / AZIMUTHAL_RIM_KM, 1.0))
    lat0 = np.radians(center[0])
    lat = np.arcsin(
        np.clip(np.cos(angle) * np.sin(lat0) + y * np.sin(angle) * np.cos(lat0) / rho, -1, 1)
    )
    east = x * np.sin(angle)
    north = rho * np.cos(lat0) * np.cos(angle) - y * np.sin(lat0) * np.sin(angle)
    longitude = center[1] + np.degrees(np.arctan2(east, north))
    return np.array([np.degrees(lat), (longitude + 180) % 360 - 180])


def equal_earth(latlng: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Kilometres east and north of (0, 0) in the Equal Earth projection, for maps of the world.

    Args:
        latlng: Places, latitude first, longitude in [-180, 180], in degrees.

    >>> equal_earth(np.array([[90.0, 0.0], [0.0, 180.0]])).round(0) + 0.0
    array([[    0.,  8393.],
           [17244.,     0.]])
    """
    lat, lng = np.radians(latlng[..., 0]), np.radians(latlng[..., 1])
    theta = np.arcsin(_M * np.sin(lat))
    square, sixth = theta**2, theta**6
    a, b, c, d = _A
    slope = a + 3 * b * square + sixth * (7 * c + 9 * d * square)
    x = lng * np.cos(theta) / (_M * slope)
    y = theta * (a + b * square + sixth * (c + d * square))
    return EARTH_RADIUS_KM * np.stack([x, y], axis=-1)
