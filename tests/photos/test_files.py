"""Table files: text stays text, and a damaged file is an error of one line."""

import polars as pl
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.files import read_header, read_rows
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


def test_ids_and_tokens_are_never_numbers(csv_of):
    text = "photo,lat,lon,id,sequence,token\na.jpg,1,2,1234567890123456,0012,47e4\n"
    reading = read_source(csv_of(text))
    row = reading.table.frame.row(0, named=True)
    assert (row["id"], row["sequence"], row["token"]) == ("1234567890123456", "0012", "47e4")


def test_a_line_with_too_many_fields_costs_only_itself(csv_of):
    text = 'photo,lat,lon,note\na.jpg,1,2,"x\ny"\nb,c.jpg,1,2,z\nd.jpg,5,6\n'
    reading = read_source(csv_of(text))
    assert rows_of(reading) == [("a.jpg", 1, 2), ("d.jpg", 5, 6)]
    assert reading.bad_rows == [BadRow(3, "5 fields, but the first line has 4", "t.csv")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_byte_order_mark_are_read(tmp_path, separator):
    text = "\ufeffphoto,lat,lon\r\nd\\a.jpg,1,2\r\n".replace(",", separator)
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    assert rows_of(read_source(path)) == [("d/a.jpg", 1, 2)]


def test_text_that_is_not_utf8_is_read_and_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("photo,lat,lon\né.jpg,1,2\n".encode("latin-1"))
    reading = read_source(path)
    assert rows_of(reading) == [("é.jpg", 1, 2)]
    assert len(reading.notices) == 1
    assert "is not UTF-8 text and was read as Windows-1252" in reading.notices[0]


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


@pytest.mark.parametrize(("suffix", "first"), [("csv", 2), ("jsonl", 1), ("parquet", 1)])
def test_rows_have_the_numbers_by_which_a_person_finds_them(tmp_path, suffix, first):
    frame = pl.DataFrame({"photo": ["a", "b"], "note": ["x", "y"]})
    path = tmp_path / f"t.{suffix}"
    write = {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}
    write[suffix](path)
    assert read_header(path) == ["photo", "note"]
    rows, bad = read_rows(path, columns=["note"])
    assert rows.columns == ["@row", "note"]
    assert rows["@row"].to_list() == [first, first + 1]
    assert bad == []
