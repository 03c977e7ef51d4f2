"""A model that is built to be loaded: its first random weights would be overwritten at once."""

from collections.abc import Callable, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode

_FILLS = frozenset(
    {
        "normal_",
        "uniform_",
        "trunc_normal_",
        "kaiming_normal_",
        "kaiming_uniform_",
        "xavier_normal_",
        "xavier_uniform_",
        "orthogonal_",
        "erfinv_",  # a step of timm's truncated normal distribution
    }
)


class Unfilled(TorchFunctionMode):
    """The context in which tensors keep whatever is in memory instead of random numbers.

    To draw the first weights of a model takes longer than to read the stored ones. All of them must
    be loaded afterwards, as `load_state_dict` makes sure. No random number is drawn.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, unless it fills a tensor with random numbers."""
        del types
        if getattr(func, "__name__", "") in _FILLS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))
