"""The predictor of an ONNX file: onnxruntime gives the logits, and no torch is loaded."""

from collections.abc import Iterator, Sequence

import numpy as np

from geoguess_cli.choices import Precision
from geoguess_cli.errors import ConfigError
from geoguess_cli.inference.answering import Looked, Outputs
from geoguess_cli.inference.photo_predictor import Images, PhotoPredictor
from geoguess_cli.inference.probabilities import checked_logits
from geoguess_cli.model.onnx_model import OnnxModel
from geoguess_cli.photos.ahead import batches_ahead
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.decoder import MAX_PIXELS


class OnnxPredictor(PhotoPredictor):
    """The model of an ONNX file; it answers photos.

    Args:
        model: The model, on a device.
        precision: "auto" or "fp32": the numbers of the file are fp32.
        max_pixels: Largest width × height of a photo, as in `decode_photo`.

    Raises:
        ConfigError: The precision is another one.
    """

    trained: OnnxModel

    def __init__(
        self,
        model: OnnxModel,
        *,
        precision: Precision = "auto",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        if precision == "bf16":
            raise ConfigError(
                "precision is bf16; an ONNX file computes in fp32, so leave out --precision, or "
                "name the model folder with --model"
            )
        super().__init__(model, device=model.device, precision="fp32", max_pixels=max_pixels)

    def look(self, images: Images) -> Looked:
        """Logits and pooled values of each image; what the head saw is not in the graph.

        Args:
            images: Normalised images, as `read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """
        logits, pooled = self.trained.run(np.ascontiguousarray(images, dtype=np.float32))
        return Looked(checked_logits(logits), None, pooled)

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos, batch by batch, in the order given.

        Args:
            files: The photos.
            batch_size: Photos that go through the model at once.
            workers: Threads that decode photos; 0 decodes in this thread, -1 takes one for each
                core.

        Raises:
            ModelError: A logit is not finite.
        """
        for batch in batches_ahead(files, self.read, batch_size=batch_size, workers=workers):
            yield self.outputs_of(batch.rows, batch.images, batch.failures)
