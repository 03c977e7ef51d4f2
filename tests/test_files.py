"""Files are written whole or not at all."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from geoguess_cli.errors import OutputError, PhotoError
from geoguess_cli.files import (
    csv_lines,
    json_lines,
    part_of,
    readable,
    replacing,
    write_lines,
    write_text,
)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_text("old", path)

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_the_temporary_file_has_the_same_ending_and_folder(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.parquet") as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".parquet")
        temporary.write_bytes(b"new")
    assert (tmp_path / "a.parquet").read_bytes() == b"new"


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"), replacing(tmp_path):
        pass


def test_records_as_text() -> None:
    records = [{"a": "é, b", "sure": True}, {"a": None, "sure": False}]
    assert list(csv_lines(records)) == ['a,sure\n"é, b",true\n', ",false\n"]
    lines = ['{"a": "é, b", "sure": true}\n', '{"a": null, "sure": false}\n']
    assert list(json_lines(records)) == lines
    assert list(csv_lines([])) == list(json_lines([])) == []


def test_lines_are_on_the_disk_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.csv"
    sizes = []

    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"{number}\n"
            sizes.append(part_of(path).stat().st_size)
            assert not path.exists()

    write_lines(lines(), path)
    assert sizes == [2, 4, 6]
    assert path.read_text() == "0\n1\n2\n"
    assert [own.name for own in path.parent.iterdir()] == ["a.csv"]
    with pytest.raises(OutputError, match="is a folder"):
        write_lines([], tmp_path)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "no space is left to write {path}; free",
        ),
        (
            OSError("No space left on device (os error 28)"),
            "no space is left to write {path}; free",
        ),
        (OSError(errno.EROFS, "Read-only file system"), "{path} cannot be written: read-only"),
    ],
)
@pytest.mark.promise("fault", "a full or read-only disk under any result")
def test_a_disk_that_takes_nothing_is_told_in_one_line(tmp_path: Path, error, says: str) -> None:
    path = tmp_path / "a.txt"
    write_text("old", path)

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(OutputError) as caught:
        fail()
    assert str(caught.value).startswith(says.format(path=path))
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    "error", [PhotoError("a photo"), OSError(errno.EACCES, "no", "/elsewhere/photo.jpg")]
)
def test_an_error_of_another_file_stays_as_it_is(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(type(error)) as caught, replacing(tmp_path / "a.txt"):
        raise error
    assert caught.value is error


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="cannot be written: "):
        write_text("new", tmp_path / "a" / "b.txt")


def test_half_characters_are_written_as_text(tmp_path: Path) -> None:
    write_text("caf\udce9 \ud83c", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "caf%E9 \N{REPLACEMENT CHARACTER}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_path_that_is_not_utf_8_is_read_as_content(tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9.csv"
    odd.write_bytes(b"a")
    assert readable(odd).read() == b"a"  # type: ignore[union-attr]
    assert readable(tmp_path) == tmp_path
