"""`geoguess train` and `geoguess eval` through the command line."""

import json
import os
import signal
import tomllib

import polars as pl
import pytest
import torch
from hub_servers import Hub, ModelRepository
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

from geoguess_cli.app import app
from geoguess_cli.console.training import TrainingDisplay
from geoguess_cli.training import loop
from geoguess_cli.training.progress import StepStats
from geoguess_cli.training.run import Run


def same_weights(one, other) -> bool:
    """Whether the models of two worlds are the same, bit for bit."""
    states = [
        load_file(world.folder / "artifacts" / "model" / "model.safetensors")
        for world in (one, other)
    ]
    assert states[0].keys() == states[1].keys()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_train_writes_a_model_and_a_run(trained_world) -> None:
    artifacts = trained_world.folder / "artifacts"
    assert {path.name for path in (artifacts / "model").iterdir()} == {
        *("config.json", "model.safetensors", "cells.parquet", "metrics.json", "README.md"),
        "familiarity.safetensors",
    }
    run = artifacts / "runs" / "run-1"
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["stage_name"] for line in lines] == ["heads", *["everything"] * 4, "vit"]
    assert tomllib.loads((run / "geoguess.toml").read_text())["model"]["grid"] == 2
    with Image.open(run / "curves.png") as image:
        assert image.width > 600
    metrics = json.loads((artifacts / "model" / "metrics.json").read_text())
    assert metrics["best"]["val_loss"] == min(line["val_loss"] for line in lines)
    # What the validation photos decided is what the model answers by.
    calibration, point = metrics["calibration"], metrics["point_estimate"]
    assert (calibration["photos"], point["photos"]) == (12, 12)
    assert calibration["before"]["nll"] == pytest.approx(metrics["best"]["val_loss"], rel=1e-4)
    assert calibration["after"]["nll"] <= calibration["before"]["nll"]
    assert point["median_km"][point["method"]] == min(point["median_km"].values())
    assert json.loads((artifacts / "model" / "config.json").read_text())["decision"] == {
        "temperature": calibration["temperature"],
        "point": point["method"],
        "redundancy": 0.0,
        "view_redundancy": 1.0,
    }


def test_a_training_starts_from_a_model_on_the_hub(world, trained_world, hub: Hub) -> None:
    folder = trained_world.folder / "artifacts" / "model"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.models["me/model"] = ModelRepository.of(files)
    configuration = world.folder / "geoguess.toml"
    text = configuration.read_text()
    configuration.write_text(text.replace('weights = "none"', 'weights = "hf://me/other"'))
    world.run("cells", "build")
    assert "the hub shows no model at hf://me/other" in world.run("train", code=1).stderr
    configuration.write_text(text.replace('weights = "none"', 'weights = "hf://me/model"'))
    first = world.run("train", "--stage", "1", "-o", "one").stderr
    commit, own = hub.models["me/model"].refs["main"], load_file(folder / "model.safetensors")
    assert f"hf://me/model@{commit} gives {len(own)} tensors: backbone " in first
    assert "random weights" not in first
    run = world.folder / "artifacts" / "runs" / "run-1"
    assert tomllib.loads((run / "geoguess.toml").read_text())["model"]["weights"] == "hf://me/model"
    new = load_file(world.folder / "one" / "model.safetensors")
    frozen = [name for name in own if name.startswith("backbone.") and name.endswith("weight")]
    assert all(torch.equal(own[name], new[name]) for name in frozen)
    asked = len(hub.log)
    again = world.run("train", "--stage", "1", "--name", "again", "-o", "two").stderr
    assert f"hf://me/model@{commit} gives" in again
    assert len(hub.log) == asked  # it was fetched once


def test_stages_one_by_one_are_all_of_them(world, trained_world) -> None:
    world.run("cells", "build")
    for stage in "123":
        output = world.run("train", "--stage", stage)
    assert "starting from the result of stage 2" in output.stderr
    assert same_weights(world, trained_world)
    assert [path.name for path in (world.folder / "artifacts" / "runs").iterdir()] == ["run-1"]


def test_stage_two_needs_stage_one(world) -> None:
    world.run("cells", "build")
    assert "--stage 1" in world.run("train", "--stage", "2", code=1).stderr
    assert "neither `all` nor" in world.run("train", "--stage", "x", code=2).stderr


def test_interrupt_and_resume(world, trained_world, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run("cells", "build")
    monkeypatch.chdir(world.folder)
    whole_epoch = loop.EpochLoop._epoch

    def until_the_third(self, stage, epoch, *others):
        if epoch == 2:
            raise KeyboardInterrupt
        return whole_epoch(self, stage, epoch, *others)

    with monkeypatch.context() as patch:
        patch.setattr(loop.EpochLoop, "_epoch", until_the_third)
        result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 130
    assert "--resume" in result.stderr
    assert not (world.folder / "artifacts" / "model").exists()
    world.run("train", "--resume")
    assert same_weights(world, trained_world)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_every_step(
    number: signal.Signals, world, trained_world, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("cells", "build")
    monkeypatch.chdir(world.folder)
    show = TrainingDisplay.step

    def signalled(display: TrainingDisplay, stats: StepStats) -> None:
        if (stats.epoch, stats.step, stats.phase) == (2, 1, "train"):
            os.kill(os.getpid(), number)
        show(display, stats)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingDisplay, "step", signalled)
        result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 128 + number
    assert f"stopped by {number.name}" in result.stderr
    assert "`geoguess train --resume` continues from there" in result.stderr
    snapshot, _ = Run(world.folder / "artifacts" / "runs" / "run-1").snapshots.latest()
    assert (snapshot.epoch, snapshot.phase, snapshot.step) == (1, "train", 1)
    world.run("train", "--resume")
    assert same_weights(world, trained_world)


def test_stop_after_and_resume_auto(world, trained_world) -> None:
    world.run("cells", "build")
    runs = world.folder / "artifacts" / "runs"
    for _ in range(3):
        output = world.run("train", "--resume", "auto", "--stop-after", "0s", code=75).stderr
        assert "stopped before its time limit" in output
    assert "continuing" in output
    world.run("train", "--resume", "auto")
    assert [path.name for path in runs.iterdir()] == ["run-1"]
    assert same_weights(world, trained_world)
    assert "is not a duration" in world.run("train", "--stop-after", "2 h", code=2).stderr


def test_a_new_run_keeps_the_old_one(trained_world) -> None:
    output = trained_world.run("train", "--name", "run-1", "--stage", "1", code=1).stderr
    assert "--resume" in output
    assert "--force" in output
    assert "no stage 7" in trained_world.run("train", "--stage", "7", code=1).stderr


def test_train_without_a_split_says_what_to_do(world) -> None:
    frame = pl.read_csv(world.folder / "photos.csv").drop("split")
    frame.write_csv(world.folder / "photos.csv")
    world.run("cells", "build")
    assert "geoguess data split" in world.run("train", code=1).stderr


def test_training_says_once_that_its_validation_leaks(world) -> None:
    frame = pl.read_csv(world.folder / "photos.csv")
    torn = pl.Series("split", ["train", "val"] * (len(frame) // 2))
    frame.with_columns(torn).write_csv(world.folder / "photos.csv")
    config = world.folder / "geoguess.toml"
    config.write_text(config.read_text().replace("epochs = 4", "epochs = 1"))
    world.run("cells", "build")
    output = world.run("train", "--json")
    assert output.stderr.count("leaking") == 1
    assert "warning: leaking: 24 sequences lie on both sides of train and val" in output.stderr
    assert "geoguess data split --force --by sequence" in output.stderr
    assert json.loads(output.stdout)["best"]["val_loss"] > 0


def test_train_without_cells_says_what_to_do(world) -> None:
    assert "geoguess cells build" in world.run("train", code=1).stderr


def test_summary_trains_nothing(world) -> None:
    output = json.loads(world.run("train", "--summary", "--json").stdout)
    assert [part["part"] for part in output["parts"]][-1] == "head"
    assert output["cells"] == 2199
    assert not (world.folder / "artifacts").exists()
    assert "projection" in world.run("train", "--summary").stdout


def test_eval_writes_the_report(trained_world, tmp_path) -> None:
    output = json.loads(trained_world.run("eval", "-o", tmp_path / "eval", "--json").stdout)
    assert output == json.loads((tmp_path / "eval" / "report.json").read_text())
    assert output["counts"]["photos"] == 12
    # Three towns of three colours, far apart: even a tiny model tells them from each other.
    assert output["all"]["top_1"]["value"] >= 2 * output["chance"]["value"]
    assert output["median_km"]["value"] < output["baselines"]["best_constant"]["median_km"]["value"]
    assert len(pl.read_parquet(tmp_path / "eval" / "predictions.parquet")) == 12
    for name in ("distances.png", "errors.png"):
        with Image.open(tmp_path / "eval" / name) as image:
            assert image.width > 600
    assert "best constant" in (tmp_path / "eval" / "report.md").read_text()


def test_eval_of_other_splits(trained_world, tmp_path) -> None:
    out = ("-o", tmp_path / "eval", "--json")
    assert (
        json.loads(trained_world.run("eval", "--split", "all", *out).stdout)["counts"]["photos"]
        == 96
    )
    assert "--split" in trained_world.run("eval", "--split", "x", *out, code=2).stderr


def test_eval_without_a_model(world) -> None:
    assert "geoguess train" in world.run("eval", code=1).stderr
