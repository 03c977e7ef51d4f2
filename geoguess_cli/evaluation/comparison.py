"""Two models side by side on the same photos: which is better, and by how much.

Under one resample both see the same photos, so what makes a photo hard for both cancels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.evaluation import trust
from geoguess_cli.evaluation.accuracy import accuracy
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.intervals import Bootstrap, Statistic, difference_of, sequence_groups


@dataclass(frozen=True)
class Compared:
    """A figure that two models are compared by.

    Attributes:
        name: What it is called.
        kind: How it is written: share, km, points, nats or score.
        less: Whether less is better.
        of_cells: Whether it depends on which cells there are, so that models of different
            partitions do not compare.
    """

    name: str
    kind: str
    less: bool = False
    of_cells: bool = False


FIGURES = {
    "all.top_1": Compared("top-1, all photos", "share", of_cells=True),
    "all.top_5": Compared("top-5, all photos", "share", of_cells=True),
    "covered.top_1": Compared("top-1, covered photos", "share", of_cells=True),
    "median_km": Compared("median distance", "km", less=True),
    "mean_km": Compared("mean distance", "km", less=True),
    "geoscore": Compared("GeoScore", "points"),
    "within_km.25": Compared("photos within 25 km", "share"),
    "within_km.200": Compared("photos within 200 km", "share"),
    "within_km.750": Compared("photos within 750 km", "share"),
    "state_accuracy": Compared("right state", "share"),
    "calibration.after.nll": Compared("log loss", "nats", less=True, of_cells=True),
    "calibration.after.brier": Compared("Brier score", "score", less=True, of_cells=True),
    "calibration.after.ece": Compared("calibration error", "share", less=True),
    "risk_coverage.area": Compared("risk-coverage area", "score", less=True, of_cells=True),
}
"""What is compared, by its key in a report."""


def compare(a: Evaluation, b: Evaluation, *, names: tuple[str, str]) -> dict[str, Any]:
    """Two evaluations of the same photos side by side, as `comparison.json` holds them.

    Args:
        a: The first model's, by which the second is measured.
        b: The second model's.
        names: What each is called.

    Raises:
        PhotoTableError: They are of different photos, or no photo could be read by both.
    """
    rows_a, rows_b = _same_photos(a.predictions, b.predictions)
    bootstrap = Bootstrap(sequence_groups(rows_a))
    statistics = [_statistics(rows, of) for rows, of in ((rows_a, a), (rows_b, b))]
    same = np.array_equal(a.partition.cells, b.partition.cells)
    figures = bootstrap.figures(
        {
            key: {
                "a": statistics[0][key],
                "b": statistics[1][key],
                "difference": difference_of(statistics[1][key], statistics[0][key]),
            }
            for key in FIGURES
        }
    )
    for key, found in figures.items():
        found["fair"] = same or not FIGURES[key].of_cells
        found["better"] = _better(found, less=FIGURES[key].less) if found["fair"] else None
    return {
        "split": a.report["split"],
        "counts": {
            "photos": len(rows_a),
            "skipped": len(a.predictions) - len(rows_a),
            "sequences": bootstrap.groups,
        },
        "same_cells": bool(same),
        "models": {
            side: {"name": name, **found.report["model"]}
            for side, name, found in zip("ab", names, (a, b), strict=True)
        },
        "figures": figures,
    }


def _same_photos(a: pl.DataFrame, b: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the photos that both could read."""
    where = ["photo", "latitude", "longitude"]
    if not a.select(where).equals(b.select(where)):
        raise PhotoTableError("the two evaluations are of different photos; compare on one table")
    both = a["error"].is_null() & b["error"].is_null()
    if not both.any():
        raise PhotoTableError("there is no photo that both models could read")
    return a.filter(both), b.filter(both)


def _statistics(rows: pl.DataFrame, of: Evaluation) -> dict[str, Statistic]:
    tree = {
        **accuracy(rows, len(of.partition)),
        "calibration": trust.calibration(rows, of.report["calibration"]["temperature"]),
        "risk_coverage": trust.risk_coverage_of(rows),
    }
    return {key: _at(tree, key) for key in FIGURES}


def _at(tree: Mapping[str, Any], key: str) -> Statistic:
    found: Any = tree
    for name in key.split("."):
        found = found[name]
    statistic: Callable[..., Any] = found
    return statistic


def _better(found: Mapping[str, Any], *, less: bool) -> str | None:
    """The model that is better, where the interval of the difference leaves no doubt."""
    low, high = found["difference"]["low"], found["difference"]["high"]
    if low is None or high is None or low <= 0 <= high:
        return None
    return "b" if (high < 0) == less else "a"
