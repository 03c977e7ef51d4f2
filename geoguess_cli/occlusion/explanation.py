"""Photos explained: the occlusion map of each, and whether it tells the truth about the model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoguess_cli.choices import Baseline
from geoguess_cli.errors import CellError, PhotoError
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.faithfulness import (
    RANDOM_ORDERS,
    STEPS,
    Curves,
    Faithfulness,
    curve_passes,
    faithfulness,
)
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_map
from geoguess_cli.occlusion.targets import Question

if TYPE_CHECKING:
    from geoguess_cli.inference.predictor import Photo, Predictor


@dataclass(frozen=True)
class Plan:
    """How maps are made and judged.

    Attributes:
        window: Side of the covered square, in pixels of the photo as the model sees it.
        stride: Step from one window to the next, in pixels.
        baselines: What covered pixels become; the map is the mean over them.
        steps: Points of the curves that judge a map; 0 leaves it unjudged.
        random_orders: Rivals that a map must beat.
        seed: Of the noise and of the random orders.
        batch_size: Images that go through the model at once.
    """

    window: int = 32
    stride: int = 8
    baselines: tuple[Baseline, ...] = ("mean",)
    steps: int = STEPS
    random_orders: int = RANDOM_ORDERS
    seed: int = 0
    batch_size: int = 32


@dataclass(frozen=True, eq=False)
class Explanation:
    """A photo with its map, judged or not (then `faithfulness` is None)."""

    photo: Path
    occlusion: OcclusionMap
    faithfulness: Faithfulness | None


@dataclass(frozen=True)
class Unexplained:
    """A photo without a map, and why in one line."""

    photo: Path
    error: str


def explain_photos(
    predictor: "Predictor",
    photos: Sequence[Path],
    question: Question,
    plan: Plan,
    *,
    truths: Sequence[tuple[float, float] | None] | None = None,
    on_batch: Callable[[int, int], None] | None = None,
) -> Iterator[Explanation | Unexplained]:
    """Each photo's explanation, in the order given; one that fails does not end the others.

    Args:
        predictor: The model at work; bf16 would blur drops of a hundredth.
        photos: Photo files.
        question: What to follow.
        plan: How to make and judge the maps.
        truths: Where each photo was taken, in degrees, latitude first; None where it is not known.
        on_batch: Called with (images done, images in all) of one photo after each batch.

    Raises:
        CellError: A token that is not in the partition.
        ConfigError: A window, stride or number that does not fit the photo as the model sees it.
        ModelError: A logit that is not finite.
    """
    if question.what not in ("top", "truth", "region", "distance"):
        predictor.partition.index_of(question.what)
    for photo, truth in zip(photos, truths or [None] * len(photos), strict=True):
        try:
            yield explain_photo(predictor, photo, question, plan, truth=truth, on_batch=on_batch)
        except PhotoError as error:
            yield Unexplained(photo, str(error))
        except CellError as error:
            yield Unexplained(photo, f"{photo}: {error}")


def explain_photo(
    predictor: "Predictor",
    photo: "Photo",
    question: Question,
    plan: Plan,
    *,
    truth: tuple[float, float] | None = None,
    on_batch: Callable[[int, int], None] | None = None,
) -> Explanation:
    """The explanation of one photo in any form; the arguments are those of `explain_photos`.

    Raises:
        PhotoError: The file does not exist, or the photo cannot be decoded.
        CellError: There is no such cell, or the true place lies in no cell.
        ConfigError: A window, stride or number that does not fit the photo as the model sees it.
        ModelError: A logit that is not finite.
    """
    image = predictor.image(photo)
    photo = Path(photo) if isinstance(photo, str | Path) else Path()
    answer = predictor.answer(image)
    target = question.target(
        predictor.partition, answer.probabilities, answer=answer.estimate, truth=truth
    )
    judging = curve_passes(plan.steps, plan.random_orders) if plan.steps else 0
    made = occlusion_map(
        predictor.probabilities,
        image,
        target,
        window=plan.window,
        stride=plan.stride,
        batch_size=plan.batch_size,
        baselines=baseline_images(plan.baselines, image, window=plan.window, seed=plan.seed),
        on_batch=_shifted(on_batch, 0, judging),
    )
    if not plan.steps:
        return Explanation(photo, made, None)
    judged = faithfulness(
        predictor.probabilities,
        image,
        made,
        steps=plan.steps,
        random_orders=plan.random_orders,
        seed=plan.seed,
        batch_size=plan.batch_size,
        on_batch=_shifted(on_batch, made.total, 0),
    )
    return Explanation(photo, made, judged)


def _shifted(
    on_batch: Callable[[int, int], None] | None, before: int, after: int
) -> Callable[[int, int], None] | None:
    """The same callback, for work that has other work before and after it."""
    if on_batch is None:
        return None
    return lambda done, total: on_batch(before + done, before + total + after)


def explanation_record(explained: Explanation, plan: Plan) -> dict[str, Any]:
    """An explanation as JSON: the question, the map by windows, the curves.

    `drop` of a pixel is the mean over the windows that cover it; window (i, j) reaches from row
    `tops[i]` and column `lefts[j]` over `window` pixels, cut at the edge.
    """
    made = explained.occlusion
    height, width = made.drop.shape
    rows, columns = made.window_drops.shape
    decimals = 3 if made.target.measure == "km" else 6
    return {
        **summary_record(explained),
        "window": made.window,
        "stride": made.stride,
        "baselines": list(made.baselines),
        "seed": plan.seed,
        "image": {"width": width, "height": height},
        "tops": [made.stride * i for i in range(rows)],
        "lefts": [made.stride * j for j in range(columns)],
        "window_drops": np.round(made.window_drops.astype(np.float64), decimals).tolist(),
        "faithfulness": _curves_record(explained.faithfulness, decimals),
    }


def summary_record(explained: Explanation) -> dict[str, Any]:
    """What an explanation says in a few numbers."""
    made, judged = explained.occlusion, explained.faithfulness
    return {
        "photo": str(explained.photo),
        "target": made.target.name,
        "measure": made.target.measure,
        "value": made.value,
        "greatest_drop": float(made.drop.max()),
        "greatest_rise": float(-made.drop.min()),
        "faithfulness": judged
        and {
            "better_than_random": judged.better_than_random,
            "beaten": judged.beaten,
            **areas_record(judged),
        },
        "error": None,
    }


def areas_record(judged: Faithfulness) -> dict[str, dict[str, float]]:
    """Areas and score of the map, of random orders (their means) and of the edges."""
    return {
        "map": _areas(judged, [judged.own]),
        "random": _areas(judged, judged.random),
        "edges": _areas(judged, [judged.edges]),
    }


def _areas(judged: Faithfulness, curves: Sequence[Curves]) -> dict[str, float]:
    """The areas and the score of some curves: their means."""
    return {
        "deletion_area": float(np.mean([one.deletion_area for one in curves])),
        "insertion_area": float(np.mean([one.insertion_area for one in curves])),
        "score": float(np.mean([judged.score(one) for one in curves])),
    }


def _curves_record(judged: Faithfulness | None, decimals: int) -> dict[str, Any] | None:
    if judged is None:
        return None

    def record(curves: Curves) -> dict[str, Any]:
        return {
            "deletion": np.round(curves.deletion, decimals).tolist(),
            "insertion": np.round(curves.insertion, decimals).tolist(),
            **_areas(judged, [curves]),
        }

    return {
        "better_than_random": judged.better_than_random,
        "beaten": judged.beaten,
        "shares": np.round(judged.shares, 6).tolist(),
        "map": record(judged.own),
        "edges": record(judged.edges),
        "random": [record(curves) for curves in judged.random],
    }
