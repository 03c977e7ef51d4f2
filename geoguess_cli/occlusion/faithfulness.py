"""Whether an occlusion map describes the model: deletion and insertion curves.

Deletion covers the photo's pixels in the map's order, the strongest first, and follows the target
as it falls; insertion uncovers them on a blurred photo and follows it as it rises (Petsiuk, Das
and Saenko, RISE, arXiv 1806.07421). A map that finds the pixels that matter has a small area under
the deletion curve and a large area under the insertion curve. A model that breaks at any change
has steep curves in every order, so the map is compared with random orders and with the order of
the photo's edges.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from geoguess_cli.errors import ConfigError
from geoguess_cli.occlusion.baselines import blurred
from geoguess_cli.occlusion.grid import spread, window_means
from geoguess_cli.occlusion.occlusion_map import (
    OcclusionMap,
    Predict,
    target_values,
)
from geoguess_cli.occlusion.targets import Target

STEPS = 16
"""Number of steps of a curve; each step changes a 16th of the photo."""

RANDOM_ORDERS = 19
"""A random order beats 19 other random orders once in 20 times: a test at the level of 5 %."""

BLUR_SHARE = 1 / 14
"""Sigma of the blur where insertion starts, as a share of the shorter side: 16 px of 224."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The target after each step of covering and of uncovering the photo's pixels in one order.

    Attributes:
        deletion: Probabilities or kilometres, from the whole photo to the mean colour.
        insertion: Probabilities or kilometres, from the blurred photo to the whole photo.
    """

    deletion: Float64[np.ndarray, " n"]
    insertion: Float64[np.ndarray, " n"]

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve over the share of pixels, in the target's unit."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve over the share of pixels, in the target's unit."""
        return _area(self.insertion)


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """The curves of an occlusion map, and of orders that know nothing of the model.

    Attributes:
        own: The curves in the order of the map.
        edges: The curves in the order of the photo's edges.
        random: The curves in random orders, which are the map's order moved about the photo.
        target: The number that the curves show.
        flat: Whether the map has one value everywhere, and so no order.
    """

    own: Curves
    edges: Curves
    random: tuple[Curves, ...]
    target: Target
    flat: bool

    @property
    def shares(self) -> Float64[np.ndarray, " n"]:
        """Share of the photo's pixels that are changed at each point of a curve, in [0, 1]."""
        return np.linspace(0.0, 1.0, len(self.own.deletion))

    def score(self, curves: Curves) -> float:
        """Insertion area minus deletion area, in the target's unit; negated for kilometres.

        A greater score is better.
        """
        difference = curves.insertion_area - curves.deletion_area
        return -difference if self.target.measure == "km" else difference

    @property
    def random_scores(self) -> Float64[np.ndarray, " r"]:
        """The score of each random order."""
        return np.array([self.score(curves) for curves in self.random])

    @property
    def beaten(self) -> int:
        """Number of random orders whose score is below the map's; 0 for a flat map."""
        return 0 if self.flat else int((self.random_scores < self.score(self.own)).sum())

    @property
    def better_than_random(self) -> bool:
        """Whether the map's score is above the score of every random order."""
        return self.beaten == len(self.random)


def faithfulness(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    occlusion: OcclusionMap,
    *,
    steps: int = STEPS,
    random_orders: int = RANDOM_ORDERS,
    seed: int = 0,
    batch_size: int = 32,
    on_batch: Callable[[int, int], None] | None = None,
) -> Faithfulness:
    """Deletion and insertion curves of an occlusion map, of random orders and of the edges.

    A random order is the map's order, shifted around the photo by a random number of strides and
    mirrored at random: it covers parts of the same size and shape in other places. Single random
    pixels would not be a fair comparison, since their grain alone upsets a model.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo of the map (normalised).
        occlusion: The finished map.
        steps: Number of steps of a curve, at least 2. The cost is
            `curve_passes(steps, random_orders)` images.
        random_orders: Number of random orders, at least 1.
        seed: Seed of the random orders.
        batch_size: Images given to `predict` at once, at least 1.
        on_batch: Called with (images done, images in all) after each batch.

    Raises:
        ConfigError: Steps, orders or batch size are too small.
        ModelError: `predict` does not return finite probabilities (b, c).
    """
    if min(steps - 1, random_orders, batch_size) < 1:
        raise ConfigError(
            f"steps is {steps}, random orders {random_orders} and batch size {batch_size}; "
            "they must be at least 2, 1 and 1"
        )
    own = ranks(occlusion.drop)
    edges = ranks(_edges(image, window=occlusion.window, stride=occlusion.stride))
    rng = np.random.default_rng(seed)
    random = (moved(own, rng, stride=occlusion.stride) for _ in range(random_orders))
    curves = deletion_and_insertion(
        predict,
        image,
        [own, edges, *random],
        occlusion.target,
        blurred(image, BLUR_SHARE * min(image.shape[1:])),
        steps=steps,
        batch_size=batch_size,
        on_batch=on_batch,
    )
    return Faithfulness(
        own=curves[0],
        edges=curves[1],
        random=tuple(curves[2:]),
        target=occlusion.target,
        flat=bool(np.ptp(occlusion.drop) == 0),
    )


def curve_passes(steps: int = STEPS, random_orders: int = RANDOM_ORDERS) -> int:
    """The number of images that judging a map takes.

    >>> curve_passes()
    633
    """
    return 3 + 2 * (steps - 1) * (2 + random_orders)


def deletion_and_insertion(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    orders: Sequence[Int64[np.ndarray, "h w"]],
    target: Target,
    veiled: Float[np.ndarray, "3 h w"],
    *,
    steps: int = STEPS,
    batch_size: int = 32,
    on_batch: Callable[[int, int], None] | None = None,
) -> list[Curves]:
    """The curves of each order of an image's pixels.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: A normalised photo; deletion covers its pixels with the mean colour, 0.
        orders: The rank of each pixel: rank 0 is changed first.
        target: The number that the curves show.
        veiled: The image that insertion starts from.
        steps: Number of steps of a curve.
        batch_size: Images given to `predict` at once.
        on_batch: Called with (images done, images in all) after each batch.

    Raises:
        ModelError: `predict` does not return finite probabilities (b, c).
    """
    blank = np.zeros_like(image)
    counts = np.rint(np.linspace(0, image[0].size, steps + 1)).astype(np.int64)
    values = np.empty((len(orders), 2, steps + 1))
    ends = target_values(predict, np.stack([image, blank, veiled]), target)
    values[:, 0, 0], values[:, 0, -1] = ends[0], ends[1]
    values[:, 1, 0], values[:, 1, -1] = ends[2], ends[0]

    grounds = ((image, blank), (veiled, image))
    places = [(o, k, s) for o in range(len(orders)) for k in (0, 1) for s in range(1, steps)]
    for start in range(0, len(places), batch_size):
        batch = places[start : start + batch_size]
        images = [
            np.where(orders[order] < counts[step], grounds[kind][1], grounds[kind][0])
            for order, kind, step in batch
        ]
        at = tuple(np.array(batch).T)
        values[at] = target_values(predict, np.stack(images), target)
        if on_batch is not None:
            on_batch(len(ends) + start + len(batch), len(ends) + len(places))
    return [Curves(deletion=one[0], insertion=one[1]) for one in values]


def ranks(values: Float[np.ndarray, "h w"]) -> Int64[np.ndarray, "h w"]:
    """The place of each pixel in the order of falling values; equal values go row by row.

    >>> ranks(np.array([[0.0, 5.0], [5.0, -1.0]])).tolist()
    [[2, 0], [1, 3]]
    """
    flat = np.empty(values.size, dtype=np.int64)
    flat[np.argsort(-values, axis=None, kind="stable")] = np.arange(values.size)
    return flat.reshape(values.shape)


def moved(
    order: Int64[np.ndarray, "h w"], rng: np.random.Generator, *, stride: int = 1
) -> Int64[np.ndarray, "h w"]:
    """The order, shifted around both sides of the image and mirrored at random.

    Args:
        order: The rank of each pixel.
        rng: The source of randomness.
        stride: Shifts are multiples of this number of pixels. Then parts keep to the grid of the
            windows, which may be the model's own grid too.
    """
    flips = tuple(axis for axis in (0, 1) if rng.integers(2))
    shift = tuple(stride * int(rng.integers(-(-size // stride))) for size in order.shape)
    return np.roll(np.flip(order, flips), shift, axis=(0, 1))


def _edges(
    image: Float[np.ndarray, "3 h w"], *, window: int, stride: int
) -> Float[np.ndarray, "h w"]:
    """How much the photo's brightness changes, in the grain of the map.

    This is the length of the gradient, averaged over each window and spread as drops are.
    """
    grey: np.ndarray = image.astype(np.float64).mean(axis=0)
    steepness = np.hypot(*np.gradient(grey))
    means = window_means(steepness, window=window, stride=stride)
    return spread(means, *grey.shape, window=window, stride=stride)


def _area(curve: Float64[np.ndarray, " n"]) -> float:
    """Area under a curve over [0, 1], by the trapezoidal rule."""
    return float((curve[1:] + curve[:-1]).mean() / 2)
