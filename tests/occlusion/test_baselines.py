"""What a covered pixel becomes."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, pad

from geoguess_cli.choices import BASELINES
from geoguess_cli.errors import ConfigError
from geoguess_cli.occlusion.baselines import (
    BASELINE_KINDS,
    baseline_images,
    baseline_words,
    blurred,
)


def noise_image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_each_baseline_covers_the_whole_image() -> None:
    image = noise_image(3, 20, 26)
    made = baseline_images(BASELINES, image, window=8)
    assert list(made) == ["mean", "blur", "noise"]
    assert not made["mean"].any()
    assert all(one.shape == image.shape and one.dtype == image.dtype for one in made.values())


def test_blur_is_a_gaussian_of_half_the_window() -> None:
    """The same by torch: a product of two one-dimensional convolutions."""
    image, sigma = noise_image(3, 40, 31), 3.0
    reach = math.ceil(4 * sigma)
    weight = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    weight = weight / weight.sum()
    wide = pad(torch.from_numpy(image)[:, None], (reach,) * 4, mode="replicate")
    expected = conv2d(conv2d(wide, weight.view(1, 1, -1, 1)), weight.view(1, 1, 1, -1))
    found = baseline_images(["blur"], image, window=6)["blur"]
    np.testing.assert_allclose(found, expected[:, 0].numpy(), rtol=0, atol=1e-5)


def test_blur_leaves_a_plain_image_and_takes_the_contrast_of_others() -> None:
    plain = np.full((3, 16, 16), 0.7, np.float32)
    np.testing.assert_allclose(blurred(plain, 5.0), plain, rtol=1e-6)
    rough = noise_image(3, 64, 64)
    assert blurred(rough, 8.0).std() < 0.1 * rough.std()


def test_noise_is_a_function_of_its_seed() -> None:
    image = np.zeros((3, 64, 64), np.float32)
    noise = [baseline_images(["noise"], image, window=8, seed=s)["noise"] for s in (1, 1, 2)]
    assert np.array_equal(noise[0], noise[1])
    assert not np.array_equal(noise[0], noise[2])
    assert float(noise[0].mean()) == pytest.approx(0, abs=0.03)
    assert float(noise[0].std()) == pytest.approx(1, abs=0.03)


def test_every_choice_is_a_row_of_the_table() -> None:
    assert tuple(BASELINE_KINDS) == BASELINES
    assert baseline_words("blur") == "a blur"
    assert baseline_words("grey 0.7") == "grey 0.7"


def test_an_unknown_baseline_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"baseline is 'grey'; it must be one of mean, blur"):
        baseline_images(["mean", "grey"], noise_image(3, 8, 8), window=4)
