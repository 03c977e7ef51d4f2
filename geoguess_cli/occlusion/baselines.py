"""What a covered part of a photo becomes, in the units of the normalised image.

mean    the mean colour of photos: 0
blur    the photo itself, blurred by a Gaussian of half the window's side
noise   colours drawn pixel by pixel with the mean and the spread of photos, from a seed
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from geoguess_cli.choices import Baseline


def baseline_images(
    names: Sequence[Baseline], image: Float[np.ndarray, "3 h w"], *, window: int, seed: int = 0
) -> dict[str, Float[np.ndarray, "3 h w"]]:
    """The image wholly covered, by each baseline.

    Args:
        names: Which ones.
        image: The photo as the model sees it (normalised).
        window: Side of the window in pixels: blurring must hide what a window hides.
        seed: Of the noise.
    """
    made: dict[str, np.ndarray] = {}
    for name in names:
        if name == "mean":
            made[name] = np.zeros_like(image)
        elif name == "blur":
            made[name] = blurred(image, window / 2)
        else:
            noise = np.random.default_rng(seed).standard_normal(image.shape)
            made[name] = noise.astype(image.dtype)
    return made


def blurred(image: Float[np.ndarray, "3 h w"], sigma: float) -> Float[np.ndarray, "3 h w"]:
    """The image under a Gaussian filter; beyond an edge the pixels at the edge go on.

    Args:
        image: A normalised image.
        sigma: Standard deviation of the Gaussian, in pixels, above 0.
    """
    return np.asarray(gaussian_filter(image, (0, sigma, sigma), mode="nearest"))
