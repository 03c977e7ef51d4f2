"""What the logits are trained towards: the target of a photo, and the loss against it."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy


def cell_loss(
    logits: Float[Tensor, "b c"], targets: Int[Tensor, " b"], *, label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the photos against their cells, in nats.

    Args:
        logits: One column a cell, in any float type; the loss is taken in fp32.
        targets: Cell indices.
        label_smoothing: Share of each target spread evenly over all cells, in [0, 1).
    """
    return cross_entropy(logits.float(), targets, label_smoothing=label_smoothing)
