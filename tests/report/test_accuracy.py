"""The sections on accuracy: that all and covered photos stand side by side."""

import dataclasses

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.report import Report
from geoguess_cli.report.accuracy import right_cell, right_state, which_place
from geoguess_cli.wording import text_of


@pytest.fixture
def report(made_evaluation: Evaluation) -> Report:
    return made_evaluation.report


def test_all_and_covered_stand_side_by_side(report: Report) -> None:
    table = right_cell(report).tables[0]
    assert table.columns == ("answer", "all photos", "covered photos")
    assert table.rows[0][1:] == [
        text_of(report.all.top_1, "share"),
        text_of(report.covered.top_1, "share"),
    ]


def test_the_own_point_estimate_is_marked(report: Report) -> None:
    rows = which_place(report).tables[0].rows
    marked = [str(row[0]) for row in rows if "the model's" in str(row[0])]
    assert marked == ["weighted mean of the likeliest cluster (the model's)"]


def test_the_country_that_most_share_is_not_repeated(report: Report) -> None:
    texas = report.by_state["Texas, United States of America"]
    report = dataclasses.replace(report, by_state={**report.by_state, "Ontario, Canada": texas})
    names = [row[0] for row in right_state(report).tables[1].rows]
    assert {"Texas", "Idaho", "Ontario, Canada"} < set(names)
