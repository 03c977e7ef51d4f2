"""The transform: what the model sees, and how far augmentation may go from it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.errors import ConfigError
from geoguess_cli.photos.images import (
    MAX_ASPECT_JITTER,
    Augmentation,
    ImageSpec,
    augmented,
    fit_image,
    pixels_needed,
    to_array,
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def ramp(width: int, height: int) -> Image.Image:
    """Red grows from left to right, green from top to bottom: a pixel tells where it was."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [(x + 0.5) / width, (y + 0.5) / height, np.zeros_like(x)]
    return Image.fromarray(np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8))


def seen(array: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the part of a ramp that a plain array shows, as shares.

    The outer pixels are left out, where interpolation meets the edge.
    """
    side = array.shape[1]
    found = []
    for values in (array[0].mean(axis=0), array[1].mean(axis=1)):
        slope = (values[-3] - values[2]) / (side - 5)
        found.append((values[2] - 2.5 * slope, values[-3] + 2.5 * slope))
    (left, right), (top, bottom) = found
    return float(left), float(top), float(right), float(bottom)


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_squash_shows_all_and_crop_the_centre(interpolation):
    image = ramp(300, 200)
    for resize, expected in (("squash", (0, 0, 1, 1)), ("crop", (1 / 6, 0, 5 / 6, 1))):
        spec = ImageSpec(50, interpolation=interpolation, resize=resize, **PLAIN)
        assert fit_image(image, spec).size == (50, 50)
        assert seen(to_array(image, spec)) == pytest.approx(expected, abs=0.01)


def test_crop_of_a_tall_photo_is_in_the_centre_too():
    spec = ImageSpec(50, resize="crop", **PLAIN)
    assert seen(to_array(ramp(200, 300), spec)) == pytest.approx((0, 1 / 6, 1, 5 / 6), abs=0.01)


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    "size", [(300, 200), (200, 301), (97, 130), (33, 40), (224, 224), (20, 50)]
)
def test_a_centre_crop_is_a_resized_photo_that_is_cut_on_whole_pixels(size, interpolation):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8))
    sides = [56 * side // min(size) for side in size]
    left, top = ((side - 56) // 2 for side in sides)
    whole = image.resize(sides, getattr(Image.Resampling, interpolation.upper()))
    expected = whole.crop((left, top, left + 56, top + 56))
    spec = ImageSpec(56, interpolation=interpolation, resize="center-crop", **PLAIN)
    np.testing.assert_array_equal(fit_image(image, spec), expected)


def test_a_centre_crop_of_a_line_takes_no_memory():
    spec = ImageSpec(50, resize="center-crop", **PLAIN)
    line = Image.new("RGB", (1_000_000, 2), (255, 0, 51))  # 25 million pixels wide if resized whole
    np.testing.assert_allclose(to_array(line, spec)[:, 9, 9], (1, 0, 0.2))


@pytest.mark.parametrize(
    ("size", "box"), [((300, 200), (0, 10, 60, 50)), ((1, 4), (22, 0, 37, 60))]
)
def test_pad_shows_all_between_margins_of_the_mean_colour(size, box):
    spec = ImageSpec(60, MEAN, STD, resize="pad")
    image = Image.new("RGB", size, (255, 0, 51))
    left, top, right, bottom = box
    photo = np.zeros((60, 60), dtype=bool)
    photo[top:bottom, left:right] = True
    array = to_array(image, spec)
    expected = to_array(image, ImageSpec(60, MEAN, STD))[:, 0, 0]
    np.testing.assert_allclose(array[:, photo], np.repeat(expected[:, None], photo.sum(), 1))
    assert np.abs(array[:, ~photo]).max() <= 0.5 / 255 / min(STD) + 1e-6


def test_a_padded_crop_keeps_its_proportions_and_lies_between_margins():
    spec = ImageSpec(60, resize="pad", **PLAIN)
    image = Image.new("RGB", (600, 200), "white")
    for seed in range(20):
        array = augmented(image, spec, Augmentation(0.6, 0.0), np.random.default_rng(seed))
        rows, columns = (array[0] == 1).any(1), (array[0] == 1).any(0)
        assert columns.all()
        assert 60 / 3 / MAX_ASPECT_JITTER - 1 <= rows.sum() <= 60 / 3 * MAX_ASPECT_JITTER + 1
        assert (array[:, rows] == 1).all()


def test_an_array_is_normalised_float32_channels_first():
    spec = ImageSpec(8, MEAN, STD)
    array = to_array(Image.new("RGB", (20, 10), (255, 0, 51)), spec)
    assert array.shape == (3, 8, 8)
    assert array.dtype == np.float32
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225]
    np.testing.assert_allclose(array[:, 3, 5], expected, rtol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (64, 64)])
def test_odd_sizes_fit(size):
    for resize in ("squash", "crop", "center-crop", "pad"):
        spec = ImageSpec(16, MEAN, STD, resize=resize)
        image = Image.new("RGB", size, "red")
        rng = np.random.default_rng(0)
        assert to_array(image, spec).shape == (3, 16, 16)
        assert augmented(image, spec, Augmentation(0.6), rng).shape == (3, 16, 16)


def test_augmentation_is_a_function_of_the_generator():
    spec, image = ImageSpec(24, MEAN, STD), ramp(90, 60)
    first, again, other = (
        augmented(image, spec, Augmentation(), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_augmentation_turned_down_changes_nothing():
    spec, image = ImageSpec(24, MEAN, STD), ramp(90, 60)
    nothing = Augmentation(crop_scale=1.0, color_jitter=0.0)
    same = augmented(image, spec, nothing, np.random.default_rng(0))
    np.testing.assert_allclose(same, to_array(image, spec), rtol=1e-5, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    scale=st.floats(0.5, 1.0),
    seed=st.integers(0, 10**6),
    resize=st.sampled_from(["squash", "crop"]),
)
def test_a_crop_keeps_its_share_and_nearly_its_proportions(scale, seed, resize):
    spec = ImageSpec(64, resize=resize, **PLAIN)
    array = augmented(ramp(600, 400), spec, Augmentation(scale, 0.0), np.random.default_rng(seed))
    left, top, right, bottom = seen(array)
    assert -0.02 < left < right < 1.02
    assert -0.02 < top < bottom < 1.02
    width, height = right - left, bottom - top
    if resize == "crop":  # of the square of the short side
        width *= 1.5
    assert scale - 0.05 <= width * height <= 1.05
    assert 1 / MAX_ASPECT_JITTER - 0.05 <= width / height <= MAX_ASPECT_JITTER + 0.05


def test_crops_reach_the_whole_photo():
    spec = ImageSpec(32, resize="crop", **PLAIN)
    boxes = [
        seen(augmented(ramp(300, 200), spec, Augmentation(0.7, 0.0), np.random.default_rng(seed)))
        for seed in range(200)
    ]
    left, top, right, bottom = zip(*boxes, strict=True)
    assert min(left) < 0.02
    assert max(right) > 0.98
    assert min(top) < 0.02
    assert max(bottom) > 0.98


@pytest.mark.parametrize("flip", [True, False])
def test_a_photo_is_mirrored_only_if_asked(flip):
    spec, augmentation = ImageSpec(32, **PLAIN), Augmentation(0.8, 0.0, flip)
    mirrored = []
    for seed in range(200):
        left, _, right, _ = seen(
            augmented(ramp(90, 60), spec, augmentation, np.random.default_rng(seed))
        )
        mirrored.append(right < left)
    share = np.mean(mirrored)
    assert (0.4 < share < 0.6) if flip else share == 0


def test_colors_vary_within_the_jitter():
    spec, grey = ImageSpec(8, **PLAIN), Image.new("RGB", (8, 8), (100, 100, 100))
    levels = [
        augmented(grey, spec, Augmentation(1.0, 0.3), np.random.default_rng(seed)).mean().item()
        for seed in range(200)
    ]
    base = 100 / 255
    # A flat grey has no contrast and no colour: only its brightness can change.
    assert base * 0.7 - 1e-6 <= min(levels) < base * 0.75
    assert base * 1.25 < max(levels) <= base * 1.3 + 1e-6


def test_saturation_leaves_grey_grey_and_changes_color():
    spec = ImageSpec(8, **PLAIN)
    spreads = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        array = augmented(
            Image.new("RGB", (8, 8), (150, 100, 50)), spec, Augmentation(1.0, 0.4), rng
        )
        assert array.min() >= 0
        assert array.max() <= 1
        red, _, blue = array[:, 0, 0].tolist()
        spreads.append(red - blue)
    assert min(spreads) < 0.25 < 100 / 255 < 0.5 < max(spreads)


def test_enough_pixels_are_asked_for():
    spec = ImageSpec(224, MEAN, STD)
    assert pixels_needed(spec) == 224
    needed = pixels_needed(spec, Augmentation(crop_scale=0.6))
    # The narrowest crop of a photo that large is still not enlarged.
    assert needed * math.sqrt(0.6 / MAX_ASPECT_JITTER) >= 224
    assert needed < 224 * 1.4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageSpec(0, MEAN, STD), "image size is 0"),
        (lambda: ImageSpec(8, MEAN, (1.0, 0.0, 1.0)), "each must be above 0"),
        (lambda: ImageSpec(8, MEAN, STD, "lanczos"), "must be bilinear or bicubic"),
        (lambda: Augmentation(crop_scale=0.0), "crop scale is 0"),
        (lambda: Augmentation(color_jitter=1.5), "color jitter is 1.5"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
