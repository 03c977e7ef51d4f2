"""timm imports beside a torchvision that does not match torch, or says what to mend."""

import gc
import subprocess
import sys
from types import ModuleType

import pytest
import torch

from geoguess_cli.errors import DependencyError
from geoguess_cli.model import _timm


def test_a_missing_operator_is_declared_and_the_import_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_timm, "_SCHEMAS", {"nms_of_a_test": "nms_of_a_test(Tensor x) -> Tensor"})
    # Modules that are dropped must come back: other tests use them.
    dropped = []
    monkeypatch.setattr(_timm, "_forget", lambda *names: dropped.append(names))
    found = ModuleType("timm")
    attempts = []

    def load() -> ModuleType:
        attempts.append(None)
        if not hasattr(torch.ops.torchvision, "nms_of_a_test"):
            raise RuntimeError("operator torchvision::nms_of_a_test does not exist")
        return found

    assert _timm.guarded(load) is found
    assert len(attempts) == 2
    assert dropped == [("torchvision", "timm")]


def test_an_operator_that_stays_missing_ends_in_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_timm, "_SCHEMAS", {"lost": "lost(Tensor x) -> Tensor"})
    monkeypatch.setattr(_timm, "_forget", lambda *_: None)

    def load() -> ModuleType:
        raise RuntimeError("operator torchvision::lost does not exist")

    with pytest.raises(DependencyError, match="reinstall a matching pair"):
        _timm.guarded(load)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("operator torchvision::roi_align does not exist"),
        RuntimeError("Detected that PyTorch and torchvision were compiled with different CUDA"),
        ImportError("libcudart.so.13: cannot open shared object file"),
        ValueError("operator torchvision::nms does not exist"),
    ],
)
def test_any_other_error_tells_how_to_mend(error: Exception) -> None:
    def load() -> ModuleType:
        raise error

    with pytest.raises(DependencyError, match="do not match; reinstall") as caught:
        _timm.guarded(load)
    assert str(error) in str(caught.value)
    assert torch.__version__ in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_missing_package_is_named() -> None:
    def load() -> ModuleType:
        raise ModuleNotFoundError("No module named 'torchvision'")

    with pytest.raises(DependencyError, match=r"No module named 'torchvision'; `pip install"):
        _timm.guarded(load)


def test_a_fresh_interpreter_imports_timm() -> None:
    code = (
        "from geoguess_cli.model._timm import timm\n"
        "print(timm.create_model('test_resnet').num_classes, timm.data.IMAGENET_DEFAULT_MEAN[0])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1000 0.485\n"), done.stderr


@pytest.mark.parametrize("collects", [True, False])
def test_the_import_leaves_the_collector_as_it_was(collects: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        _timm._import_timm()
        assert gc.isenabled() == collects
    finally:
        (gc.enable if before else gc.disable)()
