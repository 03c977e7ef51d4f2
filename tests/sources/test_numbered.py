"""Photos named by their row: the first is 0 or 1, by looking."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.reading import read_source

TABLE = "latitude,longitude\n1,10\n2,20\n3,30\n"


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude").rows()


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_number_is_found(tmp_path, write_photo, csv_of, first):
    for number in range(first, first + 3):
        write_photo(tmp_path / "images" / f"{number}.png")
    path = csv_of(TABLE, "coordinates.csv")
    expected = [(f"images/{first + row}.png", row + 1) for row in range(3)]
    for source in (path, tmp_path):
        reading = read_source(source)
        assert (reading.kind, rows_of(reading)) == ("numbered photos", expected)
        assert reading.notices == [f"{path}: the photo of its first row is the one called {first}"]


def test_a_bad_row_and_a_missing_photo_move_no_other(tmp_path, write_photo, csv_of):
    for number in (0, 1, 4):
        write_photo(tmp_path / f"{number}.png")
    reading = read_source(csv_of("lat,lon\n1,10\n95,20\n3,30\n\n5,50\n"))
    assert rows_of(reading) == [("0.png", 1), ("4.png", 5)]
    assert reading.missing == ["2"]
    assert [bad.row for bad in reading.bad_rows] == [3]


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((1, 2), "its photos are called 1 to 2, so the photo of its first row may be 0 or 1"),
        ((0, 3), "its photos are called 0 to 3, so photos and rows do not belong together"),
    ],
)
def test_what_cannot_be_decided_is_refused(tmp_path, write_photo, csv_of, numbers, reason):
    for number in numbers:
        write_photo(tmp_path / f"{number}.png")
    with pytest.raises(PhotoTableError, match=f"{reason}; add a column `photo`"):
        read_source(csv_of(TABLE))


def test_photos_with_other_names_are_not_guessed_at(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "0.png")
    write_photo(tmp_path / "north.png")
    with pytest.raises(PhotoTableError, match="has no photo column"):
        read_source(csv_of(TABLE))


def test_places_alone_need_no_photos(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "1.png")
    assert read_source(csv_of(TABLE), places_only=True).kind == "places"
