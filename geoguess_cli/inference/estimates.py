"""Point estimates: one place chosen from the probabilities of all cells.

centroid   the centroid of the likeliest cell
cluster    the mean of the likeliest cluster, weighted by probability; a cluster is a cell with its
           neighbours
distance   the centroid with the least expected great-circle distance to the truth
geoscore   the centroid with the greatest expected GeoScore
neighbours the middle of the training photos in the likeliest cells that the photo resembles
           (`inference.remembered`); only where a model carries its training photos

The first four take the truth to lie at a cell's centroid, with the probability of that cell.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.choices import OF_PROBABILITIES, POINT_METHODS, PointMethod
from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import from_unit_vectors, unit_vectors
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.distances import NEIGHBOURLY, CentroidDistances, cell_radius_km
from geoguess_cli.inference.geoscore import GEOSCORE_SCALE_KM
from geoguess_cli.inference.probabilities import top_cells
from geoguess_cli.inference.remembered import RememberedPlaces
from geoguess_cli.model.memory import Memory

SEEDS = 16
"""Number of the likeliest cells of a photo that are tried as the middle of its cluster."""


class PointEstimator:
    """Point estimates over the cells of a partition.

    Distances between cells are computed once, at the first call that needs them. Pass some hundred
    photos at a time: a call with a few photos takes nearly as long.

    Args:
        partition: The cell of each column of the probabilities.
        memory: The training photos that the model carries; None if it carries none.
    """

    def __init__(self, partition: Partition, memory: Memory | None = None) -> None:
        self._partition, self._memory = partition, memory
        self._centroids = partition.centroids
        self._region = partition.region if isinstance(partition, CutPartition) else None
        self._radius_km = cell_radius_km(partition)
        self.distances = CentroidDistances(partition.centroids)
        self._neighbours: dict[int, Int[np.ndarray, " m"]] = {}

    @property
    def methods(self) -> tuple[PointMethod, ...]:
        """The methods that can be asked for."""
        return OF_PROBABILITIES if self._memory is None else tuple(POINT_METHODS)

    def estimates(
        self,
        probabilities: Float32[np.ndarray, "b c"],
        method: PointMethod,
        features: Float[np.ndarray, "b d"] | None = None,
        *,
        sequences: Sequence[str] | None = None,
    ) -> Float[np.ndarray, "b 2"]:
        """The point estimate of each photo: latitude, longitude, in degrees.

        Args:
            probabilities: Probability of each cell; rows sum to 1.
            method: One of `POINT_METHODS`.
            features: What the head saw of each photo; only `neighbours` needs it.
            sequences: The sequence of each photo, whose own training photos do not count, as
                `remembered.sequences_of` names it; by default all training photos count.

        Raises:
            ConfigError: An unknown method.
            ModelError: The method is `neighbours`, and the model carries no training photos, or
                the features are not known.
        """
        if method != "neighbours":
            return _estimate_of(method)(self, probabilities)
        if self._remembered is None:
            raise ModelError(NO_MEMORY)
        if features is None:
            raise ModelError(
                "the point method `neighbours` compares the features of a photo, and only its "
                f"probabilities are known; choose {' or '.join(OF_PROBABILITIES)}"
            )
        return self._remembered.estimates(probabilities, features, sequences)

    @cached_property
    def _remembered(self) -> RememberedPlaces | None:
        return None if self._memory is None else RememberedPlaces(self._partition, self._memory)

    def likeliest(self, probabilities: np.ndarray) -> Float[np.ndarray, "b 2"]:
        """The centroid of the likeliest cell."""
        return np.asarray(self._centroids[probabilities.argmax(axis=1)])

    def least_distance(self, probabilities: np.ndarray) -> Float[np.ndarray, "b 2"]:
        """The centroid with the least expected great-circle distance to the truth."""
        return self._cheapest(probabilities, _distance, _less_distance)

    def greatest_geoscore(self, probabilities: np.ndarray) -> Float[np.ndarray, "b 2"]:
        """The centroid with the greatest expected GeoScore."""
        return self._cheapest(probabilities, _loss, _less_loss)

    def _cheapest(
        self,
        probabilities: np.ndarray,
        cost: Callable[[np.ndarray], np.ndarray],
        bound: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ) -> Float[np.ndarray, "b 2"]:
        """The centroid at which the expected cost is least; at a tie that of the likeliest cell.

        Branch and bound: the expected cost at the middle of a group of cells bounds the cost at any
        cell of the group. A group that cannot beat the best cell so far is skipped.

        Args:
            probabilities: Probability of each cell.
            cost: Maps the distance from an answer to the truth to a cost.
            bound: Maps the expected cost at a place and a radius to a lower bound of the expected
                cost within that radius.
        """
        best: np.ndarray = probabilities.argmax(axis=1)
        least = np.einsum("bc,bc->b", probabilities, cost(self.distances.from_cells(best)))
        groups, middles, radii = self._groups
        at_middle = probabilities @ cost(self.distances.from_cells(middles)).T
        bounds = bound(at_middle, radii)
        for group, within in zip(groups, bounds.T, strict=True):
            rows = np.flatnonzero(within < least)
            if not len(rows):
                continue
            costs = probabilities[rows] @ cost(self.distances.from_cells(group)).T
            cell = costs.argmin(axis=1)
            cheapest = costs[np.arange(len(rows)), cell]
            better = cheapest < least[rows]
            best[rows[better]] = group.start + cell[better]
            least[rows[better]] = cheapest[better]
        return np.asarray(self._centroids[best])

    @cached_property
    def _groups(self) -> tuple[list[slice], np.ndarray, np.ndarray]:
        """Runs of about √c cells with adjacent ids; the middle cell and the radius of each run."""
        count = len(self._centroids)
        size = math.isqrt(count - 1) + 1
        groups = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        middles, radii = [], []
        for group in groups:
            farthest = self.distances.from_cells(group)[:, group].max(axis=1)
            middles.append(group.start + int(farthest.argmin()))
            radii.append(float(farthest.min()))
        return groups, np.array(middles), np.array(radii, dtype=np.float32)

    def cluster_means(self, probabilities: np.ndarray) -> Float[np.ndarray, "b 2"]:
        """Weighted spherical mean of each photo's likeliest cluster.

        A cluster is a cell with its neighbours; its middle is one of the photo's likeliest cells.
        IM2GPS answers with the middle of the heaviest cluster (Hays and Efros, CVPR 2008). It uses
        a fixed radius; neighbours suit cells of all sizes.
        """
        seeds = top_cells(probabilities, SEEDS)
        rows = np.repeat(np.arange(len(seeds)), seeds.shape[1])
        first, members = self._clusters(seeds.ravel())
        count = np.diff(first, append=len(members))
        masses = np.add.reduceat(probabilities[np.repeat(rows, count), members], first)
        heaviest = masses.reshape(seeds.shape).argmax(axis=1)  # at a tie the likelier seed
        middles = seeds[np.arange(len(seeds)), heaviest]
        first, members = self._clusters(middles)
        rows = np.repeat(np.arange(len(middles)), np.diff(first, append=len(members)))
        weights = probabilities[rows, members].astype(np.float64)
        sums = np.add.reduceat(weights[:, None] * self._xyz[members], first, axis=0)
        means = from_unit_vectors(sums)
        # Cells all around the Earth may cancel out; then take the middle.
        balanced = np.linalg.norm(sums, axis=1) < 1e-6 * np.add.reduceat(weights, first)
        if self._region is not None:  # it may be hollow
            balanced |= ~self._region.holds(means)
        means[balanced] = self._centroids[middles[balanced]]
        return means

    def _clusters(self, cells: Int[np.ndarray, " k"]) -> tuple[np.ndarray, np.ndarray]:
        """The start of each cell's list of neighbours, and all lists joined."""
        lists = [self._neighbours_of(cell) for cell in cells.tolist()]
        first = np.cumsum([0, *map(len, lists[:-1])])
        return first, np.concatenate(lists)

    def _neighbours_of(self, cell: int) -> Int[np.ndarray, " m"]:
        """The neighbours of a cell, itself included; computed at the first call."""
        if cell not in self._neighbours:
            distances = self.distances.from_cells(np.array([cell]))[0]
            reach = NEIGHBOURLY * (self._radius_km[cell] + self._radius_km)
            self._neighbours[cell] = np.flatnonzero(distances <= reach)
        return self._neighbours[cell]

    @cached_property
    def _xyz(self) -> Float[np.ndarray, "c 3"]:
        return unit_vectors(self._centroids)


def _distance(distance_km: np.ndarray) -> np.ndarray:
    return distance_km


def _less_distance(expected_km: np.ndarray, radius_km: np.ndarray) -> np.ndarray:
    """Moving an answer by d changes its distance to any truth by at most d."""
    return np.asarray(expected_km * np.float32(1 - 1e-5) - radius_km)  # float32's rounding


def _loss(distance_km: np.ndarray) -> np.ndarray:
    """The GeoScore as a cost, in [-1, 0]."""
    return -np.exp(distance_km / np.float32(-GEOSCORE_SCALE_KM))


def _less_loss(expected: np.ndarray, radius_km: np.ndarray) -> np.ndarray:
    """Moving an answer by d multiplies its GeoScore by at most exp(d / scale)."""
    gain = np.exp(radius_km / np.float32(GEOSCORE_SCALE_KM))
    return expected * gain * np.float32(1 + 1e-5)


NO_MEMORY = (
    "the point method `neighbours` needs the model's memory of its training photos, and the model "
    "carries none; `geoguess calibrate --memory` adds it, and `geoguess calibrate` alone chooses "
    "another method"
)

_ESTIMATES: dict[str, Callable[[PointEstimator, np.ndarray], np.ndarray]] = {
    "centroid": PointEstimator.likeliest,
    "cluster": PointEstimator.cluster_means,
    "distance": PointEstimator.least_distance,
    "geoscore": PointEstimator.greatest_geoscore,
}


def _estimate_of(method: str) -> Callable[[PointEstimator, np.ndarray], np.ndarray]:
    if method not in _ESTIMATES:
        raise ConfigError(
            f"point method is {method!r}; it must be one of {', '.join(POINT_METHODS)}"
        )
    return _ESTIMATES[method]
