"""What the API says, as records: their fields are documented in /openapi.json."""

from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, Field

from geoguess_cli.choices import Resize
from geoguess_cli.serve.service import Limits, Score, Service
from geoguess_cli.serve.store import KeptPhoto

Latitude = Annotated[float, Field(ge=-90, le=90, description="Degrees north.", examples=[45.68])]
Longitude = Annotated[
    float, Field(ge=-180, le=360, description="Degrees east.", examples=[-111.04])
]


class Problem(BaseModel):
    """Why a request was not done."""

    error: str = Field(description="One sentence: what is wrong, and what to do.")


class Spot(BaseModel):
    """A place on the Earth."""

    latitude: Latitude
    longitude: Longitude

    @classmethod
    def of(cls, place: Float[np.ndarray, "2"]) -> "Spot":
        """The record of a latitude and longitude in degrees."""
        latitude, longitude = place.tolist()
        return cls(latitude=latitude, longitude=longitude)

    @property
    def point(self) -> Float[np.ndarray, "2"]:
        """Latitude and longitude, in degrees."""
        return np.array([self.latitude, self.longitude])


class Named(Spot):
    """A place with its name."""

    place: str = Field(description="The place in words.")


class Guess(BaseModel):
    """One of the likeliest cells."""

    rank: int = Field(description="1 for the likeliest.")
    token: str = Field(description="The cell's S2 token.")
    level: int = Field(description="Its S2 level, 0 to 30.")
    probability: float = Field(description="In [0, 1].")
    photos: int = Field(description="Training photos in it.")
    latitude: float = Field(description="Of the centroid of these, in degrees.")
    longitude: float
    area_km2: float
    country: str = Field(description='"" at sea.')
    region: str = Field(description='First-level region, "" where it is not known.')
    place: str = Field(description="The centroid's place in words.")


class Photo(BaseModel):
    """A photo and its answer."""

    id: str = Field(description="A secret: whoever knows it may see the photo.")
    name: str
    width: int = Field(description="Of the preview, in pixels.")
    height: int
    latitude: float = Field(description="Of the point estimate, in degrees.")
    longitude: float
    place: str = Field(description="The point estimate's place in words.")
    expected_km: float = Field(description="Expected distance from it to the truth.")
    radius_90_km: float = Field(description="Around it, holds the truth with probability 0.9.")
    entropy_bits: float = Field(description="Of the probabilities: 0 is certain.")
    guesses: list[Guess] = Field(description="The likeliest cells, likeliest first.")
    truth: Spot | None = Field(description="Where it was taken, if known.")
    truth_from: Literal["exif", "person"] | None = Field(description="Who says so.")
    score: Score | None = Field(description="The point estimate against the truth.")


def photo_record(service: Service, photo: KeptPhoto) -> Photo:
    """A photo and its answer for the outside."""
    shown = photo.shown
    return Photo.model_validate(
        {
            **shown.summary(),
            "id": photo.id,
            "name": photo.name,
            "width": photo.width,
            "height": photo.height,
            "guesses": [shown.described(rank) for rank in range(1, len(shown.guesses) + 1)],
            "truth": None if shown.truth is None else Spot.of(shown.truth),
            "truth_from": photo.truth_from,
            "score": None if shown.truth is None else service.score(photo, shown.estimate),
        }
    )


class Scores(BaseModel):
    """A person's place and the model's, both against the truth."""

    person: Score
    model: Score
    truth: Spot


class Tick(BaseModel):
    """A mark on the scale of an occlusion map."""

    drop: float = Field(description="Fall of the probability, in [-1, 1].")
    at: float = Field(description="Where it stands, from 0 to 1.")


class Model(BaseModel):
    """The model at work, and how the page shows what it says."""

    version: str = Field(description="Of geoguess.")
    identity: dict[str, Any] = Field(description="Architecture, size and fingerprint.")
    limits: Limits
    drop_colors: list[str] = Field(
        description="The colours of an occlusion map along its scale, from −1 over 0 to 1."
    )
    drop_ticks: list[Tick] = Field(description="Marks on that scale, which is not even.")
    resize: Resize = Field(
        description="What the model sees of a photo: all of it, or the square in its middle."
    )


class Progress(BaseModel):
    """One line of an occlusion map in the making."""

    token: str = Field(description="The cell whose probability is followed.")
    done: int = Field(description="Windows covered so far.")
    windows: int = Field(description="Windows in all; 0 while it waits for its turn.")
    finished: bool
    window: int | None = Field(None, description="Side of a window, in pixels of the image.")
    stride: int | None = None
    probability: float | None = Field(None, description="Of the cell, for the whole photo.")
    drops: list[list[float | None]] | None = Field(
        None, description="Fall of the probability by row and column of windows; null: to come."
    )
    overlay: str | None = Field(
        None, description="The map as a PNG to lay over what the model saw, as a data URL."
    )
    error: str | None = None
