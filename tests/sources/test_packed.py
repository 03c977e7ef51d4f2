"""Archives below a folder, and the photo that a path into one means."""

import zipfile
from pathlib import Path

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import Member
from geoguess_cli.sources.packed import find_archives, photo_at, photos_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.zip", "d/a.ZIP", ".hidden/c.zip"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x/1.jpg", b"one")
            archive.writestr("2.txt", b"two")
    (tmp_path / "3.jpg").write_bytes(b"three")
    return tmp_path


def test_archives_are_those_that_are_not_hidden(folder: Path) -> None:
    assert find_archives(folder) == [folder / "b.zip", folder / "d" / "a.ZIP"]
    assert [str(file) for file in photos_in(find_archives(folder))] == [
        f"{folder}/b.zip/x/1.jpg",
        f"{folder}/d/a.ZIP/x/1.jpg",
    ]
    assert list(photos_in([])) == []


def test_a_path_leads_to_a_file_or_into_an_archive(folder: Path) -> None:
    assert photo_at(folder / "3.jpg") == folder / "3.jpg"
    member = photo_at(folder / "b.zip" / "x" / "1.jpg")
    assert isinstance(member, Member)
    assert member.read_bytes() == b"one"
    assert str(member) == f"{folder}/b.zip/x/1.jpg"
    for name in ("b.zip/2.txt", "b.zip/none.jpg", "none.jpg", "3.jpg/a.jpg", "none/none.jpg"):
        assert photo_at(folder / name) is None
    (folder / "b.zip").write_bytes(b"PK")
    with pytest.raises(PhotoTableError, match=r"b\.zip is damaged"):
        photo_at(folder / "b.zip" / "x" / "1.jpg")
