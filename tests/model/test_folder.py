"""What a model folder says of its model, without torch."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from model_files import edit

from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.geo.partition import build_partition, write_partition
from geoguess_cli.model.checkpoint import TrainedModel, describe, save_model
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.folder import FILES, fingerprint, read_description
from geoguess_cli.model.memory import Memory


@pytest.fixture
def whole(trained: TrainedModel, tmp_path: Path) -> tuple[Path, TrainedModel]:
    """A folder with everything that a model can have, and its model."""
    rng = np.random.default_rng(2)
    pooled = rng.normal(0, 1, (50, trained.geolocator.pooled_width)).astype(np.float32)
    features = rng.normal(0, 1, (3, trained.geolocator.width)).astype(np.float32)
    photos = pl.DataFrame({"photo": list("abc"), "latitude": [1.0] * 3, "longitude": [2.0] * 3})
    model = dataclasses.replace(
        trained,
        familiarity=Familiarity.of(pooled).judged(np.arange(9.0), "val"),
        memory=Memory.of(features, photos),
        licence="Permission is granted.",
    )
    save_model(tmp_path / "whole", model)
    return tmp_path / "whole", model


def test_a_folder_says_what_the_model_in_memory_says(whole: tuple[Path, TrainedModel]) -> None:
    folder, model = whole
    read, own = read_description(folder), describe(model)
    for field in dataclasses.fields(own):
        if field.name != "partition":
            assert getattr(read, field.name) == getattr(own, field.name), field.name
    assert np.array_equal(read.partition.cells, own.partition.cells)
    assert read.parameters == sum(one.numel() for one in model.geolocator.parameters())
    assert read.known is not None
    assert (read.known.photos, read.known.judges, read.known.judged_by) == (50, 9, "val")
    assert read.carried is not None
    assert (read.carried.photos, read.carried.bytes) == (3, 3 * 2 * model.geolocator.width)


def test_a_folder_holds_no_file_without_a_name(whole: tuple[Path, TrainedModel]) -> None:
    assert {path.name for path in whole[0].iterdir()} <= FILES.keys()
    assert len({path.name for path in whole[0].iterdir()}) == len(FILES) - 1  # no report yet


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_fingerprint_of_the_files_is_that_of_the_model(
    trained: TrainedModel, tmp_path: Path, dtype: torch.dtype
) -> None:
    trained.geolocator.to(dtype)
    save_model(tmp_path / "model", trained)
    assert fingerprint(tmp_path / "model") == trained.fingerprint


def test_a_folder_whose_replacement_was_cut_off_is_put_back(folder: Path) -> None:
    described = read_description(folder)
    folder.rename(folder.with_name(f".{folder.name}.previous"))
    assert read_description(folder).config == described.config
    assert folder.is_dir()


def test_a_description_loads_no_torch(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from geoguess_cli.model.folder import fingerprint, read_description\n"
        f"folder = Path({str(folder)!r})\n"
        "print(len(read_description(folder).partition), bool(fingerprint(folder)))\n"
        "print(*[name for name in ('torch', 'timm') if name in sys.modules])\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (answer.stdout.split(), answer.stderr) == (["4", "True"], "")


def test_cells_of_another_model_are_refused(folder: Path) -> None:
    towns = np.repeat([(1.0, 2.0), (30.0, 40.0)], 5, axis=0)
    write_partition(build_partition(towns, max_photos=5, min_photos=5), folder / "cells.parquet")
    with pytest.raises(ModelError, match="not the partition that the weights were trained on"):
        read_description(folder)


def test_damaged_files_are_refused(folder: Path) -> None:
    with pytest.raises(MissingFileError, match="geoguess train"):
        read_description(folder / "absent")
    edit(folder / "config.json", lambda tree: tree.update(parts=["backbone"]))
    with pytest.raises(ModelError, match="does not describe a model"):
        read_description(folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="is damaged"):
        fingerprint(folder)
    (folder / "config.json").unlink()
    with pytest.raises(MissingFileError, match=r"lacks config\.json"):
        read_description(folder)
