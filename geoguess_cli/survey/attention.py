"""Where a model looks over many photos: by height in the frame and by ninths of it.

The *positive* drops of occlusion maps, which speak for the answer, are summed over the photos. A
statistic is the share of this sum that falls on a part of the frame. If the drops were spread
evenly, a third of the frame would have a third of the sum.
"""

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


class AttentionMeter:
    """A running sum over occlusion maps, which keeps a few numbers of each map.

    Args:
        height: Height of every map, in pixels.
        width: Width of every map, in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self._total = np.zeros((height, width))
        self._rows, self._columns = overlaps(height, BANDS), overlaps(width, COLUMNS)
        self._parts: list[np.ndarray] = []

    def add(self, drop: Float32[np.ndarray, "h w"]) -> None:
        """Add one map."""
        self._total += drop
        self._parts.append(self._rows @ np.maximum(drop, 0).astype(np.float64) @ self._columns.T)

    def attention(self, groups: Int[np.ndarray, " n"]) -> Attention:
        """The statistics of all maps added so far.

        Args:
            groups: Number of the drive of each map, in the order in which they were added;
                intervals come from resampling drives.
        """
        parts = np.reshape(self._parts, (-1, BANDS, COLUMNS))
        total = parts.sum(axis=(1, 2))
        thirds = parts.reshape(-1, 3, BANDS // 3, COLUMNS).sum(axis=2)
        statistics: dict[str, Statistic] = {}
        for band in range(BANDS):
            statistics[f"band {band}"] = ratio_of(BANDS * parts[:, band].sum(axis=1), total)
        for row, third in enumerate(THIRDS):
            statistics[third] = ratio_of(thirds[:, row].sum(axis=1), total)
            for column in range(COLUMNS):
                statistics[f"{third} {column}"] = ratio_of(thirds[:, row, column], total)
        bootstrap = Bootstrap(groups)
        intervals = bootstrap.intervals(statistics)
        return Attention(
            photos=len(parts),
            sequences=bootstrap.groups,
            mean_drop=(self._total / max(1, len(parts))).astype(np.float32),
            profile=[intervals[f"band {band}"] for band in range(BANDS)],
            thirds={third: intervals[third] for third in THIRDS},
            ninths=[[intervals[f"{third} {at}"] for at in range(COLUMNS)] for third in THIRDS],
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
    start = np.arange(pixels)
    last = np.minimum(edges[1:, None], start + 1)
    return np.asarray(np.clip(last - np.maximum(edges[:-1, None], start), 0, 1))
