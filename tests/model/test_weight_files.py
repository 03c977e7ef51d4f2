"""Weights from files that others made: what fits is taken, and the note says what."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.model._timm import timm
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.pretrained import load_weights
from geoguess_cli.model.states import cells_digest, write_state
from geoguess_cli.model.weight_files import read_weights


@pytest.fixture
def load(
    build: Callable[..., Geolocator], tiny: ModelConfig, size: int
) -> Callable[..., tuple[Geolocator, list[str]]]:
    """Builds a geolocator, loads a file into it, and returns both it and the notes."""

    def loaded(path: Path, *, seed: int = 0, **changes: Any) -> tuple[Geolocator, list[str]]:
        digest = changes.pop("cells_digest", None)
        config = dataclasses.replace(tiny, weights=str(path), **changes)
        geolocator = build(config, seed=seed)
        notes = load_weights(geolocator, config, image_size=size, cells_digest=digest)
        return geolocator, notes

    return loaded


def _state(name: str, seed: int = 3) -> dict[str, torch.Tensor]:
    """A timm model with weights of its own everywhere, norms included."""
    generator = torch.Generator().manual_seed(seed)
    return {
        own: torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor
        for own, tensor in timm.create_model(name).state_dict().items()
    }


def test_a_file_fills_what_matches(
    build: Callable[..., Geolocator], load: Callable[..., Any], tmp_path: Path
) -> None:
    other, before = build(cells=7, seed=5), build().state_dict()
    write_state(other.state_dict(), tmp_path / "others.safetensors")
    geolocator, (note,) = load(tmp_path / "others.safetensors")
    assert "2 tensors in head start from random weights (head.linear.weight, head.li" in note
    assert "2 of the file are not used (head.linear.bias" in note
    for name, tensor in other.state_dict().items():
        expected = before[name] if name.startswith("head.") else tensor
        assert torch.equal(geolocator.state_dict()[name], expected), name


@pytest.mark.parametrize("wrapper", ["", "state_dict", "model", "state_dict_ema"])
@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_a_timm_checkpoint_fills_the_backbone(
    wrapper: str, ending: str, load: Callable[..., Any], tmp_path: Path
) -> None:
    state = _state("test_resnet")
    path = tmp_path / f"cnn.{ending}"
    if ending == "safetensors":
        save_file(state, path)
    else:
        spread = {f"module.{name}": tensor for name, tensor in state.items()}
        tree = {wrapper: spread, "epoch": 3, "state_dict": spread} if wrapper else spread
        torch.save(tree, path)
    geolocator, (note,) = load(path)
    own = geolocator.backbone.state_dict()
    assert f"backbone {len(own)} of {len(own)}" in note
    assert "in projection, vit, head start from random weights" in note
    for name, tensor in own.items():
        assert torch.equal(tensor, state[name]), name


def test_a_timm_checkpoint_fills_the_vit_as_timm_itself_loads_it(
    load: Callable[..., Any], tmp_path: Path
) -> None:
    state = _state("test_vit")
    save_file(state, tmp_path / "vit.safetensors")
    geolocator, (note,) = load(tmp_path / "vit.safetensors", grid=10)
    own = geolocator.state_dict()
    assert "gives" in note
    assert "backbone" in note.partition("start from random weights")[0].partition(";")[2]
    assert torch.equal(own["vit.position"], state["pos_embed"][:, 1:])
    for name, tensor in state.items():
        if name.startswith(("blocks.0.", "blocks.1.", "norm.")):
            assert torch.equal(own[f"vit.{name}"], tensor), name


def test_an_encoder_takes_a_checkpoint_of_another_photo_size(
    load: Callable[..., Any], tmp_path: Path
) -> None:
    state = _state("test_vit")
    save_file(state, tmp_path / "vit.safetensors")
    geolocator, _ = load(tmp_path / "vit.safetensors", backbone="test_vit", vit="none")
    own = geolocator.backbone.state_dict()
    for name, tensor in state.items():
        if name in own and own[name].shape == tensor.shape:
            assert torch.equal(own[name], tensor), name
    resampled = timm.layers.resample_abs_pos_embed(state["pos_embed"], [4, 4])
    assert own["pos_embed"].shape != state["pos_embed"].shape
    torch.testing.assert_close(own["pos_embed"], resampled)


def test_a_model_folder_gives_its_head_only_to_the_same_cells(
    trained: TrainedModel, load: Callable[..., Any], tmp_path: Path
) -> None:
    save_model(tmp_path / "model", trained)
    own = cells_digest(trained.partition.cells)
    wanted = trained.geolocator.state_dict()["head.linear.weight"]
    same, (note,) = load(tmp_path / "model", seed=3, cells_digest=own)
    assert "head 2 of 2" in note
    assert "random" not in note
    assert torch.equal(same.state_dict()["head.linear.weight"], wanted)
    other, (note,) = load(tmp_path / "model", seed=3, cells_digest="other cells")
    assert "in head start from random weights" in note
    assert not torch.equal(other.state_dict()["head.linear.weight"], wanted)


class _Harmful:
    """Runs code where it is unpickled without care."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (Path.touch, (Path("harmed"),))  # type: ignore[return-value]


def test_a_file_that_fits_nowhere_would_run_code_or_is_not_there(
    load: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match="no weights at"):
        load(tmp_path / "absent.safetensors")
    save_file({"stranger": torch.zeros(3)}, tmp_path / "stranger.safetensors")
    with pytest.raises(ModelError, match="begins with stranger, and the model with backbone"):
        load(tmp_path / "stranger.safetensors")
    (tmp_path / "text.safetensors").write_text("not one")
    with pytest.raises(ModelError, match="not a safetensors file"):
        load(tmp_path / "text.safetensors")
    torch.save({"state_dict": _Harmful()}, tmp_path / "harmful.pth")
    with pytest.raises(ModelError, match="would run code"):
        load(tmp_path / "harmful.pth")
    assert not (tmp_path / "harmed").exists()
    whole = tmp_path / "whole.pth"
    torch.save(_state("test_resnet"), whole)
    (tmp_path / "half.pth").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ModelError, match=r"half\.pth is damaged"):
        load(tmp_path / "half.pth")


@pytest.mark.parametrize("tree", [[], 3, {"epoch": 3}, {"model": {"model": {}}}])
def test_a_checkpoint_without_weights_offers_none(tree: Mapping[str, Any], tmp_path: Path) -> None:
    torch.save(tree, tmp_path / "none.pth")
    assert read_weights(tmp_path / "none.pth") == ({}, {})
