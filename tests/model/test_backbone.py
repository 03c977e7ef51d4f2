"""Any model of timm as the encoder, with its own pooling, size and normalisation."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.model._timm import timm
from geoguess_cli.model.backbone import blank, build_embedding, build_feature_map, resting
from geoguess_cli.model.geolocator import (
    Embedder,
    Geolocator,
    build_geolocator,
    image_spec,
    part_sizes,
    part_summaries,
)


@pytest.fixture
def whole(tiny: ModelConfig) -> ModelConfig:
    """A configuration without a ViT behind the backbone."""
    return dataclasses.replace(tiny, vit="none")


@pytest.mark.parametrize(
    ("backbone", "width"),
    [
        ("test_resnet", 96),
        ("test_efficientnet", 256),  # a convolution lies between its last map and its pooling
        ("test_convnext", 64),  # a norm lies behind its pooling
        ("test_vit", 64),  # built for 160 px, told to expect 64
        ("mobilenetv3_small_050", 1024),  # a layer lies behind its pooling
        ("swin_tiny_patch4_window7_224", 768),
        ("eva02_tiny_patch14_224", 192),
        ("vit_xsmall_patch16_clip_224", 256),  # a norm lies before its blocks
        ("vit_small_patch14_dinov2", 384),
        ("vit_tiny_patch16_dinov3_qkvb", 192),  # rotary positions, registers
        ("test_vit3", 96),  # attention pools its patches, as in SigLIP
    ],
)
def test_any_encoder_gives_its_own_embedding(backbone: str, width: int, whole: ModelConfig) -> None:
    config = dataclasses.replace(whole, backbone=backbone)
    size = 56 if "14" in backbone else 64
    geolocator = build_geolocator(config, cells=4, image_size=size).eval()
    assert isinstance(geolocator, Embedder)
    assert geolocator.width == width
    photos = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        embedding = geolocator.features(photos)
        torch.testing.assert_close(geolocator(photos), geolocator.head(embedding))
        model = geolocator.backbone
        torch.testing.assert_close(
            embedding, model.forward_head(model.forward_features(photos), pre_logits=True)
        )


def test_it_has_two_parts_and_its_summary_shows_them(whole: ModelConfig) -> None:
    geolocator = build_geolocator(whole, cells=4, image_size=64)
    assert geolocator.parts == whole.parts == ("backbone", "head")
    rows = part_summaries(geolocator, image_spec(whole, ImagesConfig(size=64)))
    assert [(row.part, row.shape) for row in rows] == [("backbone", (96,)), ("head", (4,))]
    reference = timm.create_model("test_resnet", num_classes=0)
    assert part_sizes(geolocator) == {
        "backbone": sum(p.numel() for p in reference.parameters()),
        "head": 96 * 4 + 4,
    }


def test_size_and_normalisation_are_the_encoder_s_own() -> None:
    dino = image_spec(ModelConfig(backbone="vit_small_patch14_dinov2", vit="none"), ImagesConfig())
    assert (dino.size, dino.interpolation) == (518, "bicubic")
    siglip = image_spec(
        ModelConfig(backbone="vit_base_patch16_siglip_224", vit="none"), ImagesConfig()
    )
    assert (siglip.size, siglip.mean, siglip.std) == (224, (0.5,) * 3, (0.5,) * 3)


def test_positions_of_another_size_are_resampled(whole: ModelConfig) -> None:
    config = dataclasses.replace(whole, backbone="test_vit")
    small, _ = build_embedding(config, image_size=64)
    large, _ = build_embedding(config, image_size=160)
    assert (small.pos_embed.shape[1], large.pos_embed.shape[1]) == (1 + 4 * 4, 1 + 10 * 10)


@pytest.mark.parametrize(
    ("backbone", "size", "message"),
    [
        ("inception_v3", 64, "inception_v3 takes no photos of 64 px .*images.size = 0 takes"),
        (
            "test_vit",
            70,
            "images.size is 70; test_vit cuts photos into patches of 16 px, so use 64 or 80",
        ),
        ("test_vit", 8, "so use 16"),
        ("resnet5", 64, r"no model `resnet5` \(model.backbone\)"),
    ],
)
def test_a_size_that_an_encoder_cannot_take_is_refused(
    backbone: str, size: int, message: str, whole: ModelConfig
) -> None:
    config = dataclasses.replace(whole, backbone=backbone)
    with pytest.raises(ModelError, match=message):
        build_geolocator(config, cells=4, image_size=size)


def test_an_encoder_that_does_not_pool_is_refused(
    whole: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **of: create(name, global_pool="", **of))
    with pytest.raises(ModelError, match="test_resnet gives 96 × 2 × 2 numbers and no pooled"):
        build_embedding(whole, image_size=64)


def test_a_feature_map_is_measured(tiny: ModelConfig) -> None:
    assert build_feature_map(tiny, image_size=64)[1:] == (96, False)
    swin = dataclasses.replace(tiny, backbone="swin_tiny_patch4_window7_224")
    assert build_feature_map(swin, image_size=64)[1:] == (768, True)


def test_resting_leaves_the_modes_of_all_modules(build: Callable[..., Geolocator]) -> None:
    geolocator = build()
    geolocator.backbone.eval()
    before = [module.training for module in geolocator.modules()]
    with resting(geolocator):
        assert not any(module.training for module in geolocator.modules())
        geolocator(blank(geolocator, 64))
    assert [module.training for module in geolocator.modules()] == before


@pytest.mark.parametrize("vit", ["none", "test_vit"])
def test_branches_are_left_out_in_training_only(
    vit: str, tiny: ModelConfig, photos: torch.Tensor, build: Callable[..., Geolocator]
) -> None:
    plain = dataclasses.replace(tiny, vit=vit, dropout=0.0)
    whole, dropping = build(plain), build(dataclasses.replace(plain, drop_path=0.9))
    for norm in (*whole.modules(), *dropping.modules()):
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.eval()  # so that a batch does not change its statistics
            torch.nn.init.ones_(norm.weight)  # timm starts branches with 0
    with torch.no_grad():
        first, second = dropping(photos), dropping(photos)
        assert not torch.equal(first, second)
        torch.manual_seed(4)
        third = dropping(photos)
        torch.manual_seed(4)
        assert torch.equal(dropping(photos), third)
        torch.testing.assert_close(dropping.eval()(photos), whole.eval()(photos))


def test_a_backbone_without_branches_says_so(tiny: ModelConfig) -> None:
    config = dataclasses.replace(tiny, backbone="vgg11", vit="none", drop_path=0.1)
    with pytest.raises(ModelError, match="drop_path_rate"):
        build_embedding(config, image_size=64)
