"""The model folder: whole, self-contained, and refused where its files do not belong together."""

import dataclasses
import json
import pickle
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from answer_worlds import random_predictor
from kill_worlds import Killer, needs_fork
from model_files import edit

from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.geo.partition import build_partition, write_partition
from geoguess_cli.model import checkpoint
from geoguess_cli.model.checkpoint import TrainedModel, load_model, save_model
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.geolocator import Geolocator


def test_logits_are_the_same_bit_for_bit(
    folder: Path, trained: TrainedModel, photos: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("loading a model needs neither network nor pickle")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(pickle, "load", forbidden)
    monkeypatch.setattr(pickle, "Unpickler", forbidden)
    loaded = load_model(folder)
    assert not any(module.training for module in loaded.geolocator.modules())
    with torch.no_grad():
        expected = trained.geolocator.eval()(photos)
        assert torch.equal(loaded.geolocator(photos), expected)
    assert loaded.config == trained.config
    assert loaded.spec == trained.spec
    assert loaded.metrics == trained.metrics
    assert loaded.decision == trained.decision == Decision()
    assert np.array_equal(loaded.partition.cells, trained.partition.cells)


def test_familiarity_travels_with_the_model(tmp_path: Path, trained: TrainedModel) -> None:
    width = trained.geolocator.pooled_width
    training = np.random.default_rng(2).normal(0, 1, (50, width)).astype(np.float32)
    known = Familiarity.of(training).judged(np.arange(9.0), "train")
    save_model(tmp_path / "model", dataclasses.replace(trained, familiarity=known))
    loaded = load_model(tmp_path / "model").familiarity
    assert loaded is not None
    assert loaded.likenesses(training) == known.likenesses(training)
    assert "9 training photos left out" in (tmp_path / "model" / "README.md").read_text()


def test_the_folder_is_that_of_the_design(folder: Path, trained: TrainedModel) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md",
        "cells.parquet",
        "config.json",
        "metrics.json",
        "model.safetensors",
    ]
    described = json.loads((folder / "config.json").read_text())
    assert described["cells"]["count"] == 4
    assert described["versions"].keys() == {"geoguess", "torch", "timm"}
    assert sum(described["parts"].values()) == sum(
        p.numel() for p in trained.geolocator.parameters()
    )
    assert [file.name for file in folder.parent.iterdir()] == ["model"]


def test_an_interrupted_save_leaves_the_previous_model(
    folder: Path,
    trained: TrainedModel,
    build: Callable[..., Geolocator],
    photos: torch.Tensor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "model_card", interrupted)
    changed = dataclasses.replace(trained, geolocator=build(seed=8))
    with pytest.raises(KeyboardInterrupt):
        save_model(folder, changed)
    assert [file.name for file in folder.parent.iterdir()] == ["model"]
    with torch.no_grad():
        assert torch.equal(load_model(folder).geolocator(photos), trained.geolocator.eval()(photos))


def test_a_save_cut_off_between_its_renames_is_recovered(
    folder: Path, trained: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def power_cut(source: Path, target: Path) -> Path:
        if source.name == ".model.partial":
            raise KeyboardInterrupt
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", power_cut)
    with pytest.raises(KeyboardInterrupt):
        save_model(folder, trained)
    assert not folder.exists()
    monkeypatch.undo()
    assert load_model(folder).metrics == trained.metrics
    assert folder.is_dir()


def test_a_save_replaces_a_model_but_nothing_else(
    folder: Path, trained: TrainedModel, tmp_path: Path
) -> None:
    save_model(folder, dataclasses.replace(trained, metrics={"epoch": 9}))
    assert load_model(folder).metrics == {"epoch": 9}
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(ModelError, match="not replaced"):
        save_model(tmp_path / "letters", trained)
    assert (tmp_path / "letters" / "dear.txt").read_text() == "keep me"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "cells.parquet"])
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(MissingFileError, match=f"lacks {name}"):
        load_model(folder)


def test_no_model_says_which_verb_writes_one(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="`geoguess train` writes one"):
        load_model(tmp_path / "model")


def test_metrics_may_be_missing(folder: Path) -> None:
    (folder / "metrics.json").unlink()
    assert load_model(folder).metrics == {}


def test_another_partition_is_refused_even_with_as_many_cells(folder: Path) -> None:
    towns = [(10.0, 10.0), (20.0, 20.0), (30.0, 30.0), (40.0, 40.0)]
    other = build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)
    assert len(other) == 4
    write_partition(other, folder / "cells.parquet")
    with pytest.raises(ModelError, match="not the partition that the weights were trained on"):
        load_model(folder)


def test_weights_of_another_model_are_refused(
    folder: Path, trained: TrainedModel, build: Callable[..., Geolocator], tmp_path: Path
) -> None:
    config = dataclasses.replace(trained.config, vit_blocks=1)
    other = dataclasses.replace(trained, geolocator=build(config), config=config)
    save_model(tmp_path / "other", other)
    shutil.copy(tmp_path / "other" / "model.safetensors", folder / "model.safetensors")
    with pytest.raises(ModelError, match="does not fit the architecture"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree.update(format=99), "format 99, written by geoguess"),
        (lambda tree: tree.pop("format"), "format None"),
        (lambda tree: tree.update(decision=[1]), "does not describe a model"),
        (lambda tree: tree.pop("images"), "does not describe a model"),
        (lambda tree: tree["model"].update(grid=0), "grid is 0"),
        (lambda tree: tree["model"].update(colour="red"), "colour"),
        (lambda tree: tree["model"].update(backbone="resnet5"), "the nearest names are resnet50"),
    ],
)
@pytest.mark.promise("input", "a model folder of unknown keys, types or formats")
def test_a_config_that_is_not_understood_is_refused(
    change: Callable[[dict[str, Any]], None], message: str, folder: Path
) -> None:
    edit(folder / "config.json", change)
    with pytest.raises(ModelError, match=message):
        load_model(folder)


@pytest.mark.promise("input", "a model folder whose description is damaged")
def test_damaged_json_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="not valid JSON"):
        load_model(folder)


@needs_fork
@pytest.mark.promise("kill", "`train`, `calibrate`: before each write of a model folder")
def test_a_kill_before_any_write_leaves_the_old_model_or_the_new_one(tmp_path: Path) -> None:
    save_model(tmp_path / "old" / "model", random_predictor(0).trained)
    digests = {}
    with Killer("answer_worlds") as killer:
        shutil.copytree(tmp_path / "old", tmp_path / "new")
        writes = killer.run("save_another_model", tmp_path / "new")
        assert writes is not None
        assert writes > 8, "the audit sees every write"
        for age in ("old", "new"):
            digests[age] = weights_of(tmp_path / age / "model")
        assert digests["old"] != digests["new"]
        seen = set()
        for kill_before in range(writes):
            folder = Path(shutil.copytree(tmp_path / "old", tmp_path / f"killed-{kill_before}"))
            assert killer.run("save_another_model", folder, kill_before) is None
            seen.add(weights_of(folder / "model"))
            assert killer.run("save_another_model", folder) is not None
            assert weights_of(folder / "model") == digests["new"]
            assert [path.name for path in folder.iterdir()] == ["model"]
        assert seen == set(digests.values())


def weights_of(folder: Path) -> bytes:
    """All weights of the model that is loaded from a folder."""
    state = load_model(folder).geolocator.state_dict()
    return b"".join(state[name].numpy().tobytes() for name in sorted(state))
