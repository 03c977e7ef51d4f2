"""The geolocator: an encoder, which makes a photo a vector of features, and a head over cells.

The encoder of the paper is a CNN whose feature map a Vision Transformer reads:

    photo -> backbone -> adaptive pooling to grid x grid patches -> projection -> vit
          -> mean over the patches -> dropout -> linear head -> one logit a cell

With `vit = "none"` it is any model of timm with its own pooling:

    photo -> backbone -> dropout -> head -> one logit a cell

The paper's public notebook runs only the ViT's blocks. Here its position embedding and final norm
are kept, because without a position embedding attention cannot know where a patch lies. Two
switches of the configuration turn them off.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from geoguess_cli.config import NO_VIT, PARTS, ImagesConfig, ModelConfig
from geoguess_cli.model._timm import check_name, timm
from geoguess_cli.model.backbone import blank, build_embedding, build_feature_map, resting
from geoguess_cli.model.head import Head, create_head
from geoguess_cli.model.vit import VIT_MODULES, create_vit
from geoguess_cli.photos.images import ImageSpec


class NetworkLook(NamedTuple):
    """What a geolocator makes of photos.

    Attributes:
        logits: One a cell.
        features: The input of the head.
        pooled: The mean over the photo of what the backbone gives; the features themselves where
            the backbone is the whole encoder.
    """

    logits: Float[Tensor, "b c"]
    features: Float[Tensor, "b d"]
    pooled: Float[Tensor, "b p"]


class Geolocator(nn.Module, ABC):
    """The whole model: `features`, then `head`; build it with `build_geolocator`.

    Attributes:
        backbone: The first part of the encoder.
        head: Maps the features of photos to logits.
    """

    backbone: nn.Module
    head: Head

    @property
    def cells(self) -> int:
        """Number of cells, which is the number of columns of the logits."""
        return self.head.cells

    @property
    def width(self) -> int:
        """Number of features of a photo."""
        return next(part.in_features for part in self.head.modules() if isinstance(part, nn.Linear))

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its parts, in the order of the forward pass."""
        own = dict(self.named_children())
        return tuple(part for part in PARTS if part in own)

    @property
    def kept_width(self) -> int:
        """Number of values that are kept of a photo: features, and pooled values beside them."""
        return self.width

    @property
    def pooled_width(self) -> int:
        """Number of pooled values of a photo."""
        return self.kept_width - self.width or self.width

    def features(self, images: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b d"]:
        """What the encoder makes of photos that are normalised as `image_spec` says."""
        return self.read(sole(self.backbone(images)))

    @abstractmethod
    def read(self, output: Tensor) -> Float[Tensor, "b d"]:
        """The features of photos, from what the backbone makes of them."""

    def kept(self, images: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b k"]:
        """What is kept of photos: the features, and the pooled values where they differ."""
        return self.features(images)

    def look(self, images: Float[Tensor, "b 3 s s"] | Float[Tensor, "b k"]) -> NetworkLook:
        """Logits, features and pooled values of photos, or of what is kept of them."""
        kept = images if images.ndim == 2 else self.kept(images)
        features = kept[:, : self.width].contiguous()
        pooled = kept[:, self.width :] if self.kept_width > self.width else features
        return NetworkLook(self.head(features), features, pooled)

    def forward(
        self, images: Float[Tensor, "b 3 s s"] | Float[Tensor, "b k"]
    ) -> Float[Tensor, "b c"]:
        """One logit a cell, for photos normalised as `image_spec` says, or what is kept of them."""
        features = images[:, : self.width] if images.ndim == 2 else self.features(images)
        return self.head(features)  # type: ignore[no-any-return]


class Embedder(Geolocator):
    """A geolocator whose encoder is a whole model of timm with its own pooling.

    Args:
        backbone: Maps photos to features.
        width: Number of features of a photo.
        config: The head.
        cells: Number of columns of the logits.
    """

    def __init__(self, backbone: nn.Module, width: int, *, config: ModelConfig, cells: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = create_head(width, config, cells=cells)

    def read(self, output: Tensor) -> Float[Tensor, "b d"]:
        """The embedding of timm's model."""
        return output


class Hybrid(Geolocator):
    """The paper's geolocator: a CNN, and a ViT over the patches of its feature map.

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
        self.head = create_head(vit.width, config, cells=cells)

    @property
    def kept_width(self) -> int:
        """Number of features, and of channels of the feature map."""
        return self.width + self.projection.in_features

    def read(self, output: Tensor) -> Float[Tensor, "b d"]:
        """The mean of the patches that the ViT gives for the backbone's feature map."""
        return self._encoded(self._patches(output))

    def kept(self, images: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b k"]:
        """The features, and the mean of the patches before the projection."""
        patches = self._patches(sole(self.backbone(images)))
        return torch.cat([self._encoded(patches), patches.float().mean(dim=1)], dim=1)

    def _patches(self, output: Tensor) -> Float[Tensor, "b n k"]:
        """The feature map of the backbone, pooled to grid × grid patches."""
        if self.channels_last:
            output = output.permute(0, 3, 1, 2)
        return self.pool(output).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]

    def _encoded(self, patches: Float[Tensor, "b n k"]) -> Float[Tensor, "b d"]:
        return self.vit(self.projection(patches)).mean(dim=1)  # type: ignore[no-any-return]


def sole(output: Tensor | list[Tensor]) -> Tensor:
    """The output of a part: a tensor, or the only tensor of a list."""
    return output if isinstance(output, Tensor) else output[0]


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
    geolocator: Geolocator
    if config.vit == NO_VIT:
        backbone, width = build_embedding(config, image_size=image_size)
        geolocator = Embedder(backbone, width, config=config, cells=cells)
    else:
        check_name(config.vit, "vit", modules=VIT_MODULES)
        backbone, channels, last = build_feature_map(config, image_size=image_size)
        geolocator = Hybrid(backbone, channels, channels_last=last, config=config, cells=cells)
    # Convolutions run a fifth to two fifths faster in this memory layout, on CPUs too.
    return geolocator.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


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
        feature = sole(output)
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
        with resting(geolocator):
            geolocator(blank(geolocator, spec.size))
    finally:
        for hook in hooks:
            hook.remove()
    return summaries


def part_sizes(geolocator: Geolocator) -> dict[str, int]:
    """Number of parameters of each of its parts."""
    return {
        part: sum(p.numel() for p in geolocator.get_submodule(part).parameters())
        for part in geolocator.parts
    }
