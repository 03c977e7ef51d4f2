"""What a model may carry of each training photo: its features, its name, place, maker and licence.

With it an answer shows the photos that a photo resembles. The photos themselves are not in it.

memory.safetensors   features in float16, one row a photo; what they are, as metadata
memory.parquet       the photos, in the same order
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Float16, Float32, Int
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from geoguess_cli.errors import SENSELESS, ModelError
from geoguess_cli.frames import UNREADABLE

MEMORY_NAME, PHOTOS_NAME = "memory.safetensors", "memory.parquet"
"""Its files in a model folder."""

NEIGHBOURS = 3
"""Training photos that pages name where the model carries them."""

FORMAT = 1
"""Number of the files' layout; raise it with a change that older versions would misread."""

MISSING = (
    "the model carries no memory of its training photos, so it cannot name those that a photo "
    "resembles; `geoguess calibrate --memory` adds it"
)

COLUMNS = {
    "photo": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "creator": pl.String,
    "license": pl.String,
    "sequence": pl.String,
}
"""The columns of `Memory.photos`; those after the place are null where the table has none."""

_SHOWN = tuple(name for name in COLUMNS if name != "sequence")
_NEWER = ("sequence",)  # columns that files of older versions lack

_DAMAGED: tuple[type[Exception], ...] = (SafetensorError, *SENSELESS)
_METADATA_KEY = "geoguess.memory"
_REMEDY = "delete both files, and `geoguess calibrate --memory` writes them again"
_BLOCK = 1 << 16  # rows whose likeness is computed at once: 200 MB of 768 features


@dataclass(frozen=True)
class CarriedPhotos:
    """The photos of a `Memory`: how many, and the bytes of their features."""

    photos: int
    bytes: int


@dataclass(frozen=True)
class Neighbour:
    """A training photo that a photo resembles.

    Attributes:
        photo: Its name in the photo table of the training.
        latitude: Where it was taken, in degrees.
        longitude: Likewise.
        creator: Who took it; "" if the table does not say.
        license: Under which licence; "" if the table does not say.
        similarity: Cosine of the angle between the features of both, in [-1, 1].
    """

    photo: str
    latitude: float
    longitude: float
    creator: str
    license: str
    similarity: float

    @property
    def name(self) -> str:
        """The name of its file, without folders."""
        return self.photo.replace("\\", "/").rpartition("/")[2]

    @property
    def credit(self) -> str:
        """Creator and licence, as far as they are known."""
        return ", ".join(text for text in (self.creator, self.license) if text)


@dataclass(frozen=True, eq=False)
class Memory:
    """The training photos of a model, as its head saw them.

    Args:
        features: One row a photo.
        photos: The photos, with the columns `COLUMNS`.
    """

    features: Float16[np.ndarray, "n d"]
    photos: pl.DataFrame

    def __len__(self) -> int:
        return len(self.features)

    @property
    def size(self) -> int:
        """Bytes of the features."""
        return int(self.features.nbytes)

    @property
    def carried(self) -> CarriedPhotos:
        """The photos in it."""
        return CarriedPhotos(len(self), self.size)

    @classmethod
    def of(cls, features: Float[np.ndarray, "n d"], photos: pl.DataFrame) -> "Memory":
        """The memory of photos.

        Args:
            features: What the head saw of each.
            photos: A photo table's frame, in the same order.
        """
        lacking = [name for name in COLUMNS if name not in photos.columns]
        return cls(features.astype(np.float16), _described(photos, may_lack=lacking))

    def nearest(
        self, features: Float[np.ndarray, "b d"], count: int
    ) -> tuple[Int[np.ndarray, "b k"], Float32[np.ndarray, "b k"]]:
        """The most similar photos of each photo, most similar first, and their similarity.

        Args:
            features: What the head saw of the photos.
            count: Number of photos to find, at least 1; all if there are fewer.
        """
        asked = directions(features.astype(np.float32))
        count = min(count, len(self))
        found = np.empty((len(asked), 0), dtype=np.int64)
        alike = np.empty((len(asked), 0), dtype=np.float32)
        for start in range(0, len(self), _BLOCK):
            block = self.features[start : start + _BLOCK].astype(np.float32)
            similarity = asked @ directions(block).T
            rows = np.broadcast_to(start + np.arange(len(block)), similarity.shape)
            found = np.concatenate([found, rows], axis=1)
            alike = np.concatenate([alike, similarity], axis=1)
            order = np.argsort(-alike, axis=1, kind="stable")[:, :count]
            found = np.take_along_axis(found, order, axis=1)
            alike = np.take_along_axis(alike, order, axis=1)
        return found, alike

    def neighbours(self, features: Float[np.ndarray, "b d"], count: int) -> list[list[Neighbour]]:
        """The most similar photos of each photo, most similar first; arguments as in `nearest`."""
        found, alike = self.nearest(features, count)
        return [
            [
                Neighbour(**self._records[row], similarity=similarity)
                for row, similarity in zip(rows, similarities, strict=True)
            ]
            for rows, similarities in zip(found.tolist(), alike.tolist(), strict=True)
        ]

    @cached_property
    def _records(self) -> Sequence[dict[str, Any]]:
        texts = pl.col("creator", "license").fill_null("")
        return self.photos.select(_SHOWN).with_columns(texts).to_dicts()

    @cached_property
    def latlng(self) -> Float[np.ndarray, "n 2"]:
        """Where each photo was taken, in degrees."""
        return self.photos.select("latitude", "longitude").to_numpy(order="c")


def _described(photos: pl.DataFrame, *, may_lack: Sequence[str]) -> pl.DataFrame:
    """The photos with the columns `COLUMNS`; null where a column is lacking that may."""
    lacking = [pl.lit(None).alias(name) for name in may_lack if name not in photos.columns]
    return photos.with_columns(lacking).select(
        pl.col(name).cast(kind) for name, kind in COLUMNS.items()
    )


def directions(features: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    """The features, each row of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(lengths > 0, lengths, 1)


def write_memory(memory: Memory, folder: Path) -> None:
    """Write its two files into a model folder."""
    metadata = {_METADATA_KEY: json.dumps({"format": FORMAT})}
    (folder / MEMORY_NAME).write_bytes(save({"features": memory.features}, metadata=metadata))
    memory.photos.write_parquet(folder / PHOTOS_NAME)


def read_carried_photos(folder: Path) -> CarriedPhotos | None:
    """The photos in the memory of a model folder, which is not read; None if it has no memory.

    Raises:
        ModelError: The file is damaged.
    """
    path = folder / MEMORY_NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            rows, width = file.get_slice("features").get_shape()
    except _DAMAGED as error:
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{path} holds no memory of photos ({reason}); {_REMEDY}") from error
    return CarriedPhotos(rows, rows * width * np.dtype(np.float16).itemsize)


def read_memory(folder: Path, *, width: int) -> Memory | None:
    """What a model folder holds; None if it has no memory.

    Args:
        folder: The model folder.
        width: Number of features of a photo in this model.

    Raises:
        ModelError: A file is missing, damaged, of another version, or of another model.
    """
    path = folder / MEMORY_NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            found = json.loads((file.metadata() or {})[_METADATA_KEY])["format"]
            if found != FORMAT:
                raise ModelError(f"{path} has format {found!r}, not {FORMAT}; {_REMEDY}")
            features = file.get_tensor("features")
        photos = _described(pl.read_parquet(folder / PHOTOS_NAME), may_lack=_NEWER)
    except (*_DAMAGED, *UNREADABLE) as error:
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{path} holds no memory of photos ({reason}); {_REMEDY}") from error
    if features.shape != (len(photos), width) or features.dtype != np.float16:
        raise ModelError(f"{path} belongs to another model, or to other photos; {_REMEDY}")
    return Memory(features, photos)
