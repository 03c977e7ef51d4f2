"""A model of random weights that needs no training, and photos for it to answer in parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from geoguess_cli.config import ModelConfig
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.geo.places import Place
from geoguess_cli.inference import parts as module
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.parts import AnswerParts, Shard, answer_terms
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.geolocator import build_geolocator
from geoguess_cli.photos.images import ImageSpec

BATCH, ROWS = 4, 8
PHOTOS = 21
"""Two parts of eight photos and one of five."""


def two_cells() -> Partition:
    """A cell around each of two towns."""
    towns = np.repeat([(46.6, -112.0), (30.3, -97.7)], 5, axis=0)
    return build_partition(towns, max_photos=5, min_photos=5)


def random_predictor(seed: int = 0) -> Predictor:
    """A predictor of two cells that has learned nothing; its answers differ from photo to photo."""
    partition = two_cells()
    config = ModelConfig(backbone="test_resnet", vit="none", weights="none")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        geolocator = build_geolocator(config, cells=len(partition), image_size=32)
    spec = ImageSpec(size=32, mean=(0.5, 0.5, 0.5), std=(0.3, 0.3, 0.3))
    return Predictor(
        TrainedModel(geolocator, partition, config, spec), device="cpu", precision="fp32"
    )


def write_noise(folder: Path) -> list[Path]:
    """Photos of noise of one colour each, the fourth of which is damaged."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True)
    paths = [folder / f"{number:02d}.png" for number in range(PHOTOS)]
    for path in paths:
        pixels = rng.normal(rng.uniform(30, 220, 3), 30, (40, 40, 3)).clip(0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    paths[3].write_bytes(b"no photo")
    return paths


def parts_in(
    folder: Path, predictor: Predictor, files: Sequence[Path], **changes: Any
) -> tuple[AnswerParts, dict[str, Any]]:
    """The parts of these answers, and how the predictor is to be asked."""
    how = {"point": None, "min_confidence": 0.0, "batch_size": BATCH} | changes
    terms = answer_terms(predictor, files, top_k=2, **how)
    return AnswerParts(folder, terms, len(files), how["batch_size"]), how


def fill(
    folder: Path,
    predictor: Predictor,
    files: Sequence[Path],
    shard: Shard | None = None,
    **changes: Any,
) -> bool:
    """Answer the photos whose part is missing; whether all are there then."""
    parts, how = parts_in(folder, predictor, files, **changes)
    parts.begin()
    partition = predictor.partition

    def ask(own: Sequence[Any]) -> Any:
        return predictor.predict(own, **how)

    list(parts.add(files, ask, partition, top_k=2, shard=shard))
    return parts.merge()


def made_answer(row: int) -> Answer | Unanswered:
    """The answer to the photo of a number; the fourth photo has none."""
    if row == 3:
        return Unanswered(row, f"{row}.jpg", f"{row}.jpg is not a picture")
    probabilities = np.array([0.5 + row / 100, 0.5 - row / 100], dtype=np.float32)
    place = Place("United States", "US", "Texas")
    return Answer(
        row, f"{row}.jpg", probabilities, (float(row), -float(row)), place, 1.0, 2.0, sure=True
    )


def fill_with_made_answers(folder: Path) -> None:
    """Write made answers in small parts; a job for a `Killer`."""
    module.ROWS = ROWS
    partition = two_cells()
    parts = AnswerParts(folder, {"--top-k": "2"}, PHOTOS, BATCH)
    parts.begin()

    def ask(own: Sequence[Any]) -> Any:
        return (made_answer(row) for row in own)

    list(parts.add(range(PHOTOS), ask, partition, top_k=2))  # type: ignore[arg-type]
    assert parts.merge()


def save_another_model(folder: Path) -> None:
    """Write a model of other random weights; a job for a `Killer`."""
    save_model(folder / "model", random_predictor(1).trained)
