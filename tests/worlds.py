"""A world of four cells, each with all its photos at one town; a predictor with known logits."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geoguess_cli.choices import PointMethod
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.photos.table import PhotoTable

TOWNS = {
    "Helena": (46.5891, -112.0391),
    "Austin": (30.2672, -97.7431),
    "Salem": (44.9429, -123.0351),
    "Boise": (43.6150, -116.2023),
}


class FakePredictor:
    """Answers the photo at each row with the logits of that row; rows in `failures` with none."""

    familiarity = memory = None

    def __init__(
        self,
        partition: Partition,
        logits: np.ndarray,
        failures: dict[int, str] | None = None,
        *,
        temperature: float = 1.0,
        point: PointMethod = "centroid",
    ) -> None:
        self.partition, self.temperature, self.point = partition, temperature, point
        self._logits = logits.astype(np.float32)
        self._failures = failures or {}

    def outputs(self, paths: Sequence[Path], *, batch_size: int, workers: int) -> Iterator[Outputs]:
        assert workers == 0
        for start in range(0, len(paths), batch_size):
            rows = range(start, min(start + batch_size, len(paths)))
            good = np.array([row for row in rows if row not in self._failures], dtype=np.int64)
            bad = [(row, self._failures[row]) for row in rows if row in self._failures]
            yield Outputs(good, self._logits[good], bad)

    def identity(self) -> dict[str, Any]:
        return {
            "backbone": "a-cnn",
            "vit": "a-vit",
            "image_size": 64,
            "cells": len(self.partition),
            "parameters": 12345,
            "device": "cpu",
            "precision": "fp32",
            "fingerprint": "0123456789abcdef",
        }


@pytest.fixture(scope="session")
def towns() -> dict[str, tuple[float, float]]:
    """Latitude and longitude of each town, in degrees."""
    return TOWNS


@pytest.fixture(scope="session")
def partition() -> Partition:
    """Four cells whose centroids are the towns; Helena's has the most training photos."""
    latlng = np.repeat(list(TOWNS.values()), [6, 5, 5, 5], axis=0)
    built = build_partition(latlng, max_photos=6, min_photos=5)
    assert len(built) == 4
    return built


@pytest.fixture(scope="session")
def cell_of(partition: Partition) -> dict[str, int]:
    """Cell index of each town."""
    indices = partition.assign(np.array(list(TOWNS.values()))).tolist()
    assert sorted(indices) == [0, 1, 2, 3]
    return dict(zip(TOWNS, indices, strict=True))


@pytest.fixture
def predictor_of(partition: Partition) -> Callable[..., FakePredictor]:
    """A predictor that gives these logits, and cannot read the photos at these rows."""
    return partial(FakePredictor, partition)


@pytest.fixture
def table_of() -> Callable[..., PhotoTable]:
    """A table of photos (that are not there) at these places, with further columns by name."""

    def made(places: Sequence[tuple[float, float]], **columns: list[str | None]) -> PhotoTable:
        latlng = np.array(places, dtype=np.float64).reshape(-1, 2)
        frame = pl.DataFrame(
            {
                "photo": pl.Series([f"{row}.jpg" for row in range(len(latlng))], dtype=pl.String),
                "latitude": latlng[:, 0],
                "longitude": latlng[:, 1],
                **columns,
            }
        )
        return PhotoTable(frame, Path("photos"))

    return made


def around(places: list[tuple[float, float]], spread: float, count: int) -> np.ndarray:
    """Photos scattered around these places, in degrees."""
    rng = np.random.default_rng(7)
    centers = np.array(places)[rng.integers(len(places), size=count)]
    lat, lng = (centers + rng.normal(0, spread, (count, 2))).T
    return np.stack([np.clip(lat, -90, 90), (lng + 180) % 360 - 180], axis=1)


@pytest.fixture(scope="session")
def states() -> Partition:
    """Some dozens of cells around towns of the western United States."""
    towns = [(45.7, -111.0), (35.1, -106.6), (31.0, -97.5), (43.6, -116.2), (39.5, -119.8)]
    return build_partition(around(towns, 0.8, 3000), max_photos=80, min_photos=15)


@pytest.fixture(scope="session")
def photos_around() -> Any:
    """The function `around`, for partitions of other places."""
    return around


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
def as_lab():  # type: ignore[no-untyped-def]
    """The function `cielab`, for tests of colours."""
    return cielab
