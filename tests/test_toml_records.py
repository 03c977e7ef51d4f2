"""Records from TOML and back, and the words of a refusal."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geoguess_cli.config import (
    CellsConfig,
    Config,
    ImagesConfig,
    ModelConfig,
    StageConfig,
    TrainConfig,
    from_dict,
    to_toml,
)
from geoguess_cli.errors import ConfigError

names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1)


stages = st.builds(
    StageConfig,
    name=names,
    epochs=st.integers(1, 99),
    learning_rate=st.floats(1e-9, 1.0),
    freeze=st.sampled_from([(), ("backbone",), ("backbone", "vit"), ("head",)]),
)


configs = st.builds(
    Config,
    photos=names.map(Path),
    seed=st.integers(0, 2**40),
    cells=st.builds(CellsConfig, max_photos=st.integers(1, 10**6)),
    images=st.builds(ImagesConfig, flip=st.booleans(), crop_scale=st.floats(0.6, 1.0)),
    model=st.builds(ModelConfig, backbone=names, position_embedding=st.booleans()),
    train=st.builds(TrainConfig, stages=st.lists(stages, min_size=1, max_size=4).map(tuple)),
)


@given(configs)
@example(Config(photos=Path("~")))
def test_toml_round_trip(config: Config) -> None:
    assert from_dict(tomllib.loads(to_toml(config))) == config


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"sead": 1}, "unknown key `sead` in the top level; did you mean `seed`?"),
        (
            {"train": {"batchsize": 1}},
            "unknown key `batchsize` in [train]; did you mean `batch_size`?",
        ),
        (
            {"cells": {"max_photos": "many"}},
            "`cells.max_photos` is 'many'; it must be a whole number",
        ),
        ({"cells": {"max_photos": True}}, "`cells.max_photos` is True; it must be a whole number"),
        ({"cells": {"max_photos": 0}}, "cells.max_photos is 0; it must be 1 or more"),
        ({"cells": {"uncovered": "lost"}}, 'it must be one of "drop", "nearest"'),
        ({"images": {"crop_scale": 0.2}}, "images.crop_scale is 0.2; it must lie in [0.6, 1]"),
        ({"model": 3}, "`model` must be a table"),
        ({"train": {"stages": [{"epochs": 1}]}}, "[train.stages] lacks name"),
        ({"train": {"stages": []}}, "train.stages is empty"),
        ({"train": {"stages": [{"name": "a", "epochs": 1, "freeze": ["cnn"]}]}}, "names `cnn`"),
        (
            {
                "train": {
                    "stages": [
                        {
                            "name": "a",
                            "epochs": 1,
                            "freeze": ["backbone", "projection", "vit", "head"],
                        }
                    ]
                }
            },
            "nothing would learn",
        ),
    ],
)
def test_what_is_refused(tree: dict, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        from_dict(tree, where="here.toml")
    assert said in str(error.value)
    assert str(error.value).startswith("here.toml: ")
