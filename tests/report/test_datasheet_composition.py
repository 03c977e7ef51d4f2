"""What a datasheet says about the composition of a table."""

from geoguess_cli.report.datasheet import datasheet
from geoguess_cli.report.datasheet_composition import ROWS_SHOWN
from geoguess_cli.report.datasheet_page import datasheet_page
from geoguess_cli.report.rendering import render_markdown


def test_photos_all_around_the_earth_have_no_west(make_table) -> None:
    sheet = datasheet(make_table([(-5, n) for n in range(-180, 180, 40)]), title="ring")
    text = render_markdown(datasheet_page(sheet))
    assert "The photos lie all around the Earth, between 5.000° S and 5.000° S." in text


def test_a_long_list_is_cut_and_says_so(make_table) -> None:
    licences = [f"licence {n:02}" for n in range(ROWS_SHOWN + 3)]
    sheet = datasheet(make_table([(48.86, 2.35)] * len(licences), license=licences), title="x")
    text = render_markdown(datasheet_page(sheet))
    assert "3 more stand in card.json" in text
    assert f"licence {ROWS_SHOWN:02}" not in text
