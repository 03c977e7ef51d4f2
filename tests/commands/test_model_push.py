"""`geoguess model push` through the command line, to a server on this machine."""

import json

import pytest
from command_worlds import World
from hub_servers import Hub


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
    result = own_world.run("model", "push", "hf://me/towns", "--yes")
    assert "warning: the memory names 72 training photos with their places" in result.stderr
    result = own_world.run("model", "push", "hf://me/towns", "--yes", "--without-memory")
    assert "the memory names" not in result.stderr
    assert "removed  memory.safetensors, memory.parquet; earlier revisions" in result.stderr
    assert "memory.parquet" not in signed_in.models["me/towns"].files


def test_without_a_licence_nothing_goes(own_world: World, signed_in: Hub) -> None:
    result = own_world.run("model", "push", "hf://me/towns", "--yes", code=1)
    assert "names no licence" in result.stderr
    assert signed_in.log == []


def test_who_is_not_signed_in_is_told_how(own_world: World, hub: Hub) -> None:
    own_world.run("model", "card", "--licence", "mit")
    result = own_world.run("model", "push", "hf://me/towns", "--yes", code=1)
    assert "run `hf auth login`" in result.stderr.splitlines()[-1]
    assert hub.models == {}
