"""Photos unpacked into zips: every photo once, byte for byte, even if the import is stopped."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoguess_cli.errors import OutputError, PhotoTableError
from geoguess_cli.photos.table import read_photo_table, write_photo_table
from geoguess_cli.sources import unpacking
from geoguess_cli.sources.reading import read_source
from geoguess_cli.sources.unpacking import plan_unpacking, unpack

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.fixture
def contents(write_photo, tmp_path):
    """Twenty different photos; every fifth is a PNG although its name says otherwise."""
    rng = np.random.default_rng(3)
    made = []
    for number in range(20):
        path = tmp_path / "made" / ("a.png" if number % 5 == 0 else "a.jpg")
        write_photo(path, pixels=rng.integers(0, 255, (12, 16, 3)).astype(np.uint8))
        made.append(path.read_bytes())
    return made


@pytest.fixture
def source(tmp_path, contents):
    """Two shards whose photos are named alike, one of them badly, in row groups of three."""
    for shard, own in enumerate((contents[:12], contents[12:])):
        names = [f"photos/{number % 6}.jpg" for number in range(len(own))]
        names[1], names[2] = "../../outside.jpg", None
        images = [{"bytes": own[n], "path": names[n]} for n in range(len(own))]
        columns = {
            "image": pa.array(images, IMAGE),
            "latitude": [40.0 + n for n in range(len(own))],
            "longitude": [-100.0] * len(own),
            "number": [12 * shard + n for n in range(len(own))],
        }
        path = tmp_path / "hf" / "data" / f"train-{shard:05}-of-00002.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, row_group_size=3)
    return tmp_path / "hf"


@pytest.fixture(autouse=True)
def _small_zips(monkeypatch):
    monkeypatch.setattr(unpacking, "ZIP_BYTES", 4000)


def planned(source: Path, table: Path):
    reading = read_source(source, allow_parquet=True)
    return plan_unpacking(reading, reading.parquet, table)


def check_photos(table, contents) -> None:
    """Every photo is there once, with its own bytes, and inside the folder of the zips."""
    assert table.frame["number"].to_list() == list(range(20))
    assert [file.read_bytes() for file in table.files] == contents
    assert table.frame["photo"].n_unique() == 20
    assert table.frame["photo"].str.contains("..", literal=True).sum() == 0


def test_each_photo_is_unpacked_once(source, tmp_path, contents):
    plan = planned(source, tmp_path / "out" / "osv.parquet")
    done = []
    reading = unpack(plan, on_photo=done.append)
    write_photo_table(reading.table, tmp_path / "out" / "osv.parquet")
    table = read_photo_table(tmp_path / "out" / "osv.parquet")
    check_photos(table, contents)
    zips = sorted((tmp_path / "out" / "osv-photos").iterdir())
    assert [path.name for path in zips] == [f"{number:02}.zip" for number in range(len(zips))]
    assert len(zips) > 2
    assert done[-1] == 20
    names = table.frame["photo"].str.split("/").list.last()
    assert names[0].endswith(".png")
    assert names.to_list()[1:3] == ["outside.jpg", "train-00000-of-00002-3.jpg"]
    for path in zips:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None


class Stopped(BaseException):
    """What ends a process, as the tests see it."""


@pytest.mark.parametrize("photo", range(1, 21, 3))
def test_an_import_that_was_stopped_continues(source, tmp_path, contents, photo):
    def stop(done: int) -> None:
        if done == photo:
            raise Stopped

    table = tmp_path / "osv.parquet"
    with pytest.raises(Stopped):
        unpack(planned(source, table), on_photo=stop)
    complete = {
        part.path: part.path.stat().st_mtime_ns
        for part in planned(source, table).parts
        if part.complete
    }
    plan = planned(source, table)
    plan.check()
    check_photos(unpack(plan).table, contents)
    assert {path: path.stat().st_mtime_ns for path in complete} == complete


def test_a_half_written_zip_of_a_killed_import_is_written_anew(source, tmp_path, contents):
    table = tmp_path / "osv.parquet"
    unpack(planned(source, table))
    folder = tmp_path / "osv-photos"
    half = (folder / "01.zip").read_bytes()[:700]
    (folder / "01.zip").unlink()
    (folder / ".01.partial.zip").write_bytes(half)
    plan = planned(source, table)
    plan.check()
    check_photos(unpack(plan).table, contents)
    assert not (folder / ".01.partial.zip").exists()


def test_a_second_import_writes_nothing(source, tmp_path, contents, monkeypatch):
    table = tmp_path / "osv.parquet"
    unpack(planned(source, table))
    monkeypatch.setattr(unpacking, "_write_zip", None)
    plan = planned(source, table)
    assert plan.bytes_needed == 0
    check_photos(unpack(plan).table, contents)


def test_zips_of_another_source_are_not_taken(source, tmp_path):
    table = tmp_path / "osv.parquet"
    unpack(planned(source, table))
    shard = source / "data" / "train-00001-of-00002.parquet"
    pq.write_table(pq.read_table(shard).slice(0, 2), shard)
    plan = planned(source, table)
    with pytest.raises(OutputError, match="another import; --force replaces it"):
        plan.check()
    plan.check(force=True)
    assert unpack(plan).table.frame["number"].to_list() == list(range(14))
    assert len(list((tmp_path / "osv-photos").glob("*.zip"))) == len(plan.parts)


def test_a_foreign_file_in_the_folder_is_left_alone(source, tmp_path):
    folder = tmp_path / "osv-photos"
    folder.mkdir()
    with zipfile.ZipFile(folder / "99.zip", "w") as archive:
        archive.writestr("mine.txt", "mine")
    plan = planned(source, tmp_path / "osv.parquet")
    plan.check(force=True)
    unpack(plan)
    assert (folder / "99.zip").exists()


def test_a_full_disk_is_refused_with_figures(source, tmp_path, monkeypatch):
    plan = planned(source, tmp_path / "new" / "osv.parquet")
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match=r"take \d+ kB, and .* has 1\.0 kB left; free \d+ kB"):
        plan.check()


def test_the_space_said_is_the_space_taken(source, tmp_path):
    plan = planned(source, tmp_path / "osv.parquet")
    needed = plan.bytes_needed
    unpack(plan)
    taken = sum(path.stat().st_size for path in (tmp_path / "osv-photos").iterdir())
    assert 0.6 * needed < taken <= needed


def test_rows_without_a_picture_are_named(source, tmp_path):
    path = source / "data" / "train-00000-of-00002.parquet"
    table = pq.read_table(path)
    images = table["image"].to_pylist()
    images[4]["bytes"], images[5]["bytes"] = b"", b"no picture"
    table = table.set_column(0, "image", pa.array(images, IMAGE))
    pq.write_table(table, path)
    reading = unpack(planned(source, tmp_path / "osv.parquet"))
    assert len(reading.table) == 18
    assert [(bad.file, bad.row) for bad in reading.bad_rows] == [
        ("data/train-00000-of-00002.parquet", 5),
        ("data/train-00000-of-00002.parquet", 6),
    ]
    assert "empty or no picture" in reading.bad_rows[0].reason


def test_the_source_is_never_replaced(source):
    path = source / "data" / "train-00000-of-00002.parquet"
    with pytest.raises(OutputError, match="holds the photos themselves"):
        planned(path, path)


def test_a_bad_name_of_the_table_is_refused_before_the_work(source, tmp_path):
    with pytest.raises(PhotoTableError, match="a photo table ends in"):
        planned(source, tmp_path / "osv.txt")
