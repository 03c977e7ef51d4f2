"""The data of a probability map: every cell with its probability, and what sums them up.

Nothing is drawn here: `explain.maps` draws it, `to_geojson` hands it to any other map program.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float, Float32, Int

from geoguess_cli.errors import CellError, ModelError
from geoguess_cli.explain.extent import Extent, fit_extent
from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km
from geoguess_cli.geo.geojson import feature, feature_collection
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place
from geoguess_cli.inference.answers import cell_places, point_estimate

EXTENT_MASS = 0.95
"""Share of the probability that a map shows at the least."""


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """One photo's probabilities over the cells of a partition.

    Attributes:
        partition: The cells.
        probabilities: One a cell, in the partition's order; they sum to 1.
        estimate: The point estimate, latitude first, in degrees.
        truth: Where the photo was taken, likewise, if known.
        top_k: How many guesses are listed and numbered.
    """

    partition: Partition
    probabilities: Float[np.ndarray, " n"]
    estimate: Float[np.ndarray, "2"]
    truth: Float[np.ndarray, "2"] | None
    top_k: int

    @cached_property
    def ranking(self) -> Int[np.ndarray, " n"]:
        """Cell indices, the likeliest first; equal ones in the partition's order."""
        return np.argsort(-self.probabilities, kind="stable")

    @property
    def guesses(self) -> Int[np.ndarray, " k"]:
        """Cell indices of the top guesses, the likeliest first."""
        return self.ranking[: self.top_k]

    @property
    def places(self) -> list[Place]:
        """Country and region of each cell's centroid, in the partition's order."""
        return cell_places(self.partition)

    @property
    def distance_km(self) -> float | None:
        """Great-circle distance from the point estimate to the truth, in kilometres."""
        if self.truth is None:
            return None
        return float(great_circle_km(self.estimate[None], self.truth[None])[0])

    @property
    def entropy_bits(self) -> float:
        """Shannon entropy of the probabilities in bits: 0 is certain, log2 of the cells is none."""
        some = self.probabilities[self.probabilities > 0]
        return max(0.0, -float(some @ np.log2(some)))

    def credible_cells(self, mass: float = 0.95) -> Int[np.ndarray, " k"]:
        """Cell indices of the fewest cells whose probabilities sum to `mass` or more.

        Args:
            mass: Share of the probability, in (0, 1].
        """
        reached = np.cumsum(self.probabilities[self.ranking])
        count = int(np.searchsorted(reached, mass * reached[-1] - 1e-7)) + 1  # float32 sums
        return self.ranking[: min(count, len(self.ranking))]

    def extent(
        self, *, aspects: tuple[float, float] = (1.2, 1.45), mass: float = EXTENT_MASS
    ) -> Extent:
        """The part of the Earth that holds that much probability, the estimate and the truth.

        Args:
            aspects: Least and greatest width over height of the map.
            mass: Share of the probability to hold, in (0, 1].
        """
        points = [self.estimate] if self.truth is None else [self.estimate, self.truth]
        return fit_extent(
            cell_boundary(self.partition.cells),
            self.probabilities,
            points=np.stack(points),
            mass=mass,
            aspects=aspects,
        )

    def to_geojson(self, *, min_probability: float = 0.0) -> dict[str, Any]:
        """A GeoJSON FeatureCollection (RFC 7946): cells, then point estimate, then truth.

        A feature's `kind` is "cell", "estimate" or "truth". Cells come likeliest first, with
        their token, rank, probability and place.

        Args:
            min_probability: Cells less likely than this are left out.
        """
        features = [
            feature(self.partition.polygons[index], self._cell_properties(int(index), rank))
            for rank, index in enumerate(self.ranking, start=1)
            if self.probabilities[index] >= min_probability
        ]
        summary: dict[str, Any] = {
            "kind": "estimate",
            "entropy_bits": self.entropy_bits,
            "credible_95_cells": len(self.credible_cells(0.95)),
        }
        if self.distance_km is not None:
            summary["distance_km"] = self.distance_km
        features.append(feature(_point(self.estimate), summary))
        if self.truth is not None:
            features.append(feature(_point(self.truth), {"kind": "truth"}))
        return feature_collection(features)

    def _cell_properties(self, index: int, rank: int) -> dict[str, Any]:
        place = self.places[index]
        return {
            "kind": "cell",
            "token": self.partition.tokens[index],
            "cell_index": index,
            "rank": rank,
            "probability": float(self.probabilities[index]),
            "country": place.country,
            "region": place.region,
        }


def probability_map(
    partition: Partition,
    probabilities: Float32[np.ndarray, " n"],
    *,
    truth: Sequence[float] | None = None,
    estimate: Sequence[float] | None = None,
    top_k: int = 5,
) -> ProbabilityMap:
    """The probability map of one photo.

    Args:
        partition: The cells that the probabilities are of.
        probabilities: One a cell, in the partition's order; they sum to 1.
        truth: Where the photo was taken: latitude, longitude, in degrees.
        estimate: The point estimate likewise (default: the centroid of the likeliest cell).
        top_k: Guesses to list, at least 1.

    Raises:
        CellError: Not as many probabilities as cells.
        ModelError: Probabilities that are negative, not finite, or do not sum to 1.
        CoordinateError: A truth or estimate that is not on the Earth.
    """
    if len(probabilities) != len(partition):
        raise CellError(
            f"{len(probabilities)} probabilities for a partition of {len(partition)} cells; "
            "use the partition in the model's own folder"
        )
    total = float(np.sum(probabilities, dtype=np.float64))
    if not (np.all(probabilities >= 0) and abs(total - 1) < 1e-2):
        raise ModelError(
            f"the probabilities sum to {total:g}, the least is {np.min(probabilities):g}; "
            "they must be 0 or more and sum to 1 (softmax of the logits)"
        )
    if estimate is None:
        estimate = point_estimate(probabilities, partition)
    return ProbabilityMap(
        partition=partition,
        probabilities=probabilities.astype(np.float64),
        estimate=_place(estimate),
        truth=None if truth is None else _place(truth),
        top_k=max(1, top_k),
    )


def _place(latlng: Sequence[float]) -> Float[np.ndarray, "2"]:
    place = np.asarray(latlng, dtype=np.float64)
    check_latlng(place[None])
    return place


def _point(latlng: Float[np.ndarray, "2"]) -> shapely.Point:
    latitude, longitude = latlng.tolist()
    return shapely.Point((longitude + 180) % 360 - 180, latitude)
