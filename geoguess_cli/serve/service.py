"""A served session: a model, the photos it was shown, and one worker. No HTTP here."""

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from geoguess_cli.errors import BusyError, CellError, ConfigError, CoordinateError, GeoguessError
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.maps.probability_map import probability_map
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_maps
from geoguess_cli.occlusion.targets import cell_target
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.exif import read_exif_gps
from geoguess_cli.serve.store import KeptPhoto, PhotoStore
from geoguess_cli.serve.worker import Lane, Worker

PREVIEW_PIXELS = 1280
"""A preview's longer side at most: a page shows a photo no larger."""

WINDOWS_A_BATCH = 16
"""Few, so that a map fills in visibly and a new photo need not wait long."""

NAME_LENGTH = 200
GUESSES = 5

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Limits:
    """How much a server takes.

    Attributes:
        upload_bytes: Size of a photo file.
        upload_seconds: Time that sending it may take.
        pixels: Width times height of a photo.
        photos: How many are kept.
        uploads: How many may be on their way, waiting or in work at once.
        drawings: How many maps may wait to be drawn.
        explanations: How many occlusion maps may wait.

    Raises:
        ConfigError: One of them is not above 0.
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
    """How good a place is as an answer.

    Attributes:
        latitude: Of the place, in degrees.
        longitude: Likewise.
        distance_km: Great-circle distance to the truth.
        geoscore: In [0, 5000].
    """

    latitude: float
    longitude: float
    distance_km: float
    geoscore: float


class Explanation:
    """An occlusion map in the making: look at it whenever you like, and cancel it.

    Attributes:
        token: The cell whose probability is followed.
        latest: The map as far as it goes; None before it began.
        error: Why it ended early, if it did.
        finished: It has ended, one way or the other.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.latest: OcclusionMap | None = None
        self.error: GeoguessError | None = None
        self.finished = False
        self.cancelled = False
        self.job: Future[None] | None = None

    def cancel(self) -> None:
        """Free the worker before its next batch."""
        self.cancelled = True
        if self.job is not None:
            self.job.cancel()


class Service:
    """Answers photos, keeps them for a while, and draws and explains what it answered.

    Use it as a context: it ends with its photos forgotten and its worker gone.

    Args:
        predictor: The model at work.
        limits: How much it takes.
    """

    def __init__(self, predictor: Predictor, limits: Limits | None = None) -> None:
        self.predictor = predictor
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
        # The names of the cells' places take a second; nobody should wait for them.
        self._worker.submit(Lane.ANSWER, lambda: cell_places(self.partition))

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
        """A place among the photos on their way; held until the photo is answered.

        Raises:
            BusyError: All places are taken.
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
        """The photo, answered and kept.

        Args:
            content: The photo file.
            name: What to call it.

        Raises:
            BusyError: Too many wait.

        The result raises PhotoError where the file is no picture, is damaged, or has too many
        pixels.
        """
        return self._worker.submit(Lane.ANSWER, lambda: self._answer(content, name))

    def set_truth(self, photo: KeptPhoto, place: Float[np.ndarray, "2"]) -> None:
        """Note where a photo was taken, in place of what its EXIF says.

        Args:
            photo: A photo that is kept.
            place: Latitude and longitude, in degrees.

        Raises:
            CoordinateError: A place off the Earth.
        """
        check_latlng(place[None])
        photo.shown, photo.truth_from = replace(photo.shown, truth=place), "person"

    def truth(self, photo: KeptPhoto) -> Float[np.ndarray, "2"]:
        """Where a photo was taken: latitude and longitude, in degrees.

        Raises:
            CoordinateError: Nobody has said so.
        """
        if photo.shown.truth is None:
            raise CoordinateError("where the photo was taken is not known; say it first")
        return photo.shown.truth

    def score(self, photo: KeptPhoto, place: Float[np.ndarray, "2"]) -> Score:
        """How good a place is as an answer to a photo.

        Args:
            photo: A photo that is kept.
            place: Latitude and longitude, in degrees.

        Raises:
            CoordinateError: A place off the Earth, or the truth is not known.
        """
        check_latlng(place[None])
        distance_km = great_circle_km(place[None], self.truth(photo)[None])
        latitude, longitude = place.tolist()
        return Score(latitude, longitude, float(distance_km[0]), float(geoscore(distance_km)[0]))

    def draw(self, job: Callable[[], _Result]) -> "Future[_Result]":
        """What a job draws, in the thread of the worker.

        Raises:
            BusyError: Too many wait.
        """
        return self._worker.submit(Lane.DRAW, job)

    def explain(
        self, photo: KeptPhoto, target: str = "top", *, window: int = 0, stride: int = 0
    ) -> Explanation:
        """The occlusion map of a photo, in the making.

        Args:
            photo: A photo that is kept; forgotten, its map is not made any further.
            target: "top", "truth" or a token: the cell whose probability is followed.
            window: Side of the covered square in pixels of what the model sees; 0 chooses.
            stride: Step from one window to the next; 0 chooses a quarter of the window.

        Raises:
            CellError: No such cell, or the truth lies in none.
            CoordinateError: The truth is not known.
            BusyError: Too many wait.
        """
        cell_index = self._target(photo, target)
        explanation = Explanation(self.partition.tokens[cell_index])
        window = window or max(1, min(32, self.predictor.spec.size // 4))
        stride = stride or max(1, window // 4)
        explanation.job = self._worker.submit(
            Lane.EXPLAIN,
            lambda: self._explain(photo, cell_index, explanation, window=window, stride=stride),
        )
        return explanation

    def _target(self, photo: KeptPhoto, target: str) -> int:
        if target == "top":
            return int(photo.shown.guesses[0])
        if target != "truth":
            return self.partition.index_of(target)
        index = int(self.partition.assign(self.truth(photo)[None])[0])
        if index < 0:
            raise CellError("where the photo was taken lies in no cell of the model")
        return index

    def _answer(self, content: bytes, name: str) -> KeptPhoto:
        limits = self.limits
        picture = decode_photo(content, at_least=PREVIEW_PIXELS, max_pixels=limits.pixels)
        picture.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
        preview = io.BytesIO()
        picture.save(preview, "JPEG", quality=88)
        seen = self.predictor.read(content)
        name = plain_name(name)
        answer = self.predictor.answer(seen, name=name)
        truth = read_exif_gps(content)
        photo = KeptPhoto(
            name=name,
            preview=preview.getvalue(),
            width=picture.width,
            height=picture.height,
            seen=seen,
            shown=probability_map(
                self.partition,
                answer.probabilities,
                truth=truth,
                estimate=answer.estimate,
                top_k=GUESSES,
                photo=answer.photo,
            ),
            truth_from=None if truth is None else "exif",
        )
        self.photos.add(photo)
        return photo

    def _explain(
        self,
        photo: KeptPhoto,
        cell_index: int,
        explanation: Explanation,
        *,
        window: int,
        stride: int,
    ) -> None:
        token = explanation.token
        try:
            for made in occlusion_maps(
                self.predictor.probabilities,
                photo.seen,
                cell_target(cell_index, name=f"cell {token}"),
                window=window,
                stride=stride,
                batch_size=WINDOWS_A_BATCH,
            ):
                explanation.latest = made
                if explanation.cancelled or self._worker.closing:
                    return
                self.photos.get(photo.id)
                self._worker.let_pass(Lane.EXPLAIN)
            photo.occlusion = token, made
        except GeoguessError as error:
            explanation.error = error
        finally:
            explanation.finished = True


def plain_name(name: str) -> str:
    """A photo's name without folders and control characters, and not too long.

    >>> plain_name("holidays/beach\\n.jpg"), plain_name("")
    ('beach.jpg', 'photo')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    return kept[:NAME_LENGTH] or "photo"
