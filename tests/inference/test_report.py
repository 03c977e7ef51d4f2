"""The report as a page: what it says, and that its tables are tables."""

import copy
from typing import Any

import pytest

from geoguess_cli.inference.report import render_report


def value(number: float | None) -> dict[str, float | None]:
    return {"value": number}


@pytest.fixture
def report() -> dict[str, Any]:
    distances = {"median_km": value(231.4), "mean_km": value(18.26), "geoscore": value(3361.2)}
    far = {"median_km": value(1234.5), "mean_km": value(1400.0), "geoscore": value(812.0)}
    return {
        "split": "test",
        "model": {
            "backbone": "resnet10t",
            "vit": "vit_tiny_patch16_224",
            "image_size": 128,
            "cells": 17,
            "parameters": 6543210,
            "device": "cpu",
            "precision": "fp32",
            "fingerprint": "0123456789abcdef",
        },
        "counts": {"photos": 1800, "covered": 1296, "skipped": 2, "cells": 17},
        "all": {"top_1": value(0.1196), "top_3": value(0.2), "top_5": value(0.25)},
        "covered": {"top_1": value(0.1655), "top_3": value(0.2655), "top_5": value(0.3176)},
        "coverage": value(0.72),
        "chance": value(1 / 17),
        "lift": value(2.0332),
        "loss": value(2.998),
        **distances,
        "within_km": {
            "1": value(0.0),
            "25": value(0.05),
            "200": value(0.4),
            "750": value(0.8),
            "2500": value(1.0),
        },
        "state_accuracy": value(0.61),
        "country_accuracy": value(0.99),
        "baselines": {
            "chance": value(1 / 17),
            "most_frequent_cell": {"token": "87c4", "top_1": value(0.08), **far},
            "best_constant": {"latitude": value(-41.25), "longitude": value(-104.5), **far},
        },
        "skipped": [
            {"photo": "x.jpg", "reason": "a|b"},
            {"photo": "y.jpg", "reason": "gone"},
        ],
    }


@pytest.mark.parametrize(
    "line",
    [
        "# Evaluation on the test split",
        "| top-1 | 11.96 % | 16.55 % |",
        "| top-5 | 25.00 % | 31.76 % |",
        "| chance | 5.88 % | top-1 of a cell drawn at random: 1 / 17 |",
        "| lift | 2.0× | top-1 over all photos ÷ chance |",
        "| loss | 2.998 nats | mean −ln p of the true cell, covered photos |",
        "| median distance | 231 km | 1,234 km | 1,234 km |",
        "| mean distance | 18.3 km | 1,400 km | 1,400 km |",
        "| GeoScore (of 5,000) | 3,361 | 812 | 812 |",
        "| 2,500 km | 100.00 % | continent |",
        "| state | 61.00 % | point estimate in the state (first-level region) of the truth |",
        "| `x.jpg` | a\\|b |",
        "Every figure is defined in `docs/metrics.md` of geoguess.",
    ],
)
def test_the_page_says(report: dict[str, Any], line: str) -> None:
    assert line in render_report(report).splitlines()


def test_the_page_tells_what_was_counted(report: dict[str, Any]) -> None:
    page = render_report(report)
    assert "1,800 photos, of which 1,296 (72.00 %) lie in a cell of the partition." in page
    assert "2 more could not be read and count nowhere." in page
    assert "41.250° S, 104.500° W" in page
    assert "`0123456789abcdef`: resnet10t + vit_tiny_patch16_224, 128 px, 17 cells" in page


def test_every_table_is_regular(report: dict[str, Any]) -> None:
    page = render_report(report).replace("\\|", "")
    tables = [block for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) == 6
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert set(table.splitlines()[1]) <= set("|-: ")


def test_figures_are_aligned_to_the_right(report: dict[str, Any]) -> None:
    lines = render_report(report).splitlines()
    assert lines[lines.index("| figure | all photos | covered photos |") + 1] == (
        "| --- | ---: | ---: |"
    )
    assert lines[lines.index("| figure | value | what it is |") + 1] == "| --- | ---: | --- |"


def test_an_undefined_figure_is_a_dash(report: dict[str, Any]) -> None:
    report["covered"] = {name: value(None) for name in report["covered"]}
    assert "| top-1 | 11.96 % | – |" in render_report(report)


def test_without_unreadable_photos_nothing_is_listed(report: dict[str, Any]) -> None:
    report["counts"]["skipped"], report["skipped"] = 0, []
    page = render_report(report)
    assert "Every photo could be read." in page
    assert "Left out" not in page


def test_a_long_list_of_unreadable_photos_is_cut(report: dict[str, Any]) -> None:
    report["skipped"] = [{"photo": f"{i:04}.jpg", "reason": "gone"} for i in range(1234)]
    page = render_report(report)
    assert "`0019.jpg`" in page
    assert "`0020.jpg`" not in page
    assert "and 1,214 more, all listed in `report.json`." in page


def test_the_report_itself_is_left_as_it_is(report: dict[str, Any]) -> None:
    before = copy.deepcopy(report)
    render_report(report)
    assert report == before
