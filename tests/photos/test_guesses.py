"""Columns of unknown names are guessed by their values."""

import polars as pl
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.guesses import guess_columns
from geoguess_cli.sources.reading import read_source

ALL = ("photo", "latitude", "longitude")


@pytest.mark.parametrize(
    ("columns", "guesses"),
    [
        (
            {
                "n": ["1", "2"],
                "x": ["13.1", "13.2"],
                "y": ["55.7", "55.8"],
                "f": ["a.jpg", "b.jpg"],
            },
            {"photo": "f", "latitude": "y", "longitude": "x"},
        ),
        (
            {"Breite": ["55,7", "55,8"], "Länge": ["13° 2' E", "13,2"], "Bild": ["A.JPG", "b.png"]},
            {"photo": "Bild", "latitude": "Breite", "longitude": "Länge"},
        ),
        ({"a": ["-111.5", "-112.25"], "b": ["45.5", "46.5"]}, {"latitude": "b", "longitude": "a"}),
        ({"year": ["2020", "2021"], "count": ["1", "2"], "note": ["x", "y"]}, {}),
        ({"lat_bin": ["91.5", "95.5"]}, {}),
        ({"thumb": ["t.jpg", "t.jpg", "t.jpg"]}, {}),  # the same file in each row names no photo
        ({}, {}),
    ],
)
def test_columns_are_guessed_by_value_and_name(columns, guesses):
    assert guess_columns(pl.DataFrame(columns), ALL) == guesses


def test_a_refusal_lists_all_columns_and_the_options_that_mend_it(csv_of):
    path = csv_of("nr,Foto 1,breite,laenge\n1,a.jpg,55.7,13.2\n2,b.jpg,55.8,13.1\n")
    with pytest.raises(PhotoTableError) as caught:
        read_source(path)
    assert str(caught.value) == (
        f"{path} has no photo and no latitude and no longitude column; it has nr, Foto 1, breite, "
        "laenge; perhaps --column 'photo=Foto 1' --column latitude=breite --column longitude=laenge"
    )
    choice = {"photo": "Foto 1", "latitude": "breite", "longitude": "laenge"}
    assert read_source(path, columns=choice).table.frame.row(1) == ("b.jpg", 55.8, 13.1, "2")
