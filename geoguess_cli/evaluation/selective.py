"""What is gained if the model answers only when it is sure: risk against coverage.

A photo is answered if its confidence, the top probability, is at least a threshold. Coverage here
is the share of photos that are answered, and risk their mean error.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from geoguess_cli.evaluation.intervals import Statistic

THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Least confidences at which a report shows what abstaining gains."""

POINTS = 100


@dataclass(frozen=True)
class CurvePoint:
    """A point of the risk-coverage curve.

    Attributes:
        threshold: Least confidence of the photos that are answered.
        coverage: Their share of all photos, in (0, 1].
        risk: Their mean error.
    """

    threshold: float
    coverage: float
    risk: float


def risk_coverage(
    confidence: Float[np.ndarray, " n"], errors: Num[np.ndarray, " n"], points: int = POINTS
) -> list[CurvePoint]:
    """The curve from the surest photo to all photos, at every threshold or at evenly spread ones.

    Args:
        confidence: Top probability of each photo.
        errors: 1 if the likeliest cell is wrong, 0 if it is right; or a distance.
        points: Points at most; the last point always answers every photo.

    >>> risk_coverage(np.array([0.75, 0.5]), np.array([0, 1]))[-1]
    CurvePoint(threshold=0.5, coverage=1.0, risk=0.5)
    """
    order, ends = _by_confidence(confidence)
    count = len(order)
    if len(ends) > points:
        asked = np.ceil(np.arange(1, points + 1) * count / points) - 1
        ends = np.unique(ends[np.searchsorted(ends, asked)])
    risks = np.cumsum(errors[order], dtype=np.float64)[ends] / (ends + 1)
    columns = confidence[order][ends].astype(np.float64), (ends + 1) / max(count, 1), risks
    return [CurvePoint(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def area_of(confidence: Float[np.ndarray, " n"], errors: Num[np.ndarray, " n"]) -> Statistic:
    """The area under the risk-coverage curve: a mean of risks, in the unit of the errors.

    It is the mean over the photos of the risk of answering every photo at least as sure (Geifman
    and El-Yaniv, arXiv 1705.08500; photos of equal confidence are taken together, so the order of
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
        # If no photo is answered yet, none is drawn, and its risk of 0 has no weight.
        risk = np.divide(error, np.maximum(answered, 1.0), out=error)
        summed = np.einsum("rk,rk->r", drawn, risk)
        return np.asarray(summed / np.where(total > 0, total, np.nan))

    return area


def best_area(errors: Num[np.ndarray, " n"]) -> float:
    """The least possible area with these errors: that of answering the smallest errors first.

    >>> round(best_area(np.array([0, 1, 0])), 3)
    0.111
    """
    if not len(errors):
        return math.nan
    ordered = np.sort(errors).astype(np.float64)
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())


def _by_confidence(confidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows from sure to unsure, and the places in that order after which confidence falls."""
    order = np.argsort(-confidence, kind="stable")
    falls = np.diff(confidence[order]) != 0
    return order, np.flatnonzero(np.append(falls, True)) if len(order) else order
