"""A small calibrated model as a folder and as the ONNX file that was exported from it."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.exporting import Exported, export_onnx
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.geolocator import build_geolocator, image_spec

SIZE = 64
HYBRID = ModelConfig(backbone="test_resnet", vit="test_vit", vit_blocks=2, grid=3, weights="none")
"""Its backbone gives a map of 2 × 2, which no pooling of ONNX turns into 3 × 3."""


def random_model(
    config: ModelConfig, partition: Partition, *, seed: int = 0, size: int = SIZE, **images: Any
) -> TrainedModel:
    """A model of random weights; its head is scaled so that answers differ from photo to photo."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        geolocator = build_geolocator(config, cells=len(partition), image_size=size)
        colors = torch.randn(32, 3, 1, 1).expand(-1, -1, size, size)
        with torch.no_grad():
            logits = geolocator.eval()(colors + torch.randn(32, 3, size, size))
            scale, last = 2.0 / logits.std(dim=0), geolocator.head.get_submodule("linear")
            last.weight.mul_(scale[:, None])
            last.bias.sub_(logits.mean(dim=0)).mul_(scale)
    spec = image_spec(config, ImagesConfig(size=size, **images))
    return TrainedModel(geolocator, partition, config, spec)


def calibrated(trained: TrainedModel) -> TrainedModel:
    """The model with a decision, with metrics, and with what it knows of training photos."""
    width = trained.geolocator.pooled_width
    pooled = np.random.default_rng(4).normal(0, 1, (200, width)).astype(np.float32)
    familiarity = Familiarity.of(pooled)
    return dataclasses.replace(
        trained,
        decision=Decision(temperature=1.7, point="cluster", redundancy=0.25),
        familiarity=familiarity.judged(familiarity.distances_of(pooled[:50]), "val"),
        metrics={"groups": {"redundancy": 0.25}, "photos": {"train": 20}},
        licence="Keep this notice.",
    )


@dataclass(frozen=True)
class Exchange:
    """A model, its folder, its file, and what the export said."""

    trained: TrainedModel
    folder: Path
    file: Path
    exported: Exported


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A hybrid of four cells; tests only read it."""
    towns = [(46.6, -112.0), (30.3, -97.7), (44.9, -123.0), (43.6, -116.2)]
    partition = build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)
    home = tmp_path_factory.mktemp("exchange")
    trained = calibrated(random_model(HYBRID, partition))
    save_model(home / "model", trained)
    exported = export_onnx(trained, home / "model.onnx")
    return Exchange(trained, home / "model", home / "model.onnx", exported)
