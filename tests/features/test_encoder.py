"""What decides whether features still hold: weights, architecture, transform, precision, view."""

import dataclasses
import hashlib
import json
from collections.abc import Callable

import pytest
import torch

from geoguess_cli.config import ModelConfig
from geoguess_cli.features.encoder import METHOD, Encoder
from geoguess_cli.features.view import PLAIN, View
from geoguess_cli.photos.images import Augmentation
from geoguess_cli.photos.views import view_spec

TINY = ModelConfig(backbone="test_resnet", vit="none", weights="none")
HYBRID = ModelConfig(backbone="test_resnet", vit="test_vit", vit_blocks=1, grid=2, weights="none")


@pytest.mark.parametrize("config", [TINY, HYBRID])
def test_the_head_does_not_count(
    config: ModelConfig, build_encoder: Callable[..., Encoder]
) -> None:
    first = build_encoder(config)
    assert build_encoder(config).digest == first.digest
    other = dataclasses.replace(config, head="mlp", dropout=0.5, drop_path=0.3)
    with torch.no_grad():
        changed = build_encoder(config)
        changed.geolocator.head.linear.weight.add_(1)
    assert changed.digest == first.digest
    same = dataclasses.replace(first, config=other)
    assert same.digest == first.digest


@pytest.mark.parametrize("config", [TINY, HYBRID])
def test_all_before_the_head_counts(
    config: ModelConfig, build_encoder: Callable[..., Encoder]
) -> None:
    digests = {
        build_encoder(config).digest,
        build_encoder(config, seed=1).digest,
        build_encoder(config, resize="crop").digest,
        build_encoder(config, size=48).digest,
        dataclasses.replace(build_encoder(config), precision="bf16").digest,
    }
    for name, tensor in build_encoder(config).geolocator.state_dict().items():
        if name.startswith("head.") or not tensor.is_floating_point():
            continue
        changed = build_encoder(config)
        changed.geolocator.state_dict()[name].add_(1)
        digests.add(changed.digest)
        if len(digests) > 20:
            break
    assert len(digests) > 20


def test_a_store_of_an_older_version_is_found_again(build_encoder: Callable[..., Encoder]) -> None:
    encoder = build_encoder()
    without = ("head", "dropout", "drop_path", "weights", "projected")
    own = {k: v for k, v in dataclasses.asdict(TINY).items() if k not in without}
    described = (METHOD, own, dataclasses.asdict(encoder.spec), encoder.precision)
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name, tensor in sorted(encoder.geolocator.state_dict().items()):
        if not name.startswith("head."):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    assert encoder.digest == digest.hexdigest()
    projected = dataclasses.replace(encoder, config=dataclasses.replace(TINY, projected=True))
    assert projected.digest != encoder.digest


def test_a_store_is_that_of_a_view_and_a_number_type(build_encoder: Callable[..., Encoder]) -> None:
    encoder = build_encoder()
    names = [
        encoder.store_name(PLAIN, "float16"),
        encoder.store_name(PLAIN, "float32"),
        encoder.store_name(View(Augmentation(), 0), "float16"),
        encoder.store_name(View(Augmentation(), 1), "float16"),
        encoder.store_name(View(Augmentation(flip=True), 0), "float16"),
    ]
    assert len(set(names)) == 5
    about = encoder.about(View(Augmentation(), 1), "float16")
    assert (about.backbone, about.view, about.width) == ("test_resnet", "1", 96)
    cropped = dataclasses.replace(encoder, spec=view_spec(encoder.spec, 2))
    assert cropped.about(PLAIN, "float16").view == "crop 2"
    assert cropped.store_name(PLAIN, "float16") not in names


def test_it_rests_while_it_computes_and_goes_back(build_encoder: Callable[..., Encoder]) -> None:
    encoder = build_encoder(HYBRID)
    encoder.geolocator.train()
    before = {name: value.clone() for name, value in encoder.geolocator.state_dict().items()}
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    first = encoder.features(images)
    assert all(module.training for module in encoder.geolocator.modules())
    state = encoder.geolocator.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in state.items())
    with torch.no_grad():
        expected = encoder.geolocator.eval().kept(images)
    torch.testing.assert_close(torch.from_numpy(first), expected)
