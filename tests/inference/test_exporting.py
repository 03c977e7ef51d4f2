"""What is exported answers as its model; what does not is not left behind."""

import copy
import dataclasses
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
import pytest
import torch
from adopted_worlds import TinyGeoClip
from answer_worlds import write_noise
from onnx_worlds import Exchange, calibrated, random_model
from PIL import Image
from torch import nn

from geoguess_cli.adoption.adopting import adopt, plan_adoption
from geoguess_cli.choices import Resize
from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ModelError, OutputError, PhotoError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.exporting import TOLERANCE, export_onnx, random_pictures
from geoguess_cli.inference.onnx_predictor import OnnxPredictor
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.memory import Memory
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.model.trained import TrainedModel


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


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Pictures of every shape: square, wide, tall, smaller than the model's, with odd margins."""
    rng = np.random.default_rng(7)
    sizes = [(64, 64), (130, 50), (41, 97), (20, 30), (75, 71)]
    coarse = [rng.integers(0, 256, (6, 5, 3), dtype=np.uint8) for _ in sizes]
    return [
        np.asarray(Image.fromarray(own).resize(size))
        for own, size in zip(coarse, sizes, strict=True)
    ]


def assert_alike(trained: TrainedModel, path: Path, pictures: list[np.ndarray]) -> None:
    """The file answers as the model, with photos in one batch and in many."""
    export_onnx(trained, path)
    model = Predictor(copy.deepcopy(trained), device="cpu", precision="fp32")
    file = OnnxPredictor(read_onnx(path, device="cpu"))
    assert file.spec == model.spec
    expected = [model.answer(picture) for picture in pictures]
    images = np.stack([file.image(picture) for picture in pictures])
    for count in (1, 2, len(pictures)):
        rows = [images[start : start + count] for start in range(0, len(images), count)]
        found = np.concatenate([file.probabilities(own) for own in rows])
        np.testing.assert_allclose(found, [one.probabilities for one in expected], atol=TOLERANCE)
    likeness = [file.answer(picture).likeness for picture in pictures]
    for one, other in zip(likeness, expected, strict=True):
        assert (one is None) == (other.likeness is None)
        if one is not None and other.likeness is not None:
            assert one.distance == pytest.approx(other.likeness.distance, rel=1e-3)
    assert np.ptp(found, axis=0).max() > 10 * TOLERANCE  # answers differ from photo to photo


@pytest.mark.parametrize(
    ("resize", "size"), [*zip(get_args(Resize), (48, 65, 48, 65), strict=True)]
)
def test_every_size_and_shape_of_photos_is_exported(
    resize: Resize, size: int, partition: Partition, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    config = ModelConfig(backbone="test_resnet", vit="none", weights="none")
    trained = calibrated(random_model(config, partition, size=size, resize=resize))
    assert_alike(trained, tmp_path / "model.onnx", pictures)


def test_a_model_with_a_memory_is_exported_without_it(
    exchange: Exchange, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    width = exchange.trained.geolocator.head.get_submodule("linear").in_features
    features = np.random.default_rng(2).normal(size=(3, int(width))).astype(np.float32)
    photos = {"photo": ["a", "b", "c"], "latitude": [46.6] * 3, "longitude": [-112.0] * 3}
    memory = Memory.of(features, pl.DataFrame(photos))
    remembering = dataclasses.replace(exchange.trained, memory=memory, familiarity=None)
    assert_alike(remembering, tmp_path / "model.onnx", pictures)
    assert read_onnx(tmp_path / "model.onnx").memory is None


def test_an_adopted_model_is_exported(
    tiny_geoclip: TinyGeoClip, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    weights = {"package": tiny_geoclip.wheel(), "weights": tiny_geoclip.weights}
    adopted = adopt(plan_adoption(tiny_geoclip.published(), **weights)).trained
    with torch.no_grad():  # its random vectors of photos are much alike
        adopted.geolocator.head.get_parameter("log_scale").add_(4.0)
    assert_alike(adopted, tmp_path / "model.onnx", pictures)
    assert read_onnx(tmp_path / "model.onnx").licence == adopted.licence


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
    with pytest.raises(ModelError, match=r"`neighbours` needs .*calibrate --no-memory -o OTHER"):
        export_onnx(decided, tmp_path / "model.onnx")


def test_random_pictures_differ_and_are_the_same_each_time() -> None:
    pictures = random_pictures(3)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    for one, other in zip(pictures, random_pictures(3), strict=True):
        np.testing.assert_array_equal(one, other)
