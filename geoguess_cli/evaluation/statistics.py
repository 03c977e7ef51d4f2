# ruff: noqa: RUF009 (`statistic` makes a dataclass field)
"""The statistics of a report: one record each, from which JSON, pages and terminal are made.

Each class is a part of a report; its docstring says what its statistics are computed from. A
source named `photos` is a `Columns`; arrays hold a value a photo, and NaN leaves a photo out.
A statistic is added here and in `docs/metrics.md`, nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from geoguess_cli.evaluation.calibration import ece_of
from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import statistic
from geoguess_cli.evaluation.intervals import Interval, Statistic, mean_of, median_of
from geoguess_cli.evaluation.metrics import RADII_KM, chance
from geoguess_cli.evaluation.selective import area_of, best_area
from geoguess_cli.inference.geoscore import geoscore


def _top(k: int) -> Callable[[Columns], Statistic]:
    return lambda photos: mean_of(photos.hits(k))


def _within(distance_km: np.ndarray) -> dict[str, Statistic]:
    known = np.isfinite(distance_km)
    return {
        f"{radius:g}": mean_of(np.where(known, distance_km <= radius, np.nan))
        for radius in RADII_KM.values()
    }


def _in_place(*columns: str) -> Callable[[Columns], Statistic]:
    """Share of the photos placed in their own country (and region), of those that lie in one."""

    def share(photos: Columns) -> Statistic:
        known = (photos.frame[columns[-1]] != "").to_numpy()
        right = photos.frame.select(
            pl.all_horizontal(pl.col(name) == pl.col(f"estimate_{name}") for name in columns)
        )
        return mean_of(photos.only(right.to_series().to_numpy(), known))

    return share


def _best(errors: np.ndarray) -> Interval:
    return Interval(best_area(errors[np.isfinite(errors)]))


# fmt: off
# A record is easier to read on few lines.


@dataclass(frozen=True, kw_only=True)
class RightCell:
    """How often the true cell is among the k likeliest; from photos."""

    top_1: Interval = statistic(
        "top-1", "share", _top(1), "photos whose true cell has rank 1",
        compared={"all.top_1": "top-1, all photos", "covered.top_1": "top-1, covered photos"},
        of_cells=True
    )
    top_3: Interval = statistic(
        "top-3", "share", _top(3), "photos whose true cell has rank 3 or less"
    )
    top_5: Interval = statistic(
        "top-5", "share", _top(5), "photos whose true cell has rank 5 or less",
        compared={"all.top_5": "top-5, all photos"}, of_cells=True
    )


@dataclass(frozen=True, kw_only=True)
class Overall:
    """How much the cells allow; from photos, and the number of cells."""

    coverage: Interval = statistic(
        "coverage", "share", lambda photos, _: mean_of(photos.in_cell), "`counts.covered` ÷ *n*"
    )
    chance: Interval = statistic(
        "chance", "share", lambda _, cells: Interval(chance(cells)), "1 ÷ *c*"
    )
    lift: Interval = statistic(
        "lift", "times", lambda photos, cells: mean_of(photos.hits(1) / chance(cells)),
        "`all.top_1` ÷ `chance`"
    )


@dataclass(frozen=True, kw_only=True)
class Distances:
    """How far off answers are; from their distances to the truths, in km."""

    median_km: Interval = statistic(
        "median distance", "km", median_of, "median of *d*",
        compared={"median_km": "median distance"}, less=True
    )
    mean_km: Interval = statistic(
        "mean distance", "km", mean_of, "mean of *d*", compared={"mean_km": "mean distance"},
        less=True
    )
    geoscore: Interval = statistic(
        "GeoScore, of 5,000", "points", lambda distance_km: mean_of(geoscore(distance_km)),
        "mean of 5000 · exp(−*d* ÷ 1492.7 km)", compared={"geoscore": "GeoScore"}
    )
    within_km: Mapping[str, Interval] = statistic(
        "within {} km", "share", _within, "share with *d* ≤",
        compared={f"within_km.{km}": f"photos within {km} km" for km in (25, 200, 750)}
    )


@dataclass(frozen=True, kw_only=True)
class RightPlace:
    """How often the point estimate lies in the right state or country; from photos."""

    state_accuracy: Interval = statistic(
        "right state", "share", _in_place("country", "region"),
        "in the same first-level region (state, province, …) of the same country as the truth",
        compared={"state_accuracy": "right state"}
    )
    country_accuracy: Interval = statistic(
        "right country", "share", _in_place("country"), "the same for countries"
    )


@dataclass(frozen=True, kw_only=True)
class LogLoss:
    """What training minimises; from the log loss of each photo."""

    loss: Interval = statistic("log loss", "nats", mean_of, "the same as `calibration.after.nll`")


@dataclass(frozen=True, kw_only=True)
class ScoresOverAll:
    """How far probabilities are off over all photos; from Brier score, confidence and hits."""

    brier: Interval = statistic(
        "Brier score", "score", lambda brier, *_: mean_of(brier), "Σ *p*² + 1 for an uncovered one"
    )
    ece: Interval = statistic(
        "calibration error", "share", lambda _, *sure: ece_of(*sure),
        "the likeliest cell of an uncovered photo is wrong"
    )


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How far probabilities are off over the covered photos; from log loss, Brier score,
    confidence and hits."""

    nll: Interval = statistic(
        "log loss", "nats", lambda loss, *_: mean_of(loss), "mean of −ln *p*(true cell)",
        compared={"calibration.after.nll": "log loss"}, less=True, of_cells=True
    )
    brier: Interval = statistic(
        "Brier score", "score", lambda _, brier, *__: mean_of(brier),
        "mean of Σ (*p* − *y*)² over the cells",
        compared={"calibration.after.brier": "Brier score"}, less=True, of_cells=True
    )
    ece: Interval = statistic(
        "calibration error", "share", lambda _, __, *sure: ece_of(*sure),
        "sum over 15 bins of equal width", compared={"calibration.after.ece": "calibration error"},
        less=True
    )
    all: ScoresOverAll


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """The photos whose confidence lies in one bin; from their hits."""

    low: float
    high: float
    photos: int
    confidence: float
    accuracy: Interval = statistic(
        "accuracy", "share", mean_of, "share of them whose likeliest cell is the true one"
    )


@dataclass(frozen=True, kw_only=True)
class CredibleSet:
    """The credible sets of one mass; from whether they hold the truth, their area in km² and
    their number of cells."""

    coverage: Interval = statistic(
        "holds the truth", "share", lambda holds, *_: mean_of(holds),
        "how often the set holds the true cell"
    )
    median_area_km2: Interval = statistic(
        "median area", "km²", lambda _, area, __: median_of(area), "median of its area"
    )
    median_cells: Interval = statistic(
        "median cells", "cells", lambda _, __, cells: median_of(cells),
        "median of its number of cells"
    )


@dataclass(frozen=True, kw_only=True)
class Recall:
    """The photos found within an area; from the photos and the area in km²."""

    area_km2: float
    recall: Interval = statistic(
        "all photos", "share",
        lambda photos, km2: mean_of(photos.only(photos["search_km2"] <= km2)),
        "share of the photos whose true cell is reached"
    )
    covered_recall: Interval = statistic(
        "covered photos", "share",
        lambda photos, km2: mean_of(photos.covered.only(photos["search_km2"] <= km2)),
        "the same over the covered photos"
    )


@dataclass(frozen=True, kw_only=True)
class RiskAreas:
    """Areas under the risk-coverage curve; from the confidence, and 1 for a wrong cell."""

    area: Interval = statistic(
        "area under the curve", "score", area_of,
        "mean over the photos of the risk of all photos at least as sure",
        compared={"risk_coverage.area": "risk-coverage area"}, less=True, of_cells=True
    )
    best: Interval = statistic(
        "best possible", "score", lambda _, wrong: _best(wrong), "the least possible area"
    )
    no_better: Interval = statistic(
        "if confidence said nothing", "score", lambda _, wrong: mean_of(wrong), "1 − `all.top_1`"
    )


@dataclass(frozen=True, kw_only=True)
class RiskDistances:
    """The same areas with distances as errors; from the confidence and the distances in km."""

    mean_km: Interval = statistic(
        "area, distance as error", "km", area_of, "the area with *d* as the error"
    )
    best_mean_km: Interval = statistic(
        "best possible, distance as error", "km", lambda _, distance_km: _best(distance_km),
        "the least possible area with *d* as the error"
    )


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """The photos answered at a least confidence; from photos, and which of them are answered."""

    min_confidence: float
    answered: int
    share: Interval = statistic(
        "answered", "share", lambda _, answered: mean_of(answered), "share of all photos"
    )
    accuracy: Interval = statistic(
        "right, all", "share",
        lambda photos, answered: mean_of(photos.only(photos.hits(1), answered)),
        "right cells among the answered photos"
    )
    covered_accuracy: Interval = statistic(
        "right, covered", "share",
        lambda photos, answered: mean_of(photos.covered.only(photos.hits(1), answered)),
        "right cells among the answered covered photos"
    )
    median_km: Interval = statistic(
        "median distance", "km",
        lambda photos, answered: median_of(photos.only(photos["distance_km"], answered)),
        "median of *d* over the answered photos"
    )
    mean_km: Interval = statistic(
        "mean distance", "km",
        lambda photos, answered: mean_of(photos.only(photos["distance_km"], answered)),
        "mean of *d* over the answered photos"
    )


@dataclass(frozen=True, kw_only=True)
class ExpectedDistance:
    """The distances that the model expects; from photos."""

    mean: Interval = statistic(
        "expected distance, mean", "km", lambda photos: mean_of(photos["expected_km"]),
        "mean of the distances that the model expects"
    )


@dataclass(frozen=True, kw_only=True)
class Radius:
    """The radius that holds the truth with a probability of 90 %; from photos."""

    coverage: Interval = statistic(
        "90 % radius holds the truth", "share",
        lambda photos: mean_of(photos.only(photos["distance_km"] <= photos["radius_90_km"])),
        "how often the truth lies within the photo's 90 % radius"
    )
    median_km: Interval = statistic(
        "90 % radius, median", "km", lambda photos: median_of(photos["radius_90_km"]),
        "median of that radius"
    )


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """The photos that lie in the most frequent cell; from whether each does."""

    top_1: Interval = statistic("top-1", "share", mean_of, "share of the photos that lie in it")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the photos; from its photos."""

    photos: int
    covered: int
    sequences: int
    top_1: Interval = statistic("top-1, all", "share", _top(1), "right cells")
    covered_top_1: Interval = statistic(
        "top-1, covered", "share", lambda photos: mean_of(photos.covered.hits(1)),
        "right cells of the covered photos"
    )
    median_km: Interval = statistic(
        "median distance", "km", lambda photos: median_of(photos["distance_km"]), "median of *d*"
    )
    within_25_km: Interval = statistic(
        "", "share", lambda photos: mean_of(photos["distance_km"] <= RADII_KM["city"]),
        "share with *d* ≤ 25 km"
    )
    geoscore: Interval = statistic(
        "GeoScore", "points", lambda photos: mean_of(geoscore(photos["distance_km"])),
        "mean GeoScore"
    )


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """How near wrong cells lie; from whether each is a neighbour of the true one."""

    neighbours: Interval = statistic(
        "put in a neighbour", "share", mean_of,
        "share of them whose likeliest cell is a neighbour of the true one"
    )
