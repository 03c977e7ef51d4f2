"""Kept maps: the logits of a whole pass, from less than a whole pass."""

import numpy as np
import pytest
import torch
from encoder_worlds import (
    ATTENDING,
    PADDED,
    PAPER,
    PATCHES,
    POOLED,
    SAMPLE,
    alike,
    encoder,
)
from torch import nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.kept_maps import WindowedGeolocator


def copies(size: int, window: int, corners: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """A photo, and copies of it with other content in a square; a square may be cut at the edge."""
    generator = torch.Generator().manual_seed(window)
    photo = torch.randn(3, size, size, generator=generator)
    images = photo.repeat(len(corners), 1, 1, 1)
    for image, (top, left) in zip(images, corners.tolist(), strict=True):
        inside = image[:, top : top + window, left : left + window]
        inside.copy_(torch.randn(inside.shape, generator=generator))
    return photo, images


def corners_of(size: int, window: int) -> np.ndarray:
    """The four corners of a photo, places near and over its edges, and places inside."""
    last = size - window
    ends = [(top, left) for top in (0, last) for left in (0, last)]
    near = [(1, last - 1), (last + window // 2, 3), (last // 2, last + window - 1)]
    inside = np.random.default_rng(0).integers(0, last + 1, (4, 2)).tolist()
    return np.array(ends + near + inside)


def fits(geolocator: Geolocator, *, size: int, window: int) -> WindowedGeolocator:
    """The copy that keeps maps, once its logits are those of the whole pass."""
    corners = corners_of(size, window)
    photo, images = copies(size, window, corners)
    windowed = WindowedGeolocator(geolocator, image_size=size)
    with torch.inference_mode():
        expected = geolocator(images)
    assert alike(windowed.logits(images), expected)
    kept = windowed.keeping(photo, window=window)
    if kept is not None:
        assert alike(windowed.windowed_logits(kept, images, corners), expected)
    return windowed


@pytest.mark.parametrize(
    ("config", "size", "window"),
    [
        (PAPER, 160, 23),
        (SAMPLE, 128, 16),
        (SAMPLE, 101, 17),
        (POOLED, 97, 30),
        (PADDED, 96, 13),
        (PADDED, 91, 10),
        (PATCHES, 96, 20),
    ],
)
def test_kept_maps_give_the_logits_of_whole_passes(
    config: ModelConfig, size: int, window: int
) -> None:
    assert fits(encoder(config, size=size), size=size, window=window).keeps_maps


@pytest.mark.parametrize("window", [1, 2, 40, 64])
def test_squares_of_any_side(window: int) -> None:
    assert fits(encoder(SAMPLE, size=64), size=64, window=window).keeps_maps


def test_a_transformer_has_whole_passes() -> None:
    assert not fits(encoder(ATTENDING, size=64), size=64, window=16).keeps_maps


class Positioned(nn.Module):
    """A part that answers by place: a crop of its input has another answer."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps * torch.linspace(1, 2, maps.shape[-1])


def test_a_part_that_knows_its_place_is_seen_through() -> None:
    geolocator = encoder(SAMPLE, size=64)
    geolocator.backbone = nn.Sequential(
        nn.Conv2d(3, 3, 3, padding=1), Positioned(), *geolocator.backbone.children()
    )
    assert not fits(geolocator.eval(), size=64, window=16).keeps_maps


def test_in_bf16_the_logits_are_near() -> None:
    geolocator, corners = encoder(SAMPLE, size=64), corners_of(64, 16)
    photo, images = copies(64, 16, corners)
    windowed = WindowedGeolocator(geolocator, image_size=64, dtype=torch.bfloat16)
    kept = windowed.keeping(photo, window=16)
    assert kept is not None
    with torch.inference_mode():
        expected = geolocator(images)
    for found in (windowed.logits(images), windowed.windowed_logits(kept, images, corners)):
        assert found.dtype == torch.float32
        assert 0 < (found - expected).abs().max() < 0.1 * expected.abs().max()
    assert next(geolocator.parameters()).dtype == torch.float32
