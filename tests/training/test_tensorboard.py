"""What TensorBoard itself reads in the folder of a run."""

import builtins
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from training_worlds import Lab

from geoguess_cli.config import Config
from geoguess_cli.errors import DependencyError
from geoguess_cli.training.tensorboard import FOLDER, TensorBoard


@pytest.fixture
def read() -> Callable[[Path], Any]:
    """What TensorBoard reads in a folder of events."""
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def reading(run: Path) -> Any:
        events = module.EventAccumulator(str(run / FOLDER))
        events.Reload()
        return events

    return reading


def logged(config: Config) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, log="tensorboard"))


def test_curves_are_those_of_the_training(lab: Lab, read: Callable[[Path], Any]) -> None:
    _, stats = lab.train(config=logged(lab.config))
    events = read(lab.run().folder)
    for curve, field in (("loss/train", "loss"), ("loss/val", "val_loss"), ("val/top-5",) * 2):
        values = [getattr(s, "val_top_5" if field == curve else field) for s in stats]
        scalars = events.Scalars(curve)
        assert [scalar.step for scalar in scalars] == [1, 2, 3, 4]
        np.testing.assert_allclose([scalar.value for scalar in scalars], values, rtol=1e-6)


def test_each_epoch_is_there_once_after_a_kill(lab: Lab, read: Callable[[Path], Any]) -> None:
    lab.interrupt("run", epoch=3, step=1)
    run = lab.run().folder
    TensorBoard()("epoch", read_epoch(lab), run)  # told, and then killed
    lab.train(config=logged(lab.config), resume=True)
    assert [scalar.step for scalar in read(run).Scalars("loss/train")] == [1, 2, 3, 4]


def read_epoch(lab: Lab) -> dict[str, Any]:
    """The last epoch in the metrics of a run."""
    return lab.run().metrics()[-1]


def test_numbers_and_figures_of_model_and_report(
    tmp_path: Path, read: Callable[[Path], Any]
) -> None:
    run, report = tmp_path / "run", tmp_path / "eval"
    for folder, color in ((run, (255, 0, 0)), (report, (0, 0, 255))):
        folder.mkdir()
        Image.new("RGB", (8, 4), color).save(folder / "curves.png")
    hook = TensorBoard()
    hook("model", {"best": {"epoch": 3, "stage_name": "heads", "loss": 0.5}}, run)
    values = {
        "median_km": {"value": 12.5, "low": 3.0, "high": 20.0},
        "within_km": {"25": {"value": 0.75, "low": None, "high": None}},
        "by_state": {"Texas": {"top_1": {"value": 0.5}}},
        "loss": {"value": None, "low": None, "high": None},
        "folder": str(report),
    }
    hook("report", values, run)
    events = read(run)
    scalars = {tag: events.Scalars(tag)[0].value for tag in events.Tags()["scalars"]}
    assert scalars == {
        "model/best/epoch": 3,
        "model/best/loss": 0.5,
        "report/median_km": 12.5,
        "report/within_km/25": 0.75,
    }
    (image,) = events.Images("report/curves")
    assert (image.width, image.height) == (8, 4)
    assert events.Tags()["images"] == ["model/curves", "report/curves"]


def test_without_tensorboard_the_remedy_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *others: Any) -> Any:
        if name == "torch.utils.tensorboard":
            raise ModuleNotFoundError("No module named 'tensorboard'")
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[tensorboard\]'"):
        TensorBoard()
