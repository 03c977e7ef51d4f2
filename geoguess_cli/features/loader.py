"""Kept features in batches, in the order in which a `PhotoLoader` would read the photos."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from geoguess_cli.features.extraction import KeptPhotos
from geoguess_cli.photos.batch_order import BatchOrder
from geoguess_cli.photos.dataset import Batch


class FeatureLoader:
    """The kept features of a list of photos in batches, as a `PhotoLoader` gives photos.

    Args:
        views: The features of each view of the same photos; they take turns from epoch to epoch.
        order: Which photos make each batch.
    """

    def __init__(self, views: Sequence[KeptPhotos], order: BatchOrder) -> None:
        self._views, self._order = views, order

    def __len__(self) -> int:
        """The number of batches in a whole epoch."""
        return self._order.per_epoch

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch.

        Args:
            epoch: Number of the epoch, from 0; it decides the order and the view.
            start_step: Batches to skip at the start.
        """
        kept = self._views[epoch % len(self._views)]
        for keys in self._order.keys(epoch, start_step):
            photos = np.array([row for _, row, _ in keys], dtype=np.int64)
            readable = kept.rows[photos] >= 0
            features = kept.read(photos[readable]).astype(np.float32)
            failures = [(row, kept.failures[row]) for row in photos[~readable].tolist()]
            yield Batch(torch.from_numpy(features), torch.from_numpy(photos[readable]), failures)
