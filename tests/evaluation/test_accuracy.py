"""Accuracy by hand: the paper's lift, the radii, answers that look at no photo."""

import numpy as np
import polars as pl
import pytest

from geoguess_cli.evaluation.accuracy import accuracy, distances
from geoguess_cli.evaluation.intervals import Bootstrap


def figures(tree: dict, photos: int) -> dict:
    return Bootstrap(np.arange(photos), resamples=10).figures(tree)


def test_a_radius_holds_itself() -> None:
    distance_km = np.array([0.0, 1.0, 1.0001, 25.0, 200.0, 750.0, 2500.0, 2500.1])
    found = figures(distances(distance_km), 8)["within_km"]
    shares = {radius: figure["value"] for radius, figure in found.items()}
    assert shares == {"1": 2 / 8, "25": 4 / 8, "200": 5 / 8, "750": 6 / 8, "2500": 7 / 8}


def test_a_photo_without_a_distance_counts_nowhere() -> None:
    found = figures(distances(np.array([1.0, np.nan, 3.0, 4.0])), 4)
    assert found["median_km"]["value"] == 3.0
    assert found["mean_km"]["value"] == pytest.approx(8 / 3)
    assert found["within_km"]["1"]["value"] == pytest.approx(1 / 3)


def test_the_paper_s_lift_is_364() -> None:
    right = 1655
    rows = pl.DataFrame(
        {
            "token": ["4"] * 10_000,
            "rank": pl.Series([1] * right + [2] * (10_000 - right), dtype=pl.UInt32),
            "distance_km": [10.0] * 10_000,
            **dict.fromkeys(("country", "estimate_country"), ["Peru"] * 10_000),
            **dict.fromkeys(("region", "estimate_region"), [""] * 10_000),
        }
    )
    found = figures(accuracy(rows, cells=2199), 10_000)
    assert found["all"]["top_1"]["value"] == pytest.approx(0.1655)
    assert round(found["lift"]["value"]) == 364
    assert found["state_accuracy"]["value"] is None
    assert found["country_accuracy"]["value"] == 1.0
