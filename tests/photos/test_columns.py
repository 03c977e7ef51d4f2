"""The usual names of columns, and the names of splits."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.columns import (
    COLUMNS,
    OTHER_NAMES,
    REQUIRED_COLUMNS,
    known_columns,
    split_name,
    unusual_names,
)
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
    assert str(caught.value).endswith(
        "t.csv has no latitude and no longitude column; it has photo, northing; "
        "name them: --column latitude=NAME --column longitude=NAME"
    )


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


@pytest.mark.parametrize("column", OTHER_NAMES)
def test_every_further_name_is_known_and_gives_way_to_the_usual_ones(column: str) -> None:
    for name in OTHER_NAMES[column]:
        assert known_columns([name])[column] == name
        assert known_columns([name.swapcase()])[column] == name.swapcase()
        for usual in COLUMNS[column]:
            assert known_columns([name, usual.upper()])[column] == usual.upper()


def test_no_name_stands_for_two_columns() -> None:
    """Only a photo that goes by its id has one name for both."""
    names = [
        (name.lower(), column)
        for known in (COLUMNS, OTHER_NAMES)
        for column, several in known.items()
        for name in several
        if column != "id"
    ]
    assert len(dict(names)) == len(names)
    assert not {"x", "y"} & set(dict(names))


@pytest.mark.parametrize(
    ("header", "photo", "id"),
    [
        (["key", "lat", "lon"], "key", "key"),
        (["id", "uuid", "key"], "id", "id"),
        (["uuid", "orig_id"], "uuid", "uuid"),
        (["ID", "SourceFile"], "ID", "ID"),
        (["path", "key"], "path", None),
        (["SourceFile", "uuid"], "SourceFile", None),
        (["image_path", "id"], "id", "id"),
    ],
)
def test_a_photo_named_by_its_key_keeps_the_key(header, photo, id) -> None:
    columns = known_columns(header)
    assert (columns["photo"], columns.get("id")) == (photo, id)


def test_restricted_names_of_photos_admit_no_further_name() -> None:
    assert "photo" not in known_columns(["SourceFile", "key"], photo=("file_name",))


def test_a_column_of_an_unusual_name_is_used_and_said(csv_of):
    text = "SourceFile,GPSLatitude,GPSLongitude,sequence_id,country_code\n./a.jpg,1,2,s9,PE\n"
    path = csv_of(text)
    reading = read_source(path)
    row = reading.table.frame.row(0, named=True)
    assert row == {
        "photo": "a.jpg",
        "latitude": 1,
        "longitude": 2,
        "sequence": "s9",
        "country": "PE",
    }
    assert reading.notices == [
        f"{path}: photo is `SourceFile`, latitude is `GPSLatitude`, longitude is `GPSLongitude`, "
        "sequence is `sequence_id`, country is `country_code`; --column names another column"
    ]
    assert read_source(csv_of("path,LAT,lng\na.jpg,1,2\n")).notices == []


def test_unusual_is_what_only_the_second_list_has() -> None:
    assert unusual_names({"photo": "KEY", "latitude": "LAT", "note": "key"}) == {"photo": "KEY"}


@pytest.mark.parametrize("name", ["key", "uuid", "image_id", "photo_id", "IMG_FILE"])
def test_a_photo_that_goes_by_its_key_is_looked_for(csv_of, tmp_path, write_photo, name):
    write_photo(tmp_path / "images" / "k1.jpg")
    reading = read_source(csv_of(f"{name},lat,lon\nk1,1,2\nk2,3,4\n"))
    assert rows_of(reading) == [("images/k1.jpg", 1, 2)]
    assert reading.table.frame["id"].to_list() == ["k1"]
    assert reading.missing == ["k2"]


def test_places_alone_take_no_photo_from_a_further_name(csv_of):
    """Points may share the file that they come from; they were never photos."""
    path = csv_of("lat,lon,file\n1,2,a.gpx\n3,4,a.gpx\n")
    reading = read_source(path, places_only=True)
    assert reading.kind == "places"
    assert rows_of(reading) == [("row 2", 1, 2), ("row 3", 3, 4)]
