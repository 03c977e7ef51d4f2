"""Whether a model's probabilities mean what they say, and what one gains by heeding them.

Each function gives statistics in the shape of the report; `intervals.Bootstrap.figures` makes
figures of them. "Covered" photos are those that lie in a cell.
"""

from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.evaluation.accuracy import covered_of, hits_of, where
from geoguess_cli.evaluation.calibration import bins_of, ece_of, reliability
from geoguess_cli.evaluation.intervals import constant, mean_of, median_of
from geoguess_cli.evaluation.selective import abstention, area_of, best_area, risk_coverage
from geoguess_cli.inference.credible import AREAS_KM2, MASSES


def calibration(predictions: pl.DataFrame, temperature: float) -> dict[str, Any]:
    """Log loss, Brier score and calibration error, before and after the temperature.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        temperature: What the model's logits are divided by.
    """
    return {
        "temperature": temperature,
        "before": _scores(predictions, "uncalibrated_"),
        "after": _scores(predictions, ""),
        "reliability": {
            "before": _reliability(predictions, "uncalibrated_"),
            "after": _reliability(predictions, ""),
        },
    }


def credible(predictions: pl.DataFrame) -> dict[str, Any]:
    """How often the credible sets hold the truth, and how large they are."""
    covered = covered_of(predictions)
    found = {}
    for mass in MASSES:
        name = f"{100 * mass:g}"
        holds, areas, cells = (
            predictions[column].to_numpy().astype(np.float64)
            for column in (f"in_{name}", f"area_{name}_km2", f"cells_{name}")
        )
        found[name] = {
            "coverage": mean_of(holds),
            "median_area_km2": median_of(areas),
            "median_cells": median_of(cells),
            "covered": {
                "coverage": mean_of(where(covered, holds)),
                "median_area_km2": median_of(where(covered, areas)),
                "median_cells": median_of(where(covered, cells)),
            },
        }
    return found


def recall_area(predictions: pl.DataFrame) -> list[dict[str, Any]]:
    """Share of the photos whose true cell is found within each area, likeliest cells first."""
    covered = covered_of(predictions)
    to_truth_km2 = predictions["search_km2"].fill_null(np.inf).to_numpy()
    return [
        {
            "area_km2": area,
            "recall": mean_of(to_truth_km2 <= area),
            "covered_recall": mean_of(where(covered, to_truth_km2 <= area)),
        }
        for area in AREAS_KM2.tolist()
    ]


def risk_coverage_of(predictions: pl.DataFrame) -> dict[str, Any]:
    """The risk-coverage curve of the likeliest cell, and its area beside the best possible."""
    covered, wrong = covered_of(predictions), 1 - hits_of(predictions, 1)
    confidence = predictions["confidence"].to_numpy()
    distance_km = predictions["distance_km"].to_numpy()
    curve = risk_coverage(confidence, wrong)
    columns = (curve.threshold.tolist(), curve.coverage.tolist(), curve.risk.tolist())
    return {
        "area": area_of(confidence, wrong),
        "best": constant(best_area(wrong)),
        "no_better": mean_of(wrong),
        "mean_km": area_of(confidence, distance_km),
        "best_mean_km": constant(best_area(distance_km)),
        "covered": {
            "area": area_of(confidence, where(covered, wrong)),
            "best": constant(best_area(wrong[covered])),
            "no_better": mean_of(where(covered, wrong)),
        },
        "curve": [
            {"threshold": threshold, "coverage": share, "risk": risk}
            for threshold, share, risk in zip(*columns, strict=True)
        ],
    }


def abstention_of(predictions: pl.DataFrame) -> list[dict[str, Any]]:
    """What is left, and how good it is, when the model answers only where it is sure."""
    return abstention(
        predictions["confidence"].to_numpy(),
        hits_of(predictions, 1),
        predictions["distance_km"].to_numpy(),
        covered_of(predictions),
    )


def spread(predictions: pl.DataFrame) -> dict[str, Any]:
    """Whether the distance that the model expects, and its 90 % radius, hold."""
    covered = covered_of(predictions)
    expected, radius, distance = (
        predictions[name].to_numpy() for name in ("expected_km", "radius_90_km", "distance_km")
    )
    return {
        "expected_km": {
            "mean": mean_of(expected),
            "covered": {"mean": mean_of(where(covered, expected))},
        },
        "radius_90": {
            "coverage": mean_of(distance <= radius),
            "median_km": median_of(radius),
            "covered": {
                "coverage": mean_of(where(covered, distance <= radius)),
                "median_km": median_of(where(covered, radius)),
            },
        },
    }


def _scores(predictions: pl.DataFrame, prefix: str) -> dict[str, Any]:
    covered, right = covered_of(predictions), hits_of(predictions, 1)
    loss = predictions[f"{prefix}loss"].fill_null(np.nan).to_numpy()
    brier = predictions[f"{prefix}brier"].to_numpy()
    confidence = predictions[f"{prefix}confidence"].to_numpy()
    return {
        "nll": mean_of(loss),
        "brier": mean_of(where(covered, brier)),
        "ece": ece_of(where(covered, confidence), right),
        "all": {"brier": mean_of(brier), "ece": ece_of(confidence, right)},
    }


def _reliability(predictions: pl.DataFrame, prefix: str) -> list[dict[str, Any]]:
    """The covered photos, by how sure the model is."""
    own = predictions.filter(pl.col("token").is_not_null())
    confidence = own[f"{prefix}confidence"].to_numpy()
    rows = reliability(confidence, hits_of(own, 1) > 0)
    index = bins_of(predictions[f"{prefix}confidence"].to_numpy())
    covered, right = covered_of(predictions), hits_of(predictions, 1)
    return [
        {
            "low": row.low,
            "high": row.high,
            "photos": row.photos,
            "confidence": row.confidence if row.photos else None,
            "accuracy": mean_of(where(covered & (index == at), right)),
        }
        for at, row in enumerate(rows)
    ]
