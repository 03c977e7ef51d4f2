"""Compare a survey of the sample world with the truth: label masks and trucks.

    python benchmarks/attention.py [--model artifacts/model] [--limit N] [--cache DIR]

The sample world is painted with label masks, and any photo of it can be painted again without the
truck in front of the camera. This gives the truth: which parts of a photo depend on the place,
where the truck is, and whether the answer rests on it. The script prints JSON lines, for the
drives that the model was trained on and for the held-out drives:

- the share of the positive drop on each label, divided by its share of the area (1 stands for an
  even spread), with 95 % intervals over drives;
- precision and recall of the shortcut report. A suspect is right if its drive follows a truck and
  the truck fills a tenth of the box in most of its photos. Recall counts all drives with a truck in
  at least two photos, and among them the drives that the model *relies* on: in at least two photos
  the answer changes, or loses a quarter of its probability, when the truck is painted away.
"""

import argparse
import dataclasses
import io
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from geoguess_cli.choices import BASELINES
from geoguess_cli.evaluation.intervals import Bootstrap, Interval, Statistic, ratio_of
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.occlusion.grid import spread
from geoguess_cli.photos.table import PhotoTable, read_photo_table
from geoguess_cli.survey.scan import ScanPlan
from geoguess_cli.survey.session import survey_photos
from geoguess_cli.survey.shortcuts import SharedSpot
from geoguess_cli.survey.survey import Survey

ROOT = Path(__file__).resolve().parents[1]
WORLD = ROOT / "sample_data"
sys.path.insert(0, str(WORLD))

from make_world import JPEG_QUALITY, states  # noqa: E402
from world import canvas, scene  # noqa: E402
from world.drives import Shot, all_shots  # noqa: E402

PLACELESS = {canvas.SKY, canvas.VEHICLE}
"""Labels that say nothing about the place; all other labels do."""

LEAST_TRUCK = 0.1
LEAST_LOSS = 0.25
LEAST_PHOTOS = 2


class Masks:
    """Labels and trucks of the photos, at the size that a model sees."""

    def __init__(self, shots: Sequence[Shot], size: int, folder: Path) -> None:
        self._shots, self.size, self._folder = shots, size, folder
        folder.mkdir(parents=True, exist_ok=True)

    def labels(self, row: int) -> np.ndarray:
        """The label of each pixel of a photo."""
        shot = self._shots[row]
        path = self._folder / f"{shot.id}.png"
        if not path.exists():
            Image.fromarray(scene.render(shot)[1], "L").save(path)
        return np.asarray(Image.open(path).resize((self.size, self.size), Image.Resampling.NEAREST))

    @cache  # noqa: B019
    def without_truck(self, row: int) -> np.ndarray:
        """The photo painted again without its truck."""
        return scene.render(dataclasses.replace(self._shots[row], truck=False))[0]

    def truck(self, row: int) -> np.ndarray:
        """Whether each pixel shows the truck, or its shadow."""
        shot = self._shots[row]
        if shot.drive.truck is None or not shot.truck:
            return np.zeros((self.size, self.size), dtype=bool)
        changed = (scene.render(shot)[0] != self.without_truck(row)).any(axis=2)
        return self._resized(Image.fromarray(changed.astype(np.uint8), "L")) > 0

    def _resized(self, mask: Image.Image) -> np.ndarray:
        """A mask at the size that the model sees; no two labels are mixed."""
        return np.asarray(mask.resize((self.size, self.size), Image.Resampling.NEAREST))


def drop_by_label(survey: Survey, rows: Sequence[int], masks: Masks) -> np.ndarray:
    """The positive drop of each photo and label, and the same drop spread evenly over the photo."""
    size, plan, count = masks.size, survey.plan, len(canvas.LABELS)
    drops = np.zeros((len(rows), 2, count))
    for at, row in enumerate(rows):
        window_drops = survey.photos[row].window_drops
        drop = spread(window_drops, size, size, window=plan.window, stride=plan.stride)
        positive = np.maximum(drop, 0).ravel()
        labels = masks.labels(row).ravel()
        drops[at, 0] = np.bincount(labels, positive, minlength=count)
        drops[at, 1] = positive.sum() * np.bincount(labels, minlength=count) / labels.size
    return drops


def shares(drops: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    """The share of the drop on each label, on its area, and their ratio; also of all informative
    labels together."""
    informative = [k for k in range(len(canvas.LABELS)) if k not in PLACELESS]
    sets = {name: [k] for k, name in enumerate(canvas.LABELS)} | {"informative": informative}
    statistics: dict[str, Statistic] = {}
    total = drops[:, 0].sum(axis=1)
    for name, labels in sets.items():
        on, even = drops[:, 0, labels].sum(axis=1), drops[:, 1, labels].sum(axis=1)
        statistics[f"{name}.share"] = ratio_of(on, total)
        statistics[f"{name}.by_area"] = ratio_of(even, total)
        statistics[f"{name}.ratio"] = ratio_of(on, even)
    intervals = Bootstrap(groups).intervals(statistics)
    return {
        name: {key: rounded(intervals[f"{name}.{key}"]) for key in ("share", "ratio")}
        | {"by_area": round(intervals[f"{name}.by_area"].value, 3)}
        for name in ("informative", *canvas.LABELS)
    }


def rounded(interval: Interval) -> list[float | None]:
    """Value, low and high of a statistic; None for an end that is undefined."""
    ends = (interval.value, interval.low, interval.high)
    return [round(end, 3) if math.isfinite(end) else None for end in ends]


def relied_on(
    rows: Sequence[int], survey: Survey, predictor: Predictor, masks: Masks, shots: Sequence[Shot]
) -> bool:
    """Whether the answers of a drive's photos rest on its truck."""
    resting = 0
    for row in rows:
        photo = survey.photos.get(row)
        if photo is None or not shots[row].truck:
            continue
        file = io.BytesIO()
        Image.fromarray(masks.without_truck(row)).save(file, "JPEG", quality=JPEG_QUALITY)
        image = predictor.transform(Image.open(file))
        probabilities = predictor.probabilities(image[None])[0]
        lost = 1 - float(probabilities[photo.cell_index]) / photo.probability
        resting += lost >= LEAST_LOSS or int(probabilities.argmax()) != photo.cell_index
    return resting >= LEAST_PHOTOS


def on_truck(spot: SharedSpot, masks: Masks) -> bool:
    """Whether the truck fills enough of the box in most photos."""
    box = spot.box
    filled = [masks.truck(row)[box.top : box.bottom, box.left : box.right] for row in spot.rows]
    return float(np.median([part.mean() for part in filled])) >= LEAST_TRUCK


def share_of(hits: int, count: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval."""
    if not count:
        return {"hits": 0, "of": 0, "share": None}
    z, p = 1.96, hits / count
    middle = (p + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(p * (1 - p) / count + z**2 / (4 * count**2))
    ends = [round(float(max(0.0, middle - half)), 3), round(float(min(1.0, middle + half)), 3)]
    return {"hits": hits, "of": count, "share": round(p, 3), "interval": ends}


def judged(
    survey: Survey,
    of_part: Callable[[int], bool],
    drives: np.ndarray,
    followed: set[int],
    relied: set[int],
    masks: Masks,
) -> dict[str, Any]:
    """Precision and recall of the suspects of some drives, and of all their shared spots."""
    scores: dict[str, Any] = {}
    for name, spots in (
        ("suspects", survey.suspects),
        ("all_shared_spots", [*survey.suspects, *survey.cleared]),
    ):
        listed = [spot for spot in spots if of_part(spot.rows[0])]
        right = [spot for spot in listed if spot.drive in followed and on_truck(spot, masks)]
        hit = {spot.drive for spot in right}
        part = {drive for drive in followed if of_part(int(np.flatnonzero(drives == drive)[0]))}
        scores[name] = {
            "precision": share_of(len(right), len(listed)),
            "recall_of_trucks": share_of(len(hit & part), len(part)),
            "recall_of_trucks_relied_on": share_of(len(hit & part & relied), len(part & relied)),
        }
    return scores


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "artifacts" / "model")
    parser.add_argument("--limit", type=int, default=10_000, help="photos, in whole drives")
    parser.add_argument("--baseline", choices=BASELINES, action="append")
    parser.add_argument("--cache", type=Path, default=ROOT / "artifacts" / "attention")
    return parser.parse_args()


def main() -> None:
    """Survey, measure and print."""
    arguments = parsed()
    table: PhotoTable = read_photo_table(WORLD / "photos.csv")
    shots = all_shots(states)
    assert [shot.id for shot in shots] == table.frame["id"].to_list()
    predictor = Predictor.load(arguments.model, precision="fp32")
    plan = ScanPlan(baselines=tuple(arguments.baseline or ("mean",)))
    start = time.perf_counter()
    report = survey_photos(predictor, table, plan, arguments.cache, limit=arguments.limit)
    seconds = time.perf_counter() - start
    survey = report.survey
    drives = survey.known.drives
    masks = Masks(shots, predictor.spec.size, arguments.cache / "masks")
    print(
        json.dumps(
            {
                "photos": len(survey.photos),
                "drives": survey.attention.sequences,
                "from_an_earlier_run": survey.reused,
                "seconds": round(seconds, 1),
                "thirds": {name: rounded(share) for name, share in survey.attention.thirds.items()},
            }
        ),
        flush=True,
    )
    held_out = (table.frame["split"] != "train").to_numpy()
    parts: dict[str, Callable[[int], bool]] = {
        "held out": lambda row: bool(held_out[row]),
        "trained on": lambda row: not held_out[row],
    }
    for name, of_part in parts.items():
        listed = [row for row in survey.photos if of_part(row)]
        labels = shares(drop_by_label(survey, listed, masks), drives[listed])
        print(json.dumps({"part": name, "photos": len(listed), "labels": labels}), flush=True)
    with_truck = [row for row in survey.photos if shots[row].truck]
    numbers, counts = np.unique(drives[with_truck], return_counts=True)
    followed = {int(number) for number in numbers[counts >= LEAST_PHOTOS]}
    relied = {
        drive
        for drive in followed
        if relied_on(np.flatnonzero(drives == drive).tolist(), survey, predictor, masks, shots)
    }
    for name, of_part in (*parts.items(), ("both", lambda _: True)):
        scores = judged(survey, of_part, drives, followed, relied, masks)
        print(json.dumps({"part": name, "shortcuts": scores}), flush=True)
    suspects = [suspect_record(spot, table, masks, followed) for spot in survey.suspects]
    print(json.dumps({"suspects": suspects}))


def suspect_record(
    spot: SharedSpot, table: PhotoTable, masks: Masks, followed: set[int]
) -> dict[str, Any]:
    """A suspect, and whether it is a truck."""
    return {
        "drive": table.frame["sequence"][spot.rows[0]],
        "score": round(spot.score, 3),
        "drop": round(spot.drop, 3),
        "carried": round(spot.carried, 3),
        "alone": round(spot.alone, 3),
        "photos": len(spot.rows),
        "truck": spot.drive in followed and on_truck(spot, masks),
        "labels": named_labels(spot, masks),
    }


def named_labels(spot: SharedSpot, masks: Masks) -> dict[str, float]:
    """The share of each label in a box, over its photos."""
    box, count = spot.box, np.zeros(len(canvas.LABELS))
    for row in spot.rows:
        part = masks.labels(row)[box.top : box.bottom, box.left : box.right]
        count += np.bincount(part.ravel(), minlength=len(count))
    named = dict(zip(canvas.LABELS, (count / count.sum()).round(2).tolist(), strict=True))
    return {name: share for name, share in named.items() if share >= 0.05}


if __name__ == "__main__":
    main()
