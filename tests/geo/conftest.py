"""Points that are hard for a projection on a cube, and a partition of a made-up world."""

import math

import numpy as np
import pytest

from geoguess_cli.geo.partition import Partition, build_partition


def uniform_points(count: int, seed: int = 0) -> np.ndarray:
    """Points spread evenly over the sphere."""
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    return np.stack([lat, rng.uniform(-180, 180, count)], axis=1)


@pytest.fixture(scope="session")
def everywhere() -> np.ndarray:
    """200,000 points spread evenly over the sphere."""
    return uniform_points(200_000)


@pytest.fixture(scope="session")
def awkward() -> np.ndarray:
    """Poles, the antimeridian, face edges and corners, and their nearest neighbours."""
    lat, lng = np.meshgrid(np.arange(-90, 90.1, 2.5), np.arange(-180, 360.1, 7.5), indexing="ij")
    points = np.stack([lat.ravel(), lng.ravel()], axis=1).tolist()
    for meridian in (-180.0, -135.0, -90.0, -45.0, 0.0, 45.0, 90.0, 135.0, 180.0, 270.0):
        for near in (meridian, np.nextafter(meridian, 0.1), meridian * (1 - 1e-7)):
            points += [[latitude, float(near)] for latitude in np.arange(-90, 90.1, 1.25)]
    for longitude in np.arange(-180, 180, 0.5):
        # Upper and lower edges of the side faces: z equals the larger of x and y.
        edge = math.degrees(math.atan(math.cos(math.radians((longitude + 45) % 90 - 45))))
        for latitude in (edge, np.nextafter(edge, 0), np.nextafter(edge, 90)):
            points += [[latitude, longitude], [-latitude, longitude]]
    for tiny in (1e-300, 1e-17, 1e-9, 89.9999999999999):
        points += [[tiny, 0], [-tiny, 180], [0, tiny], [tiny, -180], [-tiny, tiny]]
    return np.array(points, dtype=np.float64)


@pytest.fixture(scope="session")
def towns() -> np.ndarray:
    """3,000 points around 40 places, as photos are."""
    rng = np.random.default_rng(3)
    places = uniform_points(40, seed=4) * [0.8, 1.0]
    scatter = rng.normal(size=(3000, 2)) * rng.exponential(1.0, size=(3000, 1))
    points = places[rng.integers(40, size=3000)] + scatter
    return np.stack([points[:, 0].clip(-90, 90), (points[:, 1] + 180) % 360 - 180], axis=1)


@pytest.fixture(scope="session")
def partition(towns: np.ndarray) -> Partition:
    """Cells of every size, with gaps between them."""
    return build_partition(towns, max_photos=60, min_photos=15)
