"""The photos below a folder, and what is left out of them."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from geoguess_cli.sources.folder import COPY_FOLDERS, photos_below


def test_photos_come_in_order_and_links_do_not_loop(tmp_path, write_photo):
    for name in ("b.png", "a/z.jpeg", "a/y.webp", "a/.hidden.jpg"):
        write_photo(tmp_path / name)
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "notes.txt").write_text("no photo")
    found = photos_below(tmp_path)
    assert found.photos == ["a/y.webp", "a/z.jpeg", "b.png"]
    assert found.paths[0] == tmp_path / "a" / "y.webp"
    assert found.notices == [f"{tmp_path}: left out 1 hidden photo"]


@pytest.mark.parametrize("name", ["@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX", "A.lrdata"])
def test_thumbnails_and_deleted_photos_are_left_out_and_counted(tmp_path, name):
    (tmp_path / "IMG_1.jpg").touch()
    (tmp_path / "sub" / name / "IMG_1.jpg").mkdir(parents=True)
    for size in ("M", "XL"):
        (tmp_path / "sub" / name / "IMG_1.jpg" / f"THUMB_{size}.jpg").touch()
    found = photos_below(tmp_path)
    assert found.photos == ["IMG_1.jpg"]
    assert found.notices == [
        f"{tmp_path}: left out 2 photos in `{name}`, where another program keeps copies"
    ]


def test_the_names_of_copies_are_compared_in_lower_case():
    assert {name.lower() for name in COPY_FOLDERS} == COPY_FOLDERS


def test_raw_photos_videos_and_hidden_photos_are_counted(tmp_path):
    for name in ("1.NEF", "2.nef", "3.dng", "4.MOV", "._5.jpg", ".thumbnails/6.jpg", "7.HEIC"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = photos_below(tmp_path)
    assert found.photos == ["7.HEIC"]
    assert found.notices == [
        f"{tmp_path}: left out 2 hidden photos; 3 raw photos (.dng, .nef): export them as JPEG; "
        "1 video (.mov)"
    ]


def test_a_link_that_leads_nowhere_is_named(tmp_path):
    (tmp_path / "1.jpg").touch()
    (tmp_path / "2019").symlink_to("/nowhere/2019")
    found = photos_below(tmp_path)
    assert found.photos == ["1.jpg"]
    assert found.faults == [f"{tmp_path}: `2019` is a link to /nowhere/2019, which does not exist"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_folder_that_may_not_be_read_is_named_and_the_others_are_read():
    home = Path(tempfile.mkdtemp())
    try:
        home.chmod(0o755)
        for name in ("open/1.jpg", "shut/2.jpg"):
            (home / name).parent.mkdir()
            (home / name).touch()
        (home / "shut").chmod(0o000)
        root = os.geteuid() == 0
        if root:  # root may read everything
            os.seteuid(65534)
        try:
            found = photos_below(home)
        finally:
            if root:
                os.seteuid(0)
        assert found.photos == ["open/1.jpg"]
        assert found.faults == [
            f"{home}: the folder `shut` cannot be read: permission denied; no photo of it is used"
        ]
    finally:
        (home / "shut").chmod(0o755)
        shutil.rmtree(home)


def test_of_many_faults_the_first_are_named(tmp_path):
    for number in range(8):
        (tmp_path / f"link{number}").symlink_to("gone")
    assert photos_below(tmp_path).faults[-1] == f"{tmp_path}: 3 more such"
    assert len(photos_below(tmp_path).faults) == 6
