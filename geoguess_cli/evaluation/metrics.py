"""Ranks, hits, means and radii as plain NumPy, one value a photo.

Arrays with a column for each cell are reduced batch by batch to a rank, a loss and a few guesses;
only those are kept and averaged. `docs/metrics.md` defines every statistic.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

RADII_KM = {"street": 1.0, "city": 25.0, "region": 200.0, "country": 750.0, "continent": 2500.0}
"""The five radii that publications report, since PlaNet (arXiv 1602.05314)."""

TOP_K = (1, 3, 5)


def truth_ranks(
    values: Float[np.ndarray, "n c"], truths: Int[np.ndarray, " n"]
) -> Int[np.ndarray, " n"]:
    """Place of the true cell in each row's order, from 1; 0 if the photo lies in no cell.

    The order is that of `top_cells`, so rank ≤ k exactly if those k cells hold the truth.

    Args:
        values: Logits or probabilities, one column a cell.
        truths: Cell index of the truth; -1 for a photo in no cell.
    """
    covered = truths >= 0
    column = np.where(covered, truths, 0)[:, None]
    own = np.take_along_axis(values, column, axis=1)
    earlier = np.arange(values.shape[1]) < column
    before = (values > own) | ((values == own) & earlier)
    return np.where(covered, 1 + before.sum(axis=1), 0)


def at_truth(
    values: Float[np.ndarray, "n c"], truths: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Each row's value for the true cell; NaN if the photo lies in no cell (truth -1).

    >>> at_truth(np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([1, -1])).tolist()
    [0.8, nan]
    """
    covered = truths >= 0
    column = np.where(covered, truths, 0)[:, None]
    return np.where(covered, np.take_along_axis(values, column, axis=1)[:, 0], np.nan)


def hits(ranks: Int[np.ndarray, " n"], k: int) -> Bool[np.ndarray, " n"]:
    """Whether the truth is among the k likeliest cells; never for a photo in no cell (rank 0)."""
    return (ranks >= 1) & (ranks <= k)


def mean(values: Float[np.ndarray, " n"] | Bool[np.ndarray, " n"]) -> float:
    """Arithmetic mean (of truth values: a share in [0, 1]); NaN without values."""
    return float(values.mean()) if len(values) else math.nan


def median(values: Float[np.ndarray, " n"]) -> float:
    """Median, the mean of the middle two for an even number; NaN without values."""
    return float(np.median(values)) if len(values) else math.nan


def chance(cells: int) -> float:
    """Top-1 accuracy of a cell drawn at random, 1 / cells, in (0, 1].

    >>> round(chance(2199), 6)
    0.000455
    """
    if cells < 1:
        raise ValueError(f"cells is {cells}; a partition has 1 or more")
    return 1 / cells
