"""Targets: the number that an occlusion map follows, from the probabilities of a photo's cells.

Every target is a weighted sum over cells: the probability of one cell, the probability of a region
(weight 1 for each of its cells), or the expected distance (weighted by the distance of each cell).
To add a target, write its function and add its row to `TARGETS`.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from geoguess_cli.choices import Measure
from geoguess_cli.errors import CellError, ConfigError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate, wordings
from geoguess_cli.inference.answers import Answer
from geoguess_cli.inference.credible import root_mean_square_km
from geoguess_cli.inference.distances import CentroidDistances, cell_radius_km
from geoguess_cli.wording import coordinates, kilometres, percent

LEAST_PROBABILITY = 1e-6
"""Log-odds are computed of a probability clipped to [1e-6, 1 - 1e-6], so they lie within ±13.8.
Nearer to 0 and 1 they would show the rounding of float32."""


@dataclass(frozen=True, eq=False)
class Target:
    """A number that follows from a photo's probabilities, and the unit of a change of it.

    Attributes:
        cells: Indices of the cells in the sum.
        weights: The weight of each of these cells: 1 for a probability, a distance in km for "km".
        measure: Unit of a change: a difference of probabilities, of log-odds, or of kilometres.
        name: The target in the words of a figure.
    """

    cells: Int[np.ndarray, " m"]
    weights: Float64[np.ndarray, " m"]
    measure: Measure
    name: str

    def values(self, probabilities: Float[np.ndarray, "b c"]) -> Float64[np.ndarray, " b"]:
        """The number for each photo: a probability, or kilometres.

        Args:
            probabilities: One column per cell; each row sums to 1.

        Raises:
            CellError: A cell index has no column.
        """
        wrong = self.cells[(self.cells < 0) | (self.cells >= probabilities.shape[1])]
        if len(wrong):
            raise CellError(
                f"cell index {wrong[0]} is not in the partition; "
                f"it must lie in [0, {probabilities.shape[1] - 1}]"
            )
        return np.asarray(probabilities[:, self.cells].astype(np.float64) @ self.weights)

    def evidence(self, values: Float64[np.ndarray, " b"]) -> Float64[np.ndarray, " b"]:
        """The numbers in the unit of the measure, signed so that more speaks for the answer.

        Args:
            values: Probabilities or kilometres, as `values` returns them.
        """
        if self.measure == "km":
            return -values
        if self.measure == "log-odds":
            clipped = np.clip(values, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
            return np.asarray(np.log(clipped) - np.log1p(-clipped))
        return values

    def describe(self, value: float) -> str:
        """The target and its value in words, such as "59 % for cell 871 (Texas, US)"."""
        if self.measure == "km":
            return f"{kilometres(value)}, {self.name}"
        return f"{percent(value)} for {self.name}"


@dataclass(frozen=True)
class Question:
    """The target of the maps of many photos; `target` settles it for each photo.

    Attributes:
        what: A name in `TARGETS`, or the token of a cell.
        measure: Unit of a change; None takes "km" for a distance, else "probability".
        near: The place of a region or distance: latitude and longitude in degrees, "answer" (the
            photo's point estimate) or "truth".
        radius_km: Radius of a region, 0 or more.

    Raises:
        ConfigError: The measure does not fit the target.
    """

    what: str = "top"
    measure: Measure | None = None
    near: tuple[float, float] | Literal["answer", "truth"] = "answer"
    radius_km: float = 200.0

    def __post_init__(self) -> None:
        if self.what == "distance" and self.measure not in (None, "km"):
            raise ConfigError(f"measure is {self.measure}; a distance is measured in km")
        if self.what != "distance":
            _check_of_probabilities(self.of_probability)

    def check(self, partition: Partition) -> None:
        """Raise CellError if the question names a cell that the partition does not have."""
        if self.what not in TARGETS:
            partition.index_of(self.what)

    def target(
        self, partition: Partition, answer: Answer, *, truth: tuple[float, float] | None = None
    ) -> Target:
        """The target for one photo.

        Args:
            partition: The cells of the answer's probabilities.
            answer: The answer to the whole photo.
            truth: Where the photo was taken: latitude, longitude, in degrees; None if unknown.

        Raises:
            CellError: The token is not in the partition, the truth is needed and is unknown or
                lies in no cell, or the region has no cell.
        """
        if self.what in TARGETS:
            return TARGETS[self.what](self, partition, answer, truth)
        return self.named_cell(partition, partition.index_of(self.what))

    def place(self, answer: Answer, truth: tuple[float, float] | None) -> tuple[float, float]:
        """The place of a region or distance: latitude, longitude, in degrees.

        Raises:
            CellError: The place is that of the truth, which is unknown.
        """
        if self.near == "answer":
            return answer.estimate
        return _known(truth) if self.near == "truth" else self.near

    def named_cell(self, partition: Partition, index: int) -> Target:
        """The probability of a cell, named by its token and its state or country."""
        (place,) = locate(partition.centroids[[index]])
        where = wordings(dataclasses.replace(place, nearby=None))[0]
        name = f"cell {partition.tokens[index]} ({where})"
        return cell_target(index, measure=self.of_probability, name=name)

    @property
    def of_probability(self) -> Measure:
        """The measure, "probability" by default."""
        return self.measure or "probability"


Truth = tuple[float, float] | None


def _top(asked: Question, partition: Partition, answer: Answer, _truth: Truth) -> Target:
    """The likeliest cell."""
    return asked.named_cell(partition, int(answer.probabilities.argmax()))


def _true_cell(asked: Question, partition: Partition, _answer: Answer, truth: Truth) -> Target:
    """The true cell."""
    place = _known(truth)
    index = int(partition.assign(np.array([place], dtype=np.float64))[0])
    if index < 0:
        raise CellError(
            f"the photo was taken at {place[0]:.4f}, {place[1]:.4f}, which lies in no cell "
            "of the model's partition; choose another --target"
        )
    return asked.named_cell(partition, index)


def _region(asked: Question, partition: Partition, answer: Answer, truth: Truth) -> Target:
    """The cells near a place."""
    place = asked.place(answer, truth)
    return region_target(partition, place, asked.radius_km, measure=asked.of_probability)


def _distance(asked: Question, partition: Partition, answer: Answer, truth: Truth) -> Target:
    """The expected distance from a place."""
    return distance_target(partition, asked.place(answer, truth))


TARGETS: dict[str, Callable[[Question, Partition, Answer, Truth], Target]] = {
    "top": _top,
    "truth": _true_cell,
    "region": _region,
    "distance": _distance,
}
"""Every target by its name; any other name is the token of a cell."""


def cell_target(
    cell_index: int, *, measure: Measure = "probability", name: str | None = None
) -> Target:
    """The probability of one cell.

    Args:
        cell_index: Index of the cell.
        measure: "probability" or "log-odds".
        name: The cell in the words of a figure (default: by its index).

    Raises:
        ConfigError: The measure is "km".
    """
    _check_of_probabilities(measure)
    return Target(np.array([cell_index]), np.ones(1), measure, name or f"cell {cell_index}")


def region_target(
    partition: Partition,
    place: tuple[float, float],
    radius_km: float,
    *,
    measure: Measure = "probability",
) -> Target:
    """The summed probability of the cells with any part within a distance of a place.

    Args:
        partition: The cells.
        place: Latitude, longitude, in degrees.
        radius_km: Great-circle distance, 0 or more.
        measure: "probability" or "log-odds".

    Raises:
        CoordinateError: The place is not on the Earth.
        CellError: No cell lies there.
        ConfigError: The measure is "km".
    """
    _check_of_probabilities(measure)
    cells = partition.near(np.array(place, dtype=np.float64), radius_km)
    where = f"{kilometres(radius_km)} of {coordinates(*place, decimals=2)}"
    if not len(cells):
        raise CellError(f"no cell of the partition lies within {where}; take a larger radius")
    return Target(cells, np.ones(len(cells)), measure, f"the region within {where}")


def distance_target(partition: Partition, place: tuple[float, float]) -> Target:
    """The expected distance between a place and the truth, in kilometres.

    It is weighted by the probability of each cell, as `inference.credible.expected_km` is.

    Args:
        partition: The cells.
        place: Latitude, longitude, in degrees. The point estimate of the whole photo is usual; it
            stays the same while parts of the photo are covered.

    Raises:
        CoordinateError: The place is not on the Earth.
    """
    distances = CentroidDistances(partition.centroids)
    away = distances.from_places(np.array([place], dtype=np.float64))
    weights = root_mean_square_km(away, cell_radius_km(partition))[0].astype(np.float64)
    name = f"the expected distance from {coordinates(*place, decimals=2)}"
    return Target(np.arange(len(partition)), weights, "km", name)


def _check_of_probabilities(measure: Measure) -> None:
    if measure == "km":
        raise ConfigError(
            "measure is km; a probability has no kilometres, so take probability or log-odds"
        )


def _known(truth: tuple[float, float] | None) -> tuple[float, float]:
    if truth is None:
        raise CellError(
            "it is not known where the photo was taken; give --truth LAT,LON or another --target"
        )
    return truth
