"""The verbs as functions: what `import geoguess_cli as gg` gives, and what the verbs call.

Everything heavy is imported inside the functions, so that reading a photo table loads no network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.training.session import TrainingSession

Photo: TypeAlias = Union[str, Path, bytes, "Image.Image", "np.ndarray", "torch.Tensor"]
"""A photo: a path, the bytes of a file, a PIL image, an array (h, w, 3) of uint8, a tensor
(3, h, w) of uint8, or a float tensor (3, s, s) as the model expects it."""


def conclude(
    session: "TrainingSession", *, on_batch: Callable[[int], None] | None = None
) -> "tuple[Model, Fit]":
    """The model of a training with its decision fitted on the validation photos, and that fit.

    Args:
        session: A training of which at least one epoch has ended.
        on_batch: Called after each batch with the number of validation photos done.

    Raises:
        MissingFileError: No epoch of the training has ended.
    """
    from geoguess_cli.inference.predictor import Predictor

    trained, config = session.trained(), session.config
    predictor = Predictor(trained, device=config.device, precision=config.precision)
    fit = fit_on_validation(
        predictor,
        session.photos,
        batch_size=config.train.batch_size,
        workers=config.workers,
        on_batch=on_batch,
    )
    decided = fit.applied_to(trained)
    return Model(Predictor(decided, device=config.device, precision=config.precision)), fit


def fit_on_validation(
    predictor: "Predictor",
    photos: "PhotoTable",
    *,
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int], None] | None = None,
) -> "Fit":
    """The temperature and the point method that are best on the photos of the split `val`.

    Args:
        predictor: The model.
        photos: A photo table with the split `val`.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called after each batch with the number of photos done.
    """
    from geoguess_cli.evaluation.fitting import fit_decision

    val = photos.only("val")
    outputs = predictor.outputs(val.paths, batch_size=batch_size, workers=workers)
    return fit_decision(outputs, val, predictor.partition, on_batch=on_batch)


class Model:
    """A trained model at work."""

    def __init__(self, predictor: "Predictor") -> None:
        self.predictor = predictor

    @property
    def metrics(self) -> dict[str, Any]:
        """Counts and statistics of the training, as `metrics.json` holds them."""
        return self.predictor.trained.metrics


def save(thing: Any, path: str | Path) -> None:
    """Write a result."""
    from geoguess_cli.model.checkpoint import save_model

    if isinstance(thing, Model):
        save_model(Path(path), thing.predictor.trained)
