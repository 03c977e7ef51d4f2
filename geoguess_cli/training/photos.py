"""The photos of a split as a training uses them: files, cells and places."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from geoguess_cli.choices import Uncovered
from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.targets import Targets


@dataclass(frozen=True, eq=False)
class TrainingPhotos:
    """The photos of a split, each with its cell and its place.

    Args:
        files: The photos.
        cells: Cell index of each photo; -1 for a photo in no cell.
        latlng: Latitude and longitude of each photo, in degrees.
    """

    files: PhotoList
    cells: Int[np.ndarray, " n"]
    latlng: Float[np.ndarray, "n 2"]

    def __len__(self) -> int:
        return len(self.files)

    @property
    def covered(self) -> int:
        """Number of photos that lie in a cell."""
        return int((self.cells >= 0).sum())

    def only_covered(self) -> "TrainingPhotos":
        """The photos that lie in a cell, in the same order."""
        rows = np.flatnonzero(self.cells >= 0)
        return TrainingPhotos(self.files.take(rows), self.cells[rows], self.latlng[rows])

    def chances(self, balance: float) -> Float[np.ndarray, " n"] | None:
        """How likely each photo is in a draw of a balanced training; None for balance 0.

        The photos of cell j together have n_j^(1 - balance) / Σ n_i^(1 - balance) of the share of
        the photos in cells, and share it evenly (Kang et al., arXiv 1910.09217, equation 1, with
        q = 1 - balance): at 1 each cell is drawn as often. Photos in no cell keep their share.

        Args:
            balance: 0 to 1.
        """
        if not balance:
            return None
        covered = self.cells >= 0
        photos = np.bincount(self.cells[covered])
        weights = photos[self.cells[covered]].astype(np.float64) ** -balance
        chances = np.full(len(self), 1 / len(self))
        chances[covered] = weights / weights.sum() * covered.mean()
        return chances

    def targets(self, rows: Int[torch.Tensor, " b"]) -> Targets:
        """The targets of the photos at these positions."""
        index = rows.numpy()
        return Targets(
            torch.as_tensor(self.cells[index], dtype=torch.int64),
            torch.as_tensor(self.latlng[index], dtype=torch.float32),
        )


def training_photos(
    table: PhotoTable, partition: Partition, *, uncovered: Uncovered = "drop"
) -> TrainingPhotos:
    """All photos of a table with their cells.

    Args:
        table: The photos of one split.
        partition: The cells.
        uncovered: "nearest" gives a photo in no cell the nearest cell; "drop" gives it -1.
    """
    cells = partition.assign(table.latlng, uncovered=uncovered)
    return TrainingPhotos(table.files, cells, table.latlng)


def check_photos(train: TrainingPhotos, val: TrainingPhotos) -> None:
    """Raise an error unless there are photos to learn from and photos to choose the best epoch by.

    Raises:
        PhotoTableError: Fewer than two training photos, or no validation photo, lie in a cell.
    """
    if train.covered < 2:
        raise PhotoTableError(
            f"{train.covered} training photos lie in a cell; training needs at least 2. "
            '`geoguess cells build` makes cells from these photos; cells.uncovered = "nearest" '
            "gives each photo its nearest cell"
        )
    if not val.covered:
        raise PhotoTableError(
            f"none of the {len(val)} validation photos lies in a cell, so the best epoch cannot be "
            "chosen; `geoguess data split` makes a validation split, and fewer, larger cells "
            "cover more of it"
        )
