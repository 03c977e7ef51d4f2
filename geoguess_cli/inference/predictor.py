"""A trained model at work: from photos to probabilities."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from PIL import Image

from geoguess_cli.choices import PointMethod, Precision
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.inference.answers import Answer
from geoguess_cli.inference.credible import expected_km, radius_km
from geoguess_cli.inference.distances import cell_radius_km
from geoguess_cli.inference.estimates import PointEstimator
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.model.checkpoint import TrainedModel, load_model
from geoguess_cli.model.device import autocast, resolve_device, resolve_precision
from geoguess_cli.photos.dataset import photo_loader
from geoguess_cli.photos.images import ImageSpec, decode_photo, pixels_needed, to_tensor


@dataclass(frozen=True, eq=False)
class Outputs:
    """The logits of one batch of photos, and which of the batch could not be read.

    Attributes:
        rows: Position in the list of photos that was asked about of each row of `logits`.
        logits: One column a cell.
        failures: Position and reason of each unreadable photo.
    """

    rows: Int[np.ndarray, " b"]
    logits: Float32[np.ndarray, "b c"]
    failures: list[tuple[int, str]]


class Predictor:
    """A geolocator on a device, with the partition its columns mean.

    Args:
        trained: The model with its partition; it is moved to the device and set to evaluation.
        device: "auto", "cpu", "cuda", "cuda:1", "mps", …
        precision: "auto", "fp32" or "bf16".
    """

    def __init__(
        self,
        trained: TrainedModel,
        *,
        device: str = "auto",
        precision: Precision = "auto",
    ) -> None:
        self.trained = trained
        self.device = resolve_device(device)
        self.precision = resolve_precision(precision, self.device)
        self._geolocator = trained.geolocator.to(self.device).eval()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        device: str = "auto",
        precision: Precision = "auto",
    ) -> "Predictor":
        """The predictor of a model folder.

        Raises:
            MissingFileError: The folder, or a file of it, is not there.
            ModelError: What it holds does not fit together.
        """
        return cls(load_model(folder), device=device, precision=precision)

    @property
    def partition(self) -> Partition:
        """What each column of the logits means."""
        return self.trained.partition

    @property
    def spec(self) -> ImageSpec:
        """What the model expects of an image."""
        return self.trained.spec

    @property
    def temperature(self) -> float:
        """What logits are divided by before the softmax."""
        return self.trained.temperature

    @property
    def point(self) -> PointMethod:
        """How the point estimate is chosen."""
        return self.trained.point

    def transform(self, image: Image.Image) -> Float32[torch.Tensor, "3 s s"]:
        """A decoded photo as the model sees it."""
        return to_tensor(image, self.spec)

    def read(self, photo: Path | bytes) -> Float32[torch.Tensor, "3 s s"]:
        """A photo, a file or the bytes of one, as the model sees it, the same as in `predict`.

        Raises:
            PhotoError: It is not there, or cannot be decoded.
        """
        return self.transform(decode_photo(photo, at_least=pixels_needed(self.spec)))

    def logits(self, images: Float[torch.Tensor, "b 3 h w"]) -> Float32[np.ndarray, "b c"]:
        """Logits of each cell for each image, as the model gives them, not yet calibrated.

        Raises:
            ModelError: A logit that is not finite.
        """
        with torch.inference_mode(), autocast(self.device, self.precision):
            logits: torch.Tensor = self._geolocator(images.to(self.device))
        found = logits.float().cpu().numpy()
        if not np.isfinite(found).all():
            raise ModelError(
                "the model's logits are not finite; try --precision fp32, "
                "else train it again with a lower learning rate"
            )
        return found

    def probabilities(self, images: Float[torch.Tensor, "b 3 h w"]) -> Float32[np.ndarray, "b c"]:
        """Calibrated probability of each cell for each image; rows sum to 1.

        Raises:
            ModelError: A logit that is not finite.
        """
        return self.calibrated(self.logits(images))

    def calibrated(self, logits: Float32[np.ndarray, "b c"]) -> Float32[np.ndarray, "b c"]:
        """Probabilities at the model's temperature: softmax(logits / temperature); rows sum to 1.

        Args:
            logits: As `logits` and `outputs` give them.
        """
        return softmax(logits / np.float32(self.temperature))

    def outputs(
        self, paths: Sequence[Path], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """The logits of many photos, not yet calibrated, a batch at a time, in the order given.

        Args:
            paths: The photos.
            batch_size: How many go through the model at once.
            workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.

        Raises:
            ModelError: A logit that is not finite.
        """
        nothing = np.empty((0, len(self.partition)), dtype=np.float32)
        with photo_loader(paths, spec=self.spec, batch_size=batch_size, workers=workers) as loader:
            for batch in loader:
                logits = self.logits(batch.images) if len(batch.rows) else nothing
                yield Outputs(batch.rows.numpy(), logits, batch.failures)

    def estimates(
        self, probabilities: Float32[np.ndarray, "b c"], point: PointMethod | None = None
    ) -> Float[np.ndarray, "b 2"]:
        """The point estimate of each photo: latitude, longitude, in degrees.

        Args:
            probabilities: Calibrated, as `probabilities` gives them.
            point: How to choose it; None for the model's own way.
        """
        return self._estimator.estimates(probabilities, point or self.point)

    @cached_property
    def _estimator(self) -> PointEstimator:
        return PointEstimator(self.partition)

    def predict(
        self,
        paths: Sequence[Path],
        *,
        batch_size: int = 32,
        workers: int = 0,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
    ) -> Iterator[Answer]:
        """The answer to each photo, in the order given; an unreadable one is an answer too.

        Args:
            paths: The photos.
            batch_size: How many go through the model at once.
            workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
            point: How to choose the point estimate; None for the model's own way.
            min_confidence: Probability of the likeliest cell below which an answer is not sure.

        Raises:
            ModelError: A logit that is not finite.
        """
        for output in self.outputs(paths, batch_size=batch_size, workers=workers):
            answers = [
                Answer(row, paths[row], None, error=reason) for row, reason in output.failures
            ]
            if len(output.rows):
                answers += self._answers(output, paths, point, min_confidence)
            yield from sorted(answers, key=lambda answer: answer.row)

    def _answers(
        self,
        output: Outputs,
        paths: Sequence[Path],
        point: PointMethod | None,
        min_confidence: float,
    ) -> list[Answer]:
        """The answers to the photos of a batch that could be read."""
        probabilities = self.calibrated(output.logits)
        estimates = self.estimates(probabilities, point)
        away = self._estimator.distances.from_places(estimates)
        radii = cell_radius_km(self.partition)
        columns = (
            output.rows.tolist(),
            probabilities,
            estimates.tolist(),
            locate(estimates),
            expected_km(probabilities, away, radii).tolist(),
            radius_km(probabilities, away, radii).tolist(),
        )
        return [
            Answer(
                row,
                paths[row],
                own,
                estimate=(latitude, longitude),
                place=place,
                expected_km=expected,
                radius_90_km=radius,
                sure=bool(own.max() >= min_confidence),
            )
            for row, own, (latitude, longitude), place, expected, radius in zip(
                *columns, strict=True
            )
        ]

    def identity(self) -> dict[str, Any]:
        """Which model this is, for a report: its parts, its size, and a fingerprint.

        The fingerprint is the SHA-256 of cells and weights: two models that share it give the
        same logits, and with the same temperature and point method the same answers.
        """
        digest = hashlib.sha256(self.partition.cells.tobytes())
        for name, tensor in sorted(self._geolocator.state_dict().items()):
            digest.update(name.encode())
            # As bytes: NumPy has no bfloat16. Flat first: a scalar cannot be viewed as bytes.
            flat = tensor.detach().cpu().contiguous().flatten()
            digest.update(flat.view(torch.uint8).numpy().tobytes())
        config = self.trained.config
        return {
            "backbone": config.backbone,
            "vit": config.vit,
            "image_size": self.spec.size,
            "cells": len(self.partition),
            "parameters": sum(p.numel() for p in self._geolocator.parameters()),
            "device": str(self.device),
            "precision": self.precision,
            "temperature": self.temperature,
            "point": self.point,
            "fingerprint": digest.hexdigest()[:16],
        }
