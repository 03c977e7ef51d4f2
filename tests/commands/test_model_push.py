"""`geoguess model push` through the command line, to a server on this machine."""

import json

import pytest
from command_worlds import World
from hub_servers import Hub
from model_files import edit

from geoguess_cli.choices import OF_PROBABILITIES


@pytest.fixture
def signed_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub where the token of this process may write to `me`."""
    hub.writers["write-me"] = "me"
    monkeypatch.setenv("HF_TOKEN", "write-me")
    return hub


def test_a_model_is_given_away_and_used_from_there(own_world: World, signed_in: Hub) -> None:
    own_world.run("model", "card", "--licence", "mit", "--name", "Towns")
    asked = own_world.run("model", "push", "hf://me/towns", code=1)
    for words in ("model.safetensors", "a new repository; everybody sees it", "licence mit"):
        assert words in asked.stderr
    assert "`geoguess model push hf://me/towns --yes` publishes" in asked.stderr
    assert signed_in.models == {}

    record = json.loads(own_world.run("model", "push", "me/towns", "--yes", "--json").stdout)
    files = signed_in.models["me/towns"].files
    assert record["files"] == {n: len(of) for n, of in files.items() if n != ".gitattributes"}
    assert record["revision"] == signed_in.models["me/towns"].refs["main"]
    assert "report.json" in files

    answer = own_world.run(
        "predict", own_world.photo(), "--model", "hf://me/towns", "--json", "--quiet"
    )
    assert answer.stdout == own_world.run("predict", own_world.photo(), "--json").stdout
    assert json.loads(own_world.run("model", "info", "hf://me/towns", "--json").stdout)[
        "path"
    ].startswith("hf://me/towns@")


def test_the_memory_is_told_and_can_stay_here(own_world: World, signed_in: Hub) -> None:
    own_world.run("calibrate", "--memory")
    own_world.run("model", "card", "--licence", "mit")
    config = own_world.folder / "artifacts/model/config.json"
    edit(config, lambda tree: tree["decision"].update(point="neighbours"))
    push = ("model", "push", "hf://me/towns", "--yes")
    said = own_world.run(*push).stderr
    assert "warning: the memory names 72 training photos with their places" in said

    said = own_world.run(*push, "--without-memory", code=1).stderr  # nobody could use it
    assert "`geoguess calibrate --no-memory --model artifacts/model -o OTHER`" in said
    edit(config, lambda tree: tree["decision"].update(point="centroid"))
    said = own_world.run(*push, "--without-memory").stderr
    assert "the memory names" not in said
    assert "not files of a model" not in said
    assert "removed  memory.safetensors, memory.parquet; earlier revisions" in said
    assert "memory.parquet" not in signed_in.models["me/towns"].files


def test_calibration_can_take_the_memory_out(own_world: World) -> None:
    own_world.run("calibrate", "--memory")
    own_world.run("calibrate", "--no-memory", "-o", "other")
    decision = json.loads((own_world.folder / "other/config.json").read_text())["decision"]
    assert decision["point"] in OF_PROBABILITIES
    assert (own_world.folder / "artifacts/model/memory.parquet").is_file()
    assert not (own_world.folder / "other/memory.parquet").exists()


@pytest.mark.usefixtures("signed_in")
def test_who_cannot_reach_the_hub_is_told_to_push_again(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    own_world.run("model", "card", "--licence", "mit")
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    said = own_world.run("model", "push", "hf://me/towns", "--yes", code=1).stderr
    assert "cannot be reached for hf://me/towns" in said
    assert said.endswith("then run `geoguess model push hf://me/towns`\n")


def test_without_a_licence_nothing_goes(own_world: World, signed_in: Hub) -> None:
    result = own_world.run("model", "push", "hf://me/towns", "--yes", code=1)
    assert "names no licence" in result.stderr
    assert signed_in.log == []


def test_who_is_not_signed_in_is_told_how(own_world: World, hub: Hub) -> None:
    own_world.run("model", "card", "--licence", "mit")
    result = own_world.run("model", "push", "hf://me/towns", "--yes", code=1)
    assert "run `hf auth login`" in result.stderr.splitlines()[-1]
    assert hub.models == {}
