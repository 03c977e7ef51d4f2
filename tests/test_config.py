"""The configuration: which values are read, which are refused, and which source wins."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from geoguess_cli.config import (
    ColumnsConfig,
    Config,
    from_dict,
    load_config,
    to_toml,
)
from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.photos.columns import CHOSEN
from geoguess_cli.toml_records import keys_of


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


def test_columns_have_the_names_that_a_user_can_choose() -> None:
    assert set(keys_of(ColumnsConfig)) == set(CHOSEN)


def test_columns_of_the_file_and_the_environment_are_preferred_and_not_demanded(tmp_path) -> None:
    file = tmp_path / "geoguess.toml"
    file.write_text('[columns]\nphoto = "key"\nlatitude = "y"\n')
    config = load_config(file, environment={"GEOGUESS_COLUMNS_LATITUDE": "northing"})
    assert config.columns.preferred == {"photo": "key", "latitude": "northing"}
    assert config.columns.chosen == {}
    again = dataclasses.replace(config.columns, latitude="lat", demanded=("latitude",))
    assert (again.chosen, again.preferred) == ({"latitude": "lat"}, {"photo": "key"})


def test_what_only_an_option_sets_is_no_key(tmp_path) -> None:
    text = to_toml(Config(columns=ColumnsConfig(photo="key", demanded=("photo",))))
    assert "demanded" not in text
    assert from_dict(tomllib.loads(text)).columns == ColumnsConfig(photo="key")
    with pytest.raises(ConfigError, match="unknown key `demanded`"):
        from_dict({"columns": {"demanded": ["photo"]}})
    with pytest.raises(ConfigError, match="GEOGUESS_COLUMNS_DEMANDED names no key"):
        load_config(environment={"GEOGUESS_COLUMNS_DEMANDED": "photo"}, directory=tmp_path)
