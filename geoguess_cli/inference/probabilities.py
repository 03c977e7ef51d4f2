"""Probabilities from logits, and the likeliest cells of each photo."""

import numpy as np
from jaxtyping import Float, Float64, Int

from geoguess_cli.errors import ModelError
from geoguess_cli.geo.cut_partition import CutPartition


def log_softmax(logits: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """Natural logarithms of the probabilities, in float64, without overflow for any finite logits.

    >>> log_softmax(np.array([[1000.0, 1000.0]])).round(4).tolist()
    [[-0.6931, -0.6931]]
    """
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def softmax(logits: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """Probabilities, in float32; each row sums to 1 within the rounding of float32."""
    probabilities: np.ndarray = np.exp(log_softmax(logits))
    return probabilities.astype(np.float32)


def checked_logits(logits: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """The logits as they are.

    Raises:
        ModelError: A logit is not finite.
    """
    if not np.isfinite(logits).all():
        raise ModelError(
            "the model's logits are not finite; try --precision fp32, "
            "else train it again with a lower learning rate"
        )
    return logits


def conditioned(
    logs: Float64[np.ndarray, "n c"], cells: CutPartition
) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, " n"]]:
    """Log probabilities given that the truth lies in a region, and how much probability lay there.

    Within a cell the truth is taken to be uniform, so the share of the cell's area that lies in the
    region weighs its probability: P(cell | region) = p s / Σ p s. The sum is what lay inside.

    Args:
        logs: Logarithms of the probabilities of all cells of the model.
        cells: The cells that reach into the region.
    """
    joint = logs[:, cells.kept] + np.log(cells.shares)
    given = log_softmax(joint)
    # Every column gives the same sum; that of the likeliest cell is the most exact.
    likeliest = joint.argmax(axis=1)[:, None]
    gap = np.take_along_axis(joint, likeliest, 1) - np.take_along_axis(given, likeliest, 1)
    return given, np.exp(gap[:, 0])


def top_cells(values: Float[np.ndarray, "n c"], k: int) -> Int[np.ndarray, "n k"]:
    """Cell indices of the k largest values of each row, largest first; at a tie the lower index.

    Args:
        values: Logits or probabilities, one column per cell.
        k: Number of cells, at least 1; if it is above c, all c are returned.

    Raises:
        ValueError: k is below 1.

    >>> top_cells(np.array([[0.2, 0.5, 0.2, 0.1]]), 2).tolist()
    [[1, 0]]
    """
    if k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more")
    rows, columns = values.shape
    k = min(k, columns)
    # A partial sort is linear in c but breaks ties arbitrarily, so it only finds the cut.
    cut = np.partition(values, columns - k, axis=1)[:, columns - k, None]
    kept = values >= cut
    excess = np.flatnonzero(kept.sum(axis=1) > k)
    if len(excess):  # ties reach beyond the cut
        above, level = values[excess] > cut[excess], values[excess] == cut[excess]
        room = k - above.sum(axis=1, keepdims=True)
        kept[excess] = above | (level & (level.cumsum(axis=1) <= room))
    cells = np.nonzero(kept)[1].reshape(rows, k)
    order = np.argsort(-np.take_along_axis(values, cells, axis=1), axis=1, kind="stable")
    return np.take_along_axis(cells, order, axis=1)
