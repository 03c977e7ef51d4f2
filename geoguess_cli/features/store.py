"""A store of features: one row for each photo, appended as photos are read, mapped into memory.

about.json      what the rows are: encoder, photo transform, view, number type, width
features.bin    the rows, one after the other
keys.bin        the key of each row's photo, 16 bytes each
aliases.bin     other keys of the same photos: 16 bytes each, and 16 of the key in keys.bin

A row counts as soon as its key is written, after its features are on the disk. So a build that is
killed loses the photos since the last append and nothing else, and what it left half written is
cut off by the next append.
"""

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt64

from geoguess_cli.choices import FeatureType
from geoguess_cli.errors import FeatureError
from geoguess_cli.features.keys import KEY_BYTES, KeyIndex
from geoguess_cli.files import locked, make_folder, replacing, require_room, write_text, writing
from geoguess_cli.wording import counted

ABOUT_NAME = "about.json"
ROWS_NAME = "features.bin"
KEYS_NAME = "keys.bin"
ALIASES_NAME = "aliases.bin"

FORMAT = 1
"""Number of the folder's layout; raise it with a change that older versions would misread."""

_ALIAS_BYTES = 2 * KEY_BYTES

_COPIED = 1 << 16
"""Rows copied at once when a store is written anew."""


@dataclass(frozen=True)
class About:
    """What the rows of a store are.

    Args:
        backbone: The encoder's backbone.
        vit: Its ViT, or "none".
        encoder: Fingerprint of the encoder's weights and of the photo transform, in hex.
        size: Side of the photos, in pixels.
        view: What was seen of each photo: "plain", "crop" and its number for one of the fixed crops
            of `--views`, or the number of an augmented view.
        width: Number of features of a photo.
        dtype: Number type of a feature.
    """

    backbone: str
    vit: str
    encoder: str
    size: int
    view: str
    width: int
    dtype: FeatureType


class FeatureStore:
    """The rows of one encoder and one view.

    Args:
        folder: The folder of the store.
        about: What its rows are.
    """

    def __init__(self, folder: Path, about: About) -> None:
        self.folder, self.about = folder, about
        self._numbers = np.dtype(about.dtype).newbyteorder("<")

    @classmethod
    def create(cls, folder: Path, about: About) -> "FeatureStore":
        """The store in a folder, which is made if it does not exist."""
        if not (folder / ABOUT_NAME).is_file():
            make_folder(folder)
            tree = {"format": FORMAT, **dataclasses.asdict(about)}
            write_text(json.dumps(tree, indent=2) + "\n", folder / ABOUT_NAME)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "FeatureStore":
        """The store in a folder.

        Raises:
            FeatureError: The folder holds no store of this version.
        """
        try:
            tree: dict[str, Any] = json.loads((folder / ABOUT_NAME).read_text(encoding="utf-8"))
            fits = tree.pop("format") == FORMAT
            about = About(**tree)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FeatureError(
                f"{folder} holds no features that this geoguess reads ({error}); delete the folder"
            ) from error
        if not fits:
            raise FeatureError(f"{folder} is of another version of geoguess; delete the folder")
        return cls(folder, about)

    def __len__(self) -> int:
        """The number of rows."""
        keys, rows = (self._size(name) for name in (KEYS_NAME, ROWS_NAME))
        return min(keys // KEY_BYTES, rows // self.row_bytes)

    @property
    def row_bytes(self) -> int:
        """Size of the features of a photo."""
        return self.about.width * self._numbers.itemsize

    @property
    def disk_bytes(self) -> int:
        """Size of the store on the disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    @property
    def used(self) -> float:
        """When the store was last asked for rows, in seconds since 1970."""
        return (self.folder / ABOUT_NAME).stat().st_mtime

    def find(self, keys: UInt64[np.ndarray, "n 2"]) -> Int[np.ndarray, " n"]:
        """The row of each photo, -1 for a photo without features."""
        with suppress(OSError):  # a store may lie where this process cannot write
            os.utime(self.folder / ABOUT_NAME)
        if len(self) != len(self._rows) or len(self._aliases) != self._alias_count:
            self._forget()  # another process has appended
        rows = self._index.find(keys)
        if self.has_aliases:
            lost = np.flatnonzero(rows < 0)
            at = self._alias_index.find(keys[lost])
            lost, at = lost[at >= 0], at[at >= 0]
            rows[lost] = self._index.find(self._aliases[at, 2:])
        return rows

    @property
    def has_aliases(self) -> bool:
        """Whether some photos have further keys."""
        return self._alias_count > 0

    def has_alias_of(self, words: UInt64[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Whether a further key begins with each of these halves of a key."""
        return self._alias_index.begins(words)

    def add_aliases(self, keys: UInt64[np.ndarray, "n 2"], of: UInt64[np.ndarray, "n 2"]) -> None:
        """Give photos further keys.

        An alias of a photo without a row does no harm, so a kill between a row and its alias costs
        no more than the alias.

        Args:
            keys: The further keys.
            of: The key of each photo in the store.
        """
        if not len(keys):
            return
        with locked(self.folder), writing(self.folder / ALIASES_NAME):
            count = self._alias_count
            with open(self.folder / ALIASES_NAME, "ab") as file:
                file.truncate(count * _ALIAS_BYTES)
                _add(file, np.hstack([keys, of]).astype("<u8").tobytes())
        self._forget()

    def read(self, rows: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n d"]:
        """The features of these rows, copied, in the number type of the store."""
        return self._rows[rows]  # type: ignore[no-any-return]

    def append(self, keys: UInt64[np.ndarray, "n 2"], features: Float32[np.ndarray, "n d"]) -> None:
        """Add rows at the end; several processes may do so at the same time.

        Raises:
            FeatureError: A feature is not finite in the number type of the store.
        """
        with np.errstate(over="ignore"):
            rows = np.ascontiguousarray(features, dtype=self._numbers)
        if not np.isfinite(rows).all():
            raise FeatureError(_too_large(features, self.about.dtype))
        with self._writing() as (row_file, key_file):
            _add(row_file, rows.tobytes())
            # The key follows the features onto the disk: it says that they are there.
            _add(key_file, keys.astype("<u8").tobytes())
        self._forget()

    def check_space(self, photos: int) -> None:
        """Check that the disk has room for the rows of some more photos.

        Raises:
            OutputError: It has too little.
        """
        require_room(
            self.folder,
            photos * (self.row_bytes + KEY_BYTES),
            what=f"the features of {counted(photos, 'photo')} take",
            elsewhere="name a folder on another disk with --artifacts",
        )

    def keep_only(self, wanted: UInt64[np.ndarray, "n 2"]) -> int:
        """Drop the rows of all other photos, and return how many were dropped."""
        with locked(self.folder):
            self._forget()
            kept = KeyIndex(wanted).find(self.keys) >= 0
            dropped = int((~kept).sum())
            if dropped:
                self._write_anew(kept)
            self._forget()
        return dropped

    @property
    def keys(self) -> UInt64[np.ndarray, "n 2"]:
        """The key of each row's photo."""
        count = len(self) * 2
        path = self.folder / KEYS_NAME
        keys = np.fromfile(path, dtype="<u8", count=count) if count else np.empty(0)
        return keys.astype(np.uint64).reshape(-1, 2)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)

    @cached_property
    def _aliases(self) -> UInt64[np.ndarray, "n 4"]:
        """Each further key, and the key of its row."""
        count = self._alias_count * 4
        path = self.folder / ALIASES_NAME
        aliases = np.fromfile(path, dtype="<u8", count=count) if count else np.empty(0)
        return aliases.astype(np.uint64).reshape(-1, 4)

    @cached_property
    def _alias_index(self) -> KeyIndex:
        return KeyIndex(self._aliases[:, :2])

    @property
    def _alias_count(self) -> int:
        return self._size(ALIASES_NAME) // _ALIAS_BYTES

    @cached_property
    def _rows(self) -> np.ndarray:
        shape = (len(self), self.about.width)
        if not shape[0]:  # an empty file cannot be mapped
            return np.empty(shape, dtype=self._numbers)
        return np.memmap(self.folder / ROWS_NAME, dtype=self._numbers, mode="r", shape=shape)

    def _forget(self) -> None:
        """Look at the files again when they are asked for next."""
        for name in ("_index", "_rows", "_aliases", "_alias_index"):
            self.__dict__.pop(name, None)

    def _size(self, name: str) -> int:
        path = self.folder / name
        return path.stat().st_size if path.is_file() else 0

    @contextmanager
    def _writing(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Both files, for this process alone, at the end of their last whole row."""
        with locked(self.folder), writing(self.folder / ROWS_NAME):
            rows = len(self)
            with (
                open(self.folder / ROWS_NAME, "ab") as row_file,
                open(self.folder / KEYS_NAME, "ab") as key_file,
            ):
                row_file.truncate(rows * self.row_bytes)
                key_file.truncate(rows * KEY_BYTES)
                yield row_file, key_file

    def _write_anew(self, kept: Bool[np.ndarray, " n"]) -> None:
        keys, rows = self.keys, np.flatnonzero(kept)
        with replacing(self.folder / ROWS_NAME) as temporary:
            with open(temporary, "wb") as file:
                for start in range(0, len(rows), _COPIED):
                    file.write(self._rows[rows[start : start + _COPIED]].tobytes())
            self._forget()  # a file that is mapped cannot be replaced everywhere
            # Without its keys a store is empty, so a kill here leaves no wrong row.
            (self.folder / KEYS_NAME).unlink()
        with replacing(self.folder / KEYS_NAME) as temporary:
            temporary.write_bytes(keys[rows].astype("<u8").tobytes())
        if self.has_aliases:
            self._forget()
            aliases = self._aliases[self._index.find(self._aliases[:, 2:]) >= 0]
            with replacing(self.folder / ALIASES_NAME) as temporary:
                temporary.write_bytes(aliases.astype("<u8").tobytes())


def _add(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _too_large(features: np.ndarray, dtype: str) -> str:
    if not np.isfinite(features).all():
        return "the encoder's features are not finite; try --precision fp32, or other model.weights"
    most = np.abs(features).max()
    return (
        f"a feature is {most:.3g}, more than {dtype} holds ({np.finfo(dtype).max:.0f}); "
        'set features.dtype = "float32"'
    )
