"""An export through the library: the number of photos written, and a warning of the others."""

from pathlib import Path

import pytest

import geoguess_cli as gg


def test_what_is_exported_is_read_again(world, tmp_path: Path) -> None:
    photos = gg.read_photos(world.folder / "photos.csv")
    done: list[int] = []
    written = gg.export_photos(photos, tmp_path / "out", to="webdataset", on_photo=done.append)
    assert written == len(photos) == done[-1]
    again = gg.read_photos(tmp_path / "out")
    assert (len(again), again.splits) == (len(photos), photos.splits)


def test_photos_left_out_are_warned_of(world, tmp_path: Path) -> None:
    photos = gg.read_photos(world.folder / "photos.csv")
    (world.folder / photos.frame["photo"][0]).write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="1 photos are left out, such as"):
        written = gg.export_photos(photos, tmp_path / "out", to="imagefolder")
    assert written == len(photos) - 1
