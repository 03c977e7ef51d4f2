"""Photos in archives are found by their checksums when the archive has another time or order."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from geoguess_cli.errors import OutputError
from geoguess_cli.features import lookup
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.features.store import ALIASES_NAME, About, FeatureStore
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.sources.packed import photos_in

WIDTH = 3
PHOTOS = {f"{number}.jpg": bytes([number]) * (40 + number) for number in range(5)}


def _pack(archive: Path, photos: dict[str, bytes], *, time: int, packed: bool = False) -> None:
    archive.unlink(missing_ok=True)
    if archive.suffix == ".zip":
        method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with zipfile.ZipFile(archive, "w", method) as whole:
            for name, content in photos.items():
                whole.writestr(name, content)
    else:
        with tarfile.open(archive, "w") as whole:
            for name, content in photos.items():
                header = tarfile.TarInfo(name)  # its time is 0, as in many published tars
                header.size = len(content)
                whole.addfile(header, io.BytesIO(content))
    os.utime(archive, ns=(time, time))


def _photos(archive: Path) -> KeyedPhotos:
    """The archive's photos by their names, as a fresh import gives them."""
    listed = photos_in([archive])
    return KeyedPhotos(listed.take(np.argsort([file.name for file in listed])))


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    about = About("cnn", "none", "abc", 32, "plain", WIDTH, "float16")
    return FeatureStore.create(tmp_path / "store", about)


@pytest.fixture(params=["a.zip", "a.tar"])
def archive(request: pytest.FixtureRequest, tmp_path: Path, store: FeatureStore) -> Path:
    """Five photos whose rows 0 to 4 are in the store."""
    archive = tmp_path / str(request.param)
    _pack(archive, PHOTOS, time=1)
    photos = _photos(archive)
    features = np.arange(5 * WIDTH, dtype=np.float32).reshape(5, WIDTH)
    photos.append_to(store, np.arange(5), features)
    assert photos.rows_in(store).tolist() == [0, 1, 2, 3, 4]
    return archive


def test_a_touched_archive_keeps_its_rows(archive: Path, store: FeatureStore) -> None:
    os.utime(archive, ns=(2, 2))
    again = FeatureStore.open(store.folder)
    assert _photos(archive).rows_in(again).tolist() == [0, 1, 2, 3, 4]


def test_an_archive_packed_again_keeps_its_rows(archive: Path, store: FeatureStore) -> None:
    others = {"before.jpg": b"other" * 20}
    _pack(archive, others | dict(reversed(PHOTOS.items())), time=2, packed=True)
    assert _photos(archive).rows_in(store).tolist() == [0, 1, 2, 3, 4, -1]


def test_only_a_changed_member_loses_its_row(archive: Path, store: FeatureStore) -> None:
    changed = PHOTOS | {"3.jpg": b"x" * len(PHOTOS["3.jpg"])}
    _pack(archive, changed, time=2)
    photos = _photos(archive)
    assert photos.rows_in(store).tolist() == [0, 1, 2, -1, 4]
    photos.append_to(store, np.array([3]), np.zeros((1, WIDTH), np.float32))
    # Both contents of the photo have a row now, whichever comes back.
    os.utime(archive, ns=(3, 3))
    assert _photos(archive).rows_in(store).tolist() == [0, 1, 2, 5, 4]
    _pack(archive, PHOTOS, time=4)
    assert _photos(archive).rows_in(store).tolist() == [0, 1, 2, 3, 4]


def test_a_second_look_computes_no_checksum(
    archive: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(archive, ns=(2, 2))
    _photos(archive).rows_in(store)
    monkeypatch.setattr(lookup, "_content", None)
    assert _photos(archive).rows_in(store).tolist() == [0, 1, 2, 3, 4]


def test_a_store_that_cannot_be_written_is_read(
    archive: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OutputError("read-only file system")

    monkeypatch.setattr(FeatureStore, "add_aliases", refused)
    os.utime(archive, ns=(2, 2))
    assert _photos(archive).rows_in(store).tolist() == [0, 1, 2, 3, 4]


def test_new_photos_need_no_checksum(
    archive: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = archive.with_name(f"b{archive.suffix}")
    _pack(other, PHOTOS, time=1)
    monkeypatch.setattr(lookup, "_content", None)
    assert _photos(other).rows_in(store).tolist() == [-1] * 5


def test_a_store_without_checksums_holds_while_the_archive_does(
    archive: Path, store: FeatureStore
) -> None:
    (store.folder / ALIASES_NAME).unlink()  # as older versions wrote it
    again = FeatureStore.open(store.folder)
    assert _photos(archive).rows_in(again).tolist() == [0, 1, 2, 3, 4]
    os.utime(archive, ns=(2, 2))
    assert _photos(archive).rows_in(again).tolist() == [-1] * 5


def test_a_half_written_alias_is_cut_off(archive: Path, store: FeatureStore) -> None:
    with open(store.folder / ALIASES_NAME, "ab") as file:
        file.write(b"\xff" * 9)
    again = FeatureStore.open(store.folder)
    os.utime(archive, ns=(2, 2))
    assert _photos(archive).rows_in(again).tolist() == [0, 1, 2, 3, 4]  # and it adds aliases
    assert _photos(archive).rows_in(FeatureStore.open(store.folder)).tolist() == [0, 1, 2, 3, 4]


def test_no_checksum_of_an_archive_that_changed_meanwhile(archive: Path) -> None:
    photos = _photos(archive)
    assert photos.contents(np.arange(5)).all()
    os.utime(archive, ns=(7, 7))
    assert not photos.contents(np.arange(5)).any()
    archive.unlink()
    assert not photos.contents(np.arange(5)).any()


def test_photos_of_one_name_are_told_apart_by_their_bytes(
    tmp_path: Path, store: FeatureStore
) -> None:
    archive = tmp_path / "twice.zip"
    with zipfile.ZipFile(archive, "w") as whole:
        whole.writestr("1.jpg", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            whole.writestr("1.jpg", b"second")
    photos = KeyedPhotos(photos_in([archive]))
    photos.append_to(store, np.arange(2), np.zeros((2, WIDTH), np.float32))
    os.utime(archive, ns=(7, 7))
    assert KeyedPhotos(photos_in([archive])).rows_in(store).tolist() == [0, 1]


def test_pruning_keeps_photos_of_a_touched_archive(archive: Path, store: FeatureStore) -> None:
    os.utime(archive, ns=(2, 2))
    photos = _photos(archive)
    kept = KeyedPhotos(photos.files.take(np.array([1, 4])))
    assert kept.prune(store) == 3
    assert kept.rows_in(store).tolist() == [0, 1]
    os.utime(archive, ns=(3, 3))
    assert _photos(archive).rows_in(store).tolist() == [-1, 0, -1, -1, 1]


def test_a_file_of_its_own_has_no_key_by_content(tmp_path: Path, store: FeatureStore) -> None:
    path = tmp_path / "1.jpg"
    path.write_bytes(b"abc")
    photos = KeyedPhotos(PhotoList.of_files([path]))
    assert not photos.contents(np.array([0])).any()
    photos.append_to(store, np.array([0]), np.zeros((1, WIDTH), np.float32))
    assert not (store.folder / ALIASES_NAME).exists()


def test_the_checksum_of_a_zip_comes_from_its_directory(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    _pack(archive, PHOTOS, time=1)
    photos = _photos(archive)
    by_directory = photos.contents(np.arange(5))
    cut = archive.read_bytes()[:-30]  # no directory: the bytes of the photos are read
    archive.write_bytes(cut)
    os.utime(archive, ns=(2, 2))
    files = [Member(archive, file.name, file.offset, file.length) for file in photos.files]
    by_bytes = KeyedPhotos(PhotoList.of_files(files)).contents(np.arange(5))
    assert np.array_equal(by_bytes, by_directory)
