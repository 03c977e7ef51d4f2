"""A compact list of files gives back what went in, and shares its memory."""

import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.listing import PhotoList, split_homes

names = st.text("ab./é ", min_size=1, max_size=8)
paths = names.map(Path)
members = st.builds(
    Member,
    archive=names.map(lambda name: Path("zips", name + ".zip")),
    name=st.text("ab/é", min_size=1, max_size=8),
    offset=st.integers(0, 2**62),
    length=st.integers(0, 2**40),
    compression=st.sampled_from(["stored", "deflated"]),
)


@given(st.lists(paths | members, max_size=8), st.data())
def test_any_files_come_back(files: list, data: st.DataObject) -> None:
    listed = PhotoList.of_files(files)
    assert list(listed) == files
    assert list(pickle.loads(pickle.dumps(listed))) == files
    assert list(listed.base_names()) == [file.name.rpartition("/")[2] for file in files]
    rows = data.draw(st.lists(st.integers(0, max(0, len(files) - 1)), max_size=5 * len(files)))
    taken = listed.take(np.array(rows, dtype=np.int64))
    assert list(taken) == [files[row] for row in rows]
    assert list(taken[1::2]) == [files[row] for row in rows[1::2]]
    assert list(taken.take(np.arange(len(rows))[::-1])) == [files[row] for row in rows[::-1]]


def test_a_name_that_is_not_utf_8_comes_back() -> None:
    path = Path("a", "caf\udce9.jpg")
    assert list(PhotoList.of_files([path])) == [path]


def table(**columns: list) -> pl.DataFrame:
    kinds = {"archive": pl.String, "offset": pl.Int64, "length": pl.Int64, "compression": pl.String}
    return pl.DataFrame(columns, schema_overrides={n: k for n, k in kinds.items() if n in columns})


def test_a_table_gives_loose_files_and_members() -> None:
    frame = table(
        photo=["z/00.zip/d/a.jpg", "b.jpg", "/far/c.jpg", "x/y/d.jpg"],
        archive=["z/00.zip", None, None, None],
        offset=[35, None, None, None],
        length=[7, None, None, None],
        compression=["deflated", None, None, None],
    )
    files = PhotoList.of_table(frame, Path("/root"))
    assert list(files) == [
        Member(Path("/root/z/00.zip"), "d/a.jpg", 35, 7, "deflated"),
        Path("/root/b.jpg"),
        Path("/far/c.jpg"),
        Path("/root/x/y/d.jpg"),
    ]
    assert [str(file) for file in files[:2]] == ["/root/z/00.zip/d/a.jpg", "/root/b.jpg"]
    assert files[-1] == Path("/root/x/y/d.jpg")
    with pytest.raises(IndexError):
        files[4]


def test_a_column_called_archive_alone_means_nothing() -> None:
    frame = table(photo=["a.jpg"], archive=["2019"])
    assert list(PhotoList.of_table(frame, Path("r"))) == [Path("r/a.jpg")]


def test_a_home_and_a_name_make_the_photo_again() -> None:
    photos = ["é/ü.jpg", "a.jpg", "/a.jpg", "a//b.jpg", "c/00.zip/d/e.jpg"]
    archive = [None, None, None, None, "c/00.zip"]
    filled = {"offset": [None, None, None, None, 1], "length": [None, None, None, None, 1]}
    frame = table(photo=photos, archive=archive, **filled, compression=[None] * 4 + ["stored"])
    homes, home, names = split_homes(frame)
    assert homes.to_list() == ["é/", "", "/", "a//", "c/00.zip/"]
    assert [homes[at] + name for at, name in zip(home.tolist(), names, strict=True)] == photos


def test_what_exists_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    archive = tmp_path / "0.zip"
    archive.write_bytes(bytes(100))
    files = [
        tmp_path / "a.jpg",
        tmp_path / "b.jpg",
        Member(archive, "a.jpg", 30, 70),
        Member(archive, "b.jpg", 31, 70),
        Member(tmp_path / "1.zip", "a.jpg", 0, 0),
    ]
    expected = [True, False, True, False, False]
    listed = PhotoList.of_files(files)
    assert listed.exist().tolist() == expected
    assert listed[::-1].exist().tolist() == expected[::-1]
    assert listed[:2].exist().tolist() == expected[:2]
    assert PhotoList.of_files(files[:2]).exist().tolist() == expected[:2]
