"""The head of an adopted model: a cell is as probable as the places of a gallery inside it.

A photo and a place have a vector each, and the probability of a place is the softmax over the
gallery of scale · cosine (Vivanco Cepeda, Nayak and Shah, GeoCLIP, arXiv 2309.16020). That of a
cell is the sum over its places, so that its logit is

    logit(c) = log Σ exp(scale · cos(photo, place)) over the places in c.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import normalize

from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.location import WIDTH, LocationEncoder, SizedByState
from geoguess_cli.wording import counted

FIRST_SCALE = 1 / 0.07
"""The scale of CLIP before its training (arXiv 2103.00020, section 2.5)."""

NEEDS_GALLERY = (
    'model.head = "gallery" answers by the gallery of an adopted model; name its folder as '
    "model.weights. `geoguess model adopt geoclip -o FOLDER` writes one"
)


@dataclass(frozen=True)
class Gathered:
    """How the places of a gallery lie in a partition.

    Attributes:
        places: Places in a cell.
        outside: Places in no cell, which are left out.
        added: Cells without a place, whose centroids became one.
    """

    places: int
    outside: int
    added: int

    def sentences(self) -> list[str]:
        """What the user should know of it."""
        notes = []
        if self.outside:
            notes.append(
                f"{self.outside:,} of {self.places + self.outside:,} places of the gallery lie in "
                "no cell and are left out: probabilities are given that a photo is from a cell"
            )
        if self.added:
            notes.append(
                f"{counted(self.added, 'cell')} of the partition held no place of the gallery; "
                "the centroid of each became one"
            )
        return notes


class GalleryHead(SizedByState):
    """Maps features of photos to logits of cells, through the places of a gallery.

    The vectors of photos learn, by `mlp` and `log_scale`; those of places rest. Its number format
    stays fp32, whatever the rest of the model has: a logit is forty times a cosine.

    Args:
        width: Number of features of a photo.
        cells: Number of columns of the logits.

    Attributes:
        mlp: Maps features to the vector of a photo.
        log_scale: Natural logarithm of the scale.
        location: Maps places to their vectors.
        latlng: Latitude and longitude of each place, in degrees.
        places: Unit vector of each place.
        cell_of: Cell index of each place.
    """

    latlng: Float[Tensor, "n 2"]
    places: Float[Tensor, "n d"]
    cell_of: Int[Tensor, " n"]

    def __init__(self, width: int, *, cells: int) -> None:
        super().__init__()
        self.cells = cells
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, WIDTH))
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        self.location = LocationEncoder()
        self.register_buffer("latlng", torch.empty(0, 2))
        self.register_buffer("places", torch.empty(0, WIDTH))
        self.register_buffer("cell_of", torch.empty(0, dtype=torch.int64))

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b c"]:
        """The logits of cells; -inf for a cell without a place."""
        with torch.autocast(features.device.type, enabled=False):
            photos = normalize(self.mlp(features.float()), dim=1)
            return self._summed(self.log_scale.exp() * (photos @ self.places.T))

    def _summed(self, similarity: Float[Tensor, "b n"]) -> Float[Tensor, "b c"]:
        """The logarithm of the sum of exponentials in each cell.

        Each cell has its own greatest term taken out, since the exponentials of cells far from the
        likeliest one would all be 0.
        """
        shape = (similarity.shape[0], self.cells)  # not len(): a trace takes it for a constant
        index = self.cell_of.expand_as(similarity)
        most = similarity.new_full(shape, -math.inf)
        most = most.scatter_reduce(1, index, similarity.detach(), "amax")
        terms = torch.exp(similarity - most.gather(1, index))
        sums = similarity.new_zeros(shape).scatter_add(1, index, terms)
        return torch.log(sums) + most

    def fill(self, latlng: Float[np.ndarray, "n 2"], partition: Partition) -> Gathered:
        """Take these places for the gallery, with their vectors and cells.

        Args:
            latlng: Latitude and longitude of each place, in degrees.
            partition: The cells; `len(partition)` must be `cells`.
        """
        self.latlng = torch.from_numpy(latlng.astype(np.float32)).to(self.latlng.device)
        self.places = self.location.encoded(latlng)
        return self.gather(partition)

    def gather(self, partition: Partition) -> Gathered:
        """Group the places by the cells of a partition, so that each cell has one.

        Args:
            partition: The cells; `len(partition)` must be `cells`.

        Raises:
            ModelError: The gallery is empty.
        """
        if not len(self.places):
            raise ModelError(NEEDS_GALLERY)
        latlng = self.latlng.cpu().numpy()
        cell_of = partition.assign(latlng.astype(np.float64))
        inside = np.flatnonzero(cell_of >= 0)
        empty = np.setdiff1d(np.arange(len(partition)), cell_of)
        added = partition.centroids[empty].astype(np.float32)
        cells = np.concatenate([cell_of[inside], empty])
        order = np.argsort(cells, kind="stable")
        places = torch.cat([self.places[inside], self.location.encoded(added)])
        device = self.places.device
        self.latlng = torch.from_numpy(np.concatenate([latlng[inside], added])[order]).to(device)
        self.places = places[torch.from_numpy(order)]
        self.cell_of = torch.from_numpy(cells[order].astype(np.int64)).to(device)
        return Gathered(len(inside), len(latlng) - len(inside), len(empty))

    def _apply(self, fn: Callable[[Tensor], Tensor], *others: Any) -> "GalleryHead":
        """Move to another device, but into no other number format."""

        def kept(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            return moved if moved.dtype == tensor.dtype else tensor.to(moved.device)

        return super()._apply(kept, *others)  # type: ignore[no-any-return]
