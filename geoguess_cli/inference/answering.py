"""From the logits of photos to answers: no network is needed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.inference.answers import Answer
from geoguess_cli.inference.credible import expected_km, radius_km
from geoguess_cli.inference.distances import cell_radius_km
from geoguess_cli.inference.estimates import PointEstimator
from geoguess_cli.inference.probabilities import conditioned, log_softmax, softmax
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity, Likeness
from geoguess_cli.model.memory import MISSING, NEIGHBOURS, Memory, Neighbour


class Looked(NamedTuple):
    """What a network makes of images.

    Attributes:
        logits: One a cell, not calibrated.
        features: What the head saw; None if the network does not say.
        pooled: What the backbone gave, as `model.geolocator.NetworkLook`.
    """

    logits: Float32[np.ndarray, "b c"]
    features: Float32[np.ndarray, "b d"] | None
    pooled: Float32[np.ndarray, "b p"]


@dataclass(frozen=True, eq=False)
class Outputs:
    """The logits of one batch of photos, and the photos of the batch that could not be read.

    Attributes:
        rows: For each row of `logits`, the position of its photo in the whole list of photos.
        logits: One column per cell, as the network gives them.
        failures: Position and reason of each unreadable photo.
        features: What the head saw of each photo; None if the network does not say.
        pooled: What the backbone gave for each photo, as `model.geolocator.NetworkLook`; likewise.
        distances: How far each row lies from the training photos, where a row is a group; that of a
            photo follows from `pooled`.
    """

    rows: Int[np.ndarray, " b"]
    logits: Float32[np.ndarray, "b c"]
    failures: list[tuple[int, str]]
    features: Float32[np.ndarray, "b d"] | None = None
    pooled: Float32[np.ndarray, "b p"] | None = None
    distances: Float64[np.ndarray, " b"] | None = None

    @property
    def seen(self) -> Float32[np.ndarray, "b d"]:
        """The features; a model that carries training photos gives them."""
        assert self.features is not None or not len(self.rows)
        return np.empty((0, 0), dtype=np.float32) if self.features is None else self.features

    def likenesses(self, familiarity: Familiarity | None) -> list[Likeness] | None:
        """How near each row lies to the training photos; None where that is not known."""
        if familiarity is None or not len(self.rows):
            return None
        if self.distances is not None:
            return familiarity.likenesses_at(self.distances)
        return None if self.pooled is None else familiarity.likenesses(self.pooled)


class Answering:
    """Turns logits or probabilities into answers, over the cells of one partition.

    Args:
        partition: The cell of each column of the logits.
        decision: Temperature and point method; by default those of a model never calibrated.
        familiarity: What the training photos are like, if that is known.
        memory: The features of the training photos, if they are carried.
    """

    def __init__(
        self,
        partition: Partition,
        decision: Decision | None = None,
        familiarity: Familiarity | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.partition = partition
        self.decision = decision or Decision()
        self.familiarity = familiarity
        self.memory = memory

    def probabilities(self, logits: Float32[np.ndarray, "b c"]) -> Float32[np.ndarray, "b k"]:
        """Calibrated probabilities, softmax(logits / temperature); each row sums to 1.

        Over a `CutPartition` they are those given that the truth lies in its region.
        """
        return self.weighed(logits)[0]

    def weighed(
        self, logits: Float32[np.ndarray, "b c"]
    ) -> tuple[Float32[np.ndarray, "b k"], Float[np.ndarray, " b"]]:
        """The probabilities, and how much probability lay inside the region; 1 without a region.

        Args:
            logits: As the network gives them, of all cells of the model.
        """
        scaled = logits / np.float32(self.decision.temperature)
        if not isinstance(self.partition, CutPartition):
            return softmax(scaled), np.ones(len(logits))
        logs, inside = conditioned(log_softmax(scaled), self.partition)
        return np.exp(logs).astype(np.float32), inside

    def estimates(
        self,
        probabilities: Float32[np.ndarray, "b c"],
        point: PointMethod | None = None,
        features: Float32[np.ndarray, "b d"] | None = None,
    ) -> Float[np.ndarray, "b 2"]:
        """The point estimate of each photo: latitude, longitude, in degrees.

        Args:
            probabilities: Calibrated, one column per cell; each row sums to 1.
            point: How to choose the estimate; None takes the method of the decision.
            features: What the head saw of each photo, as `Outputs` holds it.

        Raises:
            ConfigError: An unknown point method.
            ModelError: The method needs features or a memory that are not there.
        """
        return self._estimator.estimates(probabilities, point or self.decision.point, features)

    def answers(
        self,
        probabilities: Float32[np.ndarray, "b c"],
        photos: Sequence[str],
        *,
        rows: Iterable[int] | None = None,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
        inside: Float[np.ndarray, " b"] | None = None,
        likenesses: Sequence[Likeness] | None = None,
        unlike_is_unsure: bool = False,
        features: Float32[np.ndarray, "b d"] | None = None,
        neighbours: int = 0,
    ) -> list[Answer]:
        """The answer to each photo of a batch, in the order given.

        Args:
            probabilities: Calibrated, one row per photo; each row sums to 1.
            photos: The name of each photo, "" for an image without a file.
            rows: The `row` of each answer; by default 0, 1, 2, …
            point: How to choose the point estimate; None takes the method of the decision.
            min_confidence: In [0, 1]. An answer is sure if its likeliest cell is at least this
                probable.
            inside: How much probability lay inside the region of the partition, if it has one.
            likenesses: How near each photo lies to the training photos, as `Outputs.likenesses`
                says; without it no answer says so.
            unlike_is_unsure: An answer to a photo unlike the training photos is not sure.
            features: What the head saw of each photo, as `Outputs` holds it.
            neighbours: Training photos that each photo resembles to name in its answer.

        Raises:
            ConfigError: An unknown point method.
            ModelError: The point method or the neighbours need features or a memory that are not
                there.
        """
        estimates = self.estimates(probabilities, point, features)
        distances = self._estimator.distances.from_places(estimates)
        radii = cell_radius_km(self.partition)
        places = locate(estimates)
        expected = expected_km(probabilities, distances, radii).tolist()
        radius = radius_km(probabilities, distances, radii).tolist()
        near: Sequence[Likeness | None] = likenesses or [None] * len(photos)
        alike = self._neighbours(features, neighbours, len(photos))
        return [
            Answer(
                row,
                photos[at],
                probabilities[at],
                estimate=(float(estimates[at, 0]), float(estimates[at, 1])),
                place=places[at],
                expected_km=expected[at],
                radius_90_km=radius[at],
                sure=bool(probabilities[at].max() >= min_confidence)
                and not (unlike_is_unsure and _unlike(near[at])),
                region=self._region,
                inside=1.0 if inside is None else float(inside[at]),
                likeness=near[at],
                neighbours=alike[at],
            )
            for at, row in enumerate(range(len(photos)) if rows is None else rows)
        ]

    @property
    def _region(self) -> str:
        cells = self.partition
        return cells.region.name if isinstance(cells, CutPartition) else ""

    def _neighbours(
        self, features: np.ndarray | None, count: int, photos: int
    ) -> Sequence[tuple[Neighbour, ...] | None]:
        """The training photos that each photo resembles; None if none are asked for."""
        if not count:
            return [None] * photos
        if self.memory is None or features is None:
            raise ModelError(MISSING)
        return [tuple(own) for own in self.memory.neighbours(features, count)]

    def answer(
        self,
        probabilities: Float32[np.ndarray, " c"],
        *,
        photo: str = "",
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
        inside: float | None = None,
        pooled: Float32[np.ndarray, " p"] | None = None,
        unlike_is_unsure: bool = False,
        features: Float32[np.ndarray, " d"] | None = None,
    ) -> Answer:
        """The answer to one photo; the arguments are those of `answers`.

        With `features`, what the head saw, it names training photos if the model carries them.
        With `pooled`, what the backbone gave, it says whether the photo is like them.
        """
        known = self.memory is not None and features is not None
        likenesses = None
        if self.familiarity is not None and pooled is not None:
            likenesses = self.familiarity.likenesses(pooled[None])
        return self.answers(
            probabilities[None],
            [photo],
            point=point,
            min_confidence=min_confidence,
            inside=None if inside is None else np.array([inside]),
            likenesses=likenesses,
            unlike_is_unsure=unlike_is_unsure,
            features=None if features is None else features[None],
            neighbours=NEIGHBOURS if known else 0,
        )[0]

    @cached_property
    def _estimator(self) -> PointEstimator:
        return PointEstimator(self.partition, self.memory)


def _unlike(likeness: Likeness | None) -> bool:
    return likeness is not None and likeness.unlike
