"""What a covered pixel becomes."""

import math

import pytest
import torch
from torch.nn.functional import conv2d, pad

from geoguess_cli.choices import BASELINES
from geoguess_cli.occlusion.baselines import baseline_images, blurred


def test_each_baseline_covers_the_whole_image() -> None:
    image = torch.randn(3, 20, 26)
    made = baseline_images(BASELINES, image, window=8)
    assert list(made) == ["mean", "blur", "noise"]
    assert not made["mean"].any()
    assert all(one.shape == image.shape and one.dtype == image.dtype for one in made.values())


def test_blur_is_a_gaussian_of_half_the_window() -> None:
    """The same by torch: a product of two one-dimensional convolutions."""
    image, sigma = torch.randn(3, 40, 31), 3.0
    reach = math.ceil(4 * sigma)
    weight = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    weight = weight / weight.sum()
    wide = pad(image[:, None], (reach,) * 4, mode="replicate")
    expected = conv2d(conv2d(wide, weight.view(1, 1, -1, 1)), weight.view(1, 1, 1, -1))
    found = baseline_images(["blur"], image, window=6)["blur"]
    torch.testing.assert_close(found, expected[:, 0], rtol=0, atol=1e-5)


def test_blur_leaves_a_plain_image_and_takes_the_contrast_of_others() -> None:
    plain = torch.full((3, 16, 16), 0.7)
    torch.testing.assert_close(blurred(plain, 5.0), plain)
    rough = torch.randn(3, 64, 64)
    assert blurred(rough, 8.0).std() < 0.1 * rough.std()


def test_noise_is_a_function_of_its_seed() -> None:
    image = torch.zeros(3, 64, 64)
    noise = [baseline_images(["noise"], image, window=8, seed=s)["noise"] for s in (1, 1, 2)]
    assert torch.equal(noise[0], noise[1])
    assert not torch.equal(noise[0], noise[2])
    assert float(noise[0].mean()) == pytest.approx(0, abs=0.03)
    assert float(noise[0].std()) == pytest.approx(1, abs=0.03)
