"""A model that will be loaded draws no random number, and once loaded it is the stored one."""

from collections.abc import Callable

import torch

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.geolocator import build_geolocator
from geoguess_cli.model.unfilled import Unfilled

CONFIG = ModelConfig(backbone="test_resnet", vit="test_vit", grid=2, weights="none")


def test_nothing_is_drawn_and_what_is_loaded_counts() -> None:
    stored = build_geolocator(CONFIG, cells=5, image_size=32).eval()
    before = torch.get_rng_state()
    with Unfilled():
        loaded = build_geolocator(CONFIG, cells=5, image_size=32).eval()
    assert torch.equal(torch.get_rng_state(), before)
    loaded.load_state_dict(stored.state_dict())
    with torch.inference_mode():
        images = torch.rand(2, 3, 32, 32)
        assert torch.equal(loaded(images), stored(images))
    others = dict(loaded.named_buffers())
    for name, buffer in stored.named_buffers():
        assert torch.equal(buffer, others[name])


def test_no_way_to_fill_draws_a_number() -> None:
    init = torch.nn.init
    fills: list[Callable[[torch.Tensor], torch.Tensor]] = [
        init.normal_, init.uniform_, init.trunc_normal_, init.kaiming_normal_,
        init.kaiming_uniform_, init.xavier_normal_, init.xavier_uniform_, init.orthogonal_,
        torch.Tensor.normal_, torch.Tensor.uniform_,
    ]  # fmt: skip
    before = torch.get_rng_state()
    for fill in fills:
        tensor = torch.full((4, 4), 7.0)
        with Unfilled():
            assert fill(tensor) is tensor
    assert torch.equal(torch.get_rng_state(), before)
    assert not (init.normal_(torch.full((4, 4), 7.0)) == 7).any()
