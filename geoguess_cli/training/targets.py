"""The targets of the photos of a batch, and the loss that a training minimises.

A new loss is a function here, and a key of `[train]` in `config.py` that `training_loss` reads.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from geoguess_cli.config import TrainConfig
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.device import sent
from geoguess_cli.training.cell_distances import CellDistances, distance_targets
from geoguess_cli.training.s2_tree import TreeTargets, tree_loss


@dataclass(frozen=True, eq=False)
class Targets:
    """Where the photos of a batch were taken; on the CPU, where a loss can look at them freely.

    Args:
        cells: Cell index of each photo; -1 for a photo in no cell.
        latlng: Latitude and longitude of each photo, in degrees.
    """

    cells: Int[Tensor, " b"]
    latlng: Float[Tensor, "b 2"]

    @property
    def covered(self) -> Int[Tensor, " m"]:
        """The positions in the batch of the photos that lie in a cell."""
        return (self.cells >= 0).nonzero()[:, 0]


Loss = Callable[[Float[Tensor, "b c"], Targets], Float[Tensor, ""]]
"""The mean loss of a batch, from its logits (one column a cell, on any device) and its targets."""


def training_loss(config: TrainConfig, partition: Partition) -> Loss:
    """The loss that a training minimises.

    Args:
        config: Chooses the loss and its constants.
        partition: What each column of the logits means, for a loss that measures distances.
    """
    own = _own_loss(config, partition)
    if not config.hierarchy:
        return own
    tree = TreeTargets(partition.cells)
    return lambda logits, targets: hierarchy_loss(
        logits, targets, own=own, tree=tree, weight=config.hierarchy
    )


def hierarchy_loss(
    logits: Float[Tensor, "b c"],
    targets: Targets,
    *,
    own: Loss,
    tree: TreeTargets,
    weight: float,
) -> Float[Tensor, ""]:
    """Mean over the photos of the loss at the cells plus `weight` times `tree_loss`, in nats.

    A photo in no cell has no loss at the cells, and teaches the levels that hold it.

    Args:
        logits: One column a cell, in any float type.
        targets: Where the photos were taken.
        own: The mean loss of photos that lie in a cell.
        tree: The levels above the cells.
        weight: Of the mean over these levels.
    """
    groups = tree.groups(targets.cells.numpy(), targets.latlng.numpy())
    group_of = np.array([level.group_of for level in tree.levels], dtype=np.int64)
    above = tree_loss(
        logits.float(),
        sent(torch.from_numpy(groups), logits.device),
        sent(torch.from_numpy(group_of.reshape(len(tree.levels), -1)), logits.device),
    )
    loss = weight * above.mean()
    held = targets.covered
    if len(held):
        share = len(held) / len(targets.cells)
        inside = Targets(targets.cells[held], targets.latlng[held])
        loss = loss + share * own(logits[sent(held, logits.device)], inside)
    return loss


def _own_loss(config: TrainConfig, partition: Partition) -> Loss:
    """The loss of photos that lie in a cell."""
    if config.targets == "distance":
        distances = CellDistances(partition.cells)
        return lambda logits, targets: distance_loss(
            logits,
            distances.km(targets.latlng),
            tau_km=config.tau_km,
            label_smoothing=config.label_smoothing,
        )
    # Cross-entropy counts every wrong cell alike, near or far.
    return lambda logits, targets: cell_loss(
        logits, sent(targets.cells, logits.device), label_smoothing=config.label_smoothing
    )


def distance_loss(
    logits: Float[Tensor, "b c"],
    km: Float[Tensor, "b c"],
    *,
    tau_km: float,
    label_smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """Mean cross-entropy of photos against `distance_targets`, in nats, computed in fp32.

    Args:
        logits: One column a cell, in any float type.
        km: Distance from each photo to each cell, in kilometres.
        tau_km: The distance at which a cell counts 1/e, in kilometres.
        label_smoothing: Share of each target that is spread evenly over all cells, in [0, 1).
    """
    shares = distance_targets(km, tau_km).to(torch.float32)
    return cross_entropy(
        logits.float(), sent(shares, logits.device), label_smoothing=label_smoothing
    )


def cell_loss(
    logits: Float[Tensor, "b c"], cells: Int[Tensor, " b"], *, label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Mean cross-entropy of photos against their cells, in nats, computed in fp32.

    Args:
        logits: One column a cell, in any float type.
        cells: Cell index of each photo, 0 or more.
        label_smoothing: Share of each target that is spread evenly over all cells, in [0, 1).
    """
    return cross_entropy(logits.float(), cells, label_smoothing=label_smoothing)
