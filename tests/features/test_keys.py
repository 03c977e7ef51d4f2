"""A key tells a photo from all others, and from its own former content."""

import os
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.features.keys import KeyIndex, photo_keys
from geoguess_cli.photos.archives import Member


def _photo(path: Path, content: bytes, *, changed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(changed, changed))
    return path


def _key(file: Path | Member) -> tuple[int, ...]:
    return tuple(photo_keys([file])[0].tolist())


def test_a_key_changes_with_name_size_and_time(tmp_path: Path) -> None:
    first = _key(_photo(tmp_path / "a" / "1.jpg", b"abc"))
    assert _key(_photo(tmp_path / "a" / "1.jpg", b"abc")) == first
    others = {
        _key(_photo(tmp_path / "a" / "1.jpg", b"abcd")),
        _key(_photo(tmp_path / "a" / "1.jpg", b"abc", changed=2)),
        _key(_photo(tmp_path / "a" / "2.jpg", b"abc")),
        _key(_photo(tmp_path / "b" / "1.jpg", b"abc")),
        _key(tmp_path / "a" / "gone.jpg"),
    }
    assert len(others) == 5
    assert first not in others


def test_a_key_in_an_archive_changes_with_place_length_and_archive(tmp_path: Path) -> None:
    archive = _photo(tmp_path / "00.zip", b"x" * 100)
    first = _key(Member(archive, "1.jpg", 40, 20))
    assert _key(Member(archive, "1.jpg", 40, 20)) == first
    others = [
        _key(Member(archive, "2.jpg", 40, 20)),
        _key(Member(archive, "1.jpg", 41, 20)),
        _key(Member(archive, "1.jpg", 40, 21)),
        _key(Member(_photo(tmp_path / "01.zip", b"x" * 100), "1.jpg", 40, 20)),
    ]
    _photo(archive, b"x" * 100, changed=2)
    others.append(_key(Member(archive, "1.jpg", 40, 20)))
    assert len({first, *others}) == 6


def test_a_name_of_any_bytes_has_a_key(tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    other = tmp_path / os.fsdecode(b"caf\xe8.jpg")
    assert _key(_photo(strange, b"a")) != _key(_photo(other, b"a"))


def test_the_photos_of_a_table_have_the_keys_of_their_files(tmp_path: Path) -> None:
    import polars as pl

    from geoguess_cli.photos.listing import PhotoList

    _photo(tmp_path / "d" / "1.jpg", b"abc")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("2.jpg", b"abc")
    frame = pl.DataFrame(
        {
            "photo": ["d/1.jpg", "a.zip/2.jpg"],
            "archive": [None, "a.zip"],
            "offset": [None, 35],
            "length": [None, 3],
            "compression": [None, "stored"],
        }
    )
    listed = PhotoList.of_table(frame, tmp_path)
    keys = photo_keys(listed)
    assert len({tuple(key) for key in keys.tolist()}) == 2
    assert np.array_equal(photo_keys(listed.take(np.array([1, 0]))), keys[::-1])
    # The folder of the table may move as a whole.
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert np.array_equal(photo_keys(PhotoList.of_table(frame, moved)), keys)


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=30), st.integers(0, 2**64 - 1))
def test_the_index_finds_what_is_there(words: list[int], other: int) -> None:
    keys = np.array([(word, word ^ 5) for word in words], dtype=np.uint64).reshape(-1, 2)
    index = KeyIndex(keys)
    assert index.find(keys).tolist() == list(range(len(keys)))
    absent = np.array([(other, other ^ 6)], dtype=np.uint64)  # the same first word is not enough
    assert index.find(absent).tolist() == [-1]
