"""What a report says: its figures, its tables, and why something is not there."""

import dataclasses

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.report import Report, Skipped
from geoguess_cli.report.content import Section
from geoguess_cli.report.evaluation_page import headline, opening, sections
from geoguess_cli.report.figures import figures_of
from geoguess_cli.wording import text_of


@pytest.fixture
def report(made_evaluation: Evaluation) -> Report:
    return made_evaluation.report


def section(report: Report, anchor: str) -> Section:
    (found,) = [section for section in sections(report) if section.anchor == anchor]
    return found


def test_the_opening_tells_what_was_counted(report: Report) -> None:
    text = " ".join(opening(report))
    assert "239 photos of the test split, of 30 sequences; 160 (66.9 %) lie" in text
    assert "1 more could not be read and count in no statistic." in text
    assert "Leak check: " in text
    assert report.leaks.verdict in text


def test_the_headline_has_the_figures_of_the_report(report: Report) -> None:
    result = {name: figure for name, figure, _ in headline(report)}
    assert result["median distance"] == text_of(report.median_km, "km")
    assert result["calibration error"] == text_of(report.calibration.after.ece, "share")
    assert all(figure.interval for figure in result.values())


def test_every_table_is_regular_and_every_anchor_its_own(report: Report) -> None:
    made = sections(report)
    assert len({section.anchor for section in made}) == len(made) == 11
    for part in made:
        for table in part.tables:
            assert table.caption.endswith(".")
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_every_figure_that_is_named_is_drawn(report: Report, made_evaluation: Evaluation) -> None:
    named = [picture.name for part in sections(report) for picture in part.pictures]
    assert sorted(named) == sorted(figures_of(made_evaluation))


def test_what_is_not_there_has_its_reason(report: Report) -> None:
    reason = "the photo table has no training photos to compare with"
    absent = {"by_distance_to_train": reason, "leaks": reason, "by_likeness": "nobody knows"}
    unknown = dict.fromkeys(("by_distance_to_train", "leaks", "by_likeness"))
    report = dataclasses.replace(report, **unknown, absent=absent)
    assert section(report, "kinds").text == ["Not measured: nobody knows."]
    assert section(report, "new").text == [f"Not measured: {reason}."]
    assert f"No leak check: {reason}." in opening(report)[0]


def test_a_model_that_was_never_calibrated(report: Report) -> None:
    calibration = dataclasses.replace(report.calibration, temperature=1.0)
    report = dataclasses.replace(report, calibration=calibration)
    assert "not calibrated" in section(report, "calibration").text[0]
    beside = [beside for name, _, beside in headline(report) if name == "calibration error"]
    assert beside == ["at temperature 1, as the model gives them"]


@pytest.mark.parametrize(("count", "more"), [(0, None), (1, []), (1234, ["1,214 more"])])
def test_unreadable_photos(report: Report, count: int, more: list[str] | None) -> None:
    skipped = [Skipped(f"{i:04}.jpg", "gone") for i in range(count)]
    report = dataclasses.replace(report, skipped=skipped)
    found = [part for part in sections(report) if part.anchor == "left-out"]
    if more is None:
        assert not found
        return
    assert len(found[0].tables[0].rows) == min(count, 20)
    assert all(text in found[0].text[0] for text in more)
