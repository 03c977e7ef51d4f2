"""Sources as a whole: what is missing, what is left, and the summary."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.sources.reading import describe, read_source

SHARED_PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
shared = pytest.mark.skipif(not SHARED_PHOTOS.is_dir(), reason=f"no photos at {SHARED_PHOTOS}")
WITH_GPS = {"arezzo": 9, "berlin": 3, "lund": 29, "portland": 2}


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


def test_missing_photos_are_found_only_when_asked(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "d" / "a.jpg")
    path = csv_of("photo,lat,lon\nd/a.jpg,1,2\nd/b.jpg,3,4\n")
    assert len(read_source(path).table) == 2
    reading = read_source(path, check_files=True)
    assert reading.missing == ["d/b.jpg"]
    assert rows_of(reading) == [("d/a.jpg", 1, 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("photo,lat,lon\n", r"t\.csv has no row"),
        ("photo,lat,lon\na,91,0\nb,0,x\n", r"none of its 2 rows can be used; t\.csv, row 2: lat"),
        ("photo,lat,lon\na.jpg,1,0\n", r"none of its 1 photos exists below .*, such as a\.jpg"),
    ],
)
def test_nothing_left_is_an_error(csv_of, text, message):
    with pytest.raises(PhotoTableError, match=message):
        read_source(csv_of(text), check_files=True)


def test_osv_archives_that_are_still_packed_are_told(tmp_path, write_csv, osv_row, osv_header):
    write_csv(tmp_path / "train.csv", osv_header, [osv_row("123456789012345")])
    (tmp_path / "images" / "train").mkdir(parents=True)
    (tmp_path / "images" / "train" / "00.zip").write_bytes(b"")
    with pytest.raises(PhotoTableError, match=r"00\.zip is damaged or incomplete.*copy it again"):
        read_source(tmp_path)
    (tmp_path / "images" / "train" / "00.zip").rename(tmp_path / "00.7z")
    with pytest.raises(PhotoTableError, match=r"such as 123456789012345; unpack .*00\.7z first"):
        read_source(tmp_path)


def test_photos_without_gps_point_to_the_table_beside_them(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "a.jpg")
    csv_of("photo,lat,lon\na.jpg,1,2\n", "list.csv")
    with pytest.raises(PhotoTableError, match=r"none of its 1 rows can be used.*list\.csv: name"):
        read_source(tmp_path)


def test_what_is_not_known_says_what_was_looked_for(tmp_path):
    with pytest.raises(PhotoTableError, match=r"must hold train\.csv.*metadata\.csv.*EXIF"):
        read_source(tmp_path)
    with pytest.raises(MissingFileError, match="absent does not exist; name"):
        read_source(tmp_path / "absent")
    photo = tmp_path / "a.xlsx"
    photo.write_bytes(b"PK")
    with pytest.raises(
        PhotoTableError, match=r"a\.xlsx is not a table; a table of photos ends in \.csv"
    ):
        read_source(photo)


def test_a_reading_is_described_in_plain_values(osv_mini):
    summary = describe(read_source(osv_mini))
    assert summary == {
        "kind": "osv",
        "photos": 6,
        "bad_rows": 0,
        "missing": 2,
        "bounds": {"south": 30.0, "north": 43.0, "west": -100.25, "east": -100.25},
        "splits": {"train": 4, "test": 2},
        "sequences": 2,
        "creators": 1,
        "sequences_on_two_sides": 1,
    }
    assert json.loads(json.dumps(summary)) == summary


@shared
def test_exif_and_table_agree():
    by_exif = read_source(SHARED_PHOTOS)
    by_table = read_source(SHARED_PHOTOS / "attribution.csv", check_files=True)
    assert (by_exif.kind, by_table.kind) == ("exif", "table")
    assert len(by_exif.table) == sum(WITH_GPS.values())
    assert len(by_exif.bad_rows) == 90 - sum(WITH_GPS.values())
    assert (len(by_table.table), len(by_table.bad_rows), by_table.missing) == (74, 16, [])
    assert {bad.reason for bad in by_table.bad_rows} == {"no coordinates"}
    assert describe(by_table)["sequences"] == 21
    tables = by_exif.table.frame.join(by_table.table.frame, on="photo", suffix="_table")
    assert tables.height == len(by_exif.table)
    a = tables.select("latitude", "longitude").to_numpy()
    b = tables.select("latitude_table", "longitude_table").to_numpy()
    assert great_circle_km(a, b).max() < 1e-3  # the table has six decimals


@shared
@pytest.mark.parametrize("folder", WITH_GPS)
def test_a_folder_of_camera_photos_is_read(folder):
    reading = read_source(SHARED_PHOTOS / folder)
    assert len(reading.table) == WITH_GPS[folder]
    assert reading.bad_rows == []


def test_an_exchanged_table_is_refused_whole_or_read_exchanged(csv_of):
    """In the list of a western country every latitude is out of range if it is exchanged."""
    path = csv_of("photo,lat,lon\na,-111,45\nb,-112,46\n")
    with pytest.raises(PhotoTableError, match=r"look exchanged: as they stand, 0 %.*--swap"):
        read_source(path)
    reading = read_source(path, swap=True)
    assert rows_of(reading) == [("a", 45, -111), ("b", 46, -112)]
    assert not reading.order.looks_exchanged


def test_positions_of_photos_cannot_be_exchanged(tmp_path, write_photo):
    write_photo(tmp_path / "a.jpg", gps=(45.68, -111.04))
    with pytest.raises(PhotoTableError, match=r"has no table.*leave out --swap"):
        read_source(tmp_path, swap=True)
    with pytest.raises(PhotoTableError, match=r"has no table.*leave out --column"):
        read_source(tmp_path, columns={"photo": "path"})


def test_missing_photos_and_bad_rows_are_both_named(csv_of: Callable[..., Path]) -> None:
    path = csv_of("photo,latitude,longitude\na.jpg,45,-111\nb.jpg,0,0\n")
    words = (
        r"none of its 2 rows can be used: 1 photo missing below .*, such as a\.jpg; "
        r"1 bad row, such as t\.csv, row 3: no position"
    )
    with pytest.raises(PhotoTableError, match=words):
        read_source(path, check_files=True)


def test_only_the_columns_of_places_are_read_for_places(csv_of: Callable[..., Path]) -> None:
    path = csv_of("photo,lat,lng,country,note\na.jpg,45,-111,US,hello\n")
    frame = read_source(path, places_only=True).table.frame
    assert frame.columns == ["photo", "latitude", "longitude", "country"]


def test_bounds_have_six_digits(csv_of: Callable[..., Path]) -> None:
    reading = read_source(csv_of("photo,lat,lng\na.jpg,45.1,-111.03999999999999\n"))
    assert describe(reading)["bounds"]["west"] == -111.04
