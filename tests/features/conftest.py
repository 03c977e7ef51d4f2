"""A tiny encoder at rest, and photos to read with it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.photos.listing import PhotoList

SIZE = 32
TINY = ModelConfig(backbone="test_resnet", vit="none", weights="none")


@pytest.fixture
def build_encoder() -> Callable[..., Encoder]:
    """Builds an encoder with the same random weights each time, unless another seed is given."""

    def built(config: ModelConfig = TINY, *, seed: int = 0, **spec: object) -> Encoder:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            geolocator = build_geolocator(config, cells=4, image_size=SIZE)
        own = dataclasses.replace(image_spec(config, ImagesConfig(size=SIZE)), **spec)
        return Encoder(geolocator, config, own, torch.device("cpu"), "fp32")

    return built


@pytest.fixture
def files(tmp_path: Path) -> PhotoList:
    """Twenty photos of noise; the eleventh cannot be decoded."""
    rng = np.random.default_rng(5)
    paths = [tmp_path / "photos" / f"{number}.png" for number in range(20)]
    paths[0].parent.mkdir()
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(path)
    paths[10].write_bytes(b"no photo")
    return PhotoList.of_files(paths)


@pytest.fixture
def folder(tmp_path: Path) -> FeatureFolder:
    return FeatureFolder(tmp_path / "features", "float32")
