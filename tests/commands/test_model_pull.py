"""`geoguess model pull` through the command line, from a server on this machine."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_worlds import World
from hub_servers import Hub, ModelRepository, environment_of
from typer.testing import CliRunner, Result

from geoguess_cli.app import app


@pytest.fixture
def published(trained_world: World, hub: Hub) -> ModelRepository:
    """The model of the trained world on the hub, with a program beside it."""
    folder = trained_world.folder / "artifacts" / "model"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    made = ModelRepository.of({**files, "modeling.py": b"import os"})
    hub.models["me/model"] = made
    return made


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `model pull` in a folder of its own and checks its exit code."""
    monkeypatch.chdir(tmp_path)

    def runner(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["model", "pull", *arguments])
        assert result.exit_code == code, result.output
        return result

    return runner


def test_it_says_where_the_model_is_and_how_to_use_it(
    run: Callable[..., Result], published: ModelRepository, tmp_path: Path
) -> None:
    result = run("hf://me/model")
    commit = published.refs["main"]
    assert result.stdout.strip().endswith(f"hf://me/model@{commit}")
    assert "no files of a geoguess model: modeling.py" in result.stderr
    assert result.stderr.endswith("next: geoguess predict PHOTO --model hf://me/model\n")
    result = run("me/model", "-o", "here")
    assert result.stderr.endswith("next: geoguess predict PHOTO --model here\n")
    assert (tmp_path / "here" / "config.json").read_bytes() == published.files["config.json"]
    assert not (tmp_path / "here" / "modeling.py").exists()


def test_json_is_one_document(run: Callable[..., Result], published: ModelRepository) -> None:
    record = json.loads(run("hf://me/model@main", "--json").stdout)
    assert record["address"] == f"hf://me/model@{published.refs['main']}"
    assert record["not_fetched"] == ["modeling.py"]
    assert record["cells"] == 3
    assert record["files"]["config.json"] == len(published.files["config.json"])


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://me/other", "the hub shows no model at hf://me/other (HTTP 401)"),
        ("hf://me/model@v9", "hf://me/model has no revision `v9`"),
    ],
)
def test_faults_are_one_line(run: Callable[..., Result], address: str, words: str) -> None:
    result = run(address, code=1)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert words in line


@pytest.mark.parametrize("address", ["hf://me/model/x", "me", "hf://"])
def test_what_is_no_address(run: Callable[..., Result], address: str) -> None:
    said = " ".join(run(address, code=2).stderr.replace("│", " ").split())
    assert "is not the address of a model; write hf://OWNER/NAME" in said


def test_the_copy_in_the_cache_gets_no_other_card(
    run: Callable[..., Result], published: ModelRepository
) -> None:
    folder = Path(json.loads(run("hf://me/model", "--json").stdout)["path"])
    before = (folder / "README.md").read_bytes()
    refused = CliRunner().invoke(app, ["model", "card", "hf://me/model", "--licence", "mit"])
    assert refused.exit_code == 1
    assert "so it is not changed; `geoguess model pull hf://OWNER/NAME -o DIR`" in refused.stderr
    assert (folder / "README.md").read_bytes() == before == published.files["README.md"]


@pytest.mark.usefixtures("published")
def test_a_process_of_its_own_works_without_a_network_afterwards(
    hub: Hub, tmp_path: Path, trained_world: World
) -> None:
    environment = environment_of(hub, str(tmp_path)) | {"PYTHONPATH": ":".join(sys.path)}
    environment |= {"PATH": "", "GEOGUESS_WORKERS": "0"}

    def geoguess(*arguments: str, **other: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "geoguess_cli", *arguments]
        return subprocess.run(
            command, env=environment | other, capture_output=True, text=True, check=False
        )

    pulled = geoguess("model", "pull", "hf://me/model")
    assert pulled.returncode == 0, pulled.stderr
    photo = str(trained_world.folder / trained_world.photo())
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HTTP_PROXY": "", "http_proxy": ""}
    for offline in (nowhere, {"HF_HUB_OFFLINE": "1"}):
        info = geoguess("model", "info", "hf://me/model", "--json", **offline)
        assert json.loads(info.stdout)["cells"]["count"] == 3
        absent = geoguess("predict", photo, "--model", "hf://me/absent", **offline)
        assert absent.returncode == 1
        (line,) = absent.stderr.splitlines()[-1:]
        assert "cannot be reached for hf://me/absent" in line
        assert "a model that was fetched once needs no network" in line
