"""Occlusion maps: what covering each part of a photo does to its answer.

The method of Zeiler and Fergus (arXiv 1311.2901), with the edge rule and the averaging of Captum's
`Occlusion`. It knows no model, only a callable from images to probabilities.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.occlusion.targets import Target, cell_target

Predict = Callable[[Float[np.ndarray, "b 3 h w"]], np.ndarray]
"""From images (b, 3, h, w) to probabilities (b, c)."""

MEAN_COLOR: Mapping[str, float | np.ndarray] = MappingProxyType({"mean": 0.0})
"""The baseline of the paper: a covered pixel gets the mean colour of a normalised image."""


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """What covering each part of a photo does to a target.

    Attributes:
        drop: Mean fall of the target over the windows that cover a pixel, in the unit of its
            measure: above 0 the pixel speaks for the answer, below 0 against it. NaN where no
            window has been covered yet, which is nowhere in a finished map.
        window_drops: The fall for each window, by its row and column of the grid.
        target: What is followed.
        value: The target for the photo as it is: a probability, or kilometres.
        window: Side of the square window, in pixels.
        stride: Pixels from one window to the next.
        baselines: What covered pixels became; the map is the mean over them.
        done: Images predicted so far.
        total: Images in all: windows times baselines.
    """

    drop: Float32[np.ndarray, "h w"]
    window_drops: Float32[np.ndarray, "rows columns"]
    target: Target
    value: float
    window: int
    stride: int
    baselines: tuple[str, ...]
    done: int
    total: int


def occlusion_map(
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
    """Fall of a target under a sliding window, a value a pixel.

    Windows start at 0, stride, 2·stride, … until the whole side is covered; one that reaches over
    the edge is cut there. A pixel gets the mean over the windows that cover it.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        target: What to follow; a number is the probability of that cell.
        window: Side of the square window in pixels, in [1, the image's shorter side].
        stride: Step of the window in pixels, in [1, window].
        batch_size: Windows given to `predict` at once, at least 1.
        baselines: What a covered pixel becomes, by name: a value, or an array that broadcasts to
            the image (`baseline_images` makes some). The map is the mean of the maps of each.
        on_batch: Called with (images done, images in all) after each batch.

    Raises:
        ConfigError: A window, stride, batch size or baseline that does not fit the image.
        CellError: A target with a cell index that `predict` has no column for.
        ModelError: `predict` gives back something other than (b, c) finite probabilities.
    """
    options = {"window": window, "stride": stride, "batch_size": batch_size}
    for made in occlusion_maps(predict, image, target, baselines=baselines, **options):
        if on_batch is not None:
            on_batch(made.done, made.total)
    return made


def occlusion_maps(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    target: Target | int,
    *,
    window: int = 32,
    stride: int = 8,
    batch_size: int = 32,
    baselines: Mapping[str, float | np.ndarray] = MEAN_COLOR,
) -> Iterator[OcclusionMap]:
    """The same map as it fills in: one after each batch, the last is whole.

    Windows far apart come first and those between them later, so that an unfinished map shows
    all of the photo, coarsely. Arguments and errors are those of `occlusion_map`.
    """
    height, width = image.shape[1:]
    _check(height, width, window=window, stride=stride, batch_size=batch_size)
    covers = [_covered_with(image, baseline) for baseline in baselines.values()]
    if not covers:
        raise ConfigError("no baseline is given; `mean` is the usual one")
    followed = target if isinstance(target, Target) else cell_target(int(target))
    rows, columns = _spans(height, window, stride), _spans(width, window, stride)
    over_rows, over_columns = _masks(rows, height), _masks(columns, width)
    passes = [(i, j, cover) for i, j in _coarse_first(len(rows), len(columns)) for cover in covers]
    # Copies throughout: a model may work in place on what it is given.
    value = target_values(predict, image[None].copy(), followed)
    evidence = followed.evidence(value)[0]

    total, count = np.zeros((2, len(rows), len(columns)))
    for start in range(0, len(passes), batch_size):
        batch = passes[start : start + batch_size]
        images = np.tile(image, (len(batch), 1, 1, 1))
        for one, (i, j, cover) in zip(images, batch, strict=True):
            (top, bottom), (left, right) = rows[i], columns[j]
            one[:, top:bottom, left:right] = cover[:, top:bottom, left:right]
        drops = evidence - followed.evidence(target_values(predict, images, followed))
        at = tuple(np.array([(i, j) for i, j, _ in batch]).T)
        np.add.at(total, at, drops)
        np.add.at(count, at, 1)
        yield OcclusionMap(
            drop=_mean(over_rows.T @ total @ over_columns, over_rows.T @ count @ over_columns),
            window_drops=_mean(total, count),
            target=followed,
            value=float(value[0]),
            window=window,
            stride=stride,
            baselines=tuple(baselines),
            done=start + len(batch),
            total=len(passes),
        )


def spread(
    windows: Float[np.ndarray, "rows columns"], height: int, width: int, *, window: int, stride: int
) -> Float32[np.ndarray, "h w"]:
    """Mean over each pixel of the values of the windows that cover it.

    Args:
        windows: A value for each window, by its row and column of the grid.
        height: Of the image, in pixels.
        width: Likewise.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    over_rows = _masks(_spans(height, window, stride), height)
    over_columns = _masks(_spans(width, window, stride), width)
    count = np.outer(over_rows.sum(axis=0), over_columns.sum(axis=0))
    return _mean(over_rows.T @ windows @ over_columns, count)


def window_means(
    values: Float[np.ndarray, "h w"], *, window: int, stride: int
) -> Float[np.ndarray, "rows columns"]:
    """Mean of what each window covers.

    Args:
        values: A value for each pixel.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    height, width = values.shape
    over_rows = _masks(_spans(height, window, stride), height)
    over_columns = _masks(_spans(width, window, stride), width)
    area = np.outer(over_rows.sum(axis=1), over_columns.sum(axis=1))
    return np.asarray(over_rows @ values @ over_columns.T / area)


def window_count(height: int, width: int, *, window: int = 32, stride: int = 8) -> int:
    """How many windows an occlusion map of an image of that size (pixels) takes.

    >>> window_count(224, 224, window=32, stride=8)
    625
    """
    _check(height, width, window=window, stride=stride)
    return len(_spans(height, window, stride)) * len(_spans(width, window, stride))


def target_values(
    predict: Predict, images: Float[np.ndarray, "b 3 h w"], target: Target
) -> Float64[np.ndarray, " b"]:
    """The target for each image: a probability, or kilometres.

    Args:
        predict: From images to probabilities (b, c).
        images: As the model sees them.
        target: What to follow.

    Raises:
        CellError: A target with a cell index that `predict` has no column for.
        ModelError: `predict` gives back something other than (b, c) finite probabilities.
    """
    answer = np.asarray(predict(images))
    if answer.ndim != 2 or len(answer) != len(images):
        raise ModelError(
            f"predict gave an array of shape {answer.shape} for {len(images)} images; "
            f"it must give ({len(images)}, cells)"
        )
    values = target.values(answer)
    if not np.isfinite(values).all():
        raise ModelError("the model's probabilities are not finite; train it again")
    return values


def _check(height: int, width: int, *, window: int, stride: int, batch_size: int = 1) -> None:
    if not 1 <= window <= min(height, width):
        raise ConfigError(
            f"window is {window}; the photo as the model sees it is {width}×{height} pixels, "
            f"so the window must lie in [1, {min(height, width)}]"
        )
    if not 1 <= stride <= window:
        raise ConfigError(
            f"stride is {stride}; it must lie in [1, {window}] (the window), "
            "else no window would cover some pixels"
        )
    if batch_size < 1:
        raise ConfigError(f"batch size is {batch_size}; it must be 1 or more")


def _covered_with(
    image: Float[np.ndarray, "3 h w"], baseline: float | np.ndarray
) -> Float[np.ndarray, "3 h w"]:
    """The image with every pixel covered."""
    value = np.asarray(baseline, dtype=image.dtype)
    try:
        return np.broadcast_to(value, image.shape)
    except ValueError as error:
        raise ConfigError(
            f"baseline has shape {value.shape}; it must broadcast to {image.shape}"
        ) from error


def _spans(size: int, window: int, stride: int) -> list[tuple[int, int]]:
    """First and past-the-last pixel of each window along one side."""
    count = math.ceil((size - window) / stride) + 1
    return [(i * stride, min(i * stride + window, size)) for i in range(count)]


def _masks(spans: list[tuple[int, int]], size: int) -> Int[np.ndarray, "windows size"]:
    """1 where a window of one side covers a pixel, else 0."""
    pixel = np.arange(size)
    return np.array([(start <= pixel) & (pixel < stop) for start, stop in spans], dtype=np.int64)


def _coarse_first(rows: int, columns: int) -> list[tuple[int, int]]:
    """Every place of a grid once: those of every 8th row and column, every 4th, every 2nd, all."""
    places = [(i, j) for i in range(rows) for j in range(columns)]
    return sorted(places, key=lambda place: -math.gcd(*place, 8))


def _mean(
    total: Float[np.ndarray, "h w"], count: Float[np.ndarray, "h w"] | Int[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Total over count; NaN where nothing has been counted."""
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.astype(np.float32)
