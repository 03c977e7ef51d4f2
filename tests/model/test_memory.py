"""The features of training photos: the nearest of them, and the files."""

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sklearn.metrics.pairwise
from safetensors.numpy import save_file

from geoguess_cli.errors import ModelError
from geoguess_cli.model import memory as module
from geoguess_cli.model.checkpoint import load_model, save_model
from geoguess_cli.model.memory import MEMORY_NAME, PHOTOS_NAME, Memory, read_memory, write_memory
from geoguess_cli.model.trained import TrainedModel

WIDTH = 6


def photos(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(count)],
            "latitude": rng.uniform(30, 50, count),
            "longitude": rng.uniform(-120, -90, count),
            "creator": [None if row % 3 else f"person {row}" for row in range(count)],
            "sequence": ["a"] * count,
        }
    )


def features(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, WIDTH)).astype(np.float32)


@pytest.fixture
def memory() -> Memory:
    return Memory.of(features(50), photos(50))


@pytest.mark.parametrize("block", [7, 1000])
def test_the_nearest_are_those_of_the_greatest_cosine(
    memory: Memory, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    asked = features(9, seed=3)
    expected = sklearn.metrics.pairwise.cosine_similarity(asked, memory.features)
    found, alike = memory.nearest(asked, 4)
    np.testing.assert_array_equal(found, np.argsort(-expected, axis=1)[:, :4])
    np.testing.assert_allclose(alike, -np.sort(-expected, axis=1)[:, :4], atol=1e-6)
    assert memory.nearest(asked, 99)[0].shape == (9, 50)


def test_a_photo_resembles_itself_most(memory: Memory) -> None:
    ((first, second),) = memory.neighbours(features(50)[27:28], 2)
    assert (first.photo, first.creator, first.license) == ("27.jpg", "person 27", "")
    assert first.latitude == memory.photos["latitude"][27]
    assert first.similarity == pytest.approx(1, abs=1e-5)
    assert second.similarity < first.similarity
    ((nothing, *_),) = memory.neighbours(np.zeros((1, WIDTH)), 1)
    assert nothing.similarity == 0


def test_it_travels_with_the_model(tmp_path: Path, trained: TrainedModel) -> None:
    width = trained.geolocator.width
    own = Memory.of(np.random.default_rng(0).normal(0, 1, (8, width)), photos(8))
    save_model(tmp_path / "model", dataclasses.replace(trained, memory=own))
    again = load_model(tmp_path / "model").memory
    assert again is not None
    np.testing.assert_array_equal(again.features, own.features)
    assert again.photos.equals(own.photos)
    assert again.size == 8 * width * 2
    save_model(tmp_path / "without", trained)
    assert load_model(tmp_path / "without").memory is None


def test_files_that_do_not_fit_are_refused_with_the_remedy(tmp_path: Path, memory: Memory) -> None:
    def refused(words: str, width: int = WIDTH) -> None:
        with pytest.raises(ModelError, match=f"{words}.*calibrate --memory.*writes them again"):
            read_memory(tmp_path, width=width)

    write_memory(memory, tmp_path)
    refused("another model", width=WIDTH + 1)
    photos(49).write_parquet(tmp_path / PHOTOS_NAME)
    refused("holds no memory")  # it lacks the licence
    memory.photos.head(49).write_parquet(tmp_path / PHOTOS_NAME)
    refused("other photos")
    memory.photos.drop("sequence").write_parquet(tmp_path / PHOTOS_NAME)  # of an older version
    again = read_memory(tmp_path, width=WIDTH)
    assert again is not None
    assert again.photos.equals(memory.photos.with_columns(sequence=pl.lit(None, pl.String)))
    (tmp_path / PHOTOS_NAME).write_bytes(b"no table")
    refused("holds no memory")
    save_file({"features": memory.features}, tmp_path / MEMORY_NAME)
    refused("holds no memory")
    (tmp_path / MEMORY_NAME).write_bytes(b"no tensors")
    refused("holds no memory")
