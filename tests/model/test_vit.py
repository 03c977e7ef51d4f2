"""The ViT on a grid of another size."""

import torch

from geoguess_cli.model._timm import timm
from geoguess_cli.model.vit import Vit


def test_the_position_embedding_is_resampled_without_the_class_token() -> None:
    source = timm.create_model("test_vit", num_classes=0)  # a 10 x 10 grid and a class token
    own = source.pos_embed[0, 1:]

    def position(grid: int) -> torch.Tensor:
        vit = Vit(source, grid=grid, blocks=0, position_embedding=True, final_norm=True)
        assert vit.position is not None
        return vit.position[0]

    torch.testing.assert_close(position(10), own)
    assert position(4).shape == (16, 64)
    # Antialiased halving of a plane that grows to the right keeps growing to the right.
    with torch.no_grad():
        source.pos_embed[0, 1:] = torch.arange(10.0).repeat(10)[:, None]
    halved = position(5).reshape(5, 5, 64)
    assert (halved.diff(dim=1) > 0).all()
    torch.testing.assert_close(halved[0], halved[4])
