"""What a function of the user's is told of a training, and what its faults do."""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from training_worlds import Lab

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError, GeoguessWarning
from geoguess_cli.training.log import open_log

MODULE = """
told = []

def tell(event, values, run):
    told.append((event, values, run.name))

def fail(event, values, run):
    tell(event, values, run)
    if event == "epoch":
        raise KeyError("no server")

number = 3
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module `followed` in the working directory, and the list of what it was told."""
    folder = tmp_path / "followed"
    folder.mkdir()
    (folder / "followed.py").write_text(MODULE)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def list_() -> list[Any]:
        return sys.modules["followed"].told  # type: ignore[no-any-return]

    yield list_
    sys.modules.pop("followed", None)


def logged(config: Config, name: str) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, log=name))


def test_a_function_is_told_of_every_epoch(lab: Lab, told: Any) -> None:
    _, stats = lab.train(config=logged(lab.config, "followed:tell"))
    events = told()
    assert [event for event, _, _ in events] == ["start"] + ["epoch"] * 4
    assert {run for _, _, run in events} == {"run"}
    assert events[0][1]["config"]["train"]["batch_size"] == lab.config.train.batch_size
    assert events[0][1]["epochs"] == []
    assert [values for _, values, _ in events[1:]] == [dataclasses.asdict(s) for s in stats]


def test_a_run_that_goes_on_tells_what_is_done_and_may_be_followed_elsewhere(
    lab: Lab, told: Any
) -> None:
    lab.interrupt("run", epoch=3, step=1)
    _, stats = lab.train(config=logged(lab.config, "followed:tell"), resume=True)
    start, *epochs = told()
    assert [line["epoch"] for line in start[1]["epochs"]] == [1, 2]
    assert [values["epoch"] for _, values, _ in epochs] == [s.epoch for s in stats] == [3, 4]


def test_a_function_that_fails_stops_no_training(lab: Lab, told: Any) -> None:
    with pytest.warns(GeoguessWarning, match=r"train.log failed at `epoch` \(KeyError: 'no serv"):
        _, stats = lab.train(config=logged(lab.config, "followed:fail"))
    assert len(stats) == 4
    assert [event for event, _, _ in told()] == ["start", "epoch"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("followed:absent", "cannot be imported (AttributeError"),
        ("absent_module:tell", "cannot be imported (ModuleNotFoundError"),
        ("followed:number", "is no function"),
    ],
)
@pytest.mark.usefixtures("told")
def test_a_function_that_is_not_there(name: str, words: str, lab: Lab) -> None:
    with pytest.raises(ConfigError) as caught:
        lab.train(config=logged(lab.config, name))
    assert words in str(caught.value)
    assert not lab.run().folder.exists()


@pytest.mark.parametrize("name", ["tensorbord", "module", ":tell", "a b:c", "3:tell", "m.:f"])
def test_a_name_of_another_form_is_refused(name: str, config: Config) -> None:
    with pytest.raises(ConfigError, match="module:function"):
        logged(config, name)


def test_nobody_is_told_without_a_name(tmp_path: Path) -> None:
    open_log("", tmp_path).tell("epoch", {})
    assert list(tmp_path.iterdir()) == []
