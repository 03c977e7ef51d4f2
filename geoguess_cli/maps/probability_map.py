"""The data of a probability map: every cell with its probability, and what sums them up.

Nothing is drawn here: `explain.maps` draws it; as GeoJSON and GeoParquet it goes to any other map
program.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely
from jaxtyping import Float, Float32, Int

from geoguess_cli.errors import CellError, ModelError
from geoguess_cli.geo.cells import cell_boundary, cell_union
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km
from geoguess_cli.geo.geojson import feature, feature_collection
from geoguess_cli.geo.geoparquet import write_geoparquet
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place, describe, locate
from geoguess_cli.inference.answers import cell_places, point_estimate
from geoguess_cli.inference.credible import MASS_ROUNDING, MASSES, expected_km, radius_km
from geoguess_cli.inference.distances import CentroidDistances, cell_radius_km
from geoguess_cli.maps.extent import Extent, fit_extent

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
        photo: Name of the photo; "" where it has none.
    """

    partition: Partition
    probabilities: Float[np.ndarray, " n"]
    estimate: Float[np.ndarray, "2"]
    truth: Float[np.ndarray, "2"] | None
    top_k: int
    photo: str = ""

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

    @cached_property
    def expected_km(self) -> float:
        """Expected great-circle distance from the point estimate to the truth, in kilometres."""
        return float(expected_km(*self._spread)[0])

    @cached_property
    def radius_90_km(self) -> float:
        """Radius around the point estimate that holds the truth with probability 0.9, in km."""
        return float(radius_km(*self._spread, 0.9)[0])

    @cached_property
    def _spread(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        distances = CentroidDistances(self.partition.centroids).from_places(self.estimate[None])
        probabilities = self.probabilities[None].astype(np.float32)
        return probabilities, distances, cell_radius_km(self.partition)

    @cached_property
    def descriptions(self) -> list[str]:
        """The place of each cell's centroid in words, in the partition's order."""
        return [describe(place) for place in self.places]

    @cached_property
    def estimate_place(self) -> Place:
        """The place of the point estimate."""
        return locate(self.estimate[None])[0]

    @property
    def estimate_description(self) -> str:
        """The same in words."""
        return describe(self.estimate_place)

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

        It is cut at the antimeridian, and runs along the map's rim where it holds a pole.

        Args:
            mass: Share of the probability, in (0, 1].
        """
        return cell_union(self.partition.cells[self.credible_cells(mass)])

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

    def summary(self) -> dict[str, Any]:
        """What is said of the whole map, for a file; `distance_km` is None without a truth."""
        latitude, longitude = self.estimate.tolist()
        return {
            "photo": self.photo,
            "latitude": latitude,
            "longitude": longitude,
            "place": self.estimate_description,
            "entropy_bits": self.entropy_bits,
            "expected_km": self.expected_km,
            "radius_90_km": self.radius_90_km,
            "distance_km": self.distance_km,
        }

    def to_frame(self) -> pl.DataFrame:
        """One row a cell, the likeliest first: what is said of it, without its geometry.

        `credible_50` and `credible_90` tell whether the cell is one of that credible set.
        """
        ranks = range(1, len(self.partition) + 1)
        rank = pl.col("rank")
        return pl.DataFrame([self.described(rank) for rank in ranks]).with_columns(
            (rank <= len(self.credible_cells(mass))).alias(f"credible_{100 * mass:.0f}")
            for mass in MASSES
        )

    def to_geojson(self, *, min_probability: float = 0.0) -> dict[str, Any]:
        """A GeoJSON FeatureCollection (RFC 7946), in the order in which a map draws it.

        A feature's `kind` is "cell", "credible_region", "guess", "estimate" or "truth". Cells and
        guesses, the points of the likeliest cells' centroids, come likeliest first, with their
        rank, token, probability and place.

        Args:
            min_probability: Cells less likely than this are left out.
        """
        features = [*self._cell_features(min_probability), *self._region_features()]
        for rank, index in enumerate(self.guesses, start=1):
            centroid = self.partition.centroids[index]
            features.append(feature(_point(centroid), {"kind": "guess", **self.described(rank)}))
        features.append(feature(_point(self.estimate), {"kind": "estimate", **self.summary()}))
        if self.truth is not None:
            properties = {"kind": "truth", "photo": self.photo, "distance_km": self.distance_km}
            features.append(feature(_point(self.truth), properties))
        return feature_collection(features)

    def _cell_features(self, min_probability: float) -> Iterable[dict[str, Any]]:
        for rank, index in enumerate(self.ranking, start=1):
            if self.probabilities[index] < min_probability:
                return
            properties = {"kind": "cell", **self.described(rank)}
            yield feature(self.partition.polygons[index], properties)

    def _region_features(self) -> Iterable[dict[str, Any]]:
        for mass in reversed(MASSES):
            properties = {
                "kind": "credible_region",
                "mass": mass,
                "cells": len(self.credible_cells(mass)),
                "area_km2": self.credible_area_km2(mass),
            }
            yield feature(self.credible_region(mass), properties)

    def described(self, rank: int) -> dict[str, Any]:
        """What files say of the cell of that rank; 1 is the likeliest."""
        index = int(self.ranking[rank - 1])
        latitude, longitude = self.partition.centroids[index].tolist()
        return {
            "rank": rank,
            "token": self.partition.tokens[index],
            "cell_index": index,
            "level": int(self.partition.levels[index]),
            "probability": float(self.probabilities[index]),
            "photos": int(self.partition.photos[index]),
            "latitude": latitude,
            "longitude": longitude,
            "area_km2": float(self.partition.area_km2[index]),
            "country": self.places[index].country,
            "region": self.places[index].region,
            "place": self.descriptions[index],
        }


def probability_map(
    partition: Partition,
    probabilities: Float32[np.ndarray, " n"],
    *,
    truth: Sequence[float] | None = None,
    estimate: Sequence[float] | None = None,
    top_k: int = 5,
    photo: str = "",
) -> ProbabilityMap:
    """The probability map of one photo.

    Args:
        partition: The cells that the probabilities are of.
        probabilities: One a cell, in the partition's order; they sum to 1.
        truth: Where the photo was taken: latitude, longitude, in degrees.
        estimate: The point estimate likewise (default: the centroid of the likeliest cell).
        top_k: Guesses to list, at least 1.
        photo: Name of the photo.

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
        photo=photo,
    )


def write_probability_map(shown: ProbabilityMap, path: Path) -> None:
    """Write a probability map as GeoParquet, whole or not at all: one row a cell, likeliest first.

    The columns are those of `to_frame`, and the cells' outlines. What is said of the whole map
    stands in the file's metadata, as JSON under the key `geoguess`.

    Args:
        shown: What to write.
        path: The file; its folder is made if need be.
    """
    about = {**shown.summary(), "truth": None if shown.truth is None else shown.truth.tolist()}
    metadata = {"geoguess": json.dumps(about, ensure_ascii=False)}
    outlines = shown.partition.polygons[shown.ranking]
    write_geoparquet(shown.to_frame(), outlines, path, metadata=metadata)


def _place(latlng: Sequence[float]) -> Float[np.ndarray, "2"]:
    place = np.asarray(latlng, dtype=np.float64)
    check_latlng(place[None])
    return place


def _point(latlng: Float[np.ndarray, "2"]) -> shapely.Point:
    latitude, longitude = latlng.tolist()
    return shapely.Point((longitude + 180) % 360 - 180, latitude)
