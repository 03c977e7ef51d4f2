"""WebDataset shards: exact rows from the files beside each photo."""

import io
import json
import tarfile

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.sources.reading import read_source


@pytest.fixture
def write_shard(tmp_path, write_photo):
    """Writes a tar of the parts by name; None is a photo, a dict is JSON."""
    photo = write_photo(tmp_path / "elsewhere" / "a.jpg").read_bytes()

    def write(path, parts):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w") as archive:
            for name, content in parts.items():
                if content is None:
                    content = photo
                elif isinstance(content, dict):
                    content = json.dumps(content).encode()
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path

    return write


def test_shards_are_read_to_exact_rows(tmp_path, write_shard):
    home = tmp_path / "osv5m-wds"
    record = {"latitude": 1.5, "longitude": -2.25, "id": 1234567890123456, "country": "US"}
    write_shard(
        home / "train-0000.tar",
        {
            "a/1.jpg": None,
            "a/1.json": {**record, "sequence": "s1", "tags": ["x"], "sure": True},
            "a/1.cls": b"7\n",
            "2.jpg": None,
            "2.txt": b"a road",
            "2.json": {**record, "latitude": 200, "id": 2},
            "3.png": None,
            "4.json": record,
            "5.jpg": None,
            "5.json": b"{",
        },
    )
    write_shard(home / "test" / "0.tar", {"9.jpg": None, "9.json": {"lat": 3, "lng": 4}})
    reading = read_source(home)
    frame = reading.table.frame
    assert reading.kind == "webdataset"
    assert frame.select("photo", "latitude", "longitude", "id", "split").rows() == [
        ("test/0.tar/9.jpg", 3, 4, "9", "test"),
        ("train-0000.tar/a/1.jpg", 1.5, -2.25, "1234567890123456", "train"),
    ]
    first = frame.row(1, named=True)
    assert (first["sequence"], first["country"], first["cls"]) == ("s1", "US", "7")
    assert first["sure"] == "true"
    assert "tags" not in first
    assert first["archive"] == "train-0000.tar"
    assert [(bad.file, bad.row, bad.reason) for bad in reading.bad_rows] == [
        ("", 0, "train-0000.tar/5.json is not a JSON object"),
        ("", 0, "train-0000.tar/4.json has no photo beside it"),
        ("train-0000.tar", 2, "latitude is 200; it must lie in [-90, 90]"),
        ("train-0000.tar", 3, "train-0000.tar/3.png has no 3.json beside it"),
        ("train-0000.tar", 4, "train-0000.tar/5.jpg has no 5.json beside it"),
    ]
    assert [decode_photo(file).size for file in reading.table.files] == [(24, 16)] * 2


def test_one_shard_is_a_source(tmp_path, write_shard):
    path = write_shard(tmp_path / "w" / "00.tar", {"1.jpg": None, "1.json": {"lat": 1, "lon": 2}})
    reading = read_source(path)
    assert reading.kind == "webdataset"
    assert reading.table.frame["photo"].to_list() == ["00.tar/1.jpg"]
    assert "split" not in reading.table.frame.columns
    assert reading.table.root == path.parent.resolve()


def test_a_split_in_the_json_counts(tmp_path, write_shard):
    record = {"lat": 1, "lon": 2, "split": "validation"}
    path = write_shard(tmp_path / "train-0.tar", {"1.jpg": None, "1.json": record})
    assert read_source(path).table.splits == {"val": 1}


def test_json_without_places_says_what_it_has(tmp_path, write_shard):
    path = write_shard(tmp_path / "0.tar", {"1.jpg": None, "1.json": {"lat": 1, "caption": "x"}})
    message = r"0\.tar have no longitude; they have lat, caption; write it in them as `longitude`"
    with pytest.raises(PhotoTableError, match=message):
        read_source(path)


def test_columns_called_like_those_of_archives_do_not_count(tmp_path, write_shard):
    record = {"lat": 1, "lon": 2, "length": "long", "photo": "other", "compression": "none"}
    path = write_shard(tmp_path / "0.tar", {"1.jpg": None, "1.json": record})
    row = read_source(path).table.frame.row(0, named=True)
    assert (row["photo"], row["compression"]) == ("0.tar/1.jpg", "stored")
    assert row["length"] > 100
