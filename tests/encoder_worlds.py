"""Networks of every kind that occlusion maps are made of, with batch norms as after a training."""

import torch

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.geolocator import Geolocator, build_geolocator

PAPER = ModelConfig(weights="none", vit_blocks=1)
SAMPLE = ModelConfig(
    backbone="resnet10t",
    backbone_stage=-2,
    vit="vit_tiny_patch16_224",
    vit_blocks=1,
    grid=8,
    weights="none",
)
POOLED = ModelConfig(backbone="resnet10t", vit="none", weights="none")
PADDED = ModelConfig(backbone="tf_efficientnet_lite0", vit="none", weights="none")
SQUEEZED = ModelConfig(backbone="efficientnet_b0", vit="test_vit", grid=2, weights="none")
PATCHES = ModelConfig(backbone="convnext_atto", vit="test_vit", grid=2, weights="none")
ATTENDING = ModelConfig(backbone="test_vit", vit="none", weights="none")


def encoder(config: ModelConfig, *, size: int, cells: int = 7) -> Geolocator:
    """A network with random weights, whose batch norms scale and shift and whose logits vary."""
    torch.manual_seed(size)
    geolocator = build_geolocator(config, cells=cells, image_size=size).eval()
    for part in geolocator.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.bias, 0, 0.1)
    torch.nn.init.normal_(geolocator.head.linear.weight, std=3.0)
    return geolocator


def alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two results differ by no more than 1e-5 of the greatest value."""
    assert expected.std(dim=0).max() > 1e-3  # the photos that are compared differ
    return bool((found - expected).abs().max() <= 1e-5 * expected.abs().max())
