"""The photos of a split keep their rows, cells and places together."""

from pathlib import Path

import numpy as np
import pytest
import torch

from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.training.photos import TrainingPhotos

Sets = tuple[TrainingPhotos, TrainingPhotos]


def test_only_covered_photos_keep_their_order(sets: Sets) -> None:
    train, _ = sets
    covered = train.only_covered()
    assert (len(train), train.covered, len(covered), covered.covered) == (26, 24, 24, 24)
    assert list(covered.files) == [
        file for file, cell in zip(train.files, train.cells, strict=True) if cell >= 0
    ]


def photos_in(cells: list[int]) -> TrainingPhotos:
    files = PhotoList.of_files([Path(f"{row}.jpg") for row in range(len(cells))])
    return TrainingPhotos(files, np.array(cells), np.zeros((len(cells), 2)))


def test_balance_shares_the_draws_among_the_cells() -> None:
    """Cells of 1, 4 and 1 photos, and 2 photos in no cell, which keep their quarter."""
    photos = photos_in([0, 1, -1, 1, 1, 1, 2, -1])
    assert photos.chances(0.0) is None
    for balance, shares in ((1.0, [1 / 3, 1 / 3, 1 / 3]), (0.5, [1 / 4, 2 / 4, 1 / 4])):
        chances = photos.chances(balance)
        assert chances is not None
        assert chances.sum() == pytest.approx(1)
        assert chances[photos.cells < 0] == pytest.approx(1 / 8)
        of_cells = [chances[photos.cells == cell].sum() for cell in range(3)]
        assert of_cells == pytest.approx([0.75 * share for share in shares])


def test_targets_are_those_of_the_rows(sets: Sets) -> None:
    train, _ = sets
    targets = train.targets(torch.tensor([7, 25]))
    assert targets.cells.tolist() == [int(train.cells[7]), -1]
    assert targets.latlng.numpy() == pytest.approx(train.latlng[[7, 25]].astype(np.float32))
