"""A copy of a network for inference: its batch norms become part of its convolutions."""

import copy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from geoguess_cli.model.geolocator import Geolocator

ROUNDING = 1e-4
"""Greatest difference between two ways to compute a feature map in fp32, as a share of the map's
greatest value. A wrong way differs by much more."""


def folded(geolocator: Geolocator, *, image_size: int) -> Geolocator:
    """A copy in evaluation mode with the same logits, whose batch norms cost nothing.

    A batch norm behind a convolution is one more scale and shift of the convolution's weights. A
    forward pass shows which norm is behind which convolution. If the folded copy answers
    differently, the copy keeps its batch norms.

    Args:
        geolocator: In fp32; it is not changed.
        image_size: Side of the photos, in pixels.
    """
    own = copy.deepcopy(geolocator).eval().requires_grad_(False)
    photo = grain(own, image_size)
    with torch.inference_mode():
        expected, pairs = _pairs(own, photo)
        if not pairs:
            return own
        for name, convolution, norm in pairs:
            fused = fuse_conv_bn_eval(convolution, norm)
            convolution.weight, convolution.bias = fused.weight, fused.bias
            parent, _, leaf = name.rpartition(".")
            setattr(own.get_submodule(parent), leaf, _remainder(norm))
        own.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if close(own(photo), expected):
            return own
    return copy.deepcopy(geolocator).eval().requires_grad_(False)


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two results differ by rounding only."""
    return a.shape == b.shape and bool((a - b).abs().max() <= ROUNDING * b.abs().max())


def grain(module: nn.Module, size: int) -> Float[Tensor, "1 3 s s"]:
    """A photo of random pixels in [0, 1), always the same, on the device of a module."""
    like = next(module.parameters())
    pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    return pixels.to(like.device, like.dtype)


def _pairs(
    network: nn.Module, photo: Tensor
) -> tuple[Tensor, list[tuple[str, Any, nn.BatchNorm2d]]]:
    """The output, and each batch norm by name with the convolution whose output it gets."""
    made: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # a tensor that is kept keeps its id
    pairs: list[tuple[str, Any, nn.BatchNorm2d]] = []
    calls: dict[nn.Module, int] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        calls[module] = calls.get(module, 0) + 1
        if isinstance(module, nn.Conv2d):
            made[id(output)] = module, output
        elif isinstance(module, nn.BatchNorm2d) and id(inputs[0]) in made:
            pairs.append((names[module], made[id(inputs[0])][0], module))

    names = {module: name for name, module in network.named_modules()}
    hooks = [
        module.register_forward_hook(note)
        for module in names
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d)
    ]
    try:
        expected = network(photo)
    finally:
        for hook in hooks:
            hook.remove()
    return expected, [
        (name, convolution, norm)
        for name, convolution, norm in pairs
        if calls[convolution] == calls[norm] == 1 and norm.running_var is not None
    ]


def _remainder(norm: nn.BatchNorm2d) -> nn.Module:
    """What a batch norm does beside the norm: timm's may have a dropout and an activation."""
    parts = [getattr(norm, name, None) for name in ("drop", "act")]
    return nn.Sequential(*(part for part in parts if isinstance(part, nn.Module)))
