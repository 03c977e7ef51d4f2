"""Parquet files with photos inside: recognised by type and content, places read without photos."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources import parquet_files
from geoguess_cli.sources.parquet_files import image_column
from geoguess_cli.sources.reading import read_source

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.fixture
def photo(write_photo, tmp_path):
    """The bytes of a small photo."""

    def make(**options) -> bytes:
        return write_photo(tmp_path / "made" / "photo.jpg", **options).read_bytes()

    return make


@pytest.fixture
def write_parquet(photo):
    """Writes photos with their places: the column, its type, and changes to the columns."""

    def write(path: Path, rows: int = 5, *, kind=IMAGE, column="image", start=0, **changes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = photo()
        images = [
            content if kind == pa.binary() else {"bytes": content, "path": f"{start + n}.jpg"}
            for n in range(rows)
        ]
        columns = {
            column: pa.array(images, kind),
            "latitude": [40.5 + n for n in range(rows)],
            "longitude": [-100.25] * rows,
            "country_code": ["US"] * rows,
            "address": [f"Road {n}" for n in range(rows)],
            **changes,
        }
        kept = {name: values for name, values in columns.items() if values is not None}
        pq.write_table(pa.table(kept), path, row_group_size=2)
        return path

    return write


def inspected(source: Path):
    return read_source(source, check_files=True, allow_parquet=True)


def test_shards_get_the_split_of_their_names(tmp_path, write_parquet):
    write_parquet(tmp_path / "hf/data/train-00000-of-00002.parquet")
    write_parquet(tmp_path / "hf/data/train-00001-of-00002.parquet", 3)
    write_parquet(tmp_path / "hf/data/validation-00000-of-00001.parquet", 2)
    write_parquet(tmp_path / "hf/data/test-00000-of-00001.parquet", 1)
    reading = inspected(tmp_path / "hf")
    assert reading.kind == "parquet images"
    assert reading.table.splits == {"train": 8, "val": 2, "test": 1}
    first = reading.table.frame.filter(pl.col("photo").str.contains("train-00000")).row(
        0, named=True
    )
    assert first == {
        "photo": "data/train-00000-of-00002.parquet/1",
        "latitude": 40.5,
        "longitude": -100.25,
        "split": "train",
        "country": "US",
        "address": "Road 0",
    }


def test_folders_give_the_split_too(tmp_path, write_parquet):
    write_parquet(tmp_path / "hf/default/train/0000.parquet")
    write_parquet(tmp_path / "hf/default/test/0000.parquet", 2)
    assert inspected(tmp_path / "hf").table.splits == {"train": 5, "test": 2}


def test_what_is_said_of_alike_shards_is_said_once(tmp_path, write_parquet):
    for number in range(3):
        write_parquet(tmp_path / f"hf/train-{number:05}-of-00003.parquet")
    assert len([note for note in inspected(tmp_path / "hf").notices if "country" in note]) == 1


@pytest.mark.parametrize("kind", [IMAGE, pa.binary(), pa.struct([("bytes", pa.binary())])])
@pytest.mark.parametrize("column", ["image", "picture of the place"])
def test_a_column_is_recognised_by_type_and_content(tmp_path, write_parquet, kind, column):
    path = write_parquet(tmp_path / "t.parquet", kind=kind, column=column)
    assert image_column(path) == column
    assert len(inspected(path).table) == 5


def test_other_bytes_are_no_photos(tmp_path, write_parquet):
    wkb = pa.array([b"\x01\x01\x00\x00\x00" + bytes(16)] * 5, pa.binary())
    path = write_parquet(tmp_path / "t.parquet", image=None, geometry=wkb, photo=list("abcde"))
    assert image_column(path) is None
    assert read_source(path).kind == "photo table"
    with_both = write_parquet(tmp_path / "u.parquet", geometry=wkb)
    assert image_column(with_both) == "image"


def test_hugging_faces_note_is_believed(tmp_path, write_parquet):
    path = write_parquet(tmp_path / "t.parquet", image=pa.array([None] * 5, IMAGE))
    assert image_column(path) is None
    note = {"info": {"features": {"image": {"_type": "Image"}, "address": {"_type": "Value"}}}}
    table = pq.read_table(path).replace_schema_metadata({"huggingface": json.dumps(note)})
    pq.write_table(table, path)
    assert image_column(path) == "image"


def test_rows_without_a_photo_or_a_place_are_named(tmp_path, write_parquet, photo):
    good = {"bytes": photo(), "path": "a.jpg"}
    images = pa.array([good, None, {"bytes": None, "path": "b.jpg"}, good, good], IMAGE)
    latitude = [40.5, 41.0, 42.0, None, 95.0]
    path = write_parquet(tmp_path / "t.parquet", image=images, latitude=latitude)
    reading = inspected(path)
    assert reading.table.frame["photo"].to_list() == ["t.parquet/1"]
    assert [str(bad) for bad in reading.bad_rows] == [
        "t.parquet, row 2: the row has no photo",
        "t.parquet, row 3: the row has no photo",
        "t.parquet, row 4: no latitude",
        "t.parquet, row 5: latitude is 95.0; it must lie in [-90, 90]",
    ]


def test_places_are_read_without_the_photos(tmp_path, write_parquet, monkeypatch):
    path = write_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(parquet_files, "_is_pictures", lambda *_: True)
    monkeypatch.setattr(parquet_files, "_read_photos", None)
    assert len(read_source(path, places_only=True).table) == 5


def test_without_columns_the_exif_says_where(tmp_path, write_parquet, photo):
    contents = [photo(gps=(45.5, -111.25)), photo(), b"no picture", photo(gps=(-33.5, 151.0))]
    images = pa.array([{"bytes": content, "path": "x"} for content in contents], IMAGE)
    path = write_parquet(
        tmp_path / "train.parquet",
        4,
        image=images,
        latitude=None,
        longitude=None,
    )
    reading = inspected(path)
    assert reading.table.frame.select(
        "photo", "latitude", "longitude", "split", "address"
    ).rows() == [
        ("train.parquet/1", 45.5, -111.25, "train", "Road 0"),
        ("train.parquet/4", -33.5, 151.0, "train", "Road 3"),
    ]
    assert [bad.row for bad in reading.bad_rows] == [2, 3]
    assert "no GPS position in its EXIF or XMP" in reading.bad_rows[0].reason


def test_photos_alone_are_enough(tmp_path, photo):
    images = pa.array([{"bytes": photo(gps=(45.5, -111.25)), "path": "x"}], IMAGE)
    pq.write_table(pa.table({"image": images}), tmp_path / "t.parquet")
    assert inspected(tmp_path / "t.parquet").table.latlng.tolist() == [[45.5, -111.25]]


def test_half_a_place_is_refused(tmp_path, write_parquet):
    path = write_parquet(tmp_path / "t.parquet", longitude=None)
    with pytest.raises(PhotoTableError, match="has no longitude column"):
        inspected(path)


def test_a_file_without_photos_among_shards_is_named(tmp_path, write_parquet):
    write_parquet(tmp_path / "hf/train-00000-of-00001.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "hf/index.parquet")
    assert [str(bad) for bad in inspected(tmp_path / "hf").bad_rows] == [
        "index.parquet, row 0: the file has no column of photos"
    ]


def test_a_verb_that_needs_the_photos_says_how_to_get_them(tmp_path, write_parquet):
    path = write_parquet(tmp_path / "t.parquet")
    with pytest.raises(PhotoTableError, match=r"geoguess data import .* -o photos\.parquet"):
        read_source(path)


def test_a_damaged_shard_is_named(tmp_path, write_parquet):
    whole = write_parquet(tmp_path / "hf/train-00000-of-00002.parquet").read_bytes()
    (tmp_path / "hf/train-00001-of-00002.parquet").write_bytes(whole[:-200])
    with pytest.raises(PhotoTableError, match=r"train-00001-of-00002\.parquet cannot be read"):
        inspected(tmp_path / "hf")
