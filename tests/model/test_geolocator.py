"""The architecture: the paper's parts, in the paper's order, for any CNN and ViT of timm."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
from torch import nn

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.model._timm import timm
from geoguess_cli.model.geolocator import (
    Geolocator,
    build_geolocator,
    image_spec,
    part_sizes,
    part_summaries,
)
from geoguess_cli.model.vit import create_vit

PAPER_CELLS = 2199


def test_the_paper_s_model() -> None:
    config = ModelConfig()
    geolocator = build_geolocator(config, cells=PAPER_CELLS, image_size=224)
    # ResNet50 without its classifier has 23,508,032 parameters, ViT-S/16 without its head
    # 21,665,664; of the latter the patch embedding (16*16*3*384 + 384), the class token and its
    # position (2 * 384) are not built here. With them the sum is the paper's 46.8 million.
    left_out = 16 * 16 * 3 * 384 + 384 + 2 * 384
    sizes = part_sizes(geolocator)
    assert sizes == {
        "backbone": 23_508_032,
        "projection": 2048 * 384 + 384,
        "vit": 21_665_664 - left_out,
        "head": 384 * PAPER_CELLS + PAPER_CELLS,
    }
    assert (sum(sizes.values()) + left_out) / 1e6 == pytest.approx(46.8, abs=0.05)

    rows = part_summaries(geolocator, image_spec(config, ImagesConfig()))
    assert [(row.part, row.shape) for row in rows] == [
        ("backbone", (2048, 7, 7)),
        ("pool", (2048, 14, 14)),
        ("projection", (196, 384)),
        ("vit", (196, 384)),
        ("head", (PAPER_CELLS,)),
    ]
    assert sum(row.parameters for row in rows) == sum(sizes.values())
    assert geolocator.head.dropout.p == 0.2


def test_it_computes_what_the_paper_says(
    build: Callable[..., Geolocator], photos: torch.Tensor
) -> None:
    """The same numbers from timm's whole ViT, fed with our patches in place of its own."""
    geolocator = build().eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        reference = timm.create_model("test_vit", num_classes=0).eval()
    reference.blocks = reference.blocks[:2]
    geolocator.vit.blocks.load_state_dict(reference.blocks.state_dict())
    geolocator.vit.norm.load_state_dict(reference.norm.state_dict())
    with torch.no_grad():
        features = geolocator.backbone(photos)[0]  # 2 x 2 for 64 px; each value fills 2 x 2 of 4
        assert features.shape[-2:] == (2, 2)
        pooled = features.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        patches = torch.stack([pooled[:, :, y, x] for y in range(4) for x in range(4)], dim=1)
        patches = geolocator.projection(patches) + geolocator.vit.position
        expected = geolocator.head(reference.norm(reference.blocks(patches)).mean(dim=1))
        torch.testing.assert_close(geolocator(photos), expected)


def test_a_look_gives_logits_features_and_the_mean_of_the_backbone_s_map(
    build: Callable[..., Geolocator], tiny: ModelConfig, photos: torch.Tensor
) -> None:
    hybrid = build().eval()
    with torch.no_grad():
        look, again = hybrid.look(photos), hybrid.look(hybrid.kept(photos))
        mean = hybrid.backbone(photos)[0].mean(dim=(2, 3))  # 2 x 2 values, each in 2 x 2 patches
        torch.testing.assert_close(look.pooled, mean)
        torch.testing.assert_close(look.features, hybrid.features(photos), rtol=0, atol=0)
        torch.testing.assert_close(look.logits, hybrid(photos), rtol=0, atol=0)
        torch.testing.assert_close(hybrid(hybrid.kept(photos)), hybrid(photos), rtol=0, atol=0)
    assert all(torch.equal(own, other) for own, other in zip(look, again, strict=True))

    embedder = build(dataclasses.replace(tiny, vit="none")).eval()
    with torch.no_grad():
        look = embedder.look(photos)
    assert torch.equal(look.pooled, look.features)
    assert embedder.kept_width == embedder.width


def test_without_position_or_norm_attention_cannot_tell_places(
    build: Callable[..., Geolocator], tiny: ModelConfig
) -> None:
    """The public notebook's model answers the same when its patches are shuffled; ours does not."""
    patches = torch.randn(1, 16, 64, generator=torch.Generator().manual_seed(2))
    shuffled = patches.flip(1)
    notebook = dataclasses.replace(tiny, position_embedding=False, final_norm=False)
    with torch.no_grad():
        plain = build(notebook).eval().vit
        assert plain.position is None
        assert isinstance(plain.norm, nn.Identity)
        torch.testing.assert_close(plain(patches).mean(1), plain(shuffled).mean(1))
        ours = build(tiny).eval().vit
        assert (ours(patches).mean(1) - ours(shuffled).mean(1)).abs().max() > 1e-3


@pytest.mark.parametrize("vit", ["test_vit", "test_vit2", "test_vit4", "deit_tiny_patch16_224"])
def test_a_real_final_norm_is_kept(vit: str, tiny: ModelConfig) -> None:
    built = create_vit(dataclasses.replace(tiny, vit=vit, vit_blocks=1))
    assert not isinstance(built.norm, nn.Identity)
    patches = 7 + 5 * torch.randn(1, 16, built.width, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        torch.testing.assert_close(
            built(patches).square().mean(-1), torch.ones(1, 16), atol=2e-2, rtol=0
        )


def test_a_projected_encoder_keeps_the_last_layer_of_timm(tiny: ModelConfig) -> None:
    config = dataclasses.replace(tiny, vit="none")
    pooled = build_geolocator(config, cells=3, image_size=64)
    projected = build_geolocator(
        dataclasses.replace(config, projected=True), cells=3, image_size=64
    ).eval()
    classes = timm.get_pretrained_cfg(config.backbone).num_classes
    assert (projected.width, projected.cells) == (classes, 3)
    assert pooled.width != classes
    photos = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    own = projected.backbone
    torch.testing.assert_close(
        projected.features(photos), own.forward_head(own.forward_features(photos))
    )


def test_blocks_are_the_first_ones(tiny: ModelConfig) -> None:
    def blocks(count: int) -> nn.Module:
        return create_vit(dataclasses.replace(tiny, vit_blocks=count)).blocks

    assert len(list(blocks(2))) == 2
    assert len(list(blocks(0))) == len(timm.create_model("test_vit").blocks)


@pytest.mark.parametrize(
    ("backbone", "channels", "channels_last"),
    [
        ("test_resnet", 96, False),
        ("test_efficientnet", 64, False),
        ("test_convnext", 64, False),
        ("test_vit", 64, False),  # built for 160 px, told to expect 64
        ("swin_tiny_patch4_window7_224", 768, True),  # height and width before channels
    ],
)
def test_any_backbone(
    backbone: str,
    channels: int,
    channels_last: bool,
    build: Callable[..., Geolocator],
    tiny: ModelConfig,
    photos: torch.Tensor,
) -> None:
    geolocator = build(dataclasses.replace(tiny, backbone=backbone))
    assert geolocator.projection.in_features == channels
    assert geolocator.channels_last == channels_last
    logits = geolocator(photos)
    assert logits.shape == (2, 4)
    logits.sum().backward()
    assert all(p.grad is not None for p in geolocator.projection.parameters())


def test_a_map_with_channels_last_is_read_as_one_with_channels_first(
    build: Callable[..., Geolocator], photos: torch.Tensor
) -> None:
    class Turned(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
            return [self.inner(images)[0].permute(0, 2, 3, 1)]

    geolocator = build().eval()
    with torch.no_grad():
        expected = geolocator(photos)
        geolocator.backbone, geolocator.channels_last = Turned(geolocator.backbone), True
        assert torch.equal(geolocator(photos), expected)


def test_an_earlier_feature_map_needs_fewer_blocks(
    build: Callable[..., Geolocator], tiny: ModelConfig
) -> None:
    last = build(tiny)
    earlier = build(dataclasses.replace(tiny, backbone_stage=-2))
    assert part_sizes(earlier)["backbone"] < part_sizes(last)["backbone"]
    spec = image_spec(tiny, ImagesConfig(size=64))
    assert part_summaries(last, spec)[0].shape[1:] == (2, 2)
    assert part_summaries(earlier, spec)[0].shape[1:] == (4, 4)


def test_several_feature_maps_lie_side_by_side(
    build: Callable[..., Geolocator], tiny: ModelConfig, photos: torch.Tensor
) -> None:
    geolocator = build(dataclasses.replace(tiny, backbone_stages=(-1, -2))).eval()
    alone = [
        build(dataclasses.replace(tiny, backbone_stage=stage)).backbone.eval() for stage in (-2, -1)
    ]
    for backbone in alone:
        state = geolocator.backbone.get_submodule("maps").state_dict()
        backbone.load_state_dict({name: state[name] for name in backbone.state_dict()})
    with torch.no_grad():
        (joined,) = geolocator.backbone(photos)
        parts = [nn.functional.adaptive_avg_pool2d(backbone(photos)[0], 4) for backbone in alone]
    assert torch.allclose(joined, torch.cat(parts, dim=1), atol=1e-6)
    assert geolocator.projection.in_features == joined.shape[1]
    assert geolocator(photos).shape == (2, 4)


def test_a_summary_leaves_the_model_as_it_was(
    build: Callable[..., Geolocator], tiny: ModelConfig
) -> None:
    geolocator = build()
    geolocator.backbone.eval()
    geolocator.vit.requires_grad_(False)
    before = {name: value.clone() for name, value in geolocator.state_dict().items()}
    modes = [module.training for module in geolocator.modules()]
    spec = image_spec(tiny, ImagesConfig(size=64))
    rows = {row.part: row for row in part_summaries(geolocator, spec)}
    assert rows["vit"].trainable == 0 < rows["vit"].parameters
    assert rows["head"].trainable == rows["head"].parameters == 64 * 4 + 4
    assert modes == [module.training for module in geolocator.modules()]
    assert all(torch.equal(value, before[name]) for name, value in geolocator.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"backbone": "resnet5"},
            r"no model `resnet5` \(model.backbone\); the nearest names are resnet50",
        ),
        (
            {"vit": "vit_smal_patch16_224"},
            r"\(model.vit\); the nearest names are vit_small_patch16_224",
        ),
        ({"vit": "test_resnet"}, "not a plain Vision Transformer; use one such as"),
        ({"vit": "test_vit_relpos"}, "not a plain Vision Transformer"),
        ({"vit_blocks": 99}, "vit_blocks is 99; test_vit has 6"),
        ({"backbone_stage": -9}, "backbone_stage is -9; test_resnet has no such"),
        ({"backbone_stages": (-1, -9)}, "backbone_stages is -1, -9; test_resnet has no such"),
        ({"backbone": "inception_v3"}, "no feature map for photos of 64 px"),
    ],
)
def test_what_cannot_be_built_says_why(
    change: dict[str, object], message: str, tiny: ModelConfig, size: int
) -> None:
    config = dataclasses.replace(tiny, **change)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=message):
        build_geolocator(config, cells=4, image_size=size)


def test_the_photo_transform_is_the_backbone_s() -> None:
    lite = image_spec(ModelConfig(backbone="tf_efficientnet_lite0"), ImagesConfig())
    assert (lite.size, lite.mean, lite.std) == (224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    resnet = image_spec(ModelConfig(), ImagesConfig(size=96, resize="crop"))
    assert (resnet.size, resnet.resize, resnet.interpolation) == (96, "crop", "bicubic")
    assert resnet.mean == (0.485, 0.456, 0.406)
    with pytest.raises(ModelError, match="the nearest names are"):
        image_spec(ModelConfig(backbone="tf_efficientnet_lite"), ImagesConfig())
