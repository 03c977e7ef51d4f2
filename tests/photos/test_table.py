"""The photo table: its checks, and files that give back what was written."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.table import PhotoTable, read_photo_table, write_photo_table
from geoguess_cli.sources.reading import read_source

SUFFIXES = ("csv", "parquet", "jsonl")


def test_columns_become_arrays_and_paths(make_table):
    table = make_table([(1, 2), (-3, 4)], split=["val", None], sequence=[None, None])
    np.testing.assert_array_equal(table.latlng, [[1, 2], [-3, 4]])
    assert list(table.files) == [Path("/photos/0.jpg"), Path("/photos/1.jpg")]
    assert len(table) == 2
    assert table.splits == {"val": 1}
    assert table.has("split")
    assert not table.has("sequence")  # a column without a value tells nothing
    assert not table.has("creator")


def test_take_keeps_the_order_asked(make_table):
    table = make_table([(1, 0), (2, 0), (3, 0)])
    assert table.take(np.array([2, 0])).latlng[:, 0].tolist() == [3, 1]
    assert len(table.take(np.array([], dtype=np.int64))) == 0


def test_only_gives_one_split(make_table):
    table = make_table([(1, 0), (2, 0), (3, 0)], split=["test", "train", "test"])
    assert table.only("test").latlng[:, 0].tolist() == [1, 3]
    assert len(table.only("val")) == 0
    assert list(table.splits) == ["train", "test"]


def test_only_without_splits_names_the_remedy(make_table):
    with pytest.raises(PhotoTableError, match="geoguess data split"):
        make_table([(1, 0)]).only("val")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"photo": ["a"], "latitude": [1.0]}, "needs the column `longitude`"),
        ({"photo": ["a"], "latitude": [1.0], "longitude": ["2"]}, "`longitude` is String"),
        ({"photo": ["a"], "latitude": [1.0], "longitude": [None]}, "`longitude`"),
        ({"photo": [None, "b"], "latitude": [1.0, 1], "longitude": [1.0, 1]}, "`photo` has empty"),
        ({"photo": ["a"], "latitude": [1.0], "longitude": [2.0], "id": [3.5]}, "`id` is Float64"),
        ({"photo": ["a"], "latitude": [1.0], "longitude": [2.0], "split": ["dev"]}, "split is 'de"),
    ],
)
def test_a_frame_that_is_no_photo_table_is_refused(columns, message):
    with pytest.raises(PhotoTableError, match=message):
        PhotoTable(pl.DataFrame(columns), Path())


numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cf"]),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.none() | texts,
            st.none() | st.integers(0, 2**62),
        ).filter(lambda row: row[:2] != (0, 0)),  # 0, 0 is no position
        min_size=1,
        max_size=5,
    ),
    suffix=st.sampled_from(SUFFIXES),
)
def test_what_is_written_is_read_back(tmp_path, rows, suffix):
    latitude, longitude, sequence, captured_at = zip(*rows, strict=True)
    frame = pl.DataFrame(
        {
            "photo": [f'ph{row}, "é".jpg' for row in range(len(rows))],
            "latitude": latitude,
            "longitude": longitude,
            "id": ["1234567890123456", *(["47e4"] * (len(rows) - 1))],
            "sequence": pl.Series(sequence, dtype=pl.String),
            "captured_at": pl.Series(captured_at, dtype=pl.Int64),
        }
    )
    path = tmp_path / f"table.{suffix}"
    write_photo_table(PhotoTable(frame, tmp_path), path)
    strict, reading = read_photo_table(path), read_source(path)
    assert strict.frame.drop("captured_at").equals(frame.drop("captured_at"))
    if any(captured_at):
        assert strict.frame["captured_at"].equals(frame["captured_at"])
    assert reading.kind == "photo table"
    assert reading.bad_rows == []
    assert reading.table.frame.equals(strict.frame)
    assert reading.table.root == tmp_path.resolve()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_follow_the_table_to_another_folder(tmp_path, make_table, suffix):
    far = str(tmp_path / "far" / "b.jpg")
    frame = make_table([(1, 2), (3, 4), (5, 6)]).frame
    frame = frame.with_columns(pl.Series("photo", ["d/a.jpg", far, "../c.jpg"]))
    table = PhotoTable(frame, tmp_path / "here")
    path = tmp_path / "out" / "deep" / f"t.{suffix}"
    write_photo_table(table, path)
    read = read_photo_table(path)
    assert read.frame["photo"].to_list() == ["../../here/d/a.jpg", far, "../../c.jpg"]
    assert [p.resolve() for p in read.files] == [p.resolve() for p in table.files]


def test_a_write_that_fails_leaves_the_old_table(tmp_path, make_table, monkeypatch):
    path = tmp_path / "t.csv"
    write_photo_table(make_table([(1, 2)]), path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_photo_table(make_table([(3, 4)]), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


def test_csv_and_jsonl_hold_plain_values(tmp_path, make_table):
    table = make_table([(1.5, -2)], id=["0012"], split=["val"])
    write_photo_table(table, tmp_path / "t.csv")
    write_photo_table(table, tmp_path / "t.jsonl")
    row = {"latitude": 1.5, "longitude": -2.0, "id": "0012", "split": "val"}
    assert (tmp_path / "t.csv").read_text() == (
        "photo,latitude,longitude,id,split\n/photos/0.jpg,1.5,-2.0,0012,val\n".replace(
            "/photos", os.path.relpath("/photos", tmp_path)
        )
    )
    written = json.loads((tmp_path / "t.jsonl").read_text())
    assert written.items() >= row.items()


def test_other_extensions_are_refused(tmp_path, make_table):
    with pytest.raises(
        PhotoTableError, match=r"t\.xlsx cannot be written; a photo table ends in \.csv"
    ):
        write_photo_table(make_table([(1, 2)]), tmp_path / "t.xlsx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "photo,latitude,longitude\na.jpg,1,2\nb.jpg,123.4,2\n",
            r"row 3: latitude is 123\.4; it m",
        ),
        ("photo,latitude,longitude\na.jpg,1,2\na.jpg,1,2\n", r"row 3: photo 'a\.jpg' is already"),
        ("photo,latitude,longitude\na.jpg,1,2,3\n", "row 2: 4 fields, but the first line has 3"),
        ("photo,latitude,longitude\n", "has no row"),
        ("photo,LAT,LON\na.jpg,1,2\n", "no column `latitude`, `longitude`; `geoguess data import"),
        ("", "is empty"),
    ],
)
def test_the_strict_reader_names_the_first_fault(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(PhotoTableError, match=message):
        read_photo_table(path)


def test_a_table_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(MissingFileError, match="geoguess data import SOURCE -o"):
        read_photo_table(tmp_path / "t.csv")


@pytest.fixture
def archived():
    """Two photos of a zip and one beside it."""
    return pl.DataFrame(
        {
            "photo": ["z/0.zip/d/a.jpg", "z/0.zip/b.jpg", "c.jpg"],
            "latitude": [1.0, 2, 3],
            "longitude": [4.0, 5, 6],
            "split": ["train", "val", "train"],
            "archive": ["z/0.zip", "z/0.zip", None],
            "offset": pl.Series([35, 2**40, None], dtype=pl.Int64),
            "length": pl.Series([7, 9, None], dtype=pl.Int64),
            "compression": ["stored", "deflated", None],
        }
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("folder", ["", "deep/er"])
def test_a_photo_in_an_archive_follows_the_table(tmp_path, archived, suffix, folder):
    table = PhotoTable(archived, tmp_path)
    path = tmp_path / folder / f"t.{suffix}"
    write_photo_table(table, path)
    read, reading = read_photo_table(path), read_source(path)
    assert reading.bad_rows == []
    assert reading.table.frame.equals(read.frame)
    prefix = "../../" if folder else ""
    assert read.frame["photo"].to_list() == [prefix + name for name in archived["photo"]]
    assert read.frame["archive"].to_list() == [f"{prefix}z/0.zip", f"{prefix}z/0.zip", None]
    assert read.frame.drop("photo", "archive").equals(archived.drop("photo", "archive"))
    archive = Path(read.root, f"{prefix}z/0.zip")
    assert list(read.files) == [
        Member(archive, "d/a.jpg", 35, 7),
        Member(archive, "b.jpg", 2**40, 9, "deflated"),
        Path(read.root, f"{prefix}c.jpg"),
    ]


def test_parts_of_a_table_keep_their_archives(tmp_path, archived):
    table = PhotoTable(archived, tmp_path)
    assert list(table.only("train").files) == [table.files[0], table.files[2]]
    assert list(table.take(np.array([2, 1])).files) == [table.files[2], table.files[1]]


def test_a_member_with_dots_in_its_name_stays_in_its_archive(tmp_path, archived):
    photo = pl.Series("photo", ["z/0.zip/../a.jpg", "z/0.zip//b.jpg", "c.jpg"])
    write_photo_table(PhotoTable(archived.with_columns(photo), tmp_path), tmp_path / "o" / "t.csv")
    read = read_photo_table(tmp_path / "o" / "t.csv")
    assert read.frame["photo"].to_list()[:2] == ["../z/0.zip/../a.jpg", "../z/0.zip//b.jpg"]
    assert [file.name for file in read.files[:2]] == ["../a.jpg", "/b.jpg"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("offset", None), ("offset", -1), ("length", None), ("compression", "bzip2"), ("photo", "x")],
)
def test_a_photo_without_a_sound_place_in_its_archive_is_refused(archived, column, value):
    values = [value, *archived[column].to_list()[1:]]
    wrong = archived.with_columns(pl.Series(column, values, dtype=archived.schema[column]))
    with pytest.raises(PhotoTableError, match="no sound place in its archive; `geoguess data imp"):
        PhotoTable(wrong, Path())


def test_columns_that_are_called_like_those_of_archives_stay_what_they_are(csv_of):
    path = csv_of("photo,latitude,longitude,archive,length\na.jpg,1,2,2019,3.5\n")
    frame = read_photo_table(path).frame
    assert frame.select("archive", "length").row(0) == ("2019", "3.5")
    assert [str(file.name) for file in read_photo_table(path).files] == ["a.jpg"]
