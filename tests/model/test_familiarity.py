"""The distance of a photo from the training photos, its percentile, and the file of both."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.spatial.distance
import sklearn.covariance
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from geoguess_cli.errors import ModelError
from geoguess_cli.model.familiarity import (
    FAMILIARITY_NAME,
    MIN_SHRINKAGE,
    Familiarity,
    Likeness,
    read_familiarity,
    shrunk_covariance,
    write_familiarity,
)

WIDTH = 12


def pooled(photos: int, *, seed: int = 0, width: int = WIDTH) -> np.ndarray:
    """Values that hang together, each with a spread of its own."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(0, 1, (width, width)) * np.geomspace(0.1, 3, width)
    return (rng.normal(0, 1, (photos, width)) @ mixing + 2.0).astype(np.float32)


@pytest.fixture
def familiarity() -> Familiarity:
    known = Familiarity.of(pooled(400))
    return known.judged(known.distances_of(pooled(250, seed=1)), "val")


@given(st.integers(2, 200), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_the_covariance_is_that_of_ledoit_and_wolf(rows: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1, (rows, columns))
    centred = values - values.mean(axis=0)
    expected, shrinkage = sklearn.covariance.ledoit_wolf(centred, assume_centered=True)
    if shrinkage >= MIN_SHRINKAGE:
        np.testing.assert_allclose(shrunk_covariance(centred), expected, rtol=1e-9, atol=1e-12)


def test_a_value_that_no_training_photo_has_moved_counts_within_limits() -> None:
    values = pooled(100_000).astype(np.float64)
    values[:, 0] = 2.0  # so many photos give hardly any shrinkage
    covariance = shrunk_covariance(values - values.mean(axis=0))
    mean_variance = values.var(axis=0).mean()
    assert covariance[0, 0] == pytest.approx(MIN_SHRINKAGE * mean_variance)
    constant = Familiarity.of(np.ones((5, 3), dtype=np.float32))
    assert np.isfinite(constant.distances_of(np.zeros((1, 3)))).all()


def test_the_distance_is_that_of_mahalanobis(familiarity: Familiarity) -> None:
    photos = pooled(20, seed=2)
    inverse = np.linalg.inv(familiarity.covariance)
    expected = [
        scipy.spatial.distance.mahalanobis(own, familiarity.mean, inverse) for own in photos
    ]
    np.testing.assert_allclose(familiarity.distances_of(photos), expected, rtol=1e-5)


def test_a_percentile_is_the_share_of_judging_photos_that_lie_nearer() -> None:
    known = Familiarity.of(pooled(50)).judged(np.array([3.0, 1.0, 2.0, 4.0]), "val")
    assert known.percentiles(np.array([0.5, 1.0, 1.5, 4.0, 9.0])).tolist() == [0, 0, 25, 75, 100]
    assert (known.judges, known.judged_by, known.photos) == (4, "val", 50)


def test_of_many_judging_photos_quantiles_are_kept() -> None:
    distances = np.random.default_rng(3).gamma(3, 2, 20_000)
    known = Familiarity.of(pooled(50)).judged(distances, "train")
    assert (len(known.distances), known.judges) == (1001, 20_000)
    asked = np.array([1.0, 5.0, 8.0, 14.0])
    expected = 100 * (distances[:, None] < asked).mean(axis=0)
    np.testing.assert_allclose(known.percentiles(asked), expected, atol=0.15)


def test_one_photo_in_twenty_of_the_same_kind_is_unlike(familiarity: Familiarity) -> None:
    same = familiarity.likenesses(pooled(2000, seed=4))
    other = familiarity.likenesses(pooled(200, seed=5)[:, ::-1])
    assert np.mean([one.unlike for one in same]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([one.unlike for one in other]) > 0.9


def test_words() -> None:
    assert Likeness(2.0, 95.0).in_words == "like the training photos"
    assert Likeness(2.0, 99.99).in_words.endswith("than 99.9 % of validation photos")
    assert Likeness(2.0, 96.0).in_words.endswith("than 96 % of validation photos")
    assert Likeness(2.0, 100.0).in_words.endswith("than all validation photos")
    few = Likeness(2.0, 100.0, "train").in_words
    assert few.endswith("left out in turn (there were too few validation photos)")


def test_a_file_gives_the_same_answers(tmp_path: Path, familiarity: Familiarity) -> None:
    path = tmp_path / FAMILIARITY_NAME
    write_familiarity(familiarity, path)
    again = read_familiarity(path, width=WIDTH)
    photos = pooled(50, seed=6)
    assert again is not None
    assert again.likenesses(photos) == familiarity.likenesses(photos)
    assert (again.photos, again.judges, again.judged_by) == (400, 250, "val")
    write_familiarity(again, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    assert read_familiarity(tmp_path / "nothing", width=WIDTH) is None


def test_a_file_that_does_not_fit_is_refused_with_the_remedy(
    tmp_path: Path, familiarity: Familiarity
) -> None:
    path = tmp_path / FAMILIARITY_NAME
    write_familiarity(familiarity, path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    arrays = load_file(path)
    (key,) = metadata
    about = json.loads(metadata[key])

    def refused(words: str, width: int = WIDTH) -> None:
        with pytest.raises(ModelError, match=f"{words}.*calibrate.*writes it again"):
            read_familiarity(path, width=width)

    refused("another model", width=WIDTH + 1)
    save_file(arrays, path, metadata={key: json.dumps({**about, "format": 2})})
    refused("format 2, not 1")
    save_file(arrays, path)
    refused("does not describe")
    save_file({"mean": arrays["mean"]}, path, metadata=metadata)
    refused("does not describe")
    save_file({**arrays, "mean": arrays["mean"] * np.nan}, path, metadata=metadata)
    refused("not finite")
    path.write_bytes(b"no tensors")
    refused("does not describe")
    save_file({**arrays, "covariance": -arrays["covariance"]}, path, metadata=metadata)
    loaded = read_familiarity(path, width=WIDTH)
    assert loaded is not None
    with pytest.raises(ModelError, match="no covariance"):
        loaded.distances_of(pooled(1))
