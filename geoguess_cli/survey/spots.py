"""Spots: small parts of one photo that its answer rests on.

Any covered window costs some probability, because a flat square belongs in no photo. A spot is
therefore found by how far its drop exceeds the rest of its own map, not by the drop alone. It is
then tested as a whole: once covered, and once shown with everything else covered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import find_objects, label

from geoguess_cli.occlusion.occlusion_map import OcclusionMap, Predict

MOST_SPOTS = 4
"""Greatest number of spots of a photo; the strongest are kept."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the image as the model sees it, in pixels; bottom and right are exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Number of pixels."""
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
    """A part of a photo, tested by covering it and by covering everything else.

    Attributes:
        box: Its place.
        covered: Probability of the photo's cell when the spot is covered.
        covered_cell: The likeliest cell when the spot is covered.
        alone: Probability of the photo's cell when everything but the spot is covered.
        alone_cell: The likeliest cell when everything but the spot is covered.
    """

    box: Box
    covered: float
    covered_cell: int
    alone: float
    alone_cell: int


@dataclass(frozen=True)
class Rules:
    """Thresholds that make a part of the frame a deciding spot, and a shared spot a suspect.

    Attributes:
        least_excess: Least excess of a window's drop over the median of its map, as a share of the
            answer's probability.
        most_area: Greatest share of the frame that a spot may cover.
        least_drop: Least share of the answer's probability that covering a deciding spot takes,
            unless the answer changes.
        least_overlap: Least intersection over union of two spots at one place.
        least_photos: Least number of photos of a drive in which a shared spot decides.
        least_score: Least score of a suspect.
        photos: Greatest number of photos of a drive that exchange a spot.
        drives: Greatest number of other drives of the same cell that they exchange it with, and
            of the nearest drives.
        share: Share of those drives that may show the same object, in [0, 1).
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
    """The answer to a photo, and the spots that were tested in it.

    Attributes:
        cell_index: The cell that is followed.
        probability: Probability of this cell for the uncovered photo.
        spots: The spots that stand out from the photo's occlusion map.
    """

    cell_index: int
    probability: float
    spots: Sequence[Spot]


def decides(spot: Spot, answered: Answered, rules: Rules = RULES) -> bool:
    """Whether covering the spot alone changes the answer, or takes enough of its probability."""
    taken = 1 - spot.covered / answered.probability
    return spot.covered_cell != answered.cell_index or taken >= rules.least_drop


def prominent_boxes(occlusion: OcclusionMap, rules: Rules = RULES) -> list[Box]:
    """Boxes where a map exceeds its own median by far, the strongest first.

    A box holds adjacent windows whose excess over the median is at least half of the greatest
    excess of the map. A box that covers too much of the frame is left out.

    Args:
        occlusion: The map of a probability.
        rules: Thresholds of the strongest window of a box, and of the area of a box.
    """
    (height, width), window, stride = occlusion.drop.shape, occlusion.window, occlusion.stride
    least_excess = rules.least_excess * occlusion.value
    excess = occlusion.window_drops - np.median(occlusion.window_drops)
    if excess.max() < least_excess:
        return []
    sets, _ = label(excess >= excess.max() / 2)
    candidates: list[tuple[float, Box]] = []
    for number, (rows, columns) in enumerate(find_objects(sets), start=1):
        box = Box(
            rows.start * stride,
            columns.start * stride,
            min((rows.stop - 1) * stride + window, height),
            min((columns.stop - 1) * stride + window, width),
        )
        strongest = float(excess[sets == number].max())
        if strongest >= least_excess and box.area <= rules.most_area * height * width:
            candidates.append((strongest, box))
    candidates.sort(key=lambda candidate: -candidate[0])
    return [box for _, box in candidates[:MOST_SPOTS]]


def examined_spots(
    predict: Predict,
    image: Float[np.ndarray, "3 h w"],
    cell_index: int,
    boxes: Sequence[Box],
    covers: Iterable[Float[np.ndarray, "3 h w"]],
) -> list[Spot]:
    """Test each box covered, and with everything else covered; the mean over `covers`.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        cell_index: The cell whose probability is followed.
        boxes: The places to test.
        covers: The fully covered image, by each baseline.
    """
    if not boxes:
        return []
    covers = list(covers)
    images = []
    for box in boxes:
        images += [pasted(image, cover, box) for cover in covers]
        images += [pasted(cover, image, box) for cover in covers]
    probabilities = np.asarray(predict(np.stack(images)), dtype=np.float64)
    means = probabilities.reshape(len(boxes), 2, len(covers), -1).mean(axis=2)
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
    """A copy of the image with the content of the source inside the box."""
    copy = image.copy()
    inside = np.s_[:, box.top : box.bottom, box.left : box.right]
    copy[inside] = source[inside]
    return copy
