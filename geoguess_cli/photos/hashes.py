"""Near-duplicate photos: perceptual hashes, and the pairs of hashes that differ in few bits.

A difference hash compares neighbouring pixels of a shrunken photo: each bit says which pixel is
brighter (dHash: N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013). Compressing,
resizing or trimming a photo changes few bits; in another photo about half of the bits differ. Each
photo has two hashes: a coarse one of 8 × 8 bits finds candidates, and a fine one of 16 × 16 bits
confirms them.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from jaxtyping import Int, UInt64
from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.decoder import MAX_PIXELS, decode_photo
from geoguess_cli.photos.workers import automatic_workers

COARSE_BITS = 7
"""Bits of the 64 that may differ; then at least one of four bands differs in at most one bit."""

FINE_BITS = 40
"""Bits of the 256 that may differ. In 90 real photos compressing and resizing changed at most 14
bits, trimming 1 % of each side at most 22, and trimming 2 % mostly fewer than 34. Two different
photos differed in 123 bits (standard deviation 11), two photos of one drive in 59 or more."""

WORDS = 5
"""64-bit words of a hash: one coarse, four fine."""

_DECODED = 128  # pixels of the shorter side from which a photo is shrunk
_BANDS = 4
_BAND_ROWS = [0, 4, 1, 5, 2, 6, 3, 7]
"""The rows of the picture in the order of the coarse bits. Two rows make a band; distant rows are
less alike than adjoining rows, which halves the number of false candidates."""

_CANDIDATES = 1 << 21  # pairs compared at once
_PATHS = 32  # photos given to a worker at once
_ONES = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)
"""The number of 1 bits of every 16-bit number."""


@dataclass(frozen=True, eq=False)
class Hashing:
    """The hashes of a list of photos.

    Attributes:
        hashes: Five words for each photo, the coarse word first; 0 for an unreadable photo.
        failures: Position and reason of each unreadable photo.
    """

    hashes: UInt64[np.ndarray, "n 5"]
    failures: list[tuple[int, str]]


def photo_hash(image: Image.Image) -> UInt64[np.ndarray, "5"]:
    """The difference hashes of a picture: one 64-bit word of the coarse, four of the fine hash."""
    grey = image.convert("L")
    bits = np.concatenate([_rising(grey, 8)[_BAND_ROWS].ravel(), _rising(grey, 16).ravel()])
    return np.packbits(bits).view(">u8").astype(np.uint64)


def _rising(grey: Image.Image, side: int) -> np.ndarray:
    """Whether the picture gets brighter to the right of each point of a square grid."""
    small = np.asarray(grey.resize((side + 1, side), Image.Resampling.LANCZOS))
    return np.asarray(small[:, 1:] > small[:, :-1])


def hash_photos(
    files: Sequence[PhotoFile],
    *,
    workers: int = 0,
    max_pixels: int = MAX_PIXELS,
    on_photo: Callable[[int], None] | None = None,
) -> Hashing:
    """The hashes of photos; an unreadable photo is listed and raises no error.

    Args:
        files: The photos.
        workers: Processes that decode; 0 decodes in this process, -1 chooses by the machine.
        max_pixels: Largest width × height of a photo, as in `decode_photo`.
        on_photo: Called after each photo with the number of photos done.
    """
    workers = automatic_workers(len(files)) if workers < 0 else workers
    hashes = np.zeros((len(files), WORDS), dtype=np.uint64)
    failures = []
    with _hashed(files, workers, max_pixels) as results:
        for row, result in enumerate(results):
            if isinstance(result, str):
                failures.append((row, result))
            else:
                hashes[row] = result
            if on_photo is not None:
                on_photo(row + 1)
    return Hashing(hashes, failures)


def find_twins(
    hashes: UInt64[np.ndarray, "n 5"], among: UInt64[np.ndarray, "m 5"]
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """The nearest near-duplicate of each photo: its row, and the number of fine bits that differ.

    Both are -1 if there is none; of equally near photos the first row is taken. The method is
    multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): two hashes that differ in at most 7
    of 64 bits have a quarter in which they differ in at most one bit, and share an index entry.

    Args:
        hashes: Hashes of the photos.
        among: Hashes of the photos that may be near-duplicates.
    """
    # Equal hashes, such as those of a placeholder picture, are compared once.
    own, place = np.unique(hashes, axis=0, return_inverse=True)
    others, first = np.unique(among, axis=0, return_index=True)
    # Bits, then row, in one number: the least number is the nearest photo, and the first of equals.
    none = np.iinfo(np.int64).max
    best = np.full(len(own), none, dtype=np.int64)
    for a, b in _candidates(own[:, 0], others[:, 0]):
        alike = _differing(own[a, :1], others[b, :1]) <= COARSE_BITS
        a, b = a[alike], b[alike]
        bits = _differing(own[a, 1:], others[b, 1:])
        alike = bits <= FINE_BITS
        np.minimum.at(best, a[alike], bits[alike] << 40 | first[b[alike]])
    best = best[place.reshape(-1)]
    exists = best != none
    return np.where(exists, best & (1 << 40) - 1, -1), np.where(exists, best >> 40, -1)


def _candidates(
    own: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " m"]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the pairs that differ in at most one bit of a quarter, in blocks of limited size."""
    for band in range(_BANDS):
        keys = _band(others, band)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange((1 << 16) + 1))
        for flip in (0, *(1 << bit for bit in range(16))):
            probes = _band(own, band) ^ flip
            first, counts = starts[probes], np.diff(starts)[probes]
            rows = np.flatnonzero(counts)
            blocks = np.cumsum(counts[rows]) // _CANDIDATES
            for part in np.split(rows, np.flatnonzero(np.diff(blocks)) + 1):
                a = np.repeat(part, counts[part])
                ends = np.cumsum(counts[part])
                within = np.arange(len(a)) - np.repeat(ends - counts[part], counts[part])
                yield a, order[np.repeat(first[part], counts[part]) + within]


def _band(coarse: np.ndarray, band: int) -> np.ndarray:
    return (coarse >> np.uint64(16 * band) & np.uint64(0xFFFF)).astype(np.int64)


def _differing(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The number of bits in which each pair of hashes differs."""
    return np.asarray(_ONES[(a ^ b).view(np.uint16)].sum(axis=1, dtype=np.int64))


@contextmanager
def _hashed(
    files: Sequence[PhotoFile], workers: int, max_pixels: int
) -> Iterator[Iterator[np.ndarray | str]]:
    """The hash of each photo, or the reason why it is unreadable, in order."""
    hash_file = partial(_hash_file, max_pixels=max_pixels)
    if workers == 0:
        yield map(hash_file, files)
        return
    # Spawned, because a fork beside the threads of other libraries can hang.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts
    )
    try:
        yield pool.map(hash_file, files, chunksize=_PATHS)
    finally:
        pool.shutdown(cancel_futures=True)


def _hash_file(file: PhotoFile, max_pixels: int) -> np.ndarray | str:
    try:
        return photo_hash(decode_photo(file, at_least=_DECODED, max_pixels=max_pixels))
    except PhotoError as error:
        return str(error)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the main process, which ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
