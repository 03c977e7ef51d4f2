"""Tables of any make: their photos are where they say, or found by the ends of their paths."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.reading import read_source

TABLE = "path,lat,lon\nimages/a/1.jpg,1,10\nimages/b/1.jpg,2,20\nimages/a/2.jpg,3,30\n"


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude").rows()


def test_photos_in_another_folder_than_the_table_says_are_found(tmp_path, write_photo, csv_of):
    for name in ("a/1", "b/1"):
        write_photo(tmp_path / "photos" / f"{name}.jpg")
    path = csv_of(TABLE)
    reading = read_source(path)
    assert (reading.kind, reading.missing) == ("table", ["images/a/2.jpg"])
    assert rows_of(reading) == [("photos/a/1.jpg", 1), ("photos/b/1.jpg", 2)]
    notice = f"{path}: its photos are in other folders than it says, and found by name"
    assert notice in reading.notices


def test_paths_that_lead_to_photos_stay(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "images" / "a" / "2.jpg")
    write_photo(tmp_path / "photos" / "a" / "1.jpg")
    reading = read_source(csv_of(TABLE))
    assert rows_of(reading) == [("images/a/1.jpg", 1), ("images/b/1.jpg", 2), ("images/a/2.jpg", 3)]


def test_a_table_whose_photos_are_elsewhere_keeps_its_rows(csv_of):
    assert len(read_source(csv_of(TABLE)).table) == 3
    with pytest.raises(PhotoTableError, match="none of its 3 photos exists"):
        read_source(csv_of(TABLE), check_files=True)


def test_a_photo_table_is_never_searched_for(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "photos" / "1.jpg")
    path = csv_of("photo,latitude,longitude\n1.jpg,1,10\n")
    assert rows_of(read_source(path)) == [("1.jpg", 1)]
