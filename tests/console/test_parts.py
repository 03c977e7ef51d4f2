"""Which path is a folder of parts; what is said while it fills is tested with the verb."""

from pathlib import Path

import pytest
import typer

from geoguess_cli.console.options import shard
from geoguess_cli.console.output import Sink
from geoguess_cli.console.parts import answer_folder
from geoguess_cli.inference.parts import Shard


def test_a_name_without_an_ending_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "run.1").mkdir()
    for name, form, as_json, folder in (
        ("answers", None, False, True),
        ("run.1", None, False, True),
        ("answers", "csv", False, False),
        ("answers", None, True, False),
        ("answers.csv", None, False, False),
        ("answers.txt", None, False, False),
    ):
        path = tmp_path / name
        assert answer_folder(path, form, Sink(as_json=as_json)) == (path if folder else None)
    assert answer_folder(None, None, Sink()) is None
    with pytest.raises(typer.BadParameter, match=r"name a folder, such as .*answers"):
        answer_folder(tmp_path / "answers.parquet", None, Sink())


def test_a_share_has_a_number_and_a_count() -> None:
    assert shard("2/3") == Shard(2, 3)
    for wrong in ("0/3", "4/3", "1", "/2", "a/b", "1/", "-1/2"):
        with pytest.raises(typer.BadParameter, match="is no share; write I/N"):
            shard(wrong)
