"""What is exported answers as its model; what does not is not left behind."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from answer_worlds import write_noise
from onnx_worlds import Exchange, calibrated, random_model
from torch import nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ModelError, OutputError, PhotoError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.exporting import TOLERANCE, export_onnx, random_pictures
from geoguess_cli.model.decision import Decision


def test_an_export_says_how_near_it_comes(exchange: Exchange) -> None:
    exported = exchange.exported
    assert exported.size == exchange.file.stat().st_size
    assert exported.pictures == len(random_pictures(0))
    assert 0 <= exported.difference <= TOLERANCE


@pytest.mark.parametrize(
    "architecture",
    [
        {"vit": "none", "head": "mlp"},
        {"vit": "none", "backbone": "test_vit"},
        {"vit": "none", "backbone": "test_convnext"},
        {"vit": "none", "backbone": "test_efficientnet", "head": "mlp"},
        {"backbone_stages": (-1, -3), "grid": 5},
        {"backbone": "test_convnext", "grid": 2, "position_embedding": False, "final_norm": False},
    ],
    ids=str,
)
def test_every_kind_of_encoder_and_head_is_exported(
    architecture: dict[str, object], partition: Partition, tmp_path: Path
) -> None:
    base = {"backbone": "test_resnet", "vit": "test_vit", "weights": "none"}
    config = ModelConfig(**{**base, **architecture})  # type: ignore[arg-type]
    trained = calibrated(random_model(config, partition))
    assert export_onnx(trained, tmp_path / "model.onnx").difference <= TOLERANCE


def test_photos_count_in_the_comparison_too(exchange: Exchange, tmp_path: Path) -> None:
    photos = write_noise(tmp_path / "photos")
    good = [photo for photo in photos if photo != photos[3]]
    exported = export_onnx(exchange.trained, tmp_path / "model.onnx", photos=good[:3])
    assert exported.pictures == len(random_pictures(0)) + 3
    with pytest.raises(PhotoError):
        export_onnx(exchange.trained, tmp_path / "other.onnx", photos=photos[3:4])
    assert not (tmp_path / "other.onnx").exists()


class Counted(nn.Module):
    """Adds the number of photos, which a traced graph takes for a constant."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone(images) * float(int(images.shape[0]))


def test_a_file_that_answers_otherwise_is_refused(partition: Partition, tmp_path: Path) -> None:
    config = ModelConfig(backbone="test_resnet", vit="none", weights="none")
    trained = random_model(config, partition)
    trained.geolocator.backbone = Counted(trained.geolocator.backbone)
    path = tmp_path / "model.onnx"
    path.write_text("an earlier file")
    with pytest.raises(ModelError, match=r"answers otherwise than its model.*is not written"):
        export_onnx(trained, path)
    assert path.read_text() == "an earlier file"
    assert list(tmp_path.iterdir()) == [path]


def test_the_ending_is_that_of_onnx(exchange: Exchange, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"written as \.onnx"):
        export_onnx(exchange.trained, tmp_path / "model.pt")


def test_a_method_that_needs_training_photos_is_not_exported(
    exchange: Exchange, tmp_path: Path
) -> None:
    decided = dataclasses.replace(exchange.trained, decision=Decision(point="neighbours"))
    with pytest.raises(ModelError, match=r"`neighbours` needs .*calibrate -o OTHER"):
        export_onnx(decided, tmp_path / "model.onnx")


def test_random_pictures_differ_and_are_the_same_each_time() -> None:
    pictures = random_pictures(3)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    for one, other in zip(pictures, random_pictures(3), strict=True):
        np.testing.assert_array_equal(one, other)
