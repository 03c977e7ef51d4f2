"""The usual names of columns, and the names of splits."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.columns import COLUMNS, REQUIRED_COLUMNS, known_columns, split_name
from geoguess_cli.sources.reading import read_source


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


@pytest.mark.parametrize("latitude", ["latitude", "lat", "LAT", "Latitude"])
@pytest.mark.parametrize("longitude", ["longitude", "lon", "lng", "long", "LON", "Longitude"])
@pytest.mark.parametrize("photo", ["photo", "path", "file_name"])
def test_usual_column_names_are_known(csv_of, latitude, longitude, photo):
    reading = read_source(csv_of(f"{longitude},{photo},{latitude}\n2.5,d/a.jpg,1.5\n"))
    assert rows_of(reading) == [("d/a.jpg", 1.5, 2.5)]
    assert reading.bad_rows == []


def test_the_most_explicit_of_several_columns_is_taken(csv_of):
    reading = read_source(csv_of("id,path,photo,lat,latitude,LON,lon\n7,p.jpg,q.jpg,1,2,3,4\n"))
    assert rows_of(reading) == [("q.jpg", 2, 4)]
    assert reading.table.frame["id"].to_list() == ["7"]
    # What was not needed stays, under its own name.
    assert reading.table.frame.select("path", "lat", "LON").row(0) == ("p.jpg", "1", "3")


def test_a_table_without_coordinates_says_what_was_looked_for(csv_of):
    with pytest.raises(PhotoTableError) as caught:
        read_source(csv_of("photo,northing\na.jpg,1\n"))
    message = "t.csv has no latitude column; it has photo, northing; rename one to latitude or lat"
    assert str(caught.value).endswith(message)


def test_required_columns_come_first() -> None:
    assert tuple(COLUMNS)[:3] == REQUIRED_COLUMNS


def test_the_photo_column_can_be_restricted() -> None:
    header = ["path", "file_name", "lat"]
    assert known_columns(header)["photo"] == "path"
    assert known_columns(header, photo=("file_name",))["photo"] == "file_name"
    assert known_columns([]) == {}


@pytest.mark.parametrize(
    ("text", "split"), [("Valid ", "val"), ("dev", "val"), ("TRAINING", "train"), ("gallery", None)]
)
def test_splits_go_by_several_names(text: str, split: str | None) -> None:
    assert split_name(text) == split
