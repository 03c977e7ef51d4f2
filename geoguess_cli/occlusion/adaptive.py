"""An occlusion map from about a third of its windows: coarse first, finer where windows differ.

First every sixth window is covered, then those that make it every third, except where the covered
windows around are alike. They lie on diagonals of the grid, so that no row and no column is left
out. Ordinary kriging gives the drops of the others (Cressie, Statistics for Spatial Data, 1993,
section 3.2): the likeliest drops, if those of two windows are the more alike the more they share.
The covered windows also tell how far it is off: each is foretold from the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.spatial.distance import cdist

from geoguess_cli.occlusion.occlusion_map import (
    MEAN_COLOR,
    Interpolation,
    OcclusionMap,
    Predict,
    WindowDrops,
)
from geoguess_cli.occlusion.targets import Target

APART = 3
"""Windows from one covered diagonal to the next."""

LEAST_SIDE = 6
"""Least number of rows and columns of a grid; all windows of a smaller grid are covered."""

ALIKE = 0.01
"""Windows that differ by less than this share of the range of all drops are not refined."""

REACH = 2.0
"""Sides of a window over which the correlation of two drops falls to 1/e, along each axis."""

ROUGHNESS = 0.02
"""Share of the variance of drops that even windows near by do not share."""

TILE, AROUND = 16, 8
"""Side of the parts of a grid that are interpolated at once, and of what they look at around."""

Drops = Float[np.ndarray, "rows columns"]
Marks = Bool[np.ndarray, "rows columns"]


def adaptive_map(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    target: Target | int,
    *,
    window: int = 32,
    stride: int = 8,
    batch_size: int = 32,
    baselines: Mapping[str, float | np.ndarray] = MEAN_COLOR,
    on_batch: Callable[[int, int], None] | None = None,
) -> OcclusionMap:
    """The drop of a target under a sliding window, from about a third of the windows.

    Arguments and errors are those of `occlusion_map`. `interpolation` of the map tells how many
    windows were covered, and how far the others are off. A grid with fewer than `LEAST_SIDE` rows
    or columns is covered whole, and has none.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        target: The number to follow; an int stands for the probability of that cell.
        window: Side of the square window in pixels, in [1, the image's shorter side].
        stride: Step of the window in pixels, in [1, window].
        batch_size: Images given to `predict` at once, at least 1.
        baselines: What a covered pixel becomes, by name.
        on_batch: Called with (images done, greatest number of images) after each batch.
    """
    drops = WindowDrops(
        predict,
        image,
        target,
        window=window,
        stride=stride,
        batch_size=batch_size,
        baselines=baselines,
    )
    rows, columns = drops.means.shape
    whole = np.ones((rows, columns), dtype=bool)
    small = min(rows, columns) < LEAST_SIDE
    first, later = (whole, ~whole) if small else diagonals(rows, columns)
    most = int((first | later).sum()) * len(baselines)
    for chosen in (first, later):
        places = np.argwhere(chosen & (differing(drops.means) | first))
        for _ in drops.cover([(i, j) for i, j in places.tolist()]):
            if on_batch is not None:
                on_batch(drops.done, most)
    if small:
        return drops.map(drops.means)
    kriged = interpolated(drops.means, length=REACH * window / stride)
    note = Interpolation(
        windows=whole.size,
        covered=int(np.isfinite(drops.means).sum()),
        mean_difference=float(kriged.off.mean()),
        greatest_difference=float(kriged.off.max()),
    )
    found = drops.map(kriged.drops)
    return replace(found, done=drops.done, total=drops.done, interpolation=note)


def diagonals(rows: int, columns: int) -> tuple[Marks, Marks]:
    """The windows on every third diagonal of a grid: those that come first, and the others."""
    i, j = np.indices((rows, columns))
    every_third = (i + j) % APART == 0
    return every_third & (i % 2 == 0), every_third & (i % 2 == 1)


def differing(drops: Drops) -> Marks:
    """Where covered windows near by differ; everywhere if none is covered.

    Args:
        drops: The drop of each window; NaN for a window that is not covered.
    """
    known = np.isfinite(drops)
    if not known.any():
        return np.asarray(~known)
    most = maximum_filter(np.where(known, drops, -np.inf), size=5)
    least = minimum_filter(np.where(known, drops, np.inf), size=5)
    return np.asarray(most - least > ALIKE * np.ptp(drops[known]))


@dataclass(frozen=True, eq=False)
class Kriged:
    """The drop of every window of a grid.

    Attributes:
        drops: As covered, or else interpolated.
        off: For each covered window the difference of its drop from what the others foretell, as
            far as it would be in the place of a window that was left out.
    """

    drops: Float32[np.ndarray, "rows columns"]
    off: Float64[np.ndarray, " n"]


def interpolated(drops: Drops, *, length: float) -> Kriged:
    """The drops with those that kriging gives where they are NaN, part by part of the grid.

    Args:
        drops: The drop of each window; NaN for a window that is not covered.
        length: Windows along an axis over which the correlation of two drops falls to 1/e.
    """
    full = np.empty(drops.shape, dtype=np.float32)
    off = []
    for top in range(0, drops.shape[0], TILE):
        for left in range(0, drops.shape[1], TILE):
            up, before = max(top - AROUND, 0), max(left - AROUND, 0)
            part = drops[up : top + TILE + AROUND, before : left + TILE + AROUND]
            inner = np.s_[top - up : top - up + TILE, left - before : left - before + TILE]
            values, differences = _kriged(part, length)
            full[top : top + TILE, left : left + TILE] = values[inner]
            own = differences[inner]
            off.append(np.abs(own[np.isfinite(own)]))
    return Kriged(full, np.concatenate(off))


def _kriged(drops: Drops, length: float) -> tuple[np.ndarray, np.ndarray]:
    """The drops of a part of a grid, and how far covered ones are off what the others foretell.

    With C the covariance of the covered windows, in units of the variance, the precision of their
    drops d around an unknown mean is Q = C⁻¹ - C⁻¹ 1 1ᵀ C⁻¹ / 1ᵀ C⁻¹ 1. The others foretell dᵢ but
    for (Q d)ᵢ / Qᵢᵢ, with the variance 1 / Qᵢᵢ (Dubrule, Mathematical Geology 15, 1983). That is
    scaled to the mean deviation of the windows that were left out.
    """
    known = np.isfinite(drops)
    places, missing = np.argwhere(known), np.argwhere(~known)
    inverse = np.linalg.inv(_alike(places, places, length) + ROUGHNESS * np.eye(len(places)))
    weights = inverse.sum(axis=1) / inverse.sum()
    precision = inverse - np.outer(weights, weights) * inverse.sum()
    mean = weights @ drops[known]
    full, off = drops.astype(np.float64), np.full(drops.shape, np.nan)
    off[known] = (precision @ drops[known]) / np.sqrt(np.diag(precision))
    if len(missing):
        shared = _alike(missing, places, length)
        by = shared @ inverse
        full[~known] = mean + by @ (drops[known] - mean)
        unseen = 1 - by.sum(axis=1)
        variance = 1 + ROUGHNESS - (by * shared).sum(axis=1) + unseen**2 / inverse.sum()
        off *= np.sqrt(variance).mean()
    return full, off


def _alike(a: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    """The correlation of the drops of windows at two lists of places (n, 2) and (m, 2)."""
    return np.asarray(np.exp(-cdist(a, b, "cityblock") / length))
