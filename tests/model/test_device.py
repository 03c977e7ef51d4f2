"""Where and in which precision to compute."""

import pytest
import torch

from geoguess_cli.errors import ConfigError
from geoguess_cli.model.device import autocast, resolve_device, resolve_precision

CPU = torch.device("cpu")


def _present(monkeypatch: pytest.MonkeyPatch, *, gpus: int = 0, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


def test_auto_takes_the_fastest_present(monkeypatch: pytest.MonkeyPatch) -> None:
    _present(monkeypatch)
    assert resolve_device("auto") == CPU
    _present(monkeypatch, mps=True)
    assert resolve_device("auto") == torch.device("mps")
    _present(monkeypatch, gpus=2)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda:1") == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["cuda:2", "mps", "gpu", "cpu:1:1"])
def test_an_absent_device_names_those_present(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _present(monkeypatch, gpus=2)
    with pytest.raises(ConfigError, match=rf"`{name}`; this machine has cuda:0, cuda:1, cpu"):
        resolve_device(name)


def test_auto_precision_asks_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    def cpu_with(*, amx: bool, avx512: bool) -> str:
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
        return resolve_precision("auto", CPU)

    assert cpu_with(amx=False, avx512=False) == "fp32"
    assert cpu_with(amx=True, avx512=False) == "bf16"
    assert cpu_with(amx=False, avx512=True) == "bf16"
    assert resolve_precision("auto", torch.device("mps")) == "fp32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    assert resolve_precision("auto", torch.device("cuda")) == "fp32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (8, 0))
    assert resolve_precision("auto", torch.device("cuda")) == "bf16"
    assert resolve_precision("fp32", torch.device("cuda")) == "fp32"


def test_a_torch_without_the_probes_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    assert resolve_precision("auto", CPU) == "fp32"


def test_autocast_multiplies_in_the_named_precision() -> None:
    a = torch.ones(2, 2)
    with autocast(CPU, "bf16"):
        assert (a @ a).dtype == torch.bfloat16
    with autocast(CPU, "fp32"):
        assert (a @ a).dtype == torch.float32
