"""A new run takes a new folder; a training that goes on finds the latest."""

from pathlib import Path

import pytest

from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.training.runs import choose_run


def test_new_runs_are_numbered_and_none_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run-9").mkdir()
    assert choose_run(tmp_path)[0].folder.name == "run-10"
    with pytest.raises(ConfigError, match="--resume goes on with it, --force replaces it"):
        choose_run(tmp_path, "run-9")
    choose_run(tmp_path, "run-9", replace=True)
    assert not (tmp_path / "run-9").exists()


def test_going_on_needs_a_run_that_was_started(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    with pytest.raises(MissingFileError, match="there is no run in"):
        choose_run(tmp_path, resume="always")
    (tmp_path / "run-1" / "metrics.jsonl").write_text("")
    assert choose_run(tmp_path, resume="always")[0].folder.name == "run-1"
    with pytest.raises(MissingFileError, match="no run at"):
        choose_run(tmp_path, "other", resume="always")
