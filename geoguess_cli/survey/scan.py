"""A scan: the occlusion map of each photo of a set, and the spots that stand out of it.

It knows no model, only a callable from images to probabilities and one that reads photos. What is
found out about a photo goes into a store at once, so that a long scan can be interrupted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from geoguess_cli.choices import Baseline, FollowedCell
from geoguess_cli.errors import CellError, PhotoError
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.occlusion_map import Predict, occlusion_map
from geoguess_cli.survey.scan_store import ScannedPhoto, ScanStore
from geoguess_cli.survey.spots import RULES, Rules, examined_spots, prominent_boxes


@dataclass(frozen=True)
class ScanPlan:
    """How the photos of a set are looked at.

    Attributes:
        window: Side of the covered square, in pixels of the photo as the model sees it.
        stride: Step from one window to the next, in pixels.
        baselines: What covered pixels become; drops are the mean over them.
        follow: The cell of each photo whose probability is followed: the likeliest, or the true
            one.
        seed: Of the noise.
        rules: What stands out of a map.
    """

    window: int = 32
    stride: int = 16
    baselines: tuple[Baseline, ...] = ("mean",)
    follow: FollowedCell = "top"
    seed: int = 0
    rules: Rules = RULES

    def key(self, model: Mapping[str, Any]) -> dict[str, Any]:
        """What a stored scan was made with: scans of equal keys are the same.

        Args:
            model: Which model it is, as plain JSON.
        """
        own = asdict(self) | {"baselines": list(self.baselines)}
        rules = own.pop("rules")
        proposals = {name: rules[name] for name in ("least_excess", "most_area")}
        return {"model": dict(model), **own, **proposals}


@dataclass(frozen=True, eq=False)
class Scanned:
    """What a scan says of one photo.

    Attributes:
        row: Position in the list of photos that was asked about.
        photo: What was found out; None for a photo that has no map.
        error: Why it has none.
        reused: Whether an earlier run found it out.
    """

    row: int
    photo: ScannedPhoto | None
    error: str | None = None
    reused: bool = False


def scan_photos(
    predict: Predict,
    read: Callable[[Path], np.ndarray],
    paths: Sequence[Path],
    plan: ScanPlan,
    store: ScanStore,
    *,
    truths: Int[np.ndarray, " n"] | None = None,
    batch_size: int = 32,
) -> Iterator[Scanned]:
    """Each photo of a set, in the order given; one that has no map does not end the others.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        read: A photo file as the model sees it.
        paths: Photo files.
        plan: How to look at them.
        store: What earlier runs found out, and where this one adds to.
        truths: The true cell of each photo, -1 where it lies in none; needed to follow it.
        batch_size: Images that go through the model at once.

    Raises:
        ConfigError: A window or stride that does not fit the photos as the model sees them.
        ModelError: Probabilities that are not finite.
    """
    for row, path in enumerate(paths):
        try:
            truth = None
            if plan.follow == "truth":
                truth = _cell_of(truths, row)
            digest = blake2b(path.read_bytes(), digest_size=16).hexdigest()
            name = digest if truth is None else f"{digest}-{truth}"
            known = store.get(name)
            if known is None:
                image = read(path)
                found = scan_photo(predict, image, plan, truth=truth, batch_size=batch_size)
                store.add(name, found)
        except CellError as error:
            yield Scanned(row, None, str(error))
        except (PhotoError, OSError) as error:
            yield Scanned(row, None, str(error) or type(error).__name__)
        else:
            # As it was read back, so that an interrupted scan ends like any other.
            yield Scanned(row, known or store.get(name), reused=known is not None)


def scan_photo(
    predict: Predict,
    image: Float32[np.ndarray, "3 h w"],
    plan: ScanPlan,
    *,
    truth: int | None = None,
    batch_size: int = 32,
) -> ScannedPhoto:
    """One photo's occlusion map, and its spots covered alone and shown alone.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        plan: How to look at it.
        truth: The cell to follow; None follows the likeliest.
        batch_size: Images that go through the model at once.

    Raises:
        ConfigError: A window or stride that does not fit the image.
        ModelError: Probabilities that are not finite.
    """
    height, width = image.shape[1:]
    cell_index = truth
    if cell_index is None:
        cell_index = int(np.asarray(predict(image[None]))[0].argmax())
    covers = baseline_images(plan.baselines, image, window=plan.window, seed=plan.seed)
    made = occlusion_map(
        predict,
        image,
        cell_index,
        window=plan.window,
        stride=plan.stride,
        batch_size=batch_size,
        baselines=covers,
    )
    boxes = prominent_boxes(
        made.window_drops,
        height,
        width,
        window=plan.window,
        stride=plan.stride,
        least_excess=plan.rules.least_excess * made.value,
        most_area=plan.rules.most_area,
    )
    spots = examined_spots(predict, image, cell_index, boxes, list(covers.values()))
    return ScannedPhoto(cell_index, made.value, tuple(spots), made.window_drops)


def whole_drives(
    drives: Int[np.ndarray, " n"], limit: int, *, seed: int = 0
) -> Int[np.ndarray, " m"]:
    """Rows of as many whole drives as hold at most so many photos, in order.

    A shortcut shows only where several photos of one drive are looked at. Drives are drawn at
    random; of a drive that alone has too many photos the first ones are taken.

    Args:
        drives: The drive of each row, as a number; -1 where it is not known: a drive by itself.
        limit: Photos, at least 1.
        seed: Of the draw.

    >>> whole_drives(np.array([7, 7, 8, 8, 8, 9]), 4).tolist()
    [0, 1, 5]
    """
    own = np.where(drives < 0, -1 - np.arange(len(drives)), drives)
    _, counts = np.unique(own, return_counts=True)
    by_drive = np.split(np.argsort(own, kind="stable"), np.cumsum(counts)[:-1])
    taken: list[int] = []
    for at in np.random.default_rng(seed).permutation(len(by_drive)):
        if not taken or len(taken) + counts[at] <= limit:
            taken += by_drive[at][:limit].tolist()
    return np.sort(np.array(taken, dtype=np.int64))


def _cell_of(truths: Int[np.ndarray, " n"] | None, row: int) -> int:
    if truths is None or truths[row] < 0:
        raise CellError("it lies in no cell of the model's partition; --target top needs none")
    return int(truths[row])
