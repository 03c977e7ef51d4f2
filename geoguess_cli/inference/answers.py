"""What the model says of one photo: its answer, the guesses in it, and their rows for files."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float32

from geoguess_cli.geo.geojson import feature, feature_collection
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place, describe, locate
from geoguess_cli.inference.probabilities import top_cells


@dataclass(frozen=True, eq=False)
class Answer:
    """The model's answer to one photo, or why there is none.

    Attributes:
        row: Position of the photo in the list that was asked about, from 0.
        photo: The file.
        probabilities: Calibrated, one a cell, by cell index, summing to 1; None for an unreadable
            photo, as is everything below but `error`.
        error: Why the photo could not be read; None for an answer.
        estimate: The point estimate: latitude, longitude, in degrees.
        place: Where the point estimate lies.
        expected_km: Expected great-circle distance from the point estimate to the truth.
        radius_90_km: The truth lies this near to the point estimate with probability 0.9.
        sure: Whether the likeliest cell is as probable as was asked for. Where it is not, the rows
            for files have no point estimate.
    """

    row: int
    photo: Path
    probabilities: Float32[np.ndarray, " c"] | None
    error: str | None = None
    estimate: tuple[float, float] | None = None
    place: Place | None = None
    expected_km: float | None = None
    radius_90_km: float | None = None
    sure: bool | None = None

    @property
    def confidence(self) -> float | None:
        """Probability of the likeliest cell, in [0, 1]."""
        return None if self.probabilities is None else float(self.probabilities.max())


@dataclass(frozen=True)
class Guess:
    """One of the likeliest cells.

    Attributes:
        rank: 1 for the likeliest.
        cell_index: Position in the partition.
        token: The cell's S2 token.
        probability: In [0, 1].
        latitude: Of the cell's centroid, in degrees.
        longitude: Likewise.
        country: Country of the centroid, "" at sea.
        region: First-level region of the centroid, "" where there is none.
        place: The centroid in words, by the nearest town.
    """

    rank: int
    cell_index: int
    token: str
    probability: float
    latitude: float
    longitude: float
    country: str
    region: str
    place: str


@lru_cache(maxsize=4)
def cell_places(partition: Partition) -> list[Place]:
    """Where each cell's centroid lies, by cell index; found once for a partition."""
    return locate(partition.centroids)


def point_estimate(
    probabilities: Float32[np.ndarray, " c"], partition: Partition
) -> tuple[float, float]:
    """The one place we answer, latitude and longitude in degrees: the likeliest cell's centroid."""
    latitude, longitude = partition.centroids[int(probabilities.argmax())].tolist()
    return latitude, longitude


def guesses(answer: Answer, partition: Partition, k: int = 5) -> list[Guess]:
    """The k likeliest cells (all, where there are fewer), likeliest first; none without an answer.

    Args:
        answer: What the model said of a photo.
        partition: The model's own.
        k: How many, at least 1.
    """
    if answer.probabilities is None:
        return []
    places = cell_places(partition)
    cells = top_cells(answer.probabilities[None], k)[0].tolist()
    return [
        Guess(
            rank=rank,
            cell_index=cell,
            token=partition.tokens[cell],
            probability=float(answer.probabilities[cell]),
            latitude=float(partition.centroids[cell, 0]),
            longitude=float(partition.centroids[cell, 1]),
            country=places[cell].country,
            region=places[cell].region,
            place=describe(places[cell]),
        )
        for rank, cell in enumerate(cells, start=1)
    ]


def answer_record(answer: Answer, partition: Partition, k: int = 5) -> dict[str, Any]:
    """One answer as a nested record, for JSON lines: the point estimate, then the k guesses.

    `sure` tells whether there is a point estimate; its keys are null where the model is not sure
    enough, and for an unreadable photo, whose `error` says why. Guesses are listed in any case.
    """
    found = guesses(answer, partition, k)
    return {**_estimate(answer), "guesses": [_described(guess) for guess in found]}


def answer_row(answer: Answer, partition: Partition, k: int = 5) -> dict[str, Any]:
    """One answer as a flat row, for CSV: the keys are the same for every answer.

    After the point estimate, each guess has its columns `token_1`, `probability_1`, …; those of
    an unreadable photo are null.
    """
    found = guesses(answer, partition, k)
    row = _estimate(answer)
    names = ("token", "probability", "latitude", "longitude", "country", "region", "place")
    for rank in range(1, min(k, len(partition)) + 1):
        for name in names:
            row[f"{name}_{rank}"] = getattr(found[rank - 1], name) if found else None
    return row


def answers_geojson(answers: Iterable[Answer], partition: Partition, k: int = 5) -> dict[str, Any]:
    """Answers as a GeoJSON FeatureCollection: for each photo a point, then its k cells.

    The `kind` of a feature is "estimate" or "guess". The geometry of an "estimate" is null where
    the model is not sure enough, and for an unreadable photo (RFC 7946, section 3.2).
    """
    return feature_collection(
        one
        for answer in answers
        for one in _features(answer, guesses(answer, partition, k), partition)
    )


def _features(answer: Answer, found: list[Guess], partition: Partition) -> list[dict[str, Any]]:
    properties = {"kind": "estimate", **_estimate(answer)}
    if found:
        properties["probability"] = answer.confidence
    estimate: dict[str, Any] = {"type": "Feature", "geometry": None, "properties": properties}
    if answer.sure and answer.estimate is not None:
        latitude, longitude = answer.estimate
        estimate = feature(shapely.Point(longitude, latitude), properties)
    cells = [
        feature(
            partition.polygons[guess.cell_index],
            {"kind": "guess", "photo": str(answer.photo), **_described(guess)},
        )
        for guess in found
    ]
    return [estimate, *cells]


def _estimate(answer: Answer) -> dict[str, Any]:
    """The columns of the point estimate; those of an answer that is not sure are null."""
    latitude, longitude = answer.estimate if answer.sure and answer.estimate else (None, None)
    place = answer.place if answer.sure else None
    return {
        "photo": str(answer.photo),
        "latitude": latitude,
        "longitude": longitude,
        "country": place and place.country,
        "region": place and place.region,
        "place": place and describe(place),
        "expected_km": answer.expected_km if answer.sure else None,
        "radius_90_km": answer.radius_90_km if answer.sure else None,
        "sure": answer.sure,
        "error": answer.error,
    }


def _described(guess: Guess) -> dict[str, Any]:
    """A guess for the outside, where a cell is its token."""
    return {name: value for name, value in asdict(guess).items() if name != "cell_index"}
