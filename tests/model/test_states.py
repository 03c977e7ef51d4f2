"""State dicts keep every bit."""

from pathlib import Path

import torch

from geoguess_cli.model.states import CELLS_KEY, read_state, state_bytes, write_state


def test_states_keep_bits_and_metadata(tmp_path: Path) -> None:
    state = {"w": torch.randn(3, 4, 2, 2).to(memory_format=torch.channels_last)}
    write_state(state, tmp_path / "s.safetensors", metadata={"epoch": "7"})
    read, metadata = read_state(tmp_path / "s.safetensors")
    assert torch.equal(read["w"], state["w"])
    assert metadata["epoch"] == "7"


def test_the_same_weights_give_the_same_file() -> None:
    tensors = {name: torch.rand(3) for name in "fedcba"}
    again = {name: tensors[name].clone() for name in "abcdef"}
    metadata = {CELLS_KEY: "0" * 64}
    assert state_bytes(tensors, metadata=metadata) == state_bytes(again, metadata=metadata)
