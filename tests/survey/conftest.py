"""A survey of a model that is known to read a bright object, which one drive of five has."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.survey.report import SurveyReport
from geoguess_cli.survey.scan import ScanPlan
from geoguess_cli.survey.scan_store import ScanStore
from geoguess_cli.survey.survey import Survey, SurveyedPhotos, survey

SIDE = 32
PLAN = ScanPlan(window=8, stride=8)
DRIVES = np.repeat(np.arange(5), 3)
MODEL = {"fingerprint": "abc", "backbone": "none", "vit": "none", "image_size": SIDE, "cells": 2}


def read(path: Path) -> np.ndarray:
    """Black is 0, white is 1."""
    try:
        pixels = np.asarray(Image.open(path), dtype=np.float32) / 255
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read") from error
    return pixels.transpose(2, 0, 1)


def reads_patch(images: np.ndarray) -> np.ndarray:
    """Cell 1 by the patch of rows 24 to 32, columns 8 to 16."""
    second = 0.05 + 0.9 * images[:, :, 24:32, 8:16].mean(axis=(1, 2, 3)).clip(0, 1)
    return np.stack([1 - second, second], axis=1)


@pytest.fixture
def known(tmp_path: Path) -> SurveyedPhotos:
    """Five drives of three photos; in the first a bright object lies where the model looks."""
    rng = np.random.default_rng(5)
    paths = []
    for row, drive in enumerate(DRIVES):
        pixels = rng.integers(0, 25, (SIDE, SIDE, 3), dtype=np.uint8)
        if drive == 0:
            pixels[24:32, 8:16] += 220
        paths.append(tmp_path / f"{row}.png")
        Image.fromarray(pixels).save(paths[-1])
    return SurveyedPhotos(
        files=paths,
        names=[path.name for path in paths],
        sequences=[f"drive-{drive}" for drive in DRIVES],
        drives=DRIVES,
        cells=np.array([1] * 9 + [0] * 6),
        latlng=np.stack([np.linspace(30, 45, 15), np.linspace(-110, -95, 15)], axis=1),
    )


@pytest.fixture
def surveyed(known: SurveyedPhotos, tmp_path: Path) -> Callable[..., Survey]:
    """Surveys the photos of some rows: `surveyed([0, 1, 2])`."""

    def run(rows: Sequence[int], **hooks: Any) -> Survey:
        with ScanStore(tmp_path / "scans", PLAN.key(MODEL)) as store:
            where = (np.array(rows), PLAN, store)
            return survey(reads_patch, read, known, *where, size=SIDE, **hooks)

    return run


@pytest.fixture(scope="session")
def two_cells() -> Partition:
    """A partition with two cells."""
    towns = np.array([(45.7, -111.0), (31.0, -97.5)])
    return build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)


@pytest.fixture
def reported(
    surveyed: Callable[..., Survey], two_cells: Partition
) -> Callable[[Sequence[int]], SurveyReport]:
    """The report of a survey of some rows: `reported([0, 1, 2])`."""
    spec = ImageSpec(size=SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return lambda rows: SurveyReport(surveyed(rows), "test", MODEL, two_cells, spec)
