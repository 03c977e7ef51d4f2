"""What an occlusion map follows: one number a photo, from the probabilities of its cells.

Every target is a weighted sum over cells: the probability of one cell, that of a region (1 for its
cells), or the expected distance (each cell's distance). So a map of it is exact, and cheap.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from geoguess_cli.choices import Measure
from geoguess_cli.errors import CellError, ConfigError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate, wordings
from geoguess_cli.inference.credible import root_mean_square_km
from geoguess_cli.inference.distances import CentroidDistances, cell_radius_km
from geoguess_cli.wording import coordinates, kilometres, percent

"""How a change is counted: as a difference of probabilities, of log-odds, or of kilometres."""

LEAST_PROBABILITY = 1e-6
"""Log-odds are of a probability clipped to [1e-6, 1 - 1e-6]: nearer to 0 and 1 float32's rounding
would speak. So they lie within ±13.8."""


@dataclass(frozen=True, eq=False)
class Target:
    """A number that follows from a photo's probabilities, and how a change of it is counted.

    Attributes:
        cells: Cell indices that count.
        weights: One for each of them: 1 for a probability, a distance in km for "km".
        measure: How a change is counted.
        name: What is followed, as a figure says it.
    """

    cells: Int[np.ndarray, " m"]
    weights: Float64[np.ndarray, " m"]
    measure: Measure
    name: str

    def values(self, probabilities: Float[np.ndarray, "b c"]) -> Float64[np.ndarray, " b"]:
        """The number for each photo: a probability, or kilometres.

        Args:
            probabilities: Of each cell; rows sum to 1.

        Raises:
            CellError: A cell index that has no column.
        """
        wrong = self.cells[(self.cells < 0) | (self.cells >= probabilities.shape[1])]
        if len(wrong):
            raise CellError(
                f"cell index {wrong[0]} is not in the partition; "
                f"it must lie in [0, {probabilities.shape[1] - 1}]"
            )
        return np.asarray(probabilities[:, self.cells].astype(np.float64) @ self.weights)

    def evidence(self, values: Float64[np.ndarray, " b"]) -> Float64[np.ndarray, " b"]:
        """The same numbers so counted that more speaks for the answer, in the measure's unit.

        Args:
            values: What `values` gave: probabilities or kilometres.
        """
        if self.measure == "km":
            return -values
        if self.measure == "log-odds":
            clipped = np.clip(values, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
            return np.asarray(np.log(clipped) - np.log1p(-clipped))
        return values

    def told(self, value: float) -> str:
        """What is followed and its value, in words: "59 % for cell 871 (Texas, US)"."""
        if self.measure == "km":
            return f"{kilometres(value)}, {self.name}"
        return f"{percent(value)} for {self.name}"


@dataclass(frozen=True)
class Question:
    """What to follow, said once and settled for each photo.

    Attributes:
        what: "top", the likeliest cell; "truth", the true one; "region", the cells near a place;
            "distance", the expected distance from a place; else the token of a cell.
        measure: How a change is counted; None takes "km" for a distance, else "probability".
        near: The place of a region or distance: latitude and longitude in degrees, "answer" (the
            photo's point estimate) or "truth".
        radius_km: Of a region, 0 or more.

    Raises:
        ConfigError: A measure that does not fit.
    """

    what: str = "top"
    measure: Measure | None = None
    near: tuple[float, float] | Literal["answer", "truth"] = "answer"
    radius_km: float = 200.0

    def __post_init__(self) -> None:
        if self.what == "distance" and self.measure not in (None, "km"):
            raise ConfigError(f"a distance is measured in km, not by {self.measure}")
        if self.what != "distance":
            _check_of_probabilities(self._of_probability)

    def target(
        self,
        partition: Partition,
        probabilities: Float[np.ndarray, " c"],
        *,
        answer: tuple[float, float],
        truth: tuple[float, float] | None,
    ) -> Target:
        """The target for one photo.

        Args:
            partition: The cells.
            probabilities: Of each of them for the whole photo.
            answer: The photo's point estimate: latitude, longitude, in degrees.
            truth: Where it was taken; None where that is not known.

        Raises:
            CellError: A token that is not in the partition, a truth that is needed and not known
                or lies in no cell, or a region without a cell.
        """
        if self.what in ("region", "distance"):
            near = self.near
            if near == "answer":
                near = answer
            elif near == "truth":
                near = _known(truth)
            if self.what == "distance":
                return distance_target(partition, near)
            return region_target(partition, near, self.radius_km, measure=self._of_probability)
        if self.what == "top":
            index = int(probabilities.argmax())
        elif self.what == "truth":
            index = _cell_of(_known(truth), partition)
        else:
            index = partition.index_of(self.what)
        (place,) = locate(partition.centroids[[index]])
        where = wordings(dataclasses.replace(place, nearby=None))[0]
        name = f"cell {partition.tokens[index]} ({where})"
        return cell_target(index, measure=self._of_probability, name=name)

    @property
    def _of_probability(self) -> Measure:
        return self.measure or "probability"


def cell_target(
    cell_index: int, *, measure: Measure = "probability", name: str | None = None
) -> Target:
    """The probability of one cell.

    Args:
        cell_index: Which one.
        measure: "probability" or "log-odds".
        name: What a figure calls it (default: by its index).

    Raises:
        ConfigError: The measure is of distances.
    """
    _check_of_probabilities(measure)
    name = name or f"cell {cell_index}"
    return Target(np.array([cell_index]), np.ones(1), measure, name)


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
        CoordinateError: A place off the Earth.
        CellError: No cell there.
        ConfigError: The measure is of distances.
    """
    _check_of_probabilities(measure)
    cells = partition.near(np.array(place, dtype=np.float64), radius_km)
    where = f"{kilometres(radius_km)} of {coordinates(*place, decimals=2)}"
    if not len(cells):
        raise CellError(f"no cell of the partition lies within {where}; take a larger radius")
    return Target(cells, np.ones(len(cells)), measure, f"the region within {where}")


def distance_target(partition: Partition, place: tuple[float, float]) -> Target:
    """The expected distance between a place and the truth, in kilometres.

    The truth lies in a cell with that cell's probability, as in `inference.credible.expected_km`.

    Args:
        partition: The cells.
        place: Latitude, longitude, in degrees: as a rule the point estimate of the whole photo,
            which stays where it is while parts of the photo are covered.

    Raises:
        CoordinateError: A place off the Earth.
    """
    distances = CentroidDistances(partition.centroids)
    away = distances.from_places(np.array([place], dtype=np.float64))
    weights = root_mean_square_km(away, cell_radius_km(partition))[0].astype(np.float64)
    name = f"the expected distance from {coordinates(*place, decimals=2)}"
    return Target(np.arange(len(partition)), weights, "km", name)


def _check_of_probabilities(measure: Measure) -> None:
    if measure == "km":
        raise ConfigError("a probability has no kilometres; measure it by probability or log-odds")


def _known(truth: tuple[float, float] | None) -> tuple[float, float]:
    if truth is None:
        raise CellError(
            "where the photo was taken is not known; give --truth LAT,LON, or follow another target"
        )
    return truth


def _cell_of(place: tuple[float, float], partition: Partition) -> int:
    index = int(partition.assign(np.array([place], dtype=np.float64))[0])
    if index < 0:
        raise CellError(
            f"{place[0]:.4f}, {place[1]:.4f}, where the photo was taken, lies in no cell "
            "of the model's partition"
        )
    return index
