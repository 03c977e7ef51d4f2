"""A trained model: head and partition agree, and the decision is at hand."""

import dataclasses
from collections.abc import Callable

import pytest

from geoguess_cli.errors import ModelError
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.trained import TrainedModel


def test_temperature_and_point_are_those_of_the_decision(trained: TrainedModel) -> None:
    assert (trained.temperature, trained.point) == (1.0, Decision().point)
    decided = dataclasses.replace(trained, decision=Decision(temperature=2.5, point="distance"))
    assert (decided.temperature, decided.point) == (2.5, "distance")


def test_head_and_partition_must_agree(
    trained: TrainedModel, build: Callable[..., Geolocator]
) -> None:
    with pytest.raises(ModelError, match="5 columns and the partition has 4 cells"):
        dataclasses.replace(trained, geolocator=build(cells=5))
