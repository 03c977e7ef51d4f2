"""Which photo a bare name means."""

import polars as pl
import pytest

from geoguess_cli.sources.folder import photos_below
from geoguess_cli.sources.index import locate_photos


def frame_of(names):
    rows = {"photo": names, "@row": range(len(names)), "@file": ["t"] * len(names)}
    return pl.DataFrame(rows)


def test_a_name_stands_for_a_path_or_for_a_stem_in_any_folder(tmp_path, write_photo):
    for name in ("a/1.jpg", "b/2.jpg", "a/3.jpg", "b/3.jpg"):
        write_photo(tmp_path / name)
    frame = frame_of(["a/1.jpg", "2", "3", "b/3.jpg", "4"])
    located = locate_photos(frame, photos_below(tmp_path))
    rows, ambiguous = located.frame, located.bad_rows
    assert rows["photo"].to_list() == ["a/1.jpg", "b/2.jpg", "b/3.jpg"]
    assert rows.columns == frame.columns
    assert [bad.row for bad in ambiguous] == [2]
    assert ambiguous[0].reason == f"2 photos below {tmp_path} are called '3'"
    assert located.others["photo"].to_list() == ["4"]
    assert located.others.columns == frame.columns


@pytest.mark.parametrize(
    ("name", "files", "photo"),
    [
        ("34/8d/1.jpg", ["34_8d_1.jpg"], "34_8d_1.jpg"),
        ("34/8d/1.jpg", ["mp16/34_8d_1.jpeg", "mp16/35_8d_1.jpg"], "mp16/34_8d_1.jpeg"),
        ("34_8d_1.jpg", ["mp16/34/8d/1.jpg"], "mp16/34/8d/1.jpg"),
        ("34/8d/1.jpg", ["mp16/34/8d/1.jpg", "mp16/35/8d/1.jpg"], "mp16/34/8d/1.jpg"),
        ("images/a/1.jpg", ["photos/a/1.jpg", "photos/b/1.jpg"], "photos/a/1.jpg"),
        ("images/c/1.jpg", ["photos/a/1.jpg", "photos/b/1.jpg"], None),
        ("34/8d/1", ["a/34/8d/1.jpg", "b/34/8d/1.jpg"], None),
        ("8d_1.jpg", ["34_8d_1.jpg"], None),
        ("8d_1.jpg", ["3/48d_1.jpg"], None),
    ],
)
def test_a_name_stands_for_the_path_that_ends_so(tmp_path, write_photo, name, files, photo):
    for file in files:
        write_photo(tmp_path / file)
    frame = pl.DataFrame({"photo": [name, "none"], "@row": [0, 1], "@file": ["t"] * 2})
    located = locate_photos(frame, photos_below(tmp_path))
    rows, ambiguous = located.frame, located.bad_rows
    assert rows.columns == frame.columns
    assert rows["photo"].to_list() == ([] if photo is None else [photo])
    assert len(ambiguous) + len(located.others) == (2 if photo is None else 1)


def test_heic_beside_a_jpeg_of_its_name_makes_no_name_ambiguous(tmp_path):
    for name in ("1.HEIC", "1.jpg", "2.heic", "a/3.heic", "b/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    frame = frame_of(["1", "2", "3", "1.HEIC"])
    located = locate_photos(frame, photos_below(tmp_path))
    rows, ambiguous = located.frame, located.bad_rows
    assert rows["photo"].to_list() == ["1.jpg", "2.heic", "1.HEIC"]
    assert [bad.row for bad in ambiguous] == [2]
