"""Training photos found where they are, and only there."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from geoguess_cli.photos.table import read_photo_table
from geoguess_cli.sources.originals import Originals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photo as a file, one in an archive, one beside the folder, and one that is damaged."""
    home = tmp_path / "data"
    (home / "photos").mkdir(parents=True)
    Image.new("RGB", (90, 60), "red").save(home / "photos" / "a.png")
    Image.new("RGB", (60, 90), "blue").save(tmp_path / "outside.png")
    (home / "broken.jpg").write_bytes(b"no photo")
    (home / "broken.zip").write_bytes(b"no archive")
    with zipfile.ZipFile(home / "00.zip", "w") as archive:
        archive.write(tmp_path / "outside.png", "x/b.png")
    return home


def test_a_photo_is_a_file_or_a_member_of_an_archive(folder: Path) -> None:
    originals = Originals(folder)
    assert originals.find("photos/a.png") == folder / "photos" / "a.png"
    small = originals.picture("photos/a.png", 30)
    assert small is not None
    assert (small.size, small.getpixel((0, 0))) == ((30, 20), (255, 0, 0))
    packed = originals.picture("00.zip/x/b.png", 30)
    assert packed is not None
    assert (packed.size, packed.getpixel((0, 0))) == ((20, 30), (0, 0, 255))


@pytest.mark.parametrize(
    "name", ["photos/none.png", "broken.jpg", "00.zip/none.png", "broken.zip/a.jpg", ""]
)
def test_a_photo_that_is_not_there_is_no_error(folder: Path, name: str) -> None:
    assert Originals(folder).picture(name, 30) is None


def test_a_name_leads_elsewhere_only_if_the_table_has_it(folder: Path) -> None:
    elsewhere = ("../outside.png", str(folder.parent / "outside.png"), "photos/../../outside.png")
    for name in elsewhere:
        assert Originals(folder).find(name) is None
    (folder / "photos.csv").write_text("photo,latitude,longitude\n../outside.png,1,2\n")
    originals = Originals.of(read_photo_table(folder / "photos.csv"))
    assert originals.picture("../outside.png", 30) is not None
    assert originals.find(str(folder.parent / "outside.png")) is None
    assert originals.find("photos/a.png") is not None
