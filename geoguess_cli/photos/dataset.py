"""Photos in batches, decoded in this process or in several.

The order of an epoch and the augmentation of a photo depend only on seed, epoch and row. So the
number of workers does not change the batches, and an interrupted epoch can continue at any step
with the batches that it would have had.
"""

import os
import signal
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.batch_order import PHOTO, BatchOrder, Key
from geoguess_cli.photos.decoder import MAX_PIXELS
from geoguess_cli.photos.images import (
    Augmentation,
    ImageSpec,
    augmented,
    decode_photo,
    pixels_needed,
    to_array,
    view_generator,
)
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.workers import PREFETCH, automatic_workers, workers_that_fit

Item = tuple[int, Tensor | str]
"""Row of a photo, and its tensor or the reason why it cannot be decoded."""

Decoded = tuple[Tensor, Tensor, list[tuple[int, str]]]
"""Images, their rows, and the failures of a batch, as a worker sends them to the main process."""

NICENESS = 10
"""How much a worker stands back for the computation, as Unix counts it: 0 not at all, 19 most."""

_DEAD_WORKER = ("DataLoader worker", "shared memory", "unable to mmap")
"""What torch says when a worker was killed, or when it cannot deliver a batch."""


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of photos.

    Attributes:
        images: The decoded photos, normalised, or their features (b d); can be empty.
        rows: Position of each image in the list of photos.
        failures: Position and reason of each photo that cannot be decoded.
    """

    images: Float[Tensor, "b 3 s s"] | Float[Tensor, "b d"]
    rows: Int[Tensor, " b"]
    failures: list[tuple[int, str]]

    def __len__(self) -> int:
        return len(self.rows) + len(self.failures)


class PhotoLoader:
    """The photos of a list in batches: iterate it for one epoch, or ask for any with `epoch`.

    A photo that cannot be decoded is listed in the `failures` of its batch; no error is raised.
    Worker processes live until `close`.

    Args:
        files: The photos: files of their own, or members of archives.
        spec: What the backbone expects.
        batch_size: Photos in a batch, including those that fail; 1 or more.
        workers: Processes that decode; 0 decodes in this process, -1 chooses by the machine.
        augmentation: Random changes to each photo; None for none.
        seed: Seed of the order and of the augmentation.
        shuffle: Whether each epoch has a new order; otherwise the order is that of `files`.
        drop_last: Whether to leave out a last batch that is not full.
        epoch: The epoch of plain iteration, from 0.
        start_step: Batches to skip at the start of plain iteration.
        max_pixels: Largest width × height of a photo, as in `decode_photo`.
        share: Which part of each batch is this process's own, and how many processes there are;
            together they read each photo once.
        pinned: Whether to hand batches over in memory from which a GPU copies them by itself.
        views: Number of augmented views of a photo, which take turns from epoch to epoch; 0 for a
            new one in each epoch. Seed and table do not change the views of a photo.
        chances: How likely each photo is in a draw, as in `BatchOrder`; None takes each once.

    Raises:
        ValueError: `batch_size` is below 1.
    """

    def __init__(
        self,
        files: Sequence[PhotoFile],
        *,
        spec: ImageSpec,
        batch_size: int,
        workers: int = -1,
        augmentation: Augmentation | None = None,
        seed: int = 0,
        shuffle: bool = False,
        drop_last: bool = False,
        epoch: int = 0,
        start_step: int = 0,
        max_pixels: int = MAX_PIXELS,
        share: tuple[int, int] = (0, 1),
        pinned: bool = False,
        views: int = 0,
        chances: Float[np.ndarray, " n"] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; it must be 1 or more")
        own, processes = -(-min(batch_size, len(files)) // share[1]), share[1]
        wanted = automatic_workers(len(files) // processes) if workers < 0 else workers
        batch_bytes = own * 3 * spec.size**2 * torch.float32.itemsize
        self.workers = workers_that_fit(wanted, batch_bytes)
        self._photos = _Photos(files, spec, augmentation, seed, max_pixels, views)
        self._batches = BatchOrder(len(files), batch_size, seed, shuffle, drop_last, share, chances)
        self._start, self._pinned = (epoch, start_step), pinned
        self._loader: DataLoader[Any] | None = None

    def __len__(self) -> int:
        """The number of batches in a whole epoch."""
        return self._batches.per_epoch

    def __iter__(self) -> Iterator[Batch]:
        return self.epoch(*self._start)

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch; finish or drop the iterator before starting another.

        Args:
            epoch: Number of the epoch, from 0; it decides the order and the augmentation.
            start_step: Batches to skip at the start.
        """
        self._batches.epoch, self._batches.first = epoch, start_step
        if not self.workers:
            # Torch's loader, which leads processes, has nothing to do here.
            return _batches(map(self._decoded, self._batches))
        with warnings.catch_warnings():
            # The caller may want more workers than cores. Python 3.12 warns of every fork beside
            # threads; a worker takes none of their locks.
            warnings.filterwarnings("ignore", "This DataLoader will create", UserWarning)
            warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
            if self._loader is None:
                self._loader = self._new_loader()
            decoded = iter(self._loader)
        return _batches(decoded)

    def _decoded(self, keys: list[Key]) -> Decoded:
        """A batch, decoded in this process."""
        return _collate([self._photos[key] for key in keys], size=self._photos.spec.size)

    def close(self) -> None:
        """End the worker processes; a later epoch starts new ones."""
        self._loader = None

    def __enter__(self) -> "PhotoLoader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_loader(self) -> "DataLoader[Any]":
        return DataLoader(
            self._photos,
            batch_sampler=self._batches,
            num_workers=self.workers,
            collate_fn=partial(_collate, size=self._photos.spec.size),
            persistent_workers=True,
            prefetch_factor=PREFETCH,
            pin_memory=self._pinned,
            worker_init_fn=_begin_work,
            # Its own generator: otherwise each epoch would draw a number from the global one.
            generator=torch.Generator(),
        )


class _Photos(Dataset[Item]):
    """Photos by key. It never changes, so the copies in the workers stay valid."""

    def __init__(
        self,
        files: Sequence[PhotoFile],
        spec: ImageSpec,
        augmentation: Augmentation | None,
        seed: int,
        max_pixels: int,
        views: int,
    ) -> None:
        # Compact, because a worker that reads a list of Python objects copies its memory pages.
        self._files = PhotoList.of_files(files)
        self.spec = spec
        self._augmentation = augmentation
        self._seed = seed
        self._max_pixels = max_pixels
        self._views = views
        self._at_least = pixels_needed(spec, augmentation)

    def __getitem__(self, key: Key) -> Item:
        epoch, row, times = key
        file = self._files[row]
        try:
            image = decode_photo(file, at_least=self._at_least, max_pixels=self._max_pixels)
        except PhotoError as error:
            return row, str(error)
        if self._augmentation is None:
            return row, torch.from_numpy(to_array(image, self.spec))
        if self._views:
            rng = view_generator(file.name, epoch % self._views)
        else:
            again = (times,) if times else ()
            rng = np.random.default_rng((self._seed, epoch, row, PHOTO, *again))
        return row, torch.from_numpy(augmented(image, self.spec, self._augmentation, rng))


def _batches(decoded: Iterator[Decoded]) -> Iterator[Batch]:
    """The batches of the workers; the end of a worker is an error for the user."""
    try:
        for parts in decoded:
            yield Batch(*parts)
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _DEAD_WORKER):
            raise
        raise PhotoError(
            f"a process that decodes photos ended ({' '.join(str(error).split())[:200]}); "
            "memory may be short: use fewer --workers (0 needs none), or a container with more "
            "--shm-size"
        ) from error


def _collate(items: list[Item], *, size: int) -> Decoded:
    """The items of a batch with their images in one tensor: each tensor costs a shared file."""
    decoded = [(row, image) for row, image in items if isinstance(image, Tensor)]
    failures = [(row, reason) for row, reason in items if isinstance(reason, str)]
    images = [image for _, image in decoded]
    # In a worker the tensors are put together in shared memory here, where an error reaches the
    # reader: in the queue's thread it would be lost.
    stacked = default_collate(images) if images else torch.empty(0, 3, size, size)
    return stacked, torch.tensor([row for row, _ in decoded], dtype=torch.int64), failures


def _begin_work(_: int) -> None:
    """Leave Ctrl-C to the main process, which ends its workers in order, and the cores to it too.

    A worker then decodes in the gaps that the computation leaves. Without them it gets its time all
    the same: a computation without a batch sleeps.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
