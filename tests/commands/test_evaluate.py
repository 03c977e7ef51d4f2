"""`geoguess eval` through the command line: the terminal, --report, --compare."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def output(trained_world, tmp_path_factory):
    """The output of a plain run, and the folder of its report."""
    folder = tmp_path_factory.mktemp("report")
    return trained_world.run("eval", "--report", folder), folder


def test_the_headline_figures_have_their_intervals(output) -> None:
    result, folder = output
    report = json.loads((folder / "report.json").read_text())
    lines = result.stdout.splitlines()
    (top_1,) = [
        line for line in lines if line.startswith("top-1 ") and "(" in line and "%" in line
    ][:1]
    figure = report["all"]["top_1"]
    assert f"{100 * figure['value']:.1f} % ({100 * figure['low']:.1f} to" in top_1
    assert any(line.startswith("calibration error") for line in lines)
    assert any(line.startswith("90 % set holds truth") for line in lines)
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert "report.html" in result.stderr


def test_it_says_how_many_views_were_seen(output, trained_world, tmp_path) -> None:
    said = "3 views of each photo are answered together (redundancy 1.00)"
    result = trained_world.run("eval", "--views", "3", "--report", tmp_path)
    assert said in result.stdout
    assert said in (tmp_path / "report.md").read_text()
    plain, folder = output
    assert "views of each photo" not in plain.stdout + (folder / "report.md").read_text()


def test_it_says_whether_the_split_leaks(output) -> None:
    result, folder = output
    report = json.loads((folder / "report.json").read_text())
    assert report["leaks"]["verdict"] in result.stderr
    assert report["by_distance_to_train"]


def test_training_photos_are_not_compared_with_themselves(trained_world, tmp_path) -> None:
    result = trained_world.run("eval", "--split", "train", "--report", tmp_path, "--json")
    report = json.loads(result.stdout)
    assert report["leaks"] is None
    assert report["by_distance_to_train"] is None
    assert "training photos themselves" in report["absent"]["leaks"]


def test_two_models_side_by_side(trained_world, tmp_path) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained_world.folder / "artifacts" / "model", other)
    both = ("--compare", "artifacts/model", other, "--report", tmp_path / "c")
    output = json.loads(trained_world.run("eval", *both, "--json").stdout)
    assert output == json.loads((tmp_path / "c" / "comparison.json").read_text())
    assert output["figures"]["median_km"]["difference"]["value"] == 0.0
    assert [output["models"][side]["name"] for side in "ab"] == ["artifacts/model", str(other)]
    text = trained_world.run("eval", *both).stdout
    assert "No statistic tells the two models apart" in text
    assert not (trained_world.folder / "artifacts" / "comparison").exists()


def test_compare_names_its_own_models(trained_world) -> None:
    both = ("--compare", "artifacts/model", "artifacts/model")
    result = trained_world.run("eval", *both, "--model", "artifacts/model", code=2)
    assert "--model" in result.stderr
