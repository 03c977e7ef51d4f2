"""What is gained by answering only where the model is sure: risk against coverage.

A photo is answered when its confidence, the top probability, is at least some threshold. Coverage
here is the share of photos that are answered, and risk the mean error of those.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Num

from geoguess_cli.evaluation.intervals import Statistic, mean_of, median_of

THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Least confidences at which a report tells what abstaining does."""

POINTS = 100


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """A risk-coverage curve, from the photo the model is surest of to all of them.

    Attributes:
        threshold: Least confidence of the photos that are answered.
        coverage: Their share of all photos, in (0, 1].
        risk: Their mean error.
    """

    threshold: Float[np.ndarray, " k"]
    coverage: Float[np.ndarray, " k"]
    risk: Float[np.ndarray, " k"]


def risk_coverage(
    confidence: Float[np.ndarray, " n"], errors: Num[np.ndarray, " n"], points: int = POINTS
) -> RiskCoverage:
    """The curve, at every threshold or at evenly spread ones.

    Args:
        confidence: Top probability of each photo.
        errors: 1 where the likeliest cell is wrong and 0 where it is right; or a distance.
        points: How many at most; the last is always the one with every photo answered.

    >>> curve = risk_coverage(np.array([0.9, 0.5, 0.7]), np.array([0, 1, 0]))
    >>> curve.coverage.round(2), curve.risk.round(2)
    (array([0.33, 0.67, 1.  ]), array([0.  , 0.  , 0.33]))
    """
    order, ends = _by_confidence(confidence)
    count = len(order)
    if len(ends) > points:
        asked = np.ceil(np.arange(1, points + 1) * count / points) - 1
        ends = np.unique(ends[np.searchsorted(ends, asked)])
    risks = np.cumsum(errors[order], dtype=np.float64)[ends] / (ends + 1)
    return RiskCoverage(
        confidence[order][ends].astype(np.float64), (ends + 1) / max(count, 1), risks
    )


def area_of(confidence: Float[np.ndarray, " n"], errors: Num[np.ndarray, " n"]) -> Statistic:
    """The area under the risk-coverage curve: a mean of risks, in the unit of the errors.

    It is the mean over the photos of the risk of answering every photo at least as sure (Geifman
    and El-Yaniv, arXiv 1705.08500, with ties in confidence taken together, so that the order of
    the rows does not matter). Confidences that say nothing give the mean error.

    Args:
        confidence: Top probability of each photo.
        errors: As for `risk_coverage`; NaN leaves a photo out.

    >>> area_of(np.array([0.9, 0.5, 0.7]), np.array([0, 1, 0]))(np.ones((3, 1))).round(3)
    array([0.111])
    """
    known = np.flatnonzero(np.isfinite(errors))
    order, ends = _by_confidence(confidence[known])
    order = known[order]
    ordered = errors[order].astype(np.float64)

    def area(weights: Float[np.ndarray, "n r"]) -> Float[np.ndarray, " r"]:
        drawn = np.ascontiguousarray(weights.take(order, axis=0).T)  # cumsum is quick along rows
        answered, error = np.cumsum(drawn, axis=1), np.cumsum(drawn * ordered, axis=1)
        if len(ends) < len(order):
            drawn = np.add.reduceat(drawn, np.append(0, ends[:-1] + 1), axis=1)
            answered, error = answered[:, ends], error[:, ends]
        total = drawn.sum(axis=1)
        # Where nothing is answered yet, nothing is drawn, and the risk of 0 counts nothing.
        risk = np.divide(error, np.maximum(answered, 1.0), out=error)
        summed = np.einsum("rk,rk->r", drawn, risk)
        return np.asarray(summed / np.where(total > 0, total, np.nan))

    return area


def best_area(errors: Num[np.ndarray, " n"]) -> float:
    """The least area there is with these errors: of confidences that put the smallest first.

    >>> round(best_area(np.array([0, 1, 0])), 3)
    0.111
    """
    if not len(errors):
        return math.nan
    ordered = np.sort(errors).astype(np.float64)
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())


def abstention(
    confidence: Float[np.ndarray, " n"],
    correct: Num[np.ndarray, " n"],
    distance_km: Float[np.ndarray, " n"],
    covered: Bool[np.ndarray, " n"],
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[dict[str, Any]]:
    """What is left, and how good it is, at each least confidence.

    Each row has `min_confidence`, how many photos are `answered`, and statistics: their `share` of
    all photos, and of those answered the `accuracy`, the same of the covered ones, `median_km` and
    `mean_km`.

    Args:
        confidence: Top probability of each photo.
        correct: Whether the likeliest cell is the true one.
        distance_km: From the point estimate to the truth.
        covered: Whether the photo lies in a cell.
        thresholds: Least confidences, in [0, 1].
    """
    rows = []
    for threshold in thresholds:
        answered = confidence >= threshold
        distances = np.where(answered, distance_km, np.nan)
        rows.append(
            {
                "min_confidence": threshold,
                "answered": int(answered.sum()),
                "share": mean_of(answered),
                "accuracy": mean_of(np.where(answered, correct, np.nan)),
                "covered_accuracy": mean_of(np.where(answered & covered, correct, np.nan)),
                "median_km": median_of(distances),
                "mean_km": mean_of(distances),
            }
        )
    return rows


def _by_confidence(confidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows from sure to unsure, and the places in that order after which confidence falls."""
    order = np.argsort(-confidence, kind="stable")
    falls = np.diff(confidence[order]) != 0
    return order, np.flatnonzero(np.append(falls, True)) if len(order) else order
