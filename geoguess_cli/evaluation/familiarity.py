"""How familiar photos are to a model, measured while its decision is fitted."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from jaxtyping import Float, Float64, Int

from geoguess_cli.evaluation.intervals import sequence_groups
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.table import PhotoTable

MOST = 20_000
"""Training photos that are read at most; ten for each value of a wide backbone."""

ENOUGH = 100
"""Validation photos from which percentiles are taken from them: five lie above the 95th."""

FOLDS = 5
"""Parts of the training photos that are left out in turn where validation photos are too few."""


def training_sample(train: PhotoTable) -> PhotoTable:
    """The training photos to read: all, or `MOST` spread evenly over the table."""
    if len(train) <= MOST:
        return train
    return train.take(np.linspace(0, len(train) - 1, MOST).round().astype(np.int64))


class MemoryKeeper:
    """Keeps the features of training photos, in float16.

    Args:
        train: The photos.
    """

    def __init__(self, train: PhotoTable) -> None:
        self._train = train
        self._rows: list[np.ndarray] = []
        self._features: list[np.ndarray] = []

    def watching(self, outputs: Iterable[Outputs]) -> Iterator[Outputs]:
        """The same outputs of the training photos, whose features are kept."""
        for own in outputs:
            if own.features is not None:
                self._rows.append(own.rows)
                self._features.append(own.features.astype(np.float16))
            yield own

    def result(self) -> Memory | None:
        """The memory of the photos that could be read; None if there were none."""
        if not self._rows:
            return None
        rows = np.concatenate(self._rows)
        features = np.concatenate(self._features)
        order = np.argsort(rows)
        return Memory.of(features[order], self._train.frame[rows[order]])


class FamiliarityMeter:
    """Learns what training photos are like, and how far validation photos lie from them.

    Args:
        known: What the model knows already; its mean and covariance stay.
    """

    def __init__(self, known: Familiarity | None = None) -> None:
        self._known = known
        self._distances: list[np.ndarray] = []
        self._left_out: Callable[[], np.ndarray] | None = None

    def learn(self, outputs: Iterable[Outputs], train: PhotoTable) -> None:
        """Learn from training photos; fewer than two that can be read teach nothing.

        Args:
            outputs: What the network makes of them.
            train: Those photos.
        """
        every = -(-len(train) // MOST)  # of more photos than are needed, every so-manieth
        read = []
        for own in outputs:
            if own.pooled is not None:
                taken = own.rows % every == 0
                read.append((own.rows[taken], own.pooled[taken]))
        if sum(len(rows) for rows, _ in read) < 2:
            return
        pooled = np.concatenate([values for _, values in read])
        groups = sequence_groups(train.frame)[np.concatenate([rows for rows, _ in read])]
        self._known = Familiarity.of(pooled)
        self._left_out = lambda: distances_of_left_out(pooled, groups)

    def watching(self, outputs: Iterable[Outputs]) -> Iterator[Outputs]:
        """The same outputs of validation photos, whose distances are kept."""
        for own in outputs:
            if self._known is not None and own.pooled is not None:
                self._distances.append(self._known.distances_of(own.pooled))
            yield own

    def result(self) -> Familiarity | None:
        """What is known now; None if nothing was known and nothing could be learned."""
        distances = np.concatenate([np.empty(0), *self._distances])
        if self._known is not None and len(distances) >= ENOUGH:
            return self._known.judged(distances, "val")
        if self._known is not None and self._left_out is not None:
            return self._known.judged(self._left_out(), "train")
        return self._known


def distances_of_left_out(
    pooled: Float[np.ndarray, "n p"], groups: Int[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """The distance of each photo from the photos of the other folds; a sequence is in one fold.

    Args:
        pooled: The pooled values of the photos.
        groups: A number for each photo, shared by the photos of one sequence.
    """
    names, which = np.unique(groups, return_inverse=True)
    folds = np.random.default_rng(0).permutation(len(names))[which] % min(FOLDS, len(names))
    distances = np.empty(len(pooled))
    for fold in np.unique(folds):
        out = folds == fold
        others = pooled[~out] if (~out).sum() > 1 else pooled
        distances[out] = Familiarity.of(others).distances_of(pooled[out])
    return distances
