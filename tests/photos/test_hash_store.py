"""Kept hashes: unchanged photos are not read again, changed ones are, and nothing is ever stale."""

import os
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from geoguess_cli.photos import hash_store
from geoguess_cli.photos.hash_store import HashStore, kept_beside
from geoguess_cli.photos.hashes import hash_photos
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.table import PhotoTable


def write_noise(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    Image.fromarray(pixels).resize((240, 160)).save(path)


@pytest.fixture
def table(tmp_path):
    names = [f"{number}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        write_noise(tmp_path / name, number)
    frame = {"photo": names, "latitude": [1.0] * 6, "longitude": [2.0] * 6}
    frame["split"] = ["train", "val"] * 3
    return PhotoTable(pl.DataFrame(frame), tmp_path)


@pytest.fixture
def read(monkeypatch):
    """The names of the photos that are read."""
    names = []

    def noted(paths, **options):
        names.extend(path.name for path in paths)
        return hash_photos(paths, **options)

    monkeypatch.setattr(hash_store, "hash_photos", noted)
    return names


def test_a_second_look_reads_nothing_and_gives_the_same(table, tmp_path, read):
    store = HashStore(tmp_path / "t.hashes.parquet")
    first = store.hashes_of(table)
    assert read == table.frame["photo"].to_list()
    read.clear()
    done = []
    second = store.hashes_of(table, on_photo=done.append)
    assert read == []
    assert done == [6]
    assert store.known == 6
    assert second.hashes.tolist() == first.hashes.tolist()
    assert first.hashes.tolist() == hash_photos(table.files).hashes.tolist()


def test_a_changed_photo_is_read_again(table, tmp_path, read):
    store = HashStore(tmp_path / "t.hashes.parquet")
    before = store.hashes_of(table).hashes
    read.clear()
    write_noise(tmp_path / "3.jpg", 99)
    after = store.hashes_of(table).hashes
    assert read == ["3.jpg"]
    assert np.flatnonzero((after != before).any(axis=1)).tolist() == [3]


def test_a_photo_of_the_same_size_but_another_time_is_read_again(table, tmp_path, read):
    store = HashStore(tmp_path / "t.hashes.parquet")
    store.hashes_of(table)
    read.clear()
    os.utime(tmp_path / "2.jpg", ns=(1, 1))
    store.hashes_of(table)
    assert read == ["2.jpg"]


def test_hashes_of_photos_that_a_look_leaves_out_stay(table, tmp_path, read):
    store = HashStore(tmp_path / "t.hashes.parquet")
    store.hashes_of(table.only("val"))
    store.hashes_of(table.only("train"))
    read.clear()
    store.hashes_of(table)
    assert read == []


def test_an_unreadable_photo_is_tried_each_time(table, tmp_path, read):
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "4.jpg").unlink()
    store = HashStore(tmp_path / "t.hashes.parquet")
    for _ in range(2):
        failures = store.hashes_of(table).failures
        assert [row for row, _ in failures] == [1, 4]
    assert read[6:] == ["1.jpg", "4.jpg"]
    write_noise(tmp_path / "1.jpg", 1)
    write_noise(tmp_path / "4.jpg", 4)
    assert store.hashes_of(table).failures == []


def test_photos_of_an_archive_hold_while_it_is_unchanged(table, tmp_path, read):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("0.jpg", "1.jpg"):
            archive.write(tmp_path / name, name)
        places = [info.header_offset + 30 + len(info.filename) for info in archive.infolist()]
        lengths = [info.file_size for info in archive.infolist()]
    frame = table.frame.head(3).with_columns(
        pl.Series("photo", ["a.zip/0.jpg", "a.zip/1.jpg", "2.jpg"]),
        pl.Series("archive", ["a.zip", "a.zip", None]),
        pl.Series("offset", [*places, None]),
        pl.Series("length", [*lengths, None]),
        pl.Series("compression", ["stored", "stored", None]),
    )
    inside = PhotoTable(frame, tmp_path)
    store = HashStore(tmp_path / "t.hashes.parquet")
    assert store.hashes_of(inside).hashes.tolist() == hash_photos(inside.files).hashes.tolist()
    read.clear()
    store.hashes_of(inside)
    assert read == []
    os.utime(tmp_path / "a.zip", ns=(1, 1))
    store.hashes_of(inside)
    assert read == ["0.jpg", "1.jpg"]


@pytest.mark.parametrize("damage", [b"", b"PAR1 no table PAR1"])
def test_a_damaged_file_is_made_anew(table, tmp_path, read, damage):
    path = tmp_path / "t.hashes.parquet"
    path.write_bytes(damage)
    HashStore(path).hashes_of(table)
    read.clear()
    HashStore(path).hashes_of(table)
    assert read == []


def test_hashes_of_another_method_are_not_taken(table, tmp_path, read):
    store = HashStore(tmp_path / "t.hashes.parquet")
    store.hashes_of(table)
    name = f"method_{hash_store.METHOD}"
    old = pl.read_parquet(store.path).rename({name: "method_0"})
    old.write_parquet(store.path)
    read.clear()
    store.hashes_of(table)
    assert len(read) == 6


def test_what_an_interruption_leaves_is_kept(table, tmp_path, monkeypatch, read):
    monkeypatch.setattr(hash_store, "_ROUND", 2)
    store = HashStore(tmp_path / "t.hashes.parquet")

    def interrupt(done):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.hashes_of(table, on_photo=interrupt)
    read.clear()
    store.hashes_of(table)
    assert read == ["4.jpg", "5.jpg"]


def test_a_place_that_cannot_be_written_is_no_error(table, tmp_path):
    (tmp_path / "file").write_text("")
    store = HashStore(tmp_path / "file" / "t.hashes.parquet")
    assert store.hashes_of(table).failures == []
    assert store.problem != ""


def test_the_report_is_the_same_with_and_without(table, tmp_path):
    write_noise(tmp_path / "1.jpg", 0)
    store = HashStore(kept_beside(tmp_path / "t.csv"))
    plain = find_leaks(table, photos=True)
    assert plain.duplicates[0].photos == 1
    for _ in range(2):
        assert find_leaks(table, photos=True, kept=store) == plain
    assert store.path.name == "t.hashes.parquet"
