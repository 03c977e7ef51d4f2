"""Counts what would let a program wait for its GPU, on a machine without one."""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

_MASKED = ("index.Tensor", "index_put.default", "index_put_.default", "_index_put_impl_.default")


class Waits(TorchDispatchMode):
    """A context that lists each read of a tensor's numbers.

    A number is read by `item`, `bool`, `int` and `float`, which torch runs as one operation, by
    `tolist`, and where a mask decides the shape of a result.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.names: list[str] = []
        tolist = torch.Tensor.tolist

        def listed(tensor: torch.Tensor) -> Any:
            self.names.append("tolist")
            return tolist(tensor)

        monkeypatch.setattr(torch.Tensor, "tolist", listed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func.__name__
        masked = name in _MASKED and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if masked or name.startswith(("_local_scalar_dense", "masked_select")):
            self.names.append(name)
        return func(*args, **(kwargs or {}))
