"""The head: one linear layer, or one hidden layer before it."""

import dataclasses

import torch
from torch.nn.functional import gelu

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.head import create_head


def test_a_linear_head_and_one_with_a_hidden_layer(tiny: ModelConfig) -> None:
    features = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    linear = create_head(8, tiny, cells=3).eval()
    assert list(dict(linear.named_children())) == ["dropout", "linear"]
    torch.testing.assert_close(
        linear(features), features @ linear.linear.weight.T + linear.linear.bias
    )

    mlp = create_head(8, dataclasses.replace(tiny, head="mlp"), cells=3).eval()
    hidden = gelu(features @ mlp.hidden.weight.T + mlp.hidden.bias)
    torch.testing.assert_close(mlp(features), hidden @ mlp.linear.weight.T + mlp.linear.bias)
    assert mlp.hidden.weight.shape == (8, 8)


def test_the_head_of_an_adopted_model_is_empty_at_first(tiny: ModelConfig) -> None:
    head = create_head(8, dataclasses.replace(tiny, head="gallery"), cells=3)
    assert head.cells == 3
    assert len(head.places) == 0


def test_dropout_is_before_the_last_layer_and_only_in_training(tiny: ModelConfig) -> None:
    mlp = create_head(64, dataclasses.replace(tiny, head="mlp", dropout=0.5), cells=3)
    features = torch.ones(1, 64)
    assert list(dict(mlp.named_children())) == ["hidden", "activation", "dropout", "linear"]
    assert not torch.equal(mlp(features), mlp(features))
    mlp.eval()
    assert torch.equal(mlp(features), mlp(features))
