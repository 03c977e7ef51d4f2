"""Exports: the same rows and the same bytes come back, and nothing is written outside."""

import csv
import gc
import json
import shutil
import tarfile
import typing
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.choices import ExportFormat
from geoguess_cli.errors import OutputError
from geoguess_cli.photos.columns import ARCHIVE_COLUMNS
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.sources import exports
from geoguess_cli.sources.exports import Export
from geoguess_cli.sources.reading import read_source

FORMATS = typing.get_args(ExportFormat)


@pytest.fixture
def table(tmp_path, write_photo):
    """Twelve photos in folders and in a zip, alike and odd in name, with a split and more."""
    root = tmp_path / "home"
    rng = np.random.default_rng(5)
    names = [f"{'ab'[number % 2]}/{number // 2}.jpg" for number in range(8)]
    names += ["odd, name.v2 (Zürich).jpg", "png/0.png"]
    for name in names:
        pixels = rng.integers(0, 255, (12, 16, 3)).astype(np.uint8)
        write_photo(root / name, pixels=pixels)
    with zipfile.ZipFile(root / "z.zip", "w") as archive:
        for name in ("0.jpg", "../../../evil.jpg"):
            archive.writestr(name, (root / "a/0.jpg").read_bytes() + name.encode())
        infos = archive.infolist()
    frame = pl.DataFrame(
        {
            "photo": [*names, *(f"z.zip/{info.filename}" for info in infos)],
            "latitude": rng.uniform(-80, 80, 12),
            "longitude": rng.uniform(-180, 180, 12),
            "id": [f"{10**15 + number}" for number in range(12)],
            "split": (["train", "val", None, "test"] * 3),
            "captured_at": [1606155034123 + number for number in range(12)],
            "country": ["US", None, "CH"] * 4,
            "note": [f'"quoted", with\nlines {number}' for number in range(12)],
            "archive": [*[None] * 10, "z.zip", "z.zip"],
            "offset": [
                *[None] * 10,
                *(info.header_offset + 30 + len(info.filename) for info in infos),
            ],
            "length": [*[None] * 10, *(info.file_size for info in infos)],
            "compression": [*[None] * 10, "stored", "stored"],
        },
        schema_overrides={"offset": pl.Int64, "length": pl.Int64},
    )
    return PhotoTable(frame, root)


def rows_of(table: PhotoTable) -> list[tuple]:
    """What an export must keep of each photo: its bytes and all columns but its path."""
    frame = table.frame.drop("photo", *ARCHIVE_COLUMNS, strict=False)
    names = sorted(frame.columns)
    content = [file.read_bytes() for file in table.files]
    rows = zip(frame.select(names).iter_rows(), content, strict=True)
    return sorted(((*row, own) for row, own in rows), key=str)


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_comes_back_the_same(table, tmp_path, to):
    done = []
    job = Export(table, to, tmp_path / "out")
    job.write(on_photo=done.append)
    assert job.failures == []
    assert done == list(range(1, 13))
    again = read_source(tmp_path / "out", check_files=True)
    assert (again.bad_rows, again.missing) == ([], [])
    assert rows_of(again.table) == rows_of(table)


@pytest.mark.parametrize("to", FORMATS)
def test_a_table_without_a_split_comes_back_without_one(table, tmp_path, to):
    plain = PhotoTable(table.frame.drop("split"), table.root)
    Export(plain, to, tmp_path / "out").write()
    again = read_source(tmp_path / "out", check_files=True).table
    assert not again.has("split")
    assert len(again) == 12


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.promise("input", "`data export`: names that lead out of the folder")
def test_nothing_is_written_outside(table, tmp_path, to):
    before = written(tmp_path)
    Export(table, to, tmp_path / "out").write()
    assert {name for name in written(tmp_path) - before if not name.startswith("out/")} == set()


def test_an_imagefolder_is_as_hugging_face_reads_it(table, tmp_path):
    Export(table, "imagefolder", tmp_path / "out").write()
    for split in ("train", "val", "test"):
        with (tmp_path / "out" / split / "metadata.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert next(iter(rows[0])) == "file_name"
        assert {row["file_name"] for row in rows} == written(tmp_path / "out" / split) - {
            "metadata.csv"
        }
        assert len(rows) == 3
    assert len(written(tmp_path / "out" / "unassigned")) == 3


# webdataset leaves the tars that it has read to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_the_tars(table, tmp_path):
    wds = pytest.importorskip("webdataset")
    Export(table, "webdataset", tmp_path / "out").write()
    tars = sorted(str(path) for path in (tmp_path / "out").glob("train-*.tar"))
    samples = list(wds.WebDataset(tars, shardshuffle=False))
    train = table.only("train")
    assert [sample["jpg" if "jpg" in sample else "png"] for sample in samples] == [
        file.read_bytes() for file in train.files
    ]
    records = [json.loads(sample["json"]) for sample in samples]
    assert [record["latitude"] for record in records] == train.frame["latitude"].to_list()
    assert [record["id"] for record in records] == train.frame["id"].to_list()
    assert "photo" not in records[0]
    gc.collect()


@pytest.mark.parametrize("to", ["webdataset", "zip"])
def test_shards_have_a_bounded_size(table, tmp_path, to, monkeypatch):
    monkeypatch.setattr(exports, "SHARD_BYTES", 1500)
    Export(table, to, tmp_path / "out").write()
    shards = [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".tar", ".zip")]
    assert len(shards) > 4
    names = []
    for path in shards:
        with tarfile.open(path) if to == "webdataset" else zipfile.ZipFile(path) as shard:
            names += shard.getnames() if to == "webdataset" else shard.namelist()
    assert len(set(names)) == len(names)
    assert len(read_source(tmp_path / "out", check_files=True).table) == 12


@pytest.mark.parametrize("to", FORMATS)
def test_photos_that_cannot_be_read_are_named_and_left_out(table, tmp_path, to):
    (table.root / "a/0.jpg").unlink()
    (table.root / "b/1.jpg").write_bytes(b"no picture")
    job = Export(table, to, tmp_path / "out")
    job.write()
    assert [photo for photo, _ in job.failures] == (["a/0.jpg", "b/1.jpg"])
    assert "no such file" in job.failures[0][1].lower()
    assert "not a picture" in job.failures[1][1]
    assert len(read_source(tmp_path / "out", check_files=True).table) == 10


@pytest.mark.parametrize("to", FORMATS)
def test_only_an_earlier_export_is_replaced(table, tmp_path, to):
    out = tmp_path / "out"
    Export(table, to, out).write()
    (out / "mine.txt").write_text("mine")
    few = table.take(np.array([0, 1, 3]))
    with pytest.raises(OutputError, match="--force replaces an earlier export"):
        Export(few, to, out).write()
    Export(few, to, out).write(force=True)
    assert (out / "mine.txt").read_text() == "mine"
    assert len(read_source(out, check_files=True).table) == 3


def test_a_folder_of_other_files_is_never_replaced(table, tmp_path):
    (tmp_path / "out" / "train").mkdir(parents=True)
    (tmp_path / "out" / "train" / "mine.jpg").write_text("mine")
    with pytest.raises(OutputError, match="holds files that no export wrote"):
        Export(table, "imagefolder", tmp_path / "out").write(force=True)
    assert (tmp_path / "out" / "train" / "mine.jpg").exists()


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_never_replaces_its_own_photos(table, tmp_path, to):
    out = tmp_path / "out"
    Export(table, to, out).write()
    again = read_source(out).table
    with pytest.raises(OutputError, match="holds the photos themselves"):
        Export(again, "imagefolder", out).write(force=True)
    assert len(rows_of(again)) == 12


def test_a_full_disk_is_refused_with_figures(table, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match=r"the photos take .*, and .* has 1\.0 kB left"):
        Export(table, "zip", tmp_path / "out").write()
    assert not (tmp_path / "out").exists()


def test_the_size_is_that_of_the_photos(table, tmp_path):
    job = Export(table, "imagefolder", tmp_path / "out")
    assert job.bytes_needed == sum(len(file.read_bytes()) for file in table.files)
