"""How often a model is right and how far off it is, beside answers that look at no photo.

Each function gives statistics in the shape of the report; `intervals.Bootstrap.figures` makes
figures of them. "Covered" photos are those that lie in a cell.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from geoguess_cli.choices import POINT_METHODS, PointMethod
from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.baselines import best_constant, most_frequent_cell
from geoguess_cli.evaluation.intervals import Statistic, constant, mean_of, median_of
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.geoscore import geoscore

EVERYWHERE = ("country",)
IN_STATES = ("country", "region")


def covered_of(predictions: pl.DataFrame) -> Bool[np.ndarray, " n"]:
    """Whether each photo lies in a cell."""
    return predictions["token"].is_not_null().to_numpy()


def hits_of(predictions: pl.DataFrame, k: int) -> Float[np.ndarray, " n"]:
    """1 for each photo whose true cell is among its k likeliest, else 0."""
    ranks = predictions["rank"].fill_null(0).to_numpy().astype(np.int64)
    return metrics.hits(ranks, k).astype(np.float64)


def where(photos: Bool[np.ndarray, " n"], values: np.ndarray) -> Float[np.ndarray, " n"]:
    """The values of these photos; NaN, which no statistic counts, for the others."""
    return np.where(photos, values, np.nan)


def accuracy(predictions: pl.DataFrame, cells: int) -> dict[str, Any]:
    """The right cell, the right place and the distance, over all photos and the covered ones.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        cells: Number of cells of the partition.
    """
    everyone, covered = np.ones(len(predictions), dtype=bool), covered_of(predictions)
    distance_km = predictions["distance_km"].to_numpy()
    return {
        "all": _right_cell(predictions, everyone),
        "covered": {
            **_right_cell(predictions, covered),
            **distances(where(covered, distance_km)),
            **_right_place(predictions, covered),
        },
        "coverage": mean_of(covered),
        "chance": constant(metrics.chance(cells)),
        "lift": mean_of(hits_of(predictions, 1) / metrics.chance(cells)),
        **distances(distance_km),
        **_right_place(predictions, everyone),
    }


def distances(distance_km: Float[np.ndarray, " n"]) -> dict[str, Any]:
    """What is told of the distances of one answer a photo, in km; NaN leaves a photo out."""
    return {
        **_middles(distance_km),
        "within_km": {
            f"{radius:g}": mean_of(where(np.isfinite(distance_km), distance_km <= radius))
            for radius in metrics.RADII_KM.values()
        },
    }


def point_estimates(predictions: pl.DataFrame, own: PointMethod) -> dict[str, Any]:
    """The distances of each way to choose the one place we answer.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        own: The model's way.
    """
    covered = covered_of(predictions)
    found: dict[str, Any] = {}
    for method in POINT_METHODS:
        distance_km = predictions[f"distance_km_{method}"].to_numpy()
        found[method] = {
            "own": method == own,
            **distances(distance_km),
            "covered": distances(where(covered, distance_km)),
        }
    return found


def baselines(predictions: pl.DataFrame, partition: Partition) -> dict[str, Any]:
    """What answers that look at no photo score on the same photos."""
    latlng = predictions.select("latitude", "longitude").to_numpy()
    covered = covered_of(predictions)
    latitude, longitude = best_constant(latlng)
    cell = most_frequent_cell(partition)
    token = partition.tokens[cell]
    right = predictions["token"].eq_missing(token).to_numpy().astype(np.float64)
    from_cell = great_circle_km(partition.centroids[cell][None], latlng)
    from_place = great_circle_km(np.array([[latitude, longitude]]), latlng)
    return {
        "chance": constant(metrics.chance(len(partition))),
        "most_frequent_cell": {
            "token": token,
            "top_1": mean_of(right),
            **distances(from_cell),
            "covered": {
                "top_1": mean_of(where(covered, right)),
                **distances(where(covered, from_cell)),
            },
        },
        "best_constant": {
            "latitude": constant(latitude),
            "longitude": constant(longitude),
            **distances(from_place),
            "covered": distances(where(covered, from_place)),
        },
    }


def _right_cell(predictions: pl.DataFrame, photos: np.ndarray) -> dict[str, Statistic]:
    return {f"top_{k}": mean_of(where(photos, hits_of(predictions, k))) for k in metrics.TOP_K}


def _right_place(predictions: pl.DataFrame, photos: np.ndarray) -> dict[str, Statistic]:
    return {
        "state_accuracy": _share_in_place(predictions, photos, IN_STATES),
        "country_accuracy": _share_in_place(predictions, photos, EVERYWHERE),
    }


def _share_in_place(
    predictions: pl.DataFrame, photos: np.ndarray, columns: Sequence[str]
) -> Statistic:
    """Share of the photos placed in their own country (and region), of those that lie in one."""
    known = (predictions[columns[-1]] != "").to_numpy()
    right = predictions.select(
        pl.all_horizontal(pl.col(name) == pl.col(f"estimate_{name}") for name in columns)
    )
    return mean_of(where(photos & known, right.to_series().to_numpy()))


def _middles(distance_km: np.ndarray) -> dict[str, Statistic]:
    return {
        "median_km": median_of(distance_km),
        "mean_km": mean_of(distance_km),
        "geoscore": mean_of(geoscore(distance_km)),
    }
