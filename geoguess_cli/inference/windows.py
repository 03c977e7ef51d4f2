"""The probabilities of a photo's copies with a window covered, in less time than photos take."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32, Int

from geoguess_cli.choices import Arithmetic
from geoguess_cli.inference.answering import Answering
from geoguess_cli.inference.photo_predictor import ArrayLike
from geoguess_cli.inference.probabilities import checked_logits
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.kept_maps import WindowedGeolocator

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class WindowPredictor:
    """From images to calibrated probabilities, as `Predictor.probabilities` within rounding.

    It computes with a copy of the network: batch norms are folded into convolutions, the weights
    are cast once, and what windows leave as it is in the photo's feature maps is computed once. The
    copy is made at the first use.

    Args:
        geolocator: In evaluation mode and fp32; it is not changed.
        answering: How logits become probabilities.
        image_size: Side of the photos, in pixels.
        precision: The number format to compute in.
    """

    def __init__(
        self,
        geolocator: Geolocator,
        answering: Answering,
        *,
        image_size: int,
        precision: Arithmetic,
    ) -> None:
        self._geolocator = geolocator
        self._answering = answering
        self._image_size = image_size
        self._dtype = DTYPES[precision]

    def __call__(self, images: Float[np.ndarray, "b 3 h w"]) -> Float32[np.ndarray, "b c"]:
        """Calibrated probability of each cell for each image; rows sum to 1.

        Args:
            images: Normalised images, as `Predictor.read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """
        return self._probabilities(self._network.logits(as_tensor(images)))

    def keeping(
        self, image: Float[np.ndarray, "3 h w"], *, window: int
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """The probabilities of copies of one image, of which each differs from it in one square.

        Args:
            image: A normalised image.
            window: Side of the squares, in pixels, at most the image's side.

        Returns:
            A function from images (b, 3, h, w) and the corners of their squares (b, 2), row and
            column in pixels, to probabilities (b, c). A square may reach over the image's edge.
        """
        network = self._network
        kept = network.keeping(as_tensor(image), window=window)

        def predict(
            images: Float[np.ndarray, "b 3 h w"], corners: Int[np.ndarray, "b 2"]
        ) -> Float32[np.ndarray, "b c"]:
            if kept is None:
                return self(images)
            return self._probabilities(network.windowed_logits(kept, as_tensor(images), corners))

        return predict

    @cached_property
    def _network(self) -> WindowedGeolocator:
        return WindowedGeolocator(self._geolocator, image_size=self._image_size, dtype=self._dtype)

    def _probabilities(self, logits: torch.Tensor) -> Float32[np.ndarray, "b c"]:
        return self._answering.probabilities(checked_logits(logits.cpu().numpy()))


def as_tensor(images: Float[ArrayLike, "..."]) -> torch.Tensor:
    """The images as a tensor; an array that is not writable or not contiguous is copied."""
    if isinstance(images, torch.Tensor):
        return images
    return torch.from_numpy(np.require(images, np.float32, ("C", "W")))
