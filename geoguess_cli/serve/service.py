"""A served session: a model, the photos that were sent, and one worker. No HTTP here."""

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from geoguess_cli.errors import BusyError, CellError, ConfigError, CoordinateError, GeoguessError
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.maps.probability_map import probability_map
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_maps
from geoguess_cli.occlusion.targets import cell_target
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.position import read_position
from geoguess_cli.serve.store import KeptPhoto, PhotoStore
from geoguess_cli.serve.worker import Lane, Worker
from geoguess_cli.sources.originals import Originals

PREVIEW_PIXELS = 1280
"""Longer side of a preview at most; a page shows no photo larger."""

WINDOWS_A_BATCH = 16
"""A small number, so that a map fills in visibly and a new photo waits only briefly."""

NAME_LENGTH = 200
GUESSES = 5

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Attributes:
        upload_bytes: Largest size of a photo file.
        upload_seconds: Longest time that a photo may take to arrive.
        pixels: Largest width times height of a photo.
        photos: Largest number of photos to keep.
        uploads: Largest number of photos that arrive, wait or are answered at once.
        drawings: Largest number of maps that wait to be drawn.
        explanations: Largest number of occlusion maps that wait.

    Raises:
        ConfigError: A limit is not above 0.
    """

    upload_bytes: int = 20_000_000
    upload_seconds: float = 60.0
    pixels: int = 64_000_000
    photos: int = 32
    uploads: int = 16
    drawings: int = 32
    explanations: int = 4

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ConfigError(f"{name.replace('_', ' ')} is {value}; it must be above 0")


@dataclass(frozen=True)
class Score:
    """The quality of a place as an answer.

    Attributes:
        latitude: Latitude of the place, in degrees.
        longitude: Longitude of the place, in degrees.
        distance_km: Great-circle distance to the truth.
        geoscore: In [0, 5000].
    """

    latitude: float
    longitude: float
    distance_km: float
    geoscore: float


class OcclusionJob:
    """An occlusion map that is being computed; read it at any time, or cancel it.

    Attributes:
        token: Token of the cell whose probability is followed.
        latest: The map so far; None before the first batch of windows.
        error: The reason why the job ended early, if it did.
        finished: Whether the job has ended, complete or not.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.latest: OcclusionMap | None = None
        self.error: GeoguessError | None = None
        self.finished = False
        self.cancelled = False
        self.future: Future[None] | None = None

    def cancel(self) -> None:
        """Free the worker before its next batch."""
        self.cancelled = True
        if self.future is not None:
            self.future.cancel()


class Service:
    """Answers photos, keeps them for a while, and draws and explains their answers.

    Use it as a context manager: at the end it forgets all photos and ends its worker.

    Args:
        predictor: The model that answers.
        limits: The limits of the server.
        originals: Where the training photos are that the model may name.
    """

    def __init__(
        self,
        predictor: PhotoPredictor,
        limits: Limits | None = None,
        originals: Originals | None = None,
    ) -> None:
        self.predictor, self.originals = predictor, originals
        self.limits = limits or Limits()
        self.photos = PhotoStore(self.limits.photos)
        self._uploads = threading.BoundedSemaphore(self.limits.uploads)
        self._worker = Worker(
            {
                Lane.ANSWER: self.limits.uploads + 1,
                Lane.DRAW: self.limits.drawings,
                Lane.EXPLAIN: self.limits.explanations,
            }
        )
        # Naming the places of the cells takes a second, so it is done before the first photo.
        self._worker.submit(Lane.ANSWER, lambda: list(cell_places(self.partition)))

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget all photos and end the worker."""
        self.photos.clear()
        self._worker.close()

    @property
    def partition(self) -> Partition:
        """The cells of the model."""
        return self.predictor.partition

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Admit one photo, until the context ends.

        Raises:
            BusyError: `limits.uploads` photos are admitted already.
        """
        if not self._uploads.acquire(blocking=False):
            raise BusyError(
                f"the server is busy with {self.limits.uploads} other photos; try again in a moment"
            )
        try:
            yield
        finally:
            self._uploads.release()

    def submit(self, content: bytes, name: str) -> "Future[KeptPhoto]":
        """The future photo, answered and kept.

        Its result raises PhotoError if the file is not a picture, is damaged, or has too many
        pixels.

        Args:
            content: The photo file.
            name: The sender's name for the photo.

        Raises:
            BusyError: Too many photos are waiting.
        """
        return self._worker.submit(Lane.ANSWER, lambda: self._answer(content, name))

    def set_truth(self, photo: KeptPhoto, place: Float[np.ndarray, "2"]) -> None:
        """Store the place where a photo was taken; it replaces the position in its EXIF.

        Args:
            photo: A photo that is kept.
            place: Latitude and longitude, in degrees.

        Raises:
            CoordinateError: The latitude or longitude is out of range.
        """
        check_latlng(place[None])
        photo.map, photo.truth_from = replace(photo.map, truth=place), "person"

    def truth(self, photo: KeptPhoto) -> Float[np.ndarray, "2"]:
        """The place where a photo was taken: latitude and longitude, in degrees.

        Raises:
            CoordinateError: The place is not known.
        """
        if photo.map.truth is None:
            raise CoordinateError("the place where the photo was taken is not known; set it first")
        return photo.map.truth

    def score(self, photo: KeptPhoto, place: Float[np.ndarray, "2"]) -> Score:
        """The score of a place as an answer to a photo.

        Args:
            photo: A photo that is kept.
            place: Latitude and longitude, in degrees.

        Raises:
            CoordinateError: The latitude or longitude is out of range, or the truth is not known.
        """
        check_latlng(place[None])
        distance_km = great_circle_km(place[None], self.truth(photo)[None])
        latitude, longitude = place.tolist()
        return Score(latitude, longitude, float(distance_km[0]), float(geoscore(distance_km)[0]))

    def draw(self, job: Callable[[], _Result]) -> "Future[_Result]":
        """The future result of a job that draws, in the thread of the worker.

        Raises:
            BusyError: Too many drawings are waiting.
        """
        return self._worker.submit(Lane.DRAW, job)

    def explain(
        self, photo: KeptPhoto, target: str = "top", *, window: int = 0, stride: int = 0
    ) -> OcclusionJob:
        """A job that computes the occlusion map of a photo.

        Args:
            photo: A photo that is kept; the job ends once the photo is forgotten.
            target: The cell whose probability is followed: "top", "truth" or a token.
            window: Side of the covered square, in pixels of the image that the model sees; 0
                chooses it.
            stride: Step from one window to the next, in pixels; 0 takes a quarter of the window.

        Raises:
            CellError: The model has no such cell, or the truth lies in no cell.
            CoordinateError: The truth is not known.
            BusyError: Too many occlusion maps are waiting.
        """
        cell_index = self._target(photo, target)
        job = OcclusionJob(self.partition.tokens[cell_index])
        window = window or max(1, min(32, self.predictor.spec.size // 4))
        maps = occlusion_maps(
            self.predictor.for_windows,
            photo.image,
            cell_target(cell_index, name=f"cell {job.token}"),
            window=window,
            stride=stride or max(1, window // 4),
            batch_size=WINDOWS_A_BATCH,
        )
        job.future = self._worker.submit(Lane.EXPLAIN, lambda: self._explain(photo, maps, job))
        return job

    def _target(self, photo: KeptPhoto, target: str) -> int:
        if target == "top":
            return int(photo.map.guesses[0])
        if target != "truth":
            return self.partition.index_of(target)
        index = int(self.partition.assign(self.truth(photo)[None])[0])
        if index < 0:
            raise CellError(
                "the place where the photo was taken lies in no cell of the model; "
                "follow another cell"
            )
        return index

    def _answer(self, content: bytes, name: str) -> KeptPhoto:
        limits = self.limits
        picture = decode_photo(content, at_least=PREVIEW_PIXELS, max_pixels=limits.pixels)
        picture.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
        preview = io.BytesIO()
        picture.save(preview, "JPEG", quality=88)
        image = self.predictor.read(content)
        name = plain_name(name)
        answer = self.predictor.answer(image, name=name)
        truth = read_position(content)
        photo = KeptPhoto(
            name=name,
            preview=preview.getvalue(),
            width=picture.width,
            height=picture.height,
            image=image,
            map=probability_map(answer, self.partition, truth=truth, top_k=GUESSES),
            truth_from=None if truth is None else "exif",
        )
        self.photos.add(photo)
        return photo

    def _explain(self, photo: KeptPhoto, maps: Iterator[OcclusionMap], job: OcclusionJob) -> None:
        try:
            for occlusion_map in maps:
                job.latest = occlusion_map
                if job.cancelled or self._worker.closing:
                    return
                self.photos.get(photo.id)  # raises once the photo is forgotten
                self._worker.let_pass(Lane.EXPLAIN)
            photo.occlusion = job.token, occlusion_map
        except GeoguessError as error:
            job.error = error
        finally:
            job.finished = True


def plain_name(name: str) -> str:
    """A photo's name without folders and control characters, at most 200 characters long.

    >>> plain_name("holidays/beach\\n.jpg"), plain_name("")
    ('beach.jpg', 'photo')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable()).strip()
    return printable[:NAME_LENGTH] or "photo"
