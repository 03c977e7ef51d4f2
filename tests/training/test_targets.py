"""The loss, against its definition."""

import math

import numpy as np
import pytest
import torch

from geoguess_cli.config import TrainConfig
from geoguess_cli.geo.cells import cell_children, token_to_cell
from geoguess_cli.geo.outlines import cell_center
from geoguess_cli.geo.partition import Partition
from geoguess_cli.training.cell_distances import CellDistances
from geoguess_cli.training.s2_tree import tree_levels
from geoguess_cli.training.targets import Targets, cell_loss, training_loss

TARGETS = torch.tensor([0, 2])


def test_equal_logits_cost_the_logarithm_of_the_cells() -> None:
    assert cell_loss(torch.zeros(2, 5), TARGETS).item() == pytest.approx(math.log(5))


def test_smoothing_mixes_in_the_mean_over_all_cells() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3]])
    surprise = -logits.log_softmax(1)
    named = (surprise[0, 0] + surprise[1, 2]) / 2
    expected = 0.9 * named + 0.1 * surprise.mean()
    assert cell_loss(logits, TARGETS, label_smoothing=0.1).item() == pytest.approx(expected.item())


def test_half_precision_logits_are_judged_in_single() -> None:
    logits = torch.tensor([[300.0, 0.0, 0.0], [0.0, 0.0, 301.0]], dtype=torch.bfloat16)
    loss = cell_loss(logits, TARGETS)
    assert loss.dtype == torch.float32
    assert loss.item() == 0.0


def test_the_training_loss_is_the_configured_one(partition: Partition) -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4]])
    targets = Targets(TARGETS, torch.zeros(2, 2))
    loss = training_loss(TrainConfig(label_smoothing=0.1), partition)
    assert loss(logits, targets).equal(cell_loss(logits, TARGETS, label_smoothing=0.1))


def test_distance_targets_cost_by_distance_and_meet_the_hard_ones(partition: Partition) -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4]])
    places = torch.from_numpy(partition.centroids[[0, 2]])
    targets = Targets(TARGETS, places)
    soft = training_loss(TrainConfig(targets="distance", tau_km=500.0), partition)
    km = CellDistances(partition.cells).km(places)
    shares = torch.exp(-km / 500)
    shares /= shares.sum(dim=1, keepdim=True)
    expected = -(shares * logits.log_softmax(1)).sum(dim=1).mean()
    assert soft(logits, targets).item() == pytest.approx(expected.item(), abs=1e-6)

    sharp = training_loss(
        TrainConfig(targets="distance", tau_km=1e-3, label_smoothing=0.1), partition
    )
    hard = training_loss(TrainConfig(label_smoothing=0.1), partition)
    assert sharp(logits, targets).item() == pytest.approx(hard(logits, targets).item(), abs=1e-6)


def test_a_hierarchy_adds_the_levels_and_uses_photos_in_no_cell() -> None:
    children = cell_children(token_to_cell(["47f"]))[0]
    cells = np.sort(np.concatenate([children[:2], token_to_cell(["47d"])]))
    partition = Partition(cells, np.ones(3, np.uint32), cell_center(cells))
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3]])
    outside = cell_center(children[2:3])  # in the parent of two cells, in no cell
    places = torch.from_numpy(np.concatenate([partition.centroids[:1], outside]))
    loss = training_loss(TrainConfig(hierarchy=0.5), partition)
    (level,) = [one for one in tree_levels(cells) if one.level == 4]
    log = logits.log_softmax(1)
    pair = [row for row in range(3) if (level.group_of == level.group_of[row]).sum() == 2]
    joined = log[1, pair].logsumexp(0)
    own = log[0, [row for row in range(3) if level.group_of[row] == level.group_of[0]]]
    expected = (-log[0, 0] - 0.5 * own.logsumexp(0) - 0.5 * joined) / 2
    value = loss(logits, Targets(torch.tensor([0, -1]), places))
    assert value.item() == pytest.approx(expected.item(), abs=1e-6)
