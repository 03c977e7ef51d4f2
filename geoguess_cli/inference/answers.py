"""The model's answer to a photo, the guesses in it, and their records for files."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
import shapely
from jaxtyping import Float32

from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geojson import feature
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place, describe, locate
from geoguess_cli.inference.on_demand import OnDemand
from geoguess_cli.inference.probabilities import top_cells
from geoguess_cli.model.familiarity import Likeness
from geoguess_cli.model.memory import Neighbour
from geoguess_cli.wording import kilometres, percent, tenths_of_percent


@dataclass(frozen=True, eq=False)
class Answer:
    """The model's answer to one photo.

    Attributes:
        row: Position of the photo in the list of photos that was given, from 0.
        photo: Path or name of the photo; "" for an image without a file.
        probabilities: Calibrated, one per cell, by cell index; they sum to 1.
        estimate: The point estimate: latitude, longitude, in degrees.
        place: The place of the point estimate.
        expected_km: Expected great-circle distance from the point estimate to the truth.
        radius_90_km: Radius around the point estimate that holds the truth with probability 0.9.
        sure: Whether the likeliest cell is at least as probable as required. If not, files give no
            point estimate.
        region: Name of the region that the answer was limited to; "" without one.
        inside: Probability that lay inside the region before the answer was limited to it.
        likeness: How near the photo lies to the training photos; None if the model does not know.
        neighbours: The training photos that the photo resembles, most similar first, if asked for.
        photos: Number of photos in the group that the answer is to; None for a single photo.
    """

    row: int
    photo: str
    probabilities: Float32[np.ndarray, " c"]
    estimate: tuple[float, float]
    place: Place
    expected_km: float
    radius_90_km: float
    sure: bool
    region: str = ""
    inside: float = 1.0
    likeness: Likeness | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    photos: int | None = None

    @property
    def unlike(self) -> bool:
        """Whether the photo is known to be unlike the training photos."""
        return self.likeness is not None and self.likeness.unlike

    @property
    def confidence(self) -> float:
        """Probability of the likeliest cell, in [0, 1]."""
        return float(self.probabilities.max())


@dataclass(frozen=True)
class Unanswered:
    """A photo that has no answer, because it could not be read.

    Attributes:
        row: Position of the photo in the list of photos that was given, from 0.
        photo: Path of the photo.
        error: The reason, in one line.
        photos: Number of photos in the group that has no answer; None for a single photo.
    """

    row: int
    photo: str
    error: str
    photos: int | None = None


@dataclass(frozen=True)
class Guess:
    """One of the likeliest cells.

    Attributes:
        rank: Rank of the cell, 1 for the likeliest.
        cell_index: Position of the cell in the partition of the answer.
        token: S2 token of the cell.
        probability: Probability of the cell, in [0, 1].
        latitude: Latitude of the cell's centroid, in degrees.
        longitude: Longitude of the cell's centroid, in degrees.
        country: Country of the centroid, "" at sea.
        region: First-level region of the centroid, "" if unknown.
        place: The centroid in words, relative to the nearest town.
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


_ROW_OF_GUESS = ("token", "probability", "latitude", "longitude", "country", "region", "place")
"""The columns of each guess in a flat row."""

_RECORD_OF_GUESS = ("rank", *_ROW_OF_GUESS)

_GUESS_COLUMNS = _ROW_OF_GUESS[:1] + _ROW_OF_GUESS[2:]

_ROW_OF_NEIGHBOUR = ("photo", "similarity", "latitude", "longitude", "creator", "license")
"""The columns of each neighbour in a flat row, after `neighbour_`."""


@lru_cache(maxsize=4)
def cell_places(partition: Partition) -> OnDemand[Place]:
    """The place of each cell's centroid, by cell index; looked up once for each partition."""
    return OnDemand(len(partition), lambda cells: locate(partition.centroids[cells]))


@lru_cache(maxsize=4)
def cell_records(partition: Partition) -> OnDemand[dict[str, Any]]:
    """The record of each cell, by cell index: `Partition.columns`, and its place."""
    places = cell_places(partition)

    def records(cells: list[int]) -> list[dict[str, Any]]:
        found = places.some(cells)
        columns = {
            **{name: np.asarray(own)[cells].tolist() for name, own in partition.columns.items()},
            "country": [place.country for place in found],
            "region": [place.region for place in found],
            "place": [describe(place) for place in found],
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    return OnDemand(len(partition), records)


def reach_in_words(answer: Answer) -> str:
    """How far an answer can be trusted: expected distance and radius, or that it is not sure.

    It ends with a warning if the photo is unlike the training photos.
    """
    lay = f"; {percent(answer.inside)} lay in {answer.region}" if answer.region else ""
    if answer.likeness is not None and answer.likeness.unlike:
        lay += f"; {answer.likeness.in_words}"
    if not answer.sure:
        return f"not sure, the likeliest cell has {tenths_of_percent(answer.confidence)}{lay}"
    return (
        f"expected distance {kilometres(answer.expected_km, decimals=0)}, "
        f"90% within {kilometres(answer.radius_90_km, decimals=0)}{lay}"
    )


def resembles_in_words(answer: Answer) -> str:
    """The training photos that a photo resembles, with creator and licence; "" if none is known."""
    if not answer.neighbours:
        return ""
    named = [f"{one.name} ({one.credit})" if one.credit else one.name for one in answer.neighbours]
    return (
        f"resembles the training photos {', '.join(named)}, which are not in the model themselves"
    )


def guesses(answer: Answer, partition: Partition, k: int = 5) -> list[Guess]:
    """The k likeliest cells of an answer, the likeliest first; all cells if there are fewer than k.

    Args:
        answer: The answer to a photo.
        partition: The cells of the model.
        k: Number of guesses, at least 1.
    """
    cells = top_cells(answer.probabilities[None], k)[0].tolist()
    records = cell_records(partition).some(cells)
    return [
        Guess(
            rank=rank,
            cell_index=cell,
            probability=float(answer.probabilities[cell]),
            **{name: record[name] for name in _GUESS_COLUMNS},
        )
        for rank, (cell, record) in enumerate(zip(cells, records, strict=True), start=1)
    ]


def answer_record(answer: Answer | Unanswered, partition: Partition, k: int = 5) -> dict[str, Any]:
    """One answer as a nested record, for JSON lines: the point estimate, then the k guesses.

    The training photos that it resembles come last, if they were asked for. If `sure` is false, the
    point estimate is null; the guesses are listed all the same. For an unreadable photo everything
    but `photo` and `error` is null or empty.
    """
    listed = [_guess_record(guess) for guess in _listed(answer, partition, k)]
    record = {**_estimate_record(answer, partition), "guesses": listed}
    if isinstance(answer, Answer) and answer.neighbours is not None:
        record["neighbours"] = [asdict(neighbour) for neighbour in answer.neighbours]
    return record


def answer_row(
    answer: Answer | Unanswered, partition: Partition, k: int = 5, *, neighbours: int = 0
) -> dict[str, Any]:
    """One answer as a flat row, for CSV; every row has the same columns.

    The point estimate comes first, then the columns of each guess: `token_1`, `probability_1`, …,
    then those of each training photo that it resembles: `neighbour_photo_1`, …; those of an
    unreadable photo are null.

    Args:
        answer: The answer.
        partition: The cells of the answer.
        k: Guesses that get columns, at least 1.
        neighbours: Training photos that get columns; null where the answer names fewer.
    """
    listed = _listed(answer, partition, k)
    row = _estimate_record(answer, partition)
    for rank in range(1, min(k, len(partition)) + 1):
        for name in _ROW_OF_GUESS:
            row[f"{name}_{rank}"] = getattr(listed[rank - 1], name) if listed else None
    alike = neighbours_of(answer)
    for rank in range(1, neighbours + 1):
        for name in _ROW_OF_NEIGHBOUR:
            own = getattr(alike[rank - 1], name) if rank <= len(alike) else None
            row[f"neighbour_{name}_{rank}"] = own
    return row


def neighbours_of(answer: Answer | Unanswered) -> Sequence[Neighbour]:
    """The training photos that an answer names, most similar first; none if none were asked for."""
    return getattr(answer, "neighbours", None) or ()


def row_schema(partition: Partition, k: int = 5, *, neighbours: int = 0) -> dict[str, Any]:
    """The columns of `answer_row` and the type that each has in Polars, whatever the rows hold."""
    columns = answer_row(Unanswered(0, "", ""), partition, k, neighbours=neighbours)
    return {name: _type_of(name.rstrip("0123456789").rstrip("_")) for name in columns}


_TEXTS = frozenset(
    ("photo", "country", "region", "place", "token", "within", "error", "creator", "license")
)


def _type_of(column: str) -> Any:
    named = column.removeprefix("neighbour_")
    if named in _TEXTS:
        return pl.String
    return pl.Boolean if column in ("sure", "unlike") else pl.Float64


def answer_features(
    answer: Answer | Unanswered, partition: Partition, k: int = 5
) -> Iterator[dict[str, Any]]:
    """One answer as features of GeoJSON: its point estimate, its k cells, its training photos.

    The `kind` of a feature is "estimate", "guess" or "neighbour". The geometry of an "estimate" is
    null if the model is not sure, and for an unreadable photo (RFC 7946, section 3.2).
    """
    properties = {"kind": "estimate", **_estimate_record(answer, partition)}
    if isinstance(answer, Answer):
        properties["probability"] = answer.confidence
    if isinstance(answer, Answer) and answer.sure:
        latitude, longitude = answer.estimate
        yield feature(shapely.Point(longitude, latitude), properties)
    else:
        yield {"type": "Feature", "geometry": None, "properties": properties}
    for guess in _listed(answer, partition, k):
        record = {"kind": "guess", "photo": answer.photo, **_guess_record(guess)}
        yield feature(partition.polygons[guess.cell_index], record)
    for rank, own in enumerate(neighbours_of(answer), start=1):
        yield feature(
            shapely.Point(own.longitude, own.latitude),
            {"kind": "neighbour", "photo": answer.photo, **neighbour_record(own, rank)},
        )


def neighbour_record(neighbour: Neighbour, rank: int) -> dict[str, Any]:
    """The properties of a training photo on a map, beside those of the photo that resembles it."""
    own = asdict(neighbour)
    return {"rank": rank, "neighbour": own.pop("photo"), **own}


def _listed(answer: Answer | Unanswered, partition: Partition, k: int) -> list[Guess]:
    return guesses(answer, partition, k) if isinstance(answer, Answer) else []


def _estimate_record(answer: Answer | Unanswered, partition: Partition) -> dict[str, Any]:
    """The columns of the point estimate; those of an answer that is not sure are null."""
    own = answer if isinstance(answer, Answer) else None
    cut = isinstance(partition, CutPartition)
    known = own if own and own.sure else None
    latitude, longitude = known.estimate if known else (None, None)
    return {
        "photo": answer.photo,
        **({} if answer.photos is None else {"photos": answer.photos}),
        "latitude": latitude,
        "longitude": longitude,
        "country": known and known.place.country,
        "region": known and known.place.region,
        "place": known and describe(known.place),
        "expected_km": known and known.expected_km,
        "radius_90_km": known and known.radius_90_km,
        "sure": own and own.sure,
        **({"within": own and own.region, "inside": own and own.inside} if cut else {}),
        **likeness_record(own.likeness if own else None),
        "error": answer.error if isinstance(answer, Unanswered) else None,
    }


def likeness_record(likeness: Likeness | None) -> dict[str, Any]:
    """How near a photo lies to the training photos, for files; null if that is not known."""
    return {
        "feature_distance": likeness and likeness.distance,
        "feature_percentile": likeness and likeness.percentile,
        "unlike": likeness and likeness.unlike,
    }


def _guess_record(guess: Guess) -> dict[str, Any]:
    """A guess for files, which name a cell by its token alone."""
    return {name: getattr(guess, name) for name in _RECORD_OF_GUESS}
