"""A predictor that reads kept features answers as one that reads the photos."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.features import extraction
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.geo.partition import build_partition
from geoguess_cli.inference.kept import FeaturePredictor
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.model.trained import TrainedModel

HOW = {"device": "cpu", "precision": "fp32"}


@pytest.fixture
def trained() -> TrainedModel:
    config = ModelConfig(backbone="test_resnet", vit="none", weights="none")
    towns = [(46.6, -112.0), (30.3, -97.7), (44.9, -123.0)]
    partition = build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        geolocator = build_geolocator(config, cells=len(partition), image_size=32)
    spec = image_spec(config, ImagesConfig(size=32))
    return TrainedModel(geolocator, partition, config, spec)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(3)
    paths = [tmp_path / f"{number}.png" for number in range(11)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (36, 40, 3), dtype=np.uint8)).save(path)
    paths[4].write_bytes(b"no photo")
    return paths


def _logits(predictor: Predictor, files: list[Path]) -> tuple[np.ndarray, list[int]]:
    logits = np.full((len(files), len(predictor.partition)), np.nan, dtype=np.float32)
    failed = []
    for output in predictor.outputs(files, batch_size=3):
        logits[output.rows] = output.logits
        failed += [row for row, _ in output.failures]
    return logits, failed


@pytest.mark.parametrize(("dtype", "most"), [("float32", 1e-5), ("float16", 1e-3)])
def test_the_same_answers_and_nothing_read_twice(
    dtype: str,
    most: float,
    trained: TrainedModel,
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected, failed = _logits(Predictor(trained, **HOW), files)
    folder = FeatureFolder(tmp_path / "features", dtype)
    kept = FeaturePredictor(trained, features=folder, **HOW)
    some, _ = _logits(kept, files[:3])
    first, unread = _logits(kept, files)
    assert failed == unread == [4]
    assert np.isnan(first[4]).all()
    np.testing.assert_allclose(
        kept.answering.probabilities(first[:4]),
        Predictor(trained, **HOW).answering.probabilities(expected[:4]),
        atol=most,
    )
    assert np.array_equal(some, first[:3])

    files.remove(files[4])
    again = np.delete(first, 4, axis=0)
    monkeypatch.setattr(extraction, "PhotoLoader", None)  # nothing is left to read
    new = FeaturePredictor(
        dataclasses.replace(trained), features=FeatureFolder(tmp_path / "features", dtype), **HOW
    )
    second, _ = _logits(new, files)
    # Read or computed a moment ago: a feature went through the same number type.
    assert np.allclose(second, again, atol=1e-6)
