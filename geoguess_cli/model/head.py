"""The head: the layers that give each cell its logit."""

from collections import OrderedDict

from torch import nn

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.gallery import GalleryHead


class LinearHead(nn.Sequential):
    """Layers of which the last, `linear`, has one column a cell."""

    linear: nn.Linear

    @property
    def cells(self) -> int:
        """Number of columns of the logits."""
        return self.linear.out_features


Head = LinearHead | GalleryHead


def create_head(width: int, config: ModelConfig, *, cells: int) -> Head:
    """A head with random weights.

    Args:
        width: Number of features of a photo.
        config: `head` and `dropout`. "linear" is dropout and one linear layer; "mlp" has a hidden
            layer of the width of the features with GELU before them. A "gallery" is empty.
        cells: Number of columns of the logits.
    """
    if config.head == "gallery":
        return GalleryHead(width, cells=cells)
    hidden = (
        OrderedDict(hidden=nn.Linear(width, width), activation=nn.GELU())
        if config.head == "mlp"
        else OrderedDict[str, nn.Module]()
    )
    last = OrderedDict(dropout=nn.Dropout(config.dropout), linear=nn.Linear(width, cells))
    return LinearHead(hidden | last)
