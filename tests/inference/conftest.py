"""A world of four cells, each with all its photos at one town; a predictor with known logits."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.estimates import Method
from geoguess_cli.inference.predictor import Outputs
from geoguess_cli.photos.table import PhotoTable

TOWNS = {
    "Helena": (46.5891, -112.0391),
    "Austin": (30.2672, -97.7431),
    "Salem": (44.9429, -123.0351),
    "Boise": (43.6150, -116.2023),
}


class FakePredictor:
    """Answers the photo at each row with the logits of that row; rows in `failures` with none."""

    def __init__(
        self,
        partition: Partition,
        logits: np.ndarray,
        failures: dict[int, str] | None = None,
        *,
        temperature: float = 1.0,
        point: Method = "centroid",
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
