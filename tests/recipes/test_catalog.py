"""The recipes parse, explain each key, and name commands that exist."""

import dataclasses
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from command_lines import check_command

from geoguess_cli.config import Config, from_dict, load_config
from geoguess_cli.errors import ConfigError
from geoguess_cli.features.view import PLAIN
from geoguess_cli.geo.partition import PLACE_LEVEL
from geoguess_cli.model.pretrained import WHEELS
from geoguess_cli.recipes import catalog
from geoguess_cli.recipes.catalog import NAMES, read_recipe, write_recipe
from geoguess_cli.training.features import reads_features, training_views

REPOSITORY = Path(__file__).resolve().parents[2]


def config_of(name: str) -> Config:
    return from_dict(tomllib.loads(read_recipe(name).text), where=name)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_a_configuration(name: str, tmp_path: Path) -> None:
    write_recipe(read_recipe(name), tmp_path / "geoguess.toml")
    config = load_config(environment={}, directory=tmp_path)
    assert config.cells == config_of(name).cells
    assert config.photos.parent in (tmp_path, tmp_path / "sample_data")


@pytest.mark.parametrize("name", NAMES)
def test_each_key_is_explained(name: str) -> None:
    text = read_recipe(name).text
    assert read_recipe(name).title
    keys = [line for line in text.splitlines() if re.match(r"\w+ = ", line)]
    explained = {line.split(" = ")[0] for line in keys if "#" in line}
    assert {line.split(" = ")[0] for line in keys} - explained == {"name"}


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_parse(name: str) -> None:
    commands = read_recipe(name).commands
    assert commands[-1].startswith("geoguess")
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "geoguess"
        check_command(arguments)


def test_the_paper_is_the_default_written_out() -> None:
    """Every key stands in the file, so that nothing of the paper's hangs on a default."""
    assert config_of("paper") == Config()
    tree = tomllib.loads(read_recipe("paper").text)
    # `[columns]` describes one's own table.
    assert tree.keys() == {field.name for field in dataclasses.fields(Config)} - {"columns"}
    for table in ("cells", "images", "model", "train"):
        own = getattr(Config(), table)
        assert tree[table].keys() == {field.name for field in dataclasses.fields(own)}


def test_the_notebook_differs_from_the_paper_where_its_code_did() -> None:
    paper, notebook = config_of("paper"), config_of("notebook")
    images = dataclasses.replace(paper.images, flip=True)
    model = dataclasses.replace(paper.model, position_embedding=False, final_norm=False)
    assert notebook == dataclasses.replace(paper, images=images, model=model)
    assert "--by random" in " ".join(read_recipe("notebook").commands)


def test_only_the_papers_own_cells_are_smaller_than_gps_can_mean() -> None:
    levels = {name: config_of(name).cells.max_level for name in NAMES}
    assert {name for name, level in levels.items() if level > PLACE_LEVEL} == {"paper", "notebook"}


def test_our_own_recipes_for_photos_learn_by_distance() -> None:
    targets = {name: config_of(name).train.targets for name in NAMES}
    distant = {name for name, target in targets.items() if target == "distance"}
    assert distant == {"laptop", "osv-mini", "osv-5m"}
    assert all(config_of(name).train.label_smoothing == 0 for name in distant)


def test_the_sample_is_the_repositorys_own_configuration() -> None:
    assert read_recipe("sample").text == (REPOSITORY / "geoguess.toml").read_text("utf-8")


def test_the_laptop_reads_each_photo_once() -> None:
    laptop = config_of("laptop")
    laptop.model.check_stages(laptop.train.stages)
    assert all(reads_features(laptop, stage) for stage in laptop.train.stages)
    assert training_views(laptop) == [PLAIN]
    assert laptop.model.backbone in WHEELS  # so that it needs no network


def test_every_file_is_a_recipe() -> None:
    folder = Path(catalog.__file__).parent
    assert {path.stem for path in folder.glob("*.toml")} == set(NAMES)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean `osv-mini`"):
        read_recipe("osvmini")
    with pytest.raises(ConfigError, match="the recipes are paper, notebook"):
        read_recipe("xyz")


def test_a_configuration_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "new" / "geoguess.toml"
    write_recipe(read_recipe("paper"), path)
    with pytest.raises(ConfigError, match="--force replaces it"):
        write_recipe(read_recipe("laptop"), path)
    assert path.read_text("utf-8") == read_recipe("paper").text
    write_recipe(read_recipe("laptop"), path, force=True)
    assert path.read_text("utf-8") == read_recipe("laptop").text
