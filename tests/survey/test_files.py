"""A survey in a folder."""

import json

from PIL import Image

from geoguess_cli.survey.files import write_survey


def test_the_folder_holds_the_report_and_its_figures(reported, tmp_path) -> None:
    report = reported(range(9))
    files = write_survey(report, tmp_path / "report")
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"attention.json", "attention.md", "attention.png", "suspects.png"}
    assert {path.name for path in files} == names
    record = json.loads((tmp_path / "report" / "attention.json").read_text())
    assert record == json.loads(json.dumps(report.record()))
    with Image.open(tmp_path / "report" / "attention.png") as image:
        assert image.width == 1600


def test_the_sheet_of_an_earlier_survey_goes(reported, tmp_path) -> None:
    write_survey(reported(range(9)), tmp_path / "report")
    write_survey(reported(range(3, 15)), tmp_path / "report")
    assert not (tmp_path / "report" / "suspects.png").exists()
