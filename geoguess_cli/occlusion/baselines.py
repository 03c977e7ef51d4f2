"""Baselines: what a covered part of a photo becomes, in the units of the normalised image.

To add a baseline, name it in `choices.Baseline` and add its row to `BASELINE_KINDS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from geoguess_cli.errors import ConfigError

ImageArray = Float[np.ndarray, "3 h w"]
"""A normalised image, red, green, blue first."""


@dataclass(frozen=True)
class BaselineKind:
    """A way to cover pixels.

    Attributes:
        words: The baseline in the words of a figure.
        cover: Maps an image, the window's side in pixels and a seed to the image with every
            pixel covered.
    """

    words: str
    cover: Callable[[np.ndarray, int, int], np.ndarray]


def blurred(image: ImageArray, sigma: float) -> ImageArray:
    """The image under a Gaussian filter; beyond its edges the image is continued by its edges.

    Args:
        image: A normalised image.
        sigma: Standard deviation of the Gaussian, in pixels, above 0.
    """
    return np.asarray(gaussian_filter(image, (0, sigma, sigma), mode="nearest"))


def _mean(image: np.ndarray, _window: int, _seed: int) -> np.ndarray:
    """The mean colour of photos, which is 0 in a normalised image."""
    return np.zeros_like(image)


def _blur(image: np.ndarray, window: int, _seed: int) -> np.ndarray:
    """The photo blurred by a Gaussian of half the window's side, so that it hides the details."""
    return blurred(image, window / 2)


def _noise(image: np.ndarray, _window: int, seed: int) -> np.ndarray:
    """Independent colours for each pixel, with the mean and the spread of photos."""
    return np.random.default_rng(seed).standard_normal(image.shape).astype(image.dtype)


BASELINE_KINDS: dict[str, BaselineKind] = {
    "mean": BaselineKind("the mean colour", _mean),
    "blur": BaselineKind("a blur", _blur),
    "noise": BaselineKind("noise", _noise),
}
"""Every baseline by its name in `choices.Baseline`."""


def baseline_words(name: str) -> str:
    """A baseline in the words of a figure; the name itself for a baseline of the caller's own."""
    kind = BASELINE_KINDS.get(name)
    return kind.words if kind else name


def baseline_images(
    names: Sequence[str], image: ImageArray, *, window: int, seed: int = 0
) -> dict[str, ImageArray]:
    """The image with every pixel covered, by the name of the baseline.

    Args:
        names: Names in `BASELINE_KINDS`.
        image: The photo as the model sees it (normalised).
        window: Side of the window, in pixels.
        seed: Seed of the noise.

    Raises:
        ConfigError: A name is not that of a baseline.
    """
    for name in names:
        if name not in BASELINE_KINDS:
            known = ", ".join(BASELINE_KINDS)
            raise ConfigError(f"baseline is {name!r}; it must be one of {known}")
    return {name: BASELINE_KINDS[name].cover(image, window, seed) for name in names}
