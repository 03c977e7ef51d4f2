"""An environment without torch, built from requirements-onnx.txt, answers from an ONNX file."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from onnx_worlds import Exchange

REQUIREMENTS = REPOSITORY / "requirements-onnx.txt"
NO_INDEX = ("connection", "timed out", "no matching distribution", "name resolution", "proxy")
"""One of these is in the words of pip, in lower case, where it cannot reach an index."""


def needed(text: str) -> set[str]:
    """The requirements of a file, without comments."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {line for line in lines if line}


def test_the_requirements_are_the_dependencies_without_torch() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = [one for one in project["optional-dependencies"]["onnx"] if "runtime" in one]
    lean = {one for one in project["dependencies"] if not one.startswith(("torch", "timm"))}
    assert needed(REQUIREMENTS.read_text(encoding="utf-8")) == lean | set(runtime)


def pip(python: Path, *arguments: str) -> None:
    """Install into an environment that has no pip of its own; skip the test without an index."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    command += ["--disable-pip-version-check", "--no-compile", "--retries", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    if done.returncode and any(words in done.stderr.lower() for words in NO_INDEX):
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_environment_without_torch_answers(exchange: Exchange, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    constraints = str(REPOSITORY / "constraints.txt")
    pip(scripts / "python", "--constraint", constraints, "--requirement", str(REQUIREMENTS))
    pip(scripts / "python", "--no-deps", str(REPOSITORY))

    def run(*arguments: str, code: int = 0) -> Any:
        outside = {"PYTHONPATH": "", "PYTHONHOME": ""}
        environment = {key: own for key, own in os.environ.items() if key not in outside}
        done = subprocess.run(
            [str(scripts / arguments[0]), *arguments[1:]],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        assert done.returncode == code, done.stderr
        return done

    found = run("python", "-c", "import importlib.util as u; print(u.find_spec('torch'))")
    assert found.stdout == "None\n"
    photo = sorted((REPOSITORY / "sample_data" / "photos").glob("*.jpg"))[0]
    ask = ("geoguess", "predict", str(photo), "--model")
    answer = json.loads(run(*ask, str(exchange.file), "--json").stdout)
    expected = subprocess.run(
        [sys.executable, "-m", "geoguess_cli", *ask[1:], str(exchange.folder), "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    likeliest, other = answer["guesses"][0], json.loads(expected.stdout)["guesses"][0]
    assert likeliest["token"] == other["token"]
    assert likeliest["probability"] == pytest.approx(other["probability"], abs=1e-4)
    run("geoguess", "probmap", str(photo), "--model", str(exchange.file), "-o", "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000
    refused = run(*ask, str(exchange.folder), code=1)
    assert refused.stderr.startswith("error: this needs torch, which is not installed: pip install")
    assert refused.stdout == ""
