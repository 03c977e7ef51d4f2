"""`geoguess model export`, and the verbs that answer from its file."""

import csv
import io
import json
import math
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_worlds import World
from model_files import edit

SAMPLE = sorted((Path(__file__).resolve().parents[2] / "sample_data" / "photos").glob("*.jpg"))[:24]


@pytest.fixture(scope="module")
def file(trained_world: World) -> str:
    """The trained model of the world as a file beside its folder."""
    result = trained_world.run("model", "export", "--to", "onnx")
    assert result.stderr == "model: artifacts/model.onnx\n"
    assert "as the model does" in result.stdout
    return "artifacts/model.onnx"


def assert_near(one: Any, other: Any, key: str = "") -> None:
    """Records are the same but for numbers, which differ by rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert_near(value, other[name], name)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for value, own in zip(one, other, strict=True):
            assert_near(value, own, key)
    elif isinstance(one, float) and isinstance(other, float):
        places = key.startswith(("probability", "inside", "latitude", "longitude"))
        assert math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4 if places else 0.5), key
    else:
        assert one == other, key


def lines(world: World, *arguments: str) -> list[Any]:
    return [json.loads(line) for line in world.run(*arguments).stdout.splitlines()]


def test_the_rows_of_the_file_are_those_of_the_folder(trained_world: World, file: str) -> None:
    ask = ("predict", *map(str, SAMPLE), "--format", "jsonl")
    assert_near(lines(trained_world, *ask, "--model", file), lines(trained_world, *ask))


@pytest.mark.parametrize(
    "options",
    [
        ("--top-k", "2", "--min-confidence", "0.99"),
        ("--within", "Texas"),
        ("--abstain-unlike",),
        ("--point", "geoscore"),
        ("--together",),
    ],
    ids=" ".join,
)
def test_every_option_of_predict_works_on_a_file(
    trained_world: World, file: str, options: tuple[str, ...]
) -> None:
    photos = [trained_world.photo(town) for town in ("dallas", "bozeman", "portland")]
    ask = ("predict", *photos, *options, "--format", "jsonl")
    assert_near(lines(trained_world, *ask, "--model", file), lines(trained_world, *ask))


@pytest.mark.parametrize("form", ["table", "csv", "geojson", "gpx", "kml"])
def test_every_format_of_answers_works_on_a_file(
    trained_world: World, file: str, form: str
) -> None:
    ask = ("predict", trained_world.photo(), "--format", form)
    text = trained_world.run(*ask, "--model", file).stdout
    expected = trained_world.run(*ask).stdout
    assert len(text.splitlines()) == len(expected.splitlines()) > 1
    if form == "csv":
        (row,), (other,) = (list(csv.DictReader(io.StringIO(own))) for own in (text, expected))
        assert row["token_1"] == other["token_1"]
        assert float(row["probability_1"]) == pytest.approx(float(other["probability_1"]), abs=1e-4)


def test_a_table_goes_in_parts(trained_world: World, file: str, tmp_path: Path) -> None:
    for name, model in (("file", ("--model", file)), ("folder", ())):
        trained_world.run("predict", "photos.csv", "-o", str(tmp_path / name), *model)
    file_rows, rows = (
        pl.read_parquet(tmp_path / name / "predictions.parquet").to_dicts()
        for name in ("file", "folder")
    )
    assert_near(file_rows, rows)


def test_maps_are_made_of_a_file(trained_world: World, file: str, tmp_path: Path) -> None:
    photo = trained_world.photo()
    (one,), (other,) = (
        lines(trained_world, "probmap", photo, "-o", str(tmp_path / name), "--json", *model)
        for name, model in (("a.geojson", ("--model", file)), ("b.geojson", ()))
    )
    del one["path"], other["path"]
    assert_near(one, other)
    occlude = ("occlude", photo, "--window", "16", "--stride", "16", "--no-faithfulness", "--json")
    (one,), (other,) = (
        lines(trained_world, *occlude, "-o", str(tmp_path / name), *model)
        for name, model in (("a.json", ("--model", file)), ("b.json", ()))
    )
    assert one["target"] == other["target"]


def test_what_a_file_cannot_do_is_said(trained_world: World, file: str) -> None:
    photo = trained_world.photo()
    ask = ("predict", photo, "--model", file)
    refused = trained_world.run(*ask, "--neighbours", "2", "--json", code=1)
    assert "an ONNX file carries no memory" in refused.stderr
    refused = trained_world.run(*ask, "--precision", "bf16", code=1)
    assert "an ONNX file computes in fp32" in refused.stderr
    refused = trained_world.run("calibrate", "--model", file, code=1)
    assert "model.onnx is a file, and this needs a model folder" in refused.stderr
    refused = trained_world.run("model", "export", "--to", "onnx", "--model", file, code=1)
    assert "model folder" in refused.stderr
    refused = trained_world.run("model", "export", "--to", "onnx", "-o", "model.pt", code=1)
    assert "written as .onnx" in refused.stderr


def test_an_export_says_what_it_leaves_behind(trained_world: World, tmp_path: Path) -> None:
    folder = tmp_path / "remembering"
    trained_world.run("calibrate", "--memory", "-o", str(folder))
    edit(folder / "config.json", lambda tree: tree["decision"].update(point="neighbours"))
    ask = ("model", "export", "--to", "onnx", "--model", str(folder), "--check")
    refused = trained_world.run(*ask, trained_world.photo(), code=1)
    assert "`neighbours` needs the model's training photos" in refused.stderr
    edit(folder / "config.json", lambda tree: tree["decision"].update(point="cluster"))
    exported = trained_world.run(*ask, trained_world.photo(), "--json")
    assert "training photos stay in the model folder" in exported.stderr
    record = json.loads(exported.stdout)
    assert record["path"] == str(tmp_path / "remembering.onnx")
    assert record["bytes"] == (tmp_path / "remembering.onnx").stat().st_size
    assert record["greatest_difference"] <= 1e-4
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    (older / "familiarity.safetensors").unlink()
    ask = ("model", "export", "--to", "onnx", "--model", str(older))
    assert "`geoguess calibrate` adds them" in trained_world.run(*ask).stderr
    asked = ("predict", trained_world.photo(), "--model", f"{older}.onnx")
    assert "writes the file again" in trained_world.run(*asked).stderr
    assert trained_world.run(*asked, "--abstain-unlike", code=1).stdout == ""
