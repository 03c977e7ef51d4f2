"""The decision of a model is kept in its folder, and checked."""

import dataclasses
import json
from pathlib import Path

import pytest
from model_files import edit

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.errors import ModelError
from geoguess_cli.model.checkpoint import TrainedModel, load_model, save_model
from geoguess_cli.model.decision import Decision


@pytest.mark.parametrize("point", POINT_METHODS)
def test_temperature_and_point_method_are_kept(
    folder: Path, trained: TrainedModel, point: str
) -> None:
    decided = dataclasses.replace(trained, decision=Decision(temperature=1.625, point=point))
    save_model(folder, decided)
    assert json.loads((folder / "config.json").read_text())["decision"] == {
        "temperature": 1.625,
        "point": point,
        "redundancy": 0.0,
        "view_redundancy": 1.0,
    }
    loaded = load_model(folder)
    assert (loaded.temperature, loaded.point) == (1.625, point)


def test_a_folder_from_before_temperatures_answers_as_it_did(folder: Path) -> None:
    edit(folder / "config.json", lambda tree: tree.pop("decision"))
    loaded = load_model(folder)
    assert (loaded.temperature, loaded.point) == (1.0, "centroid")


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"temperature": 0.01}, r"decision.temperature is 0.01; it must lie in \[0.05, 20\]"),
        ({"temperature": 21}, "decision.temperature is 21;"),
        ({"temperature": float("nan")}, "decision.temperature is nan;"),
        ({"temperature": "warm"}, "`decision.temperature` is 'warm'; it must be a number"),
        ({"temperature": True}, "`decision.temperature` is True;"),
        ({"point": "median"}, "`decision.point` is 'median'; it must be one of \"centroid\""),
        ({"points": "centroid"}, "unknown key `points`.* did you mean `point`"),
    ],
)
def test_a_decision_that_no_model_can_have_is_refused(
    folder: Path, decision: dict[str, object], message: str
) -> None:
    edit(folder / "config.json", lambda tree: tree.update(decision=decision))
    with pytest.raises(ModelError, match=message) as refused:
        load_model(folder)
    assert str(refused.value).startswith(str(folder))
    assert "geoguess calibrate" in str(refused.value)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_the_redundancy_is_a_share(value: float) -> None:
    with pytest.raises(ModelError, match=r"decision\.redundancy"):
        Decision(redundancy=value)
