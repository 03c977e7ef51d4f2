"""Folding: the same logits without batch norms, on a copy."""

import copy

import pytest
import torch
from encoder_worlds import PADDED, PAPER, PATCHES, POOLED, SAMPLE, alike, encoder
from torch import nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.folding import cast, close, folded, grain


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.parametrize(("config", "size"), [(SAMPLE, 64), (POOLED, 65), (PADDED, 64)])
def test_batch_norms_vanish_and_logits_stay(config: ModelConfig, size: int) -> None:
    geolocator = encoder(config, size=size)
    before = copy.deepcopy(geolocator.state_dict())
    faster = folded(geolocator, image_size=size)
    photos = torch.rand(3, 3, size, size)
    with torch.inference_mode():
        expected = geolocator(photos)
        assert alike(faster(photos), expected)
    assert norms(geolocator) > 10
    assert norms(faster) == 0
    for name, tensor in geolocator.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_network_in_training_mode_is_folded_as_in_evaluation() -> None:
    geolocator = encoder(SAMPLE, size=64)
    photo = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = geolocator(photo)
        faster = folded(geolocator.train(), image_size=64)
        assert alike(faster(photo), expected)
    assert geolocator.training
    assert not faster.training


def test_a_network_without_batch_norms_answers_as_before() -> None:
    geolocator = encoder(PATCHES, size=64)
    photo = grain(geolocator, 64)
    with torch.inference_mode():
        copied = folded(geolocator, image_size=64)
        assert torch.equal(copied(photo), geolocator(photo))
    assert copied is not geolocator


def test_only_weights_that_are_folded_are_copied() -> None:
    geolocator = encoder(SAMPLE, size=128)
    faster = folded(geolocator, image_size=128)
    own, copied = dict(geolocator.named_parameters()), dict(faster.named_parameters())
    same = {name for name in copied if copied[name] is own.get(name)}
    assert same == {name for name in copied if not name.startswith("backbone")}


def test_a_small_map_is_projected_before_it_is_repeated() -> None:
    geolocator = encoder(PAPER, size=96)
    faster = folded(geolocator, image_size=96)
    shapes = []
    faster.pool.register_forward_pre_hook(lambda _part, maps: shapes.append(maps[0].shape[1:]))
    faster.vit.register_forward_pre_hook(lambda _part, patches: shapes.append(patches[0].shape[1:]))
    photos = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        assert alike(faster(photos), geolocator(photos))
    assert shapes == [(2048, 3, 3), (196, 384)]
    assert isinstance(faster.projection, nn.Identity)
    assert isinstance(folded(encoder(SAMPLE, size=128), image_size=128).projection, nn.Linear)


@pytest.mark.parametrize(("config", "size"), [(SAMPLE, 64), (POOLED, 65)])
def test_a_cast_keeps_logits_finer_than_its_format(config: ModelConfig, size: int) -> None:
    geolocator = encoder(config, size=size)
    before = copy.deepcopy(geolocator.state_dict())
    faster = folded(geolocator, image_size=size)
    cast(faster, torch.bfloat16)
    photos = torch.rand(3, 3, size, size)
    with torch.inference_mode():
        expected, found = geolocator(photos), faster(photos.bfloat16())
    assert found.dtype == torch.float32
    assert (found != found.bfloat16()).float().mean() > 0.9
    assert 0 < (found - expected).abs().max() < 0.1 * expected.abs().max()
    assert {p.dtype for p in faster.backbone.parameters()} == {torch.bfloat16}
    for name, tensor in geolocator.state_dict().items():
        assert torch.equal(tensor, before[name])


class Shared(nn.Module):
    """A convolution whose output is used beside the norm, so that it must not be folded."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.first, self.norm, self.inner = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), inner

    def forward(self, images: torch.Tensor) -> object:
        seen = self.first(images)
        return self.inner(self.norm(seen) + seen)


def test_what_cannot_be_folded_keeps_its_norms() -> None:
    geolocator = encoder(SAMPLE, size=64)
    geolocator.backbone = Shared(geolocator.backbone)
    geolocator.backbone.norm.running_var.fill_(4.0)
    geolocator.eval()
    photo = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        copied = folded(geolocator, image_size=64)
        assert torch.equal(copied(photo), geolocator(photo))
    assert norms(copied) == norms(geolocator)


def test_close_means_rounding_of_the_same_shape() -> None:
    values = torch.tensor([[1.0, -1000.0]])
    assert close(values, values + 0.05)
    assert not close(values, values + 1.0)
    assert not close(values, values[0])
    assert not close(values, values * torch.nan)
