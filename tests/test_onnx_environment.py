"""Without torch an ONNX file answers in every verb that can, and the others say what they need."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from onnx_worlds import Exchange
from PIL import Image

from geoguess_cli.features.store import About, FeatureStore

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


ANSWERS = {
    "rows.csv": "predict photos --within -130,20,-90,50 -o rows.csv",
    "views.jsonl": "predict photos.csv --views 2 --min-confidence 0.5 -o views.jsonl",
    "group.jsonl": "predict photos/a.png photos/b.png --together -o group.jsonl",
    "drives.geojson": "predict photos.csv --group-by sequence -o drives.geojson",
    "parts/predictions.parquet": "predict photos -o parts",
    "places.gpx": "predict photos --format gpx -o places.gpx",
    "places.kml": "predict photos --format kml -o places.kml",
    "sidecars/a.xmp": "predict photos/a.png --format xmp -o sidecars",
    "map.png": "probmap photos/a.png -o map.png",
    "map.html": "probmap photos/a.png -o map.html",
    "occlusion.png": "occlude photos/a.png --window 32 --stride 32 --no-faithfulness "
    "-o occlusion.png",
    "survey/attention.json": "survey photos.csv --split all --window 32 --stride 32 -o survey",
    "artifacts/eval/report.json": "eval --photos photos.csv --split all",
    "": "model info model.onnx",
    "artifacts/features/kept/about.json": "features info",
    "photos/a.png": "features prune --photos photos.csv --rows",
}
"""What a verb with a file writes, and the verb; --model is added where a verb has it."""

NEED_MORE = {
    "predict photos --neighbours 2": "an ONNX file carries no memory of its training photos",
    "predict photos --precision bf16": "an ONNX file computes in fp32",
    "calibrate --photos photos.csv": "name the model folder that it was exported from",
    "features build --photos photos.csv": "name the model folder that it was exported from",
    "model export --to onnx": "name the model folder that it was exported from",
    "model card model.onnx --licence mit": "name the model folder that it was exported from",
    "model push hf://a/b model.onnx --yes": "name the model folder that it was exported from",
    "predict photos --model gone": "there is no model at gone; `geoguess train` writes one",
    "predict photos --model folder": "this needs torch, which is not installed: pip install torch",
    "train --photos photos.csv": "this needs torch, which is not installed: pip install torch",
}
"""A verb that needs more than a file, and its remedy."""

SCRIPT = """
import json, sys

sys.modules["torch"] = None  # an import of it fails, as where it is not installed
from typer.testing import CliRunner
from geoguess_cli.app import app

for verb in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, verb)
    print(json.dumps([result.exit_code, result.stderr, repr(result.exception)]))
"""


def without_torch(folder: Path, verbs: Iterable[str]) -> dict[str, list[Any]]:
    """Exit code, stderr and exception of each verb, in a process that cannot import torch."""
    model = ["--model", "model.onnx"]
    known = {"--model", "model.onnx", "train", "doctor", "info", "prune"}
    words = [verb.split() + ([] if known & {*verb.split()} else model) for verb in verbs]
    command = [sys.executable, "-c", SCRIPT, json.dumps(words)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return dict(zip(verbs, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def place(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model file, a model folder and two photos of a drive."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "photos").mkdir()
    (folder / "model.onnx").symlink_to(exchange.file)
    (folder / "folder").symlink_to(exchange.folder)
    rows = ["photo,latitude,longitude,sequence,split"]
    for name, color, split in (("a", "teal", "test"), ("b", "olive", "val")):
        Image.new("RGB", (64, 48), color).save(folder / "photos" / f"{name}.png")
        rows.append(f"photos/{name}.png,46.6,-112.0,drive,{split}")
    (folder / "photos.csv").write_text("\n".join(rows))
    about = About("resnet10t", "none", "abc", 64, "plain", 512, "float16")
    FeatureStore.create(folder / "artifacts" / "features" / "kept", about)
    return folder


def test_every_verb_that_answers_works_without_torch(place: Path) -> None:
    results = without_torch(place, ANSWERS.values())
    for name, verb in ANSWERS.items():
        code, stderr, exception = results[verb]
        assert code == 0, (verb, stderr, exception)
        assert not name or (place / name).stat().st_size > 100, verb


def test_the_other_verbs_say_what_they_need(place: Path) -> None:
    results = without_torch(place, NEED_MORE)
    for verb, remedy in NEED_MORE.items():
        code, stderr, exception = results[verb]
        assert code == 1, (verb, stderr, exception)
        (line,) = [line for line in stderr.splitlines() if line.startswith("error: ")]
        assert remedy in line, verb
        assert stderr.splitlines()[-1] == line, verb


def test_the_doctor_examines_what_is_there(place: Path) -> None:
    code, stderr, exception = without_torch(place, ["doctor"])["doctor"]
    assert (code, exception) in ((0, "None"), (1, "SystemExit(1)")), stderr


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
    run("geoguess", "doctor")  # no fault: torch is not needed here
    run("geoguess", "probmap", str(photo), "--model", str(exchange.file), "-o", "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000
    refused = run(*ask, str(exchange.folder), code=1)
    assert refused.stderr.startswith("error: this needs torch, which is not installed: pip install")
    assert refused.stdout == ""
