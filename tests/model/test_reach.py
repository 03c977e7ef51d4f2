"""Reach: known answers for known layers, and the chain of parts of timm's networks."""

import pytest
import torch
from encoder_worlds import ATTENDING, PADDED, PAPER, PATCHES, POOLED, SQUEEZED, encoder
from timm.layers import SqueezeExcite
from torch import nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.folding import grain
from geoguess_cli.model.geolocator import sole
from geoguess_cli.model.reach import local_units


def units_of(*parts: nn.Module, size: int = 32) -> list[tuple[int, ...]]:
    """Stride, before, after, size and surplus of the first parts of a chain."""
    found = local_units(nn.Sequential(*parts).eval(), torch.rand(1, 3, size, size))
    return [(u.stride, u.before, u.after, u.size, u.surplus) for u in found[0]] if found else []


@pytest.mark.parametrize(
    ("part", "size", "expected"),
    [
        (nn.Conv2d(3, 4, 3, padding=1), 32, (1, 1, 1, 32, 0)),
        (nn.Conv2d(3, 4, 5, padding=2, dilation=1), 32, (1, 2, 2, 32, 0)),
        (nn.Conv2d(3, 4, 3, padding=2, dilation=2), 32, (1, 2, 2, 32, 0)),
        (nn.Conv2d(3, 4, 7, stride=2, padding=3), 32, (2, 3, 3, 16, 0)),
        (nn.Conv2d(3, 4, 7, stride=2, padding=3), 33, (2, 3, 3, 17, 1)),
        (nn.Conv2d(3, 4, 3, stride=2), 32, (2, 0, 2, 15, -2)),
        (nn.Conv2d(3, 4, 4, stride=4), 32, (4, 0, 3, 8, 0)),
        (nn.MaxPool2d(3, stride=2, padding=1), 32, (2, 1, 1, 16, 0)),
        (nn.AvgPool2d(2), 32, (2, 0, 1, 16, 0)),
    ],
)
def test_a_layer_sees_what_its_definition_says(
    part: nn.Module, size: int, expected: tuple[int, ...]
) -> None:
    assert units_of(part, nn.AdaptiveAvgPool2d(1), size=size) == [expected]


def test_what_sees_one_pixel_joins_the_part_before_it() -> None:
    pointwise = (nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1))
    conv = nn.Conv2d(3, 3, 3, padding=1)
    assert units_of(conv, *pointwise, nn.Conv2d(3, 3, 3, padding=1)) == [(1, 1, 1, 32, 0)] * 2


@pytest.mark.parametrize("part", [nn.AdaptiveAvgPool2d(4), SqueezeExcite(3), nn.Upsample(40)])
def test_what_sees_the_whole_map_ends_the_list(part: nn.Module) -> None:
    conv = nn.Conv2d(3, 3, 3, padding=1)
    found = local_units(nn.Sequential(conv, part, nn.ReLU()).eval(), torch.rand(1, 3, 32, 32))
    assert found is not None
    units, rest = found
    assert [unit.module for unit in units] == [conv]
    assert len(rest) == 2
    assert rest[0] is part


class Added(nn.Module):
    """Parts in a row, with an addition in place between them that no list of parts shows."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.a(images)
        seen += images
        return self.b(seen)


def test_a_sum_between_parts_is_no_chain() -> None:
    assert local_units(Added().eval(), torch.rand(1, 3, 32, 32)) is None
    (unit,) = units_of(Added(), nn.AdaptiveAvgPool2d(1))
    assert unit == (1, 1, 1, 32, 0)  # but it is one part of a chain


@pytest.mark.parametrize(
    ("config", "size", "strides"),
    [(PAPER, 96, 8), (POOLED, 97, 8), (PADDED, 96, 16), (SQUEEZED, 64, 2), (PATCHES, 96, 16)],
)
def test_a_backbone_is_the_chain_of_its_parts(config: ModelConfig, size: int, strides: int) -> None:
    backbone = encoder(config, size=size).backbone
    found = local_units(backbone, grain(backbone, size))
    assert found is not None
    units, rest = found
    product = 1
    for unit in units:
        product *= unit.stride
    assert product >= strides
    map_ = torch.rand(2, 3, size, size)
    with torch.inference_mode():
        expected = sole(backbone(map_.clone()))
        for part in [*(unit.module for unit in units), *rest]:
            map_ = part(map_)
    assert expected.abs().max() > 0
    torch.testing.assert_close(map_, expected)


def test_a_transformer_is_no_chain() -> None:
    backbone = encoder(ATTENDING, size=64).backbone
    assert local_units(backbone, grain(backbone, 64)) is None
