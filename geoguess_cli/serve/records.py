"""The records that the API takes and gives; /openapi.json documents their fields."""

from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, Field

from geoguess_cli.choices import Resize
from geoguess_cli.geo.places import describe, locate
from geoguess_cli.inference.answers import Answer, neighbours_of, resembles_in_words
from geoguess_cli.maps.records import map_cell_records, map_record
from geoguess_cli.serve.routing import PHOTOS_PATH
from geoguess_cli.serve.service import Limits, Score, Service
from geoguess_cli.serve.store import KeptPhoto
from geoguess_cli.wording import counted

Latitude = Annotated[float, Field(ge=-90, le=90, description="Degrees north.", examples=[45.68])]
Longitude = Annotated[
    float, Field(ge=-180, le=360, description="Degrees east.", examples=[-111.04])
]


class Problem(BaseModel):
    """The reason of a refusal."""

    error: str = Field(description="One sentence: what is wrong, and what to do about it.")


class PlaceRecord(BaseModel):
    """A place on the Earth."""

    latitude: Latitude
    longitude: Longitude

    @classmethod
    def of(cls, place: Float[np.ndarray, "2"]) -> "PlaceRecord":
        """The record of a latitude and longitude in degrees."""
        latitude, longitude = place.tolist()
        return cls(latitude=latitude, longitude=longitude)

    @property
    def point(self) -> Float[np.ndarray, "2"]:
        """Latitude and longitude, in degrees."""
        return np.array([self.latitude, self.longitude])


class NamedPlace(PlaceRecord):
    """A place with its name."""

    place: str = Field(description="The place in words.")


class GuessRecord(BaseModel):
    """One of the likeliest cells."""

    rank: int = Field(description="1 for the likeliest.")
    token: str = Field(description="The cell's S2 token.")
    level: int = Field(description="Its S2 level, 0 to 30.")
    probability: float = Field(description="In [0, 1].")
    photos: int = Field(description="Number of training photos in the cell, or of gallery places.")
    counted: str = Field(
        description="The same in words: `23 training photos`, `23 gallery places`."
    )
    latitude: float = Field(description="Of the cell's centroid, in degrees.")
    longitude: float
    area_km2: float
    country: str = Field(description='"" at sea.')
    region: str = Field(description='First-level region, "" if unknown.')
    place: str = Field(description="The place of the centroid in words.")


class NeighbourRecord(PlaceRecord):
    """A training photo that the photo resembles."""

    name: str = Field(description="Of its file.")
    place: str = Field(description="Where it was taken, in words.")
    similarity: float = Field(description="Cosine of the features of both photos, in [-1, 1].")
    creator: str = Field(description='"" if it is not known.')
    license: str = Field(description='"" if it is not known.')
    picture: str | None = Field(
        description="Path of a small picture on this server; null if the photo is not there."
    )


class PhotoRecord(BaseModel):
    """A photo and its answer."""

    id: str = Field(description="A secret: whoever knows it may see the photo.")
    name: str
    width: int = Field(description="Of the preview, in pixels.")
    height: int
    latitude: float = Field(description="Of the point estimate, in degrees.")
    longitude: float
    place: str = Field(description="The place of the point estimate in words.")
    expected_km: float = Field(
        description="Expected distance from the point estimate to the truth, in km."
    )
    radius_90_km: float = Field(
        description="Radius around the point estimate that holds the truth with probability 0.9."
    )
    within: str | None = Field(None, description="Region that the answer was limited to, if any.")
    inside: float = Field(1.0, description="Probability that lay in that region, in [0, 1].")
    entropy_bits: float = Field(description="Entropy of the probabilities; 0 is certain.")
    feature_distance: float | None = Field(
        description="How far the photo lies from the training photos; null if that is not known."
    )
    feature_percentile: float | None = Field(
        description="Share of photos of the same kind that lie nearer, in [0, 100]."
    )
    unlike: bool | None = Field(description="Whether the percentile is above 95.")
    likeness: str = Field(
        description='The same in words, or why it is not known; "" for a photo like the training '
        "photos."
    )
    resembles: str = Field(
        description="The training photos that the photo resembles, with creator and licence, in "
        "words, or why the model names none."
    )
    neighbours: list[NeighbourRecord] = Field(
        description="The same training photos, most similar first."
    )
    guesses: list[GuessRecord] = Field(description="The likeliest cells, likeliest first.")
    truth: PlaceRecord | None = Field(description="The place where the photo was taken, if known.")
    truth_from: Literal["exif", "person"] | None = Field(description="Source of the truth.")
    score: Score | None = Field(description="Score of the point estimate, if the truth is known.")


def photo_record(service: Service, photo: KeptPhoto) -> PhotoRecord:
    """The record of a photo and its answer."""
    probability_map, truth = photo.map, photo.map.truth
    guesses = map_cell_records(probability_map, most=probability_map.top_k)
    unit = probability_map.partition.unit
    return PhotoRecord.model_validate(
        {
            **map_record(probability_map),
            "likeness": _likeness(service, probability_map.answer),
            "resembles": resembles_in_words(probability_map.answer)
            or service.predictor.trained.no_memory,
            "neighbours": _neighbours(service, photo),
            **vars(photo),  # id, name, width, height and truth_from
            "guesses": [own | {"counted": counted(own["photos"], unit)} for own in guesses],
            "truth": None if truth is None else PlaceRecord.of(truth),
            "score": None if truth is None else service.score(photo, probability_map.estimate),
        }
    )


def _neighbours(service: Service, photo: KeptPhoto) -> list[NeighbourRecord]:
    own = neighbours_of(photo.map.answer)
    if not own:
        return []
    places = locate(np.array([(one.latitude, one.longitude) for one in own]))
    records = []
    for rank, (one, place) in enumerate(zip(own, places, strict=True), start=1):
        there = service.originals is not None and service.originals.find(one.photo) is not None
        records.append(
            NeighbourRecord(
                name=one.name,
                latitude=one.latitude,
                longitude=one.longitude,
                place=describe(place),
                similarity=one.similarity,
                creator=one.creator,
                license=one.license,
                picture=f"{PHOTOS_PATH}/{photo.id}/neighbours/{rank}.jpg" if there else None,
            )
        )
    return records


def _likeness(service: Service, answer: Answer) -> str:
    if answer.likeness is None:
        return service.predictor.trained.no_familiarity
    return answer.likeness.in_words if answer.unlike else ""


class GuessScores(BaseModel):
    """Scores of a person's place and of the model's point estimate."""

    person: Score
    model: Score
    truth: PlaceRecord


class Tick(BaseModel):
    """A mark on the scale of an occlusion map."""

    drop: float = Field(description="Drop of the probability, in [-1, 1].")
    at: float = Field(description="Position of the mark, from 0 to 1.")


class ModelRecord(BaseModel):
    """The model that answers, and how the page draws its occlusion maps."""

    version: str = Field(description="Version of geoguess.")
    identity: dict[str, Any] = Field(description="Architecture, size and fingerprint.")
    limits: Limits
    drop_colors: list[str] = Field(
        description="Colours of the scale of an occlusion map, evenly spaced from −1 over 0 to 1."
    )
    drop_ticks: list[Tick] = Field(description="Marks on that scale; the scale is not linear.")
    resize: Resize = Field(
        description="The part of a photo that the model sees: `squash` is all of it, `crop` and "
        "`center-crop` the square in its centre, `pad` all of it between margins that make a "
        "square."
    )


class Progress(BaseModel):
    """One line of an occlusion map that is being computed."""

    token: str = Field(description="The cell whose probability is followed.")
    done: int = Field(description="Windows covered so far.")
    windows: int = Field(description="Number of all windows; 0 while the map waits for its turn.")
    finished: bool
    window: int | None = Field(
        None, description="Side of a window, in pixels of the image that the model sees."
    )
    stride: int | None = None
    probability: float | None = Field(
        None, description="Probability of the cell for the uncovered photo."
    )
    drops: list[list[float | None]] | None = Field(
        None,
        description="Drop of the probability by row and column of windows; null: not computed yet.",
    )
    overlay: str | None = Field(
        None, description="The map as a PNG, to lay over the image that the model sees; a data URL."
    )
    error: str | None = None
