"""The part of the Earth that a map shows.

A map of a region lies on the Lambert azimuthal equal-area plane about its own centre. Areas are
true on it, and it has no seam at a pole or at the antimeridian.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.geodesy import spherical_mean
from geoguess_cli.geo.projections import AZIMUTHAL_RIM_KM, azimuthal, from_azimuthal

# A region that reaches further than this from its centre is drawn as the whole world.
_MAX_RADIUS_DEG = 80.0
_ROUNDS = 5  # enough for the centre to settle within a pixel, except near a pole


@dataclass(frozen=True)
class Extent:
    """A rectangle of the azimuthal plane about its centre, or the whole world.

    Attributes:
        latitude: Latitude of the centre, in degrees.
        longitude: Longitude of the centre, in degrees, in [-180, 180].
        width_km: Width through the centre; 0 for the world.
        height_km: Height through the centre; 0 for the world.
        world: Whether the map shows the whole Earth.
    """

    latitude: float
    longitude: float
    width_km: float
    height_km: float
    world: bool = False

    @property
    def radius_km(self) -> float:
        """Distance from the centre to a corner, on the plane."""
        return float(np.hypot(self.width_km, self.height_km) / 2)


WORLD = Extent(0.0, 0.0, 0.0, 0.0, world=True)


def fit_extent(
    rings: Float[np.ndarray, "n m 2"],
    weights: Float[np.ndarray, " n"],
    *,
    points: Float[np.ndarray, "p 2"] | None = None,
    mass: float = 1.0,
    aspects: tuple[float, float] = (1.2, 1.6),
    min_width_km: float = 150.0,
    margin: float = 0.06,
) -> Extent:
    """The part of the Earth that holds `mass` of the weight, and all of `points`.

    At most a quarter of the remaining mass lies beyond each of the four sides.

    Args:
        rings: Boundaries of the shapes to show, latitude first, in degrees.
        weights: Weight of each shape, 0 or more; their sum is above 0.
        points: Places that the map must show, latitude first, in degrees.
        mass: Share of the weight to hold, in (0, 1].
        aspects: Least and greatest width over height of the map.
        min_width_km: Least width of the map.
        margin: Free space on each side, as a share of the box.
    """
    points = np.empty((0, 2)) if points is None else points
    counts = weights > 0
    rings, share = rings[counts], weights[counts] / weights.sum()
    tail = (1 - mass) / 4
    try:
        center = spherical_mean(rings.reshape(-1, 2), np.repeat(share, rings.shape[1]))
    except CoordinateError:  # shapes all around the Earth have no middle
        return WORLD
    for _ in range(_ROUNDS):
        low, high = _box(azimuthal(rings, center), share, tail, azimuthal(points, center))
        center = from_azimuthal((low + high) / 2, center)
    # Near a pole the plane turns as its centre moves, and the box never quite settles.
    low, high = _box(azimuthal(rings, center), share, tail, azimuthal(points, center))
    width, height = 2 * np.maximum(-low, high) * (1 + 2 * margin)
    aspect = float(np.clip(width / max(height, 1e-9), *aspects))
    width = max(float(width), float(height) * aspect, min_width_km)
    extent = Extent(float(center[0]), float(center[1]), width, width / aspect)
    limit = AZIMUTHAL_RIM_KM * np.sin(np.radians(_MAX_RADIUS_DEG) / 2)
    return WORLD if extent.radius_km > limit else extent


def _box(
    rings: Float[np.ndarray, "n m 2"],
    share: Float[np.ndarray, " n"],
    tail: float,
    points: Float[np.ndarray, "p 2"],
) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"]]:
    """Lower and upper corner, in km: at most `tail` of the shares reaches beyond each side."""
    lows, highs = rings.min(axis=1), rings.max(axis=1)
    low = np.array([_quantile(lows[:, axis], share, tail) for axis in (0, 1)])
    high = np.array([-_quantile(-highs[:, axis], share, tail) for axis in (0, 1)])
    return np.vstack([low, points]).min(axis=0), np.vstack([high, points]).max(axis=0)


def _quantile(values: Float[np.ndarray, " n"], share: Float[np.ndarray, " n"], q: float) -> float:
    """The greatest value such that the values below it hold at most `q` of the shares."""
    order = np.argsort(values)
    reached = np.cumsum(share[order])
    # Many small shares add up inexactly; this slack makes q = 0 give the least value.
    position = int(np.searchsorted(reached, q + 1e-12))
    return float(values[order[min(position, len(order) - 1)]])
