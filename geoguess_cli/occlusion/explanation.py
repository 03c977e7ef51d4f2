"""Explanations of photos: the occlusion map of each, and how well it describes the model.

This is the only module of the room that knows a predictor.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.choices import Baseline, Resize
from geoguess_cli.errors import CellError, PhotoError
from geoguess_cli.occlusion.adaptive import adaptive_map
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.faithfulness import (
    RANDOM_ORDERS,
    STEPS,
    Faithfulness,
    curve_passes,
    faithfulness,
)
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_map
from geoguess_cli.occlusion.targets import Question
from geoguess_cli.photos.archives import Member, PhotoFile

if TYPE_CHECKING:
    from geoguess_cli.inference.photo_predictor import Photo, PhotoPredictor
    from geoguess_cli.model.familiarity import Likeness

OnBatch = Callable[[int, int], None]
"""Called with (images done, images in all) after each batch."""


@dataclass(frozen=True)
class Plan:
    """How maps are computed and judged.

    Attributes:
        window: Side of the covered square, in pixels of the photo as the model sees it.
        stride: Step from one window to the next, in pixels.
        baselines: What covered pixels become; the map is the mean over the baselines.
        steps: Number of steps of the curves that judge a map, at least 2; 0 judges no map.
        random_orders: Number of random orders that a map is compared with, at least 1.
        seed: Seed of the noise and of the random orders.
        batch_size: Images that go through the model at once, at least 1.
        adaptive: Whether to cover about a third of the windows and interpolate the others.
    """

    window: int = 32
    stride: int = 8
    baselines: tuple[Baseline, ...] = ("mean",)
    steps: int = STEPS
    random_orders: int = RANDOM_ORDERS
    seed: int = 0
    batch_size: int = 32
    adaptive: bool = False


@dataclass(frozen=True, eq=False)
class Explanation:
    """A photo with its occlusion map.

    Attributes:
        photo: The file; `Path()` for a photo without a file.
        occlusion: The finished map.
        faithfulness: The curves that judge the map; None if it was not judged.
        seed: Seed of the noise and of the random orders.
        resize: How the photo became the model's square.
        likeness: How near the photo lies to the training photos; None if that is not known.
    """

    photo: PhotoFile
    occlusion: OcclusionMap
    faithfulness: Faithfulness | None = None
    seed: int = 0
    resize: Resize = "squash"
    likeness: "Likeness | None" = None

    @property
    def unlike(self) -> bool:
        """Whether the photo is known to be unlike the training photos."""
        return self.likeness is not None and self.likeness.unlike


@dataclass(frozen=True)
class Unexplained:
    """A photo without a map, and the reason in one line."""

    photo: PhotoFile
    error: str


def explain_photos(
    predictor: "PhotoPredictor",
    photos: Sequence[PhotoFile],
    question: Question,
    plan: Plan,
    *,
    truths: Sequence[tuple[float, float] | None] | None = None,
    on_batch: OnBatch | None = None,
) -> Iterator[Explanation | Unexplained]:
    """The explanation of each photo, in the order given; a photo that fails is `Unexplained`.

    Args:
        predictor: The model. In bf16 drops are off by up to a hundredth.
        photos: The photos.
        question: The target of the maps.
        plan: How to compute and judge the maps.
        truths: Where each photo was taken: latitude, longitude, in degrees; None if unknown.
        on_batch: Called with (images done, images in all) of one photo after each batch.

    Raises:
        CellError: The question names a cell that is not in the partition.
        ConfigError: A window, stride or number does not fit the photo as the model sees it.
        ModelError: A logit is not finite.
    """
    question.check(predictor.partition)
    for photo, truth in zip(photos, truths or [None] * len(photos), strict=True):
        try:
            yield explain_photo(predictor, photo, question, plan, truth=truth, on_batch=on_batch)
        except PhotoError as error:
            yield Unexplained(photo, str(error))
        except CellError as error:
            yield Unexplained(photo, f"{photo}: {error}")


def explain_photo(
    predictor: "PhotoPredictor",
    photo: "Photo",
    question: Question,
    plan: Plan,
    *,
    truth: tuple[float, float] | None = None,
    on_batch: OnBatch | None = None,
) -> Explanation:
    """The explanation of one photo in any form; the arguments are those of `explain_photos`.

    Raises:
        CellError: The cell or the region of the question does not exist, or the truth is unknown.
        ConfigError: A window, stride or number does not fit the photo as the model sees it.
        ModelError: A logit is not finite.
        PhotoError: The file does not exist, or the photo cannot be decoded.
    """
    image = predictor.image(photo)
    file = photo if isinstance(photo, Member) else Path()
    if isinstance(photo, str | Path):
        file = Path(photo)
    answer = predictor.answer(image)
    target = question.target(predictor.partition, answer, truth=truth)
    judging = curve_passes(plan.steps, plan.random_orders) if plan.steps else 0
    mapped = adaptive_map if plan.adaptive else occlusion_map
    occlusion = mapped(
        predictor.for_windows,
        image,
        target,
        window=plan.window,
        stride=plan.stride,
        batch_size=plan.batch_size,
        baselines=baseline_images(plan.baselines, image, window=plan.window, seed=plan.seed),
        on_batch=_shifted(on_batch, 0, judging),
    )
    curves = None
    if plan.steps:
        curves = faithfulness(
            predictor.for_windows,
            image,
            occlusion,
            steps=plan.steps,
            random_orders=plan.random_orders,
            seed=plan.seed,
            batch_size=plan.batch_size,
            on_batch=_shifted(on_batch, occlusion.total, 0),
        )
    resize = predictor.spec.resize
    return Explanation(file, occlusion, curves, plan.seed, resize, answer.likeness)


def _shifted(on_batch: OnBatch | None, before: int, after: int) -> OnBatch | None:
    """The callback for a part of the work, with `before` and `after` images in the other parts."""
    return on_batch and (lambda done, total: on_batch(before + done, before + total + after))
