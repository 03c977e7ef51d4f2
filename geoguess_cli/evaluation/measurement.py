"""From one row a photo to a report: each part with its statistics and their intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.choices import POINT_METHODS, PointMethod
from geoguess_cli.evaluation import breakdown
from geoguess_cli.evaluation import report as reports
from geoguess_cli.evaluation import statistics as parts
from geoguess_cli.evaluation.baselines import best_constant, most_frequent_cell
from geoguess_cli.evaluation.calibration import bins_of, reliability
from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import computed, draft
from geoguess_cli.evaluation.intervals import Bootstrap, Draft, Interval
from geoguess_cli.evaluation.metrics import chance
from geoguess_cli.evaluation.report import Report
from geoguess_cli.evaluation.selective import THRESHOLDS, risk_coverage
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.credible import AREAS_KM2, MASSES
from geoguess_cli.model.familiarity import MISSING
from geoguess_cli.photos.leak_report import LeakReport


def report_of(
    predictions: pl.DataFrame,
    partition: Partition,
    *,
    temperature: float,
    point: PointMethod,
    split: str = "test",
    model: Mapping[str, Any] | None = None,
    leaks: LeakReport | None = None,
    elsewhere: int = 0,
    grouped: reports.Grouped | None = None,
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
        grouped: How photos were grouped, if groups count.
        elsewhere: Photos outside the region of the partition.
    """
    skipped = predictions.filter(pl.col("error").is_not_null())
    rows = predictions.filter(pl.col("error").is_null())
    photos = Columns(rows)
    bootstrap = Bootstrap(photos.groups)
    near = breakdown.by_distance_to_train(rows) or None
    likeness = breakdown.by_likeness(rows) or None
    report: Report = bootstrap.measured(
        Draft(
            Report,
            {
                "split": split,
                "model": model or {},
                "counts": _counts(photos, bootstrap, cells=len(partition), skipped=len(skipped)),
                **accuracy(photos, len(partition)),
                **trust(photos, temperature),
                "point_estimates": {
                    method: _both(
                        reports.EstimateReport, photos, f"distance_km_{method}", own=method == point
                    )
                    for method in POINT_METHODS
                    if f"distance_km_{method}" in rows.columns
                },
                "baselines": _baselines(photos, partition),
                "by_state": breakdown.by_state(rows),
                "by_distance_to_train": near,
                "by_likeness": likeness,
                "by_level": breakdown.by_level(rows, partition),
                "by_training_photos": breakdown.by_training_photos(rows, partition),
                "confusion": breakdown.confusion(rows, partition),
                "limited": _limited(rows, partition, elsewhere),
                "grouped": grouped,
                "leaks": None if leaks is None else reports.Leaks(leaks.level, leaks.verdict),
                "skipped": [
                    reports.Skipped(*row) for row in skipped.select("photo", "error").iter_rows()
                ],
                "absent": {
                    **_absent(split, by_distance_to_train=near, leaks=leaks),
                    **({} if likeness else {"by_likeness": MISSING}),
                },
            },
        )
    )
    return report


def _counts(photos: Columns, bootstrap: Bootstrap, *, cells: int, skipped: int) -> reports.Counts:
    return reports.Counts(
        photos=len(photos.frame),
        covered=int(photos.in_cell.sum()),
        cells=cells,
        sequences=bootstrap.groups,
        skipped=skipped,
    )


def _limited(rows: pl.DataFrame, partition: Partition, elsewhere: int) -> reports.Limited | None:
    if not isinstance(partition, CutPartition):
        return None
    inside = float(rows["inside"].to_numpy().mean())
    return reports.Limited(partition.region.name, elsewhere, inside)


def accuracy(photos: Columns, cells: int) -> dict[str, Any]:
    """The right cell, the right place and the distance: fields of a `Report`, as drafts.

    Args:
        photos: The photos that count.
        cells: Number of cells of the partition.
    """
    covered = photos.covered
    return {
        "all": draft(parts.RightCell, photos),
        "covered": Draft(
            reports.Covered,
            {
                **computed(parts.RightCell, covered),
                **computed(parts.Distances, covered["distance_km"]),
                **computed(parts.RightPlace, covered),
            },
        ),
        **computed(parts.Overall, photos, cells),
        **computed(parts.Distances, photos["distance_km"]),
        **computed(parts.RightPlace, photos),
    }


def trust(photos: Columns, temperature: float) -> dict[str, Any]:
    """Whether probabilities hold and confidence tells errors: fields of a `Report`, as drafts.

    Args:
        photos: The photos that count.
        temperature: What the model's logits are divided by.
    """
    return {
        **computed(parts.LogLoss, photos["loss"]),
        "calibration": draft(
            reports.CalibrationReport,
            temperature=temperature,
            before=_scores(photos, "uncalibrated_"),
            after=_scores(photos, ""),
            reliability=draft(
                reports.Reliability,
                before=_reliability(photos.covered, "uncalibrated_confidence"),
                after=_reliability(photos.covered, "confidence"),
            ),
        ),
        "credible": {
            name: _both(
                reports.CredibleReport, photos, f"in_{name}", f"area_{name}_km2", f"cells_{name}"
            )
            for name in (f"{100 * mass:g}" for mass in MASSES)
        },
        "recall_area": [
            draft(parts.Recall, photos, km2, area_km2=km2) for km2 in AREAS_KM2.tolist()
        ],
        "risk_coverage": _risk(photos),
        "abstention": [_abstention(photos, threshold) for threshold in THRESHOLDS],
        "expected_km": _both(reports.ExpectedReport, photos),
        "radius_90": _both(reports.RadiusReport, photos),
    }


def _both(part: type, photos: Columns, *columns: str, **known: Any) -> Draft:
    """A part over all photos; its field `covered` holds its base class over the covered photos.

    The statistics are computed from the columns, or from the photos if no column is named.
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
    return draft(parts.Scores, *covered, all=draft(parts.ScoresOverAll, *over_all[1:]))


def _reliability(covered: Columns, name: str) -> list[Draft]:
    confidence, right = covered[name], covered.hits(1)
    known = np.isfinite(confidence)
    index = bins_of(confidence)
    return [
        draft(parts.ReliabilityBin, np.where(index == at, right, np.nan), **vars(row))
        for at, row in enumerate(reliability(confidence[known], right[known] > 0))
    ]


def _risk(photos: Columns) -> Draft:
    confidence, wrong = photos["confidence"], 1 - photos.hits(1)
    return Draft(
        reports.RiskReport,
        {
            **computed(parts.RiskAreas, confidence, wrong),
            **computed(parts.RiskDistances, confidence, photos["distance_km"]),
            "covered": draft(parts.RiskAreas, confidence, photos.covered.only(wrong)),
            "curve": risk_coverage(confidence, wrong),
        },
    )


def _abstention(photos: Columns, threshold: float) -> Draft:
    answered = photos["confidence"] >= threshold
    number = int(answered.sum())
    return draft(parts.Abstention, photos, answered, min_confidence=threshold, answered=number)


def _baselines(photos: Columns, partition: Partition) -> Draft:
    """The scores of answers that look at no photo, on the same photos."""
    latlng = photos.frame.select("latitude", "longitude").to_numpy()
    latitude, longitude = best_constant(latlng)
    cell = most_frequent_cell(partition)
    token = partition.tokens[cell]
    right = photos.frame["token"].eq_missing(token).to_numpy().astype(np.float64)
    from_cell = great_circle_km(partition.centroids[cell][None], latlng)
    from_place = great_circle_km(np.array([[latitude, longitude]]), latlng)
    covered = photos.covered.only

    def frequency(right: np.ndarray, distance_km: np.ndarray) -> dict[str, Any]:
        return {**computed(parts.Frequency, right), **computed(parts.Distances, distance_km)}

    return draft(
        reports.Baselines,
        chance=Interval(chance(len(partition))),
        most_frequent_cell=Draft(
            reports.FrequentCell,
            {
                "token": token,
                **frequency(right, from_cell),
                "covered": Draft(
                    reports.FrequencyOfCovered, frequency(covered(right), covered(from_cell))
                ),
            },
        ),
        best_constant=draft(
            reports.BestConstant,
            from_place,
            latitude=Interval(latitude),
            longitude=Interval(longitude),
            covered=draft(parts.Distances, covered(from_place)),
        ),
    )


def _absent(split: str, **there: object) -> dict[str, str]:
    """Why a part of the report is null."""
    reason = (
        "these are the training photos themselves"
        if split == "train"
        else "the photo table has no training photos to compare with"
    )
    return {name: reason for name, part in there.items() if part is None}
