"""Occlusion maps: how far a cell's probability falls when a window of the photo is covered.

The method of Zeiler and Fergus (arXiv 1311.2901), with the edge rule and the averaging of Captum's
`Occlusion`. It knows no model, only a callable from images to probabilities.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int

from geoguess_cli.errors import CellError, ConfigError, ModelError

Predict = Callable[[torch.Tensor], "np.ndarray | torch.Tensor"]
"""From images (b, 3, h, w) to probabilities (b, c)."""


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """What covering each part of a photo does to the probability of one cell.

    Attributes:
        drop: Mean fall of the probability over the windows that cover a pixel, in [-1, 1]:
            above 0 the pixel speaks for the cell, below 0 against it.
        window_drops: Fall of the probability for each window, by its row and column of the grid.
        cell_index: The cell whose probability is followed.
        probability: Its probability for the photo as it is.
        window: Side of the square window, in pixels.
        stride: Pixels from one window to the next.
        baseline: What a covered pixel becomes, in the units of the image tensor.
    """

    drop: Float32[np.ndarray, "h w"]
    window_drops: Float32[np.ndarray, "rows columns"]
    cell_index: int
    probability: float
    window: int
    stride: int
    baseline: float | torch.Tensor


def occlusion_map(
    predict: Predict,
    image: Float[torch.Tensor, "3 h w"],
    cell_index: int,
    *,
    window: int = 32,
    stride: int = 8,
    batch_size: int = 32,
    baseline: float | torch.Tensor = 0.0,
    on_batch: Callable[[int, int], None] | None = None,
) -> OcclusionMap:
    """Fall of one cell's probability under a sliding window, a value a pixel.

    Windows start at 0, stride, 2·stride, … until the whole side is covered; one that reaches over
    the edge is cut there. A pixel gets the mean over the windows that cover it.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        cell_index: The cell to follow, in [0, c).
        window: Side of the square window in pixels, in [1, the image's shorter side].
        stride: Step of the window in pixels, in [1, window].
        batch_size: Windows given to `predict` at once, at least 1.
        baseline: The value of a covered pixel; 0 is the mean colour of a normalised image. A
            tensor must broadcast to the image.
        on_batch: Called with (windows done, windows in all) after each batch.

    Raises:
        ConfigError: A window, stride, batch size or baseline that does not fit the image.
        CellError: A cell index that `predict` has no column for.
        ModelError: `predict` gives back something other than (b, c) finite probabilities.
    """
    height, width = image.shape[1:]
    _check(height, width, window=window, stride=stride, batch_size=batch_size)
    covered = _covered_with(image, baseline)
    rows, columns = _spans(height, window, stride), _spans(width, window, stride)
    spans = [(top, left) for top in rows for left in columns]
    # Copies throughout: a model may work in place on what it is given.
    probability = _probabilities(predict, image[None].clone(), cell_index)[0]

    occluded = np.empty(len(spans))
    for start in range(0, len(spans), batch_size):
        batch = spans[start : start + batch_size]
        images = image.expand(len(batch), -1, -1, -1).clone()
        for one, ((top, bottom), (left, right)) in zip(images, batch, strict=True):
            one[:, top:bottom, left:right] = covered[:, top:bottom, left:right]
        stop = start + len(batch)
        occluded[start:stop] = _probabilities(predict, images, cell_index)
        if on_batch is not None:
            on_batch(stop, len(spans))

    window_drops = (probability - occluded).reshape(len(rows), len(columns))
    return OcclusionMap(
        drop=_spread(window_drops, _masks(rows, height), _masks(columns, width)),
        window_drops=window_drops.astype(np.float32),
        cell_index=cell_index,
        probability=float(probability),
        window=window,
        stride=stride,
        baseline=baseline,
    )


def window_count(height: int, width: int, *, window: int = 32, stride: int = 8) -> int:
    """How many windows an occlusion map of an image of that size (pixels) takes.

    >>> window_count(224, 224, window=32, stride=8)
    625
    """
    _check(height, width, window=window, stride=stride)
    return len(_spans(height, window, stride)) * len(_spans(width, window, stride))


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
    image: Float[torch.Tensor, "3 h w"], baseline: float | torch.Tensor
) -> Float[torch.Tensor, "3 h w"]:
    """The image with every pixel covered."""
    value = torch.as_tensor(baseline, dtype=image.dtype, device=image.device)
    try:
        return value.expand(image.shape)
    except RuntimeError as error:
        raise ConfigError(
            f"baseline has shape {tuple(value.shape)}; it must broadcast to {tuple(image.shape)}"
        ) from error


def _spans(size: int, window: int, stride: int) -> list[tuple[int, int]]:
    """First and past-the-last pixel of each window along one side."""
    count = math.ceil((size - window) / stride) + 1
    return [(i * stride, min(i * stride + window, size)) for i in range(count)]


def _masks(spans: list[tuple[int, int]], size: int) -> Int[np.ndarray, "windows size"]:
    """1 where a window of one side covers a pixel, else 0."""
    pixel = np.arange(size)
    return np.array([(start <= pixel) & (pixel < stop) for start, stop in spans], dtype=np.int64)


def _spread(
    window_drops: Float[np.ndarray, "rows columns"],
    over_rows: Int[np.ndarray, "rows h"],
    over_columns: Int[np.ndarray, "columns w"],
) -> Float32[np.ndarray, "h w"]:
    """Mean of the windows over each pixel: windows are products of spans, so two products do."""
    total: np.ndarray = over_rows.T @ window_drops @ over_columns
    count = np.outer(over_rows.sum(axis=0), over_columns.sum(axis=0))
    return np.asarray(total / count, dtype=np.float32)


def _probabilities(
    predict: Predict, images: Float[torch.Tensor, "b 3 h w"], cell_index: int
) -> Float[np.ndarray, " b"]:
    """Probability of the cell for each image, in float64."""
    answer = predict(images)
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu().double().numpy()
    if answer.ndim != 2 or len(answer) != len(images):
        raise ModelError(
            f"predict gave an array of shape {answer.shape} for {len(images)} images; "
            f"it must give ({len(images)}, cells)"
        )
    if not 0 <= cell_index < answer.shape[1]:
        raise CellError(
            f"cell index {cell_index} is not in the partition; "
            f"it must lie in [0, {answer.shape[1] - 1}]"
        )
    column = answer[:, cell_index].astype(np.float64)
    if not np.isfinite(column).all():
        raise ModelError("the model's probabilities are not finite; train it again")
    return column
