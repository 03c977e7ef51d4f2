"""The backbone of a geolocator: a model of timm, cut after a feature map or after its pooling."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from geoguess_cli.config import NO_VIT, ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.model._timm import timm

_REFUSALS = (
    AssertionError,
    AttributeError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What timm raises for a backbone that it cannot build or run as configured."""


def build_feature_map(config: ModelConfig, *, image_size: int) -> tuple[nn.Module, int, bool]:
    """A backbone up to its feature map, its number of channels, and whether they are the last axis.

    They are measured with a blank photo, as a backbone may return another shape than timm lists.

    Raises:
        ModelError: The backbone cannot be cut there, or run at this size.
    """
    with _explained(config, image_size):
        backbone = create_backbone(config, image_size=image_size)
        with resting(backbone):
            features = backbone(blank(backbone, image_size))[0]
        channels_last = _channels_last(backbone)
        if features.ndim != 4:
            raise ModelError(f"the backbone returns {features.ndim} axes instead of a feature map")
    return backbone, int(features.shape[-1 if channels_last else 1]), channels_last


def build_embedding(config: ModelConfig, *, image_size: int) -> tuple[nn.Module, int]:
    """A backbone with its own pooling, and the number of features that it gives a photo.

    Raises:
        ModelError: The backbone does not run at this size, or it does not pool.
    """
    try:
        backbone = create_backbone(config, image_size=image_size)
        _check_patches(config.backbone, backbone, image_size)
        with resting(backbone):
            features = backbone(blank(backbone, image_size))
    except ModelError:
        raise
    except _REFUSALS as error:
        raise ModelError(
            f"{config.backbone} takes no photos of {image_size} px ({_one_line(error)}); "
            "images.size = 0 takes its own size, and another model.backbone may take this one"
        ) from error
    if features.ndim != 2:
        shape = " × ".join(map(str, features.shape[1:]))
        raise ModelError(
            f"{config.backbone} gives {shape} numbers and no pooled embedding of a photo; with "
            'model.vit = "none" use a backbone that pools'
        )
    return backbone, int(features.shape[1])


def create_backbone(config: ModelConfig, *, image_size: int, **source: Any) -> nn.Module:
    """timm's backbone, cut after a feature map, whole up to its pooled embedding, or all of it.

    Args:
        config: The name of the backbone and the number of the feature map.
        image_size: Side of the photos in pixels, for a backbone that is built for one size.
        source: Arguments of timm that say where weights come from.
    """
    cfg = timm.get_pretrained_cfg(config.backbone)
    if cfg is not None and cfg.fixed_input_size and cfg.input_size[-1] != image_size:
        source["img_size"] = image_size
    if config.drop_path:
        source["drop_path_rate"] = config.drop_path
    if config.vit == NO_VIT:
        source |= {} if config.projected else {"num_classes": 0}
    else:
        source |= {"features_only": True, "out_indices": config.feature_maps}
    backbone: nn.Module = timm.create_model(config.backbone, **source)
    several = config.vit != NO_VIT and len(config.feature_maps) > 1
    return JoinedMaps(backbone, config.grid) if several else backbone


class JoinedMaps(nn.Module):
    """Several feature maps of a backbone as one: pooled to a grid, their channels side by side.

    Args:
        maps: Gives a list of feature maps of a photo.
        grid: Side of the grid.
    """

    def __init__(self, maps: nn.Module, grid: int) -> None:
        super().__init__()
        self.maps = maps
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.channels_last = _channels_last(maps)

    def forward(self, images: Float[Tensor, "b 3 s s"]) -> list[Float[Tensor, "b c g g"]]:
        """The joint feature map, alone in a list as timm gives one."""
        maps = self.maps(images)
        if self.channels_last:
            maps = [map_.permute(0, 3, 1, 2) for map_ in maps]
        return [torch.cat([self.pool(map_) for map_ in maps], dim=1)]


def _channels_last(backbone: nn.Module) -> bool:
    """Whether a backbone gives feature maps as (b, h, w, c)."""
    return str(getattr(backbone, "output_fmt", "NCHW")).endswith("NHWC")


def _check_patches(name: str, backbone: nn.Module, image_size: int) -> None:
    """Refuse a size of which the patches of a transformer would leave out a margin."""
    patch = getattr(getattr(backbone, "patch_embed", None), "patch_size", None)
    side = int(patch[0]) if isinstance(patch, tuple) else 1
    if image_size % side:
        low = image_size // side * side
        fitting = f"{low} or {low + side}" if low else f"{side}"
        raise ModelError(
            f"images.size is {image_size}; {name} cuts photos into patches of {side} px, so use "
            f"{fitting}"
        )


@contextmanager
def _explained(config: ModelConfig, image_size: int) -> Iterator[None]:
    """Turn the errors of timm about a backbone that cannot be cut or run into a ModelError."""
    try:
        yield
    except ModelError:
        raise
    except (IndexError, AssertionError) as error:
        raise ModelError(
            f"model.{_stage_key(config)}; {config.backbone} has no such "
            f"feature map for photos of {image_size} px ({error}); -1 is its last feature map, "
            "-2 the last but one"
        ) from error
    except _REFUSALS as error:
        raise ModelError(
            f"{config.backbone} gives no feature map for photos of {image_size} px "
            f"({_one_line(error)}); use another backbone or image size"
        ) from error


def _stage_key(config: ModelConfig) -> str:
    """The key that names the feature maps, and its value."""
    if config.backbone_stages:
        return f"backbone_stages is {', '.join(map(str, config.backbone_stages))}"
    return f"backbone_stage is {config.backbone_stage}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def blank(module: nn.Module, size: int) -> Tensor:
    """A photo of zeros, on the device and in the float type of a module."""
    like = next(module.parameters())
    return torch.zeros(1, 3, size, size, device=like.device, dtype=like.dtype)


@contextmanager
def resting(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards each submodule has its own mode again."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes.items():
            part.training = training
