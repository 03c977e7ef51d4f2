"""A probability map: the answer to a photo over the cells of a partition, ready to be drawn."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from jaxtyping import Float, Int

from geoguess_cli.errors import CellError, ModelError
from geoguess_cli.geo.cells import cell_boundary, cell_union
from geoguess_cli.geo.cut_partition import CutPartition, areas_of
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place
from geoguess_cli.geo.regions import Region
from geoguess_cli.inference.answers import Answer, Unanswered, cell_places
from geoguess_cli.inference.credible import MASS_ROUNDING
from geoguess_cli.inference.on_demand import OnDemand
from geoguess_cli.maps.extent import Extent, fit_extent

_EXTENT_MASS = 0.95  # least share of the probability that a map shows
_SUM_TOLERANCE = 1e-2


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """The answer to one photo, over the cells of a partition.

    Attributes:
        answer: The answer, with one probability per cell.
        partition: The cells.
        truth: Where the photo was taken: latitude, longitude, in degrees; None if unknown.
        top_k: Number of guesses that are listed and numbered, at least 1.
    """

    answer: Answer
    partition: Partition
    truth: Float[np.ndarray, "2"] | None = None
    top_k: int = 5

    @cached_property
    def probabilities(self) -> Float[np.ndarray, " n"]:
        """The probability of each cell, in the partition's order, in float64; they sum to 1."""
        return self.answer.probabilities.astype(np.float64)

    @cached_property
    def estimate(self) -> Float[np.ndarray, "2"]:
        """The point estimate: latitude, longitude, in degrees."""
        return np.array(self.answer.estimate)

    @cached_property
    def ranking(self) -> Int[np.ndarray, " n"]:
        """Cell indices, the likeliest first; equally likely cells in the partition's order."""
        return np.argsort(-self.probabilities, kind="stable")

    @property
    def guesses(self) -> Int[np.ndarray, " k"]:
        """Cell indices of the top guesses, the likeliest first."""
        return self.ranking[: self.top_k]

    @property
    def places(self) -> OnDemand[Place]:
        """The place of each cell's centroid, in the partition's order."""
        return cell_places(self.partition)

    @property
    def region(self) -> Region | None:
        """The region that the answer was limited to; None if it was not."""
        return self.partition.region if isinstance(self.partition, CutPartition) else None

    @property
    def distance_km(self) -> float | None:
        """Great-circle distance from the point estimate to the truth, in kilometres."""
        if self.truth is None:
            return None
        return float(great_circle_km(self.estimate[None], self.truth[None])[0])

    @property
    def entropy_bits(self) -> float:
        """Shannon entropy of the probabilities, in bits, from 0 to log2 of the number of cells."""
        some = self.probabilities[self.probabilities > 0]
        return max(0.0, -float(some @ np.log2(some)))

    def credible_cells(self, mass: float) -> Int[np.ndarray, " k"]:
        """Cell indices of the credible set, the likeliest first: the fewest cells that hold `mass`.

        Args:
            mass: Share of the probability, in (0, 1].
        """
        reached = np.cumsum(self.probabilities[self.ranking])
        count = 1 + int((reached < mass * reached[-1] - MASS_ROUNDING).sum())
        return self.ranking[: min(count, len(self.ranking))]

    def credible_area_km2(self, mass: float) -> float:
        """Area of the credible region, in km²."""
        return float(self.partition.area_km2[self.credible_cells(mass)].sum())

    def credible_region(self, mass: float) -> shapely.Geometry:
        """The cells of the credible set as one shape: polygons of (longitude, latitude).

        The shape is cut at the antimeridian. Where it holds a pole, it follows the latitude ±90°.

        Args:
            mass: Share of the probability, in (0, 1].
        """
        cells = cell_union(self.partition.cells[self.credible_cells(mass)])
        return cells if self.region is None else areas_of(cells.intersection(self.region.shape))

    def extent(self, *, aspects: tuple[float, float] = (1.2, 1.45)) -> Extent:
        """The part of the Earth that holds `_EXTENT_MASS`, the estimate and the truth.

        Args:
            aspects: Least and greatest width over height of the map.
        """
        points = [self.estimate] if self.truth is None else [self.estimate, self.truth]
        return fit_extent(
            cell_boundary(self.partition.cells),
            self.probabilities,
            points=np.stack(points),
            mass=_EXTENT_MASS,
            aspects=aspects,
        )


def probability_map(
    answer: Answer, partition: Partition, *, truth: Sequence[float] | None = None, top_k: int = 5
) -> ProbabilityMap:
    """The probability map of one photo.

    Args:
        answer: The answer to the photo.
        partition: The cells of the answer's probabilities.
        truth: Where the photo was taken: latitude, longitude, in degrees.
        top_k: Number of guesses to list, at least 1.

    Raises:
        CellError: The numbers of probabilities and of cells differ.
        ModelError: A probability is negative or not finite, or the sum is not 1.
        CoordinateError: The truth or the estimate is not on the Earth.
    """
    probabilities = answer.probabilities
    if len(probabilities) != len(partition):
        raise CellError(
            f"{len(probabilities)} probabilities for a partition of {len(partition)} cells; "
            "use the partition in the model's own folder"
        )
    total = float(np.sum(probabilities, dtype=np.float64))
    if not (np.all(probabilities >= 0) and abs(total - 1) < _SUM_TOLERANCE):
        raise ModelError(
            f"the probabilities sum to {total:g}, the least is {np.min(probabilities):g}; "
            "they must be 0 or more and sum to 1 (softmax of the logits)"
        )
    check_latlng(np.array([answer.estimate]))
    place = None if truth is None else np.asarray(truth, dtype=np.float64)
    if place is not None:
        check_latlng(place[None])
    return ProbabilityMap(answer, partition, place, max(1, top_k))


def probability_maps(
    answers: Iterable[Answer | Unanswered],
    partition: Partition,
    truths: Sequence[Sequence[float] | None],
    *,
    top_k: int = 5,
    on_failure: Callable[[Unanswered], None],
) -> Iterator[ProbabilityMap]:
    """The probability map of each answered photo, in the order of the answers.

    Args:
        answers: The answers to photos, as `Predictor.predict` gives them.
        partition: The cells of their probabilities.
        truths: Where each photo was taken, by the answer's `row`; None if unknown.
        top_k: Number of guesses to list, at least 1.
        on_failure: Called with each photo that could not be read.
    """
    for answer in answers:
        if isinstance(answer, Unanswered):
            on_failure(answer)
        else:
            yield probability_map(answer, partition, truth=truths[answer.row], top_k=top_k)
