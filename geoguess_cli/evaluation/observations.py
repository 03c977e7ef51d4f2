"""What an evaluation keeps of each photo: a few numbers, however many cells there are."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import ModelError
from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.calibration import Calibration, CalibrationMeter
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.credible import Credible, CredibleMeter, expected_km, radius_km
from geoguess_cli.inference.distances import cell_radius_km
from geoguess_cli.inference.estimates import NO_MEMORY, PointEstimator
from geoguess_cli.inference.probabilities import conditioned, log_softmax, top_cells
from geoguess_cli.model.memory import Memory

LISTED = max(metrics.TOP_K)
"""Guesses kept of each photo."""


class Observer:
    """Takes the logits of photos whose place is known, and keeps what the statistics need.

    Args:
        partition: The cell of each column of the logits; or the cells among them that reach into a
            region, in which all photos were taken.
        latlng: Where each photo of the table was taken.
        temperature: The number that logits are divided by.
        point: How the model chooses its point estimate.
        memory: The training photos that the model carries.
        sequences: The sequence of each photo of the table, as `remembered.sequences_of` names it;
            training photos of the same sequence do not count for it.

    Raises:
        ModelError: The point estimate needs a memory, and there is none.
    """

    def __init__(
        self,
        partition: Partition,
        latlng: np.ndarray,
        *,
        temperature: float,
        point: PointMethod,
        memory: Memory | None = None,
        sequences: Sequence[str] | None = None,
    ) -> None:
        self._cells = partition if isinstance(partition, CutPartition) else None
        self._latlng, self._truths = latlng, partition.assign(latlng)
        self._temperature, self._point = np.float32(temperature), point
        self._sequences = None if sequences is None else np.array(sequences, dtype=object)
        self._estimator = PointEstimator(partition, memory)
        if point not in self._estimator.methods:
            raise ModelError(NO_MEMORY)
        self._radius_km = cell_radius_km(partition)
        self._before, self._after = CalibrationMeter(), CalibrationMeter()
        self._credible = CredibleMeter(partition.area_km2)
        photos, listed = len(latlng), min(LISTED, len(partition))
        self._rows: list[np.ndarray] = []
        self.truths = self._truths
        self.cells = np.zeros((photos, listed), dtype=np.int64)
        self.top_probabilities = np.zeros((photos, listed), dtype=np.float32)
        self.ranks = np.zeros(photos, dtype=np.int64)
        self.estimates = {
            method: np.full((photos, 2), np.nan) for method in self._estimator.methods
        }
        self.inside = np.full(photos, np.nan)
        self.expected_km = np.full(photos, np.nan)
        self.radius_90_km = np.full(photos, np.nan)

    def add(
        self,
        rows: Int[np.ndarray, " b"],
        logits: Float32[np.ndarray, "b c"],
        features: Float32[np.ndarray, "b d"] | None = None,
    ) -> None:
        """Take one batch, ideally of a few hundred photos.

        Args:
            rows: Which photos of the table they are; a photo must not come twice.
            logits: As the model gives them, not yet divided by the temperature.
            features: What the head saw of each, needed where there is a memory.
        """
        truths = self._truths[rows]
        self._rows.append(rows)
        raw = log_softmax(logits)
        calibrated = raw if self._temperature == 1 else log_softmax(logits / self._temperature)
        order: np.ndarray = logits  # probabilities that round to 0 would tie
        if self._cells is not None:
            raw, _ = conditioned(raw, self._cells)
            calibrated, self.inside[rows] = conditioned(calibrated, self._cells)
            order = calibrated
        self.cells[rows] = top_cells(order, self.cells.shape[1])
        self.ranks[rows] = metrics.truth_ranks(order, truths)
        self._before.add(raw, truths)
        self._after.add(calibrated, truths)
        probabilities = np.exp(calibrated).astype(np.float32)
        self.top_probabilities[rows] = np.take_along_axis(probabilities, self.cells[rows], axis=1)
        self._credible.add(probabilities, truths)
        self._place(rows, probabilities, features)

    def _place(
        self, rows: np.ndarray, probabilities: np.ndarray, features: np.ndarray | None
    ) -> None:
        sequences = None if self._sequences is None else self._sequences[rows].tolist()
        for method, estimates in self.estimates.items():
            estimates[rows] = self._estimator.estimates(
                probabilities, method, features, sequences=sequences
            )
        own = self.estimates[self._point][rows]
        distances = self._estimator.distances.from_places(own)
        self.expected_km[rows] = expected_km(probabilities, distances, self._radius_km)
        self.radius_90_km[rows] = radius_km(probabilities, distances, self._radius_km)

    @property
    def rows(self) -> Int[np.ndarray, " n"]:
        """The rows of the photos taken, in the order in which they came."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self._rows])

    def calibration(self) -> tuple[Calibration, Calibration]:
        """Calibration of the photos taken, at temperature 1 and at the model's."""
        return self._before.result(), self._after.result()

    def credible(self) -> Credible:
        """Credible sets of the photos taken."""
        return self._credible.result()

    def distances_km(self) -> Mapping[PointMethod, Float64[np.ndarray, " n"]]:
        """Distance from each method's estimate to the truth, in km, of every photo of the table."""
        return {
            method: great_circle_km(estimates, self._latlng)
            for method, estimates in self.estimates.items()
        }
