"""Statistics by hand, and `docs/metrics.md`, which defines each of them."""

import re
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import computed, keys, plain
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.intervals import Bootstrap
from geoguess_cli.evaluation.measurement import accuracy
from geoguess_cli.evaluation.report import Report
from geoguess_cli.evaluation.statistics import Abstention, Distances


def measured(tree: dict, photos: int) -> dict:
    return plain(Bootstrap(np.arange(photos), resamples=10).measured(tree))


def test_a_radius_holds_itself() -> None:
    distance_km = np.array([0.0, 1.0, 1.0001, 25.0, 200.0, 750.0, 2500.0, 2500.1])
    found = measured(computed(Distances, distance_km), 8)["within_km"]
    shares = {radius: share["value"] for radius, share in found.items()}
    assert shares == {"1": 2 / 8, "25": 4 / 8, "200": 5 / 8, "750": 6 / 8, "2500": 7 / 8}


def test_a_photo_without_a_distance_counts_nowhere() -> None:
    found = measured(computed(Distances, np.array([1.0, np.nan, 3.0, 4.0])), 4)
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
    found = measured(accuracy(Columns(rows), cells=2199), 10_000)
    assert found["all"]["top_1"]["value"] == pytest.approx(0.1655)
    assert round(found["lift"]["value"]) == 364
    assert found["state_accuracy"]["value"] is None
    assert found["country_accuracy"]["value"] == 1.0


def test_abstention_by_hand() -> None:
    frame = pl.DataFrame(
        {
            "token": ["4", None, "4"],
            "rank": pl.Series([1, 2, 1], dtype=pl.UInt32),
            "distance_km": [2.0, 100.0, 8.0],
        }
    )
    confidence = np.array([0.9, 0.5, 0.3])
    rows = [
        measured(computed(Abstention, Columns(frame), confidence >= least), 3)
        for least in (0.0, 0.5, 0.95)
    ]
    values = {name: [row[name]["value"] for row in rows] for name in rows[0]}
    assert values["share"] == pytest.approx([1.0, 2 / 3, 0.0])
    assert values["accuracy"] == [pytest.approx(2 / 3), 0.5, None]
    assert values["covered_accuracy"] == [1.0, 1.0, None]
    assert values["median_km"] == [8.0, 51.0, None]
    assert values["mean_km"] == [pytest.approx(110 / 3), 51.0, None]


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def rows_of(text: str) -> list[tuple[list[str], list[str]]]:
    """The keys in the first column of every table row, and its other columns."""
    rows = re.findall(r"^\| (`[^|]*) \|(.*)\|$", text, flags=re.MULTILINE)
    return [
        (re.findall(r"`([^`]+)`", first), [cell.strip() for cell in rest.split("|")])
        for first, rest in rows
    ]


def same(key: str, other: str, *, start: bool = False) -> bool:
    """Whether two dotted keys are one, `*` being any name; or the first the start of the other."""
    parts = list(zip_longest(key.split("."), other.split(".")))
    if start:
        parts = parts[: key.count(".") + 1]
    return all(
        a == b or "*" in (a, b) or (a is not None and b is not None and a == "by_*" == b[:3] + "*")
        for a, b in parts
    )


OF_REPORTS = PAGE.split("## Two models side by side")[0]
DEFINED = rows_of(OF_REPORTS)


def test_every_key_is_defined_with_its_unit() -> None:
    for key, definition in keys(Report):
        cells = [rest for names, rest in DEFINED if any(same(name, key) for name in names)]
        assert cells, f"docs/metrics.md does not define {key}"
        if definition is not None:
            assert any(
                unit.strip() == definition.unit
                for rest in cells
                for cell in rest[1:2]
                for unit in cell.split(",")
            ), f"docs/metrics.md gives {key} another unit than {definition.unit}"


def test_every_definition_stands_on_the_page() -> None:
    for key, definition in keys(Report):
        assert definition is None or definition.definition in OF_REPORTS, f"{key}: {definition}"


def test_the_page_defines_no_key_that_is_not_there() -> None:
    known = [key for key, _ in keys(Report)]
    for names, _ in DEFINED:
        for name in names:
            assert any(same(name, key, start=True) for key in known), name


def test_the_page_defines_the_columns_of_the_predictions(made_evaluation: Evaluation) -> None:
    section = PAGE.split("## predictions.parquet")[1].split("\n## ")[0]
    columns = [name for names, _ in rows_of(section) for name in names]
    there = set(made_evaluation.predictions.columns) - {"split", "sequence"}
    assert all(any(fnmatch(name, column) for column in columns) for name in there)
    assert all(any(fnmatch(name, column) for name in there) for column in columns)
