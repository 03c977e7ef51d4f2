"""The benchmark of a GPU: its code runs on a CPU, and without a GPU it claims nothing."""

import json

import accelerator
import pytest
import torch


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What it printed, line by line."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_same_code_runs_on_a_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    accelerator.main(["--small", "--device", "cpu"])
    *rounds, result = lines(capsys)
    assert len(rounds) == 2
    assert all(line["compile"] is False for line in rounds)
    assert result["gpu"] == "cpu"
    assert result["compiled_photos_per_second"] is None
    for key in ("photos_per_second", "of_bare", "map_s"):
        assert isinstance(result[key], float)
        assert result[key] > 0


@pytest.mark.skipif(torch.accelerator.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    accelerator.main([])
    assert lines(capsys) == [{"gpu": None}]
