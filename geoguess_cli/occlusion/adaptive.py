"""An occlusion map from about a third of its windows: coarse first, finer where windows differ.

First every fourth window of each row is covered, on diagonals, so that no row and no column of the
grid is left out. Then come windows whose covered neighbours differ most and are far. A thin-plate
spline gives the drops of the others (Duchon, 1977; `scipy.interpolate.RBFInterpolator`). Some of
them, drawn at random, are covered at the end, which shows how far the spline is off.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter

from geoguess_cli.occlusion.occlusion_map import (
    MEAN_COLOR,
    Interpolation,
    OcclusionMap,
    Predict,
    WindowDrops,
)
from geoguess_cli.occlusion.targets import Target

SHARE = 1 / 3
"""Greatest share of the windows that are covered."""

APART = 4
"""Windows from one diagonal of the first windows to the next."""

ROUNDS = 4
"""Rounds of refinement; each looks at what the rounds before it found."""

CHECKED = 1 / 50
"""Share of the windows that are covered to check the spline."""

LEAST_CHECKED = 4
LEAST_SIDE = 6
"""Least number of rows and columns of a grid; all windows of a smaller grid are covered."""

ALIKE = 0.01
"""Windows that differ by less than this share of the range of all drops are not refined."""

NEIGHBORS = 60
"""Number of the nearest covered windows that give the drop of a window."""


def adaptive_map(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    target: Target | int,
    *,
    window: int = 32,
    stride: int = 8,
    batch_size: int = 32,
    baselines: Mapping[str, float | np.ndarray] = MEAN_COLOR,
    seed: int = 0,
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
        seed: Seed of the choice of the windows that check the spline.
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
    shape = drops.means.shape
    if min(shape) < LEAST_SIDE:
        most, checked = drops.means.size, 0
    else:
        most = round(SHARE * drops.means.size)
        checked = max(LEAST_CHECKED, round(CHECKED * drops.means.size))

    def cover(chosen: Bool[np.ndarray, "rows columns"]) -> None:
        for _ in drops.cover([(i, j) for i, j in np.argwhere(chosen).tolist()]):
            if on_batch is not None:
                on_batch(drops.done, most * len(baselines))

    if not checked:
        cover(np.ones(shape, dtype=bool))
        return drops.map(drops.means)
    cover(first_windows(*shape))
    for left in range(ROUNDS, 0, -1):
        missing = most - checked - int(np.isfinite(drops.means).sum())
        cover(differing_windows(drops.means, -(-missing // left)))
    foretold = interpolated(drops.means)
    check = _drawn(np.isnan(drops.means), checked, seed)
    cover(check)
    off = np.abs(foretold - drops.means)[check]
    found = drops.map(interpolated(drops.means))
    note = Interpolation(
        windows=drops.means.size,
        covered=int(np.isfinite(drops.means).sum()),
        checked=len(off),
        mean_difference=float(off.mean()),
        greatest_difference=float(off.max()),
    )
    return replace(found, done=drops.done, total=drops.done, interpolation=note)


def first_windows(rows: int, columns: int) -> Bool[np.ndarray, "rows columns"]:
    """The windows on every fourth diagonal of a grid, and those at its corners."""
    i, j = np.indices((rows, columns))
    corners = (i % (rows - 1) == 0) & (j % (columns - 1) == 0)
    return np.asarray(((i - j) % APART == 0) | corners)


def differing_windows(
    drops: Float[np.ndarray, "rows columns"], count: int
) -> Bool[np.ndarray, "rows columns"]:
    """Windows to cover next: where covered windows near by differ most, and are far.

    No two of them are neighbours. Where windows near by are alike, none is chosen.

    Args:
        drops: The drop of each window; NaN for a window that is not covered.
        count: Number of windows at most.
    """
    known = np.isfinite(drops)
    most = maximum_filter(np.where(known, drops, -np.inf), size=5)
    least = minimum_filter(np.where(known, drops, np.inf), size=5)
    spread = np.where(known | ~np.isfinite(most), 0.0, most - least)
    spread[spread < ALIKE * np.ptp(drops[known])] = 0.0
    worth = spread * distance_transform_edt(~known)
    chosen = np.zeros(drops.shape, dtype=bool)
    for place in np.argsort(-worth, axis=None, kind="stable"):
        i, j = divmod(int(place), drops.shape[1])
        if worth[i, j] <= 0 or chosen.sum() >= count:
            break
        if not chosen[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].any():
            chosen[i, j] = True
    return chosen


def _drawn(
    among: Bool[np.ndarray, "rows columns"], count: int, seed: int
) -> Bool[np.ndarray, "rows columns"]:
    """Some of the marked windows, drawn at random."""
    places = np.random.default_rng(seed).permutation(np.argwhere(among))[:count]
    drawn = np.zeros(among.shape, dtype=bool)
    drawn[tuple(places.T)] = True
    return drawn


def interpolated(drops: Float[np.ndarray, "rows columns"]) -> Float32[np.ndarray, "rows columns"]:
    """The drops with those of a thin-plate spline where they are NaN."""
    known = np.isfinite(drops)
    full: np.ndarray = drops.astype(np.float32)
    if not known.all():
        spline = RBFInterpolator(
            np.argwhere(known), drops[known], neighbors=min(NEIGHBORS, int(known.sum()))
        )
        full[~known] = spline(np.argwhere(~known))
    return full
