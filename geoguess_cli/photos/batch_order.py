"""Which photos make each batch of an epoch: a function of seed, epoch and step alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Key = tuple[int, int, int]
"""Epoch, row of a photo, and how often it came before in the epoch: all that a worker needs."""

ORDER, PHOTO = 1, 2
"""Two streams of randomness, so that the order of an epoch and the augmentation of a photo are
independent."""


@dataclass(eq=False)
class BatchOrder:
    """The keys of one epoch, batch by batch; `epoch` and `first` say where to start.

    Args:
        photos: Number of photos, which is the number of keys of an epoch.
        batch_size: Photos in a batch.
        seed: Seed of the order.
        shuffle: Whether each epoch has a new order.
        drop_last: Whether to leave out a last batch that is not full.
        share: Which part of each batch is this process's own, and how many processes there are.
        chances: How likely each photo is in a draw; they sum to 1. An epoch is then a number of
            draws. None takes each photo once.
    """

    photos: int
    batch_size: int
    seed: int = 0
    shuffle: bool = False
    drop_last: bool = False
    share: tuple[int, int] = (0, 1)
    chances: Float[np.ndarray, " n"] | None = None
    epoch: int = 0
    first: int = 0

    @property
    def per_epoch(self) -> int:
        """The number of batches in a whole epoch."""
        spare = 0 if self.drop_last else self.batch_size - 1
        return (self.photos + spare) // self.batch_size

    def __len__(self) -> int:
        return max(self.per_epoch - self.first, 0)

    def __iter__(self) -> Iterator[list[Key]]:
        # Read now: a generator would read epoch and step only when its first item is asked for.
        return self.keys(self.epoch, self.first)

    def keys(self, epoch: int, first: int) -> Iterator[list[Key]]:
        """The keys of an epoch, from the batch of this number on."""
        rows, before = self._drawn(epoch)
        first_own, processes = self.share
        for step in range(first, self.per_epoch):
            own = slice(step * self.batch_size + first_own, (step + 1) * self.batch_size, processes)
            pairs = zip(rows[own].tolist(), before[own].tolist(), strict=True)
            yield [(epoch, row, times) for row, times in pairs]

    def _drawn(self, epoch: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """The rows of an epoch in order, and how often each row came before."""
        rows = np.arange(self.photos)
        rng = np.random.default_rng((self.seed, epoch, 0, ORDER))
        if self.chances is not None:
            rows = rng.choice(rows, size=self.photos, p=self.chances)
            return rows, _times_before(rows)
        if self.shuffle:
            rows = rng.permutation(rows)
        return rows, np.zeros_like(rows)


def _times_before(rows: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """How often each value came before.

    >>> _times_before(np.array([7, 3, 7, 7, 3])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.searchsorted(ordered, ordered)
    before = np.empty_like(rows)
    before[order] = np.arange(len(rows)) - starts
    return before
