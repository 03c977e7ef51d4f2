"""The photos of a split keep their rows, cells and places together."""

import numpy as np
import pytest
import torch

from geoguess_cli.training.photos import TrainingPhotos

Sets = tuple[TrainingPhotos, TrainingPhotos]


def test_only_covered_photos_keep_their_order(sets: Sets) -> None:
    train, _ = sets
    covered = train.only_covered()
    assert (len(train), train.covered, len(covered), covered.covered) == (26, 24, 24, 24)
    assert list(covered.files) == [
        file for file, cell in zip(train.files, train.cells, strict=True) if cell >= 0
    ]


def test_targets_are_those_of_the_rows(sets: Sets) -> None:
    train, _ = sets
    targets = train.targets(torch.tensor([7, 25]), torch.device("cpu"))
    assert targets.cells.tolist() == [int(train.cells[7]), -1]
    assert targets.latlng.numpy() == pytest.approx(train.latlng[[7, 25]].astype(np.float32))
