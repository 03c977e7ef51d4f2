"""The point estimate of the training photos that a model carries: those that a photo resembles.

The probability p(c) of each of the `CELLS` likeliest cells c is shared among the training photos
that lie in it, by the cosine s of their features with those of the photo:

    w(i) = p(c) · exp(κ s(i)) / Σ exp(κ s(j)) over the photos j in c,   κ = `SHARPNESS`.

Of the `PHOTOS` photos with the greatest weights the answer is the place of the one with the least
expected great-circle distance to all of them, Σ w(i) d(i, ·): a weighted medoid, so it lies where a
photo was taken. κ = 0 would give each photo of a cell the same weight; a great κ leaves the most
similar photo of each cell. Retrieval within the likeliest cells is that of PIGEON (Haas and others,
arXiv 2307.05845, 2023); the kernel is that of von Mises and Fisher.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl
from jaxtyping import Float, Float32, Int

from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import unit_vectors
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.probabilities import top_cells
from geoguess_cli.model.memory import Memory, directions

CELLS = 8
"""Number of the likeliest cells of a photo whose training photos are compared with it."""

PHOTOS = 32
"""Number of training photos, of all those cells, among which the answer is chosen."""

SHARPNESS = 20.0
"""How much a greater cosine counts: a difference of 0.05 makes a photo e times as heavy."""


class RememberedPlaces:
    """Point estimates by the training photos that a model carries.

    Args:
        partition: The cell of each column of the probabilities. Training photos outside the region
            of a `CutPartition` count nowhere.
        memory: The training photos.
    """

    def __init__(self, partition: Partition, memory: Memory) -> None:
        self._memory, self._centroids = memory, partition.centroids
        cells = partition.assign(memory.latlng).astype(np.int64)
        if isinstance(partition, CutPartition):
            cells[~partition.region.holds(memory.latlng)] = -1
        self._order = np.argsort(cells, kind="stable")
        self._inhabited, first = np.unique(cells[self._order], return_index=True)
        self._members = np.split(self._order, first[1:])
        if len(cells) and self._inhabited[0] < 0:
            self._inhabited, self._members = self._inhabited[1:], self._members[1:]

    def estimates(
        self,
        probabilities: Float32[np.ndarray, "b c"],
        features: Float[np.ndarray, "b d"],
        sequences: Sequence[str] | None = None,
    ) -> Float[np.ndarray, "b 2"]:
        """The point estimate of each photo: latitude, longitude, in degrees.

        Without a training photo in any cell it is the centroid of the likeliest cell.

        Args:
            probabilities: Probability of each cell; rows sum to 1.
            features: What the head saw of each photo.
            sequences: The sequence of each photo, as `sequences_of` names it; training photos of it
                do not count.
        """
        found = probabilities.argmax(axis=1)
        places = np.array(self._centroids[found])
        if not len(self._inhabited):
            return places
        weights, rows = self._candidates(probabilities[:, self._inhabited], features, sequences)
        kept = np.argsort(-weights, axis=1, kind="stable")[:, :PHOTOS]
        weights, rows = (np.take_along_axis(own, kept, axis=1) for own in (weights, rows))
        answered = weights[:, 0] > 0
        best = np.take_along_axis(rows, self._medoids(weights, rows)[:, None], axis=1)[:, 0]
        places[answered] = self._memory.latlng[best[answered]]
        return places

    def _candidates(
        self,
        probabilities: Float32[np.ndarray, "b i"],
        features: Float[np.ndarray, "b d"],
        sequences: Sequence[str] | None,
    ) -> tuple[Float[np.ndarray, "b k"], Int[np.ndarray, "b k"]]:
        """Weight and row of the training photos in the likeliest cells; 0 where there is none."""
        asked = directions(features.astype(np.float32))
        own = None if sequences is None else self._numbers(sequences)
        cells = top_cells(probabilities, CELLS)
        weights = np.zeros((*cells.shape, PHOTOS))
        rows = np.zeros(weights.shape, dtype=np.int64)
        # All photos that ask for a cell are compared with its training photos at once.
        order = np.argsort(cells, axis=None, kind="stable")
        distinct, first = np.unique(cells.ravel()[order], return_index=True)
        for cell, asking in zip(distinct.tolist(), np.split(order, first[1:]), strict=True):
            members = self._members[cell]
            photos, slots = np.unravel_index(asking, cells.shape)
            known = directions(self._memory.features[members].astype(np.float32))
            shares = np.exp(SHARPNESS * (asked[photos] @ known.T - 1.0).astype(np.float64))
            if own is not None:
                shares[own[photos][:, None] == self._sequences[members]] = 0.0
            total = shares.sum(axis=1, keepdims=True)
            shares *= probabilities[photos, cell][:, None] / np.where(total > 0, total, 1.0)
            heaviest = np.argsort(-shares, axis=1, kind="stable")[:, :PHOTOS]
            count = heaviest.shape[1]
            weights[photos, slots, :count] = np.take_along_axis(shares, heaviest, axis=1)
            rows[photos, slots, :count] = members[heaviest]
        return weights.reshape(len(cells), -1), rows.reshape(len(cells), -1)

    def _medoids(
        self, weights: Float[np.ndarray, "b k"], rows: Int[np.ndarray, "b k"]
    ) -> Int[np.ndarray, " b"]:
        """Of each photo's candidates the one with the least weighted distance to all of them."""
        points = self._points[rows]
        cosines = np.clip(points @ points.transpose(0, 2, 1), -1.0, 1.0)
        costs = (weights[:, None, :] @ np.arccos(cosines).transpose(0, 2, 1))[:, 0]
        return np.asarray(np.where(weights > 0, costs, np.inf).argmin(axis=1))

    @cached_property
    def _points(self) -> Float[np.ndarray, "n 3"]:
        return unit_vectors(self._memory.latlng)

    @cached_property
    def _sequences(self) -> Int[np.ndarray, " n"]:
        """A number for the sequence of each training photo."""
        return np.array([self._known_sequences[name] for name in sequences_of(self._memory.photos)])

    @cached_property
    def _known_sequences(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(set(sequences_of(self._memory.photos)))}

    def _numbers(self, sequences: Sequence[str]) -> Int[np.ndarray, " b"]:
        """The number of each sequence among those of the training photos; -1 for another."""
        return np.array([self._known_sequences.get(name, -1) for name in sequences], dtype=np.int64)


def sequences_of(photos: pl.DataFrame) -> list[str]:
    """The sequence of each photo, which tells whether a training photo is of the same one.

    A photo of no known sequence is one by itself, by its name.

    Args:
        photos: A photo table's frame, or that of a memory.

    >>> sequences_of(pl.DataFrame({"photo": ["a", "b"], "sequence": ["b", None]}))
    ['sequence b', 'photo b']
    """
    alone = pl.lit("photo ") + pl.col("photo")
    if "sequence" not in photos.columns:
        return photos.select(alone).to_series().to_list()
    shared = pl.lit("sequence ") + pl.col("sequence").cast(pl.String)
    return photos.select(pl.coalesce(shared, alone)).to_series().to_list()
