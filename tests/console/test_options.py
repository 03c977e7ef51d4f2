"""Values of options: places and baselines."""

import re

import pytest
import typer

from geoguess_cli.choices import BASELINES
from geoguess_cli.console.options import baseline, coordinates


@pytest.mark.parametrize("text", ["45.68,-111.04", "45.68 -111.04", " 45.68,  -111.04 "])
def test_a_place_is_a_latitude_and_a_longitude(text: str) -> None:
    assert coordinates(text) == (45.68, -111.04)


@pytest.mark.parametrize("text", ["", "45.68", "45,68,-111,04", "Bozeman,Montana"])
def test_a_text_that_is_not_a_place_is_quoted_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(f"`{text}` is not a place; write LAT")):
        coordinates(text)


@pytest.mark.parametrize("text", ["90.1,0", "0,361", "nan,0"])
def test_a_place_off_the_earth_names_the_limits(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"latitude must lie in \[-90, 90\]"):
        coordinates(text)


def test_a_baseline_is_one_of_the_choices() -> None:
    assert [baseline(name) for name in BASELINES] == list(BASELINES)
    with pytest.raises(typer.BadParameter, match="`grey` is not one of mean, blur, noise"):
        baseline("grey")
