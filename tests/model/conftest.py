"""A geolocator small enough for every test, and the world it answers about."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.geolocator import Geolocator, build_geolocator, image_spec

SIZE = 64
TINY = ModelConfig(backbone="test_resnet", vit="test_vit", vit_blocks=2, grid=4, weights="none")


@pytest.fixture
def tiny() -> ModelConfig:
    """timm's smallest CNN and ViT."""
    return TINY


@pytest.fixture
def size() -> int:
    """Side of the photos in pixels."""
    return SIZE


@pytest.fixture
def photos() -> torch.Tensor:
    """Two photos of noise, as the backbone expects them."""
    return torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def partition() -> Partition:
    """Four cells, one at each of four towns."""
    towns = [(46.6, -112.0), (30.3, -97.7), (44.9, -123.0), (43.6, -116.2)]
    return build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)


@pytest.fixture
def build() -> Callable[..., Geolocator]:
    """Builds a geolocator with the same random weights each time."""

    def built(config: ModelConfig = TINY, *, cells: int = 4, seed: int = 0) -> Geolocator:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build_geolocator(config, cells=cells, image_size=SIZE)

    return built


@pytest.fixture
def trained(build: Callable[..., Geolocator], partition: Partition) -> TrainedModel:
    """A model with figures, ready to save."""
    return TrainedModel(
        geolocator=build(),
        partition=partition,
        config=TINY,
        spec=image_spec(TINY, ImagesConfig(size=SIZE)),
        metrics={"photos": {"train": 20, "val": 5}, "validation": {"loss": 1.25, "top_1": 0.5}},
    )


@pytest.fixture
def folder(tmp_path: Path, trained: TrainedModel) -> Path:
    """The folder of the tiny model."""
    save_model(tmp_path / "model", trained)
    return tmp_path / "model"
