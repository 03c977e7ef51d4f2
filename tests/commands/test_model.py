"""`geoguess model`, and hf:// in place of a model folder in every verb that takes one."""

import json
from pathlib import Path

import pytest
import typer
from command_worlds import World
from hub_servers import Hub, ModelRepository
from typer.main import get_command

from geoguess_cli.app import app
from geoguess_cli.console.verbs import MODELS


def verbs(command: typer.core.TyperCommand, name: str = "") -> dict[str, typer.core.TyperCommand]:
    """Every verb, by its words."""
    below = getattr(command, "commands", None)
    if below is None:
        return {name.strip(): command}
    return {
        words: verb for key in below for words, verb in verbs(below[key], f"{name} {key}").items()
    }


VERBS = verbs(get_command(app))


@pytest.fixture
def published(trained_world: World, hub: Hub) -> ModelRepository:
    """The model of the trained world on the hub."""
    folder = trained_world.folder / "artifacts" / "model"
    made = ModelRepository.of({path.name: path.read_bytes() for path in folder.iterdir()})
    hub.models["me/model"] = made
    return made


def test_the_group_lists_its_verbs() -> None:
    assert {
        f"model {name}" for name in ("adopt", "info", "card", "push", "pull", "export")
    } <= VERBS.keys()


def test_every_option_that_names_a_model_takes_an_address() -> None:
    """The names of these parameters are those that `configured` exchanges for folders."""
    for words, verb in VERBS.items():
        for parameter in verb.params:
            if "--model" in parameter.opts or parameter.metavar == "MODEL":
                assert parameter.name in MODELS, words
                assert "hf://" in (parameter.help or ""), words


@pytest.mark.usefixtures("published")
def test_an_address_answers_as_the_folder_does(trained_world: World, hub: Hub) -> None:
    photo = trained_world.photo()
    first = trained_world.run("predict", photo, "--model", "hf://me/model", "--json")
    assert "hf://me/model is not on this machine yet, so it is fetched" in first.stderr
    asked = len(hub.log)
    again = trained_world.run("predict", photo, "--model", "hf://me/model", "--json")
    assert "fetched" not in again.stderr
    assert len(hub.log) == asked
    folder = trained_world.run("predict", photo, "--json")
    assert json.loads(first.stdout) == json.loads(again.stdout) == json.loads(folder.stdout)


@pytest.mark.usefixtures("published")
def test_a_comparison_names_the_address(trained_world: World, tmp_path: Path) -> None:
    both = ("--compare", "artifacts/model", "hf://me/model", "-o", tmp_path / "c", "--json")
    output = json.loads(trained_world.run("eval", *both).stdout)
    assert output["models"]["a"]["name"] == "artifacts/model"
    assert output["models"]["b"]["name"].startswith("hf://me/model@")
    assert output["figures"]["median_km"]["difference"]["value"] == 0.0


@pytest.mark.usefixtures("published")
def test_a_model_of_the_hub_is_calibrated_into_another_folder(own_world: World) -> None:
    refused = own_world.run("calibrate", "--model", "hf://me/model", code=1)
    assert "name another folder with -o DIR" in refused.stderr
    own_world.run("calibrate", "--model", "hf://me/model", "-o", "calibrated")
    assert (own_world.folder / "calibrated" / "model.safetensors").is_file()


@pytest.mark.usefixtures("published")
def test_features_take_the_encoder_of_an_address(own_world: World) -> None:
    with (own_world.folder / "geoguess.toml").open("a") as file:
        file.write('[features]\ndtype = "float16"\n')
    verb = ("features", "build", "--split", "test", "--json", "--model")
    of_hub = json.loads(own_world.run(*verb, "hf://me/model").stdout)
    of_folder = json.loads(own_world.run(*verb, "artifacts/model").stdout)
    assert of_hub == of_folder


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("hf://me/model", "the hub shows no model at hf://me/model"),
        ("hf://me", "is not the address of a model; write hf://OWNER/NAME"),
        ("nowhere", "there is no model at nowhere"),
    ],
)
def test_a_model_that_is_not_there_is_one_line(
    trained_world: World, model: str, words: str
) -> None:
    result = trained_world.run("predict", trained_world.photo(), "--model", model, code=1)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert words in line
