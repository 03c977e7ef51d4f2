"""Where a model looks over many photos: by height in the frame and by ninths of it.

The *positive* drops of occlusion maps, which speak for the answer, are summed over the photos. A
statistic is the share of this sum that falls on a part of the frame. If the drops were spread
evenly, a third of the frame would have a third of the sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.evaluation.intervals import Bootstrap, Interval, Statistic, ratio_of

BANDS = 24
"""Strips of equal height in the profile; eight of them make a third of the frame."""

COLUMNS = 3

THIRDS = ("upper", "middle", "lower")


@dataclass(frozen=True, eq=False)
class Attention:
    """How the positive drop of many photos is spread over the frame.

    Attributes:
        photos: Number of photos.
        sequences: Number of their drives; a photo without a known drive counts as one drive.
        mean_drop: Mean drop of each pixel over the photos, negative drops included.
        profile: For each of `BANDS` strips from the top, its share of the positive drop divided by
            its share of the area; 1 stands for an even spread.
        thirds: Share of the positive drop on the upper, middle and lower third.
        ninths: Share on each ninth, row by row from the upper left.
    """

    photos: int
    sequences: int
    mean_drop: Float32[np.ndarray, "h w"]
    profile: list[Interval]
    thirds: dict[str, Interval]
    ninths: list[list[Interval]]


def attention_of(
    drops: Iterable[Float32[np.ndarray, "h w"]], groups: Int[np.ndarray, " n"]
) -> Attention:
    """The statistics of occlusion maps of one size; a few numbers of each map are kept.

    Args:
        drops: The maps, at least one.
        groups: Number of the drive of each map; intervals come from resampling drives.
    """
    summed: np.ndarray = np.zeros(())
    kept = []
    for drop in drops:
        rows, columns = overlaps(drop.shape[0], BANDS), overlaps(drop.shape[1], COLUMNS)
        summed = summed + drop.astype(np.float64)
        kept.append(rows @ np.maximum(drop, 0).astype(np.float64) @ columns.T)
    parts = np.array(kept)
    ninths = parts.reshape(-1, len(THIRDS), BANDS // len(THIRDS), COLUMNS).sum(axis=2)

    def share(of: Float[np.ndarray, " n"]) -> Statistic:
        return ratio_of(of, parts.sum(axis=(1, 2)))

    bootstrap = Bootstrap(groups)
    statistics = {
        "profile": [share(BANDS * parts[:, band].sum(axis=1)) for band in range(BANDS)],
        "thirds": {third: share(ninths[:, row].sum(axis=1)) for row, third in enumerate(THIRDS)},
        "ninths": [[share(of) for of in row.T] for row in ninths.transpose(1, 0, 2)],
    }
    return Attention(
        photos=len(parts),
        sequences=bootstrap.groups,
        mean_drop=(summed / len(parts)).astype(np.float32),
        **bootstrap.measured(statistics),
    )


def overlaps(pixels: int, parts: int) -> Float[np.ndarray, "parts pixels"]:
    """The share of each pixel that lies in each part, if a side is cut into equal parts.

    Args:
        pixels: Length of the side.
        parts: Number of parts.

    >>> overlaps(3, 2).tolist()
    [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    edges = np.linspace(0, pixels, parts + 1)
    before = np.clip(edges[:, None] - np.arange(pixels), 0, 1)  # share of a pixel before an edge
    return np.diff(before, axis=0)
