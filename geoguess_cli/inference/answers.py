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
from geoguess_cli.geo.places import Place, locate
from geoguess_cli.inference.metrics import top_cells


@dataclass(frozen=True, eq=False)
class Answer:
    """The model's answer to one photo, or why there is none.

    Attributes:
        row: Position of the photo in the list that was asked about, from 0.
        photo: The file.
        probabilities: One a cell, by cell index, summing to 1; None for an unreadable photo.
        error: Why the photo could not be read; None for an answer.
    """

    row: int
    photo: Path
    probabilities: Float32[np.ndarray, " c"] | None
    error: str | None = None


@dataclass(frozen=True)
class Guess:
    """One of the likeliest cells.

    Attributes:
        rank: 1 for the likeliest.
        cell_index: Position in the partition.
        token: The cell's S2 token.
        probability: In [0, 1].
        latitude: Of the cell's centroid, in degrees; of rank 1 it is the point estimate.
        longitude: Likewise.
        country: Country of the centroid, "" at sea.
        region: First-level region of the centroid, "" where there is none.
    """

    rank: int
    cell_index: int
    token: str
    probability: float
    latitude: float
    longitude: float
    country: str
    region: str


@lru_cache(maxsize=4)
def cell_places(partition: Partition) -> list[Place]:
    """Country and region of each cell's centroid, by cell index; found once for a partition."""
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
        )
        for rank, cell in enumerate(cells, start=1)
    ]


def answer_record(answer: Answer, partition: Partition, k: int = 5) -> dict[str, Any]:
    """One answer as a nested record, for JSON lines: the point estimate, then the k guesses.

    The point estimate's keys are null for an unreadable photo, and `error` says why.
    """
    found = guesses(answer, partition, k)
    return {**_estimate(answer, found), "guesses": [_described(guess) for guess in found]}


def answer_row(answer: Answer, partition: Partition, k: int = 5) -> dict[str, Any]:
    """One answer as a flat row, for CSV: the keys are the same for every answer.

    After the point estimate, each guess has its columns `token_1`, `probability_1`, …; those of
    an unreadable photo are null.
    """
    found = guesses(answer, partition, k)
    row = _estimate(answer, found)
    names = ("token", "probability", "latitude", "longitude", "country", "region")
    for rank in range(1, min(k, len(partition)) + 1):
        for name in names:
            row[f"{name}_{rank}"] = getattr(found[rank - 1], name) if found else None
    return row


def answers_geojson(answers: Iterable[Answer], partition: Partition, k: int = 5) -> dict[str, Any]:
    """Answers as a GeoJSON FeatureCollection: for each photo a point, then its k cells.

    The `kind` of a feature is "estimate" or "guess". An unreadable photo is an "estimate" whose
    geometry is null (RFC 7946, section 3.2), with its error.
    """
    return feature_collection(
        one
        for answer in answers
        for one in _features(answer, guesses(answer, partition, k), partition)
    )


def _features(answer: Answer, found: list[Guess], partition: Partition) -> list[dict[str, Any]]:
    properties = {"kind": "estimate", **_estimate(answer, found)}
    if not found:
        return [{"type": "Feature", "geometry": None, "properties": properties}]
    properties["probability"] = found[0].probability
    point = shapely.Point(found[0].longitude, found[0].latitude)
    cells = [
        feature(
            partition.polygons[guess.cell_index],
            {"kind": "guess", "photo": str(answer.photo), **_described(guess)},
        )
        for guess in found
    ]
    return [feature(point, properties), *cells]


def _estimate(answer: Answer, found: list[Guess]) -> dict[str, Any]:
    top = found[0] if found else None
    return {
        "photo": str(answer.photo),
        "latitude": top and top.latitude,
        "longitude": top and top.longitude,
        "country": top and top.country,
        "region": top and top.region,
        "error": answer.error,
    }


def _described(guess: Guess) -> dict[str, Any]:
    """A guess for the outside, where a cell is its token."""
    return {name: value for name, value in asdict(guess).items() if name != "cell_index"}
