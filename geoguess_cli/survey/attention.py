"""Where a model looks over a whole set of photos: by height in the frame and by its ninths.

It adds up the *positive* drops of occlusion maps, what speaks for the answer, and asks how they
share out over the frame. Spread evenly over it, a third of the frame would have a third of them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.evaluation.intervals import Bootstrap, Interval, Statistic, ratio_of

BANDS = 24
"""Strips of equal height that the profile is made of, from the top; eight a third."""

COLUMNS = 3

THIRDS = ("upper", "middle", "lower")


@dataclass(frozen=True, eq=False)
class Attention:
    """How the positive drop of a set of photos shares out over the frame.

    Attributes:
        photos: How many there are.
        sequences: Drives they belong to; a photo of no known drive counts as one.
        mean_drop: Mean drop of each pixel over the photos, negative drops included.
        profile: For each of `BANDS` strips from the top: its share of the positive drop over its
            share of the area, so that 1 is no more than by area.
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
    """Takes the occlusion maps of a set one by one, and keeps a few numbers of each.

    Args:
        height: Of every map, in pixels.
        width: Likewise.
    """

    def __init__(self, height: int, width: int) -> None:
        self._total = np.zeros((height, width))
        self._rows, self._columns = overlaps(height, BANDS), overlaps(width, COLUMNS)
        self._parts: list[np.ndarray] = []

    def add(self, drop: Float32[np.ndarray, "h w"]) -> None:
        """Count one map."""
        self._total += drop
        self._parts.append(self._rows @ np.maximum(drop, 0).astype(np.float64) @ self._columns.T)

    def attention(self, groups: Int[np.ndarray, " n"]) -> Attention:
        """What the maps say together.

        Args:
            groups: For each map in the order added the drive of its photo, as a number:
                intervals come from resampling drives.
        """
        parts = np.reshape(self._parts, (-1, BANDS, COLUMNS))
        total = parts.sum(axis=(1, 2))
        thirds = parts.reshape(-1, 3, BANDS // 3, COLUMNS).sum(axis=2)
        asked: dict[str, Statistic] = {}
        for band in range(BANDS):
            asked[f"band {band}"] = ratio_of(BANDS * parts[:, band].sum(axis=1), total)
        for row, third in enumerate(THIRDS):
            asked[third] = ratio_of(thirds[:, row].sum(axis=1), total)
            for column in range(COLUMNS):
                asked[f"{third} {column}"] = ratio_of(thirds[:, row, column], total)
        bootstrap = Bootstrap(groups)
        told = bootstrap.intervals(asked)
        return Attention(
            photos=len(parts),
            sequences=bootstrap.groups,
            mean_drop=(self._total / max(1, len(parts))).astype(np.float32),
            profile=[told[f"band {band}"] for band in range(BANDS)],
            thirds={third: told[third] for third in THIRDS},
            ninths=[[told[f"{third} {at}"] for at in range(COLUMNS)] for third in THIRDS],
        )


def overlaps(pixels: int, parts: int) -> Float[np.ndarray, "parts pixels"]:
    """How much of each pixel lies in each of so many equal parts of a side.

    >>> overlaps(3, 2).tolist()
    [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    edges = np.linspace(0, pixels, parts + 1)
    start = np.arange(pixels)
    last = np.minimum(edges[1:, None], start + 1)
    return np.asarray(np.clip(last - np.maximum(edges[:-1, None], start), 0, 1))
