"""The sections on trust: what calibration says, sets, areas, abstention."""

import dataclasses

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.report import Report
from geoguess_cli.report.trust import AREAS_SHOWN, abstention, calibration, regions
from geoguess_cli.wording import text_of


@pytest.fixture
def report(made_evaluation: Evaluation) -> Report:
    return made_evaluation.report


@pytest.mark.parametrize(
    ("temperature", "text"), [(1.0, "not calibrated"), (1.5, "too sure"), (0.8, "too unsure")]
)
def test_the_temperature_is_explained(report: Report, temperature: float, text: str) -> None:
    part = dataclasses.replace(report.calibration, temperature=temperature)
    assert text in calibration(dataclasses.replace(report, calibration=part)).text[0]


def test_scores_stand_over_covered_and_over_all_photos(report: Report) -> None:
    rows = calibration(report).tables[0].rows
    assert [row[:2] for row in rows] == [
        ["log loss", "covered"],
        ["Brier score", "covered"],
        ["Brier score", "all"],
        ["calibration error", "covered"],
        ["calibration error", "all"],
    ]
    assert rows[-1][3] == text_of(report.calibration.after.all.ece, "share")


def test_areas_start_where_photos_are_found(report: Report) -> None:
    sets, spread, recall = regions(report).tables
    assert [row[0] for row in sets.rows] == ["50 %", "50 %", "90 %", "90 %"]
    assert spread.rows[-1][1] == text_of(report.mean_km, "km")
    assert 0 < len(recall.rows) <= AREAS_SHOWN
    assert str(recall.rows[0][1]).split(" ")[0] != "0.0"


def test_abstention_has_a_row_a_threshold(report: Report) -> None:
    (table,) = abstention(report).tables
    assert len(table.rows) == len(report.abstention)
    assert table.rows[3][0] == "20 %"
