"""The geolocator: a CNN's feature map read by a Vision Transformer, and a head over cells.

    photo -> backbone -> adaptive pooling to grid x grid patches -> projection -> vit
          -> mean over the patches -> dropout -> linear head -> one logit a cell

The paper's public notebook runs only the ViT's blocks. Here its position embedding and final norm
are kept, because without a position embedding attention cannot know where a patch lies. Two
switches of the configuration turn them off.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from geoguess_cli.config import PARTS, ImagesConfig, ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.model._timm import check_name, timm
from geoguess_cli.model.vit import VIT_MODULES, create_vit
from geoguess_cli.photos.images import ImageSpec


class Geolocator(nn.Module):
    """The whole model; build it with `build_geolocator`.

    Args:
        backbone: Maps photos to a list of one feature map.
        channels: Number of channels of the feature map.
        channels_last: Whether the backbone returns (b, h, w, c) instead of (b, c, h, w).
        config: The ViT, which maps patches to patches; the patches a side; and the share of the
            pooled features that is dropped in training.
        cells: Number of columns of the logits.
    """

    def __init__(
        self,
        backbone: nn.Module,
        channels: int,
        *,
        channels_last: bool,
        config: ModelConfig,
        cells: int,
    ) -> None:
        super().__init__()
        vit = create_vit(config)
        self.channels_last = channels_last
        self.backbone = backbone
        self.pool = nn.AdaptiveAvgPool2d(config.grid)
        self.projection = nn.Linear(channels, vit.width)
        self.vit = vit
        self.head = nn.Sequential(
            OrderedDict(dropout=nn.Dropout(config.dropout), linear=nn.Linear(vit.width, cells))
        )

    @property
    def cells(self) -> int:
        """Number of cells, which is the number of columns of the logits."""
        return len(self.head.get_submodule("linear").get_parameter("bias"))

    def forward(self, images: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c"]:
        """One logit a cell, for photos normalised as `image_spec` says."""
        features = self.backbone(images)[0]
        if self.channels_last:
            features = features.permute(0, 3, 1, 2)
        patches = self.pool(features).flatten(2).transpose(1, 2)
        patches = self.vit(self.projection(patches))
        return self.head(patches.mean(dim=1))  # type: ignore[no-any-return]


def build_geolocator(config: ModelConfig, *, cells: int, image_size: int) -> Geolocator:
    """A geolocator with random weights, in training mode, on the CPU.

    Args:
        config: The architecture; `pretrained.load_weights` loads its `weights`.
        cells: Number of columns of the logits.
        image_size: Side of the photos, in pixels.

    Raises:
        ModelError: timm has no such backbone or ViT, or cannot build it as configured.
    """
    check_name(config.backbone, "backbone")
    check_name(config.vit, "vit", modules=VIT_MODULES)
    with _explained(config, image_size):
        backbone = create_backbone(config, image_size=image_size)
        channels, channels_last = _measure(backbone, image_size)
    geolocator = Geolocator(
        backbone, channels, channels_last=channels_last, config=config, cells=cells
    )
    # Convolutions run a fifth to two fifths faster in this memory layout, on CPUs too.
    return geolocator.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def create_backbone(config: ModelConfig, *, image_size: int, **source: Any) -> nn.Module:
    """timm's backbone, cut after the configured feature map.

    Args:
        config: The name of the backbone and the number of the feature map.
        image_size: Side of the photos in pixels, for a backbone that is built for one size.
        source: Arguments of timm that say where weights come from.
    """
    cfg = timm.get_pretrained_cfg(config.backbone)
    if cfg is not None and cfg.fixed_input_size and cfg.input_size[-1] != image_size:
        source["img_size"] = image_size
    backbone: nn.Module = timm.create_model(
        config.backbone, features_only=True, out_indices=(config.backbone_stage,), **source
    )
    return backbone


def image_spec(config: ModelConfig, images: ImagesConfig) -> ImageSpec:
    """How photos become tensors for the configured backbone: size, mean, std, interpolation.

    Raises:
        ModelError: timm has no such backbone.
    """
    check_name(config.backbone, "backbone")
    cfg = timm.get_pretrained_cfg(config.backbone)
    # timm refuses a backbone without weights unless it gets this entry; then its defaults hold.
    known = {"input_size": None} if cfg is None else cfg.to_dict()
    data = timm.data.resolve_data_config(pretrained_cfg=known)
    return ImageSpec(
        size=images.size or data["input_size"][-1],
        mean=tuple(data["mean"]),
        std=tuple(data["std"]),
        interpolation=data["interpolation"],
        resize=images.resize,
    )


@dataclass(frozen=True)
class PartSummary:
    """A part of the model; `shape` is the shape of its output for one photo, without the batch."""

    part: str
    kind: str
    parameters: int
    trainable: int
    shape: tuple[int, ...]


def part_summaries(geolocator: Geolocator, spec: ImageSpec) -> list[PartSummary]:
    """The parts in the order of the forward pass, with parameters and measured output shapes.

    `trainable` counts the parameters that are not frozen.
    """
    summaries: list[PartSummary] = []

    def summarise(name: str, part: nn.Module, _photos: Any, output: Tensor | list[Tensor]) -> None:
        feature = output if isinstance(output, Tensor) else output[0]
        counts = [(p.numel(), p.requires_grad) for p in part.parameters()]
        summaries.append(
            PartSummary(
                part=name,
                kind=type(part).__name__,
                parameters=sum(count for count, _ in counts),
                trainable=sum(count for count, learns in counts if learns),
                shape=tuple(feature.shape[1:]),
            )
        )

    hooks = [
        part.register_forward_hook(partial(summarise, name))
        for name, part in geolocator.named_children()
    ]
    try:
        with _resting(geolocator):
            geolocator(_blank(geolocator, spec.size))
    finally:
        for hook in hooks:
            hook.remove()
    return summaries


def part_sizes(geolocator: Geolocator) -> dict[str, int]:
    """Number of parameters of each of the four parts."""
    return {
        part: sum(p.numel() for p in geolocator.get_submodule(part).parameters()) for part in PARTS
    }


@contextmanager
def _explained(config: ModelConfig, image_size: int) -> Iterator[None]:
    """Turn the errors of timm about a backbone that cannot be cut or run into a ModelError."""
    try:
        yield
    except ModelError:
        raise
    except (IndexError, AssertionError) as error:
        raise ModelError(
            f"model.backbone_stage is {config.backbone_stage}; {config.backbone} has no such "
            f"feature map for photos of {image_size} px ({error}); -1 is its last feature map, "
            "-2 the last but one"
        ) from error
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{config.backbone} gives no feature map for photos of {image_size} px ({reason}); "
            "use another backbone or image size"
        ) from error


def _measure(backbone: nn.Module, image_size: int) -> tuple[int, bool]:
    """Number of channels of the feature map, and whether they are the last axis.

    Measured with a blank photo, because a backbone may return another shape than timm lists.
    """
    with _resting(backbone):
        features = backbone(_blank(backbone, image_size))[0]
    channels_last = str(getattr(backbone, "output_fmt", "NCHW")).endswith("NHWC")
    if features.ndim != 4:
        raise ModelError(f"the backbone returns {features.ndim} axes instead of a feature map")
    return int(features.shape[-1 if channels_last else 1]), channels_last


def _blank(module: nn.Module, size: int) -> Tensor:
    like = next(module.parameters())
    return torch.zeros(1, 3, size, size, device=like.device, dtype=like.dtype)


@contextmanager
def _resting(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards each submodule has its own mode again."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes.items():
            part.training = training
