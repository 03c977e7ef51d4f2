"""Published lists: found in a folder by their columns, with photos in a tree or flattened."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.reading import read_source

MP16 = "IMG_ID,AUTHOR,LAT,LON,S3_Label,S16_Label,Prob_indoor"


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


@pytest.mark.parametrize("list_file", ["mp16.csv", "meta/mp16.csv"])
@pytest.mark.parametrize(
    "photo", ["34/8d/9055806529.jpg", "mp16/34/8d/9055806529.jpg", "images/34_8d_9055806529.jpg"]
)
def test_mp_16_is_read_with_its_tree_or_flattened(tmp_path, write_photo, csv_of, list_file, photo):
    write_photo(tmp_path / photo)
    (tmp_path / "meta").mkdir()
    csv_of(f"{MP16}\n34/8d/9055806529.jpg,ann,48.5,2.25,1,2,0.5\n", list_file)
    reading = read_source(tmp_path)
    assert (reading.kind, rows_of(reading)) == ("im2gps", [(photo, 48.5, 2.25)])
    assert reading.notices == [f"{tmp_path}: its list {list_file} is read"]
    assert reading.table.frame["id"].to_list() == ["34/8d/9055806529.jpg"]
    assert reading.table.frame["creator"].to_list() == ["ann"]


def test_a_list_of_geoclip_names_its_files(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "im2gps" / "1.jpg")
    path = csv_of("IMG_FILE,LAT,LON\n1.jpg,48.5,2.25\n2.jpg,1,2\n")
    reading = read_source(path)
    assert (reading.kind, rows_of(reading)) == ("im2gps", [("im2gps/1.jpg", 48.5, 2.25)])
    assert reading.missing == ["2.jpg"]


def test_an_old_list_of_im2gps3k_keeps_its_columns(tmp_path, write_photo, csv_of):
    """Its header says LON,LAT over latitudes and longitudes, which another check notices."""
    write_photo(tmp_path / "1.jpg")
    reading = read_source(csv_of("IMG_ID,AUTHOR,LON,LAT\n1.jpg,ann,48.5,2.25\n"))
    assert (reading.kind, rows_of(reading)) == ("im2gps", [("1.jpg", 2.25, 48.5)])


def test_global_streetscapes_are_found_by_uuid(tmp_path, write_photo, csv_of):
    header = "uuid,source,orig_id,lat,lon,datetime_local,heading"
    (tmp_path / "data").mkdir()
    write_photo(tmp_path / "Singapore" / "a1b2.jpeg")
    csv_of(f"{header}\na1b2,Mapillary,77,1.25,103.5,2020-01-01 10:00:00+08:00,3\n", "data/all.csv")
    csv_of("uuid,source,orig_id,country\na1b2,Mapillary,77,Singapore\n", "data/simplemaps.csv")
    reading = read_source(tmp_path)
    assert reading.kind == "streetscapes"
    assert rows_of(reading) == [("Singapore/a1b2.jpeg", 1.25, 103.5)]
    columns = reading.table.frame.select("id", "captured_at", "heading").row(0)
    assert columns == ("a1b2", "2020-01-01 10:00:00+08:00", "3")


def test_two_lists_of_one_kind_are_not_guessed_at(tmp_path, csv_of):
    for name in ("a.csv", "b.csv"):
        csv_of(f"{MP16}\n", name)
    with pytest.raises(PhotoTableError, match=r"holds a\.csv and b\.csv; name the table to read"):
        read_source(tmp_path)


def test_a_damaged_table_beside_photos_does_not_matter(tmp_path, write_photo):
    write_photo(tmp_path / "a.jpg", gps=(5, 5))
    (tmp_path / "notes.parquet").write_bytes(b"no table")
    assert read_source(tmp_path).kind == "exif"


def test_unsplash_photos_are_found_by_their_id(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "photos" / "xyz-1.jpg")
    header = "photo_id,photo_url,photo_location_country,photo_location_latitude"
    rows = "xyz-1,u,Spain,40.5,-3.5\nabc,u,,,\n"
    path = csv_of(f"{header},photo_location_longitude\n{rows}", "unsplash.csv")
    reading = read_source(path)
    assert (reading.kind, rows_of(reading)) == ("unsplash", [("photos/xyz-1.jpg", 40.5, -3.5)])
    assert reading.table.frame["country"].to_list() == ["Spain"]
    assert [bad.reason for bad in reading.bad_rows] == ["no coordinates"]
