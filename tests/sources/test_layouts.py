"""Each layout is recognised by its files and read to the same rows."""

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import polars as pl
import pytest

from geoguess_cli import sources
from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.layout import Layout
from geoguess_cli.sources.layouts import LAYOUTS, SIGNS, TITLES
from geoguess_cli.sources.reading import read_source
from geoguess_cli.sources.view import SourceView


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


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
    assert all(path.is_file() for path in reading.table.files)
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
    assert reading.bad_rows[0].reason == "'a/none.jpg': no GPS position in its EXIF or XMP"
    assert "broken.jpg is not a picture" in reading.bad_rows[1].reason


def test_a_folder_with_a_photo_table_is_read_by_it(tmp_path, write_photo, csv_of):
    write_photo(tmp_path / "a.jpg", gps=(5, 5))
    csv_of("photo,latitude,longitude\na.jpg,1,2\n", "photos.csv")
    reading = read_source(tmp_path)
    assert reading.kind == "photo table"
    assert rows_of(reading) == [("a.jpg", 1, 2)]
    csv_of("{}", "photos.jsonl")
    with pytest.raises(PhotoTableError, match=r"photos\.csv and photos\.jsonl; name the table"):
        read_source(tmp_path)


def test_the_first_layout_that_recognises_a_source_reads_it(osv_mini, csv_of):
    def first(path, **options):
        view = SourceView(path, **options)
        return next((layout.name for layout in LAYOUTS if layout.recognise(view)), None)

    assert first(osv_mini) == "osv"
    assert first(osv_mini / "osv5m" / "test_mini.csv") == "osv"
    assert first(csv_of("IMG_ID,LAT,LON\n")) == "im2gps"
    assert first(csv_of("photo,latitude,longitude,lat\n")) == "photo table"
    assert first(csv_of("path,latitude,longitude\n")) == "table"
    assert first(csv_of("latitude,longitude\n")) == "table"  # refused when it is read
    assert first(csv_of("latitude,longitude\n"), places_only=True) == "places"


def test_help_and_messages_name_every_layout_of_folders():
    assert TITLES.split("; ")[-1] == "folder of photos with GPS in their EXIF"
    assert SIGNS.count("metadata.csv") == SIGNS.count("photos.csv") == SIGNS.count("OSV-5M") == 1


def test_every_layout_of_a_family_has_its_row():
    families = [
        import_module(f"{sources.__name__}.{m.name}") for m in iter_modules(sources.__path__)
    ]
    layouts = {id(x) for family in families for x in vars(family).values() if isinstance(x, Layout)}
    assert layouts == {id(layout) for layout in LAYOUTS}
    assert len(LAYOUTS) == len(layouts)


def test_the_table_of_layouts_loads_no_library():
    heavy = {"polars", "numpy", "PIL"}
    script = f"import sys, geoguess_cli.sources.layouts; print({heavy} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == "set()"
