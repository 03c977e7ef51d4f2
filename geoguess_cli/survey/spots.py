"""Spots: small parts of one photo that its answer rests on.

A covered window costs some probability wherever it lies, because a flat square belongs in no photo.
So a spot is told by how far it stands out over the rest of its own map, not by its drop alone; then
it is covered as a whole, and shown as a whole with all else covered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import find_objects, label

from geoguess_cli.occlusion.occlusion_map import Predict

MOST_SPOTS = 4
"""Of one photo; the strongest are taken."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the image as the model sees it, in pixels; bottom and right are past it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Pixels in it."""
        return (self.bottom - self.top) * (self.right - self.left)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, in [0, 1].

        >>> Box(0, 0, 2, 2).overlap(Box(0, 1, 2, 3))
        0.3333333333333333
        """
        tall = min(self.bottom, other.bottom) - max(self.top, other.top)
        wide = min(self.right, other.right) - max(self.left, other.left)
        common = max(0, tall) * max(0, wide)
        return common / (self.area + other.area - common)


@dataclass(frozen=True)
class Spot:
    """A part of a photo, covered alone and shown alone.

    Attributes:
        box: Where it is.
        covered: Probability of the photo's cell when the spot is covered.
        covered_cell: The likeliest cell then.
        alone: Probability of the photo's cell when all but the spot is covered.
        alone_cell: The likeliest cell then.
    """

    box: Box
    covered: float
    covered_cell: int
    alone: float
    alone_cell: int


@dataclass(frozen=True)
class Rules:
    """What makes a part of the frame a deciding spot, and a shared spot a suspect.

    Attributes:
        least_excess: How far the drop of a window must exceed the median of its map, as a share
            of the answer's probability.
        most_area: Greatest share of the frame that a spot may cover.
        least_drop: Share of the answer's probability that covering a spot must take, unless the
            answer changes.
        least_overlap: Intersection over union from which spots of two photos are at one place.
        least_photos: Photos of a drive in which a spot must decide.
        least_score: Score from which a shared spot is a suspect.
        photos: Photos of a drive that exchange a spot, at most.
        drives: Other drives that they exchange it with: of the same cell so many at most, and the
            nearest so many.
        share: Share of those drives that may show the same thing, below 1.
    """

    least_excess: float = 0.2
    most_area: float = 0.15
    least_drop: float = 0.25
    least_overlap: float = 1 / 3
    least_photos: int = 2
    least_score: float = 0.2
    photos: int = 4
    drives: int = 8
    share: float = 0.1


RULES = Rules()


@dataclass(frozen=True)
class Answered:
    """A photo's answer and the spots that were tested in it.

    Attributes:
        cell_index: The cell that is followed.
        probability: Its probability for the photo as it is.
        spots: Those that stand out of its occlusion map.
    """

    cell_index: int
    probability: float
    spots: Sequence[Spot]


def decides(spot: Spot, answered: Answered, rules: Rules = RULES) -> bool:
    """Whether covering the spot alone changes the answer, or takes enough of its probability."""
    taken = 1 - spot.covered / answered.probability
    return spot.covered_cell != answered.cell_index or taken >= rules.least_drop


def prominent_boxes(
    window_drops: Float[np.ndarray, "rows columns"],
    height: int,
    width: int,
    *,
    window: int,
    stride: int,
    least_excess: float,
    most_area: float,
) -> list[Box]:
    """Where a map stands out over its own median, the strongest first.

    A box holds windows side by side that reach at least half of the map's greatest excess over its
    median; sets that spread over more of the frame are no spots.

    Args:
        window_drops: Fall of the probability for each window, by its row and column.
        height: Of the image, in pixels.
        width: Likewise.
        window: Side of the window, in pixels.
        stride: Step of the window, in pixels.
        least_excess: Excess that the strongest window of a box must have, above 0.
        most_area: Greatest share of the image that a box may cover.
    """
    excess = window_drops - np.median(window_drops)
    if excess.max() < least_excess:
        return []
    sets, _ = label(excess >= excess.max() / 2)
    found: list[tuple[float, Box]] = []
    for number, (rows, columns) in enumerate(find_objects(sets), start=1):
        box = Box(
            rows.start * stride,
            columns.start * stride,
            min((rows.stop - 1) * stride + window, height),
            min((columns.stop - 1) * stride + window, width),
        )
        strongest = float(excess[sets == number].max())
        if strongest >= least_excess and box.area <= most_area * height * width:
            found.append((strongest, box))
    found.sort(key=lambda one: -one[0])
    return [box for _, box in found[:MOST_SPOTS]]


def examined_spots(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    cell_index: int,
    boxes: Sequence[Box],
    covers: Iterable[Float[np.ndarray, "3 h w"]],
) -> list[Spot]:
    """What the model says with each box covered, and with each box alone; the mean over `covers`.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        cell_index: The cell whose probability is followed.
        boxes: Where to cover.
        covers: The image wholly covered, by one baseline or several.
    """
    if not boxes:
        return []
    covers = list(covers)
    images = []
    for box in boxes:
        images += [pasted(image, cover, box) for cover in covers]
        images += [pasted(cover, image, box) for cover in covers]
    told = np.asarray(predict(np.stack(images)), dtype=np.float64)
    means = told.reshape(len(boxes), 2, len(covers), -1).mean(axis=2)
    return [
        Spot(
            box,
            covered=float(without[cell_index]),
            covered_cell=int(without.argmax()),
            alone=float(only[cell_index]),
            alone_cell=int(only.argmax()),
        )
        for box, (without, only) in zip(boxes, means, strict=True)
    ]


def pasted(
    image: Float[np.ndarray, "3 h w"], source: Float[np.ndarray, "3 h w"], box: Box
) -> Float[np.ndarray, "3 h w"]:
    """The image with what the source shows inside the box."""
    made = image.copy()
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    made[:, rows, columns] = source[:, rows, columns]
    return made
