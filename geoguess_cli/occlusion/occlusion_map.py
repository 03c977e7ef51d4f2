"""Occlusion maps: how the answer changes when each part of a photo is covered.

The method is that of Zeiler and Fergus (arXiv 1311.2901), with the edge rule and the averaging of
Captum's `Occlusion`. It knows no model, only a callable from images to probabilities.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.occlusion.targets import Target, cell_target

Predict = Callable[[Float[np.ndarray, "b 3 h w"]], np.ndarray]
"""From images (b, 3, h, w) to probabilities (b, c)."""


@runtime_checkable
class KeepingPredict(Protocol):
    """A `Predict` that computes once what the covered copies of one image share."""

    def __call__(self, images: Float[np.ndarray, "b 3 h w"], /) -> np.ndarray:
        """The probabilities (b, c) of images."""

    def keeping(
        self, image: Float[np.ndarray, "3 h w"], *, window: int
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """From copies of an image, and the corner (row, column) of the square in which each
        differs from it, to their probabilities; the square's side is `window` pixels."""


MEAN_COLOR: Mapping[str, float | np.ndarray] = {"mean": 0.0}
"""The baseline of the paper: a covered pixel gets the mean colour, 0 in a normalised image."""


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """How a target changes when each part of a photo is covered.

    Attributes:
        drop: Mean drop of the target over the windows that cover a pixel, in the unit of its
            measure. Above 0 the pixel speaks for the answer, below 0 against it. A map that is not
            finished has NaN where no window has been covered.
        window_drops: Drop of each window, by its row and column of the grid.
        target: The number that the map follows.
        value: The target for the whole photo: a probability, or kilometres.
        window: Side of the square window, in pixels.
        stride: Pixels from one window to the next.
        baselines: Names of what covered pixels became; the map is the mean over the baselines.
        done: Number of images predicted so far.
        total: Number of images in all: windows times baselines.
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
    """The drop of a target under a sliding window, one value per pixel.

    Windows start at 0, stride, 2·stride, … until the whole side is covered; a window that reaches
    over the edge is cut there. A pixel gets the mean over the windows that cover it.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        target: The number to follow; an int stands for the probability of that cell.
        window: Side of the square window in pixels, in [1, the image's shorter side].
        stride: Step of the window in pixels, in [1, window].
        batch_size: Images given to `predict` at once, at least 1.
        baselines: What a covered pixel becomes, by name: a value, or an array that broadcasts to
            the image, as `baseline_images` returns. The map is the mean over the baselines.
        on_batch: Called with (images done, images in all) after each batch.

    Raises:
        ConfigError: A window, stride, batch size or baseline does not fit the image.
        CellError: `predict` has no column for a cell of the target.
        ModelError: `predict` does not return finite probabilities (b, c).
    """
    options = {"window": window, "stride": stride, "batch_size": batch_size}
    for occlusion in occlusion_maps(predict, image, target, baselines=baselines, **options):
        if on_batch is not None:
            on_batch(occlusion.done, occlusion.total)
    return occlusion


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
    """The map as it fills in: one map after each batch; the last map is finished.

    Windows far apart come first and the windows between them later, so that an unfinished map shows
    all of the photo, coarsely. Arguments and errors are those of `occlusion_map`.
    """
    height, width = image.shape[1:]
    _check(height, width, window=window, stride=stride, batch_size=batch_size)
    covers = [_cover(image, baseline) for baseline in baselines.values()]
    if not covers:
        raise ConfigError("baselines is empty; it must name at least one, such as `mean`")
    if not isinstance(target, Target):
        target = cell_target(int(target))
    rows, columns = _masks(height, window, stride), _masks(width, window, stride)
    passes = [(i, j, cover) for i, j in _coarse_first(len(rows), len(columns)) for cover in covers]
    # Copies throughout: a model may change its images in place.
    value = target_values(predict, image[None].copy(), target)
    answers = _answers_of_copies(predict, image, window)
    evidence = target.evidence(value)[0]

    total, count = np.zeros((2, len(rows), len(columns)))
    for start in range(0, len(passes), batch_size):
        batch = passes[start : start + batch_size]
        images = np.tile(image, (len(batch), 1, 1, 1))
        for one, (i, j, cover) in zip(images, batch, strict=True):
            top, left = i * stride, j * stride
            under = np.s_[:, top : top + window, left : left + window]
            one[under] = cover[under]
        places = np.array([(i, j) for i, j, _ in batch])
        answer = answers(images, stride * places)
        drops = evidence - target.evidence(_values(answer, len(batch), target))
        at = tuple(places.T)
        np.add.at(total, at, drops)
        np.add.at(count, at, 1)
        yield OcclusionMap(
            drop=_mean(rows.T @ total @ columns, rows.T @ count @ columns),
            window_drops=_mean(total, count),
            target=target,
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
    """For each pixel, the mean of the values of the windows that cover it.

    Args:
        windows: A value for each window, by its row and column of the grid.
        height: Height of the image, in pixels.
        width: Width of the image, in pixels.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    rows, columns = _masks(height, window, stride), _masks(width, window, stride)
    count = np.outer(rows.sum(axis=0), columns.sum(axis=0))
    return _mean(rows.T @ windows @ columns, count)


def window_means(
    values: Float[np.ndarray, "h w"], *, window: int, stride: int
) -> Float[np.ndarray, "rows columns"]:
    """For each window, the mean of the values of the pixels that it covers.

    Args:
        values: A value for each pixel.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
    """
    rows, columns = (_masks(side, window, stride) for side in values.shape)
    area = np.outer(rows.sum(axis=1), columns.sum(axis=1))
    return np.asarray(rows @ values @ columns.T / area)


def window_count(height: int, width: int, *, window: int = 32, stride: int = 8) -> int:
    """The number of windows of an occlusion map of an image; all sizes are in pixels.

    >>> window_count(224, 224, window=32, stride=8)
    625
    """
    _check(height, width, window=window, stride=stride)
    return len(_masks(height, window, stride)) * len(_masks(width, window, stride))


def target_values(
    predict: Predict, images: Float[np.ndarray, "b 3 h w"], target: Target
) -> Float64[np.ndarray, " b"]:
    """The target for each image: a probability, or kilometres.

    Args:
        predict: From images to probabilities (b, c).
        images: Photos as the model sees them.
        target: The number to follow.

    Raises:
        CellError: `predict` has no column for a cell of the target.
        ModelError: `predict` does not return finite probabilities (b, c).
    """
    return _values(predict(images), len(images), target)


def _values(answer: np.ndarray, images: int, target: Target) -> Float64[np.ndarray, " b"]:
    """The target for each row of what a model answers to a number of images."""
    answer = np.asarray(answer)
    if answer.ndim != 2 or len(answer) != images:
        raise ModelError(
            f"predict returned an array of shape {answer.shape} for {images} images; "
            f"it must return ({images}, cells)"
        )
    values = target.values(answer)
    if not np.isfinite(values).all():
        raise ModelError("the model's probabilities are not finite; train it again")
    return values


def _answers_of_copies(
    predict: Predict, image: Float[np.ndarray, "3 h w"], window: int
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """From copies of an image and the corners of their windows to probabilities."""
    if isinstance(predict, KeepingPredict):
        return predict.keeping(image.copy(), window=window)
    return lambda images, _corners: predict(images)


def _check(height: int, width: int, *, window: int, stride: int, batch_size: int = 1) -> None:
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


def _cover(
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


def _masks(size: int, window: int, stride: int) -> Int[np.ndarray, "windows size"]:
    """For each window along one side, 1 where it covers a pixel, else 0."""
    starts = stride * np.arange(math.ceil((size - window) / stride) + 1)
    inside = np.arange(size) - starts[:, None]
    return ((inside >= 0) & (inside < window)).astype(np.int64)


def _coarse_first(rows: int, columns: int) -> list[tuple[int, int]]:
    """Each place of a grid once: every 8th row and column first, then every 4th, every 2nd, all."""
    places = [(i, j) for i in range(rows) for j in range(columns)]
    return sorted(places, key=lambda place: -math.gcd(*place, 8))


def _mean(
    total: Float[np.ndarray, "h w"], count: Float[np.ndarray, "h w"] | Int[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Total over count; NaN where the count is 0."""
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.astype(np.float32)
