"""The configuration: which values are read, which are refused, and which source wins."""

from pathlib import Path

import pytest

from geoguess_cli.config import (
    load_config,
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
