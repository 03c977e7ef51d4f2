"""What the page of a datasheet says."""

import re

import pytest

from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.report.datasheet import Datasheet, datasheet
from geoguess_cli.report.datasheet_page import datasheet_page
from geoguess_cli.report.rendering import render_markdown, render_page

SECTIONS = (  # of Gebru et al., in their order; Composition has two
    *("Motivation", "Composition: where", "Composition: columns and gaps"),
    *("Collection process", "Preprocessing and cleaning", "Uses and splits"),
    *("Distribution and licences", "Maintenance"),
)


@pytest.fixture
def full(make_table) -> Datasheet:
    """A datasheet in which every section has something to say."""
    table = make_table(
        [(45.68, -111.04), (45.68, -111.04), (48.86, 2.35), (0, 0)],
        split=["train", "test", "test", None],
        sequence=["a", "a", "b", None],
        creator=["x<y", "x<y", "z", "z"],
        captured_at=["2019-03-01", "2021-03-01", "1970-01-01", None],
        license=["CC0", "CC0", None, None],
    )
    return datasheet(
        table,
        title="towns",
        licence="CC0",
        left_out={"latitude is …": 3},
        missing=2,
        leaks=find_leaks(table),
    )


def test_the_sections_are_those_of_datasheets_for_datasets(full) -> None:
    assert tuple(section.title for section in datasheet_page(full).sections) == SECTIONS


def test_the_text_says_what_was_counted(full) -> None:
    text = render_markdown(datasheet_page(full))
    for words in (
        "4 photos whose place is known, in 2 countries, taken between 2019-03-01 and 2021-03-01.",
        "2 of 4 photos (50 %) have exactly the place of another photo; there are 3 different",
        "1 photo at 0° N, 0° E",
        "1 date before 1990 or in the future",
        "| latitude is … | 3 |",
        "2 photos of the source did not exist",
        "| set aside | 1 | 25.0 % |",
        "Leak check: leaking: 1 sequence lies on both sides of train and test",
        "| CC0 | 2 | 50.0 % |",
        "Datasheets for Datasets",
    ):
        assert words in text, words
    assert "docs/metrics.md" not in text


def test_the_page_holds_its_own_policy_and_no_address(full) -> None:
    page = render_page(datasheet_page(full), {})
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "<code>geoguess data split --force --by sequence</code>" in page
    assert "`" not in page


def test_names_of_creators_stay_in_the_table(full) -> None:
    assert "x<y" not in render_markdown(datasheet_page(full))


def test_a_bare_table_says_what_it_does_not_know(make_table) -> None:
    text = render_markdown(datasheet_page(datasheet(make_table([(48.86, 2.35)]), title="one")))
    for words in (
        "1 photo whose place is known, in one country, France.",
        "No column has gaps.",
        "The table has no dates.",
        "The table has no split",
        "under which licence the photos may be used",
        "The table has no sequences",
    ):
        assert words in text, words


def test_a_table_of_one_side_judges_no_model(make_table) -> None:
    sheet = datasheet(make_table([(48.86, 2.35)], split=["test"]), title="one")
    assert "All photos lie on one side" in render_markdown(datasheet_page(sheet))
