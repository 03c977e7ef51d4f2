"""The keys of a photo: fingerprints of its name and of what tells whether it is unchanged."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from jaxtyping import Bool, Int, UInt64

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
        keys += _digest(stamp, KEY_BYTES)
    return np.frombuffer(bytes(keys), dtype="<u8").astype(np.uint64).reshape(len(photos), 2)


def path_word(path: str) -> int:
    """64 bits of a path, the first half of a key by content."""
    return int.from_bytes(_digest(path, KEY_BYTES // 2), "little")


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=size).digest()


class KeyIndex:
    """Finds keys among many: 32 bytes of memory a key.

    Args:
        keys: The keys, in the order of their rows.
    """

    def __init__(self, keys: UInt64[np.ndarray, "n 2"]) -> None:
        self._order = np.lexsort((keys[:, 1], keys[:, 0]))
        self._sorted = keys[self._order]

    def find(self, keys: UInt64[np.ndarray, "m 2"]) -> Int[np.ndarray, " m"]:
        """The row of each key, -1 for a key that is not there."""
        rows = np.full(len(keys), -1, dtype=np.int64)
        open_keys = np.arange(len(keys))
        at = np.searchsorted(self._sorted[:, 0], keys[:, 0])
        while len(open_keys):  # once, and again for each further key with the same first half
            inside = at < len(self._order)
            open_keys, at = open_keys[inside], at[inside]
            here, wanted = self._sorted[at], keys[open_keys]
            found = (here == wanted).all(axis=1)
            rows[open_keys[found]] = self._order[at[found]]
            further = ~found & (here[:, 0] == wanted[:, 0])
            open_keys, at = open_keys[further], at[further] + 1
        return rows

    def begins(self, words: UInt64[np.ndarray, " m"]) -> Bool[np.ndarray, " m"]:
        """Whether there is a key with each of these first halves."""
        at = np.searchsorted(self._sorted[:, 0], words)
        inside = at < len(self._order)
        begins = np.zeros(len(words), dtype=bool)
        begins[inside] = self._sorted[at[inside], 0] == words[inside]
        return begins
