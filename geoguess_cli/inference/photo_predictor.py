"""From photos to answers, whatever computes the logits: no network is needed here."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from PIL import Image

from geoguess_cli.choices import Arithmetic, PointMethod
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import Region
from geoguess_cli.inference.answering import Answering, Looked, Outputs
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import Memory
from geoguess_cli.names import text_of
from geoguess_cli.photos.archives import Member, PhotoFile
from geoguess_cli.photos.decoder import decode_photo, to_upright_rgb
from geoguess_cli.photos.images import ImageSpec, pixels_needed, to_array


@runtime_checkable
class ArrayLike(Protocol):
    """A NumPy array, or a tensor of a library that this module does not know."""

    def __array__(self) -> np.ndarray: ...


Images = Float[ArrayLike, "b 3 h w"] | Float[ArrayLike, "b d"]
"""Normalised images, as `read` returns them, or features of photos; a tensor may lie on any device
that the predictor knows."""

Photo = (
    Path
    | str
    | Member
    | bytes
    | Image.Image
    | UInt8[np.ndarray, "h w 3"]
    | Float32[ArrayLike, "3 s s"]
)
"""A photo in any form: a file, a member of an archive, the bytes of a file, a picture, its pixels,
or what the model sees of it."""


class PhotoPredictor(ABC):
    """A model that answers photos; each kind says what computes its logits.

    Args:
        trained: What the logits mean.
        device: Where they are computed.
        precision: The number format in which they are computed.
        max_pixels: Largest width × height of a photo, as in `decode_photo`.

    Attributes:
        shared: Whether several processes share its photos.
    """

    trained: DescribedModel
    shared: ClassVar[bool] = False

    def __init__(
        self, trained: DescribedModel, *, device: Any, precision: Arithmetic, max_pixels: int
    ) -> None:
        self.trained = trained
        self.device = device
        self.precision = precision
        self.max_pixels = max_pixels
        self.answering = Answering(trained.partition, **trained.knowledge)

    @abstractmethod
    def look(self, images: Images) -> Looked:
        """Logits of each image as in `logits`, with its features and pooled values.

        Args:
            images: Normalised images, as `read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """

    @abstractmethod
    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos, batch by batch, in the order given.

        Args:
            files: The photos.
            batch_size: Photos that go through the model at once.
            workers: How many photos are decoded at once beside this process; 0 decodes in it, -1
                chooses a number for this machine.

        Raises:
            ModelError: A logit is not finite.
        """

    @property
    def for_windows(self) -> Callable[[np.ndarray], np.ndarray]:
        """The probabilities of copies of a photo with a window covered, as `probabilities`."""
        return self.probabilities

    @property
    def partition(self) -> Partition:
        """The cell of each column of the probabilities."""
        return self.answering.partition

    def within(self, region: Region) -> "PhotoPredictor":
        """The same network, whose answers are given that a photo was taken in a region.

        Its `partition` holds the cells that reach into the region; if there is none, CellError is
        raised. `logits` and `outputs` still have a column for each cell of the model.
        """
        limited, cells = copy.copy(self), cut_partition(self.trained.partition, region)
        limited.answering = Answering(cells, **self.trained.knowledge)
        limited.__dict__.pop("for_windows", None)
        return limited

    @property
    def spec(self) -> ImageSpec:
        """Size and normalisation of the images that the model takes."""
        return self.trained.spec

    @property
    def temperature(self) -> float:
        """Divisor of the logits before the softmax."""
        return self.trained.temperature

    @property
    def point(self) -> PointMethod:
        """The model's own point method."""
        return self.trained.point

    @property
    def familiarity(self) -> Familiarity | None:
        """What the training photos are like; None if the model does not know."""
        return self.trained.familiarity

    @property
    def memory(self) -> Memory | None:
        """The training photos that the model carries; None if it carries none."""
        return self.trained.memory

    def transform(self, image: Image.Image) -> Float32[np.ndarray, "3 s s"]:
        """A decoded photo as the model sees it: resized and normalised."""
        return to_array(image, self.spec)

    def read(self, photo: Path | Member | bytes) -> Float32[np.ndarray, "3 s s"]:
        """A photo as the model sees it, decoded as in `predict`.

        Args:
            photo: A file, a member of an archive, or the bytes of a file.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
        """
        least = pixels_needed(self.spec)
        return self.transform(decode_photo(photo, at_least=least, max_pixels=self.max_pixels))

    def image(self, photo: Photo) -> Float32[np.ndarray, "3 s s"]:
        """A photo in any form, as the model sees it."""
        if isinstance(photo, Path | str):
            return self.read(Path(photo))
        if isinstance(photo, bytes | Member):
            return self.read(photo)
        if isinstance(photo, Image.Image):
            return self.transform(to_upright_rgb(photo))
        pixels = np.asarray(photo)
        if pixels.dtype == np.uint8:
            return self.transform(Image.fromarray(pixels))
        return pixels

    def logits(self, images: Images) -> Float32[np.ndarray, "b c"]:
        """Logits of each cell for each image, as the network gives them, not calibrated.

        Args:
            images: Normalised images, as `read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """
        return self.look(images).logits

    def probabilities(self, images: Images) -> Float32[np.ndarray, "b k"]:
        """Calibrated probability of each cell for each image; rows sum to 1.

        Args:
            images: Normalised images, as `read` returns them.

        Raises:
            ModelError: A logit is not finite.
        """
        return self.answering.probabilities(self.logits(images))

    def outputs_of(
        self, rows: Int[np.ndarray, " b"], images: Images, failures: list[tuple[int, str]]
    ) -> Outputs:
        """What the network makes of one batch.

        Args:
            rows: Position of each image in the list of photos; there may be none.
            images: The images.
            failures: Position and reason of each photo of the batch that cannot be decoded.

        Raises:
            ModelError: A logit is not finite.
        """
        if not len(rows):
            nothing = np.empty((0, len(self.trained.partition)), dtype=np.float32)
            return Outputs(rows, nothing, failures)
        look = self.look(images)
        return Outputs(rows, look.logits, failures, look.features, look.pooled)

    def answer(
        self,
        photo: Photo,
        *,
        name: str | None = None,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
    ) -> Answer:
        """The answer to one photo.

        A file and its bytes are decoded as in `predict`; a picture of full size may give slightly
        other probabilities, since large JPEG files are decoded at a smaller size.

        Args:
            photo: A file, a member of an archive, the bytes of a file, a PIL image, 8-bit RGB
                pixels (h w 3), or an image as `read` and `transform` give it (3 s s).
            name: What to call the photo in the answer; by default its path, "" without a file.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: In [0, 1]. An answer is sure if its likeliest cell is at least this
                probable.

        Raises:
            ConfigError: An unknown point method.
            ModelError: A logit is not finite.
            PhotoError: The file does not exist, or the photo cannot be decoded.
        """
        look = self.look(self.image(photo)[None])
        probabilities, inside = self.answering.weighed(look.logits)
        if name is None:
            name = text_of(photo) if isinstance(photo, Path | str | Member) else ""
        return self.answering.answer(
            probabilities[0],
            photo=name,
            point=point,
            min_confidence=min_confidence,
            inside=float(inside[0]),
            pooled=look.pooled[0],
            features=None if look.features is None else look.features[0],
        )

    def predict(
        self,
        files: Sequence[PhotoFile],
        *,
        batch_size: int = 32,
        workers: int = 0,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
        unlike_is_unsure: bool = False,
        neighbours: int = 0,
    ) -> Iterator[Answer | Unanswered]:
        """The answer to each photo, in the order given; an unreadable photo is `Unanswered`.

        Args:
            files: The photos.
            batch_size: Photos that go through the model at once.
            workers: As in `outputs`.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: In [0, 1]. An answer is sure if its likeliest cell is at least this
                probable.
            unlike_is_unsure: An answer to a photo unlike the training photos is not sure.
            neighbours: Training photos that the photo resembles to name in each answer.

        Raises:
            ModelError: A logit is not finite.
        """
        for output in self.outputs(files, batch_size=batch_size, workers=workers):
            answers: list[Answer | Unanswered] = [
                Unanswered(row, text_of(files[row]), reason) for row, reason in output.failures
            ]
            if len(output.rows):
                probabilities, inside = self.answering.weighed(output.logits)
                answers += self.answering.answers(
                    probabilities,
                    [text_of(files[row]) for row in output.rows.tolist()],
                    rows=output.rows.tolist(),
                    point=point,
                    min_confidence=min_confidence,
                    inside=inside,
                    likenesses=output.likenesses(self.familiarity),
                    unlike_is_unsure=unlike_is_unsure,
                    features=output.features,
                    neighbours=neighbours,
                )
            yield from sorted(answers, key=lambda answer: answer.row)

    def identity(self) -> dict[str, Any]:
        """A record of the model for reports: its parts, its size, and a fingerprint.

        Models with the same fingerprint, temperature and point method give the same answers.
        """
        config = self.trained.config
        return {
            "backbone": config.backbone,
            "vit": config.vit,
            "image_size": self.spec.size,
            "cells": len(self.trained.partition),
            "parameters": self.trained.parameters,
            "device": str(self.device),
            "precision": self.precision,
            "temperature": self.temperature,
            "point": self.point,
            "fingerprint": self.trained.fingerprint,
        }
