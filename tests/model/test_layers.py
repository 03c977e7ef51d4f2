"""The layers of a geolocator, from the photo to the head."""

import dataclasses
from collections.abc import Callable

from geoguess_cli.config import NO_VIT, ModelConfig
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.layers import layer_numbers


def test_the_layers_of_the_hybrid_rise_from_the_photo_to_the_head(
    build: Callable[..., Geolocator], tiny: ModelConfig
) -> None:
    geolocator = build(tiny)
    numbers = layer_numbers(geolocator)
    names = [name for name, _ in geolocator.named_parameters()]
    assert set(numbers) == set(names)
    assert sorted(set(numbers.values())) == list(range(max(numbers.values()) + 1))
    tops = [
        max(number for name, number in numbers.items() if name.startswith(f"{part}."))
        for part in geolocator.parts
    ]
    assert tops == sorted(set(tops))
    blocks = [numbers[f"vit.blocks.{block}.attn.qkv.weight"] for block in range(2)]
    assert blocks == [numbers["projection.weight"] + 2, numbers["projection.weight"] + 3]
    assert numbers["vit.position"] == numbers["projection.weight"] + 1
    assert numbers["vit.norm.weight"] == blocks[-1]
    assert numbers["head.linear.weight"] == numbers["head.linear.bias"] == blocks[-1] + 1


def test_a_whole_model_of_timm_has_timm_s_layers(
    build: Callable[..., Geolocator], tiny: ModelConfig
) -> None:
    numbers = layer_numbers(build(dataclasses.replace(tiny, backbone="test_vit", vit=NO_VIT)))
    assert numbers["backbone.patch_embed.proj.weight"] == numbers["backbone.cls_token"] == 0
    assert numbers["backbone.blocks.0.attn.qkv.weight"] == 1
    assert numbers["head.linear.weight"] == max(numbers.values())
