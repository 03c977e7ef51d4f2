"""The grid of windows on an image: which pixels each covers, and means over them."""

import math

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.errors import ConfigError


def spread(
    windows: Float[np.ndarray, "rows columns"], height: int, width: int, *, window: int, stride: int
) -> Float32[np.ndarray, "h w"]:
    """For each pixel, the mean of the values of the windows that cover it.

    Args:
        windows: A value for each window, by its row and column of the grid.
        height: Height of the image, in pixels.
        width: Width of the image, in pixels.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    rows, columns = masks(height, window, stride), masks(width, window, stride)
    count = np.outer(rows.sum(axis=0), columns.sum(axis=0))
    return mean_or_nan(rows.T @ windows @ columns, count)


def window_means(
    values: Float[np.ndarray, "h w"], *, window: int, stride: int
) -> Float[np.ndarray, "rows columns"]:
    """For each window, the mean of the values of the pixels that it covers.

    Args:
        values: A value for each pixel.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    rows, columns = (masks(side, window, stride) for side in values.shape)
    area = np.outer(rows.sum(axis=1), columns.sum(axis=1))
    return np.asarray(rows @ values @ columns.T / area)


def window_count(height: int, width: int, *, window: int = 32, stride: int = 8) -> int:
    """The number of windows of an occlusion map of an image; all sizes are in pixels.

    >>> window_count(224, 224, window=32, stride=8)
    625
    """
    check_grid(height, width, window=window, stride=stride)
    return len(masks(height, window, stride)) * len(masks(width, window, stride))


def check_grid(height: int, width: int, *, window: int, stride: int, batch_size: int = 1) -> None:
    """Check that windows fit an image.

    Raises:
        ConfigError: A window, stride or batch size does not fit.
    """
    if not 1 <= window <= min(height, width):
        raise ConfigError(
            f"window is {window}; the photo as the model sees it is {width}×{height} pixels, "
            f"so the window must lie in [1, {min(height, width)}]"
        )
    if not 1 <= stride <= window:
        raise ConfigError(
            f"stride is {stride}; it must lie in [1, {window}] (the window), "
            "so that a window covers every pixel"
        )
    if batch_size < 1:
        raise ConfigError(f"batch size is {batch_size}; it must be 1 or more")


def masks(size: int, window: int, stride: int) -> Int[np.ndarray, "windows size"]:
    """For each window along one side, 1 where it covers a pixel, else 0."""
    starts = stride * np.arange(math.ceil((size - window) / stride) + 1)
    inside = np.arange(size) - starts[:, None]
    return ((inside >= 0) & (inside < window)).astype(np.int64)


def mean_or_nan(
    total: Float[np.ndarray, "h w"], count: Float[np.ndarray, "h w"] | Int[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Total over count; NaN where the count is 0."""
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.astype(np.float32)
