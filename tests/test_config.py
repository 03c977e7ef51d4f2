"""The configuration: what is read, what is refused, in which order it counts."""

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
    load_config,
    to_toml,
)
from geoguess_cli.errors import ConfigError, MissingFileError


def test_defaults_are_the_papers(tmp_path: Path) -> None:
    config = load_config(environment={}, directory=tmp_path)
    assert (config.cells.max_photos, config.cells.min_photos) == (100, 20)
    assert (config.model.backbone, config.model.vit) == ("resnet50", "vit_small_patch16_224")
    assert (config.model.grid, config.model.dropout) == (14, 0.2)
    assert [stage.epochs for stage in config.train.stages] == [3, 17, 3]
    assert [stage.freeze for stage in config.train.stages] == [
        ("backbone", "vit"),
        (),
        ("backbone",),
    ]
    assert config.train.stages[1].learning_rate == 1e-4
    assert not config.images.flip


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


def test_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "geoguess.toml").write_text("seed = 3\n[cells]\nmax_photos = 7\n")
    config = load_config(
        environment={"GEOGUESS_CELLS_MAX_PHOTOS": "9", "GEOGUESS_IMAGES_FLIP": "true", "HOME": "x"},
        directory=tmp_path,
    )
    assert (config.seed, config.cells.max_photos, config.images.flip) == (3, 9, True)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GEOGUESS_CELLS_MAXIMUM", "9"),
        ("GEOGUESS_SEED", "x"),
        ("GEOGUESS_CELLS_MAX_PHOTOS", "0"),
        ("GEOGUESS_IMAGES_FLIP", "perhaps"),
        ("GEOGUESS_TRAIN_STAGES", "1"),
    ],
)
def test_environment_refused(variable: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=variable):
        load_config(environment={variable: value}, directory=tmp_path)


def test_paths_of_a_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "geoguess.toml").write_text(
        'photos = "p.csv"\n[model]\nweights = "w.safetensors"\n'
    )
    config = load_config(tmp_path / "geoguess.toml", environment={})
    assert config.photos == tmp_path / "p.csv"
    assert config.artifacts == Path("artifacts")
    assert config.model.weights == str(tmp_path / "w.safetensors")


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.toml"):
        load_config(tmp_path / "none.toml", environment={})


def test_not_toml(tmp_path: Path) -> None:
    (tmp_path / "geoguess.toml").write_text("photos = \n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(environment={}, directory=tmp_path)
