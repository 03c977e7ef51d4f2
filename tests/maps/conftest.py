"""Small partitions with known shapes."""

from collections.abc import Callable

import numpy as np
import pytest

from geoguess_cli.geo.cells import cell_center, face_cells
from geoguess_cli.geo.partition import Partition, build_partition


@pytest.fixture(autouse=True)
def _no_trace(leaves_no_trace: None) -> None:
    """Every test of this room checks it."""


@pytest.fixture(scope="session")
def fiji(photos_around: Callable[..., np.ndarray]) -> Partition:
    """Cells on both sides of the antimeridian."""
    return build_partition(photos_around([(-17.5, 180.0)], 1.5, 1500), max_photos=60, min_photos=10)


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
    """A context whose value tells the CPU seconds spent in it, as a steady machine would take.

    Other programs can halve the speed of a processor. So a loop that takes 0.025 s on the machine
    of the limits is timed before and after, and its slowness is taken off.
    """
    import time
    from contextlib import contextmanager

    def loop() -> float:
        start = time.process_time()
        for _ in range(1_000_000):
            pass
        return time.process_time() - start

    @contextmanager
    def measure():  # type: ignore[no-untyped-def]
        before, start = loop(), time.process_time()

        def steady() -> float:
            spent = time.process_time() - start
            return spent / max(1.0, (before + loop()) / 2 / 0.025)

        yield steady

    return measure
