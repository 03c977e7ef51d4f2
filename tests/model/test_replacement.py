"""A model folder is written whole or not at all; copies of the hub's client stay as they are."""

import contextlib
from pathlib import Path

import pytest

from geoguess_cli.errors import ModelError
from geoguess_cli.model.replacement import replacing_folder


def _write(folder: Path, text: str) -> None:
    with replacing_folder(folder) as partial:
        (partial / "config.json").write_text(text)


def test_a_folder_replaces_an_older_one(tmp_path: Path) -> None:
    for text in ("{}", "[]"):
        _write(tmp_path / "model", text)
    assert (tmp_path / "model" / "config.json").read_text() == "[]"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_after_an_error_the_older_one_stays(tmp_path: Path) -> None:
    _write(tmp_path / "model", "{}")
    with contextlib.suppress(KeyboardInterrupt), replacing_folder(tmp_path / "model") as partial:
        (partial / "config.json").write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "model" / "config.json").read_text() == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_another_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("x")
    with pytest.raises(ModelError, match="not a model folder"):
        _write(tmp_path / "letters", "{}")


def test_a_copy_of_the_hub_is_not_changed(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--me--model" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"copy of hf://me/model@0+ .* with -o DIR"):
        _write(snapshot, "[]")
    assert (snapshot / "config.json").read_text() == "{}"
