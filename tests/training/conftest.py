"""A world of four colours: each town's photos share one, so that a tiny model can learn it."""

import dataclasses
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from geoguess_cli.config import Config, ImagesConfig, ModelConfig, StageConfig, TrainConfig
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.geolocator import Geolocator, build_geolocator
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.photos import TrainingPhotos, training_photos

SIZE = 32
COLORS = np.array([(200, 40, 40), (40, 200, 40), (40, 40, 200), (190, 190, 40)])
NOWHERE = (0.0, 0.0)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, partition: Partition) -> PhotoTable:
    """26 photos to learn from, two of them in no cell, and 10 to validate, two likewise."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    rows = []
    for split, per_cell in (("train", 6), ("val", 2)):
        cells = [*np.repeat(np.arange(4), per_cell).tolist(), -1, -1]
        for row, cell in enumerate(cells):
            noise = rng.integers(-40, 41, (SIZE + 8, SIZE + 8, 3))
            pixels = np.clip(COLORS[cell] + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{split}-{row}.png")
            latitude, longitude = NOWHERE if cell < 0 else partition.centroids[cell]
            rows.append((f"{split}-{row}.png", latitude, longitude, split))
    return PhotoTable(
        pl.DataFrame(rows, schema=["photo", "latitude", "longitude", "split"], orient="row"), folder
    )


@pytest.fixture
def sets(table: PhotoTable, partition: Partition) -> tuple[TrainingPhotos, TrainingPhotos]:
    """The photos of the splits train and val."""
    train, val = (training_photos(table.only(split), partition) for split in ("train", "val"))
    return train, val


@pytest.fixture
def config() -> Config:
    """Two stages of two epochs with all kinds of randomness, on one tiny model."""
    return Config(
        seed=5,
        device="cpu",
        precision="fp32",
        workers=0,
        images=ImagesConfig(size=SIZE),
        model=ModelConfig(
            backbone="test_resnet",
            vit="test_vit",
            vit_blocks=1,
            grid=2,
            dropout=0.3,
            weights="none",
        ),
        train=TrainConfig(
            batch_size=8,
            stages=(
                StageConfig("heads", epochs=2, learning_rate=3e-3, freeze=("backbone", "vit")),
                StageConfig("everything", epochs=2, learning_rate=1e-3),
            ),
        ),
    )


@pytest.fixture
def build(config: Config) -> Callable[..., Geolocator]:
    """Builds the tiny model, with the same random weights for the same seed."""

    def built(seed: int = 0, **changes: object) -> Geolocator:
        model = dataclasses.replace(config.model, **changes)  # type: ignore[arg-type]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build_geolocator(model, cells=4, image_size=SIZE)

    return built
