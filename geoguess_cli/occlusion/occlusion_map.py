"""Occlusion maps: how the answer changes when each part of a photo is covered.

The method is that of Zeiler and Fergus (arXiv 1311.2901), with the edge rule and the averaging of
Captum's `Occlusion`. It knows no model, only a callable from images to probabilities.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Float64

from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.occlusion.grid import check_grid, masks, mean_or_nan
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
        """From copies of an image, and the corner (row, column) of the square outside of which each
        is as the image, to their probabilities; the square's side is `window` pixels."""


MEAN_COLOR: Mapping[str, float | np.ndarray] = {"mean": 0.0}
"""The baseline of the paper: a covered pixel gets the mean colour, 0 in a normalised image."""


@dataclass(frozen=True)
class Interpolation:
    """What an adaptive map left out, and how far it is off there.

    Each covered window is foretold from the others, and the difference from its drop scaled to the
    distance of the windows that were left out.

    Attributes:
        windows: Number of windows of the grid.
        covered: Number of windows that were covered; the drops of the others are interpolated.
        mean_difference: Mean of these differences.
        greatest_difference: The greatest of them; both are in the unit of the map.
    """

    windows: int
    covered: int
    mean_difference: float
    greatest_difference: float


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
        interpolation: What was not covered; None if all windows were.
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
    interpolation: Interpolation | None = None


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
    drops = WindowDrops(
        predict,
        image,
        target,
        window=window,
        stride=stride,
        batch_size=batch_size,
        baselines=baselines,
    )
    for _ in drops.cover(_coarse_first(*drops.means.shape)):
        yield drops.map(drops.means)


class WindowDrops:
    """The drop of a target under each window of an image that has been covered.

    Attributes:
        done: Number of images predicted so far, beside the whole photo.
        total: Number of images of all windows: windows times baselines.

    Arguments and errors are those of `occlusion_map`.
    """

    def __init__(
        self,
        predict: Predict,
        image: Float[np.ndarray, "3 h w"],
        target: Target | int,
        *,
        window: int,
        stride: int,
        batch_size: int,
        baselines: Mapping[str, float | np.ndarray],
    ) -> None:
        height, width = image.shape[1:]
        check_grid(height, width, window=window, stride=stride, batch_size=batch_size)
        self._covers = [_cover(image, baseline) for baseline in baselines.values()]
        if not self._covers:
            raise ConfigError("baselines is empty; it must name at least one, such as `mean`")
        self._image, self._window, self._stride = image, window, stride
        self._batch_size, self._baselines = batch_size, tuple(baselines)
        self._target = target if isinstance(target, Target) else cell_target(int(target))
        self._value = np.full(1, np.nan)
        self._answers = _answers_of_copies(predict, image, window)
        self._masks = masks(height, window, stride), masks(width, window, stride)
        self._sums, self._counts = np.zeros((2, *(len(one) for one in self._masks)))
        self.done, self.total = 0, self._sums.size * len(self._covers)

    @property
    def means(self) -> Float32[np.ndarray, "rows columns"]:
        """The mean drop of each window over the baselines; NaN for a window not yet covered."""
        return mean_or_nan(self._sums, self._counts)

    def cover(self, places: Sequence[tuple[int, int]]) -> Iterator[None]:
        """Cover windows, each once with each baseline; one step for each batch of images.

        Args:
            places: Row and column of each window in the grid.
        """
        window, stride, target = self._window, self._stride, self._target
        passes = [(i, j, cover) for i, j in places for cover in self._covers]
        if np.isnan(self._value[0]):  # the photo goes first, covered with itself
            passes.insert(0, (0, 0, self._image))
        for start in range(0, len(passes), self._batch_size):
            batch = passes[start : start + self._batch_size]
            # Copies throughout: a model may change its images in place.
            images = np.tile(self._image, (len(batch), 1, 1, 1))
            for one, (i, j, cover) in zip(images, batch, strict=True):
                top, left = i * stride, j * stride
                under = np.s_[:, top : top + window, left : left + window]
                one[under] = cover[under]
            at = np.array([(i, j) for i, j, _ in batch])
            values = _values(self._answers(images, stride * at), len(batch), target)
            if np.isnan(self._value[0]):
                self._value, values, at = values[:1], values[1:], at[1:]
            drops = target.evidence(self._value)[0] - target.evidence(values)
            np.add.at(self._sums, tuple(at.T), drops)
            np.add.at(self._counts, tuple(at.T), 1)
            self.done += len(at)
            if len(at):
                yield

    def map(self, drops: Float[np.ndarray, "rows columns"]) -> OcclusionMap:
        """The map of the drop of each window; NaN stands for a window that is not known."""
        rows, columns = self._masks
        known = ~np.isnan(drops)
        return OcclusionMap(
            drop=mean_or_nan(
                rows.T @ np.where(known, drops, 0) @ columns,
                rows.T @ known.astype(np.int64) @ columns,
            ),
            window_drops=drops,
            target=self._target,
            value=float(self._value[0]),
            window=self._window,
            stride=self._stride,
            baselines=self._baselines,
            done=self.done,
            total=self.total,
        )


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


def _coarse_first(rows: int, columns: int) -> list[tuple[int, int]]:
    """Each place of a grid once: every 8th row and column first, then every 4th, every 2nd, all."""
    places = [(i, j) for i in range(rows) for j in range(columns)]
    return sorted(places, key=lambda place: -math.gcd(*place, 8))
