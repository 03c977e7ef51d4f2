"""`geoguess calibrate` through the command line."""

import dataclasses
import json
import shutil

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from geoguess_cli.console.fits import show_fit
from geoguess_cli.console.output import Sink
from geoguess_cli.evaluation.fitting import Fit, Quality
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.model.decision import Decision


@pytest.fixture
def older_model(trained_world, tmp_path):
    """The trained model as a folder from before temperatures and familiarity."""
    folder = tmp_path / "older"
    shutil.copytree(trained_world.folder / "artifacts" / "model", folder)
    for name, keys in {
        "config.json": ("decision",),
        "metrics.json": ("calibration", "point_estimate", "familiarity"),
    }.items():
        tree = json.loads((folder / name).read_text())
        for key in keys:
            tree.pop(key)
        (folder / name).write_text(json.dumps(tree))
    (folder / "familiarity.safetensors").unlink()
    return folder


def test_an_older_model_comes_to_what_training_would_have_decided(
    trained_world, older_model
) -> None:
    weights = load_file(older_model / "model.safetensors")
    result = trained_world.run("calibrate", "--model", older_model)
    assert "judged by 12 validation photos of 3 sequences" in result.stdout
    assert "warning: the temperature is 1: the model is right on all 12 photos" in result.stderr
    assert "least expected distance" in result.stdout
    assert f"model: {older_model}" in result.stderr
    assert "leak check:" in result.stderr
    there, here = (
        load_model(one) for one in (trained_world.folder / "artifacts" / "model", older_model)
    )
    assert here.decision == there.decision
    assert here.metrics == there.metrics
    after = load_file(older_model / "model.safetensors")
    assert after.keys() == weights.keys()
    assert all(torch.equal(after[name], weights[name]) for name in weights)
    photos = torch.rand(4, there.geolocator.pooled_width).numpy()
    np.testing.assert_allclose(
        here.familiarity.distances_of(photos), there.familiarity.distances_of(photos), rtol=1e-4
    )


def test_an_older_model_says_what_it_lacks_and_which_command_adds_it(
    trained_world, older_model
) -> None:
    photo = trained_world.photo()
    result = trained_world.run("predict", photo, "--model", older_model, "--json")
    assert "no statistics of its training photos" in result.stderr
    assert "`geoguess calibrate` adds them" in result.stderr
    assert json.loads(result.stdout)["unlike"] is None
    small = ("--window", "16", "--stride", "16", "--no-faithfulness", "--json")
    map_ = ("-o", older_model.with_name("o.npy"), "--model", older_model)
    result = trained_world.run("occlude", photo, *small, *map_)
    assert "`geoguess calibrate` adds them" in result.stderr
    assert json.loads(result.stdout)["unlike"] is None
    careful = ("--model", older_model, "--abstain-unlike")
    refused = trained_world.run("predict", photo, *careful, code=1)
    assert "`geoguess calibrate` adds them" in refused.stderr
    report = json.loads(trained_world.run("eval", "--model", older_model, "--json").stdout)
    assert report["by_likeness"] is None
    assert "`geoguess calibrate` adds them" in report["absent"]["by_likeness"]


def test_another_folder_leaves_the_first_as_it_is(trained_world, older_model, tmp_path) -> None:
    before = {path.name: path.read_bytes() for path in older_model.iterdir()}
    out = ("--model", older_model, "-o", tmp_path / "new", "--json", "--quiet")
    result = trained_world.run("calibrate", *out)
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert record["path"] == str(tmp_path / "new")
    assert record["calibration"] == load_model(tmp_path / "new").metrics["calibration"]
    assert {path.name: path.read_bytes() for path in older_model.iterdir()} == before


def test_with_nothing_to_fit_the_model_stays_as_it_is(trained_world, older_model, tmp_path) -> None:
    before = (older_model / "config.json").read_bytes()
    frame = pl.read_csv(trained_world.folder / "photos.csv")
    photos = pl.Series([str(trained_world.folder / photo) for photo in frame["photo"]])
    frame = frame.with_columns(photos.alias("photo"))

    def refused(changed: pl.DataFrame) -> str:
        changed.write_csv(tmp_path / "other.csv")
        result = trained_world.run(
            *("calibrate", "--model", older_model, "--photos", tmp_path / "other.csv"), code=1
        )
        assert result.stdout == ""
        assert (older_model / "config.json").read_bytes() == before
        return result.stderr

    at_sea = frame.with_columns(latitude=pl.lit(0.0), longitude=pl.lit(-150.0))
    assert "none of 12 validation photos lies in a cell" in refused(at_sea)
    assert "geoguess data split" in refused(frame.filter(pl.col("split") != "val"))
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    broken = frame.with_columns(
        pl.when(pl.col("split") == "val")
        .then(pl.lit(str(tmp_path / "broken.jpg")))
        .otherwise("photo")
        .alias("photo")
    ).unique("photo")
    result = refused(broken)
    assert "broken.jpg" in result
    assert "none of 1 validation photos could be read" in result


def test_the_figures_stand_before_and_after(capsys) -> None:
    before, after = Quality(1.25, 0.5, 0.125), Quality(1.0, 0.25, 0.0625)
    medians = {"centroid": 1234.5, "cluster": 12.34}
    fit = Fit(Decision(1.5, "cluster"), 30, 20, 4, before, after, medians, "", [])
    show_fit(fit, Sink())
    result = capsys.readouterr()
    assert result.err == ""
    title, head, loss, _, error = result.out.strip().splitlines()[:5]
    assert title == "temperature 1.500, judged by 20 validation photos of 4 sequences"
    assert head.split() == ["at", "temperature", "1", "at", "1.500"]
    assert loss.split()[-2:] == ["1.250", "1.000"]
    assert error.split()[-2:] == ["12.5%", "6.2%"]
    assert "1,234.5 km" in result.out
    (least,) = [line for line in result.out.splitlines() if line.endswith("least")]
    assert least.startswith("weighted mean of the likeliest cluster")

    kept = dataclasses.replace(fit, decision=Decision(), reason="so few photos")
    show_fit(kept, Sink())
    result = capsys.readouterr()
    assert result.err == "warning: the temperature is 1: so few photos\n"
    assert "at 1.000" not in result.out
    show_fit(fit, Sink(as_json=True))
    nothing = Fit(Decision(), 2, 0, 0, None, None, {}, "none of 2 photos lies in a cell", [])
    show_fit(nothing, Sink())
    result = capsys.readouterr()
    assert result.out == ""
    assert result.err.startswith("warning: not calibrated: none of 2 photos lies in a cell; ")


def test_without_a_model_it_says_what_to_do(world) -> None:
    assert "geoguess train" in world.run("calibrate", code=1).stderr


def test_views_are_fitted_when_they_are_asked_for(trained_world, tmp_path) -> None:
    plain = trained_world.run("calibrate", "-o", tmp_path / "plain")
    assert "views of a photo" not in plain.stdout
    result = trained_world.run("calibrate", "--views", "3", "-o", tmp_path / "model")
    assert "3 views of a photo, together" in result.stdout
    assert "judged by 12 validation photos" in result.stdout
    record = load_model(tmp_path / "model").metrics["views"]
    assert (record["views"], record["photos"]) == (3, 12)
    decision = load_model(tmp_path / "model").decision
    assert decision.view_redundancy == record["value"]
    assert 0 <= decision.view_redundancy <= 1
    # Another calibration keeps it.
    trained_world.run("calibrate", "--model", tmp_path / "model", "-o", tmp_path / "again")
    again = load_model(tmp_path / "again")
    assert again.decision.view_redundancy == decision.view_redundancy
    assert again.metrics["views"] == record
