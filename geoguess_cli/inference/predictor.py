"""A trained network on a device: from photos to logits, and through `Answering` to answers."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from geoguess_cli.choices import Precision
from geoguess_cli.inference.answering import Looked, Outputs
from geoguess_cli.inference.photo_predictor import Images, Photo, PhotoPredictor
from geoguess_cli.inference.probabilities import checked_logits
from geoguess_cli.inference.windows import WindowPredictor, as_tensor
from geoguess_cli.model.checkpoint import TrainedModel, load_model
from geoguess_cli.model.device import autocast, resolve_device, resolve_precision
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.decoder import MAX_PIXELS


class Predictor(PhotoPredictor):
    """A trained model on a device; it answers photos.

    Args:
        trained: The model with its partition; it is moved to the device and set to evaluation mode.
        device: A device, such as "auto", "cpu", "cuda", "cuda:1" or "mps".
        precision: "auto", "fp32" or "bf16".
        max_pixels: Largest width × height of a photo, as in `decode_photo`.
    """

    trained: TrainedModel
    device: torch.device

    def __init__(
        self,
        trained: TrainedModel,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        where = resolve_device(device)
        super().__init__(
            trained,
            device=where,
            precision=resolve_precision(precision, where),
            max_pixels=max_pixels,
        )
        self._geolocator = trained.geolocator.to(where).eval()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        max_pixels: int = MAX_PIXELS,
    ) -> "Predictor":
        """The predictor of the model in a folder.

        Args:
            folder: The model folder.
            device, precision, max_pixels: As of the class.

        Raises:
            MissingFileError: The folder or one of its files does not exist.
            ModelError: The files of the folder do not belong together.
        """
        trained = load_model(folder)
        return cls(trained, device=device, precision=precision, max_pixels=max_pixels)

    def image(self, photo: Photo) -> Float32[np.ndarray, "3 s s"]:
        """A photo in any form, as the model sees it."""
        if isinstance(photo, torch.Tensor):
            return photo.numpy(force=True)
        return super().image(photo)

    def logits(self, images: Images) -> Float32[np.ndarray, "b c"]:
        """Logits of each cell for each image, as the network gives them, not calibrated.

        Args:
            images: An array or a tensor of normalised images, as `read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """
        with torch.inference_mode(), autocast(self.device, self.precision):
            logits: torch.Tensor = self._geolocator(as_tensor(images).to(self.device))
        return checked_logits(logits.float().cpu().numpy())

    def look(self, images: Images) -> Looked:
        """Logits of each image as in `logits`, with its features and pooled values.

        Args:
            images: An array or a tensor of normalised images, as `read` returns them, or what a
                store keeps of photos.

        Raises:
            ModelError: A logit is not finite.
        """
        with torch.inference_mode(), autocast(self.device, self.precision):
            look = self._geolocator.look(as_tensor(images).to(self.device))
        features, pooled = (part.float().cpu().numpy() for part in (look.features, look.pooled))
        logits = checked_logits(look.logits.float().cpu().numpy())
        return Looked(logits, features, pooled)

    @cached_property
    def for_windows(self) -> WindowPredictor:
        """The same probabilities, in less time for copies of a photo with a window covered."""
        return WindowPredictor(
            self._geolocator,
            self.answering,
            image_size=self.spec.size,
            precision=self.precision,
        )

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos, batch by batch, in the order given.

        Args:
            files: The photos.
            batch_size: Photos that go through the model at once.
            workers: Processes that decode photos; 0 decodes in this process, -1 chooses a number
                for this machine.

        Raises:
            ModelError: A logit is not finite.
        """
        with PhotoLoader(
            files,
            spec=self.spec,
            batch_size=batch_size,
            workers=workers,
            max_pixels=self.max_pixels,
        ) as loader:
            for batch in loader:
                yield self.outputs_of(batch.rows.numpy(), batch.images, batch.failures)
