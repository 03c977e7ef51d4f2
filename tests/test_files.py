"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from geoguess_cli.errors import OutputError
from geoguess_cli.files import csv_text, json_lines, replacing, write_text


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
    assert csv_text(records) == 'a,sure\n"é, b",true\n,false\n'
    assert json_lines(records) == '{"a": "é, b", "sure": true}\n{"a": null, "sure": false}\n'
    assert (csv_text([]), json_lines([])) == ("", "")
