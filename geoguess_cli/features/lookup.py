"""Where a store has the features of photos: by name and time, in archives also by checksum.

While a file is unchanged, its name, size and time find the row, and nothing is read. If an archive
has another time, or lies in another order, its members are looked for by name, checksum (CRC-32)
and length. A zip has these in its directory; those of a tar are computed from the photo's bytes,
which costs a hundredth of its features.
"""

import os
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt64

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.features.keys import path_word, photo_keys
from geoguess_cli.features.store import FeatureStore
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.sources.archive_index import zip_checksums

_DIRECTORIES = 1024
"""Zips whose checksums are remembered, at 16 bytes a member."""


class KeyedPhotos:
    """Photos with their keys, as their files are now.

    Args:
        files: The photos.

    Attributes:
        stamps: The key of each photo by name and time (`photo_keys`).
    """

    def __init__(self, files: PhotoList) -> None:
        self.files, self.stamps = files, photo_keys(files)

    def __len__(self) -> int:
        return len(self.files)

    def rows_in(self, store: FeatureStore) -> Int[np.ndarray, " n"]:
        """The row of each photo in a store, -1 for a photo without features."""
        rows = store.find(self.stamps)
        lost = np.flatnonzero((rows < 0) & self.files.packed())
        if not len(lost) or not store.has_aliases:
            return rows
        lost = lost[store.has_alias_of(self._beginnings(lost)[:, 0])]
        found = store.find(self.contents(lost))
        lost, found = lost[found >= 0], found[found >= 0]
        rows[lost] = found
        with suppress(OSError):  # a store may lie where this process cannot write
            store.add_aliases(self.stamps[lost], store.keys[found])  # for the next look
        return rows

    def append_to(
        self, store: FeatureStore, photos: Int[np.ndarray, " m"], features: np.ndarray
    ) -> None:
        """Put the features of the photos at these positions into a store.

        Raises:
            FeatureError: A feature is not finite in the number type of the store.
        """
        stamps, contents = self.stamps[photos], self.contents(photos)
        store.append(stamps, features)
        known = contents.any(axis=1)
        store.add_aliases(contents[known], stamps[known])

    def prune(self, store: FeatureStore) -> int:
        """Drop the rows of all other photos from a store, and return how many were dropped."""
        rows = self.rows_in(store)
        return store.keep_only(store.keys[rows[rows >= 0]])

    def contents(self, photos: Int[np.ndarray, " m"]) -> UInt64[np.ndarray, "m 2"]:
        """The keys by content of the photos at these positions.

        Returns:
            A hash of the path, then checksum and length as one number. Both are 0 for a photo that
            is a file of its own, that cannot be read, or whose archive has changed since its stamp.
        """
        own = self.files.take(photos)
        known = own.packed() & (photo_keys(own) == self.stamps[photos]).all(axis=1)
        keys = np.zeros((len(own), 2), dtype=np.uint64)
        for at in np.flatnonzero(known).tolist():
            member = own[at]
            assert isinstance(member, Member)
            keys[at, 1] = _content(member)
        return np.where(keys[:, 1:] > 0, keys + self._beginnings(photos), 0)

    def _beginnings(self, photos: Int[np.ndarray, " m"]) -> UInt64[np.ndarray, "m 2"]:
        """A hash of the path of each photo as its table writes it, and 0."""
        paths = (stamp.partition("\0")[0] for stamp in self.files.take(photos).stamps())
        keys = np.zeros((len(photos), 2), dtype=np.uint64)
        keys[:, 0] = np.fromiter(map(path_word, paths), dtype=np.uint64, count=len(photos))
        return keys


def _content(member: Member) -> int:
    """Checksum and length of a member as one number; 0 if it cannot be read."""
    try:
        status = os.stat(member.archive)
        names, contents = _directory(member.archive, status.st_size, status.st_mtime_ns)
        name = np.uint64(path_word(member.name))
        at = int(np.searchsorted(names, name))
        if at < len(names) and names[at] == name and contents[at]:
            return int(contents[at])
        content = member.read_bytes()
    except OSError:  # a PhotoError too
        return 0
    return _joined(zlib.crc32(content), len(content))


@lru_cache(maxsize=_DIRECTORIES)
def _directory(
    archive: Path, *_state: int
) -> tuple[UInt64[np.ndarray, " n"], UInt64[np.ndarray, " n"]]:
    """The members of a zip by the hashes of their names, in order, and their contents as numbers.

    The number is 0 where the directory does not tell: a name occurs twice, or has no checksum. An
    archive that is no sound zip has no members here.
    """
    try:
        members = [
            (path_word(name), _joined(checksum, size) if checksum else 0)
            for name, checksum, size in zip_checksums(archive)
        ]
    except PhotoTableError:
        members = []
    columns = np.array(members, dtype=np.uint64).reshape(-1, 2)
    names, first, count = np.unique(columns[:, 0], return_index=True, return_counts=True)
    return names, np.where(count == 1, columns[first, 1], np.uint64(0))


def _joined(checksum: int, length: int) -> int:
    """Both in one number of 64 bits; a photo has less than 4 GB."""
    return checksum << 32 | length & 0xFFFFFFFF
