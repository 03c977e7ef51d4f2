"""What computes here, and in which number format."""

import dataclasses

import pytest
import torch

from geoguess_cli.config import Config
from geoguess_cli.doctor import device
from geoguess_cli.doctor.device import examine_device, products_per_second
from geoguess_cli.doctor.findings import Finding


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(device, "_SIDE", 16)


def found(config: Config) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine_device(config)}


def test_products_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 2.0, 3.0, 5.0])
    monkeypatch.setattr(device, "_LEAST_SECONDS", 4.0)
    monkeypatch.setattr(device.time, "perf_counter", lambda: next(times))
    # Three products of 2 · 16³ operations in 5 seconds.
    speed = products_per_second(torch.device("cpu"), torch.float32)
    assert speed == pytest.approx(3 * 2 * 16**3 / 5)


def test_the_device_that_is_used() -> None:
    findings = found(Config(device="cpu", precision="fp32"))
    assert findings["used"].value == "cpu (device = cpu)"
    assert findings["precision"].value.startswith("fp32")
    assert {"fp32 speed", "bf16 speed", "compute threads"} <= findings.keys()


def test_a_device_that_is_not_there() -> None:
    finding = found(Config(device="cuda:99"))["used"]
    assert finding.state == "fault"
    assert "--device" in finding.remedy


@pytest.mark.parametrize(("bf16", "state"), [(3.0, "warning"), (1.1, "ok")])
def test_a_number_format_that_is_slower(
    bf16: float, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds = {torch.float32: 1e9, torch.bfloat16: bf16 * 1e9}
    monkeypatch.setattr(device, "products_per_second", lambda _, dtype: speeds[dtype])
    finding = found(Config(device="cpu", precision="fp32"))["precision"]
    assert finding.state == state
    assert ("--precision bf16" in finding.remedy) == (state == "warning")


def test_a_gpu_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    finding = found(dataclasses.replace(Config(), device="cpu"))["CUDA"]
    assert (finding.state, "nvidia-smi" in finding.remedy) == ("note", True)
