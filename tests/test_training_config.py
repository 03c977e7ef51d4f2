"""Stages, and the parts that they freeze."""

import pytest

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.training_config import PARTS, StageConfig, TrainConfig


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"freeze": ("neck",)}, "freeze names `neck`; the parts are backbone, projection"),
        ({"freeze": PARTS}, "freeze names every part"),
        ({"epochs": 0}, r"train.stages\[a\].epochs is 0; it must be 1 or more"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
    ],
)
def test_a_stage_that_cannot_be(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        StageConfig(**{"name": "a", "epochs": 1} | change)


def test_a_stage_may_freeze_only_parts_that_the_model_has() -> None:
    hybrid, whole = ModelConfig(), ModelConfig(vit="none")
    hybrid.check_stages(TrainConfig().stages)
    whole.check_stages([StageConfig("head", 1, freeze=("backbone",)), StageConfig("all", 1)])
    with pytest.raises(
        ConfigError,
        match=r'stages\[heads\].freeze names `vit`, and with model.vit = "none" the parts are '
        "backbone and head; freeze `backbone`",
    ):
        whole.check_stages(TrainConfig().stages)
    with pytest.raises(ConfigError, match=r"names every part \(backbone and head\)"):
        whole.check_stages([StageConfig("none", 1, freeze=("head", "backbone"))])
