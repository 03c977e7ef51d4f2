"""What `report.json` holds: the parts of `statistics`, put together for the photos of one split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.choices import POINT_METHODS, PointMethod
from geoguess_cli.evaluation import breakdown
from geoguess_cli.evaluation.baselines import best_constant, most_frequent_cell
from geoguess_cli.evaluation.calibration import bins_of, reliability
from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import computed, draft, plain
from geoguess_cli.evaluation.intervals import Bootstrap, Draft, Interval
from geoguess_cli.evaluation.metrics import chance
from geoguess_cli.evaluation.selective import THRESHOLDS, CurvePoint, risk_coverage
from geoguess_cli.evaluation.statistics import (
    Abstention,
    CredibleSet,
    Distances,
    ExpectedDistance,
    Frequency,
    LogLoss,
    Overall,
    Part,
    Radius,
    Recall,
    ReliabilityBin,
    RightCell,
    RightPlace,
    RiskAreas,
    RiskDistances,
    Scores,
    ScoresOverAll,
)
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.credible import AREAS_KM2, MASSES
from geoguess_cli.photos.leak_report import LeakReport


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many photos, cells and sequences there are; `docs/metrics.md` defines each."""

    photos: int
    covered: int
    cells: int
    sequences: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Covered(RightPlace, Distances, RightCell):
    """The statistics over the covered photos alone."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """The covered photos by how sure the model is, at temperature 1 and at the model's."""

    before: Sequence[ReliabilityBin]
    after: Sequence[ReliabilityBin]


@dataclass(frozen=True, kw_only=True)
class CalibrationReport:
    """Whether probabilities mean what they say, at temperature 1 and at the model's."""

    temperature: float
    before: Scores
    after: Scores
    reliability: Reliability


@dataclass(frozen=True, kw_only=True)
class CredibleReport(CredibleSet):
    """The credible sets of one mass, over all photos and over the covered ones."""

    covered: CredibleSet


@dataclass(frozen=True, kw_only=True)
class RiskReport(RiskDistances, RiskAreas):
    """What confidence says of errors."""

    covered: RiskAreas
    curve: Sequence[CurvePoint]


@dataclass(frozen=True, kw_only=True)
class EstimateReport(Distances):
    """One way to choose the point estimate; `own` where it is the model's."""

    own: bool
    covered: Distances


@dataclass(frozen=True, kw_only=True)
class ExpectedReport(ExpectedDistance):
    """The expected distances, over all photos and over the covered ones."""

    covered: ExpectedDistance


@dataclass(frozen=True, kw_only=True)
class RadiusReport(Radius):
    """The 90 % radius, over all photos and over the covered ones."""

    covered: Radius


@dataclass(frozen=True, kw_only=True)
class FrequencyOfCovered(Distances, Frequency):
    """The answer with the most frequent cell, over the covered photos."""


@dataclass(frozen=True, kw_only=True)
class FrequentCell(Distances, Frequency):
    """What the answer with the most frequent cell of the training photos scores."""

    token: str
    covered: FrequencyOfCovered


@dataclass(frozen=True, kw_only=True)
class BestConstant(Distances):
    """What the one place with the least median distance scores; its place in degrees."""

    latitude: Interval
    longitude: Interval
    covered: Distances


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """What answers that look at no photo score."""

    chance: Interval
    most_frequent_cell: FrequentCell
    best_constant: BestConstant


@dataclass(frozen=True)
class Leaks:
    """What the photos share with the training photos, in words."""

    level: str
    verdict: str


@dataclass(frozen=True)
class Skipped:
    """A photo that could not be read, and why."""

    photo: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What was evaluated: the split, the model, how many photos."""

    split: str
    model: Mapping[str, Any]
    counts: Counts
    all: RightCell
    covered: Covered


@dataclass(frozen=True, kw_only=True)
class Report(LogLoss, RightPlace, Distances, Overall, Subject):
    """The statistics of a model on a split; the path of an attribute is its key in `report.json`.

    >>> # report.covered.median_km.value is the value of "covered.median_km"
    """

    calibration: CalibrationReport
    credible: Mapping[str, CredibleReport]
    recall_area: Sequence[Recall]
    risk_coverage: RiskReport
    abstention: Sequence[Abstention]
    point_estimates: Mapping[str, EstimateReport]
    expected_km: ExpectedReport
    radius_90: RadiusReport
    baselines: Baselines
    by_state: Mapping[str, Part]
    by_distance_to_train: Mapping[str, Part] | None
    by_level: Mapping[str, Part]
    by_training_photos: Mapping[str, Part]
    confusion: breakdown.Confusion
    leaks: Leaks | None
    skipped: Sequence[Skipped]
    absent: Mapping[str, str]

    def record(self) -> dict[str, Any]:
        """What `report.json` holds; `docs/metrics.md` defines every key."""
        record: dict[str, Any] = plain(self)
        return record


def report_of(
    predictions: pl.DataFrame,
    partition: Partition,
    *,
    temperature: float,
    point: PointMethod,
    split: str = "test",
    model: Mapping[str, Any] | None = None,
    leaks: LeakReport | None = None,
) -> Report:
    """The report of a model, every statistic with its interval, from one row a photo.

    Args:
        predictions: As `Evaluation.predictions`, the photos that could not be read included.
        partition: The model's own.
        temperature: What its logits are divided by.
        point: How it chooses its point estimate.
        split: What the report calls the photos.
        model: Which model it is.
        leaks: What the photos share with the training photos, where that was checked.
    """
    skipped = predictions.filter(pl.col("error").is_not_null())
    rows = predictions.filter(pl.col("error").is_null())
    photos = Columns(rows)
    bootstrap = Bootstrap(photos.groups)
    near = breakdown.by_distance_to_train(rows) or None
    report: Report = bootstrap.measured(
        Draft(
            Report,
            {
                "split": split,
                "model": model or {},
                "counts": Counts(
                    photos=len(rows),
                    covered=int(photos.in_cell.sum()),
                    cells=len(partition),
                    sequences=bootstrap.groups,
                    skipped=len(skipped),
                ),
                **accuracy(photos, len(partition)),
                **trust(photos, temperature),
                "point_estimates": {
                    method: _both(
                        EstimateReport, photos, f"distance_km_{method}", own=method == point
                    )
                    for method in POINT_METHODS
                },
                "baselines": _baselines(photos, partition),
                "by_state": breakdown.by_state(rows),
                "by_distance_to_train": near,
                "by_level": breakdown.by_level(rows, partition),
                "by_training_photos": breakdown.by_training_photos(rows, partition),
                "confusion": breakdown.confusion(rows, partition),
                "leaks": None if leaks is None else Leaks(leaks.level, leaks.verdict),
                "skipped": [Skipped(*row) for row in skipped.select("photo", "error").iter_rows()],
                "absent": _absent(split, by_distance_to_train=near, leaks=leaks),
            },
        )
    )
    return report


def accuracy(photos: Columns, cells: int) -> dict[str, Any]:
    """The right cell, the right place and the distance: fields of a `Report`, as drafts.

    Args:
        photos: The photos that count.
        cells: Number of cells of the partition.
    """
    covered = photos.covered
    return {
        "all": draft(RightCell, photos),
        "covered": Draft(
            Covered,
            {
                **computed(RightCell, covered),
                **computed(Distances, covered["distance_km"]),
                **computed(RightPlace, covered),
            },
        ),
        **computed(Overall, photos, cells),
        **computed(Distances, photos["distance_km"]),
        **computed(RightPlace, photos),
    }


def trust(photos: Columns, temperature: float) -> dict[str, Any]:
    """Whether probabilities hold and confidence tells errors: fields of a `Report`, as drafts.

    Args:
        photos: The photos that count.
        temperature: What the model's logits are divided by.
    """
    return {
        **computed(LogLoss, photos["loss"]),
        "calibration": draft(
            CalibrationReport,
            temperature=temperature,
            before=_scores(photos, "uncalibrated_"),
            after=_scores(photos, ""),
            reliability=draft(
                Reliability,
                before=_reliability(photos.covered, "uncalibrated_confidence"),
                after=_reliability(photos.covered, "confidence"),
            ),
        ),
        "credible": {
            name: _both(CredibleReport, photos, f"in_{name}", f"area_{name}_km2", f"cells_{name}")
            for name in (f"{100 * mass:g}" for mass in MASSES)
        },
        "recall_area": [draft(Recall, photos, km2, area_km2=km2) for km2 in AREAS_KM2.tolist()],
        "risk_coverage": _risk(photos),
        "abstention": [_abstention(photos, threshold) for threshold in THRESHOLDS],
        "expected_km": _both(ExpectedReport, photos),
        "radius_90": _both(RadiusReport, photos),
    }


def _both(part: type, photos: Columns, *columns: str, **known: Any) -> Draft:
    """A part over all photos, whose base over the covered ones stands under `covered`.

    Its statistics are computed from the columns, or from the photos themselves.
    """

    def source(counted: Columns) -> list[Any]:
        return [counted[name] for name in columns] if columns else [counted]

    (base,) = part.__bases__
    return draft(part, *source(photos), covered=draft(base, *source(photos.covered)), **known)


def _scores(photos: Columns, prefix: str) -> Draft:
    names = [f"{prefix}{name}" for name in ("loss", "brier", "confidence")]
    over_all, covered = (
        [*(of[name] for name in names), of.hits(1)] for of in (photos, photos.covered)
    )
    return draft(Scores, *covered, all=draft(ScoresOverAll, *over_all[1:]))


def _reliability(covered: Columns, name: str) -> list[Draft]:
    confidence, right = covered[name], covered.hits(1)
    known = np.isfinite(confidence)
    index = bins_of(confidence)
    return [
        draft(
            ReliabilityBin,
            np.where(index == at, right, np.nan),
            low=row.low,
            high=row.high,
            photos=row.photos,
            confidence=row.confidence if row.photos else None,
        )
        for at, row in enumerate(reliability(confidence[known], right[known] > 0))
    ]


def _risk(photos: Columns) -> Draft:
    confidence, wrong = photos["confidence"], 1 - photos.hits(1)
    return Draft(
        RiskReport,
        {
            **computed(RiskAreas, confidence, wrong),
            **computed(RiskDistances, confidence, photos["distance_km"]),
            "covered": draft(RiskAreas, confidence, photos.covered.only(wrong)),
            "curve": risk_coverage(confidence, wrong),
        },
    )


def _abstention(photos: Columns, threshold: float) -> Draft:
    answered = photos["confidence"] >= threshold
    number = int(answered.sum())
    return draft(Abstention, photos, answered, min_confidence=threshold, answered=number)


def _baselines(photos: Columns, partition: Partition) -> Draft:
    """What answers that look at no photo score on the same photos."""
    latlng = photos.frame.select("latitude", "longitude").to_numpy()
    latitude, longitude = best_constant(latlng)
    cell = most_frequent_cell(partition)
    token = partition.tokens[cell]
    right = photos.frame["token"].eq_missing(token).to_numpy().astype(np.float64)
    from_cell = great_circle_km(partition.centroids[cell][None], latlng)
    from_place = great_circle_km(np.array([[latitude, longitude]]), latlng)
    covered = photos.covered.only

    def frequency(right: np.ndarray, distance_km: np.ndarray) -> dict[str, Any]:
        return {**computed(Frequency, right), **computed(Distances, distance_km)}

    return draft(
        Baselines,
        chance=Interval(chance(len(partition))),
        most_frequent_cell=Draft(
            FrequentCell,
            {
                "token": token,
                **frequency(right, from_cell),
                "covered": Draft(FrequencyOfCovered, frequency(covered(right), covered(from_cell))),
            },
        ),
        best_constant=draft(
            BestConstant,
            from_place,
            latitude=Interval(latitude),
            longitude=Interval(longitude),
            covered=draft(Distances, covered(from_place)),
        ),
    )


def _absent(split: str, **parts: object) -> dict[str, str]:
    """Why a part of the report is null."""
    reason = (
        "these are the training photos themselves"
        if split == "train"
        else "the photo table has no training photos to compare with"
    )
    return {name: reason for name, part in parts.items() if part is None}
