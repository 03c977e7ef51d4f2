"""A copy of a network for inference: batch norms within convolutions, weights cast once."""

import copy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from geoguess_cli.model.geolocator import Geolocator, Hybrid, sole

ROUNDING = 1e-4
"""Greatest difference between two ways to compute a feature map in fp32, as a share of the map's
greatest value. A wrong way differs by much more."""


def folded(geolocator: Geolocator, *, image_size: int) -> Geolocator:
    """A copy in evaluation mode with the same logits, whose batch norms cost nothing.

    A batch norm behind a convolution is one more scale and shift of the convolution's weights. A
    forward pass shows which norm is behind which convolution. If the folded copy answers
    differently, the copy keeps its batch norms. The projection comes before the pooling where that
    takes less. Weights that stay as they are are not copied: the copy holds the same tensors.

    Args:
        geolocator: In fp32; it is not changed.
        image_size: Side of the photos, in pixels.
    """
    own = _twin(geolocator)
    photo = grain(own, image_size)
    with torch.inference_mode():
        expected, pairs = _pairs(own.backbone, photo)
        if isinstance(own, Hybrid):
            _project_early(own, expected)
        if not pairs:
            return own
        for name, convolution, norm in pairs:
            weights = fuse_conv_bn_weights(
                convolution.weight,
                convolution.bias,
                norm.running_mean,
                norm.running_var,
                norm.eps,
                norm.weight,
                norm.bias,
            )
            weight = weights[0].contiguous(memory_format=torch.channels_last)
            convolution.weight, convolution.bias = _frozen(weight), _frozen(weights[1])
            parent, _, leaf = name.rpartition(".")
            setattr(own.backbone.get_submodule(parent), leaf, _remainder(norm))
        if close(sole(own.backbone(photo)), expected):
            return own
    return _twin(geolocator)


def cast(geolocator: Geolocator, dtype: torch.dtype) -> None:
    """Let a copy of `folded` compute in another number format, except in its head.

    The head stays in fp32. It costs little, and logits rounded to bf16 would be off by up to a
    hundredth, which hides the small differences between photos.

    Args:
        geolocator: Its weights are replaced, and not changed in place.
        dtype: The number format.
    """
    for name, part in geolocator.named_children():
        if name != "head":
            _recast(part, dtype)
    geolocator.head.register_forward_pre_hook(lambda _head, features: (features[0].float(),))


def _project_early(hybrid: Hybrid, output: Tensor) -> None:
    """Project the backbone's feature map before it is pooled, where it has fewer places than after.

    A mean of projections is the projection of the mean. The paper's map of 7 × 7 becomes a grid of
    14 × 14 by repetition.

    Args:
        hybrid: A copy, which is changed.
        output: What its backbone makes of a photo.
    """
    maps = output.permute(0, 3, 1, 2) if hybrid.channels_last else output
    if maps.shape[2:].numel() >= hybrid.pool(maps).shape[2:].numel():
        return
    linear = hybrid.projection
    early = nn.Conv2d(linear.in_features, linear.out_features, 1)
    weight = linear.weight[:, :, None, None].contiguous(memory_format=torch.channels_last)
    early.weight, early.bias = _frozen(weight), linear.bias
    hybrid.pool = nn.Sequential(early, hybrid.pool)  # type: ignore[assignment]
    hybrid.projection = nn.Identity()  # type: ignore[assignment]


def _twin(geolocator: Geolocator) -> Geolocator:
    """A network of its own in evaluation mode with the tensors of another."""
    tensors = [*geolocator.parameters(), *geolocator.buffers()]
    return copy.deepcopy(geolocator, {id(tensor): tensor for tensor in tensors}).eval()


def _frozen(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor, requires_grad=False)


def _recast(part: nn.Module, dtype: torch.dtype) -> None:
    """Give a part its own weights in a number format."""
    for module in part.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            setattr(module, name, _frozen(weight.to(dtype)))
        for name, value in list(module.named_buffers(recurse=False)):
            if value.is_floating_point():
                setattr(module, name, value.to(dtype))


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two results differ by rounding only."""
    return a.shape == b.shape and bool((a - b).abs().max() <= ROUNDING * b.abs().max())


def grain(module: nn.Module, size: int) -> Float[Tensor, "1 3 s s"]:
    """A photo of random pixels in [0, 1), always the same, on the device of a module."""
    like = next(module.parameters())
    pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    return pixels.to(like.device, like.dtype)


def _pairs(network: nn.Module, photo: Tensor) -> tuple[Tensor, list[tuple[str, Any, Any]]]:
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
        expected = sole(network(photo))
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
