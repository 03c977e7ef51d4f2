"""The report as HTML and as Markdown; `tests/pages` opens the page in a browser."""

import re

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.report.evaluation_page import report_page
from geoguess_cli.report.rendering import Image, render_markdown, render_page


@pytest.fixture(scope="module")
def page(made_evaluation: Evaluation) -> str:
    images = {"errors": Image(b"\x89PNG", "png"), "reliability": Image(b"<svg/>", "svg")}
    return render_page(report_page(made_evaluation.report), images)


def test_it_names_no_address_but_its_own(page: str) -> None:
    assert not re.findall(r"https?:|//[a-z]", page)
    assert "<script" not in page
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)"', page))


def test_its_contents_lead_to_its_sections(page: str) -> None:
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) == 11
    for anchor in links:
        assert f'<section id="{anchor}">' in page


def test_what_a_file_holds_is_text_not_markup(page: str) -> None:
    assert "not a &lt;b&gt;picture&lt;/b&gt; | at all" in page


def test_figures_travel_with_it(page: str) -> None:
    assert 'class="map" src="data:image/png;base64,iVBORw=="' in page
    assert 'class="chart" src="data:image/svg+xml;base64,' in page
    assert page.count("<figure") == 2


def test_a_figure_has_its_interval(page: str, made_evaluation: Evaluation) -> None:
    top_1 = made_evaluation.report.all.top_1
    low, high = (f"{100 * end:.1f}" for end in (top_1.low, top_1.high))
    assert f"<small>{low} to {high}</small>" in page


def test_every_markdown_table_is_regular(made_evaluation: Evaluation) -> None:
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
