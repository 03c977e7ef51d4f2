"""Several photos of one place, or several views of one photo: their evidence together.

The log probabilities are added, which multiplies the probabilities, and scaled to sum to 1. Photos
of one place are alike, so each says less than it would alone:

    log p(together) = n^-r · Σ log p(own) + constant,

n photos or views, r their redundancy in [0, 1]. At r = 0 they are independent evidence (a product
of experts; Hinton, Neural Computation 14, 2002); at r = 1 all together say no more than one (the
geometric mean). Logits stand for log probabilities: they differ by a constant, which scaling
removes.
"""

import numpy as np
from jaxtyping import Float, Int


def combined(
    sums: Float[np.ndarray, "g c"],
    counts: Int[np.ndarray, " g"] | Float[np.ndarray, " g"],
    redundancy: float,
) -> Float[np.ndarray, "g c"]:
    """The logits of each group.

    Args:
        sums: Sum of the logits of each group's photos or views.
        counts: Their number, at least 1.
        redundancy: How alike they are as evidence, in [0, 1].

    >>> combined(np.array([[4.0, 2.0]]), np.array([4]), 0.5).tolist()
    [[2.0, 1.0]]
    """
    return sums * (counts.astype(np.float64) ** -redundancy)[:, None]
