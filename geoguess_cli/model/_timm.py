"""The one door to timm, guarded against a torchvision that does not match torch.

PyPI's Linux torchvision is built for CUDA. Beside a CPU build of torch its compiled operators do
not load, and its Python half, which registers shape functions for them, then fails while timm
imports it: `operator torchvision::nms does not exist` (`qnms` in newer releases). timm's models
need none of these operators, so empty schemas are declared for them and the import is tried again.
"""

import difflib
import gc
import importlib
import re
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

from geoguess_cli.errors import DependencyError, ModelError

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_MISSING_OPERATOR = re.compile(r"operator torchvision::(\w+) does not exist")
_declared: dict[str, torch.library.Library] = {}  # a schema lives as long as its Library


def _import_timm() -> ModuleType:
    """timm. Its classes and functions are no garbage, so none is looked for while they come."""
    collects = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("timm.data")
        importlib.import_module("timm.utils")
        return importlib.import_module("timm")
    finally:
        if collects:
            gc.enable()


def guarded(load: Callable[[], ModuleType]) -> ModuleType:
    """The module that `load` imports; torchvision's missing operators are declared if necessary.

    Raises:
        DependencyError: The import fails for another reason.
    """
    while True:
        try:
            return load()
        except Exception as error:
            match = (
                _MISSING_OPERATOR.search(str(error)) if isinstance(error, RuntimeError) else None
            )
            operator = match[1] if match else ""
            if operator not in _SCHEMAS or operator in _declared:
                raise DependencyError(_advice(error)) from error
            _forget("torchvision", "timm")
            library = torch.library.Library("torchvision", "FRAGMENT")
            library.define(_SCHEMAS[operator])
            _declared[operator] = library


def missing_operators() -> tuple[str, ...]:
    """The operators of torchvision that do not load beside this torch, and are made up for."""
    return tuple(f"torchvision::{name}" for name in _declared)


def _forget(*packages: str) -> None:
    """Remove half-imported packages, so that the next import starts anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


def _advice(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error}; `pip install torch torchvision timm` installs what the model needs"
    reason = " ".join(str(error).split())
    return (
        f"timm cannot be imported ({type(error).__name__}: {reason}): torch {torch.__version__} "
        "and the installed torchvision do not match; reinstall a matching pair, for example "
        "`pip install --force-reinstall torch torchvision` from the same index"
    )


timm: Any = guarded(_import_timm)


def check_name(name: str, key: str, *, modules: Sequence[str] = ("",)) -> None:
    """Raise ModelError unless timm has a model of this name.

    Args:
        name: The name.
        key: The key of `[model]` that holds it.
        modules: The modules of timm whose models the message may name instead; "" stands for all.

    Raises:
        ModelError: timm has no model of this name; the message has the nearest names.
    """
    if not timm.is_model(name):
        known = [model for module in modules for model in timm.list_models(module=module)]
        close = difflib.get_close_matches(name, known, n=3)
        near = f"; the nearest names are {', '.join(close)}" if close else ""
        raise ModelError(f"timm has no model `{name}` (model.{key}){near}")
