"""From the logits of photos to answers: no network is needed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

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
from geoguess_cli.model.memory import MISSING, NEIGHBOURS, Memory


class Looked(NamedTuple):
    """What a network makes of images.

    Attributes:
        logits: One a cell, not calibrated.
        features: What the head saw.
        pooled: What the backbone gave, as `model.geolocator.NetworkLook`.
    """

    logits: Float32[np.ndarray, "b c"]
    features: Float32[np.ndarray, "b d"]
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
    """

    rows: Int[np.ndarray, " b"]
    logits: Float32[np.ndarray, "b c"]
    failures: list[tuple[int, str]]
    features: Float32[np.ndarray, "b d"] | None = None
    pooled: Float32[np.ndarray, "b p"] | None = None


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

    def with_neighbours(
        self,
        answers: list[Answer],
        features: Float32[np.ndarray, "b d"] | None,
        count: int,
    ) -> list[Answer]:
        """The answers with the training photos that their photos resemble.

        Args:
            answers: The answers.
            features: What the head saw of each photo, as `Outputs` holds it.
            count: Training photos to name for each; 0 leaves the answers as they are.

        Raises:
            ModelError: The model carries no memory.
        """
        if not count:
            return answers
        if self.memory is None or features is None:
            raise ModelError(MISSING)
        found = self.memory.neighbours(features, count)
        return [
            replace(answer, neighbours=tuple(own))
            for answer, own in zip(answers, found, strict=True)
        ]

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
        self, probabilities: Float32[np.ndarray, "b c"], point: PointMethod | None = None
    ) -> Float[np.ndarray, "b 2"]:
        """The point estimate of each photo: latitude, longitude, in degrees.

        Args:
            probabilities: Calibrated, one column per cell; each row sums to 1.
            point: How to choose the estimate; None takes the method of the decision.

        Raises:
            ConfigError: An unknown point method.
        """
        return self._estimator.estimates(probabilities, point or self.decision.point)

    def answers(
        self,
        probabilities: Float32[np.ndarray, "b c"],
        photos: Sequence[str],
        *,
        rows: Iterable[int] | None = None,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
        inside: Float[np.ndarray, " b"] | None = None,
        pooled: Float32[np.ndarray, "b p"] | None = None,
        unlike_is_unsure: bool = False,
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
            pooled: What the backbone gave for each photo, as `Outputs` holds it; without it no
                answer says whether the photo is like the training photos.
            unlike_is_unsure: An answer to a photo unlike the training photos is not sure.

        Raises:
            ConfigError: An unknown point method.
        """
        region = self.partition.region.name if isinstance(self.partition, CutPartition) else ""
        estimates = self.estimates(probabilities, point)
        distances = self._estimator.distances.from_places(estimates)
        radii = cell_radius_km(self.partition)
        columns = (
            range(len(photos)) if rows is None else rows,
            photos,
            probabilities,
            estimates.tolist(),
            locate(estimates),
            expected_km(probabilities, distances, radii).tolist(),
            radius_km(probabilities, distances, radii).tolist(),
            np.ones(len(photos)).tolist() if inside is None else inside.tolist(),
            self._likeness(pooled, len(photos)),
        )
        return [
            Answer(
                row,
                photo,
                own,
                estimate=(latitude, longitude),
                place=place,
                expected_km=expected,
                radius_90_km=radius,
                sure=bool(own.max() >= min_confidence)
                and not (unlike_is_unsure and likeness is not None and likeness.unlike),
                region=region,
                inside=within,
                likeness=likeness,
            )
            for (
                row,
                photo,
                own,
                (latitude, longitude),
                place,
                expected,
                radius,
                within,
                likeness,
            ) in zip(*columns, strict=True)
        ]

    def _likeness(self, pooled: np.ndarray | None, photos: int) -> Sequence[Likeness | None]:
        """How near each photo lies to the training photos; None where that is not known."""
        if self.familiarity is None or pooled is None:
            return [None] * photos
        return self.familiarity.likenesses(pooled)

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
        """
        answers = self.answers(
            probabilities[None],
            [photo],
            point=point,
            min_confidence=min_confidence,
            inside=None if inside is None else np.array([inside]),
            pooled=None if pooled is None else pooled[None],
            unlike_is_unsure=unlike_is_unsure,
        )
        if self.memory is None or features is None:
            return answers[0]
        return self.with_neighbours(answers, features[None], NEIGHBOURS)[0]

    @cached_property
    def _estimator(self) -> PointEstimator:
        return PointEstimator(self.partition)
