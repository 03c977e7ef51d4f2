"""Near-duplicate photos: perceptual hashes, and the pairs of them that differ in few bits.

A difference hash says for neighbouring places of a shrunken photo which one is brighter (dHash:
N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013). Compressing, resizing or trimming a
photo turns few of its bits; in another photo about half of them differ. Each photo has two: a
coarse one of 8 × 8 bits, by which candidates are found, and a fine one of 16 × 16 bits, which
confirms them.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8, UInt64
from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.decoder import decode_photo

COARSE_BITS = 7
"""Bits of the 64 that may differ. Four bands share them out, so that one band has at most 1."""

FINE_BITS = 40
"""Bits of the 256 that may differ. On 90 real photos compressing and resizing turned at most 14,
trimming 1 % of each side at most 22 and 2 % mostly below 34; two different photos differed in 123
(standard deviation 11), two shots of one drive in 59 or more."""

_WORDS = 5  # 64-bit words of a hash: one coarse, four fine
_DECODED = 128  # pixels of the shorter side from which a photo is shrunk
_BANDS = 4
_BAND_ROWS = [0, 4, 1, 5, 2, 6, 3, 7]
"""Rows in the order of the coarse bits: a band of two distant rows tells more than two adjoining
ones, which look alike, so that half as many candidates are found in vain."""

_CANDIDATES = 1 << 21  # pairs that are compared at once
_PATHS = 32  # photos that a worker gets at once
_ONES: UInt8[np.ndarray, "65536"] = (
    np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1)
    .sum(axis=1)
    .astype(np.uint8)
)
"""The number of 1 bits of every 16-bit number."""


@dataclass(frozen=True, eq=False)
class Hashing:
    """The hashes of a list of photos.

    Attributes:
        hashes: Five words a photo, the coarse one first; 0 where it could not be read.
        failures: Positions of the photos that could not be read, each with the reason.
    """

    hashes: UInt64[np.ndarray, "n 5"]
    failures: list[tuple[int, str]]


def photo_hash(image: Image.Image) -> UInt64[np.ndarray, "5"]:
    """The coarse and the fine difference hash of a picture, as one and four 64-bit words."""
    grey = image.convert("L")
    bits = np.concatenate([_rising(grey, 8)[_BAND_ROWS].ravel(), _rising(grey, 16).ravel()])
    return np.packbits(bits).view(">u8").astype(np.uint64)


def _rising(grey: Image.Image, side: int) -> np.ndarray:
    """Whether the picture gets brighter to the right of each place of a square grid."""
    small = np.asarray(grey.resize((side + 1, side), Image.Resampling.LANCZOS))
    return np.asarray(small[:, 1:] > small[:, :-1])


def hash_photos(
    paths: Sequence[Path], *, workers: int = 0, on_photo: Callable[[int], None] | None = None
) -> Hashing:
    """The hashes of photo files; what cannot be read is listed, not raised.

    Args:
        paths: The photos.
        workers: Processes that decode; 0 decodes in this one.
        on_photo: Called after each photo with the number of those done.
    """
    hashes = np.zeros((len(paths), _WORDS), dtype=np.uint64)
    failures = []
    with _answers(paths, workers) as answers:
        for row, answer in enumerate(answers):
            if isinstance(answer, str):
                failures.append((row, answer))
            else:
                hashes[row] = answer
            if on_photo is not None:
                on_photo(row + 1)
    return Hashing(hashes, failures)


def find_twins(
    hashes: UInt64[np.ndarray, "n 5"], among: UInt64[np.ndarray, "m 5"]
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """The nearest near-duplicate of each photo: its row, and how many fine bits differ.

    Both are -1 where there is none; of equals the first row is taken. By multi-index hashing: two
    hashes that differ in at most 7 of 64 bits have a quarter in which they differ in at most one,
    and are found under it (Norouzi, Punjani and Fleet, CVPR 2012).

    Args:
        hashes: Hashes of the photos.
        among: Hashes of those that may be their near-duplicates.
    """
    # A placeholder that stands for a thousand photos is compared once.
    own, place = np.unique(hashes, axis=0, return_inverse=True)
    others, first = np.unique(among, axis=0, return_index=True)
    # Bits, then row, in one number: the least is the nearest, and of these the first.
    none = np.iinfo(np.int64).max
    best = np.full(len(own), none, dtype=np.int64)
    for a, b in _candidates(own[:, 0], others[:, 0]):
        alike = _differing(own[a, :1], others[b, :1]) <= COARSE_BITS
        a, b = a[alike], b[alike]
        bits = _differing(own[a, 1:], others[b, 1:])
        alike = bits <= FINE_BITS
        np.minimum.at(best, a[alike], bits[alike] << 40 | first[b[alike]])
    best = best[place.reshape(-1)]
    found = best != none
    return np.where(found, best & (1 << 40) - 1, -1), np.where(found, best >> 40, -1)


def _candidates(
    own: UInt64[np.ndarray, " n"], others: UInt64[np.ndarray, " m"]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of pairs that differ in at most one bit of a quarter, a bounded number at a time."""
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
    """The number of bits in which paired hashes of any number of words differ."""
    return np.asarray(_ONES[(a ^ b).view(np.uint16)].sum(axis=1, dtype=np.int64))


@contextmanager
def _answers(paths: Sequence[Path], workers: int) -> Iterator[Iterator[np.ndarray | str]]:
    """The hash of each photo, or why it has none, in order."""
    if workers == 0:
        yield map(_hash_file, paths)
        return
    # Spawned: a fork beside the threads of other libraries may hang.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts
    )
    try:
        yield pool.map(_hash_file, paths, chunksize=_PATHS)
    finally:
        pool.shutdown(cancel_futures=True)


def _hash_file(path: Path) -> np.ndarray | str:
    try:
        return photo_hash(decode_photo(path, at_least=_DECODED))
    except PhotoError as error:
        return str(error)


def _ignore_interrupts() -> None:
    """Leaves Ctrl-C to the main process, which ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
