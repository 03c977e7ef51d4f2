"""What a report says: its figures, its tables, and why something is not there."""

import copy
from typing import Any

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.report.content import Section
from geoguess_cli.report.evaluation_page import headline, opening, sections
from geoguess_cli.report.files import figures_of
from geoguess_cli.wording import shown


@pytest.fixture
def report(made_evaluation: Evaluation) -> dict[str, Any]:
    return copy.deepcopy(made_evaluation.report)


def section(report: dict[str, Any], anchor: str) -> Section:
    (found,) = [section for section in sections(report) if section.anchor == anchor]
    return found


def test_the_opening_tells_what_was_counted(report: dict[str, Any]) -> None:
    text = " ".join(opening(report))
    assert "239 photos of the test split, of 30 sequences; 160 (66.9 %) lie" in text
    assert "1 more could not be read and count nowhere." in text
    assert "Leak check: " in text
    assert report["leaks"]["verdict"] in text


def test_the_headline_has_the_figures_of_the_report(report: dict[str, Any]) -> None:
    told = {name: figure for name, figure, _ in headline(report)}
    assert told["median distance"] == shown(report["median_km"], "km")
    assert told["calibration error"] == shown(report["calibration"]["after"]["ece"], "share")
    assert all(figure.interval for figure in told.values())


def test_every_table_is_regular_and_every_anchor_its_own(report: dict[str, Any]) -> None:
    made = sections(report)
    assert len({section.anchor for section in made}) == len(made) == 10
    for part in made:
        for table in part.tables:
            assert table.caption.endswith(".")
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_every_figure_that_is_told_of_is_drawn(
    report: dict[str, Any], made_evaluation: Evaluation
) -> None:
    named = [picture.name for part in sections(report) for picture in part.pictures]
    assert sorted(named) == sorted(figures_of(made_evaluation))


def test_all_and_covered_stand_side_by_side(report: dict[str, Any]) -> None:
    table = section(report, "cell").tables[0]
    assert table.columns == ("answer", "all photos", "covered photos")
    assert table.rows[0][1:] == [
        shown(report["all"]["top_1"], "share"),
        shown(report["covered"]["top_1"], "share"),
    ]


def test_the_own_point_estimate_is_marked(report: dict[str, Any]) -> None:
    rows = section(report, "point").tables[0].rows
    marked = [str(row[0]) for row in rows if "the model's" in str(row[0])]
    assert marked == ["weighted mean of the likeliest cluster (the model's)"]


def test_the_country_that_most_share_is_not_repeated(report: dict[str, Any]) -> None:
    report["by_state"]["Ontario, Canada"] = report["by_state"]["Texas, United States of America"]
    names = [row[0] for row in section(report, "state").tables[1].rows]
    assert {"Texas", "Idaho", "Ontario, Canada"} < set(names)


def test_what_is_not_there_has_its_reason(report: dict[str, Any]) -> None:
    reason = "the photo table has no training photos to compare with"
    report["by_distance_to_train"] = report["leaks"] = None
    report["absent"] = {"by_distance_to_train": reason, "leaks": reason}
    assert section(report, "new").text == [f"Not told: {reason}."]
    assert f"No leak check: {reason}." in opening(report)[0]


def test_a_model_that_was_never_calibrated(report: dict[str, Any]) -> None:
    report["calibration"]["temperature"] = 1.0
    assert "not calibrated" in section(report, "calibration").text[0]
    beside = [beside for name, _, beside in headline(report) if name == "calibration error"]
    assert beside == ["at temperature 1, as the model gives them"]


@pytest.mark.parametrize(("count", "more"), [(0, None), (1, []), (1234, ["1,214 more"])])
def test_unreadable_photos(report: dict[str, Any], count: int, more: list[str] | None) -> None:
    report["skipped"] = [{"photo": f"{i:04}.jpg", "reason": "gone"} for i in range(count)]
    found = [part for part in sections(report) if part.anchor == "left-out"]
    if more is None:
        assert not found
        return
    assert len(found[0].tables[0].rows) == min(count, 20)
    assert all(text in found[0].text[0] for text in more)


def test_the_report_itself_is_left_as_it_is(report: dict[str, Any]) -> None:
    before = copy.deepcopy(report)
    sections(report)
    opening(report)
    headline(report)
    assert report == before
