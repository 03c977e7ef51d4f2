"""Features of a list of photos: read from a store, and computed once for photos that it lacks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.features.store import FeatureStore
from geoguess_cli.features.view import View
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.decoder import MAX_PIXELS
from geoguess_cli.photos.listing import PhotoList

APPENDED = 512
"""Photos between two writes to the store. A kill loses at most these and one batch."""


@dataclass(frozen=True, eq=False)
class KeptPhotos:
    """The kept features of a list of photos.

    Args:
        store: The store.
        rows: The row of each photo in it, -1 for a photo that could not be read.
        failures: Why a photo could not be read, by its position in the list.
    """

    store: FeatureStore
    rows: Int[np.ndarray, " n"]
    failures: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, photos: Int[np.ndarray, " m"]) -> Float[np.ndarray, "m d"]:
        """The features of the photos at these positions, which have a row."""
        return self.store.read(self.rows[photos])


@dataclass(frozen=True, eq=False)
class Extracted:
    """Features that were computed a moment ago.

    Args:
        photos: Position of each photo in the list.
        features: Their features.
        failures: Position and reason of each photo of the batch that cannot be decoded.
    """

    photos: Int[np.ndarray, " b"]
    features: Float32[np.ndarray, "b d"]
    failures: list[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class Extraction:
    """How the features of photos come into a store.

    Args:
        store: `FeatureFolder.store` of the encoder and the view.
        encoder: Computes the features.
        view: What is seen of each photo.
        batch_size: Photos that go through the encoder at once.
        workers: Processes that decode photos; 0 decodes in this process, -1 asks the machine.
        max_pixels: Largest width × height of a photo.
    """

    store: FeatureStore
    encoder: Encoder
    view: View
    batch_size: int
    workers: int = 0
    max_pixels: int = MAX_PIXELS

    def keep(
        self, files: Sequence[PhotoFile], *, on_photos: Callable[[int], None] | None = None
    ) -> KeptPhotos:
        """The features of photos, all in the store afterwards; only those that it lacks are read.

        Args:
            files: The photos.
            on_photos: Called with the number of photos done, at the start and after each batch.

        Raises:
            FeatureError: A feature is not finite in the number type of the store.
            OutputError: The disk is full.
        """
        photos = KeyedPhotos(PhotoList.of_files(files))
        missing = np.flatnonzero(photos.rows_in(self.store) < 0)
        failures: dict[int, str] = {}
        done = len(photos) - len(missing)
        report = on_photos or (lambda _: None)
        report(done)
        for batch in self.of_missing(photos, missing):
            failures |= dict(batch.failures)
            done += len(batch.photos) + len(batch.failures)
            report(done)
        return KeptPhotos(self.store, photos.rows_in(self.store), failures)

    def of_missing(
        self, photos: KeyedPhotos, missing: Int[np.ndarray, " m"]
    ) -> Iterator[Extracted]:
        """The features of photos that the store lacks, batch by batch; they are put into it.

        Args:
            photos: All photos.
            missing: Positions of the photos to read.

        Raises:
            FeatureError: A feature is not finite in the number type of the store.
            OutputError: The disk is full, or has too little room for all of them.
        """
        if not len(missing):
            return
        self.store.check_space(len(missing))
        waiting: list[Extracted] = []
        nothing = np.empty((0, self.store.about.width), dtype=np.float32)
        with self._loader(photos.files.take(missing)) as loader:
            for batch in loader.epoch(self.view.number):
                own = missing[batch.rows.numpy()]
                features = self.encoder.features(batch.images) if len(own) else nothing
                failures = [(int(missing[row]), reason) for row, reason in batch.failures]
                waiting.append(Extracted(own, features, failures))
                if sum(len(part.photos) for part in waiting) >= APPENDED:
                    self._append(photos, waiting)
                yield Extracted(own, features, failures)
        self._append(photos, waiting)

    def _append(self, photos: KeyedPhotos, waiting: list[Extracted]) -> None:
        rows = np.concatenate([batch.photos for batch in waiting] or [np.empty(0, np.int64)])
        if len(rows):
            features = np.concatenate([batch.features for batch in waiting])
            photos.append_to(self.store, rows, features)
        waiting.clear()

    def _loader(self, files: PhotoList) -> PhotoLoader:
        return PhotoLoader(
            files,
            spec=self.encoder.spec,
            batch_size=self.batch_size,
            workers=self.workers,
            augmentation=self.view.augmentation,
            views=self.view.number + 1,
            max_pixels=self.max_pixels,
        )
