"""The blocks of a timm Vision Transformer, over the patches of a feature map."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.model._timm import timm

VIT_MODULES = ("vision_transformer", "deit")
"""The modules of timm that define plain Vision Transformers."""


class Vit(nn.Module):
    """The blocks of a timm Vision Transformer, over the patches of a feature map.

    The patch embedding, the class and register tokens and the head of the timm model are left out.
    If timm normalises after pooling (`fc_norm`), that norm becomes the final norm of every patch.

    Args:
        source: The timm model to take the parts from.
        grid: Patches a side; the position embedding is resampled to it.
        blocks: Number of first blocks to keep; 0 keeps all.
        position_embedding: Whether to add the position embedding.
        final_norm: Whether to normalise the patches after the last block.
    """

    def __init__(
        self, source: Any, *, grid: int, blocks: int, position_embedding: bool, final_norm: bool
    ) -> None:
        super().__init__()
        self.width: int = source.embed_dim
        self.position = (
            nn.Parameter(_position_embedding(source, grid)) if position_embedding else None
        )
        self.position_dropout = source.pos_drop
        self.norm_pre = source.norm_pre
        self.blocks = source.blocks[:blocks] if blocks else source.blocks
        self.norm = _final_norm(source) if final_norm else nn.Identity()

    def forward(self, patches: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        """The patches after attention, in the same order (rows of the grid, top first)."""
        if self.position is not None:
            patches = patches + self.position
        patches = self.norm_pre(self.position_dropout(patches))
        return self.norm(self.blocks(patches))  # type: ignore[no-any-return]


def create_vit(config: ModelConfig, **source: Any) -> Vit:
    """The configured ViT.

    Args:
        config: The name of the ViT and the parts of it to keep.
        source: Arguments of timm that say where weights come from.

    Raises:
        ModelError: The name is not that of a plain Vision Transformer, or it has fewer blocks.
    """
    model = timm.create_model(config.vit, num_classes=0, drop_path_rate=config.drop_path, **source)
    if not isinstance(model, timm.models.VisionTransformer):
        raise ModelError(
            f"model.vit is `{config.vit}`, which is not a plain Vision Transformer; use one such "
            "as vit_tiny_patch16_224, vit_small_patch16_224 or vit_base_patch16_224"
        )
    if config.vit_blocks > len(model.blocks):
        raise ModelError(
            f"model.vit_blocks is {config.vit_blocks}; {config.vit} has {len(model.blocks)} "
            "(0 keeps all)"
        )
    return Vit(
        model,
        grid=config.grid,
        blocks=config.vit_blocks,
        position_embedding=config.position_embedding,
        final_norm=config.final_norm,
    )


def _position_embedding(source: Any, grid: int) -> Tensor:
    """The position embedding of `source` without its prefix tokens, resampled: (1, grid², d)."""
    if source.pos_embed is None:
        return nn.init.trunc_normal_(torch.empty(1, grid * grid, source.embed_dim), std=0.02)
    prefix = 0 if source.no_embed_class else source.num_prefix_tokens
    embedding: Tensor = timm.layers.resample_abs_pos_embed(
        source.pos_embed.detach()[:, prefix:],
        [grid, grid],
        old_size=list(source.patch_embed.grid_size),
        num_prefix_tokens=0,
    )
    return embedding.clone()


def _final_norm(source: Any) -> nn.Module:
    for norm in (source.norm, source.fc_norm):
        if not isinstance(norm, nn.Identity):
            return norm  # type: ignore[no-any-return]
    return nn.LayerNorm(source.embed_dim, eps=1e-6)
