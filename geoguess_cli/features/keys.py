"""The key of a photo: a fingerprint of its name and of what tells whether it is unchanged."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from jaxtyping import Int, UInt64

from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList

KEY_BYTES = 16
"""128 bits: among five million photos two keys are equal with a probability of 10⁻²⁶."""


def photo_keys(files: Sequence[PhotoFile]) -> UInt64[np.ndarray, "n 2"]:
    """The key of each photo: a hash (BLAKE2b) of `PhotoList.stamps`.

    A photo that is moved within its table, written anew, or put elsewhere in its archive has
    another key, so that features of its former content are not found.
    """
    photos = PhotoList.of_files(files)
    keys = bytearray()
    for stamp in photos.stamps():
        text = stamp.encode("utf-8", "surrogateescape")
        keys += blake2b(text, digest_size=KEY_BYTES).digest()
    return np.frombuffer(bytes(keys), dtype="<u8").astype(np.uint64).reshape(len(photos), 2)


class KeyIndex:
    """Finds keys among many: 32 bytes of memory a key.

    Args:
        keys: The keys, in the order of their rows.
    """

    def __init__(self, keys: UInt64[np.ndarray, "n 2"]) -> None:
        self._order = np.argsort(keys[:, 0], kind="stable")
        self._sorted = keys[self._order]

    def find(self, keys: UInt64[np.ndarray, "m 2"]) -> Int[np.ndarray, " m"]:
        """The row of each key, -1 for a key that is not there."""
        if not len(self._order):
            return np.full(len(keys), -1, dtype=np.int64)
        at = np.searchsorted(self._sorted[:, 0], keys[:, 0])
        at = np.minimum(at, len(self._order) - 1)
        return np.where((self._sorted[at] == keys).all(axis=1), self._order[at], -1)
