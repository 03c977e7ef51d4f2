"""A scan: the occlusion map of each photo, and the spots that stand out from it.

A scan knows no model, only a callable from images to probabilities and a callable that reads
photos. Each scanned photo goes into a store at once, so a long scan can be interrupted.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from geoguess_cli.choices import Baseline, FollowedCell
from geoguess_cli.errors import CellError, PhotoError
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.occlusion_map import Predict, occlusion_map
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.survey.recurrence import own_drives
from geoguess_cli.survey.scan_store import ScannedPhoto, ScanStore
from geoguess_cli.survey.spots import RULES, Rules, examined_spots, prominent_boxes


@dataclass(frozen=True)
class ScanPlan:
    """How photos are scanned.

    Attributes:
        window: Side of the covered square, in pixels of the photo as the model sees it.
        stride: Step from one window to the next, in pixels.
        baselines: What replaces covered pixels; a drop is the mean over these baselines.
        follow: The cell whose probability is followed in each photo: the likeliest or the true.
        seed: Seed of the noise.
        rules: Thresholds for spots.
        batch_size: Images that go through the model at once.
    """

    window: int = 32
    stride: int = 16
    baselines: tuple[Baseline, ...] = ("mean",)
    follow: FollowedCell = "top"
    seed: int = 0
    rules: Rules = RULES
    batch_size: int = 32

    def key(self, model: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a stored scan; scans with equal keys are equal.

        Args:
            model: Identity of the model, as plain JSON.
        """
        names = ("window", "stride", "follow", "seed")
        return {
            "model": dict(model),
            "baselines": list(self.baselines),
            **{name: getattr(self, name) for name in names},
            **{name: getattr(self.rules, name) for name in ("least_excess", "most_area")},
        }


@dataclass(frozen=True, eq=False)
class Scanned:
    """The scan of one photo, or the reason why it has none.

    Attributes:
        row: Position of the photo in the list.
        photo: Its scan; None if it has no map.
        error: Why it has no map.
        reused: Whether an earlier run scanned it.
    """

    row: int
    photo: ScannedPhoto | None
    error: str | None = None
    reused: bool = False


@dataclass(frozen=True, eq=False)
class FreshScan:
    """The scan of a photo before it is kept.

    Attributes:
        name: Name of the photo in a store; "" if the photo cannot be used.
        photo: Its scan; None if the store holds one, or if the photo cannot be used.
        error: Why the photo cannot be used.
    """

    name: str = ""
    photo: ScannedPhoto | None = None
    error: str | None = None


FreshScans = Callable[
    [Sequence[PhotoFile], ScanPlan, ScanStore, "Int[np.ndarray, ' n'] | None"], Iterator[FreshScan]
]
"""Scans photos, given their files, the plan, the store of earlier scans and their true cells."""


def scan_photos(
    predict: Predict,
    read: Callable[[PhotoFile], np.ndarray],
    files: Sequence[PhotoFile],
    plan: ScanPlan,
    store: ScanStore,
    *,
    truths: Int[np.ndarray, " n"] | None = None,
    fresh: FreshScans | None = None,
) -> Iterator[Scanned]:
    """The scan of each photo, in the order of `files`; an unusable photo does not end the scan.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        read: Reads a photo as the model sees it.
        files: The photos.
        plan: How to scan.
        store: The scans of earlier runs; new scans are added to it.
        truths: Index of the true cell of each photo, -1 if it lies in none; required if the plan
            follows the true cell.
        fresh: Does the work in other processes too; None does it here.

    Raises:
        ConfigError: The window or the stride does not fit the photos as the model sees them.
        ModelError: A probability is not finite.
    """
    if fresh is None:
        scans = fresh_scans(predict, read, files, plan, store, truths=truths)
    else:
        scans = fresh(files, plan, store, truths)
    for row, scan in enumerate(scans):
        if scan.error is not None:
            yield Scanned(row, None, scan.error)
            continue
        earlier = store.get(scan.name)
        if earlier is None and scan.photo is not None:
            store.add(scan.name, scan.photo)
        # Read back from the store, so an interrupted scan ends with the same numbers.
        yield Scanned(row, earlier or store.get(scan.name), reused=earlier is not None)


def fresh_scans(
    predict: Predict,
    read: Callable[[PhotoFile], np.ndarray],
    files: Sequence[PhotoFile],
    plan: ScanPlan,
    held: Container[str],
    *,
    truths: Int[np.ndarray, " n"] | None = None,
    rows: Iterable[int] | None = None,
) -> Iterator[FreshScan]:
    """Scan photos one by one, as `scan_photos`.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        read: Reads a photo as the model sees it.
        files: The photos.
        plan: How to scan.
        held: Names of the photos that need no scan; it may grow.
        truths: Index of the true cell of each photo, -1 if it lies in none.
        rows: Positions of the photos to scan; None for all.

    Raises:
        ConfigError: The window or the stride does not fit the photos as the model sees them.
        ModelError: A probability is not finite.
    """
    for row in range(len(files)) if rows is None else rows:
        file = files[row]
        try:
            truth = _cell_of(truths, row) if plan.follow == "truth" else None
            name = _scan_name(file, truth)
            known = name in held
            photo = None if known else scan_photo(predict, read(file), plan, truth=truth)
        except CellError as error:
            yield FreshScan(error=str(error))
        except (PhotoError, OSError) as error:
            yield FreshScan(error=str(error) or type(error).__name__)
        else:
            yield FreshScan(name, photo)


def scan_photo(
    predict: Predict,
    image: Float32[np.ndarray, "3 h w"],
    plan: ScanPlan,
    *,
    truth: int | None = None,
) -> ScannedPhoto:
    """The occlusion map of one photo, and its spots tested one by one.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image: The photo as the model sees it (normalised).
        plan: How to scan.
        truth: Index of the cell to follow; None follows the likeliest cell.

    Raises:
        ConfigError: The window or the stride does not fit the image.
        ModelError: A probability is not finite.
    """
    cell_index = int(predict(image[None])[0].argmax()) if truth is None else truth
    covers = baseline_images(plan.baselines, image, window=plan.window, seed=plan.seed)
    occlusion = occlusion_map(
        predict,
        image,
        cell_index,
        window=plan.window,
        stride=plan.stride,
        batch_size=plan.batch_size,
        baselines=covers,
    )
    boxes = prominent_boxes(occlusion, plan.rules)
    spots = examined_spots(predict, image, cell_index, boxes, covers.values())
    return ScannedPhoto(cell_index, occlusion.value, tuple(spots), occlusion.window_drops)


def whole_drives(
    drives: Int[np.ndarray, " n"], limit: int, *, seed: int = 0
) -> Int[np.ndarray, " m"]:
    """Rows of whole drives, at most `limit` photos in all, in order.

    A shortcut shows only if several photos of one drive are scanned. Drives are drawn at random. If
    the first drive has more photos than the limit, its first photos are taken.

    Args:
        drives: Number of the drive of each row; a row with -1 counts as a drive of its own.
        limit: Greatest number of photos, at least 1.
        seed: Seed of the draw.

    >>> whole_drives(np.array([7, 7, 8, 8, 8, 9]), 4).tolist()
    [0, 1, 5]
    """
    own = own_drives(drives)
    _, counts = np.unique(own, return_counts=True)
    by_drive = np.split(np.argsort(own, kind="stable"), np.cumsum(counts)[:-1])
    taken: list[int] = []
    for at in np.random.default_rng(seed).permutation(len(by_drive)):
        if not taken or len(taken) + counts[at] <= limit:
            taken += by_drive[at][:limit].tolist()
    return np.sort(np.array(taken, dtype=np.int64))


def _scan_name(file: PhotoFile, truth: int | None) -> str:
    """The name of a photo's scan in a store: a hash of the file, and the cell if it is the true."""
    digest = blake2b(file.read_bytes(), digest_size=16).hexdigest()
    return digest if truth is None else f"{digest}-{truth}"


def _cell_of(truths: Int[np.ndarray, " n"] | None, row: int) -> int:
    if truths is None or truths[row] < 0:
        raise CellError("the photo lies in no cell of the model; use --target top")
    return int(truths[row])
