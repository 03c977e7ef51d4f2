"""Every layout is recognised by looking; what is wrong with a row is told, not mended."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.photos.index import find_photos
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.photos.sources import describe, read_source


@pytest.fixture
def csv_of(tmp_path):
    def write(text: str, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


# Tables


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


def test_ids_and_tokens_are_never_numbers(csv_of):
    text = "photo,lat,lon,id,sequence,token\na.jpg,1,2,1234567890123456,0012,47e4\n"
    reading = read_source(csv_of(text))
    row = reading.table.frame.row(0, named=True)
    assert (row["id"], row["sequence"], row["token"]) == ("1234567890123456", "0012", "47e4")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.jpg,123.4,2", "latitude is 123.4; it must lie in [-90, 90]"),
        ("a.jpg,1,-181", "longitude is -181; it must lie in [-180, 360]"),
        ("a.jpg,1,abc", "longitude is not a number: 'abc'"),
        ('a.jpg,"55,7",13', "latitude is not a number: '55,7'"),
        ("a.jpg,inf,2", "latitude is inf; it must lie in [-90, 90]"),
        ("a.jpg,,", "no coordinates"),
        ("a.jpg,nan,NaN", "no coordinates"),
        ("a.jpg,1,", "no longitude"),
        (",1,2", "no photo path"),
        (" ,,", "no photo path"),
        ("good.jpg,5,6", "photo 'good.jpg' is already in row 2"),
    ],
)
def test_a_bad_row_is_left_out_with_its_row_number_and_reason(csv_of, row, reason):
    reading = read_source(csv_of(f"photo,lat,lon\ngood.jpg,1,2\n\n{row}\nlast.jpg,3,4\n"))
    assert reading.bad_rows == [BadRow(4, reason, "t.csv")]
    assert str(reading.bad_rows[0]) == f"t.csv, row 4: {reason}"
    assert rows_of(reading) == [("good.jpg", 1, 2), ("last.jpg", 3, 4)]


def test_valid_coordinates_at_the_limits_are_kept(csv_of):
    text = "photo,lat,lon\na,90,180\nb,-90,-180\nc,0,0\nd, +1.5e1 ,190\ne,1,360\n"
    reading = read_source(csv_of(text))
    expected = [("a", 90, 180), ("b", -90, -180), ("c", 0, 0), ("d", 15, -170), ("e", 1, 0)]
    assert rows_of(reading) == expected


def test_splits_get_their_one_name(csv_of):
    names = ["train", "Train", "training", "val", "valid", "validation", "dev", "test", ""]
    lines = [f"{row}.jpg,1,2,{name}" for row, name in enumerate([*names, "gallery"])]
    reading = read_source(csv_of("\n".join(["photo,lat,lon,split", *lines])))
    expected = ["train"] * 3 + ["val"] * 4 + ["test", None]
    assert reading.table.frame["split"].to_list() == expected
    assert reading.bad_rows == [
        BadRow(11, "split is 'gallery'; it must be train, val or test", "t.csv")
    ]


def test_a_line_with_too_many_fields_costs_only_itself(csv_of):
    text = 'photo,lat,lon,note\na.jpg,1,2,"x\ny"\nb,c.jpg,1,2,z\nd.jpg,5,6\n'
    reading = read_source(csv_of(text))
    assert rows_of(reading) == [("a.jpg", 1, 2), ("d.jpg", 5, 6)]
    assert reading.bad_rows == [BadRow(3, "5 fields, but the header has 4", "t.csv")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_byte_order_mark_are_read(tmp_path, separator):
    text = "\ufeffphoto,lat,lon\r\nd\\a.jpg,1,2\r\n".replace(",", separator)
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    assert rows_of(read_source(path)) == [("d/a.jpg", 1, 2)]


def test_text_that_is_not_utf8_is_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("photo,lat,lon\né.jpg,1,2\n".encode("latin-1"))
    with pytest.raises(PhotoTableError, match="is not UTF-8 text"):
        read_source(path)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_damaged_file_is_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x00\xff\xfe\x00")
    with pytest.raises(PhotoTableError) as caught:
        read_source(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_jsonl_rows_are_lines(csv_of):
    lines = [
        '{"file_name": "a.jpg", "lat": 1, "lon": 2.25, "id": 1234567890123456, "box": [1, 2]}',
        "",
        "nonsense",
        "[1, 2]",
        '{"file_name": "b.jpg", "lat": "3", "lon": null}',
    ]
    reading = read_source(csv_of("\n".join(lines), "t.jsonl"))
    assert rows_of(reading) == [("a.jpg", 1, 2.25)]
    assert reading.table.frame["id"].to_list() == ["1234567890123456"]
    assert "box" not in reading.table.frame.columns
    assert [(bad.row, bad.reason) for bad in reading.bad_rows] == [
        (3, "the line is not a JSON object"),
        (4, "the line is not a JSON object"),
        (5, "no longitude"),
    ]


def test_parquet_keeps_types_and_mends_what_floats_did_to_ids(tmp_path):
    frame = pl.DataFrame(
        {
            "path": ["a.jpg", "b.jpg"],
            "lat": pl.Series([1, 2], dtype=pl.Int32),
            "lon": pl.Series([0.1, None], dtype=pl.Float32),
            "id": [123456789012345.0, None],
            "captured_at": pl.Series([1606155034123, 0]).cast(pl.Datetime("ms")),
            "weight": [0.5, 1.5],
            "image": [{"bytes": b"x"}, {"bytes": b"y"}],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    reading = read_source(tmp_path / "t.parquet")
    row = reading.table.frame.row(0, named=True)
    assert row == {
        "photo": "a.jpg",
        "latitude": 1.0,
        "longitude": 0.1,  # as printed, not 0.10000000149
        "id": "123456789012345",
        "captured_at": 1606155034123,
        "weight": 0.5,
    }
    assert reading.bad_rows == [BadRow(2, "no longitude", "t.parquet")]


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


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(*[st.text(max_size=6)] * 3), max_size=6))
def test_every_row_is_kept_or_told(tmp_path, write_csv, rows):
    rows = [["anchor.jpg", "1", "2"], *(row for row in rows if any(field for field in row))]
    path = write_csv(tmp_path / "t.csv", ["photo", "lat", "lon"], rows)
    reading = read_source(path)
    assert len(reading.table) + len(reading.bad_rows) == len(rows)
    assert len({bad.row for bad in reading.bad_rows}) == len(reading.bad_rows)
    latlng = reading.table.latlng
    assert (abs(latlng) <= [90, 180]).all()


# Im2GPS


def test_im2gps_photos_are_found_by_name_or_stem(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "images" / "12_ab.jpg")
    write_photo(tmp_path / "x" / "y" / "34.JPG")
    path = csv_of("IMG_ID,AUTHOR,LAT,LON\n12_ab.jpg,ann,1,2\nx/y/34.JPG,,3,4\n56.jpg,,5,6\n")
    reading = read_source(path)
    assert reading.kind == "im2gps"
    assert rows_of(reading) == [("images/12_ab.jpg", 1, 2), ("x/y/34.JPG", 3, 4)]
    assert reading.missing == ["56.jpg"]
    assert reading.table.frame["creator"].to_list() == ["ann", None]
    assert reading.table.frame["id"].to_list() == ["12_ab.jpg", "x/y/34.JPG"]


def test_two_photos_of_one_stem_are_not_guessed_at(tmp_path, write_photo, csv_of):
    for folder in "ab":
        write_photo(tmp_path / folder / "1.jpg")
    write_photo(tmp_path / "2.jpg")
    path = csv_of("id,lat,lon\n1,1,2\n2,3,4\n")
    reading = read_source(path)
    assert rows_of(reading) == [("2.jpg", 3, 4)]
    assert [bad.row for bad in reading.bad_rows] == [2]
    assert "2 photos below" in reading.bad_rows[0].reason


# OSV


@pytest.fixture
def osv_mini(tmp_path, write_photo, write_csv, osv_row, osv_header):
    """Photos `1<n>` of train and `2<n>` of test, and one row of each without its photo."""
    home = tmp_path / "osv5m"
    train = [osv_row(f"10000000000000{n}", 40 + n, sequence=f"s{n // 2}") for n in range(4)]
    test = [osv_row(f"20000000000000{n}", 30 + n, sequence="s0") for n in range(2)]
    write_csv(home / "train_mini.csv", osv_header, [*train, osv_row("1000000000000099")])
    write_csv(home / "test_mini.csv", osv_header, [*test, osv_row("2000000000000099")])
    for n in range(4):
        state = ("Kansas", "New Mexico")[n % 2]
        write_photo(home / "train_images" / state / f"10000000000000{n}.jpg")
    for n in range(2):
        write_photo(home / "test_images" / "Texas" / f"20000000000000{n}.jpg")
    return tmp_path


@pytest.mark.parametrize("inside", ["", "osv5m"])
def test_osv_mini_is_read_from_its_folder(osv_mini, inside):
    reading = read_source(osv_mini / inside)
    frame = reading.table.frame
    assert reading.kind == "osv"
    assert reading.table.splits == {"train": 4, "test": 2}
    assert reading.missing == ["1000000000000099", "2000000000000099"]
    assert frame["id"].to_list()[0] == "100000000000000"
    assert frame["photo"].to_list()[1] == "train_images/New Mexico/100000000000001.jpg"
    assert frame["photo"].to_list()[4] == "test_images/Texas/200000000000000.jpg"
    assert all(path.is_file() for path in reading.table.paths)
    row = frame.row(0, named=True)
    assert row["captured_at"] == 1606155034123
    assert row["creator"] == "bob"
    assert row["creator_id"] == "102175308705443"
    assert (row["country"], row["region"], row["sequence"]) == ("US", "Kansas", "s0")
    assert "quadtree_10_1000" not in frame.columns


def test_one_osv_file_is_read_alone(osv_mini):
    reading = read_source(osv_mini / "osv5m" / "test_mini.csv")
    assert (reading.kind, reading.table.splits) == ("osv", {"test": 2})
    assert reading.missing == ["2000000000000099"]


def test_osv_5m_is_read_from_numbered_folders(
    tmp_path, write_photo, write_csv, osv_row, osv_header
):
    for split, number in (("train", 1), ("test", 2)):
        identifier = f"{number}23456789012345"
        write_csv(tmp_path / f"{split}.csv", osv_header, [osv_row(identifier)])
        write_photo(tmp_path / "images" / split / f"0{number}" / f"{identifier}.jpg")
    reading = read_source(tmp_path)
    assert reading.table.frame["photo"].to_list() == [
        "images/train/01/123456789012345.jpg",
        "images/test/02/223456789012345.jpg",
    ]
    assert reading.table.frame["split"].to_list() == ["train", "test"]


def test_an_id_printed_as_a_float_still_finds_its_photo(
    tmp_path, write_photo, write_csv, osv_row, osv_header
):
    write_photo(tmp_path / "123456789012345.jpg")
    path = write_csv(tmp_path / "train.csv", osv_header, [osv_row("123456789012345.0")])
    assert read_source(path).table.frame["id"].to_list() == ["123456789012345"]


def test_osv_bad_rows_name_their_file(osv_mini, write_csv, osv_row, osv_header):
    rows = [osv_row("200000000000000"), osv_row("200000000000001", 95), osv_row("100000000000000")]
    write_csv(osv_mini / "osv5m" / "test_mini.csv", osv_header, rows)
    reading = read_source(osv_mini)
    first = "photo 'train_images/Kansas/100000000000000.jpg' is already in train_mini.csv, row 2"
    assert reading.bad_rows == [
        BadRow(3, "latitude is 95; it must lie in [-90, 90]", "test_mini.csv"),
        BadRow(4, first, "test_mini.csv"),
    ]


def test_osv_archives_that_are_still_packed_are_told(tmp_path, write_csv, osv_row, osv_header):
    write_csv(tmp_path / "train.csv", osv_header, [osv_row("123456789012345")])
    (tmp_path / "images" / "train").mkdir(parents=True)
    (tmp_path / "images" / "train" / "00.zip").write_bytes(b"")
    with pytest.raises(PhotoTableError, match=r"such as 123456789012345; .*unpack .*00\.zip"):
        read_source(tmp_path)


# Imagefolder


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_an_imagefolder_is_read_by_its_metadata(tmp_path, write_photo, suffix):
    frame = pl.DataFrame({"file_name": ["d/a.jpg"], "latitude": [1.5], "longitude": [2.5]})
    frame = frame.with_columns(path=pl.lit("elsewhere"), caption=pl.lit("a road"))
    write = {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}
    write[suffix](tmp_path / f"metadata.{suffix}")
    write_photo(tmp_path / "d" / "a.jpg")
    reading = read_source(tmp_path, check_files=True)
    assert reading.kind == "imagefolder"
    assert rows_of(reading) == [("d/a.jpg", 1.5, 2.5)]
    assert reading.table.frame["caption"].to_list() == ["a road"]


def test_an_imagefolder_of_splits_is_read_whole(tmp_path, write_photo, write_csv):
    for folder in ("train", "validation", "test", "other"):
        header = ["file_name", "lat", "lon"]
        write_csv(tmp_path / folder / "metadata.csv", header, [["1.jpg", 1, 2], ["2.jpg", 99, 2]])
        write_photo(tmp_path / folder / "1.jpg")
    reading = read_source(tmp_path, check_files=True)
    found = dict(reading.table.frame.select("photo", "split").rows())
    assert found == {"test/1.jpg": "test", "train/1.jpg": "train", "validation/1.jpg": "val"}
    assert {(bad.file, bad.row) for bad in reading.bad_rows} == {
        (f"{folder}/metadata.csv", 3) for folder in ("train", "validation", "test")
    }


# Folders


def test_a_folder_of_photos_is_read_by_its_exif(tmp_path, write_photo):
    write_photo(tmp_path / "b.jpg", gps=(-33.5, -70.25))
    write_photo(tmp_path / "a" / "c.JPG", gps=(55.75, 13.5))
    write_photo(tmp_path / "a" / "none.jpg")
    write_photo(tmp_path / ".thumbnails" / "c.jpg", gps=(1, 1))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    reading = read_source(tmp_path)
    assert reading.kind == "exif"
    assert rows_of(reading) == [("a/c.JPG", 55.75, 13.5), ("b.jpg", -33.5, -70.25)]
    assert [bad.row for bad in reading.bad_rows] == [2, 4]
    assert reading.bad_rows[0].reason == "'a/none.jpg' has no GPS position in its EXIF"
    assert "broken.jpg is not a picture" in reading.bad_rows[1].reason


def test_photos_without_gps_point_to_the_table_beside_them(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "a.jpg")
    csv_of("photo,lat,lon\na.jpg,1,2\n", "list.csv")
    with pytest.raises(PhotoTableError, match=r"none of its 1 rows can be used.*list\.csv: name"):
        read_source(tmp_path)


def test_a_folder_with_a_photo_table_is_read_by_it(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "a.jpg", gps=(5, 5))
    csv_of("photo,latitude,longitude\na.jpg,1,2\n", "photos.csv")
    reading = read_source(tmp_path)
    assert reading.kind == "photo table"
    assert rows_of(reading) == [("a.jpg", 1, 2)]
    csv_of("{}", "photos.jsonl")
    with pytest.raises(PhotoTableError, match=r"photos\.csv and photos\.jsonl; name the table"):
        read_source(tmp_path)


def test_what_is_not_known_says_what_was_looked_for(tmp_path):
    with pytest.raises(PhotoTableError, match=r"must hold train\.csv.*metadata\.csv.*EXIF"):
        read_source(tmp_path)
    with pytest.raises(MissingFileError, match="absent does not exist; name"):
        read_source(tmp_path / "absent")
    photo = tmp_path / "a.zip"
    photo.write_bytes(b"PK")
    with pytest.raises(
        PhotoTableError, match=r"a\.zip is not a table; a table of photos ends in \.csv"
    ):
        read_source(photo)


def test_photos_are_found_in_order_and_links_do_not_loop(tmp_path, write_photo):
    for name in ("b.png", "a/z.jpeg", "a/y.webp", "a/.hidden.jpg"):
        write_photo(tmp_path / name)
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "notes.txt").write_text("no photo")
    found = [path.relative_to(tmp_path).as_posix() for path in find_photos(tmp_path)]
    assert found == ["a/y.webp", "a/z.jpeg", "b.png"]


# The summary


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
