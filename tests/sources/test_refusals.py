"""A refusal of a table says what it has and how to mend it."""

import pytest

from geoguess_cli.sources.refusals import refusal


@pytest.mark.parametrize(
    ("text", "known", "missing", "message"),
    [
        (
            "path,x,y\na.jpg,13.5,55.5\n",
            {"photo": "path"},
            ["latitude", "longitude"],
            "has no latitude and no longitude column; it has path, x, y; "
            "perhaps --column latitude=y --column longitude=x",
        ),
        (
            "lat,lon,note\n1.5,2.5,x\n",
            {"latitude": "lat", "longitude": "lon"},
            ["photo"],
            "has no photo column; it has lat, lon, note; name it: --column photo=NAME",
        ),
        (
            "f,lat\na.jpg,1.5\n",
            {"latitude": "lat"},
            ["photo", "longitude"],
            "has no photo and no longitude column; it has f, lat; "
            "name them: --column photo=f --column longitude=NAME",
        ),
    ],
)
def test_all_columns_are_listed_and_the_known_ones_are_not_guessed(
    csv_of, text, known, missing, message
):
    path = csv_of(text)
    assert refusal(path, missing, known=known) == f"{path} {message}"
