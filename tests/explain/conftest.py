"""Small partitions with known shapes, and no network."""

import socket

import numpy as np
import pytest

from geoguess_cli.geo.cells import cell_center, face_cells
from geoguess_cli.geo.partition import Partition, build_partition


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an explanation asked for the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _around(places: list[tuple[float, float]], spread: float, count: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    centers = np.array(places)[rng.integers(len(places), size=count)]
    lat, lng = (centers + rng.normal(0, spread, (count, 2))).T
    return np.stack([np.clip(lat, -90, 90), (lng + 180) % 360 - 180], axis=1)


@pytest.fixture(scope="session")
def states() -> Partition:
    """Some dozens of cells around towns of the western United States."""
    towns = [(45.7, -111.0), (35.1, -106.6), (31.0, -97.5), (43.6, -116.2), (39.5, -119.8)]
    return build_partition(_around(towns, 0.8, 3000), max_photos=80, min_photos=15)


@pytest.fixture(scope="session")
def fiji() -> Partition:
    """Cells on both sides of the antimeridian."""
    return build_partition(_around([(-17.5, 180.0)], 1.5, 1500), max_photos=60, min_photos=10)


@pytest.fixture(scope="session")
def pole() -> Partition:
    """Cells around and on the south pole."""
    rng = np.random.default_rng(3)
    lat = -90 + np.abs(rng.normal(0, 6, 2000))
    latlng = np.stack([lat, rng.uniform(-180, 180, 2000)], axis=1)
    return build_partition(latlng, max_photos=90, min_photos=10)


@pytest.fixture(scope="session")
def faces() -> Partition:
    """The six faces: the whole Earth, both poles, the antimeridian."""
    cells = face_cells()
    return Partition(cells, np.arange(30, 90, 10, dtype=np.uint32), cell_center(cells))


def peaked(partition: Partition, place: tuple[float, float], scale_km: float) -> np.ndarray:
    """Probabilities that fall off with the distance from a place."""
    from geoguess_cli.geo.geodesy import great_circle_km

    weight = np.exp(-great_circle_km(np.array([place]), partition.centroids) / scale_km)
    return (weight / weight.sum()).astype(np.float32)


@pytest.fixture(scope="session")
def fall_off():  # type: ignore[no-untyped-def]
    """The function `peaked`, for tests that choose their own place."""
    return peaked


@pytest.fixture(scope="session")
def measured_cpu():  # type: ignore[no-untyped-def]
    """A context whose value tells the CPU seconds spent in it, whatever else the machine does."""
    import time
    from contextlib import contextmanager

    @contextmanager
    def measure():  # type: ignore[no-untyped-def]
        start = time.process_time()
        yield lambda: time.process_time() - start

    return measure


def cielab(rgba: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65, 2°) of sRGB colours in [0, 1]."""
    rgb = np.asarray(rgba)[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (xyz * 24389 / 27 + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@pytest.fixture(scope="session")
def lab():  # type: ignore[no-untyped-def]
    """The function `cielab`, for tests of colours."""
    return cielab
