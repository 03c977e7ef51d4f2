"""From the logits of photos to answers: no network is needed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.inference.answers import Answer
from geoguess_cli.inference.credible import expected_km, radius_km
from geoguess_cli.inference.distances import cell_radius_km
from geoguess_cli.inference.estimates import PointEstimator
from geoguess_cli.inference.probabilities import conditioned, log_softmax, softmax
from geoguess_cli.model.decision import Decision


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
    """

    def __init__(self, partition: Partition, decision: Decision | None = None) -> None:
        self.partition = partition
        self.decision = decision or Decision()

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
                sure=bool(own.max() >= min_confidence),
                region=region,
                inside=within,
            )
            for row, photo, own, (latitude, longitude), place, expected, radius, within in zip(
                *columns, strict=True
            )
        ]

    def answer(
        self,
        probabilities: Float32[np.ndarray, " c"],
        *,
        photo: str = "",
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
        inside: float | None = None,
    ) -> Answer:
        """The answer to one photo; the arguments are those of `answers`."""
        return self.answers(
            probabilities[None],
            [photo],
            point=point,
            min_confidence=min_confidence,
            inside=None if inside is None else np.array([inside]),
        )[0]

    @cached_property
    def _estimator(self) -> PointEstimator:
        return PointEstimator(self.partition)
