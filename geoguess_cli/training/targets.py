"""The targets of the photos of a batch, and the loss that a training minimises.

A new loss is a function here, and a key of `[train]` in `config.py` that `training_loss` reads.
"""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from geoguess_cli.config import TrainConfig
from geoguess_cli.geo.partition import Partition
from geoguess_cli.training.cell_distances import CellDistances, distance_targets


@dataclass(frozen=True, eq=False)
class Targets:
    """Where the photos of a batch were taken, on the device of the logits.

    Args:
        cells: Cell index of each photo; -1 for a photo in no cell.
        latlng: Latitude and longitude of each photo, in degrees.
    """

    cells: Int[Tensor, " b"]
    latlng: Float[Tensor, "b 2"]


Loss = Callable[[Float[Tensor, "b c"], Targets], Float[Tensor, ""]]
"""The mean loss of a batch, from its logits (one column a cell) and its targets."""


def training_loss(config: TrainConfig, partition: Partition) -> Loss:
    """The loss that a training minimises.

    Args:
        config: Chooses the loss and its constants.
        partition: What each column of the logits means, for a loss that measures distances.
    """
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
        logits, targets.cells, label_smoothing=config.label_smoothing
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
    shares = distance_targets(km, tau_km).to(logits.device, logits.float().dtype)
    return cross_entropy(logits.float(), shares, label_smoothing=label_smoothing)


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
