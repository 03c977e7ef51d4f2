"""Familiarity learned from outputs; and photos of other kinds, told by a backbone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sklearn.metrics
from PIL import Image

from geoguess_cli.evaluation import familiarity as module
from geoguess_cli.evaluation.familiarity import (
    FamiliarityMeter,
    distances_of_left_out,
    training_sample,
)
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.photos.table import PhotoTable

REAL_PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "photos.csv"


def table_of(photos: int, sequences: int) -> PhotoTable:
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(photos)],
            "latitude": [45.0] * photos,
            "longitude": [-110.0] * photos,
            "sequence": [f"drive {row % sequences}" for row in range(photos)],
        }
    )
    return PhotoTable(frame, Path())


def batches(pooled: np.ndarray, *, bad: int | None = None) -> Iterator[Outputs]:
    for start in range(0, len(pooled), 7):
        rows = np.arange(start, min(start + 7, len(pooled)))
        good = rows[rows != bad]
        failures = [(bad, "no photo")] if bad is not None and bad in rows else []
        logits = np.zeros((len(good), 2), dtype=np.float32)
        yield Outputs(good, logits, failures, pooled=pooled[good])


def values(photos: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(3, 2, (photos, 4)).astype(np.float32)


def test_validation_photos_judge_where_they_are_enough() -> None:
    train, val = values(60, 0), values(module.ENOUGH, 1)
    meter = FamiliarityMeter()
    meter.learn(batches(train, bad=5), table_of(60, 6))
    assert sum(len(own.rows) for own in meter.watching(batches(val))) == len(val)
    found = meter.result()
    expected = Familiarity.of(np.delete(train, 5, axis=0))
    assert found is not None
    assert (found.photos, found.judges, found.judged_by) == (59, len(val), "val")
    np.testing.assert_array_equal(found.distances, np.sort(expected.distances_of(val)))


def test_training_photos_left_out_judge_where_they_are_not() -> None:
    train = values(60, 0)
    meter = FamiliarityMeter()
    meter.learn(batches(train), table_of(60, 6))
    list(meter.watching(batches(values(module.ENOUGH - 1, 1))))
    found = meter.result()
    assert found is not None
    assert (found.judges, found.judged_by) == (60, "train")


def test_a_photo_is_judged_by_the_sequences_of_other_folds() -> None:
    pooled, groups = values(40, 2), np.arange(40) % 4
    pooled[groups == 3] += 50.0  # a drive like no other
    distances = distances_of_left_out(pooled, groups)
    others = Familiarity.of(pooled[groups != 3])  # four sequences are four folds
    np.testing.assert_allclose(distances[groups == 3], others.distances_of(pooled[groups == 3]))
    assert distances[groups == 3].min() > 5 * distances[groups != 3].max()
    assert np.isfinite(distances_of_left_out(pooled, np.zeros(40, dtype=np.int64))).all()


def test_what_a_model_knows_stays_and_too_few_photos_judge_nothing() -> None:
    known = Familiarity.of(values(60, 0)).judged(np.ones(200), "val")
    meter = FamiliarityMeter(known)
    list(meter.watching(batches(values(20, 1))))
    assert meter.result() is known
    list(meter.watching(batches(values(200, 1))))
    again = meter.result()
    assert again is not None
    assert again.mean is known.mean
    assert (again.judges, again.judged_by) == (220, "val")


def test_without_training_photos_nothing_is_known() -> None:
    meter = FamiliarityMeter()
    meter.learn(batches(values(1, 0)), table_of(1, 1))
    list(meter.watching(batches(values(200, 1))))
    assert meter.result() is None


def test_a_sample_of_training_photos_is_spread_over_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = table_of(90, 3)
    assert training_sample(table) is table
    monkeypatch.setattr(module, "MOST", 10)
    sample = training_sample(table).frame["photo"].to_list()
    assert len(set(sample)) == 10
    assert (sample[0], sample[-1]) == ("0.jpg", "89.jpg")


@pytest.fixture(scope="module")
def backbone() -> Callable[[list[Image.Image]], np.ndarray]:
    """The pooled values that the sample model's backbone gives before any training."""
    import torch

    from geoguess_cli.config import ModelConfig
    from geoguess_cli.model.geolocator import build_geolocator
    from geoguess_cli.photos.images import ImageSpec, to_array

    config = ModelConfig(backbone="resnet10t", backbone_stage=-2, vit="test_vit", weights="none")
    spec = ImageSpec(size=128, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        geolocator = build_geolocator(config, cells=2, image_size=spec.size).eval()

    def given(photos: list[Image.Image]) -> np.ndarray:
        images = torch.from_numpy(np.stack([to_array(photo, spec) for photo in photos]))
        with torch.inference_mode():
            return np.concatenate([geolocator.look(part).pooled for part in images.split(64)])

    return given


def sample_photos(split: str, most: int) -> list[Image.Image]:
    rows = pl.read_csv(SAMPLE).filter(pl.col("split") == split)["photo"]
    return [
        Image.open(SAMPLE.parent / photo).convert("RGB")
        for photo in rows.gather_every(max(1, len(rows) // most))
    ]


@pytest.fixture(scope="module")
def known(backbone: Callable[[list[Image.Image]], np.ndarray]) -> Familiarity:
    learned = Familiarity.of(backbone(sample_photos("train", 250)))
    return learned.judged(learned.distances_of(backbone(sample_photos("val", 120))), "val")


def clouds(rng: np.random.Generator) -> np.ndarray:
    """Noise with the spectrum of photos, 1 over the frequency, in a colour cast of its own."""
    across, up = np.meshgrid(np.fft.fftfreq(288), np.fft.fftfreq(192))
    amplitude = 1 / np.maximum(np.hypot(across, up), 1e-3)
    spectrum = np.fft.fft2(rng.normal(0, 1, (3, 192, 288))) * amplitude
    channels = np.fft.ifft2(spectrum).real
    channels += 2 * channels.mean(axis=0)
    scaled = channels / channels.std(axis=(1, 2), keepdims=True)
    return np.moveaxis(rng.uniform(80, 160, (3, 1, 1)) + 45 * scaled, 0, -1)


def stand_ins(test: list[Image.Image]) -> dict[str, list[np.ndarray]]:
    """Photos of other kinds, made from drawn test photos or from nothing."""
    rng = np.random.default_rng(0)
    drawn = [np.asarray(photo, dtype=np.float64) for photo in test[::2]]
    return {
        "other palette": [photo[..., [1, 0, 2]] for photo in drawn],
        "negative": [255 - photo for photo in drawn],
        "dusk": [0.45 * photo for photo in drawn],
        "grain": [photo + rng.normal(0, 60, photo.shape) for photo in drawn],
        "clouds": [clouds(rng) for _ in drawn],
    }


def test_generated_photos_of_other_kinds_are_unlike_the_training_photos(
    backbone: Callable[[list[Image.Image]], np.ndarray], known: Familiarity
) -> None:
    test = sample_photos("test", 80)
    own = known.distances_of(backbone(test))
    assert (known.percentiles(own) > 95).mean() <= 0.1
    for kind, photos in stand_ins(test).items():
        pictures = [Image.fromarray(photo.clip(0, 255).astype(np.uint8)) for photo in photos]
        other = known.distances_of(backbone(pictures))
        truth = np.repeat([0, 1], [len(own), len(other)])
        area = sklearn.metrics.roc_auc_score(truth, np.concatenate([own, other]))
        assert area >= 0.97, kind
        assert (known.percentiles(other) > 95).mean() >= 0.85, kind


@pytest.mark.skipif(not REAL_PHOTOS.is_dir(), reason="there are no real photos here")
def test_real_photos_are_unlike_drawn_ones(
    backbone: Callable[[list[Image.Image]], np.ndarray], known: Familiarity
) -> None:
    own = known.distances_of(backbone(sample_photos("test", 80)))
    files = sorted(REAL_PHOTOS.rglob("*.jp*g"))
    other = known.distances_of(backbone([Image.open(file).convert("RGB") for file in files]))
    truth = np.repeat([0, 1], [len(own), len(other)])
    assert sklearn.metrics.roc_auc_score(truth, np.concatenate([own, other])) >= 0.97
    assert (known.percentiles(other) > 95).mean() >= 0.85
