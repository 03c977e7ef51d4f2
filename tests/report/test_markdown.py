"""The report as Markdown: that its tables are tables."""

import re

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.report.evaluation_page import report_page
from geoguess_cli.report.markdown import render_markdown


def test_every_table_is_regular(made_evaluation: Evaluation) -> None:
    page = render_markdown(report_page(made_evaluation.report)).replace("\\|", "")
    tables = [block for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 15
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert set(table.splitlines()[1]) <= set("|-: ")


def test_figures_are_aligned_to_the_right(made_evaluation: Evaluation) -> None:
    lines = render_markdown(report_page(made_evaluation.report)).splitlines()
    rule = lines[lines.index("| answer | all photos | covered photos |") + 1]
    assert rule == "| --- | ---: | ---: |"


def test_what_a_photo_is_called_does_not_break_a_table(made_evaluation: Evaluation) -> None:
    assert "not a <b>picture</b> \\| at all" in render_markdown(report_page(made_evaluation.report))


def test_pictures_are_shown_only_where_they_lie_beside_it(made_evaluation: Evaluation) -> None:
    assert "](" not in render_markdown(report_page(made_evaluation.report))
    page = render_markdown(report_page(made_evaluation.report), pictures=["reliability", "errors"])
    assert re.findall(r"\]\((.*?)\)", page) == ["errors.png", "reliability.png"]
