"""The page of a survey, as Markdown."""

from geoguess_cli.report.rendering import render_markdown
from geoguess_cli.survey.page import FAILURES_SHOWN, survey_page
from geoguess_cli.wording import text_of


def test_the_page_names_the_suspect_and_the_thirds(reported) -> None:
    report = reported(range(9))
    page = render_markdown(survey_page(report), pictures=["attention", "suspects"])
    assert "# Where the model looks: 9 photos of the test split" in page
    (spot,) = report.survey.suspects
    assert f"| 1 | drive-0 | {report.token(spot)} | 3 | 38 % across, 88 % down |" in page
    assert "Suspects among them: 1." in page
    assert "](suspects.png)" in page
    lower = text_of(report.survey.attention.thirds["lower"], "share")
    assert f"| lower third (road) | {lower} | 33.3 % |" in page


def test_a_page_without_suspects_has_no_sheet(reported) -> None:
    page = render_markdown(survey_page(reported(range(3, 15))), pictures=["attention"])
    assert "Suspects among them: 0." in page
    assert "suspects.png" not in page


def test_the_page_lists_the_first_photos_without_a_map(reported, known) -> None:
    known.files[4].write_bytes(b"no photo at all")
    report = reported([0, 1, 2, 4])
    page = render_markdown(survey_page(report))
    assert "## Left out" in page
    assert "| 4.png |" in page
    report.survey.failures.extend([(5, "broken | file")] * FAILURES_SHOWN)
    page = render_markdown(survey_page(report))
    assert "broken \\| file" in page
    assert "attention.json lists 1 more" in page
